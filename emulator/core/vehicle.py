"""The vehicle: what it does with what it sees on the pilot and on the mains.

The one rule: it reacts to the pilot signal and the mains alone, as a real one does; it never looks into the EVSE.
Its states and their transitions are the table of `vehicle_rules`, its currents are those of `onboard`.
"""

from __future__ import annotations

import math
from typing import Final

from . import pilot
from .deadlines import Deadlines
from .events import Emit
from .flow import Flow, Idle, active_from_rms, power_to_current
from .instant import Instant, earliest, seconds
from .onboard import NOTHING, OnboardCharger, ceiling
from .snapshot import PhaseMask, Phases, VehicleView
from .specs import VehicleSpec
from .states import OnboardState as Onboard
from .terminals import NO_PILOT, OFF_MAINS, Mains, PilotLevel, PilotSignal
from .units import WATT_HOUR

STICKY_BREAK: Final = 1.0
"""Pilot interruption after which a vehicle that stayed on one phase looks at its phases again [s]."""
SUPPLY_TOO_LOW: Final = 180.0
SUPPLY_AGAIN: Final = 195.0
"""Below the first the on-board charger stops, above the second it resumes [V]. ASSUMED."""
ROUNDING: Final = 1e-9
"""Current lost by rounding in the duty cycle [A]."""


class Vehicle:
    """One plugged vehicle: battery, on-board charger, pilot switch S2.

    A `simplified` vehicle has no S2 and ignores the pilot altogether.
    """

    def __init__(self, name: str, spec: VehicleSpec, at: Instant, emit: Emit) -> None:
        self.name = name
        self.spec = spec
        self.onboard = OnboardCharger(spec)
        self.state = Onboard.IDLE
        self.s2_closed = spec.simplified
        self.toggles = 0
        """Times S2 opened because of the charger."""
        self.refuses = False
        """Refuses for a reason of its own, by a fault."""
        self.overdraw = 0.0
        """Current drawn above the offer, by a fault [A]."""
        self.ventilation = spec.ventilation
        self.cable: float | None = None
        """Rating of the cable as the vehicle reads it [A]."""
        self.due = Deadlines()
        self.fired: set[str] = set()
        self.emit = emit
        self._signal = NO_PILOT
        self.mains = OFF_MAINS
        self._level_since: Instant = at
        self._level = PilotLevel.NORMAL
        self._had_pwm = False
        self._low_voltage = False
        self.stop_by_evse = False
        self._first_ramp = False
        self._latched = False
        """Locked out as soon as S2 is open."""
        self.locks_out = False
        """It refuses from now on, S2 being open."""
        self.unlocked = False
        """The maker's API has lifted the refusal."""
        self.bursting = False
        self._stuck_on_l1 = False
        self.disturbed_by_switch = False
        self.blipped = False
        self.started_on = 0
        """Phases that were live when charging began."""
        self._on_two_phases = False
        self.pending = 0.0
        """The target that `reaction_delay` is waited for [A]."""
        self.rest(at)

    # --- seen from outside -------------------------------------------------------------------------------------------

    @property
    def resistance(self) -> float:
        """Resistance between CP and PE [ohm]."""
        if not self.s2_closed:
            return pilot.R_B
        return pilot.R_D if self.ventilation else pilot.R_C

    @property
    def draws(self) -> bool:
        """Charging current is flowing or about to ramp."""
        return self.state in (Onboard.CHARGING, Onboard.STOPPING) and self.mains.live

    @property
    def energised(self) -> bool:
        """The charger's input filter is on the mains."""
        return self.mains.live and self.state in _AT_THE_MAINS

    @property
    def stores(self) -> bool:
        """Whether what reaches the battery stays in it: not while topping up or ramping down when full."""
        return not self.bursting and not self.onboard.finished

    def view(self) -> VehicleView:
        """Its inside, at the start of the segment."""
        capacity, stored = self.spec.capacity, self.onboard.battery / WATT_HOUR
        return VehicleView(
            name=self.name,
            model=self.spec.model,
            state_of_charge=stored / capacity,
            battery_energy=stored,
            capacity=capacity,
            onboard=self.state,
            s2_closed=self.s2_closed,
            target_current=self._rms_target() if self.state is Onboard.CHARGING else 0.0,
            minimum_current=self.spec.min_current,
            maximum_current=self.spec.max_current,
            toggles=self.toggles,
            finished=self.onboard.finished,
        )

    # --- inputs ------------------------------------------------------------------------------------------------------

    def sense(self, at: Instant, signal: PilotSignal, mains: Mains) -> None:
        """Take in the pilot signal and the mains; edges matter here, levels in `vehicle_rules`."""
        if signal != self._signal:
            self._watch_pilot(at, signal)
            self._signal = signal
        if mains != self.mains:
            if mains.phases > self.mains.phases and self.started_on == 1 and self.spec.pilot_break_minimum > 0:
                self.disturbed_by_switch = True
            self.mains = mains
        threshold = SUPPLY_AGAIN if self._low_voltage else SUPPLY_TOO_LOW
        self._low_voltage = any(
            0 < voltage < threshold for voltage, used in zip(mains.voltages, self.mask(), strict=True) if used
        )

    def _watch_pilot(self, at: Instant, signal: PilotSignal) -> None:
        """Edges of the pilot: PWM appearing, interruptions ending."""
        if signal.pwm and not self._had_pwm and "pwm" in self.spec.wake:
            self._hear_wake_up(at)
        self._had_pwm = signal.pwm
        if signal.level is self._level:
            return
        if self._level is not PilotLevel.NORMAL:
            self._interruption_ended(at, seconds(at - self._level_since), self._level)
        self._level = signal.level
        self._level_since = at

    def _interruption_ended(self, at: Instant, lasted: float, level: PilotLevel) -> None:
        spec = self.spec
        if lasted >= STICKY_BREAK:
            self._stuck_on_l1 = False
        if self.disturbed_by_switch and lasted >= spec.pilot_break_minimum:
            self.disturbed_by_switch = self.blipped = False
        by_zero = level is PilotLevel.ZERO and "pilot_open" in spec.wake and lasted >= spec.wake_pilot_open
        by_minus = level is PilotLevel.MINUS and "state_f" in spec.wake and lasted >= spec.wake_state_f
        if by_zero or by_minus:
            self._hear_wake_up(at)

    def reconfigure(self, spec: VehicleSpec, at: Instant, *, refill: bool) -> None:
        """Take over changed habits; `refill`: the battery then holds what they say."""
        self.spec = spec
        self.onboard.reconfigure(spec, refill=refill)
        if self.state in (Onboard.IDLE, Onboard.ASLEEP, Onboard.LOCKED_OUT):
            self.s2_closed = spec.simplified
        if self.state is Onboard.IDLE:
            self.rest(at)

    def wake_by_api(self, at: Instant) -> None:
        """The maker's API wakes it and lifts its refusal."""
        self.toggles = 0
        self.unlocked = self.state is Onboard.LOCKED_OUT
        self._hear_wake_up(at)

    def _hear_wake_up(self, at: Instant) -> None:
        if self.state is Onboard.ASLEEP:
            self.due.ensure("wake", at, self.spec.wake_delay)

    # --- conditions --------------------------------------------------------------------------------------------------

    @property
    def pilot_gone(self) -> bool:
        """The pilot is at 0 V or -12 V."""
        return self._signal.level is not PilotLevel.NORMAL and not self.spec.simplified

    def offer(self) -> float:
        """Current it may draw by the pilot and its own limits; 0: nothing valid [A]."""
        if not self._signal.pwm:
            return 0.0
        offered = pilot.decode(self._signal.duty)
        limit = min(offered, self.spec.max_current, self.cable if self.cable else offered)
        if limit >= self.spec.min_current - ROUNDING:
            return limit
        idles = self.spec.below_minimum == "idle" and offered >= pilot.MINIMUM_CURRENT - ROUNDING
        return limit if idles else 0.0

    @property
    def wants(self) -> bool:
        """It would charge now if it could."""
        if self.refuses or self.blipped:
            return False
        return self.offer() > 0 and (not self.onboard.finished or self.bursting)

    @property
    def misses_offer(self) -> bool:
        """There is no valid offer any more, and it reacts to that."""
        if self.spec.simplified or self.wants:
            return False
        return not self.spec.ignores_pwm_off or self.refuses or self.state is Onboard.REQUESTING

    @property
    def lost_a_phase(self) -> bool:
        """A phase it charged on is dead, and it stops for that."""
        return self.spec.phase_loss == "stop" and self.started_on > self.live_phases()

    # --- actions -----------------------------------------------------------------------------------------------------

    def enter(self, state: Onboard) -> None:
        self.state = state

    def rest(self, at: Instant) -> None:
        """Nothing to do: from now on it may fall asleep."""
        if self.spec.sleep_after is None or self.spec.simplified:
            self.due.clear("sleep")
        else:
            self.due.set("sleep", at, self.spec.sleep_after)

    def latch(self) -> None:
        """The offer goes before the end of the first ramp: some cars refuse from then on."""
        on_the_way = self.state is Onboard.STARTING or (self.state is Onboard.CHARGING and self._first_ramp)
        self._latched = self.spec.latch_in_ramp and on_the_way

    def begin(self, at: Instant) -> None:
        """Start to charge."""
        self._first_ramp = True
        self.onboard.cut_off()
        if self.spec.phase_stagger > 0:
            self.due.set("stagger", at, self.spec.phase_stagger)
        if self.bursting:
            self.due.set("burst_end", at, self.spec.burst_duration)
        self.started_on = self.live_phases()
        if self.started_on == 1 and self.spec.phases > 1 and self.mains.phases == 1:
            self._stuck_on_l1 = self.spec.sticky_single_phase
        self.ramp_to(self.new_target())

    def ramp_to(self, target: float) -> None:
        """Ramp to `target` A."""
        if (offer := self.offer()) > 0:
            self._on_two_phases = offer < self.spec.two_phases_below
        self.pending = target
        self.onboard.ramp_to(target)

    def stop(self, *, by_evse: bool) -> None:
        """Ramp to nothing."""
        self.stop_by_evse = by_evse
        self.onboard.ramp_to_zero()
        self.due.clear("react", "stop", "stagger", "burst_end")

    def cut_off(self) -> None:
        """The mains went away under it."""
        self.onboard.cut_off()
        self._first_ramp = False
        self.due.clear("react", "start", "stagger", "burst_end")

    def open_s2(self, at: Instant, *, by_evse: bool) -> None:
        """Ask for nothing any more; after too many stops by the charger it refuses (`locks_out`)."""
        self.s2_closed = self.spec.simplified
        self.onboard.cut_off()
        self._first_ramp = False
        self.due.clear("start", "patience", "mains_lost", "stop", "react", "stagger", "burst_end", "blip")
        if not by_evse:
            self.bursting = False
        if self.onboard.finished and self.spec.burst_after is not None:
            self.due.ensure("burst", at, self.spec.burst_after)
        self.toggles += by_evse
        limit = self.spec.toggle_limit
        self.locks_out = self._latched or (by_evse and limit is not None and self.toggles >= limit)
        self._latched = False
        if self.locks_out:
            self.due.clear("sleep")
        else:
            self.rest(at)

    # --- electricity -------------------------------------------------------------------------------------------------

    def live_phases(self) -> int:
        """How many of the phases it is built for are live."""
        return sum(voltage > 0 for voltage in self.mains.voltages[: self.spec.phases])

    def mask(self) -> PhaseMask:
        """Phases it draws from, as far as they are live."""
        count = self.spec.phases
        if self._stuck_on_l1 or self.due.waiting("stagger"):
            count = 1
        elif self._on_two_phases:
            count = min(count, 2)
        first, second, third = self.mains.voltages
        return (first > 0, second > 0 and count >= 2, third > 0 and count >= 3)

    def _rms_target(self) -> float:
        """RMS current per phase it heads for; the offer bounds the total, reactive part included [A]."""
        if self._low_voltage:
            return 0.0
        if self.spec.simplified:
            return self.spec.max_current
        limit = self.offer()
        if limit < self.spec.min_current - ROUNDING:
            return 0.0
        return max(0.0, self.spec.current_gain * limit - self.spec.current_offset)

    def new_target(self) -> float:
        """Active current per phase it heads for [A]."""
        if self.spec.ignores_pwm_off and not self._signal.pwm and not self.spec.simplified:
            return self.onboard.target
        rms = self._rms_target()
        if rms <= 0:
            return 0.0
        if self.overdraw > 0:
            rms = max(rms, pilot.decode(self._signal.duty)) + self.overdraw
        mask = self.mask()
        target = min(active_from_rms(rms, self.spec.reactive_current), ceiling(self.mains, mask))
        return min(target, self._burst_current(mask)) if self.bursting else target

    def _burst_current(self, mask: PhaseMask) -> float:
        """Current that makes up the power of a top-up [A]."""
        lines = [voltage for voltage, used in zip(self.mains.voltages, mask, strict=True) if used]
        return power_to_current(math.fsum(lines), len(lines) * self.mains.resistance, self.spec.burst_power)

    def currents(self) -> Phases:
        """RMS current per phase at the start of the segment [A]."""
        if not self.energised:
            return (0.0, 0.0, 0.0)
        mask, reactive = self.mask(), self.spec.reactive_current
        rms = (self.onboard.current**2 + reactive**2) ** 0.5
        return (rms if mask[0] else 0.0, rms if mask[1] else 0.0, rms if mask[2] else 0.0)

    def reactive(self) -> Phases:
        """Capacitive current per phase [A]."""
        value = self.spec.reactive_current
        first, second, third = self.mask() if self.energised else NOTHING
        return (value if first else 0.0, value if second else 0.0, value if third else 0.0)

    @property
    def _capped(self) -> bool:
        """The battery may limit the current, and get full."""
        return self.state is Onboard.CHARGING and not self.bursting

    def flow(self) -> Flow:
        """The law of the segment that begins now."""
        mains = self.mains
        mask = self.mask() if self.energised else NOTHING
        if not any(mask):
            return Idle(voltages=mains.voltages, resistance=mains.resistance, mask=NOTHING)
        if self.state is Onboard.STARTING:
            return self.onboard.idle(mains, mask)
        flow = self.onboard.flow(mains, mask, capped=self._capped)
        self._first_ramp = self._first_ramp and not self.onboard.tapering
        return flow

    def taper(self) -> Flow:
        """The law of the segment that begins now, where nothing but a piece of a taper is over."""
        return self.onboard.taper(self.mains, self.mask())

    def settle(self, at: Instant, since: Instant, flow: Flow) -> None:
        """Take over where the segment that began at `since` has led by `at`."""
        arrived = self.onboard.arrived(at, since, flow)
        self.onboard.settle(flow, seconds(at - since), stores=self.stores)
        if arrived:
            self.onboard.arrive()
            self._first_ramp = False

    def next_due(self, at: Instant, flow: Flow) -> Instant | None:
        """When it will do something next, if nothing changes around it."""
        return earliest(self.due.next(at), self.onboard.next_due(at, flow, capped=self._capped))


_AT_THE_MAINS: Final = (Onboard.STARTING, Onboard.CHARGING, Onboard.STOPPING)
