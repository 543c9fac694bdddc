"""Serving register tables: a layout compiled for one profile.

The one rule: a value is computed only if the request asks for it, and all values of a reply come from one view.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, Generic, NamedTuple

from ..core.freshness import ONCE
from ..core.messages import Outcome, Reason
from .firmware import Profile
from .interfaces import ModbusReply, ModbusRequest, Origin
from .points import Fidelity
from .register_image import PLAIN, Item, Plan, plain
from .registers import (
    DEFAULT_REFUSALS,
    DEVICE_FAILURE,
    ILLEGAL_FUNCTION,
    READS,
    WRITES,
    Bank,
    Layout,
    RegisterOrder,
    Registers,
    V,
    W,
)
from .rendering import Moments
from .wire_types import packed

PLANS: Final = 256
"""Compiled reads kept per bank: clients poll the same few blocks for ever."""


class Part(NamedTuple, Generic[V, W]):
    """What a write means for one item, or for one address without any."""

    item: Item[V, W] | None
    start: int
    words: Registers
    refused: Reason | None = None


class Table(Generic[V, W]):
    """One bank, compiled: which item is at which address."""

    def __init__(self, bank: Bank[V, W], profile: Profile, prefix: str, moments: Moments | None) -> None:
        self._moments = moments
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
        self._fill = packed((bank.fill or 0,))

    # --- reading -----------------------------------------------------------------------------------------------------

    def read(self, request: ModbusRequest, view: Callable[[], V]) -> ModbusReply:
        key = (request.function, request.address, request.count)
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) >= PLANS:
                self._plans.clear()
            plan = self._plans[key] = self._plan(*key)
        if plan.refused is not None:
            return self._refuse(*plan.refused)
        moment, before = self._moments.now() if self._moments is not None else None, plan.moment
        if moment is not None and before is not None and before[0] == moment[0]:
            at, until = moment[1], plan.until
            if at < until or (at == before[1] and until != ONCE):
                return plan.reply
        seen = view()
        order = PLAIN if self.bank.order is None else self.bank.order(seen)
        refused = plan.renew(seen, moment, order, self._fill, request.count)
        return plan.reply if refused is None else self._refuse(*refused)

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
        detail[part.item.row.name] = plain(part.item.value(words))
        return outcome

    def apply(self, item: Item[V, W], words: Registers, wallbox: W, origin: Origin) -> Outcome:
        """Write one whole item (registers in its own order) and record it."""
        row = item.row
        if row.write is None:
            outcome = Outcome(refused=Reason.READ_ONLY)
        else:
            outcome = row.write(wallbox, item.value(words), origin)
        if row.journal is None:
            names = dict.fromkeys(row.names, plain(item.value(words)))
            wallbox.record_write(f"{self.prefix}{item.start}", plain(row.type.decode(words)), outcome, origin, names)
        elif row.journal:
            wallbox.record_write(row.journal, plain(item.value(words)), outcome, origin)
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

    def __init__(self, layout: Layout[V, W], profile: Profile, moments: Moments | None = None) -> None:
        """`moments`: of the wallbox; without, every value is read anew for every request."""
        self.layout = layout
        banks = {id(bank): bank for banks in layout.functions.values() for bank in banks}
        made = {key: Table(bank, profile, layout.prefix, moments) for key, bank in banks.items()}
        self.tables = tuple(made.values())
        """One of each bank."""
        self._functions = {
            function: tuple(made[id(bank)] for bank in banks) for function, banks in layout.functions.items()
        }

    def serve(self, request: ModbusRequest, view: Callable[[], V], wallbox: W) -> ModbusReply | None:
        """The device's reply. `view` is asked at most once, and only if the request gets that far."""
        layout, function = self.layout, request.function
        if layout.units is not None and request.unit not in layout.units:
            return None if layout.foreign_unit is None else ModbusReply(exception=layout.foreign_unit)
        tables = self._functions.get(function, ())
        if not tables or (function not in READS and function not in WRITES):
            return ModbusReply(exception=ILLEGAL_FUNCTION)
        table = tables[0]
        if len(tables) > 1 and request.address not in table.at:
            table = next((table for table in tables if request.address in table.at), table)
        if function in WRITES:
            return table.write(request, view, wallbox)
        return table.read(request, view)

    def read_address(self, view: V, address: str | int) -> object:
        """The wire value of the item at an address (`modbus.210`, `210`, or `modbus.4.332` for function 4).

        Typed, but neither scaled nor swapped by the user's byte order. KeyError if nothing readable begins there; None
        if the device would refuse to give it now.
        """
        _, item = self._find(address, READS)
        if item.row.read is None:
            raise KeyError(address)
        value = item.row.read(view)
        return None if isinstance(value, Reason) else plain(item.row.type.decode(item.words(value)))

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

    def tables_of(self, function: int) -> tuple[Table[V, W], ...]:
        """The tables that a function code reaches."""
        return self._functions.get(function, ())

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
        for table in self.tables:
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
