"""What a worker's control API has for its leader alone.

The one rule: it tells what has happened up to an instant, and that nothing before it is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from aiohttp import web

from ..control import views
from ..control.reading import LARGEST_PAGE
from ..control.requests import answer, json_of, nothing, number, query_of, whole
from ..runtime.journal import Entry
from ..runtime.sizes import size_of
from ..scenario.playing import checks
from ..scenario.steps.vocabulary import parse_steps

if TYPE_CHECKING:
    from ..control.server import ControlServer
    from ..service.emulator import Emulator


def offer(server: ControlServer, emulator: Emulator) -> None:
    """Serve them beside the others."""
    led = Led(server, emulator)
    server.application.router.add_get("/fleet/news", led.news)
    server.application.router.add_get("/fleet/overview", led.overview)
    server.application.router.add_post("/fleet/steps", led.steps)
    server.application.router.add_post("/fleet/move", led.move)
    server.application.router.add_post("/fleet/break_off", led.break_off)


def _page(entries: Iterator[Entry], limit: int) -> list[Entry]:
    """The first of them, as many as go into one answer."""
    found, size = [], 0
    for entry in islice(entries, limit):
        found.append(entry)
        size += size_of(entry)
        if size > LARGEST_PAGE:
            break
    return found


class Led:
    """The operations."""

    def __init__(self, server: ControlServer, emulator: Emulator) -> None:
        self._server = server
        self._emulator = emulator

    async def news(self, request: web.Request) -> web.Response:
        """Entries after one, as soon as there are any, and up to when that is everything [µs]."""
        query = query_of(request, "after", "limit", "wait")
        after, limit, wait = whole(query, "after", 0), whole(query, "limit", 0), number(query, "wait", 0.0)
        simulation = self._emulator.simulation
        if wait and simulation.journal.seq <= after:
            await self._server.feed.news(wait)
            simulation = self._emulator.simulation
        at = simulation.now()
        found = _page(simulation.journal.after(after), limit)
        more = bool(found) and found[-1].seq < simulation.journal.seq
        known = found[-1].at - 1 if more else at
        return answer({"known": known, "at": at, "more": more, "entries": views.entries(found)})

    async def overview(self, request: web.Request) -> web.Response:
        return answer(await self._server.run.overview(query_of(request, "detail").get("detail")))

    async def steps(self, request: web.Request) -> web.Response:
        """Part of a timeline that the leader has begun: what is to be done now may be so for a moment already."""
        return await self._server.do(parse_steps(await json_of(request), self._emulator.site.names))

    async def move(self, request: web.Request) -> web.Response:
        """Time jumps to an instant [µs], or until quantities are as expected but at most to it."""
        wanted = await json_of(request)
        emulator = self._emulator
        left = max(0, wanted["to"] - emulator.simulation.now())
        if wanted.get("until") is None:
            passed = await emulator.advance(left, noted=wanted["noted"])
        else:
            expected = checks(emulator.site, wanted["until"])
            passed = await emulator.advance_until(expected, left, noted=wanted["noted"])
        self._server.feed.wake()
        return answer({"at": passed.at, "reached": passed.ok, "items": list(passed.items)})

    async def break_off(self, request: web.Request) -> web.Response:
        """A jump that is being made ends where it is; answered when it has."""
        await nothing(request)
        async with self._emulator.busy.taken_over():
            return answer({"at": self._emulator.simulation.at})
