"""Modbus TCP: unit 1, functions 3, 6 and 16, whole items only.

The one rule: the table serves everything; here is only that a write of several controls is done whole or not at all.
Source: seed document (unit, alignment, registers). The older page prints function 0x16 for multiple writes, which later
versions corrected to 0x10. Exception codes and the silence towards other units are ASSUMED.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...devices.interfaces import ModbusInterface, ModbusReply, ModbusRequest
from ...devices.register_table import RegisterTable
from ...devices.registers import Bank, Layout
from .items import CONTROL, ITEMS
from .readings import View
from .refusals import EXCEPTIONS

if TYPE_CHECKING:
    from .wallbox import NrgKick

BANK: Final[Bank[View, NrgKick]] = Bank("Modbus holding registers", ITEMS, split=False, refusals=EXCEPTIONS)
LAYOUT: Final[Layout[View, NrgKick]] = Layout({3: (BANK,), 6: (BANK,), 16: (BANK,)}, units=(1,))
WRITE_MULTIPLE: Final = 16


class ModbusApi:
    """The Modbus server of one unit."""

    def __init__(self, box: NrgKick) -> None:
        self._box = box
        self.compile()

    def compile(self) -> None:
        """The table of the profile in force."""
        self.table: RegisterTable[View, NrgKick] = RegisterTable(LAYOUT, self._box.profile)

    def interface(self) -> ModbusInterface:
        return ModbusInterface(port=502, handle=self.handle, enabled=self._enabled, table=lambda: self.table)

    def _enabled(self) -> bool:
        return self._box.settings.flag("modbus_api")

    def handle(self, request: ModbusRequest) -> ModbusReply | None:
        box = self._box
        if request.function == WRITE_MULTIPLE and request.unit in (LAYOUT.units or ()):
            refused = self._refused(request)
            if refused is not None:
                return refused
        return self.table.serve(request, lambda: View(box), box)

    def _refused(self, request: ModbusRequest) -> ModbusReply | None:
        """The reply to several controls of which one is not accepted: then none is written."""
        start, stop = request.address, request.address + len(request.values)
        items = [item for item in CONTROL if start <= item.address and item.end <= stop]
        if len(items) < 2 or sum(item.type.registers for item in items) != len(request.values):
            return None
        for item in items:
            words = request.values[item.address - start : item.end - start]
            value, wire = item.type.decode(words, item.scale), item.type.decode(words)
            assert isinstance(value, int | float)
            refusal = self._box.controls.refusal(item.path[0], value)
            if refusal is not None:
                self._box.record_write(f"modbus.{item.address}", wire, refusal.outcome, request.origin)
                return ModbusReply(
                    exception=self.table.tables[id(BANK)].code(refusal.outcome),
                    journal={"refused": str(refusal.reason), "about": item.address},
                )
        return None
