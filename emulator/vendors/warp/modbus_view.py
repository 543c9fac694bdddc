"""What the rows of all three register tables are made of: the box as its Modbus server knows it, and what it may ask.

The one rule: a value whose feature the server has not noticed yet is 0, and a write to it does nothing.
Source: Tinkerforge esp32-firmware, `modules/modbus_tcp`.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Set
from functools import cached_property
from typing import Any, Final, Literal, cast

from ...core.instant import MILLISECOND, Instant
from ...core.messages import DONE, Outcome, Reason
from ...devices.interfaces import Origin
from ...devices.registers import Register
from .evseview import EvseView, Iec
from .memory import HIGHEST, Slot, SlotId, valid
from .view import View

FW: Final = "fw: modules/modbus_tcp"
NONE: Final = 0xFFFF_FFFF
"""What stands for "no charge", "inactive slot"."""
DIGITS: Final = "123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"
"""Base 58 as Tinkerforge counts."""

EVSE, METER, PHASES, ALL_VALUES = "evse", "meter", "meter_phases", "meter_all_values"
SWITCH, NFC = "phase_switch", "nfc"


class Seen:
    """One box at one instant, as far as its Modbus server has noticed what it has."""

    def __init__(self, view: View, features: Set[str], *, defects: bool, injecting: bytes = b"") -> None:
        self.view = view
        self.features = features
        self.defects = defects
        """Whether the mistakes of the firmware are reproduced."""
        self.injecting = injecting
        """The buffer of the tag that is being injected."""

    @property
    def box(self) -> Warp:
        return self.view.box

    @property
    def at(self) -> Instant:
        return self.view.at

    @property
    def evse(self) -> EvseView:
        return self.view.evse

    def slot(self, index: int) -> Slot:
        """A charging slot; inactive where the firmware knows no such slot."""
        shown = cast("int", self.box.profile.model.traits["slots"]) if self.box.profile.has(since="2.10.0") else 15
        return self.evse.memory.slots[index] if index < shown else Slot()

    # --- the meter ---------------------------------------------------------------------------------------------------

    @cached_property
    def meter(self) -> dict[str, float | None]:
        """`meter/values`"""
        return cast("dict[str, float | None]", self.box.api.value("meter/values", self.view))

    @cached_property
    def _all(self) -> list[float | None]:
        return cast("list[float | None]", self.box.api.value("meter/all_values", self.view))

    def measured(self, k: int) -> float | None:
        """Entry `k` of `meter/all_values`."""
        return self._all[k] if k < len(self._all) else None

    @cached_property
    def meter_phases(self) -> dict[str, list[bool]]:
        return cast("dict[str, list[bool]]", self.box.api.value("meter/phases", self.view))

    # --- the charge --------------------------------------------------------------------------------------------------

    @property
    def charge(self) -> dict[str, Any] | None:
        """The running charge, as `charge_tracker/current_charge`."""
        return self.box.tracker.running

    @property
    def charge_time(self) -> int:
        """ms since the running charge began; 0: none."""
        charge, evse = self.charge, self.evse
        if charge is None:
            return 0
        uptime = (evse.at - evse.memory.started) // MILLISECOND
        return max(0, uptime - cast("int", charge["evse_uptime_start"]))

    @property
    def charge_energy(self) -> float | None:
        """kWh of the running charge, 0 without one; None: the meter does not say."""
        charge = self.charge
        if charge is None:
            return 0.0
        now, start = self.meter["energy_abs"], cast("float | None", charge["meter_start"])
        return None if now is None or start is None else now - start


Read = Callable[[Seen], object]
Write = Callable[["Warp", object, Origin], Outcome]
Row = Register[Seen, "Warp"]


# --- reading ---------------------------------------------------------------------------------------------------------


def gated(feature: str, read: Read) -> Read:
    """0 until the server has noticed the feature."""
    return lambda s: read(s) if feature in s.features else 0


def constant(value: object) -> Read:
    return lambda _: value


def measured(k: int, scale: float = 1) -> Read:
    """An entry of `meter/all_values` as an unsigned whole number."""
    return gated(ALL_VALUES, lambda s: whole(s.measured(k), scale))


def whole(value: float | None, scale: float = 1) -> int:
    """A float of the firmware times `scale`, cut to 32 unsigned bits.

    ASSUMED: 0 for what C leaves undefined (negative, unknown), the largest number for what does not fit.
    """
    if value is None or not math.isfinite(value) or value <= 0:
        return 0
    return min(NONE, int(_single(_single(value) * scale)))


def _single(value: float) -> float:
    """To the precision of the firmware's floats."""
    (rounded,) = struct.unpack("f", struct.pack("f", value))
    return float(rounded)


def charger_id(serial: str) -> int:
    """The number behind a name: `X8A` is 185460. ASSUMED: letters that are no digits count 0."""
    number = 0
    for letter in serial:
        number = number * 58 + max(0, DIGITS.find(letter))
    return number & NONE


def enabled(s: Seen) -> bool:
    """Not blocked by the enabling slot."""
    slot = s.slot(SlotId.MODBUS_ENABLE)
    return not slot.active or slot.current > 0


def hardware_limit(s: Seen) -> int:
    """mA, by installation and outgoing cable."""
    return min(s.slot(SlotId.INCOMING_CABLE).current, s.slot(SlotId.OUTGOING_CABLE).current)


def phases(s: Seen) -> int:
    """Phases switched on; 0 where nothing can switch them."""
    return s.evse.snapshot.phases if s.box.generation >= 3 else 0


def plugged(s: Seen) -> bool:
    return s.evse.iec is not Iec.A


# --- writing ---------------------------------------------------------------------------------------------------------

SILENTLY: Final[dict[Reason, int | None]] = dict.fromkeys(
    (
        Reason.OUT_OF_RANGE,
        Reason.INVALID,
        Reason.WRONG_LENGTH,
        Reason.NOT_FITTED,
        Reason.NOT_NOW,
        Reason.NOT_ALLOWED,
        Reason.NOT_PLUGGED,
    )
)
"""Refused without the client being told: the reply says "done"."""
UNDEFINED: Final[dict[Reason, int | None]] = dict.fromkeys((Reason.UNKNOWN, Reason.READ_ONLY))
"""As well, while `send_illegal_data_address` is off."""


def number(value: object) -> int:
    assert isinstance(value, int)
    return value


def needs(feature: str, write: Write) -> Write:
    """Nothing happens until the server has noticed the feature."""

    def guarded(box: Warp, value: object, origin: Origin) -> Outcome:
        if feature not in box.modbus.features:
            return Outcome(refused=Reason.NOT_FITTED, message=f"no feature {feature}")
        return write(box, value, origin)

    return guarded


def ignored(_: Warp, __: object, ___: Origin) -> Outcome:
    """Accepted without any effect."""
    return DONE


def set_current(box: Warp, current: int) -> Outcome:
    """Slot 9, mA; the controller drops what is neither 0 nor 6..32 A, and nobody is told."""
    if not valid(current):
        return Outcome(refused=Reason.OUT_OF_RANGE, message=f"{current} mA is neither 0 nor 6000..32000 mA")
    box.controller.put(SlotId.MODBUS_CURRENT, current=current)
    return DONE


def set_enabled(box: Warp, enable: bool) -> Outcome:
    """Slot 10."""
    box.controller.put(SlotId.MODBUS_ENABLE, current=HIGHEST if enable else 0)
    return DONE


def switch_phases(box: Warp, wanted: Literal[1, 3]) -> Outcome:
    """As external control; what does not work is only logged."""
    if (problem := box.power.refuse(wanted)) is not None:
        box.log("power_manager", problem)
        return Outcome(refused=Reason.NOT_NOW, message=problem)
    box.power.request(wanted)
    return DONE
