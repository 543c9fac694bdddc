"""The control port: API, dashboard and reference page on one HTTP server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from importlib.resources import files
from typing import TYPE_CHECKING, Final, Self

from aiohttp import web
from aiohttp.typedefs import Handler

from ..errors import PortTaken
from ..service.endpoints import url
from . import dashboard
from .access import check_bind
from .api import Api
from .connections import Connections, bounded_head, whole_body
from .contacts import Contacts
from .gate import SECURITY_HEADERS, Gate
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
        allowed_hosts: Iterable[str] = (),
    ) -> None:
        check_bind(host, token=token, opened=opened)
        self.host = host
        self.port = port
        self._api = Api(emulator)
        self._gate = Gate(host=host, token=token, allowed_hosts=allowed_hosts)
        application = web.Application(
            middlewares=[problem_documents(lambda: emulator.bugs), bounded_head, self._gate.middleware(), whole_body],
            client_max_size=LARGEST_BODY,
        )
        application.on_response_prepare.append(_secured)
        for operation in OPERATIONS:
            application.router.add_route(operation.method, operation.path, self._bound(operation))
        dashboard.add_to(application.router)
        application.router.add_get("/api", self._reference)
        application.router.add_get("/api/{file:reference\\.(?:js|css)}", self._reference_file)
        application.router.add_get("/api/openapi.json", self._openapi)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=SHUTDOWN)
        self._socket: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it."""
        return url("http", "127.0.0.1" if self.host in ("", "0.0.0.0", "::") else self.host, self.port)

    @property
    def contacts(self) -> Contacts:
        """Every client that was seen."""
        return self._api.contacts

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
        self._api.metrics.health.lag.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._socket is not None:
            self._socket.close()
        self._api.metrics.health.lag.stop()
        await self._api.feed.close()
        await self._runner.cleanup()

    def _bound(self, operation: Operation) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await operation.handler(self._api, request)

        return handle

    async def _reference(self, _: web.Request) -> web.Response:
        text = page(OPERATIONS, secured=self._gate.secured)
        return web.Response(text=text, content_type="text/html")

    async def _reference_file(self, request: web.Request) -> web.Response:
        name = request.match_info["file"]
        kind = "text/css" if name.endswith(".css") else "text/javascript"
        return web.Response(text=files(__package__).joinpath(name).read_text("utf-8"), content_type=kind)

    async def _openapi(self, _: web.Request) -> web.Response:
        described = document(OPERATIONS, definitions=definitions(), secured=self._gate.secured)
        return web.Response(body=json.dumps(described, ensure_ascii=False).encode(), content_type="application/json")


async def _secured(_: web.Request, response: web.StreamResponse) -> None:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
