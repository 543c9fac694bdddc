"""One WebSocket connection of our own making, as a client or as a server: `websockets`' sans-I/O protocol on asyncio.

The one rule: nothing here waits. What is said is written at once, and what happens is told to the `Peer` at once and
in the order of the bytes.
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

from .turns import Turn

PIECE: Final = 4096
"""Bytes that are parsed in one go."""
LONGEST: Final = 2**20
"""Bytes of a message."""


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
        self._parts: list[bytes] = []
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
        if self._transport is not None:
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
        if self._transport is not None:
            self._transport.close()

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

    def read(self, *, go_on: bool) -> None:
        """Whether to read on: what has been read is handled first."""
        if self._transport is not None and not self._transport.is_closing():
            if go_on and not self._turn.waiting:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    def _hold(self) -> None:
        self.read(go_on=True)

    def _take(self) -> bool:
        """Handle one event, or parse a piece of what has come; whether there may be more."""
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
            return False
        return True

    def _parsed(self) -> None:
        self._flush()
        self._events += self.protocol.events_received()
        failed = self.protocol.handshake_exc
        if failed is not None and not self._events and not self._ended:
            self.abort(str(failed))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.over.done():
            self.over.set_result(None)
        failed = self.protocol.handshake_exc
        self._finish(str(exc or failed or self._reason))

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
                self._parts.append(bytes(frame.data))
                if frame.fin:
                    whole, self._parts = b"".join(self._parts), []
                    self.message(whole)

    def _flush(self) -> None:
        if self._transport is None:
            return
        for data in self.protocol.data_to_send():
            if data:
                self._transport.write(data)
            else:
                self._transport.close()

    def _finish(self, reason: str) -> None:
        if not self._ended:
            self._ended = True
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
