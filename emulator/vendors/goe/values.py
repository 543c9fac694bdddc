"""The types of the API's values, as the vendor's key lists name them.

The one rule: a type says which JSON values fit it and how wide its floats are; ranges are rules of single keys.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Final, Generic, TypeGuard, TypeVar

from ...core.values import terse

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@terse
class JsonType(Generic[T_co]):
    """A value type. `single`: floats inside are 32 bit wide on the device, which shows in their last digits."""

    name: str
    fits: Callable[[object], TypeGuard[T_co]]
    single: bool = False
    bounds: tuple[int, int] | None = None
    """Of whole numbers."""
    schema: Mapping[str, object] = field(default_factory=dict, compare=False, repr=False)
    """JSON Schema of it."""

    @property
    def expected(self) -> str:
        """The type as the device's refusal names it: without the `optional` around it."""
        return self.name.removeprefix("optional<").removesuffix(">") if self.name.startswith("optional<") else self.name


def _integer(name: str, lowest: int, highest: int) -> JsonType[int]:
    def fits(value: object) -> TypeGuard[int]:
        return isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest

    return JsonType(
        name, fits, bounds=(lowest, highest), schema={"type": "integer", "minimum": lowest, "maximum": highest}
    )


def _instance(kind: type[T]) -> Callable[[object], TypeGuard[T]]:
    def fits(value: object) -> TypeGuard[T]:
        return isinstance(value, kind)

    return fits


_LARGEST: Final = 1.7e308
MODERATE: Final = 1e12
"""Larger numbers inside objects are refused. ASSUMED."""


def _number(value: object) -> TypeGuard[float]:
    """A number that a float can hold."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -_LARGEST <= value <= _LARGEST


def is_moderate(value: object) -> TypeGuard[float]:
    """A number that can be a time, a power, an energy or a price."""
    return _number(value) and -MODERATE <= value <= MODERATE


def _object(value: object) -> TypeGuard[dict[str, object]]:
    return isinstance(value, dict)


def optional(inner: JsonType[T]) -> JsonType[T | None]:
    """`inner` or null."""

    def fits(value: object) -> TypeGuard[T | None]:
        return value is None or inner.fits(value)

    schema = {**inner.schema, "type": [inner.schema["type"], "null"]}
    return JsonType(f"optional<{inner.name}>", fits, inner.single, inner.bounds, schema)


def array(inner: JsonType[T], *, longest: int | None = None, length: int | None = None) -> JsonType[list[T]]:
    """A list of `inner`, of exactly `length` or at most `longest` elements."""

    def fits(value: object) -> TypeGuard[list[T]]:
        if not isinstance(value, list) or (length is not None and len(value) != length):
            return False
        return (longest is None or len(value) <= longest) and all(map(inner.fits, value))

    size = "" if length is None else f"[{length}]"
    schema: dict[str, object] = {"type": "array", "items": dict(inner.schema)}
    if length is not None or longest is not None:
        schema["maxItems"] = longest if length is None else length
    if length is not None:
        schema["minItems"] = length
    return JsonType(f"array<{inner.name}>{size}", fits, inner.single, schema=schema)


def either(name: str, *types: JsonType[T]) -> JsonType[T]:
    """Any of `types`: keys that changed their type between versions, or whose setter takes more than one."""

    def fits(value: object) -> TypeGuard[T]:
        return any(kind.fits(value) for kind in types)

    schema = {"anyOf": [dict(kind.schema) for kind in types]}
    return JsonType(name, fits, any(kind.single for kind in types), schema=schema)


def anything(_: object) -> TypeGuard[object]:
    return True


ANY: Final[JsonType[object]] = JsonType("any", anything)
BOOL: Final[JsonType[bool]] = JsonType("bool", _instance(bool), schema={"type": "boolean"})
STRING: Final[JsonType[str]] = JsonType("string", _instance(str), schema={"type": "string"})
UINT8: Final = _integer("uint8", 0, 255)
INT8: Final = _integer("int8", -128, 127)
UINT16: Final = _integer("uint16", 0, 65_535)
INT32: Final = _integer("int32", -(2**31), 2**31 - 1)
UINT32: Final = _integer("uint32", 0, 2**32 - 1)
INT64: Final = _integer("int64", -(2**63), 2**63 - 1)
UINT64: Final = _integer("uint64", 0, 2**64 - 1)
SIZE: Final = _integer("size_t", 0, 2**32 - 1)
INT: Final = _integer("int", -(2**31), 2**31 - 1)
FLOAT: Final = JsonType("float", _number, single=True, schema={"type": "number"})
DOUBLE: Final = JsonType("double", _number, schema={"type": "number"})
OBJECT: Final = JsonType("object", _object, schema={"type": "object"})
SINGLE_OBJECT: Final = JsonType("object", _object, single=True, schema={"type": "object"})
"""An object whose numbers are 32-bit floats, such as a price."""
OBJECTS: Final = array(OBJECT)
SINGLE_OBJECTS: Final = array(SINGLE_OBJECT)
TEN_OBJECTS: Final = array(OBJECT, longest=10)
CURRENTS: Final = array(UINT8)
STAMP: Final = optional(INT64)
"""Milliseconds since boot; null: never."""
FLAG_OR_NUMBER: Final[JsonType[int]] = either("uint8", BOOL, UINT8)
"""What setters that take any variant accept."""
