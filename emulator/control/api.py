"""The operations of the control API.

The one rule: a handler checks everything first and changes something afterwards, through `Emulator`.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any, Final, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from .. import __version__
from ..core.instant import Instant, seconds
from ..core.messages import Outcome
from ..errors import did_you_mean
from ..language.arguments import Duration, Scope, Unreadable
from ..language.bounds import excess_of_json
from ..language.nodes import from_object
from ..runtime.journal import KINDS, Entry, Journal, size_of
from ..scenario.player import failed
from ..scenario.playing import checks
from ..scenario.steps import TimedStep, make_step, parse_steps
from ..scenario.steps.checks import PATIENCE
from ..verdict.reading import PlacedRule, rules_from
from ..verdict.recorded import judge
from . import central_system, models, views
from .feed import EventFeed
from .metrics import MEDIA_TYPE, Metrics
from .problems import Refused

if TYPE_CHECKING:
    from ..service.emulator import Emulator

Model = TypeVar("Model", bound=BaseModel)

LONGEST_WAIT: Final = 60.0
"""How long `GET /api/journal` may wait for something new, in wall time [s]."""
MOST_ENTRIES: Final = 10_000
LARGEST_PAGE: Final = 4_194_304
"""Bytes of the entries in one reply, roughly; the next request gets the rest."""
AT_ONCE: Final = 2000
"""Entries that are looked at before others have their turn."""


class Api:
    """What the handlers share."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.feed = EventFeed(emulator)
        self.metrics = Metrics(emulator)
        emulator.on_reset += [self.feed.attach, self.metrics.attach]

    # --- looking -----------------------------------------------------------------------------------------------------

    async def state(self, request: web.Request) -> web.Response:
        return _json(views.state(self.emulator, _reached(request)))

    async def charger(self, request: web.Request) -> web.Response:
        name = self._known_charger(request.match_info["name"], status=404)
        return _json(views.charger(self.emulator, name))

    async def wallboxes(self, request: web.Request) -> web.Response:
        return _json({"wallboxes": views.wallboxes(self.emulator, _reached(request))})

    async def central_system(self, request: web.Request) -> web.Response:
        return _json(central_system.view(self.emulator, _reached(request)))

    async def clock(self, _: web.Request) -> web.Response:
        return _json(views.clock(self.emulator))

    async def faults(self, _: web.Request) -> web.Response:
        return _json({"faults": views.faults(self.emulator)})

    async def catalogue(self, _: web.Request) -> web.Response:
        from .catalogue import catalogue

        return _json(catalogue(self.emulator.site))

    async def journal(self, request: web.Request) -> web.Response:
        query = _query(request, "after", "charger", "wallbox", "interface", "kind", "limit", "wait")
        after, limit = _whole(query, "after", 0), min(_whole(query, "limit", 1000), MOST_ENTRIES)
        wait = min(_number(query, "wait", 0.0), LONGEST_WAIT)
        wanted = self._filter(query)
        deadline = time.monotonic() + wait
        while True:
            journal = self.emulator.simulation.journal
            self.emulator.simulation.now()
            found, after = await _matching(journal, after, wanted, query.get("kind"), limit)
            if found or time.monotonic() >= deadline or not await self.feed.news(deadline - time.monotonic()):
                break
        return _json({"entries": views.entries(found), "next": after, "dropped": journal.dropped})

    def _filter(self, query: dict[str, str]) -> Filter:
        charger = query.get("charger")
        if charger is not None:
            self._known_charger(charger)
        kind = query.get("kind")
        if kind is not None and kind not in KINDS:
            raise Refused(422, f'there is no kind "{kind}" of entries{did_you_mean(kind, KINDS)}')
        wallbox = query.get("wallbox")
        if wallbox is not None:
            wallbox = self.emulator.site.names.wallbox(wallbox)
        return Filter(charger=charger, wallbox=wallbox, interface=query.get("interface"), kind=kind)

    def _known_charger(self, name: str, status: int = 422) -> str:
        known = self.emulator.simulation.chargers
        if name not in known:
            raise Refused(status, f'there is no charger "{name}"{did_you_mean(name, known)}')
        return name

    # --- time --------------------------------------------------------------------------------------------------------

    async def set_clock(self, request: web.Request) -> web.Response:
        change = await _body(request, models.ClockChange)
        speed = change.speed if change.speed is not None else {"frozen": 0.0, "realtime": 1.0}[change.mode or "frozen"]
        self.emulator.set_speed(speed)
        self.feed.wake()
        return _json(views.clock(self.emulator))

    async def advance(self, request: web.Request) -> web.Response:
        wanted = await _body(request, models.Advance)
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
        return _json(reply)

    def _duration(self, name: str, value: object) -> Instant:
        scope = Scope(self.emulator.site.names)
        try:
            found: Instant = Duration().read(from_object(value, name), scope)
        except Unreadable:
            raise Refused(422, scope.problems[0].text) from None
        return found

    async def reset(self, request: web.Request) -> web.Response:
        await _nothing(request)
        began = time.perf_counter()
        await self.emulator.reset()
        return _json({"clock": views.clock(self.emulator), "took": round(time.perf_counter() - began, 6)})

    # --- what happens ------------------------------------------------------------------------------------------------

    async def steps(self, request: web.Request) -> web.Response:
        value = await _parsed(request)
        parsed = parse_steps(value, self.emulator.site.names)
        outcomes = await self.emulator.apply(parsed)
        self.feed.wake()
        replies = [self._outcome(step, outcome) for step, outcome in zip(parsed, outcomes, strict=True)]
        if not isinstance(value, list):
            return _json(replies[0])
        return _json({"ok": all(reply["ok"] for reply in replies), "outcomes": replies})

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
        expected = await _parsed(request)
        if not isinstance(expected, dict):
            raise Refused(422, 'expected an object of quantities, such as {"power": "> 3 kW"}')
        outcome = self.emulator.expect(expected)
        return _json({"ok": outcome.detail["ok"], "items": outcome.detail["items"]})

    async def rules(self, request: web.Request) -> web.Response:
        for rule in self._rules(await _parsed(request)):
            self.emulator.player.add_rule(rule)
        return await self.verdict(request)

    def _rules(self, value: object) -> list[PlacedRule]:
        """One rule, or a list of them."""
        if not isinstance(value, dict | list) or not value:
            raise Refused(422, "expected a rule, an object as in a scenario's `rules:`, or a list of them")
        return rules_from(value, self.emulator.site.names)

    async def listed_rules(self, _request: web.Request) -> web.Response:
        self.emulator.simulation.now()
        return _json({"rules": [found.as_json() for found in self.emulator.result.rules]})

    async def verify(self, request: web.Request) -> web.Response:
        value = await _parsed(request)
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
        return _json(
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
        return _json({"ok": result.ok, "rules": rules, "failures": failures, "untested": untested})

    async def conclude(self, request: web.Request) -> web.Response:
        await _nothing(request)
        self.emulator.simulation.now()
        self.emulator.player.conclude()
        return await self.verdict(request)

    async def clear_fault(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        query = _query(request, "charger")
        if (charger := query.get("charger")) is not None:
            self._known_charger(charger)
        found = self.emulator.faults.called(name, charger)
        if not found:
            active = [str(fault["name"]) for fault in views.faults(self.emulator)]
            raise Refused(404, f'no fault called "{name}" is active{did_you_mean(name, active)}')
        names = self.emulator.site.names
        names.faults.add(name)
        cleared = [make_step("clear_fault", names, charger=fault.target.charger, name=name) for fault in found]
        await self.emulator.apply(cleared)
        self.feed.wake()
        return _json({"faults": views.faults(self.emulator)})

    # --- the rest ----------------------------------------------------------------------------------------------------

    async def events(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() != "websocket":
            raise Refused(426, "this is a WebSocket: connect with ws://", headers={"Upgrade": "websocket"})
        return await self.feed.serve(request)

    async def health(self, _: web.Request) -> web.Response:
        return _json({"status": "ok", "version": __version__})

    async def prometheus(self, _: web.Request) -> web.Response:
        return web.Response(body=self.metrics.text().encode(), headers={"Content-Type": MEDIA_TYPE})


async def _matching(
    journal: Journal, after: int, wanted: Filter, kind: str | None, limit: int
) -> tuple[list[Entry], int]:
    """Entries that are wanted, and where to go on. However long it is, others have their turn in between."""
    found: list[Entry] = []
    size, newest = 0, journal.seq
    for number, entry in enumerate(journal.after(after, kind=kind), 1):
        if entry.seq > newest:
            break
        if wanted(entry):
            found.append(entry)
            size += size_of(entry)
            if len(found) == limit or size > LARGEST_PAGE:
                return found, entry.seq
        if number % AT_ONCE == 0:
            await asyncio.sleep(0)
    return found, max(newest, after)


class Filter:
    """Which journal entries are wanted; None: any. `interface` is a name or a whole address."""

    def __init__(self, *, charger: str | None, wallbox: str | None, interface: str | None, kind: str | None) -> None:
        self._charger, self._wallbox, self._kind = charger, wallbox, kind
        self._interface = interface

    def __call__(self, entry: Entry) -> bool:
        return (
            (self._kind is None or entry.kind == self._kind)
            and (self._charger is None or entry.charger == self._charger)
            and (self._wallbox is None or f"{entry.charger}.{entry.wallbox}" == self._wallbox)
            and (self._interface is None or self._at_interface(entry))
        )

    def _at_interface(self, entry: Entry) -> bool:
        return self._interface in (entry.interface, f"{entry.charger}.{entry.wallbox}.{entry.interface}")


# --- requests --------------------------------------------------------------------------------------------------------


async def _parsed(request: web.Request) -> Any:
    """The JSON value in the body."""
    body = await request.read()
    try:
        value = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"the body is not JSON: {error}", title="Malformed JSON") from None
    if (excess := excess_of_json(value)) is not None:
        raise Refused(422, f"the body has {excess.text}", title="Too much")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


async def _body(request: web.Request, model: type[Model]) -> Model:
    """The body as a model."""
    value = await _parsed(request)
    if not isinstance(value, dict):
        raise Refused(422, f"expected an object, found {type(value).__name__}")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        problems = [_problem(item, model) for item in error.errors(include_url=False, include_context=False)]
        text = "; ".join(f"{problem['member']}: {problem['text']}".removeprefix(": ") for problem in problems)
        raise Refused(422, text, title="The request does not make sense", problems=problems) from None


def _problem(item: Any, model: type[BaseModel]) -> dict[str, str]:
    member = ".".join(str(part) for part in item["loc"])
    text = str(item["msg"]).removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        text = f"unknown member{did_you_mean(member, model.model_fields)}"
    return {"member": member, "text": text}


async def _nothing(request: web.Request) -> None:
    """The body has to be empty, or an empty object."""
    if await request.read() and await _parsed(request) not in ({}, None):
        raise Refused(422, "expected no body")


def _query(request: web.Request, *known: str) -> dict[str, str]:
    for name in request.query:
        if name not in (*known, "access_token"):
            raise Refused(422, f'unknown parameter "{name}"{did_you_mean(name, known)}')
    return {name: value for name, value in request.query.items() if value != ""}


def _whole(query: dict[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise Refused(422, f'{name}: found "{text}", expected a whole number from 0')
    return int(text)


def _number(query: dict[str, str], name: str, default: float) -> float:
    text = query.get(name, str(default))
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e9:
        raise Refused(422, f'{name}: found "{text}", expected a number of seconds')
    return value


def _json(value: object) -> web.Response:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return web.Response(body=text.encode("utf-8", "replace"), content_type="application/json", charset="utf-8")


def _reached(request: web.Request) -> str | None:
    """The name under which the client reached this machine, for URLs of interfaces bound to all addresses."""
    try:
        return request.url.host
    except ValueError:
        return None
