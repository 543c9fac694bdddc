"""Modbus TCP: any unit id, functions 3, 6 and 16.

The one rule: the table serves everything; here is what happens around a request: the fail-safe hears it, a user id is
put together from its registers, and an ICC hangs up where real ones do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ...core.messages import DONE, Outcome, Reason
from ...devices.interfaces import ModbusInterface, ModbusReply, ModbusRequest, Origin
from ...devices.register_table import WRITES, RegisterTable
from .readings import View
from .registers import CLOSING, USER_ID, layout

if TYPE_CHECKING:
    from .wallbox import Bender

NOT_ALLOWED = Outcome(refused=Reason.NOT_ALLOWED, message="start and stop of transactions is switched off")
READ_ONLY = ModbusReply(exception=2, journal={"refused": str(Reason.READ_ONLY)})


class ModbusApi:
    """The Modbus server of one controller."""

    def __init__(self, box: Bender) -> None:
        self._box = box
        self._user_id = [0x2020] * len(USER_ID)
        self.compile()

    def compile(self) -> None:
        """The table of the profile and the settings in force."""
        box = self._box
        stated = box.settings["error_order"]
        swapped = (not box.icc) if stated is None else stated == "swapped"
        missing = set(cast("list[int]", box.settings["missing_registers"]))
        if not box.icc and not box.trait("rfid"):
            missing |= {740, *range(741, 747)}
        self.table: RegisterTable[View, Bender] = RegisterTable(
            layout(
                box.profile,
                missing=missing,
                unsupported=box.settings.integer("unsupported_exception"),
                swapped=swapped,
                user_id_readable=box.settings.flag("user_id_readable"),
            ),
            box.profile,
        )

    def forget(self) -> None:
        self._user_id = [0x2020] * len(USER_ID)

    def interface(self) -> ModbusInterface:
        return ModbusInterface(
            port=502, handle=self.handle, enabled=lambda: self._box.modbus_on, table=lambda: self.table
        )

    def handle(self, request: ModbusRequest) -> ModbusReply | None:
        box = self._box
        write = request.function in WRITES
        if box.icc:
            if _touches(request, CLOSING):
                return ModbusReply(close=True, journal={"refused": str(Reason.UNKNOWN)})
            if write and box.settings.text("energy_management") != "read_write":
                outcome = Outcome(refused=Reason.READ_ONLY, message="energy management may only read")
                box.record_write(f"modbus.{request.address}", list(request.values), outcome, request.origin)
                return READ_ONLY
        reply = self.table.serve(request, lambda: View(box), box)
        if reply is not None and reply.exception is None:
            box.logic.failsafe.heard(write=write)
        return reply

    def write_user_id(self, index: int, word: int, origin: Origin) -> Outcome:
        """Two characters of a user id; the last two act, like a card that is shown."""
        box = self._box
        if not box.settings.flag("modbus_user_id_write"):
            return NOT_ALLOWED
        self._user_id[index] = word
        if index < len(USER_ID) - 1:
            return DONE
        data = b"".join(part.to_bytes(2, "big") for part in self._user_id)
        self.forget()
        user = data.decode("ascii", "replace").strip(" \0")
        outcome = box.logic.authorise(user) if user else Outcome(refused=Reason.UNAUTHORISED, message="no user id")
        box.record_write("user_id", user, outcome, origin)
        return outcome


def _touches(request: ModbusRequest, closing: range) -> bool:
    return request.address < closing.stop and closing.start < request.address + max(1, request.count)
