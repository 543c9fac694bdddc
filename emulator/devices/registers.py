"""Register tables as data: rows, and the policies by which a device serves them over Modbus.

The one rule: everything here is a frozen value; `registertable` compiles it for a profile and serves it.

A vendor writes rows, puts them into banks, and banks into a layout:

    Row = Register[View, Box]
    HOLDING = Bank("Modbus holding registers", (Row("current_set", 194, U16, scale=10, read=..., write=...), ...))
    LAYOUT = Layout({3: (HOLDING,), 6: (HOLDING,), 16: (HOLDING,)})
    table = RegisterTable(LAYOUT, profile);  reply = table.serve(request, wallbox.view, wallbox)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Final, Generic, Literal, Protocol, TypeVar

from ..core.messages import Outcome, Reason
from .interfaces import Origin
from .points import Facts, Point
from .wire_types import (
    BIT,
    F32,
    F64,
    S16,
    S32,
    S64,
    U16,
    U32,
    U64,
    Bit,
    Floating,
    Integer,
    Octets,
    Registers,
    Text,
    WireType,
    swap_bytes,
)

__all__ = [
    "BIT",
    "DEFAULT_REFUSALS",
    "F32",
    "F64",
    "ILLEGAL_ADDRESS",
    "ILLEGAL_FUNCTION",
    "ILLEGAL_VALUE",
    "READS",
    "S16",
    "S32",
    "S64",
    "U16",
    "U32",
    "U64",
    "WRITES",
    "Bank",
    "Bit",
    "Floating",
    "Integer",
    "Layout",
    "Octets",
    "Register",
    "RegisterOrder",
    "Registers",
    "Text",
    "WireType",
    "Writes",
    "swap_bytes",
]  # fmt: skip

READS: Final = (3, 4, 1, 2)
"""Functions that read, in the order in which an address without a function is looked up."""
WRITES: Final = (16, 6, 15, 5)
ILLEGAL_FUNCTION: Final = 1
ILLEGAL_ADDRESS: Final = 2
ILLEGAL_VALUE: Final = 3
DEVICE_FAILURE: Final = 4
BUSY: Final = 6

DEFAULT_REFUSALS: Final[Mapping[Reason, int | None]] = {
    Reason.UNKNOWN: ILLEGAL_ADDRESS,
    Reason.READ_ONLY: ILLEGAL_ADDRESS,
    Reason.WRITE_ONLY: ILLEGAL_ADDRESS,
    Reason.WRONG_LENGTH: ILLEGAL_ADDRESS,
    Reason.NOT_FITTED: ILLEGAL_ADDRESS,
    Reason.WRONG_TYPE: ILLEGAL_VALUE,
    Reason.INVALID: ILLEGAL_VALUE,
    Reason.OUT_OF_RANGE: ILLEGAL_VALUE,
    Reason.NOT_NOW: BUSY,
}
"""Exception code per reason; None: the device says "done" although it did nothing. What is missing here is 4."""


NO_NAMES: Final[Mapping[str, object]] = {}
"""A write that is known by its address alone."""


class RecordWrite(Protocol):
    """Records a write; see `Wallbox.record_write`."""

    def __call__(
        self, point: str, value: object, outcome: Outcome, origin: Origin, names: Mapping[str, object] = NO_NAMES
    ) -> None: ...


class Recorder(Protocol):
    """What a register table needs of a wallbox."""

    def record_write(
        self, point: str, value: object, outcome: Outcome, origin: Origin, names: Mapping[str, object] = NO_NAMES
    ) -> None: ...


V = TypeVar("V")
"""The vendor's view: a snapshot with this wallbox's settings and identity."""
W = TypeVar("W", bound=Recorder)
"""What writes act on: a part of the vendor's wallbox, or all of it."""


class RegisterFacts(Facts, total=False):
    """What a register may say about itself beside that; see `Register`."""

    scale: float
    missing: float | None
    functions: tuple[int, ...] | None
    journal: str | None
    sets: str | None


@dataclass(frozen=True)
class Register(Point, Generic[V, W]):
    """One item of a register table (or one coil), at the zero-based address of the wire."""

    address: int
    type: WireType
    scale: float = field(default=1, kw_only=True)
    """Wire value = `read`'s value x scale."""
    read: Callable[[V], object] | None = field(default=None, kw_only=True)
    """The value in the unit the vendor's table is about; None is "no value", a `Reason` refuses the request."""
    write: Callable[[W, object, Origin], Outcome] | None = field(default=None, kw_only=True)
    """Act on the decoded value (wire value / scale; `None` for the sentinel)."""
    missing: float | None = field(default=None, kw_only=True)
    """Wire value (before word order) that stands for "no value", `0xFFFF`, `math.inf`. None: zeros, NaN, or blanks."""
    functions: tuple[int, ...] | None = field(default=None, kw_only=True)
    """Function codes that may touch it, if fewer than the bank's."""
    journal: str | None = field(default=None, kw_only=True)
    """A write is recorded under this name with its decoded value; None: as `modbus.<address>` with its wire value;
    empty: `write` records it itself."""

    sets: str | None = field(default=None, kw_only=True)
    """The vendor's value that it is another way to, in the same unit: `amp`."""

    @property
    def names(self) -> tuple[str, ...]:
        """What its value is called: the row, then the vendor's value behind it."""
        return (self.name,) if self.sets is None else (self.name, self.sets)

    @property
    def end(self) -> int:
        """The first address behind it."""
        return self.address + self.type.registers


@dataclass(frozen=True, slots=True)
class RegisterOrder:
    """Byte and word order a user can set on the device (go-e `msb`, `msr`), on top of the types' own."""

    swap_bytes: bool = False
    reverse_registers: bool = False
    """Of every item of more than one register."""

    def apply(self, words: Registers) -> Registers:
        """To the registers of one item; its own inverse."""
        if self.reverse_registers:
            words = words[::-1]
        return swap_bytes(words) if self.swap_bytes else words


@dataclass(frozen=True, slots=True, kw_only=True)
class Writes:
    """What a device does with the items of one write request."""

    order: Literal["checked_first", "until_refused", "every"] = "checked_first"
    """Look at all addresses before anything is written; or write item by item, stopping at the first refusal or not."""
    partial: Literal["refuse", "merge"] = "refuse"
    """Writing some registers of an item: refused, or the others keep what reading them gives."""
    undefined: Literal["refuse", "ignore"] = "refuse"


@dataclass(frozen=True)
class Bank(Generic[V, W]):
    """One address space: rows, and what happens between and across them."""

    name: str
    """For documentation: `Modbus input registers`."""
    rows: tuple[Register[V, W], ...]
    _: KW_ONLY
    fill: int | None = None
    """What an address without a (readable) row gives inside a read; None: the request is refused."""
    fill_within: tuple[range, ...] | None = None
    """Where `fill` holds; elsewhere the request is refused. None: everywhere."""
    start: Literal["anywhere", "defined"] = "anywhere"
    """`defined`: a read that begins where there is no row is refused in spite of `fill`."""
    split: bool = True
    """Whether a read may begin or end inside an item."""
    single: bool = False
    """A read covers exactly one item."""
    writes: Writes = Writes()
    refusals: Mapping[Reason, int | None] = field(default_factory=dict)
    """Where this device differs from `DEFAULT_REFUSALS`."""
    order: Callable[[V], RegisterOrder] | None = None

    def fills(self, address: int) -> bool:
        """Whether a read may pass over `address` though there is nothing."""
        if self.fill is None:
            return False
        return self.fill_within is None or any(address in part for part in self.fill_within)


@dataclass(frozen=True)
class Layout(Generic[V, W]):
    """Which function codes reach which banks, and for which unit ids.

    Several banks for a function: the first one that knows the request's first address serves the whole request (go-e
    answers functions 3 and 4 alike). A function that is not listed is exception 1.
    """

    functions: Mapping[int, tuple[Bank[V, W], ...]]
    units: tuple[int, ...] | None = None
    """Unit ids that are answered; None: all."""
    foreign_unit: int | None = None
    """Exception code for other unit ids; None: silence."""
    prefix: str = "modbus."
    """Of addresses in scenarios and in the journal."""
