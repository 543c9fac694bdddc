"""The step that arms a fault: where x when x what x until.

The one rule: everything about it is checked when the scenario is read, so that nothing is left to be refused later than
what the world itself refuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Annotated, Final

from ...core.messages import Outcome
from ...core.units import Seconds
from ...errors import did_you_mean
from ...faults.active import RefusedError
from ...faults.effect import Effect, Level
from ...faults.engine import FaultEngine
from ...faults.injection import Condition, Happening, Injection
from ...faults.match import Match
from ...language.arguments import ArgumentType, Number, NumberWithUnit, Schema, Scope, Text, Unreadable, Whole
from ...language.fields import About, arguments_of, construct
from ...language.names import Names
from ...language.nodes import Node
from ...language.records import Argument, read_record, record_schema
from ...runtime.journal import KINDS
from ...verdict.patterns import PlainExpectations, unknown_detail
from ...world.checks import Check, Checks
from ...world.conditions import SiteCondition
from ...world.expectations import Expectation
from ...world.names import probe
from .. import known
from ..settings import check_settings
from .base import Step, StepType
from .place import Place, PlaceName

if TYPE_CHECKING:
    from ...devices.wallbox import Wallbox
    from ...faults.catalogue import FaultType
    from ...world.site import Site


# --- when ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """Something in the journal, as it is written: a kind of entry, and what narrows it."""

    kind: str
    pattern: str
    detail: Mapping[str, Expectation] = field(default_factory=dict)
    while_: tuple[Check, ...] = ()
    delay: float = 0.0

    def at(self, site: Site) -> Happening:
        """The same in a world."""
        condition = SiteCondition(site, self.while_) if self.while_ else None
        return Happening(kind=self.kind, pattern=self.pattern, detail=self.detail, while_=condition, delay=self.delay)


NARROWED: Final[Mapping[str, ArgumentType[object]]] = {
    "detail": PlainExpectations(),
    "while": Checks(),
    "delay": NumberWithUnit("s"),
}
"""What may stand beside the kind of an entry."""


@dataclass(frozen=True, slots=True)
class AwaitedType(ArgumentType[Awaited]):
    """`{event: rcd_tripped, delay: 3 s}`: something in the journal."""

    @property
    def text(self) -> str:
        return "something that happens, such as {event: rcd_tripped, delay: 3 s}"

    def read(self, node: Node, scope: Scope) -> Awaited:
        found: tuple[str, str] | None = None
        detail: Mapping[str, Expectation] = {}
        checks: tuple[Check, ...] = ()
        delay = 0.0
        for key, value in node.entries or ():
            match key.text:
                case "delay":
                    delay = NumberWithUnit("s").read(value, scope)
                case "detail":
                    detail = PlainExpectations().read(value, scope)
                case "while":
                    checks = Checks().read(value, scope)
                case kind if kind not in KINDS:
                    hint = did_you_mean(kind, [*KINDS, *NARROWED])
                    scope.fail(replace(key, label=""), f'unknown key "{kind}"{hint}')
                case _ if found is not None:
                    scope.fail(value, f'found "{found[0]}" as well, expected one of them')
                case kind:
                    found = kind, Text().read(value, scope)
        if found is None:
            self.wrong(node, scope)
        return Awaited(kind=found[0], pattern=found[1], detail=detail, while_=checks, delay=delay)

    def schema(self) -> Schema:
        names: dict[str, object] = {kind: {"type": "string"} for kind in KINDS}
        narrowed = {name: kind.schema() for name, kind in NARROWED.items()}
        one = [{"required": [kind]} for kind in KINDS]
        return {
            "title": "happening",
            "type": "object",
            "properties": names | narrowed,
            "additionalProperties": False,
            "oneOf": one,
        }


@dataclass(frozen=True, slots=True)
class AwaitedOrChecks(ArgumentType[Awaited | tuple[Check, ...]]):
    """Something that happens, or quantities that become as expected."""

    @property
    def text(self) -> str:
        return "quantities and what they should be, or something that happens, such as {event: unplugged}"

    def read(self, node: Node, scope: Scope) -> Awaited | tuple[Check, ...]:
        if any(key.text in KINDS for key, _ in node.entries or ()):
            return AwaitedType().read(node, scope)
        return Checks().read(node, scope)

    def schema(self) -> Schema:
        return {"anyOf": [AwaitedType().schema(), Checks().schema()]}


# --- the step --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault(Step):
    """A fault is armed: what happens, where, when, and until when."""

    on: Annotated[Place, PlaceName(), About("a charger, a wallbox, or an interface: garage.goe.http")]
    kind: Annotated[str, Text(), About("what happens; `list faults` shows the kinds and their arguments")]
    name: Annotated[str | None, Text(), About("what `clear_fault` calls it; default: the kind")] = None
    match: Match | None = None
    """Only some of the traffic, or some of the values: path, key, register, topic, method, function, client, ..."""
    when: Annotated[tuple[Check, ...] | None, Checks(), About("only while quantities are as expected")] = None
    after: Annotated[Awaited | None, AwaitedType(), About("begins after something, {event: rcd_tripped}")] = None
    on_request: Annotated[int | None, Whole(1), About("begins with this request (the first is 1)")] = None
    every: Annotated[int | None, Whole(1), About("every so many requests")] = None
    probability: Annotated[float | None, Number(0.0, 1.0), About("0..1 for each request, by the scenario's seed")] = (
        None
    )
    for_: Annotated[Seconds | None, About("how long it lasts, in simulated time")] = None
    count: Annotated[int | None, Whole(1), About("how often it hits; then it is over")] = None
    until: Annotated[
        Awaited | tuple[Check, ...] | None,
        AwaitedOrChecks(),
        About("ends when quantities are as expected, or when something happens, {write: amp}"),
    ] = None
    effect: Annotated[Effect | None, Text()] = None

    @property
    def names_fault(self) -> tuple[str, str] | None:
        return (self.kind, self.on.charger) if self.name is None else None

    def apply(self, site: Site) -> Outcome:
        assert self.effect is not None
        name = self.name or FaultEngine.of(site.simulation).free_name(self.kind, self.on.text)
        injection = Injection(
            name=name,
            target=self.on.target(site),
            effect=self.effect,
            match=self.match or Match(),
            when=None if self.when is None else SiteCondition(site, self.when),
            after=None if self.after is None else self.after.at(site),
            on_request=self.on_request,
            every=self.every,
            probability=self.probability,
            for_=self.for_,
            count=self.count,
            until=_until(self.until, site),
        )
        outcome = inject(site, injection)
        return replace(outcome, detail={"name": name, "on": self.on.text, "kind": self.kind}) if outcome.ok else outcome


def _until(until: Awaited | tuple[Check, ...] | None, site: Site) -> Condition | Happening | None:
    if until is None:
        return None
    return until.at(site) if isinstance(until, Awaited) else SiteCondition(site, until)


def inject(site: Site, injection: Injection) -> Outcome:
    """Put a fault into a world. The outcome is what the charger says; EmulatorError if it is impossible otherwise."""
    site.names.faults.add(injection.name)
    try:
        FaultEngine.of(site.simulation).inject(injection)
    except RefusedError as refused:
        return refused.outcome
    return Outcome()


@cache
def common() -> tuple[Argument[object], ...]:
    """The arguments that every kind of fault has."""
    return tuple(argument for argument in arguments_of(Fault) if argument.name != "effect")


class FaultStep(StepType):
    """The step `fault`: which arguments it takes depends on its kind."""

    def read(self, node: Node, scope: Scope) -> Step:
        kind = _kind(node, scope)
        values = read_record(node, (*common(), *kind.arguments), scope, what="the arguments of fault")
        step = construct(Fault, {argument.name: values.pop(argument.name) for argument in common()})
        place, match = step.on, step.match or Match()
        here = known.wallboxes_at(scope.names, place.charger, place.wallbox)
        problems = list(_misplaced(kind, place, match, node, scope))
        if not problems and match.needs:
            problems += known.match_problems(node.get("match") or node, match, here)
        problems += _never_comes(step, node, scope.names)
        if kind.requires and all(node.get(name) is None for name in kind.requires):
            problems.append((node, f"{kind.name}: expected {' or '.join(kind.requires)}"))
        effect = kind.make(values)
        text = effect.problem(match)
        if text is not None:
            problems.append((node.get("match") or node, text))
        for where, what in problems:
            scope.report(where, what)
        if problems:
            raise Unreadable
        _check_values(node, place, scope)
        scope.names.faults.add(step.name or kind.name)
        return replace(step, effect=effect)

    def schema(self) -> Schema:
        from ...faults.catalogue import FAULT_TYPES

        kinds = [
            {
                "title": f"fault_{kind.name}",
                **record_schema((*common(), *kind.arguments), kind={"const": kind.name, "description": kind.about}),
            }
            for kind in FAULT_TYPES.values()
        ]
        return {"anyOf": kinds, "description": self.about}


def _kind(node: Node, scope: Scope) -> FaultType:
    from ...faults.catalogue import FAULT_TYPES, FORMER_NAMES

    if node.entries is None:
        scope.fail(node, f"found {node.shown()}, expected for example {{on: garage.goe.http, kind: delay, delay: 3 s}}")
    named = node.get("kind")
    if named is None:
        scope.fail(node, f'"kind" is missing{did_you_mean("", FAULT_TYPES)}, expected for example delay')
    if named.text not in FAULT_TYPES:
        now = FORMER_NAMES.get(named.text)
        hint = did_you_mean(named.text, FAULT_TYPES) if now is None else f' (it is called "{now}" now)'
        scope.fail(named, f'there is no kind "{named.text}" of faults{hint}')
    return FAULT_TYPES[named.text]


def _never_comes(step: Fault, node: Node, names: Names) -> known.Problems:
    """What a fault waits for, or lasts until, and nothing at its charger can ever be."""
    its_own = step.on.wallbox
    here = known.wallboxes_at(names, step.on.charger, None)
    here.sort(key=lambda wallbox: wallbox.address == its_own)  # what is wrong is said of the last one
    found: known.Problems = []
    for word, awaited in (("after", step.after), ("until", step.until)):
        if isinstance(awaited, Awaited):
            wrong = known.happening_problem(awaited.kind, awaited.pattern, here, names)
            if wrong is None and awaited.kind == "event":
                wrong = unknown_detail(awaited.pattern, awaited.detail)
            if wrong is not None:
                found.append((node.get(word) or node, wrong))
    return found


def _misplaced(kind: FaultType, place: Place, match: Match, node: Node, scope: Scope) -> list[tuple[Node, str]]:
    """What is wrong with where a fault is to be."""
    on, narrowed = node.get("on") or node, node.get("match") or node
    if place.level not in kind.levels:
        wanted = " or ".join(_LEVELS[level] for level in kind.levels)
        return [(on, f"{place.text} is {_LEVELS[place.level]}, but {kind.name} is about {wanted}")]
    if not kind.protocols:
        return [(narrowed, f"{kind.name} is not about single messages, it takes no match")] if match.needs else []
    served = _served(place, scope.names)
    fitting = served & set(kind.protocols)
    if served and not fitting:
        wanted = ", ".join(kind.protocols)
        return [(on, f"{place.text} has {', '.join(sorted(served))}, but {kind.name} is about {wanted}")]
    found = []
    for name, protocols in match.needs.items():
        if fitting and not fitting & set(protocols):
            where = narrowed.get(name) or narrowed
            found.append((where, f"makes no sense for {', '.join(sorted(fitting))}"))
    if kind.needs_key and match.key is None and match.register is None and match.topic is None:
        found.append((narrowed, f"{kind.name}: expected which value it is about, such as match: {{key: nrg}}"))
    return found


_LEVELS: Final[Mapping[Level, str]] = {"charger": "a charger", "wallbox": "a wallbox", "interface": "an interface"}


def _served(place: Place, names: Names) -> set[str]:
    """The protocols a fault could meet there; none: not known."""
    wallboxes = (
        [place.wallbox] if place.wallbox else [f"{place.charger}.{name}" for name in names.chargers[place.charger]]
    )
    found: set[str] = set()
    for address in wallboxes:
        wallbox = probe(names, address)
        if wallbox is not None:
            found |= {protocol for name, protocol in wallbox.traffic.items() if place.interface in (None, name)}
    return found


def _check_values(node: Node, place: Place, scope: Scope) -> None:
    """Settings and vendor values of what a wallbox does by itself."""
    wallbox: Wallbox | None = probe(scope.names, place.wallbox) if place.wallbox else None
    if wallbox is None:
        return
    settings, write = node.get("settings"), node.get("write")
    if settings is not None:
        check_settings(settings, wallbox.vendor.title, wallbox.settings.rows, scope)
    if write is not None and not known.check_written(write, wallbox, scope):
        raise Unreadable


def fault_type() -> StepType:
    """The word `fault`."""
    return FaultStep(
        name="fault",
        about="A fault is armed: what happens, where, when, and until when.",
        takes=common,
        make=lambda values: construct(Fault, values),
    )
