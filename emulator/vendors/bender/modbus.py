"""Modbus TCP: any unit id, functions 3, 6 and 16.

The one rule: the table serves everything; here is what happens around a request: the fail-safe hears it, and an ICC
hangs up where real ones do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ...core.messages import Outcome, Reason
from ...devices.firmware import Profile
from ...devices.interfaces import ModbusReply, ModbusRequest, Origin
from ...devices.modbus_service import ModbusService
from ...devices.register_table import RegisterTable
from ...devices.registers import WRITES
from .build import Build
from .layout import layout
from .logic import Logic
from .readings import View
from .settings import ENERGY_MANAGEMENT, ERROR_ORDER, MISSING_REGISTERS, UNSUPPORTED_EXCEPTION, USER_ID_READABLE
from .user_id import USER_ID

CLOSING: Final = range(730, 747)
"""Registers at whose mention an ICC ends the connection, after an exception. Source: evcc#32560."""
READER: Final = (740, *range(741, 747))
"""What a CC without a card reader lacks."""
ONLY_READ: Final = Outcome(refused=Reason.READ_ONLY, message="energy management may only read")
READ_ONLY: Final = ModbusReply(exception=2, journal={"refused": str(Reason.READ_ONLY)})


class ModbusApi(ModbusService[View, Logic]):
    """The Modbus server of one controller."""

    def __init__(self, build: Build, logic: Logic, view: Callable[[], View], profile: Callable[[], Profile]) -> None:
        self._build = build
        self._profile = profile
        super().__init__(self._compile, view, logic, enabled=lambda: logic.modbus_on)

    def _compile(self) -> RegisterTable[View, Logic]:
        build, settings = self._build, self.target.settings
        ranges, missing = build.release.ranges, set(settings[MISSING_REGISTERS])
        if not build.icc and not build.traits.rfid:
            missing.update(READER)
        if not build.icc and settings[USER_ID_READABLE]:
            ranges = (*ranges, USER_ID)
        order = settings[ERROR_ORDER] or ("normal" if build.icc else "swapped")
        found = layout(
            icc=build.icc,
            ranges=ranges,
            missing=frozenset(missing),
            unsupported=settings[UNSUPPORTED_EXCEPTION],
            swapped=order == "swapped",
        )
        return RegisterTable(found, self._profile(), self.target.moments)

    def handle(self, request: ModbusRequest) -> ModbusReply | None:
        logic, write = self.target, request.function in WRITES
        if self._build.icc:
            if _touches(request, CLOSING):
                return ModbusReply(exception=2, close=True, journal={"refused": str(Reason.UNKNOWN)})
            if write and logic.settings[ENERGY_MANAGEMENT] != "read_write":
                logic.record_write(f"modbus.{request.address}", list(request.values), ONLY_READ, request.origin)
                return READ_ONLY
        reply = self.serve(request)
        if reply is not None and reply.exception is None:
            logic.heard(write=write)
        return reply

    def write(self, address: str, value: object, origin: Origin) -> Outcome:
        outcome = super().write(address, value, origin)
        if outcome.ok:
            self.target.heard(write=True)
        return outcome


def _touches(request: ModbusRequest, closing: range) -> bool:
    return request.address < closing.stop and closing.start < request.address + max(1, request.count)
