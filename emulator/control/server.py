"""The control port: API, dashboard and reference page on one HTTP server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, Self

from aiohttp import web
from aiohttp.typedefs import Handler

from ..errors import PortTaken
from ..service.endpoints import url
from . import dashboard
from .access import Gate, check_bind
from .api import Api
from .openapi import document
from .operations import Operation
from .problems import problem_documents
from .reference import page
from .table import OPERATIONS, definitions

if TYPE_CHECKING:
    from ..service.emulator import Emulator

DEFAULT_PORT: Final = 8000
LARGEST_BODY: Final = 1_048_576
SHUTDOWN: Final = 0.2
"""How long requests have to end at shutdown, in wall time [s]."""


class ControlServer:
    """The control port of an emulator, used as `async with`."""

    def __init__(
        self,
        emulator: Emulator,
        *,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        token: str | None = None,
        opened: bool = False,
    ) -> None:
        check_bind(host, token=token, opened=opened)
        self.host = host
        self.port = port
        self._api = Api(emulator)
        self._gate = Gate(host=host, token=token)
        application = web.Application(
            middlewares=[problem_documents, self._gate.middleware()], client_max_size=LARGEST_BODY
        )
        for operation in OPERATIONS:
            application.router.add_route(operation.method, operation.path, self._bound(operation))
        dashboard.add_to(application.router)
        application.router.add_get("/api", self._reference)
        application.router.add_get("/api/openapi.json", self._openapi)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=SHUTDOWN)

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it."""
        return url("http", "127.0.0.1" if self.host in ("", "0.0.0.0", "::") else self.host, self.port)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port, backlog=2048)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            raise PortTaken(
                f"control API: port {self.port} on {self.host} cannot be bound ({error.strerror or error}); "
                "choose another with --control-port, 0 for any free port"
            ) from error
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._api.feed.close()
        await self._runner.cleanup()

    def _bound(self, operation: Operation) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await operation.handler(self._api, request)

        return handle

    async def _reference(self, _: web.Request) -> web.Response:
        text = page(OPERATIONS, secured=self._gate.secured)
        policy = "default-src 'none'; style-src 'unsafe-inline'"
        return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": policy})

    async def _openapi(self, _: web.Request) -> web.Response:
        described = document(OPERATIONS, definitions=definitions(), secured=self._gate.secured)
        return web.Response(body=json.dumps(described, ensure_ascii=False).encode(), content_type="application/json")
