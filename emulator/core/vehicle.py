"""The vehicle: what it does with what it sees on the pilot and on the mains.

The one rule: it reacts to the pilot signal and the mains alone, as a real one does; it never looks into the EVSE.
The table of reactions is the docstring of `Vehicle`; the electrical course of a stretch is built in `drive`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from . import pilot
from .battery import Acceptance
from .deadlines import Deadlines
from .flow import Flow, Idle, Ramp, Taper, active_from_rms
from .instant import Instant, later, seconds
from .messages import PlugIn
from .snapshot import OnboardState as Onboard
from .snapshot import PhaseMask, Phases, VehicleView
from .specs import VehicleSpec

Emit = Callable[..., None]

MAINS_LOST: Final = 3.0
"""s without mains after which S2 opens. ASSUMED."""
BLIP: Final = 0.25
"""s that a vehicle disturbed by a phase switch keeps S2 closed. Source: Tinkerforge evse-v2-bricklet (BMW iX3)."""
STICKY_BREAK: Final = 1.0
"""s of pilot interruption that make a single-phase-minded vehicle look at its phases again."""
SUPPLY_TOO_LOW: Final = 180.0
SUPPLY_AGAIN: Final = 195.0
"""V below which the on-board charger stops, and above which it goes on. ASSUMED."""
NOTHING: Final[PhaseMask] = (False, False, False)


class Level(Enum):
    """What the control pilot looks like from inside the vehicle."""

    NORMAL = "normal"
    ZERO = "zero"
    """0 V: interrupted, shorted, or no power at the EVSE."""
    MINUS = "minus"
    """Steady -12 V: state F."""


@dataclass(frozen=True, slots=True)
class Signal:
    """The pilot as the vehicle sees it."""

    level: Level
    duty: float
    """Percent; 100: no PWM."""

    @property
    def pwm(self) -> bool:
        return self.level is Level.NORMAL and 7.0 < self.duty <= 97.0


DARK: Final = Signal(Level.ZERO, pilot.STEADY)


@dataclass(frozen=True, slots=True)
class Mains:
    """The power terminals as the vehicle sees them. `phases`: what the contactor is set for, 1 or 3."""

    voltages: Phases
    """V of the source per terminal, 0 where it is dead or switched off."""
    resistance: float
    phases: int

    @property
    def live(self) -> bool:
        return any(voltage > 0 for voltage in self.voltages)


class Vehicle:
    """One plugged vehicle: battery, on-board charger, pilot switch S2.

    IDLE (S2 open): a valid offer for `s2_delay` closes S2. REQUESTING: mains start the charger, patience runs out
    without. STARTING: after `start_delay` the current ramps up. CHARGING: follows the offer, `reaction_delay` late;
    tapers; stops when full. STOPPING: ramps to nothing, then opens S2. ASLEEP wakes on its triggers only, LOCKED_OUT
    on unplugging or its maker's API.
    """

    def __init__(self, plug: PlugIn, at: Instant) -> None:
        spec = plug.vehicle
        if plug.state_of_charge is not None:
            spec = replace(spec, state_of_charge=plug.state_of_charge)
        self.name = plug.name
        self.spec = spec
        self.acceptance = Acceptance.of(spec)
        self.battery = spec.state_of_charge * spec.capacity * 3600.0
        """J at the start of the stretch."""
        self.state = Onboard.IDLE
        self.s2_closed = spec.simplified
        self.current = 0.0
        """A, active, per used phase, at the start of the stretch."""
        self.rate = 0.0
        """A/s"""
        self.heading = 0.0
        """A, active: where the ramp leads."""
        self.tapering = False
        """The battery decides the power."""
        self.toggles = 0
        self.refuses = False
        """Refuses for a reason of its own (fault injection)."""
        self.overdraw = 0.0
        self.ventilation = spec.ventilation
        self.cable: float | None = None
        """A, rating of the cable as the vehicle reads it."""
        self.due = Deadlines()
        self._sees(DARK, Mains((0.0, 0.0, 0.0), 0.0, 3))
        self._had_pwm = False
        self._dark_since: Instant | None = None
        self._dark_level = Level.NORMAL
        self._stop_by_evse = False
        self._first_ramp = False
        self._low_voltage = False
        self._pending = 0.0
        self._bursting = False
        self._stuck_on_l1 = False
        self._disturbed_by_switch = False
        self._blipped = False
        self._charged_phases = 0
        self._on_two_phases = False
        if spec.sleep_after is not None:
            self.due.set("sleep", at, spec.sleep_after)

    # --- what others see ---------------------------------------------------------------------------------------------

    @property
    def limit_energy(self) -> float:
        """J at which it has had enough."""
        return self.spec.charge_limit * self.spec.capacity * 3600.0

    @property
    def finished(self) -> bool:
        return self.battery >= self.limit_energy

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

    def view(self) -> VehicleView:
        """Its inside, at the start of the stretch."""
        capacity, stored = self.spec.capacity * 3600.0, self.battery
        return VehicleView(
            name=self.name,
            model=self.spec.model,
            state_of_charge=stored / capacity,
            battery_energy=stored / 3600.0,
            capacity=self.spec.capacity,
            onboard=self.state,
            s2_closed=self.s2_closed,
            target_current=self._rms_target() if self.state is Onboard.CHARGING else 0.0,
            toggles=self.toggles,
            finished=self.finished,
        )

    # --- reactions ---------------------------------------------------------------------------------------------------

    def sense(self, at: Instant, signal: Signal, mains: Mains, emit: Emit) -> None:
        """Take in a new pilot signal and new mains; edges matter here, levels in `step`."""
        self._watch_pilot(at, signal, emit)
        if mains.phases > self._mains.phases and self._charged_phases == 1 and self.spec.pilot_break_minimum > 0:
            self._disturbed_by_switch = True
        self._sees(signal, mains)
        if self._low_voltage:
            self._low_voltage = any(0 < mains.voltages[k] <= SUPPLY_AGAIN for k in range(3))
        else:
            self._low_voltage = any(0 < mains.voltages[k] < SUPPLY_TOO_LOW for k in self._lines())

    def _sees(self, signal: Signal, mains: Mains) -> None:
        self._signal = signal
        self._mains = mains

    def _watch_pilot(self, at: Instant, signal: Signal, emit: Emit) -> None:
        """Edges of the pilot: PWM appearing, interruptions ending."""
        if signal.pwm and not self._had_pwm and self.state is Onboard.ASLEEP and "pwm" in self.spec.wake:
            self.due.ensure("wake", at, self.spec.wake_delay)
        self._had_pwm = signal.pwm
        if signal.level is self._dark_level:
            return
        if self._dark_level is not Level.NORMAL and self._dark_since is not None:
            self._interruption_ended(at, seconds(at - self._dark_since), self._dark_level)
        self._dark_level = signal.level
        self._dark_since = at if signal.level is not Level.NORMAL else None

    def _interruption_ended(self, at: Instant, lasted: float, level: Level) -> None:
        spec = self.spec
        if lasted >= STICKY_BREAK:
            self._stuck_on_l1 = False
        if self._disturbed_by_switch and lasted >= spec.pilot_break_minimum:
            self._disturbed_by_switch = self._blipped = False
        woken = (level is Level.ZERO and "pilot_open" in spec.wake and lasted >= spec.wake_pilot_open) or (
            level is Level.MINUS and "state_f" in spec.wake and lasted >= spec.wake_state_f
        )
        if woken and self.state is Onboard.ASLEEP:
            self.due.ensure("wake", at, spec.wake_delay)

    def reconfigure(self, spec: VehicleSpec, stated: Iterable[str]) -> None:
        """Take over changed habits; `stated` names the fields that were given."""
        self.spec = spec
        self.acceptance = Acceptance.of(spec)
        self.ventilation = spec.ventilation
        if "state_of_charge" in stated:
            self.battery = spec.state_of_charge * spec.capacity * 3600.0

    def wake_by_api(self, at: Instant) -> None:
        """The maker's API wakes it and forgets its grudges."""
        self.toggles = 0
        if self.state is Onboard.LOCKED_OUT:
            self._idle(at)
        if self.state is Onboard.ASLEEP:
            self.due.ensure("wake", at, self.spec.wake_delay)

    def step(self, at: Instant, emit: Emit) -> bool:
        """Fire at most one reaction that is due; whether one was."""
        if self._signal.level is not Level.NORMAL and self._pilot_gone(at):
            return True
        return _REACTIONS[self.state](self, at, emit)

    def _offer(self) -> float:
        """A the vehicle may draw by the pilot and its own limits; 0: nothing valid."""
        if not self._signal.pwm:
            return 0.0
        offered = pilot.decode(self._signal.duty)
        limit = min(offered, self.spec.max_current, self.cable if self.cable else offered)
        if limit >= self.spec.min_current - 1e-9:
            return limit
        return limit if offered >= 6.0 - 1e-9 and self.spec.below_minimum == "idle" else 0.0

    def _wants(self) -> bool:
        """It would charge now if it could."""
        if self.refuses or self._blipped:
            return False
        return self._offer() > 0 and (not self.finished or self._bursting)

    def _pilot_gone(self, at: Instant) -> bool:
        """0 V or -12 V: let go without delay."""
        if self.state in (Onboard.REQUESTING, Onboard.STARTING):
            self._open_s2(at, by_evse=True)
            return True
        if self.state is Onboard.CHARGING and not self.spec.simplified:
            self._stop(by_evse=True)
            return True
        return False

    def _idle_step(self, at: Instant, emit: Emit) -> bool:
        spec, due = self.spec, self.due
        if spec.simplified:
            return self._simplified_idle(at)
        if due.take("sleep", at):
            self.state = Onboard.ASLEEP
            due.clear("s2")
            emit("vehicle_asleep")
            return True
        if self.finished and due.take("burst", at) and self._offer() > 0:
            self._bursting = True
            return True
        if not self._wants() or due.running("retry", at):
            due.clear("s2")
            return False
        due.ensure("s2", at, spec.s2_delay)
        if due.take("s2", at):
            due.clear("sleep", "retry")
            self.s2_closed = True
            self.state = Onboard.REQUESTING
            if self._disturbed_by_switch:
                due.set("blip", at, BLIP)
            else:
                due.set("patience", at, spec.patience)
            return True
        return False

    def _requesting_step(self, at: Instant, emit: Emit) -> bool:
        due = self.due
        if due.take("blip", at):
            self._blipped = True
            self._open_s2(at, by_evse=False)
            return True
        if self._mains.live:
            due.clear("patience", "blip", "stop")
            self.state = Onboard.STARTING
            due.set("start", at, self.spec.start_delay)
            return True
        if due.take("patience", at):
            due.set("retry", at, self.spec.retry)
            self._open_s2(at, by_evse=False)
            return True
        return self._offer_gone(at, emit)

    def _starting_step(self, at: Instant, emit: Emit) -> bool:
        due = self.due
        if not self._mains.live:
            due.clear("start")
            due.ensure("mains_lost", at, MAINS_LOST)
            if due.take("mains_lost", at):
                self._open_s2(at, by_evse=True)
                return True
            return self._offer_gone(at, emit)
        due.clear("mains_lost")
        due.ensure("start", at, self.spec.start_delay)
        if due.take("start", at):
            self._begin(at)
            return True
        return self._offer_gone(at, emit)

    def _charging_step(self, at: Instant, emit: Emit) -> bool:
        due = self.due
        if not self._mains.live:
            self._cut_off()
            due.set("mains_lost", at, MAINS_LOST)
            return True
        if self._had_enough(at):
            emit("charge_finished")
            self._stop(by_evse=False)
            return True
        if due.take("stagger", at):
            return True
        if self.spec.phase_loss == "stop" and self._charged_phases > len(self._lines()):
            self._stop(by_evse=False)
            return True
        if self._offer_gone(at, emit):
            return True
        return self._follow_target(at)

    def _had_enough(self, at: Instant) -> bool:
        if self._bursting:
            if not self.due.take("burst_end", at):
                return False
            self._bursting = False
            return True
        return self.finished

    def _follow_target(self, at: Instant) -> bool:
        """Head for a new target, `reaction_delay` after it was seen."""
        if self.due.waiting("stop"):
            return False
        target = self._target()
        if target == self.heading:
            self.due.clear("react")
            self._pending = target
            return False
        if target != self._pending or not self.due.waiting("react"):
            self._pending = target
            self.due.set("react", at, self.spec.reaction_delay)
        if self.due.take("react", at):
            self._head_for(target)
            return True
        return False

    def _stopping_step(self, at: Instant, emit: Emit) -> bool:
        if not self._mains.live or self.current <= 0.0:
            self._open_s2(at, by_evse=self._stop_by_evse)
            return True
        return False

    def _asleep_step(self, at: Instant, emit: Emit) -> bool:
        if self.due.take("wake", at):
            self._idle(at)
            emit("vehicle_awake")
            return True
        return False

    def _simplified_idle(self, at: Instant) -> bool:
        """No pilot logic at all: whenever there are mains, it charges."""
        if self._mains.live and not self.finished:
            self.state = Onboard.STARTING
            self.due.set("start", at, self.spec.start_delay)
            return True
        return False

    # --- pieces ------------------------------------------------------------------------------------------------------

    def _offer_gone(self, at: Instant, emit: Emit) -> bool:
        """No valid offer for `stop_delay`: stop. A shorter gap is not noticed."""
        if self.spec.simplified:
            return False
        if self._wants() or (self.spec.ignores_pwm_off and not self.refuses and self.state is not Onboard.REQUESTING):
            self.due.clear("stop")
            return False
        self.due.ensure("stop", at, self.spec.stop_delay)
        if not self.due.take("stop", at):
            return False
        by_evse = not self.refuses
        if self.state is Onboard.CHARGING:
            if by_evse and self._first_ramp and self.spec.latch_in_ramp:
                self.due.set("latched", at, 0.0)
            self._stop(by_evse=by_evse)
        else:
            self._open_s2(at, by_evse=by_evse)
        return True

    def _begin(self, at: Instant) -> None:
        self.state = Onboard.CHARGING
        self._first_ramp = True
        self._stop_by_evse = False
        self.current = 0.0
        if self.spec.phase_stagger > 0:
            self.due.set("stagger", at, self.spec.phase_stagger)
        if self._bursting:
            self.due.set("burst_end", at, self.spec.burst_duration)
        self._charged_phases = len(self._lines())
        if self._charged_phases == 1 and self.spec.phases > 1 and self._mains.phases == 1:
            self._stuck_on_l1 = self.spec.sticky_single_phase
        self._head_for(self._target())

    def _head_for(self, target: float) -> None:
        if (offer := self._offer()) > 0:
            self._on_two_phases = offer < self.spec.two_phases_below
        self.heading = target
        self._pending = target
        if self.tapering and target >= self.current:
            return
        self.tapering = False
        self.rate = self.spec.ramp_up if target > self.current else -self.spec.ramp_down
        if target == self.current:
            self.rate = 0.0

    def arrive(self) -> None:
        """The ramp has reached its end."""
        self.current = self.heading if self.state is Onboard.CHARGING else 0.0
        self.rate = 0.0
        self._first_ramp = False

    def _stop(self, *, by_evse: bool) -> None:
        self.state = Onboard.STOPPING
        self._stop_by_evse = by_evse
        self.tapering = False
        self.heading = 0.0
        self.rate = -self.spec.ramp_stop if self.current > 0 else 0.0
        self.due.clear("react", "stop", "stagger", "burst_end")

    def _cut_off(self) -> None:
        """The mains went away under it."""
        self.state = Onboard.STARTING
        self.current = self.rate = self.heading = 0.0
        self.tapering = self._first_ramp = False
        self.due.clear("react", "start", "stagger", "burst_end")

    def _open_s2(self, at: Instant, *, by_evse: bool) -> None:
        self.s2_closed = self.spec.simplified
        self.current = self.rate = self.heading = 0.0
        self.tapering = self._first_ramp = False
        self.due.clear("start", "patience", "mains_lost", "stop", "react", "stagger", "burst_end", "blip")
        latched = self.due.waiting("latched")
        self.due.clear("latched")
        if self._bursting and not by_evse:
            self._bursting = False
        if self.finished and self.spec.burst_after is not None:
            self.due.ensure("burst", at, self.spec.burst_after)
        if by_evse:
            self.toggles += 1
        if latched or (self.spec.toggle_limit is not None and self.toggles >= self.spec.toggle_limit):
            self.state = Onboard.LOCKED_OUT
        else:
            self._idle(at)

    def _idle(self, at: Instant) -> None:
        self.state = Onboard.IDLE
        if self.spec.sleep_after is not None:
            self.due.set("sleep", at, self.spec.sleep_after)

    # --- electricity -------------------------------------------------------------------------------------------------

    def _lines(self) -> tuple[int, ...]:
        return tuple(k for k, used in enumerate(self.mask()) if used)

    def mask(self) -> PhaseMask:
        """Phases it draws from, as far as they are live."""
        count = self.spec.phases
        if self._stuck_on_l1 or self.due.waiting("stagger"):
            count = 1
        elif self._on_two_phases:
            count = min(count, 2)
        live = [voltage > 0 for voltage in self._mains.voltages]
        return (live[0] and count >= 1, live[1] and count >= 2, live[2] and count >= 3)

    def _rms_target(self) -> float:
        """A rms per phase it heads for; the offer bounds the total current, reactive part included."""
        if self._low_voltage:
            return 0.0
        if self.spec.simplified:
            return self.spec.max_current
        limit = self._offer()
        if limit < self.spec.min_current - 1e-9:
            return 0.0
        return max(0.0, self.spec.current_gain * limit - self.spec.current_offset)

    def _target(self) -> float:
        """A active per phase."""
        if self.spec.ignores_pwm_off and not self._signal.pwm and not self.spec.simplified:
            return self.heading
        rms = self._rms_target()
        return active_from_rms(rms + self.overdraw, self.spec.reactive_current) if rms > 0 else 0.0

    @property
    def energised(self) -> bool:
        """The charger's input filter is on the mains."""
        return self._mains.live and self.state in (Onboard.STARTING, Onboard.CHARGING, Onboard.STOPPING)

    def reactive(self) -> Phases:
        """A of capacitive current per phase."""
        value = self.spec.reactive_current
        first, second, third = self.mask() if self.energised else NOTHING
        return (value if first else 0.0, value if second else 0.0, value if third else 0.0)

    def drive(self) -> Flow:
        """The law of the stretch that begins now."""
        mains, spec = self._mains, self.spec
        mask = self.mask() if mains.live else NOTHING
        if not self.energised or not any(mask):
            return Idle(voltages=mains.voltages, resistance=mains.resistance, mask=NOTHING)
        if self.state is Onboard.STARTING or (self.current == 0.0 and self.rate == 0.0):
            return Idle(voltages=mains.voltages, resistance=mains.resistance, mask=mask, standby=spec.standby_power)
        if self._bursting and self.state is Onboard.CHARGING and self.rate == 0.0:
            return self._taper(mask, "none", max(0.0, spec.efficiency * (spec.burst_power - spec.loss_power)))
        ramp = Ramp(
            voltages=mains.voltages,
            resistance=mains.resistance,
            mask=mask,
            loss_power=spec.loss_power,
            efficiency=spec.efficiency,
            current=self.current,
            rate=self.rate,
        )
        return self._capped(mask, ramp) if self._cappable else ramp

    @property
    def _cappable(self) -> bool:
        """The battery may decide: not while letting go, topping up, or ramping down (which outruns any curve)."""
        return self.state is Onboard.CHARGING and self.rate >= 0 and not self._bursting and self.acceptance.limits

    def _capped(self, mask: PhaseMask, ramp: Ramp) -> Flow:
        """The battery's curve where it is below what the offer allows, else the ramp."""
        cap = self.acceptance.cap(self.battery)
        allowed = replace(ramp, current=self.heading, rate=0.0).battery_power(0.0)
        if allowed < cap or (not self.tapering and ramp.battery_power(0.0) < cap):
            if self.tapering:
                self.tapering = False
                self.rate = self.spec.ramp_up if self.heading > self.current else 0.0
            return replace(ramp, rate=self.rate)
        self.tapering = True
        self.rate = 0.0
        self._first_ramp = False
        taper = self._taper(mask, self.acceptance.kind, cap)
        self.current = max(taper.active_current(0.0))
        return taper

    def _taper(self, mask: PhaseMask, kind: str, power: float) -> Taper:
        spec, mains = self.spec, self._mains
        return Taper(
            voltages=mains.voltages,
            resistance=mains.resistance,
            mask=mask,
            loss_power=spec.loss_power,
            efficiency=spec.efficiency,
            kind="linear" if kind == "linear" else "exponential" if kind == "exponential" else "none",
            start_power=power,
            decay=self.acceptance.decay if kind != "none" else 0.0,
        )

    @property
    def stores(self) -> bool:
        """Whether what reaches the battery stays in it: not while topping up or letting go when full."""
        return not self._bursting and not self.finished

    def settle(self, flow: Flow, dt: float) -> None:
        """Take over where the stretch has led after `dt` s."""
        if self.stores:
            self.battery = min(self.battery + flow.battery(dt), max(self.battery, self.spec.capacity * 3600.0))
        if isinstance(flow, Ramp | Taper):
            self.current = max(flow.active_current(dt))

    def next_due(self, at: Instant, flow: Flow) -> Instant | None:
        """When it will do something next, if nothing changes around it."""
        times = [self.due.next(at)]
        if isinstance(flow, Ramp) and self.rate != 0.0:
            end = flow.reaches_current(self.heading)
            times.append(later(at, max(0.0, end)) if end is not None else None)
        if self.state is Onboard.CHARGING and not self._bursting:
            full = flow.reaches_battery(self.limit_energy - self.battery)
            times.append(later(at, full) if full is not None else None)
            if self._cappable and not self.tapering:
                cap = flow.reaches_cap(self.acceptance, self.battery)
                times.append(later(at, cap) if cap is not None else None)
        found = [time for time in times if time is not None]
        return max(at + 1, min(found)) if found else None

    def arrives(self, at: Instant, since: Instant, flow: Flow) -> bool:
        """Whether the ramp that began at `since` has reached its end by `at`."""
        if not isinstance(flow, Ramp) or self.rate == 0.0:
            return False
        end = flow.reaches_current(self.heading)
        return end is not None and later(since, max(0.0, end)) <= at


_REACTIONS: Final[dict[Onboard, Callable[[Vehicle, Instant, Emit], bool]]] = {
    Onboard.IDLE: Vehicle._idle_step,
    Onboard.REQUESTING: Vehicle._requesting_step,
    Onboard.STARTING: Vehicle._starting_step,
    Onboard.CHARGING: Vehicle._charging_step,
    Onboard.STOPPING: Vehicle._stopping_step,
    Onboard.ASLEEP: Vehicle._asleep_step,
    Onboard.LOCKED_OUT: lambda _vehicle, _at, _emit: False,
}
