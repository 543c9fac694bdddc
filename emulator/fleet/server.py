"""The control API of a fleet in several processes: who has what, and what all of them have.

The one rule: a request about one charger is its worker's; a request about all is every worker's, and answered when all
have answered. What would need the whole world in one place is refused, and says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from aiohttp import web

from ..control.api import MOST_ENTRIES
from ..control.exposition import MEDIA_TYPE
from ..control.port import ControlPort
from ..control.problems import Refused
from ..control.requests import answer, json_of, nothing, query_of, whole
from ..runtime.bugs import Bugs
from . import joining
from .workers import Worker, Workers

Handle = Callable[["FleetServer", web.Request], Awaitable[web.Response]]
ONE: Final = "with --workers a request is about chargers of one worker; GET /api/fleet shows who has which"


class FleetServer(ControlPort):
    """The control port of the leader, used as `async with`."""

    def __init__(self, workers: Workers, chargers: Sequence[Sequence[str]], order: Sequence[str], **port: Any) -> None:
        """`chargers`: of each worker. `order`: all of them, as the scenario has them."""
        self.bugs = Bugs()
        super().__init__(lambda: self.bugs, **port)
        self.workers = workers
        self._chargers = chargers
        self._order = order
        self._worker_of = {name: workers.all[index] for index, mine in enumerate(chargers) for name in mine}
        self._moving = asyncio.Lock()
        """Held while time moves: every worker then stands at the same instant."""
        for method, path, handle in ROUTES:
            self.application.router.add_route(method, path, self._bound(handle))
        self.application.router.add_route("*", "/{rest:.*}", _absent)

    def _bound(self, handle: Handle) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def bound(request: web.Request) -> web.StreamResponse:
            return await handle(self, request)

        return bound

    # --- asking workers ----------------------------------------------------------------------------------------------

    async def ask(self, worker: Worker, request: web.Request, body: object = None, **query: str) -> Any:
        """What a worker answers to this request, perhaps with another body or query; its refusal is ours."""
        return await self.call(worker, request.method, request.path, body, query or request.query)

    async def call(
        self, worker: Worker, method: str, path: str, body: object = None, query: Mapping[str, str] | None = None
    ) -> Any:
        shown = {name: text for name, text in (query or {}).items() if name != "access_token"}
        status, found = await worker.call(self.workers.session, method, path, body, shown)
        if status < 400:
            return found
        known = {"type", "title", "status", "detail"}
        raise Refused(
            status, found["detail"], title=found["title"], **{k: v for k, v in found.items() if k not in known}
        )

    async def ask_all(self, request: web.Request, body: object = None, **query: str) -> list[Any]:
        return list(await asyncio.gather(*(self.ask(worker, request, body, **query) for worker in self.workers.all)))

    def owner(self, request: web.Request) -> Worker:
        """The worker of the charger or wallbox in the path."""
        name = request.match_info["name"]
        if (worker := self._worker_of.get(name.partition(".")[0])) is None:
            raise Refused(404, f'there is no charger "{name}"; GET /api/fleet shows who has which')
        return worker

    def concerned(self, *values: object) -> list[Worker]:
        """The workers whose chargers some plain data names."""
        names = set(joining.chargers_in(list(values), self._worker_of))
        return [worker for worker in self.workers.all if not names.isdisjoint(self._chargers[worker.index])]

    def only(self, *values: object) -> Worker:
        found = self.concerned(*values)
        if len(found) != 1:
            raise Refused(422, f"{'no charger is named' if not found else 'chargers of several are named'}: {ONE}")
        return found[0]

    async def everything(self) -> dict[str, Any]:
        """`GET /api/state`."""
        return joining.state(
            await asyncio.gather(*(self.call(worker, "GET", "/api/state") for worker in self.workers.all)), self._order
        )

    # --- looking -----------------------------------------------------------------------------------------------------

    async def health(self, request: web.Request) -> web.Response:
        return answer((await self.ask_all(request))[0])

    async def fleet(self, _: web.Request) -> web.Response:
        return answer({"workers": [{"worker": i, "chargers": list(mine)} for i, mine in enumerate(self._chargers)]})

    async def state(self, _: web.Request) -> web.Response:
        return answer(await self.everything())

    async def wallboxes(self, request: web.Request) -> web.Response:
        return answer({"wallboxes": joining.listed(await self.ask_all(request), "wallboxes", self._order)})

    async def forwarded(self, request: web.Request) -> web.Response:
        return answer(await self.ask(self.owner(request), request))

    async def first(self, request: web.Request) -> web.Response:
        return answer(await self.ask(self.workers.all[0], request))

    async def faults(self, request: web.Request) -> web.Response:
        return answer({"faults": joining.listed(await self.ask_all(request), "faults")})

    async def rules(self, request: web.Request) -> web.Response:
        return answer({"rules": joining.listed(await self.ask_all(request), "rules")})

    async def verdict(self, request: web.Request) -> web.Response:
        return answer(joining.verdict(await self.ask_all(request)))

    async def metrics(self, request: web.Request) -> web.Response:
        text = joining.metrics(await self.ask_all(request))
        return web.Response(body=text.encode(), headers={"Content-Type": MEDIA_TYPE})

    async def journal(self, request: web.Request) -> web.Response:
        filters = ("charger", "wallbox", "interface", "kind", "client", "text")
        query = query_of(request, "after", "limit", *filters)
        limit = min(whole(query, "limit", 1000), MOST_ENTRIES)
        after = joining.cursors(query.pop("after", "0"), len(self.workers.all))
        if after is None:
            raise Refused(422, 'after: expected "next" of an earlier answer, with a number for each worker')
        query["limit"] = str(limit)
        place = query.get("charger") or query.get("wallbox")
        chosen = self.workers.all if place is None else [self.only(place)]
        parts = [{"entries": [], "next": read, "dropped": 0} for read in after]
        calls = (self.ask(worker, request, **query, after=str(after[worker.index])) for worker in chosen)
        for worker, found in zip(chosen, await asyncio.gather(*calls), strict=True):
            parts[worker.index] = found
        return answer(joining.journal(parts, after, limit))

    # --- time --------------------------------------------------------------------------------------------------------

    async def everywhere(self, request: web.Request) -> web.Response:
        """The same in every worker; the first one's answer stands for all."""
        body = await json_of(request) if await request.read() else None
        async with self._moving:
            return answer((await self.ask_all(request, body))[0])

    async def reset(self, request: web.Request) -> web.Response:
        await nothing(request)
        async with self._moving:
            found = await self.ask_all(request)
        return answer({"clock": found[0]["clock"], "took": max(part["took"] for part in found)})

    async def advance(self, request: web.Request) -> web.Response:
        wanted = await json_of(request)
        until = wanted.get("until") if isinstance(wanted, dict) else None
        async with self._moving:
            if not isinstance(until, dict):
                return answer(joining.advanced(await self.ask_all(request, wanted), MOST_ENTRIES))
            looking = self.only(*until)
            found = await self.ask(looking, request, wanted)
            others = [worker for worker in self.workers.all if worker is not looking]
            by = {"by": f"{found['elapsed']:.6f} s"}
            behind = await asyncio.gather(*(self.ask(worker, request, by) for worker in others))
        parts = dict(zip((worker.index for worker in others), behind, strict=True)) | {looking.index: found}
        whole_answer = joining.advanced([parts[index] for index in sorted(parts)], MOST_ENTRIES)
        return answer(whole_answer | {"reached": found["reached"]})

    # --- what happens ------------------------------------------------------------------------------------------------

    async def steps(self, request: web.Request) -> web.Response:
        value = await json_of(request)
        if isinstance(value, dict) and "clock" in value:
            async with self._moving:
                return answer((await self.ask_all(request, value))[0])
        if isinstance(value, dict) and "note" in value:
            return answer(await self.ask(self.workers.all[0], request, value))
        return answer(await self.ask(self.only(value), request, value))

    async def for_one(self, request: web.Request) -> web.Response:
        """A request whose body names chargers of one worker."""
        value = await json_of(request)
        return answer(await self.ask(self.only(value), request, value))

    async def expect(self, request: web.Request) -> web.Response:
        expected = await json_of(request)
        if not isinstance(expected, dict):
            raise Refused(422, 'expected an object of quantities, such as {"box1.power": "> 3 kW"}')
        shares: dict[int, dict[str, object]] = {}
        for name, value in expected.items():
            shares.setdefault(self.only(name).index, {})[name] = value
        asked = [self.ask(self.workers.all[index], request, share) for index, share in shares.items()]
        found = await asyncio.gather(*asked)
        items = {item["quantity"]: item for part in found for item in part["items"]}
        ordered = [items[name] for name in expected if name in items]
        return answer({"ok": all(part["ok"] for part in found), "items": ordered})

    async def clear_fault(self, request: web.Request) -> web.Response:
        name, query = request.match_info["name"], query_of(request, "charger")
        chosen: Iterable[Worker] = self.workers.all
        if "charger" in query:
            chosen = [self.only(query["charger"])]
        having = [
            worker
            for worker in chosen
            if any(f["name"] == name for f in (await self.call(worker, "GET", "/api/faults"))["faults"])
        ]
        if not having:
            raise Refused(404, f'no fault called "{name}" is active')
        for worker in having:
            await self.ask(worker, request)
        left = [await self.call(worker, "GET", "/api/faults") for worker in self.workers.all]
        return answer({"faults": joining.listed(left, "faults")})


async def _absent(request: web.Request) -> web.StreamResponse:
    raise Refused(
        501 if request.path.startswith("/api") or request.path == "/" else 404,
        f"{request.method} {request.path} is not there with --workers; docs/workers.md lists what is",
    )


ROUTES: Final[tuple[tuple[str, str, Handle], ...]] = (
    ("GET", "/healthz", FleetServer.health),
    ("GET", "/metrics", FleetServer.metrics),
    ("GET", "/api/fleet", FleetServer.fleet),
    ("GET", "/api/state", FleetServer.state),
    ("GET", "/api/wallboxes", FleetServer.wallboxes),
    ("GET", "/api/wallboxes/{name}/tables", FleetServer.forwarded),
    ("GET", "/api/wallboxes/{name}/values", FleetServer.forwarded),
    ("GET", "/api/chargers/{name}", FleetServer.forwarded),
    ("GET", "/api/chargers/{name}/history", FleetServer.forwarded),
    ("GET", "/api/clock", FleetServer.first),
    ("PUT", "/api/clock", FleetServer.everywhere),
    ("POST", "/api/clock/advance", FleetServer.advance),
    ("POST", "/api/steps", FleetServer.steps),
    ("GET", "/api/faults", FleetServer.faults),
    ("DELETE", "/api/faults/{name}", FleetServer.clear_fault),
    ("GET", "/api/journal", FleetServer.journal),
    ("POST", "/api/expect", FleetServer.expect),
    ("GET", "/api/rules", FleetServer.rules),
    ("POST", "/api/rules", FleetServer.for_one),
    ("POST", "/api/verify", FleetServer.for_one),
    ("GET", "/api/verdict", FleetServer.verdict),
    ("POST", "/api/verdict", FleetServer.verdict),
    ("POST", "/api/reset", FleetServer.reset),
    ("GET", "/api/snapshots", FleetServer.first),
    ("POST", "/api/snapshots", FleetServer.everywhere),
    ("POST", "/api/snapshots/{name}/restore", FleetServer.everywhere),
    ("DELETE", "/api/snapshots/{name}", FleetServer.everywhere),
)
