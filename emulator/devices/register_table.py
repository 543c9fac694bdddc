"""Serving register tables: a layout compiled for one profile.

The one rule: a value is computed only if the request asks for it, and all values of a reply come from one view.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, Generic, NamedTuple

from ..core.messages import Outcome, Reason
from .firmware import Profile
from .interfaces import ModbusReply, ModbusRequest, Origin
from .points import Fidelity
from .registers import (
    DEFAULT_REFUSALS,
    DEVICE_FAILURE,
    ILLEGAL_FUNCTION,
    Bank,
    Floating,
    Integer,
    Layout,
    Octets,
    Register,
    RegisterOrder,
    Registers,
    V,
    W,
)

READS: Final = (3, 4, 1, 2)
"""Functions that read, in the order in which an address without a function is looked up."""
WRITES: Final = (16, 6, 15, 5)
PLANS: Final = 256
"""Compiled reads kept per bank: clients poll the same few blocks for ever."""
PLAIN: Final = RegisterOrder()


class Item(Generic[V, W]):
    """One row with what can be computed once, and the registers of the value it had last."""

    __slots__ = ("_keeps_nan", "_kind", "_last", "_missing", "_words", "end", "name", "octets", "read", "row", "start")

    def __init__(self, row: Register[V, W]) -> None:
        self.row = row
        self.name = row.name
        self.read = row.read or _nothing
        self.start = row.address
        self.end = row.end
        self.octets = isinstance(row.type, Octets)
        kind = row.type.wrapping if isinstance(row.type, Integer) else row.type
        self._missing = kind.blank if row.missing is None else kind.encode(row.missing)
        self._keeps_nan = isinstance(kind, Floating) and row.missing is None
        self._last: object = None
        self._kind: type = type(None)
        self._words = self._missing

    def words(self, value: object) -> Registers:
        """What `value` is on the wire; None (and a NaN where there is none) is the row's "no value"."""
        if value == self._last and value.__class__ is self._kind and value != 0:  # 0.0 may be -0.0
            return self._words
        if value is None or (value != value and not self._keeps_nan):
            return self._missing
        words = self._words = self.row.type.encode(value, self.row.scale)
        self._last = value
        self._kind = value.__class__
        return words

    def value(self, words: Registers) -> object:
        """The value of `words` in the row's unit; None for the sentinel."""
        if self.row.missing is not None and words == self._missing:
            return None
        return self.row.type.decode(words, self.row.scale)

    def may(self, function: int) -> bool:
        """Whether the row can be touched with this function."""
        row = self.row
        if row.functions is not None and function not in row.functions:
            return False
        return (row.write if function in WRITES else row.read) is not None


class Plan(NamedTuple, Generic[V, W]):
    """A read, worked out: items and (None) fillers, whose registers after the first `skip` are sent."""

    steps: tuple[Item[V, W] | None, ...]
    skip: int
    refused: tuple[Reason, int] | None = None
    """Why not, and the address it is about."""
    reads: tuple[str, ...] = ()
    """The vendor's values behind the items."""


class Part(NamedTuple, Generic[V, W]):
    """What a write means for one item, or for one address without any."""

    item: Item[V, W] | None
    start: int
    words: Registers
    refused: Reason | None = None


class Table(Generic[V, W]):
    """One bank, compiled: which item is at which address."""

    def __init__(self, bank: Bank[V, W], profile: Profile, prefix: str) -> None:
        self.bank = bank
        self.prefix = prefix
        self.items = tuple(Item(row) for row in sorted(bank.rows, key=lambda r: r.address) if row.exists(profile))
        self.at: dict[int, Item[V, W]] = {}
        for item in self.items:
            for address in range(item.start, item.end):
                other = self.at.setdefault(address, item)
                if other is not item:
                    raise ValueError(f"{bank.name}: {item.row.name} and {other.row.name} overlap at {address}")
        self._refusals = {**DEFAULT_REFUSALS, **bank.refusals}
        self._plans: dict[tuple[int, int, int], Plan[V, W]] = {}

    # --- reading -----------------------------------------------------------------------------------------------------

    def read(self, request: ModbusRequest, view: V) -> ModbusReply:
        key = (request.function, request.address, request.count)
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) >= PLANS:
                self._plans.clear()
            plan = self._plans[key] = self._plan(*key)
        if plan.refused is not None:
            return self._refuse(*plan.refused)
        order = PLAIN if self.bank.order is None else self.bank.order(view)
        fill = self.bank.fill or 0
        words: list[int] = []
        values: dict[str, object] = {}
        for step in plan.steps:
            if step is None:
                words.append(fill)
                continue
            value = step.read(view)
            if value.__class__ is Reason:
                return self._refuse(Reason(value), step.start)
            values[step.name] = _plain(value) if step.octets else value
            words += step.words(value) if order is PLAIN else order.apply(step.words(value))
        journal = {"values": values, "reads": plan.reads} if plan.reads else {"values": values}
        return ModbusReply(values=tuple(words[plan.skip : plan.skip + request.count]), journal=journal)

    def _plan(self, function: int, start: int, count: int) -> Plan[V, W]:
        bank, stop = self.bank, start + count
        steps: list[Item[V, W] | None] = []
        first = self._readable(start, function)
        skip = 0 if first is None else start - first.start
        address = start
        while address < stop:
            item = self._readable(address, function)
            if item is not None:
                steps.append(item)
                address = item.end
            elif bank.fill is None or not bank.fills(address) or (address == start and bank.start == "defined"):
                return Plan((), 0, (Reason.WRITE_ONLY if address in self.at else Reason.UNKNOWN, address))
            else:
                steps.append(None)
                address += 1
        cut = skip > 0 or address > stop
        if (cut and not bank.split) or (bank.single and (cut or len(steps) > 1)):
            return Plan((), 0, (Reason.WRONG_LENGTH, start))
        behind = (step.row.sets for step in steps if step is not None)
        return Plan(tuple(steps), skip, reads=tuple(name for name in behind if name is not None))

    def _readable(self, address: int, function: int) -> Item[V, W] | None:
        item = self.at.get(address)
        return item if item is not None and item.may(function) else None

    # --- writing -----------------------------------------------------------------------------------------------------

    def write(self, request: ModbusRequest, view: Callable[[], V], wallbox: W) -> ModbusReply:
        policy = self.bank.writes
        needs_view = self.bank.order is not None or policy.partial == "merge"
        seen = view() if needs_view else None
        parts = list(self._parts(request, seen))
        if policy.order == "checked_first":
            parts = [part for part in parts if part.refused is not None] or parts
        exception: int | None = None
        detail: dict[str, object] = {}
        for part in parts:
            outcome = self._write_part(part, seen, wallbox, request.origin, detail)
            code = self.code(outcome)
            if code is not None:
                exception = exception or code
                detail |= {"refused": str(outcome.refused), "about": part.start}
                if policy.order != "every":
                    break
        return ModbusReply(exception=exception, journal=detail)

    def _parts(self, request: ModbusRequest, view: V | None) -> Iterator[Part[V, W]]:
        address, stop = request.address, request.address + len(request.values)
        while address < stop:
            item = self.at.get(address)
            end = min(stop, item.end) if item is not None else address + 1
            words = request.values[address - request.address : end - request.address]
            if item is None:
                if self.bank.writes.undefined == "refuse" or address > 0xFFFF:
                    yield Part(None, address, words, Reason.UNKNOWN)
            elif not item.may(request.function):
                yield Part(None, address, words, Reason.READ_ONLY)
            elif address > item.start or end < item.end:
                yield self._partial(item, address, words, view)
            else:
                yield Part(item, address, words)
            address = end

    def _partial(self, item: Item[V, W], start: int, words: Registers, view: V | None) -> Part[V, W]:
        if view is None or self.bank.writes.partial == "refuse":
            return Part(None, start, words, Reason.WRONG_LENGTH)
        current = None if item.row.read is None else item.row.read(view)
        if item.row.read is None or isinstance(current, Reason):
            return Part(None, start, words, Reason.UNKNOWN)
        kept = self._order(view).apply(item.words(current))
        offset = start - item.start
        return Part(item, item.start, kept[:offset] + words + kept[offset + len(words) :])

    def _write_part(
        self, part: Part[V, W], view: V | None, wallbox: W, origin: Origin, detail: dict[str, object]
    ) -> Outcome:
        if part.item is None:
            outcome = Outcome(refused=part.refused)
            value = part.words[0] if len(part.words) == 1 else list(part.words)
            wallbox.record_write(f"{self.prefix}{part.start}", value, outcome, origin)
            return outcome
        words = self._order(view).apply(part.words)
        outcome = self.apply(part.item, words, wallbox, origin)
        detail[part.item.row.name] = _plain(part.item.value(words))
        return outcome

    def apply(self, item: Item[V, W], words: Registers, wallbox: W, origin: Origin) -> Outcome:
        """Write one whole item (registers in its own order) and record it."""
        row = item.row
        if row.write is None:
            outcome = Outcome(refused=Reason.READ_ONLY)
        else:
            outcome = row.write(wallbox, item.value(words), origin)
        if row.journal is None:
            names = dict.fromkeys(row.names, _plain(item.value(words)))
            wallbox.record_write(f"{self.prefix}{item.start}", _plain(row.type.decode(words)), outcome, origin, names)
        elif row.journal:
            wallbox.record_write(row.journal, _plain(item.value(words)), outcome, origin)
        return outcome

    def _order(self, view: V | None) -> RegisterOrder:
        return PLAIN if self.bank.order is None or view is None else self.bank.order(view)

    # --- refusing ----------------------------------------------------------------------------------------------------

    def code(self, outcome: Outcome) -> int | None:
        """The exception code for an outcome; None for success."""
        return None if outcome.refused is None else self._refusals.get(outcome.refused, DEVICE_FAILURE)

    def _refuse(self, reason: Reason, address: int) -> ModbusReply:
        code = self._refusals.get(reason, DEVICE_FAILURE)
        return ModbusReply(exception=code or DEVICE_FAILURE, journal={"refused": str(reason), "about": address})


class RegisterTable(Generic[V, W]):
    """A layout compiled for one profile: what a vendor's Modbus handler calls."""

    def __init__(self, layout: Layout[V, W], profile: Profile) -> None:
        self.layout = layout
        banks = {id(bank): bank for banks in layout.functions.values() for bank in banks}
        self.tables = {key: Table(bank, profile, layout.prefix) for key, bank in banks.items()}
        self._functions = {
            function: tuple(self.tables[id(bank)] for bank in banks) for function, banks in layout.functions.items()
        }

    def serve(self, request: ModbusRequest, view: Callable[[], V], wallbox: W) -> ModbusReply | None:
        """The device's reply. `view` is asked at most once, and only if the request gets that far."""
        layout, function = self.layout, request.function
        if layout.units is not None and request.unit not in layout.units:
            return None if layout.foreign_unit is None else ModbusReply(exception=layout.foreign_unit)
        tables = self._functions.get(function, ())
        if not tables or (function not in READS and function not in WRITES):
            return ModbusReply(exception=ILLEGAL_FUNCTION)
        table = next((table for table in tables if request.address in table.at), tables[0])
        if function in WRITES:
            return table.write(request, view, wallbox)
        return table.read(request, view())

    def read_address(self, view: V, address: str | int) -> object:
        """The wire value of the item at an address (`modbus.210`, `210`, or `modbus.4.332` for function 4).

        Typed, but neither scaled nor swapped by the user's byte order. KeyError if nothing readable begins there; None
        if the device would refuse to give it now.
        """
        _, item = self._find(address, READS)
        if item.row.read is None:
            raise KeyError(address)
        value = item.row.read(view)
        return None if isinstance(value, Reason) else _plain(item.row.type.decode(item.words(value)))

    def write_address(self, wallbox: W, address: str | int, value: object, origin: Origin) -> Outcome:
        """Write the wire value of one item as a client would. KeyError if nothing begins at the address."""
        try:
            table, item = self._find(address, WRITES)
        except KeyError:
            table, item = self._find(address, READS)
        kind = item.row.type
        try:
            words = item.words(None) if value is None else kind.encode(value)
        except TypeError as error:
            return Outcome(refused=Reason.WRONG_TYPE, message=str(error))
        if value is not None and kind.decode(words) != value:
            return Outcome(refused=Reason.OUT_OF_RANGE, message=f"{value!r} does not fit a {kind.title}")
        return table.apply(item, words, wallbox, origin)

    def addresses(self) -> Iterator[str]:
        """Every address `read_address` and `write_address` know."""
        return self._addresses((*READS, *WRITES))

    def readable(self) -> Iterator[str]:
        """Every address `read_address` knows."""
        return self._addresses(READS)

    def _addresses(self, functions: Iterable[int]) -> Iterator[str]:
        seen: set[int] = set()
        for function in functions:
            for table in self._functions.get(function, ()):
                for item in table.items:
                    if item.may(function) and item.start not in seen:
                        seen.add(item.start)
                        yield f"{self.layout.prefix}{item.start}"

    @property
    def served(self) -> tuple[int, ...]:
        """The function codes it answers."""
        return tuple(self._functions)

    def items(self, function: int, start: int, count: int) -> Iterator[Item[V, W]]:
        """The items that a request reaches, by address."""
        tables = self._functions.get(function, ())
        table = next((table for table in tables if start in table.at), tables[0] if tables else None)
        last = -1
        for address in range(start, start + count) if table is not None else ():
            item = table.at.get(address) if table is not None else None
            if item is not None and item.start != last:
                last = item.start
                yield item

    def fidelity(self) -> Iterator[Fidelity]:
        """Every row of every bank, by bank and address."""
        for table in self.tables.values():
            for item in table.items:
                row = item.row
                kind = row.type.title + (f", x {row.scale:g}" if row.scale != 1 else "")
                yield row.documented(
                    table.bank.name,
                    kind,
                    readable=row.read is not None,
                    settable=row.write is not None,
                    name=f"{row.address} {row.name}",
                )

    def _find(self, address: str | int, functions: Iterable[int]) -> tuple[Table[V, W], Item[V, W]]:
        text = str(address).removeprefix(self.layout.prefix)
        function, dot, number = text.rpartition(".")
        try:
            wanted = (int(function),) if dot else tuple(functions)
            start = int(number)
        except ValueError:
            raise KeyError(address) from None
        for code in wanted:
            for table in self._functions.get(code, ()):
                item = table.at.get(start)
                if item is not None and item.start == start and item.may(code):
                    return table, item
        raise KeyError(address)


def _nothing(_view: object) -> object:
    return None


def _plain(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value
