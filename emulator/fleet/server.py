"""The control API of a fleet in several processes.

The one rule: a request about one charger is its worker's; a request about all is every worker's, and answered when all
have answered; what happened is in one journal. What would need several to act together is refused, and says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Self

from aiohttp import web

from ..control.catalogue import catalogue
from ..control.exposition import MEDIA_TYPE
from ..control.feed import EventFeed
from ..control.journal_pages import JournalPages
from ..control.operations import Operation
from ..control.problems import Refused
from ..control.requests import answer, query_of
from ..control.server import ApiServer
from ..control.table import OPERATIONS
from ..runtime.journal import LIMIT
from ..scenario.plan import Scenario
from . import joining
from .acting import Acting
from .asking import Asking
from .collecting import Collector
from .places import Places
from .watched import SeveralProcesses
from .workers import Workers

Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]
WORKERS: Final = {"type": "array"}
FLEET: Final[dict[str, object]] = {"type": "object", "required": ["workers"], "properties": {"workers": WORKERS}}


class FleetServer(ApiServer):
    """The control port of the leader, used as `async with`."""

    def __init__(
        self,
        workers: Workers,
        scenario: Scenario,
        *,
        journal_limit: int = LIMIT,
        record: bool = False,
        **port: Any,
    ) -> None:
        """`record`: the journal is for a report, and fetched all the time."""
        super().__init__(lambda: self.run.bugs, **port)
        self.places = Places(scenario, workers)
        ranks = {plan.name: rank for rank, plan in enumerate(scenario.chargers)}
        self.collector = Collector(workers, ranks, limit=journal_limit, spill=record)
        self.run = SeveralProcesses(self.places, self.collector)
        self.feed = EventFeed(self.run)
        self.collector.on_reset.append(self.feed.attach)
        self._pages = JournalPages(self.run, self.feed)
        self._asking = Asking(self.places)
        self.acting = Acting(self.places, self._asking, self.collector, self.feed, record=record)
        self._record = record
        handlers = self._handlers()
        self.offer((*OPERATIONS, FLEET_OPERATION), lambda operation: handlers[operation.method, operation.path])

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        if self._record:
            self._following = self.collector.followed()
            self._following.__enter__()
        return self

    async def __aexit__(self, *ended: object) -> None:
        self.close()
        await self.feed.close()
        await self.collector.close()
        await super().__aexit__(*ended)

    def _handlers(self) -> Mapping[tuple[str, str], Handle]:
        act, pages = self.acting, self._pages
        return {
            ("GET", "/healthz"): self._health,
            ("GET", "/metrics"): self._metrics,
            ("GET", "/api/fleet"): self._fleet,
            ("GET", "/api/state"): self._state,
            ("GET", "/api/wallboxes"): self._wallboxes,
            ("GET", "/api/wallboxes/{name}/tables"): self._of_wallbox,
            ("GET", "/api/wallboxes/{name}/values"): self._of_wallbox,
            ("GET", "/api/chargers/{name}"): self._of_charger,
            ("GET", "/api/chargers/{name}/history"): self._of_charger,
            ("GET", "/api/values"): self._values,
            ("GET", "/api/central_system"): self._central_system,
            ("GET", "/api/catalogue"): self._catalogue,
            ("GET", "/api/clock"): self._clock,
            ("GET", "/api/faults"): self._faults,
            ("GET", "/api/timeline"): self._timeline,
            ("GET", "/api/rules"): self._rules,
            ("GET", "/api/verdict"): self._verdict,
            ("POST", "/api/verdict"): self._verdict,
            ("GET", "/api/snapshots"): self._first,
            ("GET", "/api/events"): self._events,
            ("GET", "/api/journal"): pages.journal,
            ("GET", "/api/journal/{seq}"): pages.entry,
            ("POST", "/api/verify"): pages.verify,
            ("GET", "/api/clients"): pages.clients,
            ("GET", "/api/behaviour"): pages.behaviour,
            ("POST", "/api/wallboxes"): _refused_to_grow,
            ("DELETE", "/api/wallboxes/{name}"): _refused_to_grow,
            ("PUT", "/api/clock"): act.set_clock,
            ("POST", "/api/clock/advance"): act.advance,
            ("POST", "/api/steps"): act.steps,
            ("POST", "/api/expect"): act.expect,
            ("POST", "/api/rules"): act.rules,
            ("DELETE", "/api/faults/{name}"): act.clear_fault,
            ("POST", "/api/reset"): act.reset,
            ("POST", "/api/snapshots"): act.take_snapshot,
            ("POST", "/api/snapshots/{name}/restore"): act.restore_snapshot,
            ("DELETE", "/api/snapshots/{name}"): act.delete_snapshot,
        }

    # --- what one worker knows ---------------------------------------------------------------------------------------

    async def _first(self, request: web.Request) -> web.Response:
        return answer(await self._asking.ask(self.places.workers.all[0], request))

    async def _of_charger(self, request: web.Request) -> web.Response:
        return answer(await self._asking.ask(self.places.of(request.match_info["name"]), request))

    async def _of_wallbox(self, request: web.Request) -> web.Response:
        return answer(await self._asking.ask(self.places.of_wallbox(request.match_info["name"]), request))

    async def _central_system(self, request: web.Request) -> web.Response:
        """One worker has all its charge points."""
        parts = await self._asking.ask_all(request)
        return answer(next((part for part in parts if part["url"] is not None), parts[0]))

    # --- what all of them know ---------------------------------------------------------------------------------------

    async def _health(self, request: web.Request) -> web.Response:
        return answer((await self._asking.ask_all(request))[0])

    async def _metrics(self, request: web.Request) -> web.Response:
        text = joining.metrics(await self._asking.ask_all(request))
        return web.Response(body=text.encode(), headers={"Content-Type": MEDIA_TYPE})

    async def _fleet(self, _: web.Request) -> web.Response:
        return answer({"workers": [{"worker": i, "chargers": mine} for i, mine in enumerate(self.places.chargers)]})

    async def _state(self, _: web.Request) -> web.Response:
        return answer(await self.run.state())

    async def _wallboxes(self, request: web.Request) -> web.Response:
        order = [plan.name for plan in self.places.scenario.chargers]
        return answer({"wallboxes": joining.listed(await self._asking.ask_all(request), "wallboxes", order)})

    async def _values(self, request: web.Request) -> web.Response:
        names = [name.strip() for name in query_of(request, "name").get("name", "").split(",") if name.strip()]
        if not names:
            raise Refused(422, 'expected a "name": box1.power, box2.goe.car, or several with commas between')
        shares = self.places.split(names)
        asked = [
            self._asking.ask(self.places.workers.all[index], request, name=",".join(share))
            for index, share in shares.items()
        ]
        found = {name: value for part in await asyncio.gather(*asked) for name, value in part["values"].items()}
        return answer({"values": {name: found[name] for name in names}})

    async def _catalogue(self, _: web.Request) -> web.Response:
        return answer(catalogue(self.places.scenario))

    async def _clock(self, request: web.Request) -> web.Response:
        return await self._first(request)

    async def _faults(self, request: web.Request) -> web.Response:
        return answer({"faults": joining.faults(await self._asking.ask_all(request))})

    async def _timeline(self, request: web.Request) -> web.Response:
        parts = await self._asking.ask_all(request)
        return answer(joining.timeline(parts, self.places.steps, self.places.times))

    async def _rules(self, request: web.Request) -> web.Response:
        parts = await self._asking.ask_all(request)
        return answer({"rules": joining.in_order(self.places.rules, [part["rules"] for part in parts])})

    async def _verdict(self, request: web.Request) -> web.Response:
        return answer(joining.verdict(await self._asking.ask_all(request), self.places.rules))

    async def _events(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() != "websocket":
            raise Refused(426, "this is a WebSocket: connect with ws://", headers={"Upgrade": "websocket"})
        return await self.feed.serve(request)


async def _refused_to_grow(_: web.Request) -> web.StreamResponse:
    raise Refused(501, "wallboxes are shared out to processes at the start; run without --workers to add or remove any")


async def fleet(_api: object, _request: web.Request) -> web.StreamResponse:
    """Names the operation; the server's own handler does it."""
    raise NotImplementedError


FLEET_OPERATION: Final = Operation(
    "GET", "/api/fleet", fleet, "Which process has which chargers", FLEET, about="Only with `run --workers`."
)
