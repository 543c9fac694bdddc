"""The vehicle: what it does with what it sees on the pilot and on the mains.

The one rule: it reacts to the pilot signal and the mains alone, as a real one does; it never looks into the EVSE.
The table of reactions is the docstring of `Vehicle`; the electrical course of a stretch is built by `drive`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from . import pilot
from .deadlines import Deadlines
from .drive import NOTHING, Drive, ceiling
from .events import Emit, EventName
from .flow import Flow, Idle, active_from_rms, power_to_current
from .instant import Instant, seconds
from .snapshot import OnboardState as Onboard
from .snapshot import PhaseMask, Phases, VehicleView
from .specs import VehicleSpec
from .terminals import DARK, OFF_MAINS, Level, Mains, Signal

MAINS_LOST: Final = 3.0
"""s without mains after which S2 opens. ASSUMED."""
BLIP: Final = 0.25
"""s that a vehicle disturbed by a phase switch keeps S2 closed. Source: Tinkerforge evse-v2-bricklet (BMW iX3)."""
STICKY_BREAK: Final = 1.0
"""s of pilot interruption that make a single-phase-minded vehicle look at its phases again."""
SUPPLY_TOO_LOW: Final = 180.0
SUPPLY_AGAIN: Final = 195.0
"""V below which the on-board charger stops, and above which it goes on. ASSUMED."""
ROUNDING: Final = 1e-9
"""A lost in the duty cycle."""


class Vehicle:
    """One plugged vehicle: battery, on-board charger, pilot switch S2.

    IDLE (S2 open): a valid offer for `s2_delay` closes S2. REQUESTING: mains start the charger, patience runs out
    without. STARTING: after `start_delay` the current ramps up. CHARGING: follows the offer, `reaction_delay` late;
    tapers; stops when full. STOPPING: ramps to nothing, then opens S2. ASLEEP wakes on its triggers only, LOCKED_OUT
    on unplugging or its maker's API. A `simplified` vehicle has no S2 and ignores the pilot altogether.
    """

    def __init__(self, name: str, spec: VehicleSpec, at: Instant, emit: Emit) -> None:
        self.name = name
        self.spec = spec
        self.drive = Drive(spec)
        self.state = Onboard.IDLE
        self.s2_closed = spec.simplified
        self.toggles = 0
        """Times S2 opened because of the charger."""
        self.refuses = False
        """Refuses for a reason of its own (fault injection)."""
        self.overdraw = 0.0
        """A drawn above the limit (fault injection)."""
        self.ventilation = spec.ventilation
        self.cable: float | None = None
        """A, rating of the cable as the vehicle reads it."""
        self.due = Deadlines()
        self._emit = emit
        self._signal = DARK
        self._mains = OFF_MAINS
        self._dark_since: Instant = at
        self._dark_level = Level.NORMAL
        self._had_pwm = False
        self._low_voltage = False
        self._stop_by_evse = False
        self._first_ramp = False
        self._latched = False
        """Locked out as soon as S2 is open."""
        self._bursting = False
        self._stuck_on_l1 = False
        self._disturbed_by_switch = False
        self._blipped = False
        self._started_on = 0
        """Phases that were live when charging began."""
        self._on_two_phases = False
        self._pending = 0.0
        """A: the target waited for."""
        self._idle(at)

    # --- what others see ---------------------------------------------------------------------------------------------

    @property
    def resistance(self) -> float:
        """Ohm between CP and PE."""
        if not self.s2_closed:
            return pilot.R_B
        return pilot.R_D if self.ventilation else pilot.R_C

    @property
    def draws(self) -> bool:
        """Charging current is flowing or about to ramp."""
        return self.state in (Onboard.CHARGING, Onboard.STOPPING) and self._mains.live

    @property
    def energised(self) -> bool:
        """The charger's input filter is on the mains."""
        return self._mains.live and self.state in _AT_THE_MAINS

    @property
    def stores(self) -> bool:
        """Whether what reaches the battery stays in it: not while topping up or letting go when full."""
        return not self._bursting and not self.drive.finished

    def view(self) -> VehicleView:
        """Its inside, at the start of the stretch."""
        capacity, stored = self.spec.capacity, self.drive.battery / 3600.0
        return VehicleView(
            name=self.name,
            model=self.spec.model,
            state_of_charge=stored / capacity,
            battery_energy=stored,
            capacity=capacity,
            onboard=self.state,
            s2_closed=self.s2_closed,
            target_current=self._rms_target() if self.state is Onboard.CHARGING else 0.0,
            toggles=self.toggles,
            finished=self.drive.finished,
        )

    # --- what it takes in --------------------------------------------------------------------------------------------

    def sense(self, at: Instant, signal: Signal, mains: Mains) -> None:
        """Take in the pilot signal and the mains; edges matter here, levels in `step`."""
        if signal != self._signal:
            self._watch_pilot(at, signal)
            self._signal = signal
        if mains != self._mains:
            if mains.phases > self._mains.phases and self._started_on == 1 and self.spec.pilot_break_minimum > 0:
                self._disturbed_by_switch = True
            self._mains = mains
        threshold = SUPPLY_AGAIN if self._low_voltage else SUPPLY_TOO_LOW
        self._low_voltage = any(
            0 < voltage < threshold for voltage, used in zip(mains.voltages, self.mask(), strict=True) if used
        )

    def _watch_pilot(self, at: Instant, signal: Signal) -> None:
        """Edges of the pilot: PWM appearing, interruptions ending."""
        if signal.pwm and not self._had_pwm and "pwm" in self.spec.wake:
            self._rouse(at)
        self._had_pwm = signal.pwm
        if signal.level is self._dark_level:
            return
        if self._dark_level is not Level.NORMAL:
            self._interruption_ended(at, seconds(at - self._dark_since), self._dark_level)
        self._dark_level = signal.level
        self._dark_since = at

    def _interruption_ended(self, at: Instant, lasted: float, level: Level) -> None:
        spec = self.spec
        if lasted >= STICKY_BREAK:
            self._stuck_on_l1 = False
        if self._disturbed_by_switch and lasted >= spec.pilot_break_minimum:
            self._disturbed_by_switch = self._blipped = False
        by_zero = level is Level.ZERO and "pilot_open" in spec.wake and lasted >= spec.wake_pilot_open
        by_minus = level is Level.MINUS and "state_f" in spec.wake and lasted >= spec.wake_state_f
        if by_zero or by_minus:
            self._rouse(at)

    def reconfigure(self, spec: VehicleSpec, at: Instant, *, refill: bool) -> None:
        """Take over changed habits; `refill`: the battery then holds what they say."""
        self.spec = spec
        self.drive.reconfigure(spec, refill=refill)
        if self.state in (Onboard.IDLE, Onboard.ASLEEP, Onboard.LOCKED_OUT):
            self.s2_closed = spec.simplified
        if self.state is Onboard.IDLE:
            self._idle(at)

    def wake_by_api(self, at: Instant) -> None:
        """The maker's API wakes it and makes it forget its grudges."""
        self.toggles = 0
        if self.state is Onboard.LOCKED_OUT:
            self._idle(at)
        self._rouse(at)

    def _rouse(self, at: Instant) -> None:
        if self.state is Onboard.ASLEEP:
            self.due.ensure("wake", at, self.spec.wake_delay)

    # --- reactions ---------------------------------------------------------------------------------------------------

    def step(self, at: Instant) -> bool:
        """Fire at most one reaction that is due; whether one was."""
        if self._signal.level is not Level.NORMAL and not self.spec.simplified and self._pilot_gone(at):
            return True
        reaction = _REACTIONS.get(self.state)
        return reaction is not None and reaction(self, at)

    def _offer(self) -> float:
        """A the vehicle may draw by the pilot and its own limits; 0: nothing valid."""
        if not self._signal.pwm:
            return 0.0
        offered = pilot.decode(self._signal.duty)
        limit = min(offered, self.spec.max_current, self.cable if self.cable else offered)
        if limit >= self.spec.min_current - ROUNDING:
            return limit
        idles = self.spec.below_minimum == "idle" and offered >= pilot.MINIMUM_CURRENT - ROUNDING
        return limit if idles else 0.0

    def _wants(self) -> bool:
        """It would charge now if it could."""
        if self.refuses or self._blipped:
            return False
        return self._offer() > 0 and (not self.drive.finished or self._bursting)

    def _pilot_gone(self, at: Instant) -> bool:
        """0 V or -12 V: let go without delay."""
        if self.state in (Onboard.REQUESTING, Onboard.STARTING):
            self._latch()
            self._open_s2(at, by_evse=True)
            return True
        if self.state is Onboard.CHARGING:
            self._latch()
            self._stop(by_evse=True)
            return True
        return False

    def _idle_step(self, at: Instant) -> bool:
        spec, due = self.spec, self.due
        if spec.simplified:
            return self._simplified_idle(at)
        if due.take("sleep", at):
            self.state = Onboard.ASLEEP
            due.clear("s2")
            self._emit(EventName.VEHICLE_ASLEEP)
            return True
        if self.drive.finished and self._offer() > 0 and due.take("burst", at):
            self._bursting = True
            return True
        if not self._wants() or due.running("retry", at):
            due.clear("s2")
            return False
        due.ensure("s2", at, spec.s2_delay)
        if not due.take("s2", at):
            return False
        due.clear("sleep", "retry")
        self.s2_closed = True
        self.state = Onboard.REQUESTING
        if self._disturbed_by_switch:
            due.set("blip", at, BLIP)
        else:
            due.set("patience", at, spec.patience)
        return True

    def _simplified_idle(self, at: Instant) -> bool:
        """No pilot logic at all: whenever there are mains, it charges."""
        if not self._mains.live or self.drive.finished:
            return False
        self.state = Onboard.STARTING
        return True

    def _requesting_step(self, at: Instant) -> bool:
        due = self.due
        if due.take("blip", at):
            self._blipped = True
            self._open_s2(at, by_evse=False)
            return True
        if self._mains.live:
            due.clear("patience", "blip", "stop")
            self.state = Onboard.STARTING
            return True
        if due.take("patience", at):
            due.set("retry", at, self.spec.retry)
            self._open_s2(at, by_evse=False)
            return True
        return self._offer_gone(at)

    def _starting_step(self, at: Instant) -> bool:
        due = self.due
        if not self._mains.live:
            due.clear("start")
            due.ensure("mains_lost", at, MAINS_LOST)
            if due.take("mains_lost", at):
                self._open_s2(at, by_evse=True)
                return True
            return self._offer_gone(at)
        due.clear("mains_lost")
        due.ensure("start", at, self.spec.start_delay)
        if due.take("start", at):
            self._begin(at)
            return True
        return self._offer_gone(at)

    def _charging_step(self, at: Instant) -> bool:
        due = self.due
        if not self._mains.live:
            self._cut_off()
            return True
        if self._had_enough(at):
            self._emit(EventName.CHARGE_FINISHED)
            self._stop(by_evse=False)
            return True
        if due.take("stagger", at):
            return True
        if self.spec.phase_loss == "stop" and self._started_on > self._live_phases():
            self._stop(by_evse=False)
            return True
        return self._offer_gone(at) or self._follow_target(at)

    def _had_enough(self, at: Instant) -> bool:
        if not self._bursting:
            return self.drive.finished
        if not self.due.take("burst_end", at):
            return False
        self._bursting = False
        return True

    def _follow_target(self, at: Instant) -> bool:
        """Head for a new target, `reaction_delay` after it was seen."""
        if self.due.waiting("stop"):
            return False
        target = self._target()
        if target == self.drive.heading:
            self.due.clear("react")
            return False
        if target != self._pending or not self.due.waiting("react"):
            self._pending = target
            self.due.set("react", at, self.spec.reaction_delay)
        if not self.due.take("react", at):
            return False
        self._head_for(target)
        return True

    def _stopping_step(self, at: Instant) -> bool:
        if self._mains.live and self.drive.current > 0.0:
            return False
        self._open_s2(at, by_evse=self._stop_by_evse)
        return True

    def _asleep_step(self, at: Instant) -> bool:
        if not self.due.take("wake", at):
            return False
        self._idle(at)
        self._emit(EventName.VEHICLE_AWAKE)
        return True

    # --- pieces ------------------------------------------------------------------------------------------------------

    def _offer_gone(self, at: Instant) -> bool:
        """No valid offer for `stop_delay`: stop. A shorter gap is not noticed."""
        if self.spec.simplified:
            return False
        hangs = self.spec.ignores_pwm_off and not self.refuses and self.state is not Onboard.REQUESTING
        if self._wants() or hangs:
            self.due.clear("stop")
            return False
        self.due.ensure("stop", at, self.spec.stop_delay)
        if not self.due.take("stop", at):
            return False
        by_evse = self._offer() <= 0
        if by_evse:
            self._latch()
        if self.state is Onboard.CHARGING:
            self._stop(by_evse=by_evse)
        else:
            self._open_s2(at, by_evse=by_evse)
        return True

    def _latch(self) -> None:
        """The offer goes between the contactor's closing and the end of the first ramp: some cars never forget."""
        on_the_way = self.state is Onboard.STARTING or (self.state is Onboard.CHARGING and self._first_ramp)
        self._latched = self.spec.latch_in_ramp and on_the_way

    def _begin(self, at: Instant) -> None:
        self.state = Onboard.CHARGING
        self._first_ramp = True
        self.drive.cut_off()
        if self.spec.phase_stagger > 0:
            self.due.set("stagger", at, self.spec.phase_stagger)
        if self._bursting:
            self.due.set("burst_end", at, self.spec.burst_duration)
        self._started_on = self._live_phases()
        if self._started_on == 1 and self.spec.phases > 1 and self._mains.phases == 1:
            self._stuck_on_l1 = self.spec.sticky_single_phase
        self._head_for(self._target())

    def _head_for(self, target: float) -> None:
        if (offer := self._offer()) > 0:
            self._on_two_phases = offer < self.spec.two_phases_below
        self._pending = target
        self.drive.head_for(target)

    def _stop(self, *, by_evse: bool) -> None:
        self.state = Onboard.STOPPING
        self._stop_by_evse = by_evse
        self.drive.let_go()
        self.due.clear("react", "stop", "stagger", "burst_end")

    def _cut_off(self) -> None:
        """The mains went away under it."""
        self.state = Onboard.STARTING
        self.drive.cut_off()
        self._first_ramp = False
        self.due.clear("react", "start", "stagger", "burst_end")

    def _open_s2(self, at: Instant, *, by_evse: bool) -> None:
        self.s2_closed = self.spec.simplified
        self.drive.cut_off()
        self._first_ramp = False
        self.due.clear("start", "patience", "mains_lost", "stop", "react", "stagger", "burst_end", "blip")
        if not by_evse:
            self._bursting = False
        if self.drive.finished and self.spec.burst_after is not None:
            self.due.ensure("burst", at, self.spec.burst_after)
        self.toggles += by_evse
        limit = self.spec.toggle_limit
        if self._latched or (by_evse and limit is not None and self.toggles >= limit):
            self._latched = False
            self.state = Onboard.LOCKED_OUT
            self.due.clear("sleep")
        else:
            self._idle(at)

    def _idle(self, at: Instant) -> None:
        self.state = Onboard.IDLE
        if self.spec.sleep_after is None or self.spec.simplified:
            self.due.clear("sleep")
        else:
            self.due.set("sleep", at, self.spec.sleep_after)

    # --- electricity -------------------------------------------------------------------------------------------------

    def _live_phases(self) -> int:
        """How many of the phases it is built for are live."""
        return sum(voltage > 0 for voltage in self._mains.voltages[: self.spec.phases])

    def mask(self) -> PhaseMask:
        """Phases it draws from, as far as they are live."""
        count = self.spec.phases
        if self._stuck_on_l1 or self.due.waiting("stagger"):
            count = 1
        elif self._on_two_phases:
            count = min(count, 2)
        first, second, third = self._mains.voltages
        return (first > 0, second > 0 and count >= 2, third > 0 and count >= 3)

    def _rms_target(self) -> float:
        """A rms per phase it heads for; the offer bounds the total current, reactive part included."""
        if self._low_voltage:
            return 0.0
        if self.spec.simplified:
            return self.spec.max_current
        limit = self._offer()
        if limit < self.spec.min_current - ROUNDING:
            return 0.0
        return max(0.0, self.spec.current_gain * limit - self.spec.current_offset)

    def _target(self) -> float:
        """A active per phase."""
        if self.spec.ignores_pwm_off and not self._signal.pwm and not self.spec.simplified:
            return self.drive.heading
        rms = self._rms_target()
        if rms <= 0:
            return 0.0
        mask = self.mask()
        target = min(active_from_rms(rms + self.overdraw, self.spec.reactive_current), ceiling(self._mains, mask))
        return min(target, self._burst_current(mask)) if self._bursting else target

    def _burst_current(self, mask: PhaseMask) -> float:
        """A that makes up the power of a top-up."""
        lines = [voltage for voltage, used in zip(self._mains.voltages, mask, strict=True) if used]
        return power_to_current(sum(lines), len(lines) * self._mains.resistance, self.spec.burst_power)

    def currents(self) -> Phases:
        """A rms per phase at the start of the stretch."""
        if not self.energised:
            return (0.0, 0.0, 0.0)
        mask, reactive = self.mask(), self.spec.reactive_current
        rms = (self.drive.current**2 + reactive**2) ** 0.5
        return (rms if mask[0] else 0.0, rms if mask[1] else 0.0, rms if mask[2] else 0.0)

    def reactive(self) -> Phases:
        """A of capacitive current per phase."""
        value = self.spec.reactive_current
        first, second, third = self.mask() if self.energised else NOTHING
        return (value if first else 0.0, value if second else 0.0, value if third else 0.0)

    @property
    def _capped(self) -> bool:
        """The battery may limit the current, and get full."""
        return self.state is Onboard.CHARGING and not self._bursting

    def flow(self) -> Flow:
        """The law of the stretch that begins now."""
        mains = self._mains
        mask = self.mask() if self.energised else NOTHING
        if not any(mask):
            return Idle(voltages=mains.voltages, resistance=mains.resistance, mask=NOTHING)
        if self.state is Onboard.STARTING:
            return self.drive.idle(mains, mask)
        flow = self.drive.flow(mains, mask, capped=self._capped)
        self._first_ramp = self._first_ramp and not self.drive.tapering
        return flow

    def settle(self, at: Instant, since: Instant, flow: Flow) -> None:
        """Take over where the stretch that began at `since` has led by `at`."""
        arrived = self.drive.arrived(at, since, flow)
        self.drive.settle(flow, seconds(at - since), stores=self.stores)
        if arrived:
            self.drive.arrive()
            self._first_ramp = False

    def next_due(self, at: Instant, flow: Flow) -> Instant | None:
        """When it will do something next, if nothing changes around it."""
        times = (self.due.next(at), self.drive.next_due(at, flow, capped=self._capped))
        return min((time for time in times if time is not None), default=None)


_AT_THE_MAINS: Final = (Onboard.STARTING, Onboard.CHARGING, Onboard.STOPPING)

_REACTIONS: Final[dict[Onboard, Callable[[Vehicle, Instant], bool]]] = {
    Onboard.IDLE: Vehicle._idle_step,
    Onboard.REQUESTING: Vehicle._requesting_step,
    Onboard.STARTING: Vehicle._starting_step,
    Onboard.CHARGING: Vehicle._charging_step,
    Onboard.STOPPING: Vehicle._stopping_step,
    Onboard.ASLEEP: Vehicle._asleep_step,
}
