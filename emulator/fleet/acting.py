"""What a client of the control API has the workers do: move time, do steps, judge, go back.

The one rule: everything is checked before the first worker does anything; while time moves, nothing else is done, so
that all workers stand at one instant before and after.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ..control import models, views
from ..control.api import check_to_come
from ..control.journal_pages import MOST_ENTRIES, named_once, rules_of
from ..control.problems import Refused
from ..control.requests import answer, json_of, model_of, nothing, query_of
from ..core.instant import Instant, seconds
from ..scenario.steps.checks import Clock
from ..scenario.steps.vocabulary import parse_steps
from ..service.options import MOST_EARLIER
from . import joining
from .moving import Items, Moving

if TYPE_CHECKING:
    from ..control.feed import EventFeed
    from ..runtime.journal import Journal
    from ..scenario.steps.base import TimedStep
    from .asking import Asking
    from .collecting import Collector, Told
    from .places import Places
    from .workers import Worker


class Acting:
    """The operations that change something."""

    def __init__(
        self, places: Places, asking: Asking, collector: Collector, feed: EventFeed, *, record: bool = False
    ) -> None:
        """`record`: what was run before each reset is kept for the report."""
        self._places = places
        self._asking = asking
        self._collector = collector
        self._feed = feed
        self._moving = Moving(places, asking)
        self._still = asyncio.Lock()
        """Held while time moves: every worker then stands at the same instant."""
        self._snapshots: dict[str, Told] = {}
        self._record = record
        self.earlier: list[Journal] = []
        """Of what was run before each reset."""

    @property
    def _all(self) -> Sequence[Worker]:
        return self._places.workers.all

    # --- time --------------------------------------------------------------------------------------------------------

    async def set_clock(self, request: web.Request) -> web.Response:
        """The same in every worker; the first one's answer stands for all."""
        change = await json_of(request)
        async with self._still:
            found = (await self._asking.ask_all(request, change))[0]
        self._feed.wake()
        return answer(found)

    async def advance(self, request: web.Request) -> web.Response:
        wanted = await model_of(request, models.Advance)
        async with self._still:
            began = await self._collector.refresh()
            since = self._collector.journal.seq
            if wanted.until is None:
                body = await json_of(request)
                parts = await self._asking.ask_all(request, body)
                at, reached = max(round(part["at"] * 1_000_000) for part in parts), True
                items: Items = []
            else:
                at, reached, items = await self._moving.until(wanted.until, wanted.within, began)
            await self._collector.refresh()
        self._feed.wake()
        journal = self._collector.journal
        events = [entry for entry in journal.after(since) if entry.kind == "event"]
        reply = {
            "at": round(seconds(at), 6),
            "elapsed": round(seconds(at - began), 6),
            "reached": reached,
            "events": views.entries(events[:MOST_ENTRIES]),
            "items": items,
            "next": journal.seq,
        }
        return answer(reply)

    async def reset(self, request: web.Request) -> web.Response:
        await nothing(request)
        if self._still.locked():
            await self._asking.call_all(self._all, "POST", "/fleet/break_off", {})
        async with self._still:
            if self._record:
                await self._collector.refresh()
                self.earlier.append(self._collector.journal)
                del self.earlier[:-MOST_EARLIER]
            async with self._collector.another():
                found = await self._asking.ask_all(request)
        return answer({"clock": found[0]["clock"], "took": max(part["took"] for part in found)})

    async def take_snapshot(self, request: web.Request) -> web.Response:
        wanted = await model_of(request, models.SnapshotName)
        async with self._still:
            found = await self._asking.ask_all(request, {"name": wanted.name})
            self._snapshots[wanted.name] = await self._collector.kept()
        size = sum(part["bytes"] for part in found)
        return answer(found[0] | {"journal": self._collector.journal.seq, "bytes": size})

    async def restore_snapshot(self, request: web.Request) -> web.Response:
        await nothing(request)
        name = request.match_info["name"]
        if name not in self._snapshots:
            raise Refused(404, f'there is no snapshot "{name[:80]}"')
        async with self._still, self._collector.another(self._snapshots[name]):
            found = await self._asking.ask_all(request)
        return answer({"clock": found[0]["clock"], "took": max(part["took"] for part in found)})

    async def delete_snapshot(self, request: web.Request) -> web.Response:
        found = (await self._asking.ask_all(request))[0]
        self._snapshots.pop(request.match_info["name"], None)
        return answer(found)

    # --- steps -------------------------------------------------------------------------------------------------------

    async def steps(self, request: web.Request) -> web.Response:
        value = await json_of(request)
        parsed = parse_steps(value, self._places.names)
        written = value if isinstance(value, list) else [value]
        whose = [self._everybody(step) if isinstance(step.step, Clock) else [self._of(step)] for step in parsed]
        timed = any(step.at is not None or step.after is not None or step.within is not None for step in parsed)
        async with self._still:
            if timed and len({worker.index for workers in whose for worker in workers}) > 1:
                outcomes = await self._timeline(parsed, written, whose)
            else:
                outcomes = await self._one_by_one(request, written, whose)
        self._feed.wake()
        if not isinstance(value, list):
            return answer(outcomes[0])
        return answer({"ok": all(outcome["ok"] for outcome in outcomes), "outcomes": outcomes})

    def _everybody(self, _: TimedStep) -> list[Worker]:
        return list(self._all)

    def _of(self, step: TimedStep) -> Worker:
        """What names no charger, such as a note, is the first one's."""
        return self._places.of_step(step) or self._all[0]

    async def _one_by_one(
        self, request: web.Request, written: Sequence[Any], whose: Sequence[Sequence[Worker]]
    ) -> list[Any]:
        """Neighbours of one worker go to it together."""
        outcomes: list[Any] = []
        while len(outcomes) < len(written):
            first = len(outcomes)
            last = next((n for n in range(first, len(written)) if whose[n] != whose[first]), len(written))
            body = list(written[first:last])
            try:
                parts = [await self._asking.ask(worker, request, body) for worker in whose[first]]
            except Refused as refused:
                if not outcomes:
                    raise
                outcomes.append(_refused(written[first], "invalid", refused.detail))
            else:
                outcomes += parts[0]["outcomes"]
            if outcomes[-1]["refused"] in ("invalid", "not_now") and not outcomes[-1]["ok"]:
                done = len(outcomes)
                outcomes += [_refused(s, "not_now", "not done: the step before it failed") for s in written[done:]]
        return outcomes

    async def _timeline(
        self,
        parsed: Sequence[TimedStep],
        written: Sequence[Any],
        whose: Sequence[Sequence[Worker]],
    ) -> list[Any]:
        """Steps that begin now, each at the instant that it has in the whole."""
        if any(step.within is not None or step.name == "wait_until" for step in parsed):
            raise Refused(
                422, "the timeline waits, and is about chargers of several processes: they do not wait together"
            )
        now: Instant = await self._collector.refresh()
        check_to_come(parsed, now)
        shares: dict[int, list[Any]] = {}
        for step, stated, workers in zip(parsed, written, whose, strict=True):
            now = max(now, step.at if step.at is not None else now + (step.after or 0))
            untimed = {name: item for name, item in stated.items() if name not in ("at", "after")}
            for worker in workers:
                shares.setdefault(worker.index, []).append({"at": f"{seconds(now):.6f} s", **untimed})
        asked = (self._asking.call(self._all[index], "POST", "/fleet/steps", share) for index, share in shares.items())
        found = (await asyncio.gather(*asked))[0]["outcomes"][0]
        return [found | {"step": step.name} for step in parsed]

    # --- judging -----------------------------------------------------------------------------------------------------

    async def expect(self, request: web.Request) -> web.Response:
        expected = await json_of(request)
        if not isinstance(expected, dict):
            raise Refused(422, 'expected an object of quantities, such as {"box1.power": "> 3 kW"}')
        shares = self._places.split([str(name) for name in expected])
        asked = [
            self._asking.ask(self._all[index], request, {name: expected[name] for name in share})
            for index, share in shares.items()
        ]
        found = await asyncio.gather(*asked)
        items = {item["quantity"]: item for part in found for item in part["items"]}
        self._feed.wake()
        return answer({"ok": all(part["ok"] for part in found), "items": [items[name] for name in expected]})

    async def rules(self, request: web.Request) -> web.Response:
        value = await json_of(request)
        names = self._places.names
        named_once(value)
        every = value if isinstance(value, list) and value else [value]
        shares: dict[int, list[Any]] = {}
        for rule in every:
            shares.setdefault(self._places.of_rules(rules_of(rule, names)).index, []).append(rule)
        for index, share in shares.items():
            await self._asking.ask(self._all[index], request, share)
        parts = await self._asking.call_all(self._all, "GET", "/api/verdict")
        return answer(joining.verdict(parts, self._places.rules))

    async def clear_fault(self, request: web.Request) -> web.Response:
        name, query = request.match_info["name"], query_of(request, "charger")
        chosen = [self._places.of(query["charger"])] if "charger" in query else self._all
        faults = await self._asking.call_all(chosen, "GET", "/api/faults")
        having = [
            worker
            for worker, found in zip(chosen, faults, strict=True)
            if any(f["name"] in (name, f"{name}@{f['on']}") for f in found["faults"])
        ]
        if not having:
            raise Refused(404, f'no fault called "{name}" is active')
        for worker in having:
            await self._asking.ask(worker, request)
        self._feed.wake()
        return answer({"faults": joining.faults(await self._asking.call_all(self._all, "GET", "/api/faults"))})


def _refused(step: Any, why: str, message: str) -> dict[str, object]:
    """The outcome of a step that was not done."""
    name = next((key for key in step if key not in ("at", "after", "within")), "")
    return {"step": name, "at": None, "ok": False, "refused": why, "message": message, "detail": {}}
