"""Types of arguments: how a value is read from a document, described to a reader, and described to an editor.

The one rule: a type reports what is wrong to the scope and raises `Unreadable`; whoever holds several values catches
that, so that every mistake is found in one go. Which type an argument has follows from its annotation (`fields`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final, Generic, NoReturn, TypeVar

from ..core.instant import DAY, Instant, seconds
from ..core.values import terse
from ..errors import EmulatorError, Problem, did_you_mean
from . import units
from .bounds import LONGEST_TEXT
from .nodes import Node

if TYPE_CHECKING:
    from .names import Names

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Schema = dict[str, object]


LONGEST: Final[Instant] = 36_525 * DAY
"""No duration and no instant of a scenario is longer: 100 years."""
EARLIEST_YEAR: Final = 1970
LATEST_YEAR: Final = 2200


class Unreadable(Exception):  # noqa: N818 - a signal, not an error: it has been reported
    """A value could not be read; what is wrong with it has been reported."""


@dataclass
class Scope:
    """Where reading happens: the problems found so far, and the names that may be used."""

    names: Names
    problems: list[Problem] = field(default_factory=list)

    def report(self, node: Node, text: str) -> None:
        """Something is wrong at a node."""
        self.problems.append(Problem(node.place, f"{node.label}: {text}" if node.label else text))

    def fail(self, node: Node, text: str) -> NoReturn:
        self.report(node, text)
        raise Unreadable


class ArgumentType(ABC, Generic[T_co]):
    """One type of argument, and of the values it reads."""

    @property
    @abstractmethod
    def text(self) -> str:
        """What is expected, as part of a sentence: `a current such as "16 A"`."""

    @abstractmethod
    def read(self, node: Node, scope: Scope) -> T_co:
        """The value of a node; `Unreadable` after reporting what is wrong."""

    @abstractmethod
    def schema(self) -> Schema:
        """JSON Schema of what `read` accepts."""

    def absent(self, node: Node, scope: Scope, default: object) -> object:
        """The value when the argument is not there; `node` is the mapping it is missing in."""
        return default

    def wrong(self, node: Node, scope: Scope, hint: str = "") -> NoReturn:
        scope.fail(node, f"found {node.shown()}, expected {self.text}{hint}")


@terse
class NumberWithUnit(ArgumentType[float]):
    """A number with a unit, stored in the unit `symbol`."""

    symbol: str
    lowest: float | None = 0.0
    highest: float | None = None

    @property
    def text(self) -> str:
        dimension = units.DIMENSIONS[self.symbol]
        return f'{dimension.noun} such as "{dimension.example}"'

    def read(self, node: Node, scope: Scope) -> float:
        if not isinstance(node.scalar, str):
            self.wrong(node, scope)
        try:
            value = units.parse(node.scalar, self.symbol)
        except ValueError as error:
            scope.fail(node, str(error))
        if self.lowest is not None and value < self.lowest:
            scope.fail(node, f"found {node.shown()}, expected at least {units.shown(self.lowest, self.symbol)}")
        highest = seconds(LONGEST) if self.highest is None and self.symbol == "s" else self.highest
        if highest is not None and value > highest:
            scope.fail(node, f"found {node.shown()}, expected at most {units.shown(highest, self.symbol)}")
        return value

    def schema(self) -> Schema:
        return quantity_schema(self.symbol)


def quantity_schema(symbol: str) -> Schema:
    """JSON Schema of a number with one of the units of `symbol`."""
    dimension = units.DIMENSIONS[symbol]
    return {
        "title": dimension.word,
        "type": "string",
        "pattern": units.pattern(symbol),
        "examples": [dimension.example],
    }


@terse
class Duration(ArgumentType[Instant]):
    """A duration in whole µs. `lasting`: nothing can be in one of 0 s."""

    lasting: bool = False

    @property
    def text(self) -> str:
        return 'a duration such as "10 min"' + (", longer than 0 s" if self.lasting else "")

    def read(self, node: Node, scope: Scope) -> Instant:
        if not isinstance(node.scalar, str):
            self.wrong(node, scope)
        try:
            value = units.parse_duration(node.scalar)
        except ValueError as error:
            scope.fail(node, str(error))
        if value < 0:
            scope.fail(node, f"found {node.shown()}, time does not run backwards")
        if self.lasting and not value:
            self.wrong(node, scope)
        if value > LONGEST:
            scope.fail(node, f"found {node.shown()}, expected at most {seconds(LONGEST) / 3600:.0f} h (100 years)")
        return value

    def schema(self) -> Schema:
        return quantity_schema("s")


@terse
class Whole(ArgumentType[int]):
    """A whole number."""

    lowest: int | None = None
    highest: int | None = None

    @property
    def text(self) -> str:
        if self.lowest is not None and self.highest is not None:
            return f"a whole number {self.lowest}..{self.highest}"
        return "a whole number" + (f", at least {self.lowest}" if self.lowest is not None else "")

    def read(self, node: Node, scope: Scope) -> int:
        value = node.scalar
        if not isinstance(value, int) or isinstance(value, bool):
            self.wrong(node, scope)
        if (self.lowest is not None and value < self.lowest) or (self.highest is not None and value > self.highest):
            self.wrong(node, scope)
        return value

    def schema(self) -> Schema:
        bounds = {"minimum": self.lowest, "maximum": self.highest}
        return {"type": "integer"} | {key: value for key, value in bounds.items() if value is not None}


@terse
class Number(ArgumentType[float]):
    """A plain number without a unit."""

    lowest: float | None = None
    highest: float | None = None

    @property
    def text(self) -> str:
        if self.lowest is not None and self.highest is not None:
            return f"a number {self.lowest:g}..{self.highest:g}"
        return "a plain number" + (f", at least {self.lowest:g}" if self.lowest is not None else "")

    def read(self, node: Node, scope: Scope) -> float:
        value = node.scalar
        if not isinstance(value, int | float) or isinstance(value, bool):
            self.wrong(node, scope)
        if (self.lowest is not None and value < self.lowest) or (self.highest is not None and value > self.highest):
            self.wrong(node, scope)
        return float(value)

    def schema(self) -> Schema:
        bounds = {"minimum": self.lowest, "maximum": self.highest}
        return {"type": "number"} | {key: value for key, value in bounds.items() if value is not None}


@terse
class Flag(ArgumentType[bool]):
    """true or false."""

    text = "true or false"

    def read(self, node: Node, scope: Scope) -> bool:
        if not isinstance(node.scalar, bool):
            self.wrong(node, scope)
        return node.scalar

    def schema(self) -> Schema:
        return {"type": "boolean"}


@terse
class Text(ArgumentType[str]):
    """Any text. A number is taken as it was written if `lenient` (serial numbers, firmware versions)."""

    lenient: bool = False
    expected: str = "a text"
    longest: int = LONGEST_TEXT
    """Characters."""

    @property
    def text(self) -> str:
        return self.expected

    def read(self, node: Node, scope: Scope) -> str:
        plain = node.is_scalar and not node.empty and not isinstance(node.scalar, bool)
        if not isinstance(node.scalar, str) and not (self.lenient and plain):
            self.wrong(node, scope, f' (write "{node.text}" in quotes)' if plain else "")
        if len(node.text) > self.longest:
            scope.fail(node, f"found {len(node.text)} characters, expected at most {self.longest}")
        return node.text

    def schema(self) -> Schema:
        return {"anyOf": [{"type": "string"}, {"type": "number"}]} if self.lenient else {"type": "string"}


@terse
class Choice(ArgumentType[object]):
    """One of some words or numbers."""

    values: tuple[object, ...]

    @property
    def text(self) -> str:
        words = [str(value) for value in self.values]
        return " or ".join(words) if len(words) < 3 else f"one of {', '.join(words)}"

    def read(self, node: Node, scope: Scope) -> object:
        if not node.is_scalar or not any(node.scalar == v and type(node.scalar) is type(v) for v in self.values):
            close = did_you_mean(node.text, [str(value) for value in self.values])
            self.wrong(node, scope, close if "did you mean" in close else "")
        return node.scalar

    def schema(self) -> Schema:
        return {"enum": list(self.values)}


@terse
class Maybe(ArgumentType[T | None], Generic[T]):
    """A value, or null."""

    item: ArgumentType[T]

    @property
    def text(self) -> str:
        return f"{self.item.text}, or null"

    def read(self, node: Node, scope: Scope) -> T | None:
        return None if node.empty else self.item.read(node, scope)

    def schema(self) -> Schema:
        return {"anyOf": [self.item.schema(), {"type": "null"}]}

    def absent(self, node: Node, scope: Scope, default: object) -> object:
        return self.item.absent(node, scope, default)


@terse
class Several(ArgumentType[tuple[T, ...]], Generic[T]):
    """A list, or a single value in place of a list of one. `length`: exactly so many."""

    item: ArgumentType[T]
    length: int | None = None

    @property
    def text(self) -> str:
        return f"a list of {self.length} values" if self.length is not None else f"a list; each: {self.item.text}"

    def read(self, node: Node, scope: Scope) -> tuple[T, ...]:
        items = node.items
        if items is None:
            if self.length is not None or node.empty:
                self.wrong(node, scope)
            items = (node,)
        if self.length is not None and len(items) != self.length:
            scope.fail(node, f"found {len(items)} values, expected {self.length}")
        return tuple(read_all(items, self.item, scope))

    def schema(self) -> Schema:
        one = self.item.schema()
        if self.length is not None:
            return {"type": "array", "items": one, "minItems": self.length, "maxItems": self.length}
        return {"anyOf": [one, {"type": "array", "items": one}]}


@terse
class Anything(ArgumentType[object]):
    """Any value, as plain data."""

    text = "any value"

    def read(self, node: Node, scope: Scope) -> object:
        return node.data()

    def schema(self) -> Schema:
        return {}


@terse
class Values(ArgumentType[dict[str, object]]):
    """A mapping of names to any values, as plain data."""

    text = "a mapping of names to values"

    def read(self, node: Node, scope: Scope) -> dict[str, object]:
        if node.entries is None:
            self.wrong(node, scope)
        return {key.text: value.data() for key, value in node.entries}

    def schema(self) -> Schema:
        return {"type": "object"}


@terse
class CalendarTime(ArgumentType[datetime]):
    """A date and time with its UTC offset."""

    text = "a date and time with UTC offset such as 2026-01-05T21:00:00+01:00"

    def read(self, node: Node, scope: Scope) -> datetime:
        if not isinstance(node.scalar, str):
            self.wrong(node, scope)
        try:
            value = datetime.fromisoformat(node.scalar)
        except ValueError:
            self.wrong(node, scope)
        if value.tzinfo is None:
            self.wrong(node, scope, " (the offset is missing)")
        if not EARLIEST_YEAR <= value.year <= LATEST_YEAR:
            self.wrong(node, scope, f" (from {EARLIEST_YEAR} to {LATEST_YEAR})")
        return value

    def schema(self) -> Schema:
        return {"type": "string", "format": "date-time"}


def read_all(nodes: Sequence[Node], kind: ArgumentType[T], scope: Scope) -> list[T]:
    """Every value of a list, after reporting every wrong one."""
    values = []
    good = True
    for node in nodes:
        try:
            values.append(kind.read(node, scope))
        except Unreadable:
            good = False
    if not good:
        raise Unreadable
    return values


def checked(node: Node, scope: Scope, check: Callable[[], T]) -> T:
    """What `check` returns; an `EmulatorError` it raises becomes a problem at the node."""
    try:
        return check()
    except EmulatorError as error:
        scope.fail(node, str(error))
