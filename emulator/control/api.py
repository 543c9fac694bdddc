"""The operations of the control API.

The one rule: a handler checks everything first and changes something afterwards, through `Emulator`.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from aiohttp import web

from .. import __version__
from ..core.instant import Instant, seconds
from ..core.messages import Outcome
from ..errors import did_you_mean
from ..language.arguments import Duration, Scope, Unreadable
from ..language.digits import is_index
from ..language.nodes import from_object
from ..scenario.player import failed
from ..scenario.playing import checks
from ..scenario.steps.base import TimedStep
from ..scenario.steps.checks import PATIENCE
from ..scenario.steps.vocabulary import make_step, parse_steps
from ..verdict.reading import rules_from
from ..verdict.recorded import judge
from ..verdict.section import PlacedRule
from ..world.evaluation import evaluate
from ..world.history import Histories
from . import central_system, models, views
from .contacts import Contacts
from .exposition import MEDIA_TYPE
from .feed import EventFeed
from .metrics import Metrics
from .problems import Refused
from .reading import FILTERS, Filter, newer, older, related
from .requests import answer, json_of, model_of, nothing, number, query_of, reached, whole

if TYPE_CHECKING:
    from ..service.emulator import Emulator

LONGEST_WAIT: Final = 60.0
"""How long `GET /api/journal` may wait for something new, in wall time [s]."""
MOST_ENTRIES: Final = 10_000


class Api:
    """What the handlers share."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.contacts = Contacts(emulator)
        self.feed = EventFeed(emulator, self.contacts)
        self.metrics = Metrics(emulator)
        self._keep_history()
        emulator.on_reset += [self._keep_history, self.contacts.attach, self.feed.attach, self.metrics.attach]

    def _keep_history(self) -> None:
        """From now on: plots begin where the world does."""
        Histories.of(self.emulator.simulation)

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

        found = await asyncio.to_thread(catalogue, self.emulator.site)  # the first is long: others get their turn
        return answer(found)

    async def journal(self, request: web.Request) -> web.Response:
        query = query_of(request, "after", "before", "limit", "wait", *FILTERS)
        limit = min(whole(query, "limit", 1000), MOST_ENTRIES)
        wanted = Filter.read(query, self.emulator.site)
        if "before" in query:
            if "after" in query or "wait" in query:
                raise Refused(422, '"before" looks back, "after" and "wait" look ahead: expected one of them')
            return await self._older(wanted, whole(query, "before", 0), limit)
        after, wait = whole(query, "after", 0), min(number(query, "wait", 0.0), LONGEST_WAIT)
        deadline = time.monotonic() + wait
        while True:
            journal = self.emulator.simulation.journal
            self.emulator.simulation.now()
            last = journal.seq
            found = await newer(journal, wanted, after, limit)
            after = found.entries[-1].seq if found.more else max(after, last)
            if found.entries or time.monotonic() >= deadline or not await self.feed.news(deadline - time.monotonic()):
                break
        return answer({"entries": views.entries(found.entries), "next": after, "dropped": journal.dropped})

    async def _older(self, wanted: Filter, before: int, limit: int) -> web.Response:
        journal = self.emulator.simulation.journal
        self.emulator.simulation.now()
        last = journal.seq
        found = await older(journal, wanted, before, limit)
        earlier = found.entries[0].seq if found.more else None
        reply = {"next": last, "dropped": journal.dropped, "earlier": earlier}
        return answer({"entries": views.entries(found.entries), **reply})

    async def entry(self, request: web.Request) -> web.Response:
        text = request.match_info["seq"]
        found = related(self.emulator.simulation.journal, int(text) if is_index(text) else 0)
        if found is None:
            raise Refused(404, f"there is no journal entry {text[:40]}")
        entry, causes, effects = found
        return answer({"entry": entry.as_json(), "causes": views.entries(causes), "effects": views.entries(effects)})

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
        outcomes = await self.emulator.apply(parsed)
        self.feed.wake()
        replies = [self._outcome(step, outcome) for step, outcome in zip(parsed, outcomes, strict=True)]
        if not isinstance(value, list):
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
        for rule in self._rules(await json_of(request)):
            self.emulator.player.add_rule(rule)
        return await self.verdict(request)

    def _rules(self, value: object) -> list[PlacedRule]:
        """One rule, or a list of them."""
        if not isinstance(value, dict | list) or not value:
            raise Refused(422, "expected a rule, an object as in a scenario's `rules:`, or a list of them")
        return rules_from(value, self.emulator.site.names)

    async def listed_rules(self, _request: web.Request) -> web.Response:
        self.emulator.simulation.now()
        return answer({"rules": [found.as_json() for found in self.emulator.result.rules]})

    async def verify(self, request: web.Request) -> web.Response:
        value = await json_of(request)
        after = 0
        if isinstance(value, dict) and "rules" in value:
            unknown = next((name for name in value if name not in ("rules", "after")), None)
            if unknown is not None:
                raise Refused(422, f'unknown member "{unknown}"{did_you_mean(unknown, ("rules", "after"))}')
            after, value = value.get("after", 0), value["rules"]
            if not isinstance(after, int) or isinstance(after, bool) or after < 0:
                raise Refused(422, "after: expected the number of a journal entry")
        rules = self._rules(value)
        self.emulator.simulation.now()
        found = judge(self.emulator.simulation.journal.after(after), rules)
        return answer(
            {
                "ok": found.ok,
                "rules": [verdict.as_json() for verdict in found.rules],
                "untested": [one.as_json() for one in found.untested],
            }
        )

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
