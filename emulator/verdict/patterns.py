"""Event patterns: what rules are about - an event, something a client did, a condition that comes true.

The one rule: a pattern is read once, with every name checked; finding it in the journal is the matter of `matcher`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import field, replace
from fnmatch import fnmatchcase
from typing import Annotated, Final

from ..core.events import EventName
from ..core.values import terse, value
from ..errors import did_you_mean, misspelt
from ..language.arguments import ArgumentType, Flag, Schema, Scope, Text, Unreadable
from ..language.fields import About, arguments_of, construct
from ..language.name_arguments import FAULT, SOME_CHARGER
from ..language.nodes import Node
from ..language.records import read_record, record_schema
from ..world.checks import Check, Checks
from ..world.expectations import Expectation, InList, may_be_absent, may_change, parse
from ..world.quantities import Quantity
from .narrowing import BELONGS, misfits
from .selectors import Selector, Selectors

EVENTS: Final = tuple(sorted(str(name) for name in EventName))
"""What a charger announces."""


@terse
class KnownWord(ArgumentType[str]):
    """One of some words, with a suggestion for a wrong one."""

    words: Collection[str]
    noun: str

    @property
    def text(self) -> str:
        return f"{self.noun} such as {next(iter(self.words))}"

    def read(self, node: Node, scope: Scope) -> str:
        if not isinstance(node.scalar, str) or node.scalar not in self.words:
            self.wrong(node, scope, did_you_mean(node.text, self.words))
        return node.scalar

    def schema(self) -> Schema:
        return {"enum": list(self.words)}


@terse
class PlainExpectation(ArgumentType[Expectation]):
    """What a plain value has to be: as in `expect`, without a unit."""

    @property
    def text(self) -> str:
        return 'a value, a comparison such as "> 16", a list of alternatives, or /a pattern/'

    def read(self, node: Node, scope: Scope) -> Expectation:
        try:
            found = parse(node.data(), _PLAIN)
        except ValueError as error:
            scope.fail(node, str(error))
        if may_change(found) or may_be_absent(found):
            self.wrong(node, scope)
        return found

    def schema(self) -> Schema:
        return {}


_PLAIN: Final = Quantity("value", "", "", "value")
"""A vendor value: compared as it is on the wire."""


@terse
class PlainExpectations(ArgumentType[Mapping[str, Expectation]]):
    """Members of an entry and what each has to be."""

    @property
    def text(self) -> str:
        return "members of a journal entry's detail and what they should be, such as {under_load: true}"

    def read(self, node: Node, scope: Scope) -> Mapping[str, Expectation]:
        if not node.entries:
            self.wrong(node, scope)
        return {key.text: PlainExpectation().read(value, scope) for key, value in node.entries}

    def schema(self) -> Schema:
        return {"type": "object", "minProperties": 1}


def unknown_detail(event: str, detail: Collection[str]) -> str | None:
    """What is wrong with members that no event of this name, perhaps with `*` in it, has."""
    known = {name for one in EventName if fnmatchcase(one, event) for name in one.details}
    strange = next((name for name in detail if name not in known), None)
    if strange is None:
        return None
    hint = did_you_mean(strange, known) or " (it has none at all)"
    return f'event {event} has no detail "{strange}"{hint}'


# --- what a client does ----------------------------------------------------------------------------------------------


@value
class ClientAction:
    """Something a client did: it wrote, asked, read or connected."""

    writes: Annotated[tuple[Selector, ...], Selectors(written=True)] = ()
    """Values it wrote, through whatever interface; a wallbox: any of its values."""
    requests: Annotated[tuple[Selector, ...], Selectors(interfaces=True)] = ()
    """Interfaces it sent a request to; a wallbox: any of its interfaces."""
    reads: Annotated[tuple[Selector, ...], Selectors(interfaces=True, values=True)] = ()
    """Values or interfaces it read."""
    connects: Annotated[tuple[Selector, ...], Selectors(interfaces=True)] = ()
    """Interfaces it connected to."""
    calls: Annotated[tuple[Selector, ...], Selectors(interfaces=True)] = ()
    """Charge points it sent a call to: the client is a central system (OCPP)."""
    action: Annotated[Expectation | None, PlainExpectation(), About("the call's action, `SetChargingProfile`")] = None
    payload: Annotated[Mapping[str, Expectation], PlainExpectations(), About("members of the call, by dots")] = field(
        default_factory=dict
    )
    value: Annotated[Expectation | None, PlainExpectation(), About("what it wrote, as on the wire")] = None
    repeated: Annotated[bool | None, Flag(), About("true: the value it wrote the last time as well")] = None
    failed: Annotated[bool | None, Flag(), About("true: it was refused, or answered with an error")] = None
    matching: Annotated[
        Expectation | None, PlainExpectation(), About("the request's name, `GET /api/status` or a topic")
    ] = None
    interface: Annotated[str, Text()] = ""
    """Only through this interface."""
    from_: Annotated[str, Text()] = ""
    """Only from this client: its name in `clients:`, its address, or its User-Agent (`*` stands for anything)."""

    @property
    def selectors(self) -> tuple[Selector, ...]:
        return self.writes or self.requests or self.reads or self.connects or self.calls

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of journal entries it may be."""
        if self.writes:
            return ("write",)
        if self.reads:
            return ("request", "push")
        return ("connection", "request") if self.connects else ("request",)

    @property
    def narrowed(self) -> bool:
        """Whether only some of what clients do there is meant."""
        narrowing = (self.value, self.repeated, self.failed, self.matching, self.action)
        return bool(self.payload) or any(part is not None for part in narrowing)

    @property
    def subject(self) -> str:
        """What is done to what, without how."""
        return f"client {self.verb} {' or '.join(selector.text for selector in self.selectors)}"

    @property
    def verb(self) -> str:
        """Which of the things clients do it is."""
        said = (self.writes, self.requests, self.reads, self.connects, self.calls)
        return next(word for word, selectors in zip(ACTIONS, said, strict=True) if selectors)

    def __str__(self) -> str:
        text = self.subject
        for word, part in (("=", self.value), ("matching", self.matching), ("with", self.action)):
            if part is not None:
                text += f" {word} {part.text}" if not part.text.startswith((">", "<", "!", "=")) else f" {part.text}"
        return text + " (repeated)" * bool(self.repeated) + " (failed)" * bool(self.failed)


ACTIONS: Final = ("writes", "requests", "reads", "connects", "calls")


@terse
class ClientActionArgument(ArgumentType[ClientAction]):
    """What a client does, as a rule describes it."""

    @property
    def text(self) -> str:
        return "what a client does, such as {writes: garage.goe.amp, value: 6}"

    def read(self, node: Node, scope: Scope) -> ClientAction:
        values = read_record(node, arguments_of(ClientAction), scope, given_only=True, what=self.text)
        given = [word for word in ACTIONS if word in values]
        if len(given) != 1:
            scope.fail(node, f"found {' and '.join(given) or 'none of them'}, expected one of {', '.join(ACTIONS)}")
        for word, actions in BELONGS.items():
            if word in values and given[0] not in actions:
                wanted = " or ".join(f'"{action}"' for action in actions)
                scope.fail(node.get(word) or node, f'belongs to {wanted}, not to "{given[0]}"')
        action = construct(ClientAction, values)
        wrong = list(misfits(action, scope.names))
        for word, text in wrong:
            scope.report(node.get(word) or node, text)
        if wrong:
            raise Unreadable
        return action

    def schema(self) -> Schema:
        return {"title": "client_action"} | record_schema(arguments_of(ClientAction))


# --- event patterns --------------------------------------------------------------------------------------------------


@value
class EventPattern:
    """Something that happens at an instant."""

    client: Annotated[ClientAction | None, ClientActionArgument(), About("what a client does")] = None
    event: Annotated[str, KnownWord(EVENTS, "an event"), About("what a charger announces")] = ""
    fault: Annotated[str, FAULT, About("a physical fault (`trip_rcd`) or one of the engine begins, by its name")] = ""
    stimulus: Annotated[str, Text(), About("what is done to a charger: `plug_in`, `power_cut`")] = ""
    note: Annotated[str, Text(), About("a note of the scenario")] = ""
    expect: Annotated[tuple[Check, ...], Checks(), About("quantities become as expected")] = ()
    detail: Annotated[Mapping[str, Expectation], PlainExpectations(), About("members of the entry's detail")] = field(
        default_factory=dict
    )
    charger: Annotated[str | None, SOME_CHARGER, About("only at this charger")] = None
    while_: Annotated[tuple[Check, ...], Checks(), About("only while quantities are so, directly before it")] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of journal entries it may be; none: it is a condition."""
        if self.client is not None:
            return self.client.kinds
        if self.event:
            return ("event",)
        if self.note:
            return ("note",)
        if self.stimulus:
            return ("stimulus",)
        return ("fault",) if self.fault else ()

    @property
    def needs_answer(self) -> bool:
        """Whether it takes the answer to a request to tell."""
        client = self.client
        return client is not None and not client.writes and (bool(client.reads) or client.failed is not None)

    @property
    def subject(self) -> str:
        """What it is about, without how it has to be."""
        if self.client is not None:
            return self.client.subject
        if self.expect:
            return described(self.expect)
        named = {"event": self.event, "fault": self.fault, "stimulus": self.stimulus, "note": self.note}
        return next(f"{word} {name}" for word, name in named.items() if name)

    def __str__(self) -> str:
        text = str(self.client) if self.client is not None else self.subject
        detail = ", ".join(f"{name}: {expected.text}" for name, expected in self.detail.items())
        text += f" ({detail})" if detail else ""
        return text + (f" while {described(self.while_)}" if self.while_ else "")


WHAT: Final = ("client", "event", "fault", "stimulus", "note", "expect")
"""The keys of which a pattern has one."""
KEYS: Final = (*WHAT, "detail", "charger", "while")


def described(checks: tuple[Check, ...]) -> str:
    """A condition in a sentence."""
    return " and ".join(f"{check.quantity.text} {check.expectation.text}" for check in checks)


def any_line(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """A condition that must not be: one line on which it holds is enough."""
    return tuple(
        replace(check, expectation=replace(check.expectation, every=False))
        if isinstance(check.expectation, InList)
        else check
        for check in checks
    )


@terse
class EventPatternArgument(ArgumentType[EventPattern]):
    """Something that happens, as a rule describes it."""

    @property
    def text(self) -> str:
        return "something that happens, such as {event: rcd_tripped} or {client: {writes: garage.goe.amp}}"

    def read(self, node: Node, scope: Scope) -> EventPattern:
        values = read_record(node, arguments_of(EventPattern), scope, given_only=True, what=self.text)
        given = [word for word in WHAT if word in values]
        if len(given) != 1:
            scope.fail(node, f"found {' and '.join(given) or 'none of them'}, expected one of {', '.join(WHAT)}")
        pattern = construct(EventPattern, values)
        if any(check.quantity.wallbox is not None for check in pattern.while_):
            scope.fail(node.get("while") or node, "only quantities of a charger can be looked at here")
        name = pattern.stimulus
        if name and name not in STIMULI:
            scope.fail(node.get("stimulus") or node, f'there is no stimulus "{name}"{did_you_mean(name, STIMULI)}')
        if (meant := misspelt(pattern.note, scope.names.notes)) and pattern.note not in scope.names.notes:
            scope.fail(node.get("note") or node, f'there is no note "{pattern.note}" (did you mean "{meant}"?)')
        wrong = unknown_detail(pattern.event, pattern.detail) if pattern.event else None
        if wrong is not None:
            scope.fail(node.get("detail") or node, wrong)
        return pattern

    def schema(self) -> Schema:
        return {"title": "event_pattern"} | record_schema(arguments_of(EventPattern))


STIMULI: Final = (
    "plug_in",
    "unplug",
    "plug_cable",
    "set_vehicle",
    "set_supply",
    "set_climate",
    "power_cut",
    "power_up",
    "disturb",
    "relieve",
    "present_card",
    "press_button",
    "set",
    "reboot",
    "set_firmware",
)


@terse
class PatternOrCondition(ArgumentType[EventPattern | tuple[Check, ...]]):
    """An event pattern, or a condition."""

    @property
    def text(self) -> str:
        return 'something that happens ({event: unplugged}), or a condition ({garage.power: "> 11 kW"})'

    def read(self, node: Node, scope: Scope) -> EventPattern | tuple[Check, ...]:
        if not node.entries:
            self.wrong(node, scope)
        if any(key.text in WHAT for key, _ in node.entries):
            return EventPatternArgument().read(node, scope)
        return Checks().read(node, scope)

    def schema(self) -> Schema:
        return {"anyOf": [EventPatternArgument().schema(), Checks().schema()]}


def inline(node: Node, scope: Scope) -> EventPattern:
    """The pattern whose keys are written among those of a rule."""
    entries = tuple((key, value) for key, value in node.entries or () if key.text in KEYS)
    if not any(key.text in WHAT for key, _ in entries):
        scope.report(node, f"says nothing that happens, expected one of {', '.join(WHAT)}")
        raise Unreadable
    return EventPatternArgument().read(replace(node, entries=entries), scope)
