"""The vendor's view of its wallbox: one moment's values, in the words of the API.

The one rule: a view belongs to one moment; everything measured comes from one snapshot, the one of the last whole
second since boot, and everything decided from the logic's run of that second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from ...core.freshness import HOLDS, NOW, ONCE, seen, until
from ...core.instant import MILLISECOND, MINUTE, SECOND, Instant
from ...core.snapshot import Snapshot
from ...core.states import LockState
from ...devices.settings import Setting
from . import localtime, nrg
from .device import Device, ModbusTraffic
from .features import NRG_ZERO_WHILE_CHARGING
from .limits import temperature_limit
from .memory import Car, Memory
from .schedule import Plan, with_seconds
from .settings import AWPL, CCH, CFI, CID, CLP, CWC, FUP, LMO, LOE, LOG, LOT, NMO, TSE, UST
from .surplus import HOLD, Powers

FORCED_UNLOCK: Final = 3
SYNCHRONISED: Final = 3 * SECOND
"""From a restart to the first word of the time server."""
RCD_IDLE: Final = 5
"""`rcd` without a residual current [µs]."""
MEAN: Final = 30 * SECOND
"""Length of the mean `tpa`."""


class View:
    """One moment of one wallbox. Attributes are computed when asked for and kept."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.settings = device.settings
        self.moment = device.processor.moments.now()

    @property
    def at(self) -> Instant:
        HOLDS.until = NOW
        return self.moment.at

    @seen
    def memory(self) -> Memory:
        return self.device.logic.memory

    @seen
    def second(self) -> Instant:
        """The last whole second since boot."""
        second = self.device.processor.second(self.moment.at)
        until(second + SECOND)
        return second

    @seen
    def sample(self) -> Snapshot:
        """The measurement of this second."""
        return self.device.processor.sample(self.second)

    @seen
    def offset(self) -> timedelta:
        """Local time minus UTC. Both change at whole minutes."""
        utc = self._utc
        until(self.moment.at + MINUTE - utc.second * SECOND - utc.microsecond)
        return self.device.clock.offset_of(utc)

    @property
    def utc(self) -> datetime:
        """By the wallbox's clock."""
        HOLDS.until = NOW
        return self._utc

    @property
    def utc_shown(self) -> datetime:
        """As `utc`, for who shows whole milliseconds."""
        utc = self._utc
        until(self.moment.at + MILLISECOND - utc.microsecond % MILLISECOND)
        return utc

    @property
    def since_boot(self) -> int:
        """Whole milliseconds since the last restart."""
        shown = self.stamp(self.moment.at)
        assert shown is not None
        until(self.device.processor.booted_at + (shown + 1) * MILLISECOND)
        return shown

    @seen
    def _utc(self) -> datetime:
        """As `utc`, for who tells nobody what time it is."""
        return self.device.clock.utc(self.moment.at)

    @property
    def http_clients(self) -> int:
        """Those that are being answered."""
        HOLDS.until = ONCE
        return self.device.http_clients

    @property
    def modbus(self) -> ModbusTraffic:
        """Counts every request."""
        self.device.modbus.looked_at = True
        return self.device.modbus

    @seen
    def link(self) -> bool:
        """The charge controller answers: without it nothing measured is known."""
        return self.sample.controller_link

    @seen
    def measures(self) -> bool:
        return self.sample.controller_link and self.sample.meter_ok

    @property
    def fresh(self) -> Powers | None:
        """What a client said about grid, roof and battery, while it is valid."""
        surplus = self.device.logic.around.surplus
        if surplus.data is None:
            return None
        fresh = surplus.fresh(self.moment.at)
        if fresh is not None:
            until(fresh.at + HOLD)
        return fresh

    @seen
    def nrg(self) -> list[float | int]:
        """`nrg`, computed once a measurement."""
        device, sample = self.device, self.sample
        if device.nrg[0] is not sample:
            whole = self.measures and not (sample.current_flows and device.shows(NRG_ZERO_WHILE_CHARGING))
            device.nrg = (sample, nrg.energy_array(device.identity, sample) if whole else [0] * 16)
        return device.nrg[1]

    def stamp(self, at: Instant | None) -> int | None:
        """An instant as time since boot [ms]; null: never."""
        return self.device.processor.stamp(at)

    def sway(self, channel: int, amplitude: float) -> float:
        """Noise of a device value such as signal strength."""
        sways, at = self.device.processor.sway(channel, amplitude, self.moment.at)
        until(at)
        return sways


Read = Callable[[View], object]


# --- decision --------------------------------------------------------------------------------------------------------


def allowed(v: View) -> object:
    return v.memory.decision.charge


def single_phase(v: View) -> bool:
    """`fsp`: forced to one phase; by a supply that has one only nothing is. Source: captures, psm 2 and fsp false."""
    supplied = any(v.sample.supply_phases[1:])
    return v.sample.phases == 1 and (supplied or v.device.logic.phases.requested == 1)


def phase_wish(v: View) -> object:
    """`pwm`: 0 force three, 1 wish one, 2 wish three."""
    if v.settings[LMO] != 4 or not v.settings[FUP]:
        return 0
    return 1 if v.device.logic.around.surplus.phases == 1 else 2


def amt(v: View) -> object:
    return temperature_limit(v.sample)


def charging_duration(v: View) -> object:
    """`cdi`: type 0 counts up from a time-stamp, type 1 is a duration in ms.

    ASSUMED: after a pause it goes on counting.
    """
    memory = v.memory
    before = memory.charged_before // MILLISECOND
    if memory.car is Car.CHARGING:
        return {"type": 0, "value": (v.stamp(memory.entered_charging) or 0) - before}
    return {"type": 1, "value": before}


# --- meter -----------------------------------------------------------------------------------------------------------


def residual(v: View) -> object:
    """`rcd` [µs]. ASSUMED: one more for each mA."""
    if not v.link:
        return None
    return RCD_IDLE + round(1000 * (abs(v.sample.residual_dc) + v.sample.residual_ac))


def mean_power(v: View) -> object:
    """`tpa`"""
    earlier = v.device.processor.sample_at(max(0, v.second - MEAN))
    passed = v.second - earlier.at
    return (v.sample.total_energy - earlier.total_energy) * 3600 * SECOND / passed if passed > 0 else 0.0


def session_energy(v: View) -> float:
    """`wh`: keeps the last session's value while nothing is plugged, but not on the newer platform."""
    if v.device.identity.traits.newer_platform and not v.sample.plugged:
        return 0.0
    return v.sample.session_energy


def total_energy(v: View) -> int:
    return int(v.sample.total_energy)


def peak_power(v: View) -> object:
    """The highest power of the session [W]: without noise, with which it would fall again."""
    exact = v.device.processor.exact(v.second)
    return max(v.memory.peak_power, exact.power) if exact.plugged else v.memory.peak_power


def temperatures(v: View) -> object:
    """`tma` in steps of 1/8 K: plug and board; six on the newer platform, the first two unused."""
    heat = v.sample.temperature
    plug = max(heat[f"connector_l{n}"] for n in (1, 2, 3))
    pair = [round(t * 8) / 8 for t in (plug, heat["board"])]
    if not v.device.identity.traits.newer_platform:
        return pair
    used = ("connector_l1", "connector_l2", "connector_l3", "board")
    return [0.0, 0.0, *(round(heat[name] * 8) / 8 for name in used)]


def phases(v: View) -> object:
    """`pha`: L1, L2, L3 behind the contactor, then in front of it."""
    if not v.link:
        return None
    return [*v.sample.energised, *v.sample.supply_phases]


def frequency(v: View) -> object:
    return round(v.sample.frequency, 3) if v.measures and any(v.sample.supply_phases) else 0.0


def cable(v: View) -> object:
    rating = v.sample.cable_rating
    return int(rating) if rating else None


def unlock_state(v: View) -> object:
    """`cus`: 0 unknown, 1 unlocked, 2 unlock failed, 3 locked, 4 lock failed, 5 unlocked by a power failure."""
    if not v.link:
        return 0
    lock = v.sample.lock
    if v.sample.unlocked_by_outage:
        return 5
    if lock is LockState.ERROR:
        return 4 if v.sample.plugged else 2
    return 3 if lock in (LockState.CLOSED, LockState.OPENING) else 1


def lock_command(v: View) -> object:
    """`lck`: as `ust`, or 3 while unlocking is forced, as a backend does."""
    return FORCED_UNLOCK if v.sample.unlock_forced else v.settings[UST]


def lock_feedback_age(v: View) -> object:
    return v.stamp(v.memory.feedback_changed)


# --- surplus and tariff ----------------------------------------------------------------------------------------------


def power_of(which: Callable[[Powers], float | None]) -> Read:
    """One of the powers received last, while they are valid."""
    return lambda v: None if v.fresh is None else which(v.fresh)


def latest(which: Callable[[Powers], float | None]) -> Read:
    """One of the powers received last, 0 without any."""
    return lambda v: 0.0 if v.fresh is None else which(v.fresh) or 0.0


def surplus_source(v: View) -> object:
    """`dsrc`. ASSUMED text."""
    return None if v.fresh is None else "api"


def surplus_age(v: View) -> object:
    """When such data came last."""
    return v.stamp(v.device.logic.around.surplus.received_at)


def unknown_power(v: View) -> object:
    return v.sample.power if v.sample.current_flows else 0.0


def price_slot(v: View) -> object:
    return v.device.clock.price_slot(v.at) if v.settings[AWPL] else None


# --- clock and identity ----------------------------------------------------------------------------------------------


def utc(*, microseconds: bool = False) -> Read:
    """`utc`"""
    if microseconds:
        return lambda v: localtime.stamp(v.utc, microseconds=True)
    return lambda v: localtime.stamp(v.utc_shown)


def local(*, microseconds: bool = False) -> Read:
    """`loc`"""

    if microseconds:
        return lambda v: localtime.local_stamp(v.utc, v.offset, microseconds=True)
    return lambda v: localtime.local_stamp(v.utc_shown, v.offset)


def time_server_state(v: View) -> object:
    """`tsss`: 0 reset, 1 completed, 2 in progress. ASSUMED: 3 s after a restart."""
    processor = v.device.processor
    if not v.settings[TSE]:
        return 0
    return 2 if processor.booted_at and v.at < processor.booted_at + SYNCHRONISED else 1


def group_granted(v: View) -> object:
    """`loa`: 0 in a group while nothing is wanted."""
    granted = v.device.logic.around.granted
    if not v.settings[LOE]:
        return None
    return 0 if granted is None and v.settings[LOG] else granted


def boot_time(v: View) -> object:
    """`tab`: unix ms of the boot, so that `tab + rbt` is now."""
    return int(v.device.clock.utc(v.device.processor.booted_at).timestamp() * 1000)


def local_offset(v: View) -> object:
    return int(v.offset.total_seconds() * 1000)


def plan(setting: Setting[Plan]) -> Read:
    """A schedule; from 60 on moments are shown with their second."""
    return lambda v: with_seconds(v.settings[setting])


def group_current_53(v: View) -> object:
    """`lot` was a number up to 053. Source: captured replies."""
    return v.settings[LOT]["amp"]


def group_current(v: View) -> object:
    """`lot` from 59 on. Source: captured replies."""
    value = v.settings[LOT]
    return {"amp": value["amp"], "dyn": value["amp"], "sta": value["amp"], "ts": value["ts"]}


_ANIMATIONS: Final[Mapping[Car, tuple[int, str, Setting[str]]]] = {
    Car.IDLE: (2, "Idle", CID),
    Car.WAIT: (3, "WaitCar", CWC),
    Car.CHARGING: (4, "Charging", CCH),
    Car.COMPLETE: (5, "Finished", CFI),
}


def ring(v: View) -> object:
    """`led`. Source: one captured value ("Finished"); the rest ASSUMED alike."""
    car = v.memory.car
    number, name, shade = 1, "Error", "#FF0000"
    if car is not None and car in _ANIMATIONS:
        number, name, colour = _ANIMATIONS[car]
        shade = v.settings[colour]
    return {
        "id": number,
        "name": name,
        "norwayOverlay": v.settings[NMO],
        "modeOverlay": True,
        "subtype": "renderCmds",
        "ranges": [{"from": 0, "to": 31, "colors": [shade]}],
    }


# --- small readers ---------------------------------------------------------------------------------------------------


def stored(setting: Setting[object]) -> Read:
    """A setting as it is."""
    return lambda v: v.settings[setting]


def nothing(_: View) -> object:
    return None


def always(value: object) -> Read:
    return lambda _: value


def preset(index: int) -> Read:
    """`al1` to `al5`."""
    return lambda v: v.settings[CLP][min(index, len(v.settings[CLP]) - 1)]
