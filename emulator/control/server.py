"""The control port: API, dashboard and reference page on one HTTP server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Self

from aiohttp import web
from aiohttp.typedefs import Handler

from . import dashboard
from .api import Api
from .contacts import Contacts
from .feed import EventFeed
from .openapi import document
from .operations import Operation
from .port import DEFAULT_PORT as DEFAULT_PORT
from .port import ControlPort
from .reference import page
from .requests import check_query
from .table import OPERATIONS, definitions
from .watched import OneProcess

if TYPE_CHECKING:
    from ..scenario.steps.base import TimedStep
    from ..service.emulator import Emulator


class ApiServer(ControlPort):
    """A control port with the whole API, its documents, and the dashboard."""

    def offer(self, operations: Iterable[Operation], bound: Callable[[Operation], Handler]) -> None:
        """Serve these, each by the handler that `bound` gives for it, and the pages beside them."""
        self._operations = tuple(operations)
        for operation in self._operations:
            self.application.router.add_route(operation.method, operation.path, _checked(operation, bound(operation)))
        dashboard.add_to(self.application.router)
        self.application.router.add_get("/api", self._reference)
        self.application.router.add_get("/api/{file:reference\\.(?:js|css)}", self._reference_file)
        self.application.router.add_get("/api/openapi.json", self._openapi)

    async def _reference(self, _: web.Request) -> web.Response:
        text = page(self._operations, secured=self.gate.secured)
        return web.Response(text=text, content_type="text/html")

    async def _reference_file(self, request: web.Request) -> web.Response:
        name = request.match_info["file"]
        kind = "text/css" if name.endswith(".css") else "text/javascript"
        return web.Response(text=files(__package__).joinpath(name).read_text("utf-8"), content_type=kind)

    async def _openapi(self, _: web.Request) -> web.Response:
        body = await asyncio.to_thread(lambda: self._described)  # the first is long: others get their turn meanwhile
        return web.Response(body=body, content_type="application/json")

    @cached_property
    def _described(self) -> bytes:
        described = document(self._operations, definitions=definitions(), secured=self.gate.secured)
        return json.dumps(described, ensure_ascii=False).encode()


class ControlServer(ApiServer):
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
        self.offer(OPERATIONS, self._bound)

    @property
    def contacts(self) -> Contacts:
        """Every client that was seen."""
        return self._api.contacts

    @property
    def feed(self) -> EventFeed:
        """What tells the ones that wait that something is new."""
        return self._api.feed

    @property
    def run(self) -> OneProcess:
        """The emulator, as it is watched."""
        return self._api.run

    async def do(self, steps: Sequence[TimedStep]) -> web.Response:
        """A list of steps that have been checked; the answer to whoever sent them."""
        return await self._api.done(steps, several=True)

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


def _checked(operation: Operation, handle: Handler) -> Handler:
    """The handler, once the query is known to hold nothing but what the operation has; `/metrics` takes anything."""
    if not operation.path.startswith("/api/"):
        return handle
    known = [parameter.name for parameter in operation.parameters if parameter.place == "query"]

    async def checked(request: web.Request) -> web.StreamResponse:
        check_query(request, known)
        return await handle(request)

    return checked
