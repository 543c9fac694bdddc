"""What a wallbox knows at one moment, in the units of both interfaces (mA, mW, V, 0.1 Wh).

The one rule: a view belongs to one moment; everything in it comes from one snapshot and the wallbox's own memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ...core import noise
from ...core.freshness import seen
from ...core.instant import SECOND
from ...core.snapshot import Snapshot
from ...core.states import EvseState, LockState
from ...devices.settings import Setting
from ...devices.wallbox import Wallbox
from .build import Build
from .errors import error_code
from .logic import Logic, charging
from .sessions import tenths
from .settings import CONTACTOR_BOX, IDLE_CURRENTS, IDLE_VOLTAGES, PHASE_SWITCH_STATE, X2, X2SRC

Read = Callable[["View"], object]

STARTING, NOT_READY, READY, CHARGING, ERROR, INTERRUPTED = range(6)
NO_CABLE, AT_STATION, AT_STATION_LOCKED, AT_CAR, AT_CAR_LOCKED = 0, 1, 3, 5, 7
NO_PWM: Final = 1000
CUT_OFF_VOLTAGE, CUT_OFF_CURRENT = 1, 5
"""What a meter shows of a phase that a contactor box has cut off [V, mA]. Source: openhab-addons#10232, one device."""


class View:
    """One moment of one wallbox. Attributes are computed when asked for and kept."""

    def __init__(self, wallbox: Wallbox, build: Build, logic: Logic) -> None:
        self.build = build
        self.logic = logic
        self.settings = wallbox.settings
        self.shows = wallbox.shows
        self.now: Snapshot = wallbox.measured()
        self.uptime = wallbox.uptime(self.now.at) // SECOND & 0xFFFFFFFF
        """How long it has been running [s]."""

    @seen
    def running(self) -> bool:
        return self.now.state not in (EvseState.OFF, EvseState.BOOT)

    @seen
    def error(self) -> int:
        return error_code(self.now) if self.running else 0

    @seen
    def state(self) -> int:
        """1000 and `State`. 1 with a car means that a card is missing, never that the wallbox is disabled."""
        now = self.now
        if not self.running:
            return STARTING
        if self.error:
            return ERROR
        if not now.plugged:
            return NOT_READY
        if charging(now):
            return CHARGING
        if self.logic.cards.authorisation_missing or now.state is EvseState.B_AUTH:
            return NOT_READY
        if now.state is EvseState.PHASE_SWITCH:
            return self.settings[PHASE_SWITCH_STATE]
        return READY if self._may_charge else INTERRUPTED

    @seen
    def _may_charge(self) -> bool:
        """Neither this wallbox nor anything else on its charger holds it back."""
        now = self.now
        others = all(now.permissions.values()) and now.state is not EvseState.DISABLED
        return self.logic.enabled and others and now.derated != 0

    @seen
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

    @seen
    def enable_sys(self) -> int:
        able = self.running and not self.error and self._may_charge and not self.logic.cards.authorisation_missing
        return int(able and not self.logic.failsafe.tripped)

    @seen
    def offered(self) -> int:
        """`Max curr`, as the duty cycle has it [mA]; 0: no PWM, or nobody tells of one."""
        return round(self.now.offered_current * 1000) if self.now.controller_link else 0

    @seen
    def duty(self) -> int:
        """`Max curr %`: duty cycle, cut off [0.1 %]. Source: captures, 13 A is 216."""
        return self.offered // 60 if self.offered else NO_PWM

    @seen
    def hardware_current(self) -> int:
        """`Curr HW` [mA]"""
        return self.build.hardware_current(self.now)

    @seen
    def phase_switch(self) -> int:
        """`X2 phaseSwitch`: 0 also while nobody is entitled to switch phases. Source: captures."""
        return self.settings[X2] if self.settings[X2SRC] else 0

    @seen
    def metered(self) -> bool:
        """There is a meter. ASSUMED: a broken one shows zeros, but its counters stay."""
        return self.build.traits.meter

    @seen
    def measured(self) -> bool:
        return self.metered and self.now.meter_ok

    def _cut_off(self, index: int) -> bool:
        """Whether a contactor box has taken this phase away from the meter."""
        taken = self.settings[CONTACTOR_BOX] and not self.build.p40 and index >= self.now.phases
        return taken and self.now.supply_phases[index]

    @seen
    def currents(self) -> tuple[int, ...]:
        """Current of each phase [mA]."""
        return tuple(self._current(index) if self.measured else 0 for index in range(3))

    def _current(self, index: int) -> int:
        now = self.now
        if now.contactor and self._cut_off(index):
            return CUT_OFF_CURRENT
        idle = self.settings[IDLE_CURRENTS] and now.phase_current[index] == 0
        return round(1000 * (noise.zero_offset(now.at, index) if idle else now.phase_current[index]))

    @seen
    def voltages(self) -> tuple[int, ...]:
        """Voltage of each phase [V]; 0 unless charging, or while current still flows.

        Source: evcc, capture of a P20; an x-series was seen to show them always.
        """
        live = self.state == CHARGING or self.now.current_flows
        shown = self.measured and (live or self.settings[IDLE_VOLTAGES])
        measured = (
            CUT_OFF_VOLTAGE if self._cut_off(index) else round(volts)
            for index, volts in enumerate(self.now.phase_voltage)
        )
        return tuple(measured) if shown else (0, 0, 0)

    @seen
    def power(self) -> int:
        return round(self.now.power * 1000) if self.measured else 0

    @seen
    def power_factor(self) -> int:
        return round(self.now.power_factor * 1000) if self.power > 0 else 0

    @seen
    def total_energy(self) -> int:
        return tenths(self.now.total_energy) if self.metered else 0

    @seen
    def session_energy(self) -> int:
        return self.logic.log.energy(self.now) if self.metered else 0


def stored(setting: Setting[int]) -> Read:
    """A stored number, or a stored switch as 0 or 1."""
    return lambda v: int(v.settings[setting])
