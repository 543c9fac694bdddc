"""Asking workers: a request that came to the leader is passed on, and a refusal is passed back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from ..control.problems import Refused

if TYPE_CHECKING:
    from aiohttp import web

    from .places import Places
    from .workers import Worker

KNOWN: Final = frozenset({"type", "title", "status", "detail"})


class Asking:
    """Of the workers of one fleet."""

    def __init__(self, places: Places) -> None:
        self._workers = places.workers

    async def ask(self, worker: Worker, request: web.Request, body: object = None, **query: str) -> Any:
        """What a worker answers to this request, perhaps with another body or query; its refusal is ours."""
        return await self.call(worker, request.method, request.path, body, query or request.query)

    async def ask_all(self, request: web.Request, body: object = None, **query: str) -> list[Any]:
        """What each of them answers."""
        asked = (self.ask(worker, request, body, **query) for worker in self._workers.all)
        return list(await asyncio.gather(*asked))

    async def call_all(self, workers: Iterable[Worker], method: str, path: str, body: object = None) -> list[Any]:
        """The same request to some of them."""
        return list(await asyncio.gather(*(self.call(worker, method, path, body) for worker in workers)))

    async def call(
        self, worker: Worker, method: str, path: str, body: object = None, query: Mapping[str, str] | None = None
    ) -> Any:
        """The document it answers with. `Refused` with what it says if it refuses."""
        shown = {name: text for name, text in (query or {}).items() if name != "access_token"}
        status, found = await worker.call(self._workers.session, method, path, body, shown)
        if status < 400:
            return found
        further = {name: value for name, value in found.items() if name not in KNOWN}
        raise Refused(status, found["detail"], title=found["title"], **further)
