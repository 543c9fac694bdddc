"""Modbus TCP: unit 255, functions 3 and 6, one item a request.

The one rule: the table serves everything; here is only when the box answers at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...core.instant import SECOND, Instant
from ...devices.interfaces import ModbusInterface, ModbusReply, ModbusRequest
from ...devices.register_maps.keba import UNIT_ID
from ...devices.register_table import RegisterTable
from ...devices.registers import BUSY, ILLEGAL_ADDRESS
from .readings import View
from .registers import LAYOUT

if TYPE_CHECKING:
    from .wallbox import Keba

SINCE: Final = "3.10.16"
"""First P30 firmware with Modbus."""
MOVED_PORT: Final = 1502
LEAST: Final = {3: SECOND // 2, 6: 5 * SECOND}
"""µs between two reads, and two writes of a register. Source: guide, by way of OpenEMS."""


class ModbusApi:
    """The Modbus server of one box."""

    def __init__(self, box: Keba) -> None:
        self._box = box
        self.last: Instant | None = None
        """When it was used last."""
        self._used: dict[tuple[int, int], Instant] = {}
        self.compile()

    def compile(self) -> None:
        """The table of the profile in force."""
        self.table: RegisterTable[View, Keba] = RegisterTable(LAYOUT, self._box.profile)

    def interface(self) -> ModbusInterface:
        return ModbusInterface(port=502, handle=self.handle_usual, enabled=self._enabled, table=lambda: self.table)

    def moved_interface(self) -> ModbusInterface:
        """Where it was found after a software update. Source: evcc#31005."""
        return ModbusInterface(
            port=MOVED_PORT,
            handle=self.handle,
            enabled=lambda: self._moved and self._enabled(),
            table=lambda: self.table,
        )

    @property
    def _moved(self) -> bool:
        return bool(self._box.settings["modbus_moved"])

    def handle_usual(self, request: ModbusRequest) -> ModbusReply | None:
        """As `handle`, unless the service has moved away: then the connection ends."""
        return ModbusReply(close=True) if self._moved else self.handle(request)

    def forget(self) -> None:
        self.last = None
        self._used.clear()

    def handle(self, request: ModbusRequest) -> ModbusReply | None:
        """The device's reply; silence for other units."""
        box = self._box
        if request.unit != UNIT_ID and not box.settings.flag("any_unit"):
            return None
        self.last = box.simulation.now()
        if box.settings.flag("minimum_intervals") and self._too_soon(request, self.last):
            return ModbusReply(exception=BUSY, journal={"refused": "too soon"})  # ASSUMED: busy
        reply = self.table.serve(request, lambda: View(box), box)
        if reply is not None and reply.exception == ILLEGAL_ADDRESS:
            return ModbusReply(exception=box.settings.integer("bad_read_exception"), journal=reply.journal)
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

    def _enabled(self) -> bool:
        box = self._box
        if not box.awake:
            return False
        if box.trait("generation") == "P40":
            return box.settings.flag("modbus_in_app")
        return box.settings.flag("dsw1_3") and box.profile.has(since=SINCE)
