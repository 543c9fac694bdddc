"""A control port: an HTTP server that lets through who may and tells every error as a problem document."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Final, Self

from aiohttp import web

from ..errors import PortTaken
from ..runtime.bugs import Bugs
from ..service.endpoints import url
from .access import check_bind
from .connections import Connections, bounded_head, whole_body
from .gate import SECURITY_HEADERS, Gate
from .problems import problem_documents

DEFAULT_PORT: Final = 8000
LARGEST_BODY: Final = 1_048_576
SHUTDOWN: Final = 0.2
"""How long requests have to end at shutdown, in wall time [s]."""


class ControlPort:
    """The port, used as `async with`; what is served is added to `application` before."""

    def __init__(
        self,
        bugs: Callable[[], Bugs],
        *,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        token: str | None = None,
        opened: bool = False,
        allowed_hosts: Iterable[str] = (),
    ) -> None:
        check_bind(host, token=token, opened=opened)
        self.host = host
        self.port = port
        self.gate = Gate(host=host, token=token, allowed_hosts=allowed_hosts)
        self.application = web.Application(
            middlewares=[problem_documents(bugs), bounded_head, self.gate.middleware(), whole_body],
            client_max_size=LARGEST_BODY,
        )
        self.application.on_response_prepare.append(_secured)
        self._runner = web.AppRunner(self.application, access_log=None, shutdown_timeout=SHUTDOWN)
        self._socket: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it."""
        return url("http", "127.0.0.1" if self.host in ("", "0.0.0.0", "::") else self.host, self.port)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        assert self._runner.server is not None
        connections = Connections(self._runner.server)
        loop = asyncio.get_running_loop()
        try:
            self._socket = await loop.create_server(connections, self.host, self.port, backlog=2048, reuse_address=True)
        except OSError as error:
            await self._runner.cleanup()
            raise PortTaken(
                f"control API: port {self.port} on {self.host} cannot be bound ({error.strerror or error}); "
                "choose another with --control-port, 0 for any free port"
            ) from error
        self.port = self._socket.sockets[0].getsockname()[1]
        return self

    def close(self) -> None:
        """Take no more connections."""
        if self._socket is not None:
            self._socket.close()

    async def __aexit__(self, *_: object) -> None:
        self.close()
        await self._runner.cleanup()


async def _secured(_: web.Request, response: web.StreamResponse) -> None:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
