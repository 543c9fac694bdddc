"""Happenings: what rules are about - an event, something a client did, a condition that comes true.

The one rule: a happening is read once, with every name checked, and then only looks at journal entries; it says whether
an entry is it, is nothing of the kind, or came close.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, Any, Final

from ..core.events import EventName
from ..core.instant import seconds
from ..errors import EmulatorError, did_you_mean
from ..language.arguments import ArgumentType, Flag, Schema, Scope, Text, Unreadable, checked
from ..language.fields import About, arguments_of, construct
from ..language.name_arguments import ChargerName, FaultName
from ..language.nodes import Node
from ..language.records import read_record, record_schema
from ..world.checks import Check, Checks
from ..world.expectations import Expectation, InList, Matches, parse, written
from ..world.names import probe
from ..world.quantities import Quantity

if TYPE_CHECKING:
    from ..devices.wallbox import Wallbox
    from ..language.names import Names
    from ..runtime.journal import Entry
    from ..world.site import Site

EVENTS: Final = tuple(sorted(str(name) for name in EventName))
"""What a charger announces."""

OPENED: Final = ("connected", "opened")
"""How the journal says that a client came, on interfaces that say so."""


class Match(Enum):
    """What an entry is to a happening."""

    NO = 0
    NEAR = 1
    """The right thing was done, but not as described."""
    YES = 2


@dataclass(frozen=True, slots=True)
class Word(ArgumentType[str]):
    """One of some words, with a suggestion for a wrong one."""

    words: tuple[str, ...]
    noun: str

    @property
    def text(self) -> str:
        return f"{self.noun} such as {self.words[0]}"

    def read(self, node: Node, scope: Scope) -> str:
        if not isinstance(node.scalar, str) or node.scalar not in self.words:
            self.wrong(node, scope, did_you_mean(node.text, self.words))
        return node.scalar

    def schema(self) -> Schema:
        return {"enum": list(self.words)}


@dataclass(frozen=True, slots=True)
class Loose(ArgumentType[Expectation]):
    """What a plain value has to be: as in `expect`, without a unit."""

    @property
    def text(self) -> str:
        return 'a value, a comparison such as "> 16", a list of alternatives, or /a pattern/'

    def read(self, node: Node, scope: Scope) -> Expectation:
        try:
            return parse(node.data(), _PLAIN)
        except ValueError as error:
            scope.fail(node, str(error))

    def schema(self) -> Schema:
        return {"type": ["string", "number", "boolean", "null", "array", "object"]}


_PLAIN: Final = Quantity("value", "", "", "value")
"""A vendor value: compared as it is on the wire."""


@dataclass(frozen=True, slots=True)
class LooseMap(ArgumentType[Mapping[str, Expectation]]):
    """Members of an entry and what each has to be."""

    @property
    def text(self) -> str:
        return "members of a journal entry's detail and what they should be, such as {under_load: true}"

    def read(self, node: Node, scope: Scope) -> Mapping[str, Expectation]:
        if not node.entries:
            self.wrong(node, scope)
        return {key.text: Loose().read(value, scope) for key, value in node.entries}

    def schema(self) -> Schema:
        return {"type": "object", "minProperties": 1}


# --- where -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Where:
    """An interface or a value of one wallbox, or all of them."""

    text: str
    charger: str
    wallbox: str
    rest: str = ""
    """Name of an interface, or address of a value (`*` stands for anything); empty: all."""

    def holds(self, entry: Entry) -> bool:
        return entry.charger == self.charger and entry.wallbox == self.wallbox

    def fits(self, name: str | None) -> bool:
        """Whether a value or an interface of the box is meant."""
        return not self.rest or name == self.rest or ("*" in self.rest and fnmatchcase(name or "", self.rest))


@dataclass(frozen=True, slots=True)
class Place(ArgumentType[tuple[Where, ...]]):
    """Somewhere on a wallbox. `values`: its values; `interfaces`: its interfaces."""

    interfaces: bool = False
    values: bool = False

    @property
    def text(self) -> str:
        if not self.values:
            return 'an interface such as "garage.goe.http"'
        return 'a value such as "garage.goe.amp"' + (', or an interface such as "garage.goe.http"' * self.interfaces)

    def read(self, node: Node, scope: Scope) -> tuple[Where, ...]:
        items = node.items if node.items is not None else (node,)
        if not items:
            self.wrong(node, scope)
        return tuple(self._one(item, scope) for item in items)

    def _one(self, node: Node, scope: Scope) -> Where:
        if not isinstance(node.scalar, str):
            self.wrong(node, scope)
        text = node.scalar
        where: Where = checked(node, scope, lambda: find_place(text, scope.names))
        box = probe(scope.names, f"{where.charger}.{where.wallbox}")
        if box is not None and where.rest and "*" not in where.rest:
            checked(node, scope, lambda: self._check(box, where))
        return where

    def _check(self, box: Wallbox, where: Where) -> None:
        known: set[str] = set()
        if self.interfaces:
            known |= interfaces_of(box)
        if self.values:
            known |= points_of(box)
        name = where.rest
        if name in known or (self.values and name.startswith("modbus.") and name[7:].isdigit()):
            return
        what = "value" if self.values else "interface"
        raise EmulatorError(f'{box.address} has no {what} "{name}"{did_you_mean(name, known)}')

    def schema(self) -> Schema:
        return {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}


def find_place(text: str, names: Names) -> Where:
    """What `garage.goe.amp`, `goe.amp`, `garage.goe` or `goe` refers to. EmulatorError with a suggestion if nothing."""
    first, _, below = text.partition(".")
    second, _, rest = below.partition(".")
    if first in names.chargers and second in names.chargers[first]:
        return Where(text, first, second, rest)
    if first in names.chargers and first not in {name.partition(".")[2] for name in names.wallboxes}:
        raise EmulatorError(f'{first} has no wallbox "{second}"{did_you_mean(second, names.chargers[first])}')
    charger, _, wallbox = names.wallbox(first).partition(".")
    return Where(text, charger, wallbox, below)


def find_value(wallbox: str, name: str) -> Where:
    """A value of a wallbox whose address is known."""
    charger, _, box = wallbox.partition(".")
    return Where(f"{wallbox}.{name}", charger, box, name)


def interfaces_of(box: Wallbox) -> set[str]:
    """Names of interfaces as the journal has them."""
    names = set(box.interfaces)
    return names | {"websocket"} if "http" in names else names


def points_of(box: Wallbox) -> set[str]:
    """Addresses of everything a client may read or write."""
    return {*box.addresses(), *(row.name for row in box.fidelity())}


# --- what a client does ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Something a client did: it wrote, asked, read or connected."""

    writes: Annotated[tuple[Where, ...], Place(values=True)] = ()
    """Values it wrote, through whatever interface; a wallbox: any of its values."""
    requests: Annotated[tuple[Where, ...], Place(interfaces=True)] = ()
    """Interfaces it sent a request to; a wallbox: any of its interfaces."""
    reads: Annotated[tuple[Where, ...], Place(interfaces=True, values=True)] = ()
    """Values or interfaces it read."""
    connects: Annotated[tuple[Where, ...], Place(interfaces=True)] = ()
    """Interfaces it connected to."""
    value: Annotated[Expectation | None, Loose(), About("what it wrote, as on the wire")] = None
    repeated: Annotated[bool | None, Flag(), About("true: the value it wrote the last time as well")] = None
    failed: Annotated[bool | None, Flag(), About("true: it was refused, or answered with an error")] = None
    matching: Annotated[Expectation | None, Loose(), About("the request's name, `GET /api/status` or a topic")] = None
    interface: Annotated[str, Text()] = ""
    """Only through this interface."""
    from_: Annotated[str, Text()] = ""
    """Only from this address (`*` stands for anything)."""

    @property
    def places(self) -> tuple[Where, ...]:
        return self.writes or self.requests or self.reads or self.connects

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of journal entries it may be."""
        if self.writes:
            return ("write",)
        return ("connection", "request") if self.connects else ("request",)

    def __str__(self) -> str:
        verb = next(word for word in ACTIONS if getattr(self, word))
        text = f"client {verb} {' or '.join(where.text for where in self.places)}"
        for word, part in (("=", self.value), ("matching", self.matching)):
            if part is not None:
                text += f" {word} {part.text}" if not part.text.startswith((">", "<", "!", "=")) else f" {part.text}"
        marks = [name for name in ("repeated", "failed") if getattr(self, name)]
        return text + "".join(f" ({mark})" for mark in marks)


ACTIONS: Final = ("writes", "requests", "reads", "connects")


@dataclass(frozen=True, slots=True)
class ClientKind(ArgumentType[Client]):
    """Reads what a client does."""

    @property
    def text(self) -> str:
        return "what a client does, such as {writes: garage.goe.amp, value: 6}"

    def read(self, node: Node, scope: Scope) -> Client:
        values = read_record(node, arguments_of(Client), scope, given_only=True, what=self.text)
        given = [word for word in ACTIONS if word in values]
        if len(given) != 1:
            scope.fail(node, f"found {' and '.join(given) or 'none of them'}, expected one of {', '.join(ACTIONS)}")
        if "writes" not in given:
            for word in ("value", "repeated"):
                if word in values:
                    scope.fail(node.get(word) or node, f'belongs to "writes", not to "{given[0]}"')
        return construct(Client, values)

    def schema(self) -> Schema:
        return record_schema(arguments_of(Client))


# --- happenings ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that happens at an instant."""

    client: Annotated[Client | None, ClientKind(), About("what a client does")] = None
    event: Annotated[str, Word(EVENTS, "an event"), About("what a charger announces")] = ""
    fault: Annotated[
        str, FaultName(), About("a physical fault (`trip_rcd`) or one of the engine begins, by its name")
    ] = ""
    stimulus: Annotated[str, Text(), About("what the world does to a charger: `plug_in`, `power_cut`")] = ""
    note: Annotated[str, Text(), About("a note of the scenario")] = ""
    expect: Annotated[tuple[Check, ...], Checks(), About("quantities become as expected")] = ()
    detail: Annotated[Mapping[str, Expectation], LooseMap(), About("members of the entry's detail")] = field(
        default_factory=dict
    )
    charger: Annotated[str | None, ChargerName(needed=False), About("only at this charger")] = None
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
        return ("stimulus", "fault") if self.stimulus or self.fault else ()

    @property
    def needs_answer(self) -> bool:
        """Whether it takes the answer to a request to tell."""
        client = self.client
        return client is not None and not client.writes and (bool(client.reads) or client.failed is not None)

    def __str__(self) -> str:
        if self.client is not None:
            text = str(self.client)
        elif self.expect:
            text = described(self.expect)
        else:
            word = next(word for word in ("event", "fault", "stimulus", "note") if getattr(self, word))
            text = f"{word} {getattr(self, word)}"
        detail = ", ".join(f"{name}: {expected.text}" for name, expected in self.detail.items())
        text += f" ({detail})" if detail else ""
        return text + (f" while {described(self.while_)}" if self.while_ else "")


WHAT: Final = ("client", "event", "fault", "stimulus", "note", "expect")
"""The keys of which a happening has one."""
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


@dataclass(frozen=True, slots=True)
class HappeningKind(ArgumentType[Happening]):
    """Reads a happening."""

    @property
    def text(self) -> str:
        return "something that happens, such as {event: rcd_tripped} or {client: {writes: garage.goe.amp}}"

    def read(self, node: Node, scope: Scope) -> Happening:
        values = read_record(node, arguments_of(Happening), scope, given_only=True, what=self.text)
        given = [word for word in WHAT if word in values]
        if len(given) != 1:
            scope.fail(node, f"found {' and '.join(given) or 'none of them'}, expected one of {', '.join(WHAT)}")
        if any(check.quantity.wallbox is not None for check in values.get("while", ())):
            scope.fail(node.get("while") or node, "only quantities of a charger can be looked at here")
        if "stimulus" in values and values["stimulus"] not in STIMULI:
            name = values["stimulus"]
            scope.fail(node.get("stimulus") or node, f'there is no stimulus "{name}"{did_you_mean(name, STIMULI)}')
        return construct(Happening, values)

    def schema(self) -> Schema:
        return record_schema(arguments_of(Happening))


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


@dataclass(frozen=True, slots=True)
class Subject(ArgumentType[Happening | tuple[Check, ...]]):
    """A happening, or a condition."""

    @property
    def text(self) -> str:
        return 'something that happens ({event: unplugged}), or a condition ({garage.power: "> 11 kW"})'

    def read(self, node: Node, scope: Scope) -> Happening | tuple[Check, ...]:
        if not node.entries:
            self.wrong(node, scope)
        if any(key.text in WHAT for key, _ in node.entries):
            return HappeningKind().read(node, scope)
        found: tuple[Check, ...] = Checks().read(node, scope)
        return found

    def schema(self) -> Schema:
        return {"anyOf": [HappeningKind().schema(), Checks().schema()]}


def inline(node: Node, scope: Scope) -> Happening:
    """The happening whose keys are written among those of a rule."""
    entries = tuple((key, value) for key, value in node.entries or () if key.text in KEYS)
    if not any(key.text in WHAT for key, _ in entries):
        scope.report(node, f"says nothing that happens, expected one of {', '.join(WHAT)}")
        raise Unreadable
    return HappeningKind().read(replace(node, entries=entries), scope)


# --- recognising -----------------------------------------------------------------------------------------------------


class Recogniser:
    """Recognises one happening among the entries of a running world."""

    def __init__(self, happening: Happening, site: Site) -> None:
        self.happening = happening
        self._site = site
        self._written: dict[tuple[str, str], object] = {}
        self._known: dict[tuple[str | None, str | None], None] = {}

    def match(self, entry: Entry) -> Match:
        """Whether an entry of one of its kinds is it."""
        found = self._kind(entry)
        if found is Match.NO:
            return found
        wanted = self.happening
        if wanted.charger is not None and entry.charger != wanted.charger:
            return Match.NO
        if not all(name in entry.detail and e.holds(entry.detail[name]) for name, e in wanted.detail.items()):
            return Match.NEAR
        if wanted.while_ and found is Match.YES and not self._was(entry):
            return Match.NEAR
        return found

    def _was(self, entry: Entry) -> bool:
        """Whether the condition held directly before an entry."""
        simulation = self._site.simulation
        at = max(0, entry.at - 1)
        for check in any_line(self.happening.while_):
            row = check.quantity.row
            if row is None or not check.expectation.holds(
                row.read(simulation.chargers[check.quantity.charger].snapshot(at))
            ):
                return False
        return True

    def _kind(self, entry: Entry) -> Match:
        wanted = self.happening
        if wanted.client is not None:
            return self._client(wanted.client, entry)
        if wanted.event or wanted.note:
            return Match.YES if entry.name == (wanted.event or wanted.note) else Match.NO
        if wanted.stimulus:
            return Match.YES if entry.kind == "stimulus" and entry.name == wanted.stimulus else Match.NO
        return Match.YES if self._begins(entry) else Match.NO

    def _begins(self, entry: Entry) -> bool:
        name = self.happening.fault
        if entry.kind == "fault":
            return entry.name == name and entry.detail.get("what") == "begin"
        fault = entry.detail.get("fault")
        return entry.name == "disturb" and (
            entry.detail.get("name") == name or (isinstance(fault, Mapping) and fault.get("fault") == name)
        )

    def _client(self, wanted: Client, entry: Entry) -> Match:
        if not any(where.holds(entry) for where in wanted.places):
            return Match.NO
        if wanted.interface and entry.interface != wanted.interface:
            return Match.NO
        if wanted.from_ and not fnmatchcase(host_of(entry.client), wanted.from_):
            return Match.NO
        if wanted.writes:
            return self._write(wanted, entry)
        if wanted.connects:
            return self._connect(wanted, entry)
        fits = asked if wanted.reads else through
        if not any(where.holds(entry) and fits(where, entry) for where in wanted.places):
            return Match.NO
        if wanted.matching is not None and not _named(wanted.matching, entry.name):
            return Match.NEAR
        return Match.YES if wanted.failed is None or wanted.failed == went_wrong(entry) else Match.NEAR

    def _write(self, wanted: Client, entry: Entry) -> Match:
        if not any(where.holds(entry) and where.fits(entry.name) for where in wanted.writes):
            return Match.NO
        value = entry.detail.get("value")
        key = (f"{entry.charger}.{entry.wallbox}", entry.name)
        repeated = key in self._written and self._written[key] == value
        self._written[key] = value
        fits = (
            (wanted.value is None or wanted.value.holds(value))
            and (wanted.repeated is None or wanted.repeated == repeated)
            and (wanted.failed is None or wanted.failed == went_wrong(entry))
        )
        return Match.YES if fits else Match.NEAR

    def _connect(self, wanted: Client, entry: Entry) -> Match:
        if not any(where.holds(entry) and where.fits(entry.interface) for where in wanted.connects):
            return Match.NO
        if entry.kind == "connection":
            if entry.name.rpartition(" ")[2] not in OPENED:
                return Match.NO
            self._met(entry)
            return Match.YES
        return Match.YES if self._met(entry) else Match.NO

    def _met(self, entry: Entry) -> bool:
        """Remember who is there; whether it is somebody new."""
        key = (entry.interface, entry.client)
        new = key not in self._known
        self._known[key] = None
        if len(self._known) > 4096:
            self._known.pop(next(iter(self._known)))
        return new


def _named(wanted: Expectation, name: str) -> bool:
    if isinstance(wanted, Matches):
        return wanted.holds(name)
    return wanted.holds(name) or fnmatchcase(name, wanted.text)


def through(where: Where, entry: Entry) -> bool:
    """Whether a request came through an interface."""
    return where.fits(entry.interface)


def asked(where: Where, entry: Entry) -> bool:
    """Whether a request read a value, or read at all through an interface."""
    detail = entry.detail
    if "set" in detail or "written" in detail or entry.name.startswith(("write ", "PUT ", "POST ")):
        return False
    if not where.rest or where.rest == entry.interface:
        return True
    values = detail.get("values")
    if isinstance(values, Mapping):
        return any(where.fits(str(name)) for name in values)
    listed = detail.get("filter")
    if isinstance(listed, str) and listed:
        return any(where.fits(name.strip()) for name in listed.split(","))
    if "/api/status" in entry.name:  # without a filter: everything
        return True
    return where.rest.partition(".")[0] in entry.name


def went_wrong(entry: Entry) -> bool:
    """Whether a client got an error, or no answer at all."""
    detail = entry.detail
    status = detail.get("status")
    return (
        detail.get("ok") is False
        or (isinstance(status, int) and status >= 400)
        or any(word in detail for word in ("exception", "error", "refused", "silent", "problem"))
    )


def host_of(client: str | None) -> str:
    """A client's address without its port."""
    return (client or "").rpartition(":")[0] or (client or "")


def line(entry: Entry) -> str:
    """An entry of the journal for a reader."""
    where = ".".join(part for part in (entry.charger, entry.wallbox, entry.interface) if part)
    detail = ", ".join(f"{name}: {written(_short(value))}" for name, value in entry.detail.items())
    who = f" from {entry.client}" if entry.client and entry.kind in ("request", "write", "connection") else ""
    what = f"{entry.name}  {detail}" if detail else entry.name
    return f"{seconds(entry.at):>12.3f} s  {entry.kind:<10}  {where:<18}  {what}{who}"


def _short(value: object) -> Any:
    if isinstance(value, Mapping | list):
        value = json.dumps(value, ensure_ascii=False, default=str)
    return f"{value[:97]}..." if isinstance(value, str) and len(value) > 100 else value
