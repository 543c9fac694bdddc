"""The connections of the control port, bounded in number, size and time.

The one rule: whoever says nothing, or only half of something, is let go of after a while and never costs another one
its turn.
"""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from .problems import Refused

MOST_CONNECTIONS: Final = 128
"""Connections at a time; one more is closed at once."""
HEAD_TIME: Final = 10.0
"""Wall seconds a client has to send the head of its first request."""
BODY_TIME: Final = 30.0
"""Wall seconds a client has to send a body."""
IDLE_TIME: Final = 75.0
"""Wall seconds a connection may wait for its next request."""
LONGEST_LINE: Final = 8190
"""Bytes of a request line or one header."""
MOST_HEADERS: Final = 64


class Connections:
    """Makes the connections of the control port from those of an aiohttp server."""

    def __init__(self, server: web.Server, *, head_time: float = HEAD_TIME, most: int = MOST_CONNECTIONS) -> None:
        self.server = server
        self.head_time = head_time
        self.most = most
        self.open: set[_Connection] = set()

    def __call__(self) -> web.RequestHandler:
        return _Connection(self)


class _Connection(web.RequestHandler):
    def __init__(self, connections: Connections) -> None:
        super().__init__(
            connections.server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]
            keepalive_timeout=IDLE_TIME,
            max_line_size=LONGEST_LINE,
            max_field_size=LONGEST_LINE,
            max_headers=MOST_HEADERS,
            auto_decompress=False,
        )
        self._all = connections
        self._waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if len(self._all.open) >= self._all.most:
            self._break()
            return
        self._all.open.add(self)
        self._waiting = asyncio.get_running_loop().call_later(self._all.head_time, self._break)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._request_count and self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def connection_lost(self, exc: BaseException | None) -> None:
        self._all.open.discard(self)
        if self._waiting is not None:
            self._waiting.cancel()
        super().connection_lost(exc)

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """What is not HTTP is answered like every other mistake."""
        reply = Refused(status, message or "this is not HTTP").reply()
        reply.force_close()
        return reply

    def _break(self) -> None:
        if self.transport is not None:
            self.transport.abort()


@web.middleware
async def whole_body(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A body has to come in its time; handlers find it complete."""
    if request.can_read_body:
        try:
            async with asyncio.timeout(BODY_TIME):
                await request.read()
        except TimeoutError:
            raise Refused(408, f"the body did not come within {BODY_TIME:g} s") from None
        except (ConnectionError, RuntimeError):  # aiohttp's word for it is one or the other
            raise Refused(400, "the connection ended within the body") from None
    return await handler(request)


@web.middleware
async def bounded_head(request: web.Request, handler: Handler) -> web.StreamResponse:
    """aiohttp before 3.13 does not count headers itself."""
    if len(request.headers) > MOST_HEADERS:
        raise Refused(431, f"more than {MOST_HEADERS} headers")
    return await handler(request)
