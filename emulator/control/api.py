"""The operations of the control API.

The one rule: a handler checks everything first and changes something afterwards, through `Emulator`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from aiohttp import web

from .. import __version__
from ..core.instant import Instant, seconds
from ..core.messages import Outcome
from ..errors import did_you_mean
from ..language.arguments import Duration, Scope, Unreadable
from ..language.nodes import from_object
from ..scenario.player import failed
from ..scenario.playing import checks
from ..scenario.steps.base import TimedStep
from ..scenario.steps.checks import PATIENCE
from ..scenario.steps.vocabulary import make_step, parse_steps
from ..world.evaluation import evaluate
from ..world.history import Histories
from . import central_system, models, views
from .contacts import Contacts
from .exposition import MEDIA_TYPE
from .feed import EventFeed
from .journal_pages import MOST_ENTRIES, JournalPages, rules_of
from .metrics import Metrics
from .problems import Refused
from .requests import answer, json_of, model_of, nothing, query_of, reached
from .watched import OneProcess

if TYPE_CHECKING:
    from ..service.emulator import Emulator


class Api:
    """What the handlers share."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.contacts = Contacts(emulator.simulation.journal)
        self.run = OneProcess(emulator, self.contacts)
        self.feed = EventFeed(self.run)
        self.pages = JournalPages(self.run, self.feed)
        self.metrics = Metrics(emulator)
        self._keep_history()
        emulator.on_reset += [self._keep_history, self._follow_clients, self.feed.attach, self.metrics.attach]

    def _keep_history(self) -> None:
        """From now on: plots begin where the world does."""
        Histories.of(self.emulator.simulation)

    def _follow_clients(self) -> None:
        self.contacts.attach(self.emulator.simulation.journal)

    # --- looking -----------------------------------------------------------------------------------------------------

    async def state(self, request: web.Request) -> web.Response:
        return answer(views.state(self.emulator, reached(request)))

    async def charger(self, request: web.Request) -> web.Response:
        name = self.known_charger(request.match_info["name"], status=404)
        return answer(views.charger(self.emulator, name))

    async def wallboxes(self, request: web.Request) -> web.Response:
        return answer({"wallboxes": views.wallboxes(self.emulator, reached(request))})

    async def central_system(self, request: web.Request) -> web.Response:
        return answer(central_system.view(self.emulator, reached(request)))

    async def clock(self, _: web.Request) -> web.Response:
        return answer(views.clock(self.emulator))

    async def faults(self, _: web.Request) -> web.Response:
        return answer({"faults": views.faults(self.emulator)})

    async def catalogue(self, _: web.Request) -> web.Response:
        from .catalogue import catalogue

        found = await asyncio.to_thread(catalogue, self.emulator.scenario)  # the first is long: others get their turn
        return answer(found)

    def known_charger(self, name: str, status: int = 422) -> str:
        known = self.emulator.simulation.chargers
        if name not in known:
            raise Refused(status, f'there is no charger "{name}"{did_you_mean(name, known)}')
        return name

    # --- time --------------------------------------------------------------------------------------------------------

    async def set_clock(self, request: web.Request) -> web.Response:
        change = await model_of(request, models.ClockChange)
        speed = change.speed if change.speed is not None else {"frozen": 0.0, "realtime": 1.0}[change.mode or "frozen"]
        self.emulator.set_speed(speed)
        self.feed.wake()
        return answer(views.clock(self.emulator))

    async def advance(self, request: web.Request) -> web.Response:
        wanted = await model_of(request, models.Advance)
        began = self.emulator.simulation.now()
        if wanted.until is not None:
            within = self._duration("within", wanted.within) if wanted.within is not None else PATIENCE
            passage = await self.emulator.advance_until(checks(self.emulator.site, wanted.until), within)
        else:
            passage = await self.emulator.advance(self._duration("by", wanted.by))
        self.feed.wake()
        reply = {
            "at": round(seconds(passage.at), 6),
            "elapsed": round(seconds(passage.at - began), 6),
            "reached": passage.ok,
            "events": views.entries(passage.events[:MOST_ENTRIES]),
            "items": list(passage.items),
            "next": self.emulator.simulation.journal.seq,
        }
        return answer(reply)

    def _duration(self, name: str, value: object) -> Instant:
        scope = Scope(self.emulator.site.names)
        try:
            found: Instant = Duration().read(from_object(value, name), scope)
        except Unreadable:
            raise Refused(422, scope.problems[0].text) from None
        return found

    async def reset(self, request: web.Request) -> web.Response:
        await nothing(request)
        began = time.perf_counter()
        await self.emulator.reset()
        return answer({"clock": views.clock(self.emulator), "took": round(time.perf_counter() - began, 6)})

    # --- what happens ------------------------------------------------------------------------------------------------

    async def steps(self, request: web.Request) -> web.Response:
        value = await json_of(request)
        parsed = parse_steps(value, self.emulator.site.names)
        check_to_come(parsed, self.emulator.simulation.now())
        return await self.done(parsed, several=isinstance(value, list))

    async def done(self, parsed: Sequence[TimedStep], *, several: bool) -> web.Response:
        """Steps that have been checked."""
        outcomes = await self.emulator.apply(parsed)
        self.feed.wake()
        replies = [self._outcome(step, outcome) for step, outcome in zip(parsed, outcomes, strict=True)]
        if not several:
            return answer(replies[0])
        return answer({"ok": all(reply["ok"] for reply in replies), "outcomes": replies})

    def _outcome(self, step: TimedStep, outcome: Outcome) -> dict[str, object]:
        return {
            "step": step.name,
            "at": round(seconds(self.emulator.simulation.at), 6),
            "ok": not failed(outcome),
            "refused": str(outcome.refused) if outcome.refused is not None else None,
            "message": outcome.message,
            "detail": dict(outcome.detail),
        }

    async def expect(self, request: web.Request) -> web.Response:
        expected = await json_of(request)
        if not isinstance(expected, dict):
            raise Refused(422, 'expected an object of quantities, such as {"power": "> 3 kW"}')
        record = query_of(request, "record").get("record", "true")
        if record not in ("true", "false"):
            raise Refused(422, f'record: found "{record}", expected true or false')
        if record == "false":
            self.emulator.simulation.now()
            looked = evaluate(checks(self.emulator.site, expected), self.emulator.site, {})
            return answer({"ok": looked.ok, "items": list(looked.items)})
        outcome = self.emulator.expect(expected)
        return answer({"ok": outcome.detail["ok"], "items": outcome.detail["items"]})

    async def rules(self, request: web.Request) -> web.Response:
        for rule in rules_of(await json_of(request), self.emulator.site.names):
            self.emulator.player.add_rule(rule)
        return await self.verdict(request)

    async def listed_rules(self, _request: web.Request) -> web.Response:
        self.emulator.simulation.now()
        return answer({"rules": [found.as_json() for found in self.emulator.result.rules]})

    async def verdict(self, _request: web.Request) -> web.Response:
        self.emulator.simulation.now()
        result = self.emulator.result
        failures = [{"at": round(seconds(found.at), 6), "text": str(found)} for found in result.failures]
        rules = [found.as_json() for found in result.rules]
        untested = [found.as_json() for found in result.untested]
        return answer({"ok": result.ok, "rules": rules, "failures": failures, "untested": untested})

    async def conclude(self, request: web.Request) -> web.Response:
        await nothing(request)
        self.emulator.simulation.now()
        self.emulator.player.conclude()
        return await self.verdict(request)

    async def clear_fault(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        query = query_of(request, "charger")
        if (charger := query.get("charger")) is not None:
            self.known_charger(charger)
        found = self.emulator.faults.called(name, charger)
        if not found:
            active = [str(fault["name"]) for fault in views.faults(self.emulator)]
            raise Refused(404, f'no fault called "{name}" is active{did_you_mean(name, active)}')
        names = self.emulator.site.names
        names.faults.add(name)
        cleared = [make_step("clear_fault", names, charger=fault.target.charger, name=name) for fault in found]
        await self.emulator.apply(cleared)
        self.feed.wake()
        return answer({"faults": views.faults(self.emulator)})

    # --- the rest ----------------------------------------------------------------------------------------------------

    async def events(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() != "websocket":
            raise Refused(426, "this is a WebSocket: connect with ws://", headers={"Upgrade": "websocket"})
        return await self.feed.serve(request)

    async def health(self, _: web.Request) -> web.Response:
        return answer({"status": "ok", "version": __version__})

    async def prometheus(self, _: web.Request) -> web.Response:
        return web.Response(body=self.metrics.text().encode(), headers={"Content-Type": MEDIA_TYPE})


def check_to_come(steps: Iterable[TimedStep], now: Instant) -> None:
    """`Refused` if a step is to be done when it cannot be any more."""
    for step in steps:
        if step.at is not None and step.at < now:
            when = f"{seconds(step.at):g} s has passed, it is {seconds(now):g} s"
            raise Refused(422, f'{step.name}: at: {when}; expected a later instant, or "after"')
