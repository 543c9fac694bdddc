"""Values inside Modbus registers, for faults that change values.

The one rule: a value is changed through the wire type of its row where the wallbox's table is known, else as a number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..devices.documents import Path, address, ends_with
from ..devices.interfaces import ModbusInterface, ModbusRequest, RegisterItem, RegisterMap
from ..devices.wire_types import U16, U32, U64, Registers, WireType
from ..language.digits import is_index
from .edits import HIDE, KEEP
from .match import Match
from .sentinels import Sentinel

if TYPE_CHECKING:
    from ..devices.wallbox import Wallbox
    from .candidate import Candidate
    from .effect import ChangesValues

READS: Final = (3, 4)
ILLEGAL_ADDRESS: Final = 2
_WHOLE: Final[dict[int, WireType]] = {1: U16, 2: U32, 4: U64}


@dataclass(frozen=True, slots=True)
class Cell:
    """One value in a bank."""

    path: Path
    start: int
    length: int
    type: WireType
    blank: Registers


def table_of(wallbox: Wallbox) -> RegisterMap | None:
    """The register table of a wallbox, if it says so."""
    for interface in wallbox.interfaces.values():
        if isinstance(interface, ModbusInterface) and interface.table is not None:
            return interface.table()
    return None


def names(table: RegisterMap, address: int) -> list[str]:
    """The rows that a register is part of, by any way of reading it."""
    return [item.row.name for function in READS for item in table.items(function, address, 1)]


def places(wallbox: Wallbox, path: Path) -> tuple[Path, ...]:
    """How messages may call a value: of a register, its row."""
    if path[0] != "modbus" or not is_index(path[-1]):
        return (path,)
    table = table_of(wallbox)
    number = int(path[-1])
    return ((path[-1],), *((name,) for name in (names(table, number) if table is not None else ())))


def cells(wallbox: Wallbox, request: ModbusRequest, match: Match) -> Iterator[Cell]:
    """The values wholly inside a read that a fault chooses."""
    if request.function not in READS:
        return
    first, stop = request.address, request.address + request.count
    table = table_of(wallbox)
    if table is None:
        wanted = match.register
        if wanted is not None and first <= wanted.start and wanted.stop <= stop:
            yield _plain_cell(wanted)
        return
    for item in table.items(request.function, first, request.count):
        if first <= item.start and item.end <= stop and chosen(item.row.name, item.start, match):
            yield _cell(item)


def chosen(name: str, start: int, match: Match) -> bool:
    """Whether a fault is about a row."""
    if match.register is not None:
        return start in match.register
    key = match.path_of_key
    return key is None or ends_with(address(name), key) or ends_with(("modbus", str(start)), key)


def _cell(item: RegisterItem) -> Cell:
    return Cell((item.row.name,), item.start, item.end - item.start, item.row.type, item.words(None))


def _plain_cell(registers: range) -> Cell:
    kind = _WHOLE.get(len(registers))
    if kind is None:
        registers, kind = range(registers.start, registers.start + 1), U16
    return Cell((str(registers.start),), registers.start, len(registers), kind, (0,) * len(registers))


def changed(candidate: Candidate, effect: ChangesValues, cell: Cell, words: Registers) -> Registers | None:
    """The registers of one value, changed; None if it is hidden."""
    old = cell.type.decode(words)
    if not effect.concerns(candidate, cell.path, old) or not candidate.fire():
        return words
    new = effect.value(candidate, cell.path, old)
    if new is KEEP:
        return words
    if new is HIDE:
        candidate.changed(cell.path, old, None)
        return None
    if isinstance(new, Sentinel):
        result = new.words(cell.blank)
    else:
        try:
            result = cell.type.encode(new)
        except TypeError:
            return words
    candidate.changed(cell.path, old, cell.type.decode(result))
    return result


def seen(candidate: Candidate, effect: ChangesValues, path: Path, value: object) -> object:
    """A register's value (as on the wire, unscaled) as the next client would see it; `HIDE` if it would not."""
    if not is_index(path[-1]) or value is None:
        return value
    start = int(path[-1])
    match = candidate.fault.injection.match
    table = table_of(candidate.wallbox)
    if table is None:
        found = [_plain_cell(match.register)] if match.register is not None and start in match.register else []
    else:
        found = [
            _cell(item)
            for function in READS
            for item in table.items(function, start, 1)
            if item.start == start and chosen(item.row.name, start, match)
        ][:1]
    for cell in found:
        try:
            written = cell.type.encode(value)
        except TypeError:  # shown in another form than it is written in: a text of octets
            return value
        words = changed(candidate, effect, cell, written)
        return HIDE if words is None else cell.type.decode(words)
    return value
