"""Modbus TCP: unit 255, functions 3 and 6, one item a request.

The one rule: the table serves everything; here is only when the wallbox answers at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ...core.instant import SECOND, Instant
from ...devices.firmware import Profile
from ...devices.interfaces import ModbusInterface, ModbusReply, ModbusRequest
from ...devices.modbus_service import ModbusService
from ...devices.points import Point
from ...devices.register_maps.keba import UNIT_ID
from ...devices.register_table import RegisterTable
from ...devices.registers import BUSY, ILLEGAL_ADDRESS
from ...runtime.simulation import Simulation
from .logic import Logic
from .models import P30
from .readings import View
from .registers import GUIDE, LAYOUT
from .settings import ANY_UNIT, BAD_READ_EXCEPTION, DSW1_3, MINIMUM_INTERVALS, MODBUS_IN_APP, MODBUS_MOVED

SERVED: Final = Point("Modbus TCP", since="3.10.16", models=P30, source=GUIDE)
"""P30 that have it."""
MOVED_PORT: Final = 1502
LEAST: Final = {3: SECOND // 2, 6: 5 * SECOND}
"""Between two reads, and two writes of a register [µs]. Source: guide, by way of OpenEMS."""


class ModbusApi(ModbusService[View, Logic]):
    """The Modbus server of one wallbox."""

    def __init__(
        self, simulation: Simulation, logic: Logic, view: Callable[[], View], profile: Callable[[], Profile]
    ) -> None:
        super().__init__(lambda: RegisterTable(LAYOUT, profile(), logic.moments), view, logic, enabled=self._served)
        self._simulation = simulation
        self._profile = profile
        self.last: Instant | None = None
        """When it was used last."""
        self._used: dict[tuple[int, int], Instant] = {}

    def moved_interface(self) -> ModbusInterface:
        """Where it was found after a software update. Source: evcc#31005."""
        return ModbusInterface(
            port=MOVED_PORT,
            handle=self._answer,
            enabled=lambda: self._moved and self._served(),
            table=lambda: self.table,
        )

    def handle(self, request: ModbusRequest) -> ModbusReply | None:
        """On the usual port: if the service has moved away, the connection ends."""
        return ModbusReply(close=True) if self.target.settings[MODBUS_MOVED] else self._answer(request)

    def forget(self) -> None:
        self.last = None
        self._used.clear()

    @property
    def _moved(self) -> bool:
        return bool(self.target.settings[MODBUS_MOVED])

    def _served(self) -> bool:
        if not self.target.awake:
            return False
        if self.target.build.p40:
            return self.target.settings[MODBUS_IN_APP]
        return self.target.settings[DSW1_3] and SERVED.exists(self._profile())

    def _answer(self, request: ModbusRequest) -> ModbusReply | None:
        """The device's reply; silence for other units."""
        if request.unit != UNIT_ID and not self.target.settings[ANY_UNIT]:
            return None
        self.last = self._simulation.present()
        if self.target.settings[MINIMUM_INTERVALS] and self._too_soon(request, self.last):
            return ModbusReply(exception=BUSY, journal={"refused": "too soon"})  # ASSUMED: busy
        reply = self.serve(request)
        if reply is not None and reply.exception == ILLEGAL_ADDRESS:
            return ModbusReply(exception=self.target.settings[BAD_READ_EXCEPTION], journal=reply.journal)
        return reply

    def _too_soon(self, request: ModbusRequest, at: Instant) -> bool:
        least = LEAST.get(request.function, 0)
        key = (request.function, request.address if request.function == 6 else -1)
        before = self._used.get(key)
        if before is not None and at < before + least:
            return True
        if least:
            self._used[key] = at
        return False
