"""What the rows of all register tables are made of: the wallbox as its Modbus server knows it, and what it may ask.

The one rule: a value whose feature the server has not noticed yet is 0, and a write to it does nothing.
Source: Tinkerforge esp32-firmware, `modules/modbus_tcp`.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from typing import Final, Literal

from ....core.freshness import seen
from ....core.instant import MILLISECOND, Instant
from ....core.messages import DONE, Outcome, Reason
from ....devices.interfaces import ModbusRequest, Origin
from ....devices.registers import NO_NAMES, Register
from ..api.documents import Doc
from ..charging.limits import Limits
from ..charging.nfc import Nfc
from ..charging.tracking import Tracker
from ..evse.controller import Controller
from ..evse.evseview import EvseView, Iec
from ..evse.memory import HIGHEST, Slot, SlotId, valid
from ..evse.module import Evse
from ..house.power import PowerManager
from ..meters.legacy import LegacyMeters
from ..meters.slots import Meters
from ..models import shown_slots
from ..platform import Platform
from ..system.features import ALL_VALUES, Features
from ..view import View

FW: Final = "fw: modules/modbus_tcp"
NONE: Final = 0xFFFF_FFFF
"""What stands for "no charge", "inactive slot"."""
BUFFER: Final = 28
"""Bytes of an injected tag: id (20), action (4), type (4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What registers read and write."""

    platform: Platform
    controller: Controller
    evse: Evse
    meters: Meters
    legacy: LegacyMeters
    tracker: Tracker
    limits: Limits
    power: PowerManager
    nfc: Nfc
    features: Features


@dataclass(slots=True)
class Server:
    """What the server remembers since it started, and what a write may use."""

    reach: Reach
    noticed: set[str] = field(default_factory=set)
    """Features it has noticed."""
    injecting: bytearray = field(default_factory=lambda: bytearray(BUFFER))
    """A tag that is being injected."""
    request: ModbusRequest | None = None
    """The write being served."""

    def forget(self) -> None:
        self.noticed.clear()
        self.injecting[:] = bytes(BUFFER)

    def asked(self, start: int, stop: int) -> tuple[int, ...] | None:
        """The words of registers `start` to `stop` of the write being served; None: it does not have all of them."""
        request = self.request
        if request is None or start < request.address or stop > request.address + len(request.values):
            return None
        return request.values[start - request.address : stop - request.address]

    def record_write(
        self, point: str, value: object, outcome: Outcome, origin: Origin, names: Mapping[str, object] = NO_NAMES
    ) -> None:
        self.reach.platform.record_write(point, value, outcome, origin, names)

    def log(self, text: str) -> None:
        self.reach.platform.log("modbus_tcp", text)


class Seen:
    """One wallbox at one instant, as far as its Modbus server has noticed what it has."""

    def __init__(self, reach: Reach, view: View, features: Set[str], *, defects: bool, injecting: bytes = b"") -> None:
        self.reach = reach
        self.view = view
        self.features = features
        self.defects = defects
        """Whether the mistakes of the firmware are reproduced."""
        self.injecting = injecting
        """The buffer of the tag that is being injected."""

    @property
    def platform(self) -> Platform:
        return self.reach.platform

    @property
    def generation(self) -> int:
        return self.reach.platform.generation

    @property
    def at(self) -> Instant:
        return self.view.at

    @property
    def evse(self) -> EvseView:
        return self.view.evse

    def slot(self, index: int) -> Slot:
        """A charging slot; inactive where the firmware knows no such slot."""
        return self.evse.memory.slots[index] if index < shown_slots(self.platform.profile) else Slot()

    # --- the meter ---------------------------------------------------------------------------------------------------

    @seen
    def meter(self) -> dict[str, float | None]:
        """`meter/values`"""
        return self.reach.legacy.values(self.view)

    @seen
    def _all(self) -> list[float | None]:
        return self.reach.legacy.all_values(self.view)

    def measured(self, k: int) -> float | None:
        """Entry `k` of `meter/all_values`."""
        return self._all[k] if k < len(self._all) else None

    @seen
    def meter_phases(self) -> dict[str, list[bool]]:
        return self.reach.legacy.phases(self.view)

    # --- the charge --------------------------------------------------------------------------------------------------

    @property
    def charge(self) -> Doc | None:
        """The running charge, as `charge_tracker/current_charge`."""
        return self.reach.tracker.running

    @property
    def charge_time(self) -> int:
        """ms since the running charge began; 0: none."""
        charge, evse = self.charge, self.evse
        if charge is None:
            return 0
        uptime = (evse.at - evse.memory.started) // MILLISECOND
        return max(0, uptime - charge.integer("evse_uptime_start"))

    @property
    def charge_energy(self) -> float | None:
        """kWh of the running charge, 0 without one; None: the meter does not say."""
        charge = self.charge
        if charge is None:
            return 0.0
        now, start = self.meter["energy_abs"], charge.known("meter_start")
        return None if now is None or start is None else now - start


Read = Callable[[Seen], object]
Write = Callable[[Server, object, Origin], Outcome]
Row = Register[Seen, Server]


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


def enabled(s: Seen) -> bool:
    """Not blocked by the enabling slot."""
    slot = s.slot(SlotId.MODBUS_ENABLE)
    return not slot.active or slot.current > 0


def hardware_limit(s: Seen) -> int:
    """mA, by installation and outgoing cable."""
    return min(s.slot(SlotId.INCOMING_CABLE).current, s.slot(SlotId.OUTGOING_CABLE).current)


def phases(s: Seen) -> int:
    """Phases switched on; 0 where nothing can switch them."""
    return s.evse.snapshot.phases if s.generation >= 3 else 0


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

    def guarded(server: Server, value: object, origin: Origin) -> Outcome:
        if feature not in server.noticed:
            return Outcome(refused=Reason.NOT_FITTED, message=f"no feature {feature}")
        return write(server, value, origin)

    return guarded


def ignored(_: Server, __: object, ___: Origin) -> Outcome:
    """Accepted without any effect."""
    return DONE


def set_current(server: Server, current: int) -> Outcome:
    """Slot 9, mA; the controller drops what is neither 0 nor 6..32 A, and nobody is told."""
    if not valid(current):
        return Outcome(refused=Reason.OUT_OF_RANGE, message=f"{current} mA is neither 0 nor 6000..32000 mA")
    server.reach.controller.put(SlotId.MODBUS_CURRENT, current=current)
    return DONE


def set_enabled(server: Server, enable: bool) -> Outcome:
    """Slot 10."""
    server.reach.controller.put(SlotId.MODBUS_ENABLE, current=HIGHEST if enable else 0)
    return DONE


def switch_phases(server: Server, wanted: Literal[1, 3]) -> Outcome:
    """As external control; what does not work is only logged."""
    if (problem := server.reach.power.refuse(wanted)) is not None:
        server.reach.platform.log("power_manager", problem)
        return Outcome(refused=Reason.NOT_NOW, message=problem)
    server.reach.power.request(wanted)
    return DONE
