"""The Modbus server: counts what it is asked, and has the defects of some firmware versions.

The one rule: what a register means stands in `registers`.
"""

from __future__ import annotations

from typing import Final

from ...devices.interfaces import ModbusReply, ModbusRequest
from ...devices.modbus_service import ModbusService
from ...devices.register_table import RegisterTable
from .device import Device
from .features import MODBUS_WRITES_IGNORED, MODBUS_WRITES_REFUSED
from .readings import View
from .registers import LAYOUT
from .settings import MEN
from .writer import Writer

WRITE: Final = 16
_REFUSED_IN_60: Final = (200, 299, 332)
_DEVICE_FAILURE: Final = 4


class ModbusApi(ModbusService[View, Writer]):
    """The Modbus server of one wallbox."""

    def __init__(self, device: Device, writer: Writer) -> None:
        super().__init__(
            lambda: RegisterTable(LAYOUT, device.identity.profile, device.processor.moments),
            lambda: View(device),
            writer,
            enabled=lambda: device.settings[MEN],
        )
        self._device = device

    def handle(self, request: ModbusRequest) -> ModbusReply | None:
        traffic, now = self._device.modbus, self._device.processor.at
        if traffic.looked_at:
            traffic.looked_at = False
            self._device.processor.moments.pass_on()
        if request.function == WRITE:
            traffic.writes += 1
            traffic.write_at = now
            if (reply := self._defect(request)) is not None:
                return reply
        elif request.function in LAYOUT.functions:
            traffic.reads += 1
            traffic.read_at = now
        return self.serve(request)

    def _defect(self, request: ModbusRequest) -> ModbusReply | None:
        """Writes that a firmware swallows, or refuses by mistake; which exception is ASSUMED."""
        if self._device.shows(MODBUS_WRITES_IGNORED):
            return ModbusReply(journal={"ignored": True})
        stop = request.address + len(request.values)
        hit = any(request.address <= address < stop for address in _REFUSED_IN_60)
        if hit and self._device.shows(MODBUS_WRITES_REFUSED):
            return ModbusReply(exception=_DEVICE_FAILURE, journal={"refused": "defect of this firmware"})
        return None
