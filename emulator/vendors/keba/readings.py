"""The vendor's view of its box: one moment's values, in the units of both interfaces (mA, mW, V, 0.1 Wh).

The one rule: a view belongs to one moment; everything in it comes from one snapshot and the box's own memory.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Final

from ...core.instant import SECOND
from ...core.snapshot import EvseState, LockState, Snapshot
from .errors import error_code
from .logic import charging
from .sessions import tenths

if TYPE_CHECKING:
    from .wallbox import Keba

Read = Callable[["View"], object]

STARTING, NOT_READY, READY, CHARGING, ERROR, INTERRUPTED = range(6)
NO_CABLE, AT_STATION, AT_STATION_LOCKED, AT_CAR, AT_CAR_LOCKED = 0, 1, 3, 5, 7
NO_PWM: Final = 1000


class View:
    """One moment of one box. Attributes are computed when asked for and kept."""

    def __init__(self, box: Keba) -> None:
        self.box = box
        self.settings = box.settings
        self.logic = box.logic
        self.now: Snapshot = box.snapshot()

    # --- state -------------------------------------------------------------------------------------------------------

    @cached_property
    def running(self) -> bool:
        return self.now.state not in (EvseState.OFF, EvseState.BOOT)

    @cached_property
    def error(self) -> int:
        return error_code(self.now) if self.running else 0

    @cached_property
    def state(self) -> int:
        """1000 and `State`. 1 with a car means that a card is missing, never that the box is disabled."""
        now = self.now
        if not self.running:
            return STARTING
        if self.error:
            return ERROR
        if not now.plugged:
            return NOT_READY
        if charging(now):
            return CHARGING
        if self.logic.authorisation_missing or now.state is EvseState.B_AUTH:
            return NOT_READY
        if now.state is EvseState.PHASE_SWITCH:
            return self.settings.integer("phase_switch_state")
        return READY if self._may_charge else INTERRUPTED

    @cached_property
    def _may_charge(self) -> bool:
        """Neither this box nor anything else on its charger holds it back."""
        now = self.now
        others = all(now.permissions.values()) and now.state is not EvseState.DISABLED
        return self.logic.enabled and others and now.derated != 0

    @cached_property
    def plug(self) -> int:
        """1004 and `Plug`. A tethered cable is always locked at the station."""
        now = self.now
        tethered = now.cable_rating is not None and now.proximity_resistance is None
        locked = tethered or now.lock in (LockState.CLOSED, LockState.OPENING)
        if now.plugged:
            return AT_CAR_LOCKED if locked else AT_CAR
        if now.cable_rating is None:
            return NO_CABLE
        return AT_STATION_LOCKED if locked else AT_STATION

    @cached_property
    def enable_sys(self) -> int:
        able = self.running and not self.error and self._may_charge and not self.logic.authorisation_missing
        return int(able and not self.logic.failsafe.tripped)

    @cached_property
    def offered(self) -> int:
        """`Max curr`, mA in the duty cycle; 0: no PWM."""
        return round(self.now.offered_current * 1000)

    @cached_property
    def duty(self) -> int:
        """`Max curr %`: duty cycle in 0.1 %, cut off. Source: captures, 13 A is 216."""
        return self.offered // 60 if self.offered else NO_PWM

    @cached_property
    def hardware_current(self) -> int:
        return self.box.hardware_current(self.now)

    # --- meter -------------------------------------------------------------------------------------------------------

    @cached_property
    def metered(self) -> bool:
        """There is a meter. ASSUMED: a broken one shows zeros, but its counters stay."""
        return bool(self.box.trait("meter"))

    @cached_property
    def measured(self) -> bool:
        return self.metered and self.now.meter_ok

    @cached_property
    def currents(self) -> tuple[int, ...]:
        return tuple(round(i * 1000) if self.measured else 0 for i in self.now.phase_current)

    @cached_property
    def voltages(self) -> tuple[int, ...]:
        """0 unless charging. Source: evcc, capture of a P20; an x-series was seen to show them always."""
        shown = self.measured and (self.state == CHARGING or self.settings.flag("idle_voltages"))
        return tuple(round(u) if shown else 0 for u in self.now.phase_voltage)

    @cached_property
    def power(self) -> int:
        return round(self.now.power * 1000) if self.measured else 0

    @cached_property
    def power_factor(self) -> int:
        return round(self.now.power_factor * 1000) if self.power > 0 else 0

    @cached_property
    def total_energy(self) -> int:
        return tenths(self.now.total_energy) if self.metered else 0

    @cached_property
    def session_energy(self) -> int:
        return self.box.log.energy(self.now) if self.metered else 0

    # --- identity ----------------------------------------------------------------------------------------------------

    @cached_property
    def uptime(self) -> int:
        """s"""
        return self.box.uptime(self.now.at) // SECOND & 0xFFFFFFFF


def setting(name: str) -> Read:
    """A stored number."""
    return lambda v: v.settings.integer(name)


def flag(name: str) -> Read:
    """A stored switch, as 0 or 1."""
    return lambda v: int(v.settings.flag(name))


def attribute(name: str) -> Read:
    """An attribute of the view."""
    return lambda v: getattr(v, name)


def phase(name: str, index: int) -> Read:
    """`currents` or `voltages` of one phase."""
    return lambda v: getattr(v, name)[index]
