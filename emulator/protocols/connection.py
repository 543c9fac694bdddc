"""One client's TCP connection to an HTTP server, once it has said something that is no plain question (see `quick`):
aiohttp's handler, bounded in time and memory.

The one rule: whatever the bytes, the connection ends in a reply, a close or a time-out, and never disturbs another one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, Protocol

from aiohttp import StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from ..devices.interfaces import HttpInterface, HttpReply, HttpRequest
from .server import Endpoint
from .tcp import Closable, half_open
from .wire import CONTINUE, clean, lower_headers, origin_form

if TYPE_CHECKING:
    from .channel import Channel
    from .quick import Quick

MAX_LINE: Final = 8190
"""Bytes of a request line or one header."""
MAX_HEADERS: Final = 64
MAX_HEAD: Final = MAX_HEADERS * MAX_LINE
LINGER: Final = 1.0
"""Wall seconds in which the rest of a refused body is read, so that the client sees the refusal."""
ROOT: Final = URL("/")


class _Done(web.StreamResponse):
    """Tells aiohttp that a reply is on the wire already."""

    def __init__(self, *, keep_alive: bool) -> None:
        super().__init__()
        self._keeps = keep_alive

    @property
    def keep_alive(self) -> bool:
        return self._keeps

    async def prepare(self, request: web.BaseRequest) -> None:
        return None

    async def write_eof(self, data: bytes | bytearray | memoryview = b"") -> None:
        return None


KEPT: Final = _Done(keep_alive=True)
CLOSED: Final = _Done(keep_alive=False)


class TooLargeError(Exception):
    """The body is larger than the device takes."""


class _Tail:
    """Takes what followed an upgrade, as aiohttp's parsers take it."""

    def __init__(self) -> None:
        self.data = b""

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        self.data += data
        return False, b""

    def feed_eof(self) -> None:
        """Nothing more was said."""


class Service(Protocol):
    """What a connection needs of its server."""

    endpoint: Endpoint

    @property
    def interface(self) -> HttpInterface: ...

    def touch(self, connection: Connection, /) -> None:
        """It is in use."""
        ...

    def replace(self, connection: Connection | Quick, other: Channel, /) -> None:
        """Another one goes on in its place."""
        ...

    def forget(self, connection: Connection | Channel, /) -> None:
        """It is gone."""
        ...

    async def handle(self, connection: Connection, request: HttpRequest, /, *, keep_alive: bool) -> bool:
        """Answer one complete request; whether the connection is kept."""
        ...

    def malformed(self, connection: Connection, problem: str, reply: HttpReply | None, /) -> None:
        """Answer what is not a request, and close."""
        ...


class Listener(web.Server):
    """What aiohttp knows of one server."""

    def __init__(self, server: Service) -> None:
        super().__init__(_serve, handler_cancellation=True, request_factory=_make_request)
        self.server = server
        self.idle_timeout = server.interface.idle_timeout

    def connection(self) -> Connection:
        """One that can do everything."""
        return Connection(self)


def _make_request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: web.RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    """As aiohttp does it, but an absolute target, which it would take apart and may stumble over, stays as it is."""
    if message.url.absolute:
        message = message._replace(url=ROOT)
    return web.BaseRequest(message, payload, protocol, writer, task, protocol._loop)


async def _serve(raw: web.BaseRequest) -> web.StreamResponse:
    connection = raw.protocol
    assert isinstance(connection, Connection)
    return await connection.serve(raw)


class Connection(Closable, web.RequestHandler):
    """A connection, from the moment it is taken over until it is closed."""

    channel: Final = None
    """It is no WebSocket."""

    def __init__(self, listener: Listener) -> None:
        super().__init__(
            listener,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=listener.idle_timeout,
            access_log=None,  # type: ignore[arg-type]
            max_line_size=MAX_LINE,
            max_field_size=MAX_LINE,
            max_headers=MAX_HEADERS,
            lingering_time=LINGER,
            auto_decompress=False,
        )
        self.server = listener.server
        self.client: str | None = None
        self.task: asyncio.Task[None] | None = None
        self._answered = 0
        self.congested = False
        """Bytes wait to be sent, above the transport's limit."""
        self._head = 0
        """Bytes of a request whose headers are not complete."""
        self._half_sent: asyncio.TimerHandle | None = None

    # --- asyncio calls these -----------------------------------------------------------------------------------------

    def take_over(self, transport: asyncio.Transport, client: str | None) -> None:
        """Go on with a connection that has been admitted and has answered everything so far."""
        self.client = client
        transport.set_protocol(self)
        self.connection_made(transport)
        self.task = self._task_handler

    def connection_lost(self, exc: BaseException | None) -> None:
        self._whole()
        self.server.forget(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        try:
            super().data_received(data)  # may raise on targets that are no URL, in aiohttp before 3.13
        except ValueError as error:
            self._malformed(str(error))
            self.close()
            if self.transport is not None:
                self.transport.close()
        if data:
            self.server.touch(self)
            self._head = self._head + len(data) if self.pending == 0 else 0
            if self._head > MAX_HEAD:
                self._malformed("head too large")
                self.abort()
            elif self._head:
                self._hurry()

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """The client will not send any more; a reply that is on its way still goes out."""
        self.end_of_client()
        return (self.pending > 0 and half_open(self.transport)) or None

    def pause_writing(self) -> None:
        super().pause_writing()
        self.congested = True

    def resume_writing(self) -> None:
        super().resume_writing()
        self.congested = False

    @property
    def pending(self) -> int:
        """Requests that have arrived, at least up to their headers, and are not answered."""
        return self._request_count - self._answered

    @property
    def last(self) -> bool:
        """No request can come after the one being answered."""
        return self.doomed or (self.half_closed and self.pending <= 1)

    def _hurry(self) -> None:
        """A request has begun and is not complete: from its first byte on, the client has that much time."""
        if self._half_sent is None:
            timeout = self.server.interface.half_sent_timeout
            self._half_sent = self._loop.call_later(timeout, self._too_slow)

    def _too_slow(self) -> None:
        self._half_sent = None
        self.server.endpoint.record("connection", "timeout", {"why": "request half sent"}, client=self.client)
        self.abort()

    def _whole(self) -> None:
        """The request has arrived completely."""
        if self._half_sent is not None:
            self._half_sent.cancel()
            self._half_sent = None

    # --- requests ----------------------------------------------------------------------------------------------------

    async def serve(self, raw: web.BaseRequest) -> web.StreamResponse:
        """Read the rest of a request and have it answered."""
        try:
            if self.pending > 1:
                await asyncio.sleep(0)  # one of a pipeline, then others have their turn
            return await self._answer(raw)
        except TooLargeError:
            return self._malformed("body too large", self.server.interface.on_too_large)
        except (web.RequestPayloadError, HttpProcessingError) as error:
            return self._malformed(str(error))
        finally:
            self._answered += 1

    async def _answer(self, raw: web.BaseRequest) -> web.StreamResponse:
        if len(raw.headers) > MAX_HEADERS:
            return self._malformed("too many headers")
        body = await self._body(raw) if raw.body_exists else b""
        self._whole()
        request = HttpRequest(
            method=raw.method,
            target=origin_form(clean(raw.raw_path)),
            version=f"{raw.version.major}.{raw.version.minor}",
            headers=lower_headers(raw.headers.items()),
            body=body,
        )
        kept = await self.server.handle(self, request, keep_alive=raw.keep_alive)
        return KEPT if kept else CLOSED

    def _malformed(self, problem: str, reply: HttpReply | None = None) -> web.StreamResponse:
        self._whole()
        self.server.malformed(self, problem, reply)
        return CLOSED

    async def _body(self, raw: web.BaseRequest) -> bytes:
        if not raw.content.is_eof():
            self._hurry()
        limit = self.server.interface.max_body
        if (raw.content_length or 0) > limit:
            raise TooLargeError
        if raw.headers.get("Expect", "").lower() == "100-continue" and raw.version >= (1, 1):
            self.put(CONTINUE)
        parts = bytearray()
        async for part in raw.content.iter_any():
            parts += part
            if len(parts) > limit:
                raise TooLargeError
        return bytes(parts)

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """What is not HTTP: answered as the device does."""
        self._answered += 1
        if status >= 500 and exc is not None:
            self.server.endpoint.simulation.bugs.caught(self.server.endpoint.address, exc)
        return self._malformed(message or str(exc) or "error")

    # --- replies -----------------------------------------------------------------------------------------------------

    def put(self, data: bytes) -> None:
        """Write without waiting."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    async def write(self, data: bytes, patience: float) -> None:
        """Write; wait while the client is slow to read, but drop it after `patience` wall seconds."""
        self.put(data)
        if self.congested:
            try:
                async with asyncio.timeout(patience):
                    await self._drain_helper()
            except TimeoutError:
                self.abort()

    def let_go(self) -> Iterable[bytes]:
        """The transport is somebody else's from now on; what the client said that was not looked at yet."""
        tail = _Tail()
        parser: Any = tail
        self.set_parser(parser)
        self.transport = None
        self._loop.call_soon(super().connection_lost, None)
        return (tail.data,) if tail.data else ()
