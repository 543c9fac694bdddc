"""Schemas of the API's documents: defaults, reading JSON, range checks, writing JSON, with the device's own words.

The one rule: reading a document is two passes as in the device. `parse` checks types, missing and unknown members and
the width of integers, and collects its complaints; only if there were none, `limits` reports the first value out of
range. Source: Tinkerforge esp32-firmware, `config/visitors.h`.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Final

from .numbers import f32

NOT_FALSY: Final = 'JSON null node was not null or a falsy value. Use null, "", false, 0, [] or {}.'


class DocumentError(ValueError):
    """What is wrong with a document, in the device's words."""


class PathError(KeyError):
    """A suffix leads to nothing."""


class Schema(ABC):
    """One node of a document's schema. Values are plain Python: dict, list, str, int, float, bool, None."""

    @property
    @abstractmethod
    def name(self) -> str:
        """For the fidelity documentation."""

    @abstractmethod
    def default(self) -> object: ...

    @abstractmethod
    def parse(self, found: object, current: object, *, nulls: bool = True) -> object:
        """The value for parsed JSON; null keeps `current`. DocumentError if the type does not fit."""

    def limits(self, value: object) -> str | None:
        """The first violation of a range or length; None if there is none."""
        return None

    @abstractmethod
    def encode(self, value: object) -> str:
        """The value as the device writes it: compact JSON."""

    @property
    def capacity(self) -> int:
        """JSON nodes below this one that the device's parse buffer has room for."""
        return 0

    def step(self, part: str) -> tuple[Schema, str | int]:
        """The schema of a member and its key or index. PathError if there is none."""
        raise PathError(part)


@dataclass(frozen=True)
class Null(Schema):
    """No value: null commands, empty union variants, states of absent classes."""

    name = "null"

    def default(self) -> object:
        return None

    def parse(self, found: object, current: object, *, nulls: bool = True) -> object:
        if found is None or found == "" or found is False or found == 0 or found in ([], {}):
            return None
        raise DocumentError(NOT_FALSY)

    def encode(self, value: object) -> str:
        return "null"


@dataclass(frozen=True)
class Bool(Schema):
    value: bool = False
    name = "bool"

    def default(self) -> object:
        return self.value

    def parse(self, found: object, current: object, *, nulls: bool = True) -> object:
        if isinstance(found, bool):
            return found
        raise DocumentError("JSON node was not a boolean.")

    def encode(self, value: object) -> str:
        return "true" if value else "false"


@dataclass(frozen=True)
class Int(Schema):
    """An integer. `width`: of the wire type in bits; a range of its own is checked in the second pass."""

    width: int = 32
    signed: bool = False
    low: int | None = None
    high: int | None = None
    value: int = 0

    @property
    def name(self) -> str:
        kind = f"{'i' if self.signed else 'u'}{self.width}"
        return kind if not self.ranged else f"{kind} {self.low}..{self.high}"

    @property
    def ranged(self) -> bool:
        return self.low is not None or self.high is not None

    def default(self) -> object:
        return self.value

    @property
    def _bounds(self) -> tuple[int, int]:
        if self.signed:
            return -(1 << (self.width - 1)), (1 << (self.width - 1)) - 1
        return 0, (1 << self.width) - 1

    @property
    def range(self) -> tuple[int, int]:
        """The least and the greatest value it takes."""
        lowest, highest = self._bounds
        return lowest if self.low is None else self.low, highest if self.high is None else self.high

    def parse(self, found: object, current: object, *, nulls: bool = True) -> object:
        kind = "a signed" if self.signed else "an unsigned"
        if isinstance(found, int) and not isinstance(found, bool):
            low, high = (-(1 << 31), (1 << 31) - 1) if self.signed else (0, (1 << 32) - 1)
            low, high = (low, high) if self.ranged else self._bounds
            if low <= found <= high:
                return found
        if self.ranged or self.width > 32:
            raise DocumentError(f"JSON node was not {kind} integer.")
        low, high = self._bounds
        raise DocumentError(f"JSON node was not {kind} integer or too big (not in {low} - {high}).")

    def limits(self, value: object) -> str | None:
        if not isinstance(value, int):
            return None
        kind = "Integer" if self.signed else "Unsigned integer"
        if self.high is not None and value > self.high:
            return f"{kind} value {value} was more than the allowed maximum of {self.high}"
        if self.low is not None and value < self.low:
            return f"{kind} value {value} was less than the allowed minimum of {self.low}"
        return None

    def encode(self, value: object) -> str:
        return str(value) if isinstance(value, int) else "null"


@dataclass(frozen=True)
class Float(Schema):
    """A float32; None is what the device has no value for."""

    value: float | None = 0.0
    name = "f32"

    def default(self) -> object:
        return self.value

    def parse(self, found: object, current: object, *, nulls: bool = True) -> object:
        if isinstance(found, int | float) and not isinstance(found, bool):
            return float(found)
        raise DocumentError("JSON node was not a float.")

    def encode(self, value: object) -> str:
        kind = value.__class__
        return f32(value) if kind is float or kind is int else "null"


@dataclass(frozen=True)
class Str(Schema):
    """A text with its least and greatest length in bytes."""

    low: int = 0
    high: int = 32
    value: str = ""

    @property
    def name(self) -> str:
        return f"str({self.low}..{self.high})"

    def default(self) -> object:
        return self.value

    def parse(self, found: object, current: object, *, nulls: bool = True) -> object:
        if isinstance(found, str):
            return found
        raise DocumentError("JSON node was not a string.")

    def limits(self, value: object) -> str | None:
        length = len(str(value).encode())
        if length > self.high:
            return f"String of maximum length {self.high} was expected, but got {length}"
        if length < self.low:
            return f"String of minimum length {self.low} was expected, but got {length}"
        return None

    def encode(self, value: object) -> str:
        return "null" if value is None else json.dumps(value, ensure_ascii=False)


# --- short names, as the device's documentation has them -------------------------------------------------------------

NULL: Final = Null()
BOOL: Final = Bool()
U8: Final = Int(8)
U16: Final = Int(16)
U32: Final = Int(32)
U53: Final = Int(53)
I8: Final = Int(8, signed=True)
I16: Final = Int(16, signed=True)
I32: Final = Int(32, signed=True)
I52: Final = Int(52, signed=True)
F32: Final = Float()


def uint(low: int, high: int, value: int = 0, *, width: int = 32) -> Int:
    """An unsigned integer with a range of its own."""
    return Int(width, False, low, high, value)


def sint(low: int, high: int, value: int = 0, *, width: int = 32) -> Int:
    return Int(width, True, low, high, value)
