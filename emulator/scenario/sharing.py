"""A fleet split over several processes: which chargers, steps and rules are each one's.

The one rule: what has to do with each other stays together, so that every charger goes through exactly what it would go
through if all were in one process. What cannot be told apart is not split.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace

from ..core.instant import Instant
from ..core.values import terse
from ..devices.catalogue import Identity
from ..devices.interfaces.ocpp import EMBEDDED
from ..errors import EmulatorError
from ..verdict.section import PlacedRule
from ..world.defaults import SerialNumbers, profile_of, settings_of
from ..world.plan import ChargerPlan
from ..world.quantities import FAULT, Quantity
from .plan import End, Scenario
from .player import checks_of
from .steps.base import TimedStep
from .steps.checks import Clock, WaitUntil
from .steps.fault import Fault
from .steps.faults import ClearFault
from .steps.grid import OfTheGrid
from .steps.ocpp import CentralSystem


@terse
class Tie:
    """Chargers that belong together, and why."""

    chargers: frozenset[str]
    why: str


def shares(scenario: Scenario, count: int) -> list[Scenario]:
    """The scenario as `count` of them, each with its share of the chargers. EmulatorError if it cannot be split so."""
    scenario = replace(scenario, chargers=_numbered(scenario.chargers), tracks=_placed(scenario.tracks))
    ties = tuple(Ties(scenario).all())
    groups = _groups([plan.name for plan in scenario.chargers], ties)
    if len(groups) < count:
        raise EmulatorError(_too_few(scenario, groups, ties, count))
    members: list[set[str]] = [set() for _ in range(count)]
    for group in groups:
        min(members, key=len).update(group)
    return [_share(scenario, mine, first=index == 0) for index, mine in enumerate(members)]


def _numbered(plans: Sequence[ChargerPlan]) -> tuple[ChargerPlan, ...]:
    """The chargers with their places, and their wallboxes' serial numbers, in the whole fleet."""
    serials = SerialNumbers()
    found = []
    for rank, plan in enumerate(plans):
        boxes = []
        for box in plan.wallboxes:
            vendor, profile = profile_of(box)
            boxes.append(replace(box, serial=serials.take(vendor.id, box.serial, profile.model.serial)))
        found.append(replace(plan, wallboxes=tuple(boxes), rank=rank))
    return tuple(found)


def _placed(tracks: Sequence[Sequence[TimedStep]]) -> tuple[tuple[TimedStep, ...], ...]:
    """The timelines with the place that each step has in the whole."""
    return tuple(
        tuple(replace(step, turn=(number, index)) for index, step in enumerate(track))
        for number, track in enumerate(tracks)
    )


def _too_few(scenario: Scenario, groups: Sequence[Collection[str]], ties: Sequence[Tie], count: int) -> str:
    """Why there are not enough shares."""
    chargers = len(scenario.chargers)
    text = f"{scenario.file}: {chargers} charger{'s' * (chargers != 1)} cannot be split into {count} shares"
    largest = max(ties, key=lambda tie: len(tie.chargers), default=None)
    if len(groups) == chargers or largest is None:
        return text
    return f"{text}: {len(groups)} at most, because {largest.why}"


def _groups(chargers: Sequence[str], ties: Sequence[Tie]) -> list[set[str]]:
    """The chargers by what ties them together, in their order."""
    group_of = {name: {name} for name in chargers}
    for tie in ties:
        known = [name for name in chargers if name in tie.chargers]
        for name in known[1:]:
            first, other = group_of[known[0]], group_of[name]
            if first is not other:
                first |= other
                group_of.update(dict.fromkeys(other, first))
    return list({id(group): group for group in group_of.values()}.values())


class Ties:
    """Finds what ties chargers of a scenario together."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._every = frozenset(plan.name for plan in scenario.chargers)
        self.faults = _faults(scenario)
        """The chargers that have a fault of each name."""

    def all(self) -> Iterator[Tie]:
        yield from self._shared_machines()
        waits = [track for track in self._scenario.tracks if any(map(_waits, track))]
        for track in self._scenario.tracks:
            for step in track:
                yield Tie(self.of_step(step), f"the step {step.name} in {step.place} is about several")
        for track in waits:
            place = next(step.place for step in track if _waits(step))
            clock = any(isinstance(step.step, Clock) for step in track)
            together = self._every if clock else frozenset[str]().union(*map(self.of_step, track))
            yield Tie(together, f"the timeline with the wait in {place} is about them")
        if waits and self._scenario.end is not None and self._scenario.end.at is None:
            yield Tie(self._every, 'the end is "after" a timeline that waits; give it as "at"')
        for rule in self._scenario.rules:
            yield Tie(self.of_rule(rule), f"a rule in {rule.place} is about several")
        yield from self._vehicles()
        yield from self._named_faults()
        yield from self._peers()

    def of_rule(self, rule: PlacedRule) -> frozenset[str]:
        """A rule that names no charger is about all of them."""
        return self.named_by(rule) or self._every

    def named_by(self, rule: PlacedRule) -> frozenset[str]:
        """Those that a rule names."""
        return self._named(rule.rule)

    def of_step(self, step: TimedStep) -> frozenset[str]:
        """Those a step is about; none: it is about the clock, or about nobody."""
        if isinstance(step.step, OfTheGrid):
            return frozenset(self._limited())
        if isinstance(step.step, CentralSystem):
            return frozenset(self._managed())
        found = self._named(step.step)
        if isinstance(step.step, ClearFault) and not found:
            return self.faults.get(step.step.name, frozenset())
        return found

    def _named(self, thing: object) -> frozenset[str]:
        return frozenset(_mentioned(thing, self._every, self.faults))

    def _vehicles(self) -> Iterator[Tie]:
        """A vehicle of the scenario takes its charge along."""
        for vehicle in self._scenario.vehicles:
            steps = [s for track in self._scenario.tracks for s in track if getattr(s.step, "vehicle", None) == vehicle]
            where = frozenset[str]().union(*map(self.of_step, steps))
            yield Tie(where, f"the vehicle {vehicle} visits them")

    def _named_faults(self) -> Iterator[Tie]:
        """A fault ends the one before it that the scenario gave the same name."""
        where: dict[str, set[str]] = {}
        for step in self._scenario.steps:
            if isinstance(step.step, Fault) and step.step.name is not None:
                where.setdefault(step.step.name, set()).add(step.step.on.charger)
        for name, chargers in where.items():
            yield Tie(frozenset(chargers), f"the fault {name} moves from one to another (give each a name of its own)")

    def _peers(self) -> Iterator[Tie]:
        """Wallboxes that act upon each other by themselves."""
        common: dict[tuple[str, str], set[str]] = {}
        for plan in self._scenario.chargers:
            for box in plan.wallboxes:
                vendor, profile = profile_of(box)
                identity = Identity(
                    address=f"{plan.name}.{box.name}",
                    model=profile.model.id,
                    serial=box.serial or "",
                    settings=settings_of(box, vendor, box.serial or ""),
                )
                for what in filter(None, vendor.peers(identity)):
                    common.setdefault((vendor.title, what), set()).add(plan.name)
        for (vendor_title, what), chargers in common.items():
            yield Tie(frozenset(chargers), f'wallboxes of {vendor_title} act upon each other by "{what}"')

    def _shared_machines(self) -> Iterator[Tie]:
        """What a process has one of."""
        if self._scenario.broker is None or self._scenario.broker.embedded:
            boxes = frozenset(
                plan.name
                for plan in self._scenario.chargers
                if any(box.wants("mqtt") or box.everything for box in plan.wallboxes)
            )
            yield Tie(boxes, "some use the emulator's own MQTT broker (name another: --broker mqtt://host)")
        yield Tie(frozenset(self._managed()), "some use the emulator's own central system (ocpp: embedded)")
        if self._scenario.control_box is not None:
            yield Tie(frozenset(self._limited()), "one control box limits them")

    def _managed(self) -> Iterator[str]:
        for plan in self._scenario.chargers:
            if any(box.ocpp == EMBEDDED for box in plan.wallboxes):
                yield plan.name

    def _limited(self) -> Iterator[str]:
        box = self._scenario.control_box
        if box is not None:
            yield from {name.partition(".")[0] for name in box.wallboxes} or self._every


def _waits(step: TimedStep) -> bool:
    return isinstance(step.step, WaitUntil) or (bool(checks_of(step)) and step.within is not None)


def _faults(scenario: Scenario) -> dict[str, frozenset[str]]:
    """The chargers that have a fault of each name."""
    every = {plan.name for plan in scenario.chargers}
    found: dict[str, frozenset[str]] = {}
    for step in scenario.steps:
        for name in {getattr(step.step, "name", None), getattr(step.step, "kind", None), step.name}:
            if isinstance(name, str) and not isinstance(step.step, ClearFault):
                where = frozenset(_mentioned(step.step, every, {}))
                found[name] = found.get(name, frozenset()) | where
    return found


def _mentioned(thing: object, every: Collection[str], faults: Mapping[str, Collection[str]]) -> Iterator[str]:
    """Every charger that is named anywhere in a step or a rule."""
    if isinstance(thing, Quantity) and thing.total:
        yield from every
    elif isinstance(thing, Quantity) and thing.row is FAULT:
        yield from faults.get(thing.name, every)
    elif is_dataclass(thing) and not isinstance(thing, type):
        for field in fields(thing):
            value = getattr(thing, field.name)
            if not isinstance(value, str):
                yield from _mentioned(value, every, faults)
            elif field.name in ("charger", "wallbox") and (name := value.partition(".")[0]) in every:
                yield name
            elif field.name == "fault":
                yield from faults.get(value, ())
    elif isinstance(thing, Mapping):
        for item in thing.values():
            yield from _mentioned(item, every, faults)
    elif isinstance(thing, list | tuple | frozenset):
        for item in thing:
            yield from _mentioned(item, every, faults)


# --- one share -------------------------------------------------------------------------------------------------------


def _share(scenario: Scenario, mine: Collection[str], *, first: bool) -> Scenario:
    """The scenario with these chargers only. `first`: also with what is nobody's."""
    ties = Ties(scenario)
    tracks = [_steps_of(track, mine, ties, first=first) for track in scenario.tracks]
    box = scenario.control_box
    limited = box is not None and (not box.wallboxes or box.wallboxes[0].partition(".")[0] in mine)
    return replace(
        scenario,
        chargers=tuple(plan for plan in scenario.chargers if plan.name in mine),
        tracks=tuple(track for track in tracks if track),
        rules=tuple(rule for rule in scenario.rules if ties.of_rule(rule) <= set(mine)),
        control_box=box if limited else None,
        end=_end(scenario),
        whole=scenario,
    )


def _steps_of(track: Sequence[TimedStep], mine: Collection[str], ties: Ties, *, first: bool) -> tuple[TimedStep, ...]:
    """The steps of a timeline for these chargers; at the instants that they have in the whole one."""
    waiting = any(map(_waits, track))
    placed = (
        track if waiting else [replace(s, at=at, after=None) for s, at in zip(track, _instants(track), strict=True)]
    )
    whole = frozenset[str]().union(*map(ties.of_step, track)) if waiting else frozenset()
    found = []
    for step in placed:
        about = ties.of_step(step)
        own = about <= set(mine) if about else _of_nobody(step, whole, mine, first=first)
        if own:
            found.append(step)
    return tuple(found)


def _of_nobody(step: TimedStep, whole: Collection[str], mine: Collection[str], *, first: bool) -> bool:
    """Whether a step that names no charger is done here: each process has a clock, one of them takes notes."""
    if whole:
        return set(whole) <= set(mine)
    return first or isinstance(step.step, Clock)


def _instants(track: Sequence[TimedStep]) -> list[Instant]:
    """When each step of a timeline without waits happens."""
    found: list[Instant] = []
    now: Instant = 0
    for step in track:
        now = max(now, step.at if step.at is not None else now + (step.after or 0))
        found.append(now)
    return found


def _end(scenario: Scenario) -> End | None:
    """The end as an instant, where the timelines tell it."""
    if scenario.end is None or scenario.end.at is not None or any(map(_waits, scenario.steps)):
        return scenario.end
    last = max((_instants(track)[-1] for track in scenario.tracks if track), default=0)
    return End(at=last + (scenario.end.after or 0))
