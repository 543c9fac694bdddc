"""Exchanges over Modbus in the words of the box: values of registers as scenarios name them, and writes.

The one rule: decoded by the table of the model and firmware that the log is about, as the emulated box encodes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..devices.interfaces import RegisterMap
from ..vendors.specimen import specimen
from .asking import Ask
from .boxes import Box, Reading
from .exchange import Exchange
from .frames import READS
from .identity import Device


def decode(box: Box, device: Device) -> None:
    """Add what the exchanges of a box say to its readings and writes."""
    if not box.exchanges:
        return
    model = specimen(device.vendor, device.vendor.profile(device.model, device.firmware))
    tables = list(model.register_tables())
    table = _fitting(tables, box.exchanges)
    for one in box.exchanges:
        if one.function in READS:
            box.readings += _readings(one, table)
        elif one.exception is None:
            box.asks += _asks(one, table)


def _fitting(tables: Iterable[RegisterMap], exchanges: list[Exchange]) -> RegisterMap | None:
    """Of several tables the one that has most of the registers."""

    def known(table: RegisterMap) -> int:
        return sum(1 for one in exchanges for _ in table.items(one.function, one.address, one.count))

    return max(tables, key=known, default=None)


def _readings(one: Exchange, table: RegisterMap | None) -> Iterator[Reading]:
    if one.values is None:
        return
    known = False
    for item in table.items(one.function, one.address, one.count) if table is not None else ():
        begin = item.start - one.address
        words = one.values[max(0, begin) : begin + item.end - item.start]
        if begin < 0 or len(words) < item.end - item.start:
            continue
        known = True
        value = item.row.type.decode(words)
        shown = value.hex() if isinstance(value, bytes) else value
        name = f"modbus:{item.row.name}"
        yield Reading(one.at, one.line, "modbus", f"modbus.{item.start}", shown, name, item.row.scale)
    if not known and one.values:
        yield Reading(one.at, one.line, "modbus", f"modbus.{one.address}", one.values[0], "modbus:unknown")


def named_values(one: Exchange, table: RegisterMap | None) -> dict[str, object]:
    """What an exchange says, by the names of the registers, in the unit of the vendor's table."""
    found: dict[str, object] = {}
    words = one.written or one.values or ()
    for item in table.items(one.function, one.address, one.count) if table is not None else ():
        begin, size = item.start - one.address, item.end - item.start
        if begin >= 0 and len(words) >= begin + size:
            value = item.row.type.decode(words[begin : begin + size], item.row.scale)
            found[item.row.name] = value.hex() if isinstance(value, bytes) else value
    return found


def _asks(one: Exchange, table: RegisterMap | None) -> Iterator[Ask]:
    if len(one.written) == 1:
        arguments: dict[str, object] = {"register": one.address, "write": one.written[0]}
        arguments |= {"function": one.function} if one.function != 6 else {}
        arguments |= {"unit": one.unit} if one.unit not in (1, 0) else {}
        yield Ask(one.at, one.line, "modbus", arguments)
        return
    for item in table.items(one.function, one.address, one.count) if table is not None else ():
        begin = item.start - one.address
        words = one.written[begin : begin + item.end - item.start] if begin >= 0 else ()
        if len(words) == item.end - item.start:
            value = item.row.type.decode(words)
            yield Ask(one.at, one.line, "modbus", values={f"modbus.{item.start}": value})
