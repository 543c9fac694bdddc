"""Modbus TCP: unit 1, functions 3, 6 and 16, whole items only.

The one rule: the table serves everything; here is only that a write of several controls is done whole or not at all.
Source: seed document (unit, alignment, registers). The older page prints function 0x16 for multiple writes, which later
versions corrected to 0x10. Exception codes and the silence towards other units are ASSUMED.
"""

from __future__ import annotations

from typing import Final

from ...core.messages import Outcome
from ...devices.interfaces import ModbusReply, ModbusRequest
from ...devices.modbus_service import ModbusService
from ...devices.registers import Bank, Layout
from .controls import Controls
from .items import CONTROL, ITEMS
from .readings import View
from .refusals import EXCEPTIONS

BANK: Final[Bank[View, Controls]] = Bank("Modbus holding registers", ITEMS, split=False, refusals=EXCEPTIONS)
UNIT: Final = 1
LAYOUT: Final[Layout[View, Controls]] = Layout({3: (BANK,), 6: (BANK,), 16: (BANK,)}, units=(UNIT,))
WRITE_MULTIPLE: Final = 16


class ModbusApi(ModbusService[View, Controls]):
    """The Modbus server of one unit."""

    def handle(self, request: ModbusRequest) -> ModbusReply | None:
        refused = self._refused(request) if request.function == WRITE_MULTIPLE and request.unit == UNIT else None
        return self.serve(request) if refused is None else refused

    def _refused(self, request: ModbusRequest) -> ModbusReply | None:
        """The reply to several controls of which one is not accepted: then none is written."""
        start, stop = request.address, request.address + len(request.values)
        items = [item for item in CONTROL if start <= item.address and item.end <= stop]
        if len(items) < 2 or sum(item.type.registers for item in items) != len(request.values):
            return None
        for item in items:
            assert item.control is not None
            words = request.values[item.address - start : item.end - start]
            refusal = item.control.accept(self.target, item.type.decode(words, item.scale))
            if isinstance(refusal, Outcome):
                wire = item.type.decode(words)
                decoded = {item.name: item.type.decode(words, item.scale)}
                self.target.record_write(f"modbus.{item.address}", wire, refusal, request.origin, decoded)
                return ModbusReply(
                    exception=self.table.tables[0].code(refusal),
                    journal={"refused": str(refusal.refused), "about": item.address},
                )
        return None
