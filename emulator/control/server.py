"""The control port: API, dashboard and reference page on one HTTP server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from importlib.resources import files
from typing import TYPE_CHECKING, Self

from aiohttp import web
from aiohttp.typedefs import Handler

from . import dashboard
from .api import Api
from .contacts import Contacts
from .openapi import document
from .operations import Operation
from .port import DEFAULT_PORT as DEFAULT_PORT
from .port import ControlPort
from .reference import page
from .table import OPERATIONS, definitions

if TYPE_CHECKING:
    from ..service.emulator import Emulator


class ControlServer(ControlPort):
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
        super().__init__(
            lambda: emulator.bugs, host=host, port=port, token=token, opened=opened, allowed_hosts=allowed_hosts
        )
        self._api = Api(emulator)
        for operation in OPERATIONS:
            self.application.router.add_route(operation.method, operation.path, self._bound(operation))
        dashboard.add_to(self.application.router)
        self.application.router.add_get("/api", self._reference)
        self.application.router.add_get("/api/{file:reference\\.(?:js|css)}", self._reference_file)
        self.application.router.add_get("/api/openapi.json", self._openapi)

    @property
    def contacts(self) -> Contacts:
        """Every client that was seen."""
        return self._api.contacts

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self._api.metrics.health.lag.start()
        return self

    async def __aexit__(self, *ended: object) -> None:
        self._api.metrics.health.lag.stop()
        self.close()
        await self._api.feed.close()
        await super().__aexit__(*ended)

    def _bound(self, operation: Operation) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await operation.handler(self._api, request)

        return handle

    async def _reference(self, _: web.Request) -> web.Response:
        text = page(OPERATIONS, secured=self.gate.secured)
        return web.Response(text=text, content_type="text/html")

    async def _reference_file(self, request: web.Request) -> web.Response:
        name = request.match_info["file"]
        kind = "text/css" if name.endswith(".css") else "text/javascript"
        return web.Response(text=files(__package__).joinpath(name).read_text("utf-8"), content_type=kind)

    async def _openapi(self, _: web.Request) -> web.Response:
        body = await asyncio.to_thread(self._described)  # the first is long: others get their turn meanwhile
        return web.Response(body=body, content_type="application/json")

    def _described(self) -> bytes:
        described = document(OPERATIONS, definitions=definitions(), secured=self.gate.secured)
        return json.dumps(described, ensure_ascii=False).encode()
