"""TCP connections as an event loop serves them by its selector alone.

asyncio spends a task, two futures and four passes of the loop on every new connection, which costs more than the whole
answer of a device that closes after each, and makes a client wait behind everybody else's work four times. Here a
connection is accepted, read and answered in one go.

The one rule: to a protocol, a `Stream` is a transport like asyncio's own.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any, Final

LARGEST_READ: Final = 256 * 1024
HIGH: Final = 64 * 1024
"""Bytes that may wait to be sent before the protocol is told to pause, as in asyncio."""
_NOT_YET: Final = (BlockingIOError, InterruptedError)
_GONE: Final = (BrokenPipeError, ConnectionResetError, ConnectionAbortedError, TimeoutError)
"""How clients leave."""


class Stream(asyncio.Transport):
    """One connection."""

    __slots__ = (
        "_buffer", "_closing", "_done", "_ended", "_error", "_fd", "_finishing", "_high", "_loop", "_low", "_paused",
        "_peer", "_protocol", "_receiving", "_socket", "_strained", "_watched",
    )  # fmt: skip

    def __init__(
        self, loop: asyncio.AbstractEventLoop, sock: socket.socket, peer: object, protocol: asyncio.BaseProtocol
    ) -> None:
        """`sock` does not block; `peer`: the client's address."""
        self._loop = loop
        self._socket = sock
        self._fd = sock.fileno()
        self._peer = peer
        self.set_protocol(protocol)
        self._buffer = bytearray()
        self._high, self._low = HIGH, HIGH // 4
        self._closing = False
        self._paused = False
        self._ended = False
        """The client has said its end."""
        self._finishing = False
        """We have said ours: nothing more is written."""
        self._strained = False
        """The protocol was told to pause writing."""
        self._done = False
        """The protocol is being told that it is over."""
        self._error: Exception | None = None
        """Why it is."""
        self._receiving = False
        """The protocol is being given what has come."""
        self._watched = False
        """The loop says when there is something to read."""

    def begin(self) -> None:
        """Tell the protocol, and take what the client has said already."""
        self._protocol.connection_made(self)
        if self.is_reading():
            self._receive()
            self._watch()

    # --- reading -----------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Have the loop look at the socket just while something is to be read."""
        wanted = self.is_reading()
        if wanted != self._watched:
            self._watched = wanted
            if wanted:
                self._loop.add_reader(self._fd, self._receive)
            else:
                self._loop.remove_reader(self._fd)

    def _receive(self) -> None:
        self._receiving = True
        try:
            data = self._socket.recv(LARGEST_READ)
            if data:
                self._protocol.data_received(data)
            else:
                self._ended = True
                self._watch()
                if not self._protocol.eof_received():  # else the protocol closes when it has answered
                    self.close()
        except _NOT_YET:
            pass
        except Exception as error:  # the client is gone; or a mistake of ours, which costs this client its connection
            self._fail(error)
        finally:
            self._receiving = False
        if self._done:
            self._tell_lost()

    def is_reading(self) -> bool:
        return not (self._closing or self._paused or self._ended)

    def pause_reading(self) -> None:
        self._paused = True
        self._watch()

    def resume_reading(self) -> None:
        self._paused = False
        self._watch()

    # --- writing -----------------------------------------------------------------------------------------------------

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        if self._finishing:
            raise RuntimeError("nothing can be written after write_eof")
        if self._done or not data:
            return
        if not self._buffer:
            try:
                sent = self._socket.send(data)
            except _NOT_YET:
                sent = 0
            except OSError as error:
                self._fail(error)
                return
            if sent == len(data):
                return
            data = memoryview(data)[sent:]
            self._loop.add_writer(self._fd, self._send)
        self._buffer += data
        self._strain()

    def _send(self) -> None:
        try:
            del self._buffer[: self._socket.send(self._buffer)]
        except _NOT_YET:
            return
        except OSError as error:
            self._fail(error)
            return
        self._relieve()
        if not self._buffer:
            self._loop.remove_writer(self._fd)
            if self._closing:
                self._end(None)
            elif self._finishing:
                self._say_end()

    def _strain(self) -> None:
        if len(self._buffer) > self._high and not self._strained:
            self._strained = True
            self._protocol.pause_writing()

    def _relieve(self) -> None:
        if self._strained and len(self._buffer) <= self._low:
            self._strained = False
            self._protocol.resume_writing()

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        if not self._closing and not self._finishing:
            self._finishing = True
            if not self._buffer:
                self._say_end()

    def _say_end(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError as error:  # the client was quicker
            self._break(error)

    def get_write_buffer_size(self) -> int:
        return len(self._buffer)

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._low, self._high

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._high = high if high is not None else HIGH if low is None else 4 * low
        self._low = low if low is not None else self._high // 4
        self._strain()

    # --- the end -----------------------------------------------------------------------------------------------------

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        """Say no more than what waits to be sent, and hear no more."""
        if not self._closing:
            self._closing = True
            self._watch()
            if not self._buffer:
                self._end(None)

    def abort(self) -> None:
        self._break(None)

    def _fail(self, error: Exception) -> None:
        if not isinstance(error, _GONE):
            told = {"message": "a connection failed", "exception": error, "transport": self, "protocol": self._protocol}
            self._loop.call_exception_handler(told)
        self._break(error)

    def _break(self, error: Exception | None) -> None:
        """Forget what waits to be sent."""
        if self._done:
            return
        if self._buffer:
            self._buffer.clear()
            self._loop.remove_writer(self._fd)
        self._closing = True
        self._watch()
        self._end(error)

    def _end(self, error: Exception | None) -> None:
        """Tell the protocol, once it is not in the middle of something."""
        self._done = True
        self._error = error
        if not self._receiving:
            self._loop.call_soon(self._tell_lost)

    def _tell_lost(self) -> None:
        try:
            self._protocol.connection_lost(self._error)
        finally:
            self._socket.close()

    # --- what it is --------------------------------------------------------------------------------------------------

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        assert isinstance(protocol, asyncio.Protocol)
        self._protocol = protocol

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """`peername`, `socket`, and `sockname` as long as it is open."""
        match name:
            case "peername":
                return self._peer
            case "socket":
                return self._socket
            case "sockname" if not self._done:
                return self._socket.getsockname()
        return default
