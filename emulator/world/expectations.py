"""Expectations: what a quantity should be.

The one rule: an expectation is read once, with the unit of its quantity, and then only compares. Vendor values have no
unit and compare as they are on the wire: 1 is neither true nor "1".
"""

from __future__ import annotations

import math
import operator
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from ..core.values import terse
from ..errors import EmulatorError
from ..language import units
from ..language.bounds import LONGEST_EXPECTATION
from ..language.nodes import resolved
from .quantities import Quantity

PATIENCE: Final = 0.2
"""Wall seconds that a regular expression may take on one value: far more than any needs that does not run away."""

PLAIN: Final = "a vendor value is a plain number, as on the wire"
MISSING: Final = object()
"""In place of an earlier value where there is none."""

_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "!=": operator.ne,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
}
_COMPARISON = re.compile(r"\s*(>=|<=|!=|==|=|>|<)\s*(.+?)\s*", re.DOTALL)
_TOLERANCE = re.compile(r"\s*(.+?)\s*(?:±|\+/?-)\s*(.+?)\s*")
_RANGE = re.compile(r"\s*(.+?)\s*\.\.\s*(.+?)\s*")
_PERCENT = re.compile(rf"({units.NUMBER})\s*%")
_BARE = re.compile(units.NUMBER)


class Expectation(ABC):
    """One expectation. `text` is how it was written."""

    text: str

    @abstractmethod
    def holds(self, found: object, before: object = MISSING) -> bool:
        """Whether `found` is as expected; `before`: the value at the previous look."""


@terse
class Exactly(Expectation):
    """This very value."""

    text: str
    value: object
    physical: bool
    """A computed quantity: equal within float rounding."""

    def holds(self, found: object, before: object = MISSING) -> bool:
        return same(self.value, found, self.physical)


@terse
class Compared(Expectation):
    """A comparison with a number or, for = and !=, with any value."""

    text: str
    sign: str
    value: object
    physical: bool

    def holds(self, found: object, before: object = MISSING) -> bool:
        if self.sign in ("!=", "=", "=="):
            return same(self.value, found, self.physical) != (self.sign == "!=")
        number = numeric(found)
        return number is not None and _COMPARISONS[self.sign](number, numeric(self.value) or 0.0)


@terse
class InRange(Expectation):
    """A number between two bounds, both included."""

    text: str
    lowest: float
    highest: float

    def holds(self, found: object, before: object = MISSING) -> bool:
        number = numeric(found)
        return number is not None and self.lowest <= number <= self.highest


class TextPattern:
    """A regular expression that gives up rather than run away; after that it never searches again."""

    def __init__(self, text: str) -> None:
        """ValueError if it is none."""
        import regex  # unlike `re` it takes a time-out; only few scenarios need it

        try:
            self._pattern = regex.compile(text)
        except regex.error as error:
            raise ValueError(f"/{text}/ is not a regular expression: {error}") from None
        self._given_up = ""

    def found_in(self, text: str) -> bool:
        """EmulatorError if that takes too long."""
        if not self._given_up:
            try:
                return self._pattern.search(text, timeout=PATIENCE) is not None
            except TimeoutError:
                self._given_up = (
                    f"the regular expression /{self._pattern.pattern}/ takes more than {PATIENCE:g} s on a text of "
                    f"{len(text)} characters: repeat nothing that repeats itself"
                )
        raise EmulatorError(self._given_up)


@terse
class Matches(Expectation):
    """A text in which a regular expression is found."""

    text: str
    pattern: TextPattern

    def holds(self, found: object, before: object = MISSING) -> bool:
        return found is not None and self.pattern.found_in(str(found))


@terse
class Changed(Expectation):
    """Something else than before: when it was last looked at (or at the start), or when the wait began."""

    text: str

    def holds(self, found: object, before: object = MISSING) -> bool:
        return before is not MISSING and not same(before, found, physical=False)


@terse
class Absent(Expectation):
    """There is no such value: the firmware does not have it, or a fault hides it."""

    text: str

    def holds(self, found: object, before: object = MISSING) -> bool:
        return found is MISSING


@terse
class AnyOf(Expectation):
    """One of several."""

    text: str
    options: tuple[Expectation, ...]

    def holds(self, found: object, before: object = MISSING) -> bool:
        return any(option.holds(found, before) for option in self.options)


@terse
class EachOf(Expectation):
    """A list, element by element."""

    text: str
    elements: tuple[Expectation, ...]

    def holds(self, found: object, before: object = MISSING) -> bool:
        if not isinstance(found, list | tuple) or len(found) != len(self.elements):
            return False
        return all(element.holds(value) for element, value in zip(self.elements, found, strict=True))


@terse
class InList(Expectation):
    """For a list: every number, or some name, is as expected."""

    text: str
    element: Expectation
    every: bool

    def holds(self, found: object, before: object = MISSING) -> bool:
        if not isinstance(found, list | tuple):
            return self.element.holds(found, before)
        results = [self.element.holds(value) for value in found]
        return all(results) if self.every else any(results)


def same(expected: object, found: object, physical: bool) -> bool:
    """Equal as JSON data; numbers of either kind compare, truth values are not numbers."""
    if isinstance(expected, bool) or isinstance(found, bool):
        return expected is found
    if isinstance(expected, int | float) and isinstance(found, int | float):
        return math.isclose(expected, found, rel_tol=1e-6, abs_tol=1e-6) if physical else expected == found
    if isinstance(expected, list | tuple) and isinstance(found, list | tuple):
        return len(expected) == len(found) and all(same(a, b, physical) for a, b in zip(expected, found, strict=True))
    return type(expected) is type(found) and expected == found


def numeric(value: object) -> float | None:
    """A number, also where the wire carries it as text; None if it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str) and _BARE.fullmatch(value.strip()):
        return float(value)
    return None


# --- reading ---------------------------------------------------------------------------------------------------------


def may_be_absent(expectation: Expectation) -> bool:
    """Whether it is as expected that there is no such value."""
    if isinstance(expectation, AnyOf):
        return any(map(may_be_absent, expectation.options))
    return isinstance(expectation, Absent)


def literal_texts(expectation: Expectation | None) -> Iterator[str]:
    """The texts that are expected as they stand."""
    if isinstance(expectation, AnyOf):
        for option in expectation.options:
            yield from literal_texts(option)
    elif isinstance(expectation, Exactly) and isinstance(expectation.value, str):
        yield expectation.value


def parse(value: object, quantity: Quantity) -> Expectation:
    """The expectation that `value` (plain data of a document) states about a quantity. ValueError if it is none."""
    sequence = quantity.row is not None and quantity.row.sequence
    if isinstance(value, list | tuple):
        return _list(value, quantity, sequence)
    if isinstance(value, Mapping):
        if quantity.wallbox is None:
            raise ValueError("found a mapping, expected a value")
        return Exactly(written(value), value, physical=False)
    if sequence and not (isinstance(value, str) and value.strip() == "changed"):
        return InList(written(value), _single(value, quantity), every=quantity.unit is not None)
    return _single(value, quantity)


def _list(values: list[object] | tuple[object, ...], quantity: Quantity, sequence: bool) -> Expectation:
    text = written(list(values))
    parts = tuple(_single(value, quantity) for value in values)
    if sequence:
        return EachOf(text, parts)
    alternatives = AnyOf(text, parts)
    if quantity.wallbox is None:
        return alternatives
    return AnyOf(text, (alternatives, Exactly(text, list(values), physical=False)))


def _single(value: object, quantity: Quantity) -> Expectation:
    if not isinstance(value, str):
        return Exactly(written(value), _literal(value, quantity), physical=quantity.wallbox is None)
    if len(value) > LONGEST_EXPECTATION:
        raise ValueError(f"found {len(value)} characters, expected at most {LONGEST_EXPECTATION}")
    text = value.strip()
    if text == "changed":
        return Changed(text)
    if text == "absent" and quantity.wallbox is not None:
        return Absent(text)
    if len(text) > 1 and text.startswith("/") and text.endswith("/"):
        return Matches(text, TextPattern(text[1:-1]))
    compared = _COMPARISON.fullmatch(text)
    if compared is not None:
        return _comparison(text, compared[1], compared[2], quantity)
    tolerance = _TOLERANCE.fullmatch(text)
    if tolerance is not None and (bounds := _tolerance(tolerance[1], tolerance[2], quantity)) is not None:
        return InRange(text, *bounds)
    between = _RANGE.fullmatch(text)
    if between is not None and (bounds := _range(between[1], between[2], quantity)) is not None:
        return InRange(text, *bounds)
    return Exactly(value, _literal(value, quantity), physical=quantity.wallbox is None)


def _comparison(text: str, sign: str, operand: str, quantity: Quantity) -> Expectation:
    if sign in ("!=", "=", "=="):
        value = _literal(operand if quantity.unit is not None else _plain(operand), quantity)
        return Compared(text, sign, value, physical=quantity.wallbox is None)
    if quantity.row is not None and quantity.row.choices:
        raise ValueError(f'found "{text}", expected one of {", ".join(quantity.row.choices)}')
    return Compared(text, sign, _number(operand, quantity), physical=quantity.wallbox is None)


def _plain(operand: str) -> object:
    """`4` is a number, `"4"` a text."""
    if len(operand) > 1 and operand[0] == operand[-1] and operand[0] in "\"'":
        return operand[1:-1]
    return resolved(operand)


def _tolerance(middle: str, margin: str, quantity: Quantity) -> tuple[float, float] | None:
    if quantity.unit is None and not _BARE.fullmatch(middle):
        return None
    value = _number(middle, quantity)
    percent = _PERCENT.fullmatch(margin)
    if percent is not None and quantity.unit != "1":
        width = abs(value) * float(percent[1]) / 100
    else:
        width = _number(margin, quantity)
    if width < 0:
        raise ValueError(f'the tolerance "{margin}" is negative')
    return value - width, value + width


def _range(lowest: str, highest: str, quantity: Quantity) -> tuple[float, float] | None:
    if quantity.unit is None:
        if not (_BARE.fullmatch(lowest) and _BARE.fullmatch(highest)):
            return None
    elif _BARE.fullmatch(lowest):  # `6..16 A`
        lowest = f"{lowest} {highest.lstrip('+-.0123456789eE').strip()}"
    low, high = _number(lowest, quantity), _number(highest, quantity)
    if low > high:
        raise ValueError(f'the range "{lowest}..{highest}" is empty')
    return low, high


def _number(text: str, quantity: Quantity) -> float:
    if quantity.unit is not None:
        return units.parse(text, quantity.unit)
    if not _BARE.fullmatch(text):
        where = PLAIN if quantity.wallbox else f"{quantity.name} has no unit"
        raise ValueError(f'found "{text}", expected a number ({where})')
    return float(text)


def _literal(value: object, quantity: Quantity) -> object:
    """The value expected, with the unit and the words of a charger's quantity checked."""
    if quantity.wallbox is not None or value is None:
        return value
    row = quantity.row
    assert row is not None
    if row.unit is not None:
        if isinstance(value, str):
            return units.parse(value, row.unit)
        dimension = units.DIMENSIONS[row.unit]
        raise ValueError(f'found {_quoted(value)}, expected {dimension.noun} such as "{dimension.example}"')
    if row.choices and value not in row.choices:
        raise ValueError(f"found {_quoted(value)}, expected one of {', '.join(row.choices)}")
    return value


def may_change(expectation: Expectation) -> bool:
    """Whether an expectation asks for a change, and thus for an earlier value."""
    if isinstance(expectation, AnyOf):
        return any(may_change(option) for option in expectation.options)
    return isinstance(expectation, Changed)


def written(value: object) -> str:
    """A value as a scenario would state it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"[{', '.join(written(item) for item in value)}]"
    return str(value)


def shown(value: object, quantity: Quantity) -> str:
    """A value found, for a reader: with its unit where it has one."""
    if quantity.unit is not None and isinstance(value, int | float) and not isinstance(value, bool):
        return units.shown(float(value), quantity.unit)
    if quantity.unit is not None and isinstance(value, list | tuple):
        return f"[{', '.join(shown(item, quantity) for item in value)}]"
    return _quoted(value) if quantity.wallbox is not None else written(value)


def _quoted(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else written(value)
