"""The Modbus server: counts what it is asked, and has the defects of some firmware versions.

The one rule: what a register means stands in `registers`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from ...core.messages import Outcome
from ...devices.interfaces import ModbusInterface, ModbusReply, ModbusRequest, Origin
from ...devices.register_table import RegisterTable
from .readings import View
from .registers import LAYOUT

if TYPE_CHECKING:
    from .wallbox import Goe

WRITE: Final = 16
PREFIX: Final = "modbus."
_REFUSED_IN_60: Final = (200, 299, 332)
_DEVICE_FAILURE: Final = 4


class ModbusApi:
    """The Modbus server of one box."""

    def __init__(self, box: Goe) -> None:
        self._box = box
        self.compile()

    def compile(self) -> None:
        """The tables of the profile in force."""
        self.table: RegisterTable[View, Goe] = RegisterTable(LAYOUT, self._box.profile)

    def interface(self) -> ModbusInterface:
        return ModbusInterface(
            port=502,
            handle=self.handle,
            enabled=lambda: self._box.settings.flag("men"),
            table=lambda: self.table,
        )

    def handle(self, request: ModbusRequest) -> ModbusReply | None:
        box = self._box
        now = box.simulation.now()
        if request.function == WRITE:
            box.modbus_writes += 1
            box.modbus_write_at = now
            if (reply := self._defect(request)) is not None:
                return reply
        elif request.function in LAYOUT.functions:
            box.modbus_reads += 1
            box.modbus_read_at = now
        return self.table.serve(request, lambda: View(box), box)

    def _defect(self, request: ModbusRequest) -> ModbusReply | None:
        """Writes that a firmware swallows, or refuses by mistake; which exception is ASSUMED."""
        if self._box.quirk("modbus_writes_ignored"):
            return ModbusReply(journal={"ignored": True})
        stop = request.address + len(request.values)
        hit = any(request.address <= address < stop for address in _REFUSED_IN_60)
        if hit and self._box.quirk("modbus_writes_refused"):
            return ModbusReply(exception=_DEVICE_FAILURE, journal={"refused": "defect of this firmware"})
        return None

    def read(self, address: str) -> object:
        """`modbus.120`, `modbus.4.332`: the wire value. Infinity, which JSON cannot hold, is null."""
        value = self.table.read_address(View(self._box), address)
        return None if isinstance(value, float) and not math.isfinite(value) else value

    def write(self, address: str, value: object, origin: Origin) -> Outcome:
        """As FC 16 of one item; null switches a limit off."""
        return self.table.write_address(self._box, address, value, origin)
