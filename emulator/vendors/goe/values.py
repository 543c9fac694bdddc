"""The types of the API's values, as the vendor's key lists name them.

The one rule: a type says which JSON values fit it and how wide its floats are; ranges are rules of single keys.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class JsonType:
    """A value type. `single`: floats inside are 32 bit wide on the device, which shows in their last digits."""

    name: str
    fits: Callable[[object], bool]
    single: bool = False
    bounds: tuple[int, int] | None = None
    """Of whole numbers."""

    @property
    def expected(self) -> str:
        """The type as the device's refusal names it: without the `optional` around it."""
        return self.name.removeprefix("optional<").removesuffix(">") if self.name.startswith("optional<") else self.name


def _integer(name: str, lowest: int, highest: int) -> JsonType:
    def fits(value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest

    return JsonType(name, fits, bounds=(lowest, highest))


_LARGEST: Final = 1.7e308


def _number(value: object) -> bool:
    """A number that a float can hold."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -_LARGEST <= value <= _LARGEST


def optional(inner: JsonType) -> JsonType:
    """`inner` or null."""
    fits = inner.fits
    return JsonType(f"optional<{inner.name}>", lambda value: value is None or fits(value), inner.single, inner.bounds)


def array(inner: JsonType, *, longest: int | None = None, length: int | None = None) -> JsonType:
    """A list of `inner`, of exactly `length` or at most `longest` elements."""

    def fits(value: object) -> bool:
        if not isinstance(value, list | tuple) or (length is not None and len(value) != length):
            return False
        return (longest is None or len(value) <= longest) and all(map(inner.fits, value))

    size = "" if length is None else f"[{length}]"
    return JsonType(f"array<{inner.name}>{size}", fits, inner.single)


def either(name: str, *types: JsonType) -> JsonType:
    """Any of `types`: keys that changed their type between versions, or whose setter takes more than one."""
    return JsonType(name, lambda value: any(t.fits(value) for t in types), any(t.single for t in types))


ANY = JsonType("any", lambda _value: True)
BOOL = JsonType("bool", lambda value: isinstance(value, bool))
STRING = JsonType("string", lambda value: isinstance(value, str))
UINT8 = _integer("uint8", 0, 255)
INT8 = _integer("int8", -128, 127)
UINT16 = _integer("uint16", 0, 65_535)
INT32 = _integer("int32", -(2**31), 2**31 - 1)
UINT32 = _integer("uint32", 0, 2**32 - 1)
INT64 = _integer("int64", -(2**63), 2**63 - 1)
UINT64 = _integer("uint64", 0, 2**64 - 1)
SIZE = _integer("size_t", 0, 2**32 - 1)
INT = _integer("int", -(2**31), 2**31 - 1)
FLOAT = JsonType("float", _number, single=True)
DOUBLE = JsonType("double", _number)
OBJECT = JsonType("object", lambda value: isinstance(value, dict))
SINGLE_OBJECT = JsonType("object", lambda value: isinstance(value, dict), single=True)
"""An object whose numbers are 32-bit floats, such as a price."""
OBJECTS = array(OBJECT)
SINGLE_OBJECTS = array(SINGLE_OBJECT)
STAMP = optional(INT64)
"""Milliseconds since boot; null: never."""
FLAG_OR_NUMBER = either("uint8", BOOL, UINT8)
"""What setters that take any variant accept."""
