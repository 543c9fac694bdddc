"""One WebSocket connection of our own making, as a client or as a server: `websockets`' sans-I/O protocol on asyncio.

The one rule: nothing here waits. What is said is written at once, and what happens is told to the `Peer` at once and
in the order of the bytes. Whoever does not read is not heard, and after a while let go.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidURI
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import Event, State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from .timers import Timers
from .turns import Turn

PIECE: Final = 4096
"""Bytes that are parsed in one go."""
LONGEST: Final = 2**20
"""Bytes of a message."""
MOST_UNREAD: Final = 2**20
"""Bytes that the other side may leave unread before it is not heard any more; twice as many end the connection."""
SLOW_READER: Final = 30.0
"""Wall seconds that it may be so far behind."""
HALF_SENT: Final = 10.0
"""Wall seconds for a message that has begun."""
CLOSE_GRACE: Final = 2.0
"""Wall seconds in which the last words have to leave."""


class Peer(Protocol):
    """Whoever uses the connection."""

    def opened(self) -> None:
        """The handshake is over."""
        ...

    def received(self, text: str) -> None:
        """The other side sent a message."""
        ...

    def lost(self, reason: str) -> None:
        """The connection has ended, or was never made. Told once."""
        ...


class WebSocketWire(asyncio.Protocol):
    """A connection, from the handshake to its end."""

    def __init__(self, protocol: ClientProtocol | ServerProtocol, peer: Peer) -> None:
        self.protocol = protocol
        self.peer = peer
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the transport is closed."""
        self.asked: Callable[[Request], Response]
        """What a server answers to a handshake."""
        self.handshake: Request | None = None
        """What a client asks."""
        self.alive_at = 0.0
        """Loop time of the last pong."""
        self._transport: asyncio.Transport | None = None
        self._ended = False
        self._turn = Turn(self._take, self._hold)
        self._unread = bytearray()
        self._events: deque[Event] = deque()
        self._said_all = False
        """The other side sends no more."""
        self._message = bytearray()
        """The fragments of a message so far."""
        self._heard = True
        """Whoever uses the connection takes what comes."""
        self._behind = False
        """The other side does not read."""
        self._timers = Timers()
        self._reason = "closed by the other side"

    @property
    def subprotocol(self) -> str | None:
        return self.protocol.subprotocol

    @property
    def open(self) -> bool:
        return not self._ended and self.protocol.state is State.OPEN

    def send(self, text: str) -> None:
        if self.open:
            self.protocol.send_text(text.encode("utf-8", "surrogateescape"))
            self._flush()

    def send_bytes(self, data: bytes) -> None:
        """Write bytes that are no frame of ours. For disturbances."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def ping(self) -> None:
        if self.open:
            self.protocol.send_ping(b"")
            self._flush()

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Say good-bye and close."""
        if self.protocol.state is State.OPEN:
            self.protocol.send_close(code, reason)
            self._flush()
        self._finish("closed")
        self._hang_up()

    def abort(self, reason: str = "broken off") -> None:
        """Break the connection at once."""
        if self._transport is not None:
            self._transport.abort()
        self._finish(reason)

    def message(self, whole: bytes) -> None:
        """A whole message has come."""
        self.peer.received(whole.decode("utf-8", "replace"))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(MOST_UNREAD)
        if self._ended:  # called off in the meantime
            transport.abort()
        elif isinstance(self.protocol, ClientProtocol) and self.handshake is not None:
            self.protocol.send_request(self.handshake)
            self._flush()

    def data_received(self, data: bytes) -> None:
        self._unread += data
        self._turn.go()

    def eof_received(self) -> bool:
        self._said_all = True
        self._turn.go()
        return self._turn.waiting

    def pause_writing(self) -> None:
        """The other side leaves too much unread."""
        self._behind = True
        self._timers.after("slow", SLOW_READER, lambda: self.abort("nobody reads at the other side"))
        self._hold()

    def resume_writing(self) -> None:
        self._behind = False
        self._timers.stop("slow")
        self._go_on()

    def read(self, *, go_on: bool) -> None:
        """Whether whoever uses the connection takes what comes."""
        self._heard = go_on
        if go_on:
            self._go_on()
        else:
            self._hold()

    def _go_on(self) -> None:
        self._turn.go()
        self._hold()

    def _hold(self) -> None:
        """Read only while what has been read had its turn."""
        if self._transport is not None and not self._transport.is_closing():
            if self._heard and not self._behind and not self._turn.waiting:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    def _take(self) -> bool:
        """Handle one event, or parse a piece of what has come; whether there may be more."""
        if self._behind or not self._heard:
            return False
        if self._events:
            self._handle(self._events.popleft())
        elif self._unread:
            piece = bytes(self._unread[:PIECE])
            del self._unread[:PIECE]
            self.protocol.receive_data(piece)
            self._parsed()
        elif self._said_all:
            self._said_all = False
            self.protocol.receive_eof()
            self._parsed()
        else:
            self._watch_half_sent()
            return False
        return True

    def _watch_half_sent(self) -> None:
        """Everything is handled, but perhaps for a message that is not whole yet."""
        if not self.open or not (self._message or self.protocol.reader.buffer):
            self._timers.stop("half sent")
        elif "half sent" not in self._timers:
            self._timers.after("half sent", HALF_SENT, lambda: self.abort("half a message"))

    def _parsed(self) -> None:
        self._flush()
        self._events += self.protocol.events_received()
        failed = self.protocol.handshake_exc
        if failed is not None and not self._events and not self._ended:
            self.abort(str(failed))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.over.done():
            self.over.set_result(None)
        self._finish(str(exc) if exc is not None else self._last_words)
        self._timers.stop_all()
        self._turn.stop()

    def _handle(self, event: Event) -> None:
        if self._ended:
            return
        if isinstance(event, Frame):
            self._frame(event)
        elif isinstance(event, Request):
            self._answer(event)
        elif self.protocol.handshake_exc is not None:
            self.abort(_said(event, self.protocol.handshake_exc))
        else:
            self._opened()

    def _answer(self, request: Request) -> None:
        assert isinstance(self.protocol, ServerProtocol)
        self.protocol.send_response(self.asked(request))
        self._flush()
        if self.protocol.state is State.OPEN:
            self._opened()

    def _opened(self) -> None:
        self.alive_at = asyncio.get_running_loop().time()
        self.peer.opened()

    def _frame(self, frame: Frame) -> None:
        match frame.opcode:
            case Opcode.PONG:
                self.alive_at = asyncio.get_running_loop().time()
            case Opcode.CLOSE:
                self._reason = "closed by the other side"
            case Opcode.TEXT | Opcode.BINARY | Opcode.CONT:
                self._message += frame.data
                if frame.fin:
                    whole = bytes(self._message)
                    self._message.clear()
                    self._timers.stop("half sent")
                    self.message(whole)

    def _flush(self) -> None:
        if self._transport is None:
            return
        for data in self.protocol.data_to_send():
            if not data:
                self._hang_up()
            elif not self._transport.is_closing():
                self._transport.write(data)
        if self._behind and self._transport.get_write_buffer_size() > 2 * MOST_UNREAD:
            self.abort("nobody reads at the other side")
        if self.protocol.close_expected() and "close" not in self._timers:
            self._timers.after("close", CLOSE_GRACE, lambda: self.abort(self._last_words))

    @property
    def _last_words(self) -> str:
        """Why it ends, or has ended."""
        failed = self.protocol.handshake_exc or self.protocol.parser_exc
        return str(failed) if failed is not None and not isinstance(failed, EOFError) else self._reason

    def _hang_up(self) -> None:
        """Close once everything has left, or after a moment."""
        if self._transport is not None and not self._transport.is_closing():
            self._timers.after("close", CLOSE_GRACE, self._transport.abort)
            self._transport.close()

    def _finish(self, reason: str) -> None:
        if not self._ended:
            self._ended = True
            self._events.clear()
            self._unread.clear()
            self.peer.lost(reason)


@dataclass(frozen=True, slots=True)
class Where:
    """The server of a URL."""

    host: str
    port: int
    secure: bool


def client_of(
    url: str, subprotocols: Iterable[str], headers: Mapping[str, str], peer: Peer
) -> tuple[WebSocketWire, Where]:
    """A client's connection, to be made to where it says. ConnectionError if the URL is none of a WebSocket."""
    try:
        uri = parse_uri(url)
    except (InvalidURI, ValueError):
        raise ConnectionError("no ws:// or wss:// address") from None
    protocol = ClientProtocol(uri, subprotocols=[Subprotocol(name) for name in subprotocols], max_size=LONGEST)
    wire = WebSocketWire(protocol, peer)
    wire.handshake = protocol.connect()
    wire.handshake.headers.update(headers)
    return wire, Where(uri.host, uri.port, uri.secure)


def _said(event: object, failed: Exception) -> str:
    """Why a server did not take the connection."""
    if isinstance(event, Response) and event.status_code != 101:
        return f"refused with status {event.status_code}"
    return str(failed) if isinstance(failed, InvalidHandshake) else "no WebSocket"
