"""Types of register values: how a number, a text or bytes become 16-bit registers and back.

The one rule: a type is a frozen value without any vendor's knowledge; `decode` returns exactly what `encode` was given
whenever the value fits, and what happens when it does not is said on the type (clamped or wrapped, rounded or cut).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Literal, Protocol, overload

from ..core.values import roomy

Registers = tuple[int, ...]
"""16-bit words in ascending register order."""


class WireType(Protocol):
    """What a row of a register table is made of."""

    @property
    def registers(self) -> int:
        """How many registers (or bits) a value takes."""
        ...

    @property
    def title(self) -> str:
        """For documentation: `uint32, low word first`."""
        ...

    @property
    def blank(self) -> Registers:
        """What "no value" is on the wire unless the row says otherwise."""
        ...

    def encode(self, value: object, scale: float = 1) -> Registers:
        """The registers of `value` x `scale`. TypeError for a value of the wrong kind."""
        ...

    def decode(self, words: Registers, scale: float = 1) -> object:
        """The value in `words`, divided by `scale`."""
        ...


def packed(words: Sequence[int]) -> bytes:
    """Registers as they go over the wire."""
    return struct.pack(f">{len(words)}H", *words)


def unpacked(data: bytes) -> Registers:
    return struct.unpack(f">{len(data) // 2}H", data)


class Words(Sequence[int]):
    """Registers as they go over the wire, taken apart when somebody looks."""

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __len__(self) -> int:
        return len(self._data) // 2

    @overload
    def __getitem__(self, index: int) -> int: ...

    @overload
    def __getitem__(self, index: slice) -> Registers: ...

    def __getitem__(self, index: int | slice) -> int | Registers:
        return unpacked(self._data)[index]

    def __iter__(self) -> Iterator[int]:
        return iter(unpacked(self._data))

    def __eq__(self, other: object) -> bool:
        return self._data == other._data if isinstance(other, Words) else unpacked(self._data) == other

    def __hash__(self) -> int:
        return hash(unpacked(self._data))

    def __repr__(self) -> str:
        return repr(unpacked(self._data))


def swap_bytes(words: Iterable[int]) -> Registers:
    """Every register with its two bytes exchanged."""
    return tuple((word & 0xFF) << 8 | word >> 8 for word in words)


@roomy
class _Number:
    """What integers and floats share: size and order of words and bytes."""

    bits: int
    words: Literal["high_first", "low_first"] = "high_first"
    swapped: bool = False
    """Low byte first inside each register."""

    @cached_property
    def registers(self) -> int:
        return self.bits // 16

    @cached_property
    def _shifts(self) -> tuple[int, ...]:
        upwards = tuple(range(0, self.bits, 16))
        return upwards if self.words == "low_first" else upwards[::-1]

    @property
    def _order(self) -> str:
        words = f", {self.words[:-6]} word first" if self.bits > 16 else ""
        return words + (", low byte first" if self.swapped else "")

    def _split(self, whole: int) -> Registers:
        if self.bits == 16 and not self.swapped:
            return (whole & 0xFFFF,)
        words = tuple((whole >> shift) & 0xFFFF for shift in self._shifts)
        return swap_bytes(words) if self.swapped else words

    def _join(self, words: Registers) -> int:
        if self.swapped:
            words = swap_bytes(words)
        return sum(word << shift for word, shift in zip(words, self._shifts, strict=True))


@roomy
class Integer(_Number):
    """A whole number. `nearest` rounds halves away from zero (C's `lround`), `cut` towards zero (a C cast).

    A value that does not fit is clamped to the nearest end, or wraps as in the firmware's own integer type.
    """

    signed: bool = False
    rounding: Literal["nearest", "cut"] = "nearest"
    overflow: Literal["clamp", "wrap"] = "clamp"

    @property
    def low_first(self) -> Integer:
        return replace(self, words="low_first")

    @property
    def byte_swapped(self) -> Integer:
        return replace(self, swapped=True)

    @property
    def cut(self) -> Integer:
        """Fractions are cut off instead of rounded."""
        return replace(self, rounding="cut")

    @property
    def wrapping(self) -> Integer:
        """Too large values wrap around instead of being clamped."""
        return replace(self, overflow="wrap")

    @cached_property
    def lowest(self) -> int:
        return -(1 << self.bits - 1) if self.signed else 0

    @cached_property
    def highest(self) -> int:
        return (1 << self.bits - (1 if self.signed else 0)) - 1

    @property
    def title(self) -> str:
        return f"{'' if self.signed else 'u'}int{self.bits}{self._order}"

    @property
    def blank(self) -> Registers:
        return (0,) * self.registers

    def encode(self, value: object, scale: float = 1) -> Registers:
        if not isinstance(value, int | float):
            raise TypeError(f"{value!r} is not a number")
        number = value * scale
        whole = number if isinstance(number, int) else self.rounded(number)
        if not self.lowest <= whole <= self.highest and self.overflow == "clamp":
            whole = min(max(whole, self.lowest), self.highest)
        return self._split(whole)

    def decode(self, words: Registers, scale: float = 1) -> int | float:
        whole = self._join(words)
        if self.signed and whole > self.highest:
            whole -= 1 << self.bits
        return whole if scale == 1 else whole / scale

    def rounded(self, number: float) -> int:
        """A whole number; infinities become the ends."""
        if not math.isfinite(number):
            return self.highest if number > 0 else self.lowest
        nearest = math.floor(abs(number) + 0.5)
        # 0.57 * 100 is 56.99999999999999: what float noise alone separates from a whole number is not cut.
        if self.rounding == "cut" and abs(nearest - abs(number)) > 1e-9 * max(1.0, abs(number)):
            return math.trunc(number)
        return nearest if number >= 0 else -nearest


@roomy
class Floating(_Number):
    """An IEEE 754 number. What is too large for 32 bits becomes an infinity; "no value" is a quiet NaN."""

    @property
    def low_first(self) -> Floating:
        return replace(self, words="low_first")

    @property
    def byte_swapped(self) -> Floating:
        return replace(self, swapped=True)

    @property
    def title(self) -> str:
        return f"float{self.bits}{self._order}"

    @cached_property
    def blank(self) -> Registers:
        return self.encode(math.nan)

    @property
    def _code(self) -> str:
        return ">f" if self.bits == 32 else ">d"

    def encode(self, value: object, scale: float = 1) -> Registers:
        if not isinstance(value, int | float):
            raise TypeError(f"{value!r} is not a number")
        number = float(value) if scale == 1 else value * scale
        try:
            packed = struct.pack(self._code, number)
        except OverflowError:
            packed = struct.pack(self._code, math.copysign(math.inf, number))
        return self._split(int.from_bytes(packed, "big"))

    def decode(self, words: Registers, scale: float = 1) -> float:
        packed = self._join(words).to_bytes(self.bits // 8, "big")
        (number,) = struct.unpack(self._code, packed)
        return float(number) if scale == 1 else float(number) / scale


@dataclass(frozen=True)
class Text:
    """Characters, two to a register, the first one in the high byte. A longer text is cut at the last byte.

    The unused rest is `padding`, behind the text (`left` aligned) or in front of it (`right`); a text that begins or
    ends with the padding itself loses it.
    """

    registers: int
    padding: bytes = b"\0"
    align: Literal["left", "right"] = "left"
    encoding: str = "utf-8"

    @property
    def title(self) -> str:
        return f"{2 * self.registers} characters"

    @cached_property
    def blank(self) -> Registers:
        return self.encode("")

    def encode(self, value: object, scale: float = 1) -> Registers:
        size = 2 * self.registers
        data = str(value).encode(self.encoding, "replace")[:size]
        just: Callable[[int, bytes], bytes] = data.ljust if self.align == "left" else data.rjust
        return unpacked(just(size, self.padding))

    def decode(self, words: Registers, scale: float = 1) -> str:
        data = packed(words)
        kept = data.rstrip(self.padding) if self.align == "left" else data.lstrip(self.padding)
        return kept.decode(self.encoding, "replace")


@dataclass(frozen=True)
class Octets:
    """Bytes: two to a register, or (`spread`) one in the low byte of each. Longer ones are cut, the rest is zero."""

    registers: int
    spread: bool = False

    @property
    def title(self) -> str:
        return f"{self.registers} bytes, one per register" if self.spread else f"{2 * self.registers} bytes"

    @property
    def blank(self) -> Registers:
        return (0,) * self.registers

    def encode(self, value: object, scale: float = 1) -> Registers:
        if not isinstance(value, bytes):
            raise TypeError(f"{value!r} is not bytes")
        size = self.registers if self.spread else 2 * self.registers
        data = value[:size].ljust(size, b"\0")
        return tuple(data) if self.spread else unpacked(data)

    def decode(self, words: Registers, scale: float = 1) -> bytes:
        return bytes(word & 0xFF for word in words) if self.spread else packed(words)


@dataclass(frozen=True)
class Bit:
    """A coil or a discrete input."""

    registers: int = 1
    title: str = "bit"
    blank: Registers = (0,)

    def encode(self, value: object, scale: float = 1) -> Registers:
        return (1 if value else 0,)

    def decode(self, words: Registers, scale: float = 1) -> bool:
        return bool(words[0])


def packer(kind: WireType, scale: float) -> Callable[[object], bytes]:
    """Encodes as `kind` does with this scale, to what goes over the wire."""
    if isinstance(kind, Integer):
        return _integers(kind, scale)
    if isinstance(kind, Floating) and kind.bits == 32 and not kind.swapped:
        return _floats(kind, scale)
    return lambda value: packed(kind.encode(value, scale))


def _integers(kind: Integer, scale: float) -> Callable[[object], bytes]:
    lowest, highest, clamps, mask = kind.lowest, kind.highest, kind.overflow == "clamp", (1 << kind.bits) - 1
    rounded, size, halves = kind.rounded, kind.bits // 8, kind.bits == 32
    order: Literal["big", "little"] = "little" if kind.swapped else "big"
    if kind.bits > 16 and kind.swapped is not (kind.words == "low_first"):  # its bytes go neither up nor down
        if not halves:
            return lambda value: packed(kind.encode(value, scale))
    else:
        halves = False

    def pack(value: object) -> bytes:
        if not isinstance(value, int | float):
            raise TypeError(f"{value!r} is not a number")
        number = value * scale
        whole = number if isinstance(number, int) else rounded(number)
        if not lowest <= whole <= highest and clamps:
            whole = lowest if whole < lowest else highest
        data = (whole & mask).to_bytes(size, order)
        return data[2:] + data[:2] if halves else data

    return pack


def _floats(kind: Floating, scale: float) -> Callable[[object], bytes]:
    single, halves = struct.Struct(">f"), kind.words == "low_first"

    def pack(value: object) -> bytes:
        if not isinstance(value, int | float):
            raise TypeError(f"{value!r} is not a number")
        number = float(value) if scale == 1 else value * scale
        try:
            data = single.pack(number)
        except OverflowError:
            data = single.pack(math.copysign(math.inf, number))
        return data[2:] + data[:2] if halves else data

    return pack


BIT: Final = Bit()
U16: Final = Integer(bits=16)
S16: Final = Integer(bits=16, signed=True)
U32: Final = Integer(bits=32)
S32: Final = Integer(bits=32, signed=True)
U64: Final = Integer(bits=64)
S64: Final = Integer(bits=64, signed=True)
F32: Final = Floating(bits=32)
F64: Final = Floating(bits=64)
