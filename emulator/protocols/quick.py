"""A client's connection to an HTTP server as long as it only asks plain questions, one after the other.

The one rule: what is here is exactly what aiohttp would make of it. Anything but a whole, well-formed request without a
body - parts, pipelines, bodies, nonsense - goes to `connection.Connection`, which takes over for good. A plain question
for a WebSocket is answered here, so that none of aiohttp is made for a client that is to stay for days.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from ..devices.interception import UNTOUCHED, Interception
from ..devices.interfaces import HttpReply, HttpRequest
from .tcp import Closable, half_open
from .wire import lower_headers

if TYPE_CHECKING:
    from .http import HttpServer
    from .websocket import Room

LARGEST: Final = 2048
"""Bytes of a plain question."""
MOST_HEADERS: Final = 24
SWITCHING: Final = 101
"""Status of a reply that turns a connection into a WebSocket."""
KNOWN: Final = 512
"""Questions that are recognised: clients ask the same ones for ever."""
_LINE: Final = re.compile(
    rb"(GET|HEAD) (/(?:[A-Za-z0-9/_.~,;:=&?+*!$'()@-]|%[0-9A-Fa-f]{2})*) HTTP/1\.([01])\r\n((?:[^\r\n]+\r\n)*)\r\n"
)
_HEADER: Final = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]+):[ \t]*([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?[ \t]*")
_ELSEWHERE: Final = frozenset(("content-length", "transfer-encoding", "expect", "trailer", "te", "cookie"))
"""Headers of questions that are not plain."""
_UPGRADES: Final = frozenset(("upgrade", "keep-alive, upgrade", "upgrade, keep-alive"))
"""What is said of the connection with a question for a WebSocket."""


class Question(NamedTuple):
    """A plain question, read."""

    request: HttpRequest
    keep_alive: bool
    """The client would ask again on the same connection."""
    asks_to_keep: bool
    """It says so."""
    upgrades: bool
    """It asks for a WebSocket."""


@lru_cache(maxsize=KNOWN)
def question(data: bytes) -> Question | None:
    """What a client asks; None: look closer."""
    found = _LINE.fullmatch(data)
    if found is None:
        return None
    method, target, minor, lines = found.groups()
    pairs: list[tuple[str, str]] = []
    for line in lines.decode("latin-1").split("\r\n")[:-1]:
        header = _HEADER.fullmatch(line)
        if header is None:
            return None
        pairs.append((header[1], header[2] or ""))
    headers = lower_headers(pairs)
    connection = headers.get("connection", "").lower()
    plain = len(pairs) <= MOST_HEADERS and not _ELSEWHERE & headers.keys()
    upgrades = "upgrade" in headers
    if upgrades:
        asks = method == b"GET" and minor == b"1" and headers["upgrade"].lower() == "websocket"
        plain = plain and asks and connection in _UPGRADES
    elif connection not in ("", "close", "keep-alive"):
        plain = False
    if not plain:
        return None
    keeps = connection == "keep-alive" or (minor == b"1" and connection != "close")
    version = "1.1" if minor == b"1" else "1.0"
    request = HttpRequest(method=method.decode(), target=target.decode(), version=version, headers=headers)
    _ = request.title, request.query  # worked out once, for all who ask it
    return Question(request, keeps, connection == "keep-alive", upgrades)


class Quick(Closable, asyncio.Protocol):
    """One connection, from accept until it is closed or taken over."""

    channel: Final = None
    """It is no WebSocket."""

    client: str | None = None
    transport: asyncio.Transport | None = None
    congested = False
    task: asyncio.Task[None] | None = None
    """A reply that takes its time."""
    _waiting = b""
    """What came meanwhile."""
    _drained: asyncio.Future[None] | None = None
    _heard = 0.0
    _quiet: asyncio.TimerHandle | None = None

    def __init__(self, server: HttpServer, loop: asyncio.AbstractEventLoop) -> None:
        self.server = server
        self._loop = loop

    # --- asyncio calls these -----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        peer = transport.get_extra_info("peername")
        self.client = f"{peer[0]}:{peer[1]}" if peer else None
        if not self.server.admit(self):
            self.abort()
        elif self.server.interface.keep_alive:
            self._heard = self._loop.time()
            self._quiet = self._loop.call_at(self._heard + self.server.interface.idle_timeout, self._watch_silence)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self.end_of_client()
        self.server.forget(self)
        if self._quiet is not None:
            self._quiet.cancel()
        if self.task is not None:
            self.task.cancel()
        self._resume()

    def data_received(self, data: bytes) -> None:
        if self.task is not None:
            self._waiting += data
            self._hold()
            return
        asked = question(data) if len(data) <= LARGEST else None
        room = self.server.rooms.find(asked.request) if asked is not None and asked.upgrades else None
        if asked is None or (asked.upgrades and room is None):
            self._hand_over(data)
        else:
            self.server.touch(self)
            self._answer(asked, room)

    def eof_received(self) -> bool:
        """The client will not send any more; a reply that is on its way still goes out."""
        self.end_of_client()
        return self.task is not None and half_open(self.transport)

    def pause_writing(self) -> None:
        self.congested = True

    def resume_writing(self) -> None:
        self.congested = False
        self._resume()

    def _resume(self) -> None:
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    # --- a question --------------------------------------------------------------------------------------------------

    def _answer(self, asked: Question, room: Room | None) -> None:
        server, transport = self.server, self.transport
        if transport is None or transport.is_closing():
            return
        if not server.endpoint.reachable:
            self.abort()
            return
        request = asked.request
        self.answering = True
        try:
            reply, interception = server.exchange(request, self.client, room)
        finally:
            self.answering = False
        delay = reply.delay if self.doomed else reply.delay + server.endpoint.latency()
        plain = interception is UNTOUCHED and delay <= 0 and not reply.silent and not self.congested
        if plain and room is not None and reply.status == SWITCHING:
            room.open(self, request)
        elif plain:
            data, keep = server.framed(reply, request, asked.asks_to_keep, keep=asked.keep_alive and not self.last)
            transport.write(data)
            if self.congested:
                self.task = self._loop.create_task(self._drain(keep=keep))
            else:
                self._next(keep=keep)
        else:
            self.task = self._loop.create_task(self._slowly(asked, reply, interception, delay, room))

    async def _slowly(
        self, asked: Question, reply: HttpReply, interception: Interception, delay: float, room: Room | None
    ) -> None:
        """A reply that is late, disturbed, or goes to somebody who reads slowly."""
        keep = await self.server.finish(
            self, asked.request, reply, interception, delay, room, keep_alive=asked.keep_alive
        )
        self.task = None
        self._next(keep=keep)

    async def _drain(self, *, keep: bool) -> None:
        """The client reads slowly."""
        await self.server.transmit(self, b"")
        self.task = None
        self._next(keep=keep)

    def _next(self, *, keep: bool) -> None:
        """The reply is out."""
        transport = self.transport
        if transport is None:
            return
        if not keep or (self.half_closed and not self._waiting):
            transport.close()
            return
        self._heard = self._loop.time()
        if self._waiting:
            data, self._waiting = self._waiting, b""
            transport.resume_reading()
            self.data_received(data)

    def _hold(self) -> None:
        if self.transport is not None:
            self.transport.pause_reading()

    def _watch_silence(self) -> None:
        """End if nothing was asked for too long, else look again when it would be."""
        longest, now = self.server.interface.idle_timeout, self._loop.time()
        if self.task is not None:
            self._heard = now
        if now < self._heard + longest:
            self._quiet = self._loop.call_at(self._heard + longest, self._watch_silence)
        elif self.transport is not None:
            self.transport.close()

    def let_go(self) -> Iterable[bytes]:
        """The transport is somebody else's from now on; what the client said that was not looked at yet."""
        transport, self.transport = self.transport, None
        if self._quiet is not None:
            self._quiet.cancel()
        data, self._waiting = self._waiting, b""
        if transport is not None and data:
            transport.resume_reading()
        return (data,) if data else ()

    def _hand_over(self, data: bytes) -> None:
        """Something else than a plain question has come."""
        transport = self.transport
        if transport is None or transport.is_closing():
            return
        if self._quiet is not None:
            self._quiet.cancel()
        connection = self.server.connection()
        self.server.replace(self, connection)
        connection.take_over(transport, self.client)
        if self.congested:
            connection.pause_writing()
        connection.data_received(data)
        if self.half_closed:
            connection.eof_received()

    # --- what the server does with a connection ----------------------------------------------------------------------

    @property
    def last(self) -> bool:
        """No request can come after the one being answered."""
        return self.doomed or (self.half_closed and not self._waiting)

    async def write(self, data: bytes, patience: float) -> None:
        """Write; wait while the client is slow to read, but drop it after `patience` wall seconds."""
        if self.transport is None or self.transport.is_closing():
            return
        self.transport.write(data)
        if self.congested:
            self._drained = self._loop.create_future()
            try:
                async with asyncio.timeout(patience):
                    await self._drained
            except TimeoutError:
                self.abort()
