"""The charge controller: IEC 61851 state machine, contactor, lock and session.

The one rule: rules are levels, evaluated from the top after every event until none fires. Rule numbers in the comments
are those of the state table in the class docstring.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from . import pilot, proximity
from .deadlines import Deadlines
from .faults import Conditions
from .instant import Instant
from .lock import Lock
from .offer import Offer, offerable
from .phases import PhaseSwitch
from .protection import Measured, Protection
from .snapshot import EvseState as S
from .snapshot import PhaseMask, Phases, PilotState
from .specs import ChargerSpec
from .vehicle import DARK, Level, Signal

Emit = Callable[..., None]
PLUGGED_PILOTS: Final = (PilotState.B, PilotState.C, PilotState.D)
REQUESTING: Final = (PilotState.C, PilotState.D)
UNDER_LOAD: Final = 1.0
"""A above which opening the contactor counts as under load."""
FALLBACK_AFTER: Final = 30.0
"""s of single-phase draw on a three-phase offer. Source: Tinkerforge evse-v2-bricklet, phase_control.c."""
NO_POLES: Final[PhaseMask] = (False, False, False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What the controller is connected to, at one instant."""

    resistance: float | None
    """Ohm on the control pilot; None: open."""
    conditions: Conditions
    voltages: Phases
    wired: PhaseMask
    nominal: float
    frequency: float
    currents: Phases
    """A rms"""
    derated: float | None

    @property
    def current(self) -> float:
        """A rms, the largest phase."""
        return max(self.currents)

    @property
    def powered(self) -> bool:
        return any(voltage >= 50.0 for voltage in self.voltages)


class Evse:
    """The state machine.

    ==== ===================== ===================================== ============================
    rule from                  when                                  to
    ==== ===================== ===================================== ============================
    2    any                   supply lost                           OFF
    2a   OFF                   supply back                           BOOT
    3    BOOT                  boot time over                        A or B_*
    1    any running           hard fault                            FAULT
    4    plugged               pilot open                            A (FAULT, DISABLED stay)
    5    not plugged           pilot B, C or D for the debounce      B_AUTH or B_WAIT
    21   FAULT                 no hard fault any more                A or B_*
    22   before charging       out of service                        DISABLED
    6    B_AUTH                authorised                            B_WAIT
    6a   B_WAIT, B_READY       no longer authorised                  B_AUTH
    19   plugged               other phases wanted                   PHASE_SWITCH
    7, 8 B_WAIT, B_READY       offer comes, goes                     B_READY, B_WAIT
    9    B_READY               vehicle asks, hold-offs over          C_CLOSING
    11   C_CLOSING             close time over, lock closed          CHARGING
    13   CHARGING              offer withdrawn                       C_STOPPING
    14   C_STOPPING            vehicle let go, or the grace is over  B_WAIT
    16   C_STOPPING            offer back                            CHARGING
    17   CHARGING              vehicle let go                        B_READY
    20   B_READY               wake-up due                           WAKEUP
    ==== ===================== ===================================== ============================
    """

    def __init__(self, spec: ChargerSpec) -> None:
        self.spec = spec
        self.state = S.A
        self.pilot = PilotState.A
        """As evaluated; held while evaluation is suspended."""
        self.plugged = False
        self.offer = Offer()
        self.offered = 0.0
        """A in the duty cycle; 0: no PWM."""
        self.contactor = False
        self.lock = Lock(spec.evse.lock_time)
        self.protection = Protection(spec.evse.recovery)
        self.phases = PhaseSwitch(spec)
        self.due = Deadlines()
        self.cable: float | None = None
        """A of a loose cable in the socket."""
        self.earth_check = spec.earth_check
        self.boots = 1
        self.session = 0
        self.cycles = 0
        self.cycles_under_load = 0
        self._interruptions: dict[str, Literal["open", "f"]] = {}
        self._outputs_dark: Literal["open", "f"] | None = None
        self._asked = False
        """The vehicle has asked for current in this session."""
        self._wakes = 0

    # --- derived -----------------------------------------------------------------------------------------------------

    def fixed_limits(self, inputs: Inputs) -> dict[str, float]:
        """Limits of the hardware, by owner."""
        limits = {"hardware": self.spec.rated_current}
        rating = self.cable_rating(inputs.conditions)
        if self.spec.connector == "socket" and rating:
            limits["cable"] = rating
        if inputs.derated is not None:
            limits["temperature"] = inputs.derated
        return limits

    def proximity_resistance(self, conditions: Conditions) -> float | None:
        """Ohm on the proximity pilot of a socket."""
        if self.spec.connector == "tethered":
            return None
        if conditions.proximity is not None:
            return conditions.proximity
        return proximity.resistance_for(self.cable) if self.cable is not None else None

    def cable_rating(self, conditions: Conditions) -> float | None:
        """A; None: no cable; 0: coding out of range."""
        if self.spec.connector == "tethered":
            return self.spec.rated_current
        return proximity.rating(self.proximity_resistance(conditions))

    def permitted(self, inputs: Inputs) -> float:
        """A to offer after all limits and permissions; 0: nothing now."""
        if not self.offer.permitted or self.protection.soft or self.protection.hard or self.due.waiting("lockout"):
            return 0.0
        if self._interruptions or not self.cable_rating(inputs.conditions):
            return 0.0
        limit, _, _ = self.offer.binding(self.fixed_limits(inputs))
        return offerable(limit, self.spec.evse.below_minimum)

    @property
    def duty(self) -> float:
        """Percent."""
        if self.state is S.OFF:
            return 0.0
        return pilot.encode(self.offered)

    @property
    def dark(self) -> Literal["open", "f"] | None:
        """Whether the pilot output is interrupted or at -12 V."""
        return self._outputs_dark

    def signal(self, conditions: Conditions) -> Signal:
        """The pilot as the vehicle sees it."""
        if self.state is S.OFF or conditions.pilot_short or conditions.pilot_broken or self.dark == "open":
            return DARK
        if conditions.pilot_f or self.dark == "f":
            return Signal(Level.MINUS, pilot.STEADY)
        return Signal(Level.NORMAL, self.duty)

    def conducting(self, conditions: Conditions, at: Instant) -> PhaseMask:
        """Poles that conduct: commanded, opening, or welded."""
        closed = (self.contactor and not conditions.contactor_dead) or self.due.running("opening", at)
        wanted = self.phases.poles if closed and self.state is not S.OFF else NO_POLES
        first, second, third = (a or b for a, b in zip(wanted, conditions.welded, strict=True))
        return (first, second, third)

    def measured(self, at: Instant, inputs: Inputs) -> Measured:
        return Measured(
            conditions=inputs.conditions,
            state=self.state,
            pilot=self.pilot,
            pwm=self.offered > 0,
            contactor=self.contactor,
            conducting=self.conducting(inputs.conditions, at),
            voltages=inputs.voltages,
            wired=inputs.wired,
            nominal=inputs.nominal,
            frequency=inputs.frequency,
            current=inputs.current,
            offered=self.offered,
            earth_check=self.earth_check,
            ventilation=self.spec.evse.ventilation,
            lock_failed=self.lock.failed,
            proximity_invalid=self.spec.connector == "socket"
            and self.cable_rating(inputs.conditions) == proximity.INVALID,
            derated=inputs.derated,
        )

    # --- commands ----------------------------------------------------------------------------------------------------

    def interrupt(self, owner: str, at: Instant, duration: float | None, mode: Literal["open", "f"]) -> None:
        self._interruptions[owner] = mode
        if duration is not None:
            self.due.set(f"interruption:{owner}", at, duration)
        else:
            self.due.clear(f"interruption:{owner}")

    def restore_pilot(self, owner: str) -> None:
        self._interruptions.pop(owner, None)
        self.due.clear(f"interruption:{owner}")

    def reboot(self, at: Instant, emit: Emit) -> None:
        """Rule 2b: restart of the charge controller."""
        if self.state is S.OFF:
            return
        self._open_contactor(at, 0.0, emit)
        self._lose_memory()
        self.protection.reset("power", emit)
        self._enter(S.BOOT, emit)
        self.due.set("boot", at, self.spec.evse.boot)
        self.boots += 1
        emit("rebooted")

    # --- the machine -------------------------------------------------------------------------------------------------

    def step(self, at: Instant, inputs: Inputs, emit: Emit) -> bool:
        """Fire at most one rule; whether one fired."""
        if not inputs.powered:
            return self._lose_power(at, emit)
        if self.state is S.OFF:  # 2a
            self._enter(S.BOOT, emit)
            self.due.set("boot", at, self.spec.evse.boot)
            self.boots += 1
            emit("supply_restored")
            return True
        if self._end_interruptions(at) or self._evaluate_pilot(at, inputs, emit):
            return True
        if self.protection.step(at, self.measured(at, inputs), emit):
            return True
        self.due.take("opening", at)
        if self.spec.connector == "socket" and self.lock.step(
            at, self._wants_lock(), inputs.conditions.lock_stuck, emit
        ):
            return True
        if self.state is S.BOOT:
            return self._booting(at, emit)
        if self.protection.hard and self.state is not S.FAULT:  # 1
            self._fault(at, inputs, emit)
            return True
        if self._plugging(at, inputs, emit):
            return True
        if self.state in (S.FAULT, S.DISABLED):
            return self._blocked(at, emit)
        return self._running(at, inputs, emit)

    def _running(self, at: Instant, inputs: Inputs, emit: Emit) -> bool:
        if self.offer.out_of_service and self.state in (S.A, S.B_AUTH, S.B_WAIT, S.B_READY, S.C_CLOSING):  # 22
            self._offer_now(0.0, emit)
            self._enter(S.DISABLED, emit)
            return True
        permitted = self.permitted(inputs)
        if self.state is S.PHASE_SWITCH:
            return self._switching(at, inputs, permitted, emit)
        if self.phases.follow_at_once(self.state is S.A or self._may_switch_at_once(), emit):
            return True
        if self.plugged and self.phases.due(at, self.state) and self.state is not S.WAKEUP:  # 19
            self._start_switch(at, inputs, emit)
            return True
        rule = _RULES.get(self.state)
        return rule(self, at, inputs, permitted, emit) if rule is not None else False

    def _may_switch_at_once(self) -> bool:
        return self.phases.instant and self.state in (S.B_AUTH, S.B_WAIT, S.B_READY)

    # --- power, boot, faults -----------------------------------------------------------------------------------------

    def _lose_power(self, at: Instant, emit: Emit) -> bool:
        """Rule 2: everything open at once."""
        if self.state is S.OFF:
            return False
        if self.contactor:
            self._open_contactor(at, 0.0, emit)
        self._lose_memory()
        self.due.clear_all()
        self.protection.forget(emit)
        self._end_session(emit)
        self._enter(S.OFF, emit)
        self._set_pilot(PilotState.E, emit)
        emit("supply_lost")
        return True

    def _lose_memory(self) -> None:
        self.offered = 0.0
        self._interruptions.clear()
        self._outputs_dark = None
        self.phases.restart()
        self._asked = False

    def _booting(self, at: Instant, emit: Emit) -> bool:
        if not self.due.take("boot", at):
            return False
        if self.spec.evse.boot_lockout > 0:
            self.due.set("lockout", at, self.spec.evse.boot_lockout)
        self._enter(self._resting_state(), emit)
        emit("booted")
        return True

    def _resting_state(self) -> S:
        if not self.plugged:
            return S.A
        return S.B_WAIT if self.offer.authorised else S.B_AUTH

    def _fault(self, at: Instant, inputs: Inputs, emit: Emit) -> None:
        if self.contactor:
            self._open_contactor(at, inputs.current, emit)
        self._offer_now(0.0, emit)
        self.phases.finish(emit)
        self._enter(S.FAULT, emit)

    def _blocked(self, at: Instant, emit: Emit) -> bool:
        if self.state is S.FAULT and not self.protection.hard:  # 21
            self.due.set("fault_hold", at, self.spec.evse.hold_off_after_fault)
            self._enter(self._resting_state(), emit)
            return True
        if self.state is S.DISABLED and not self.offer.out_of_service:  # 22a
            self._enter(self._resting_state(), emit)
            return True
        return False

    # --- pilot and plug ----------------------------------------------------------------------------------------------

    def _end_interruptions(self, at: Instant) -> bool:
        self.due.take("lockout", at)
        for owner in tuple(self._interruptions):
            if self.due.passed(f"interruption:{owner}", at):
                self.restore_pilot(owner)
                return True
        return False

    def _wanted_darkness(self) -> Literal["open", "f"] | None:
        if self.state is S.WAKEUP:
            return self.spec.evse.wake_up.pilot
        if self.state is S.PHASE_SWITCH and self.phases.dark is not None:
            return self.phases.dark
        return next(iter(self._interruptions.values()), None)

    def _evaluate_pilot(self, at: Instant, inputs: Inputs, emit: Emit) -> bool:
        wanted = self._wanted_darkness()
        if wanted != self._outputs_dark:
            self._outputs_dark = wanted
            if wanted is None:
                self.due.set("settle", at, self.spec.evse.pilot_settle)
                self.phases.interrupted()
            emit("pilot_restored" if wanted is None else "pilot_interrupted", **({"mode": wanted} if wanted else {}))
            return True
        self.due.take("settle", at)
        if wanted is not None or self.due.waiting("settle"):
            return False
        if inputs.conditions.pilot_f:
            return self._set_pilot(PilotState.F, emit)
        before = self.pilot if self.pilot is not PilotState.F else PilotState.A
        return self._set_pilot(pilot.classify(inputs.resistance, before), emit)

    def _set_pilot(self, state: PilotState, emit: Emit) -> bool:
        if state is self.pilot:
            return False
        emit("pilot_changed", **{"from": str(self.pilot), "to": str(state)})
        self.pilot = state
        return True

    def _plugging(self, at: Instant, inputs: Inputs, emit: Emit) -> bool:
        """Rules 4 and 5."""
        if self.plugged and self.pilot is PilotState.A:
            self._unplugged(at, inputs, emit)
            return True
        if not self.plugged and self.pilot in PLUGGED_PILOTS:
            self.due.ensure("plug", at, self.spec.evse.plug_debounce)
            if self.due.take("plug", at):
                self._plugged(at, emit)
                return True
        elif not self.plugged:
            self.due.clear("plug")
        return False

    def _plugged(self, at: Instant, emit: Emit) -> None:
        self.plugged = True
        self.session += 1
        self._asked = False
        self._wakes = 0
        emit("plugged", session=self.session)
        if self.state is S.A:
            self._enter(self._resting_state(), emit)

    def _unplugged(self, at: Instant, inputs: Inputs, emit: Emit) -> None:
        if self.contactor:
            self._open_contactor(at, inputs.current, emit)
        self._offer_now(0.0, emit)
        self._end_session(emit)
        if self.state not in (S.FAULT, S.DISABLED):
            self._enter(S.A, emit)

    def _end_session(self, emit: Emit) -> None:
        if not self.plugged:
            return
        self.plugged = False
        self._asked = False
        self.lock.forced_open = False
        self.phases.unplugged(emit)
        self.due.clear("hold", "wake", "wake_end", "close", "grace", "plug")
        emit("unplugged", session=self.session)
        self.protection.reset("unplug", emit)

    def _wants_lock(self) -> bool:
        if self.contactor:
            return True
        policy = self.lock.policy
        if self.lock.forced_open or self.state is S.OFF:
            return False
        if policy == "always":
            return self.cable is not None or self.plugged
        if not self.plugged or self.pilot in (PilotState.E, PilotState.F):
            return False
        if policy == "auto_unlock" and self._asked and self.offered == 0:
            return False
        return self.spec.evse.lock_in_b or self.pilot in REQUESTING

    # --- the states of a session -------------------------------------------------------------------------------------

    def _b_auth(self, at: Instant, inputs: Inputs, permitted: float, emit: Emit) -> bool:
        if self.offer.authorised:  # 6
            self._enter(S.B_WAIT, emit)
            return True
        return False

    def _b_wait(self, at: Instant, inputs: Inputs, permitted: float, emit: Emit) -> bool:
        if not self.offer.authorised:  # 6a
            self._enter(S.B_AUTH, emit)
            return True
        if permitted > 0:  # 7
            self._offer_now(permitted, emit)
            self._arm_wake_up(at)
            self._enter(S.B_READY, emit)
            return True
        return False

    def _b_ready(self, at: Instant, inputs: Inputs, permitted: float, emit: Emit) -> bool:
        if permitted <= 0:  # 8, 6a
            self._offer_now(0.0, emit)
            self.due.clear("wake")
            self._enter(S.B_WAIT, emit)
            return True
        if self._offer_now(permitted, emit):
            return True
        ventilated = self.pilot is PilotState.D and not self.spec.evse.ventilation  # 10
        for hold in ("hold", "fault_hold"):
            self.due.take(hold, at)
        held = self.due.waiting("hold") or self.due.waiting("fault_hold")
        if self.pilot in REQUESTING and not ventilated and not held:  # 9
            self.due.set("close", at, self.spec.evse.close_delay)
            self._asked = True
            self._enter(S.C_CLOSING, emit)
            return True
        if self.due.take("wake", at):  # 20
            self._wakes += 1
            self.due.set("wake_end", at, self.spec.evse.wake_up.duration)
            self._enter(S.WAKEUP, emit)
            return True
        return False

    def _c_closing(self, at: Instant, inputs: Inputs, permitted: float, emit: Emit) -> bool:
        if self.pilot not in REQUESTING or (self.pilot is PilotState.D and not self.spec.evse.ventilation):  # 11a
            self.due.clear("close")
            self._enter(S.B_READY, emit)
            return True
        if permitted <= 0:  # 11b
            self.due.clear("close")
            self._offer_now(0.0, emit)
            self._enter(S.B_WAIT, emit)
            return True
        if self._offer_now(permitted, emit):
            return True
        locked = self.spec.connector == "tethered" or self.lock.closed
        if locked and self.due.take("close", at):  # 11
            self.contactor = True
            self.cycles += 1
            self.phases.closed()
            self.due.clear("wake", "opening")
            self._enter(S.CHARGING, emit)
            emit("contactor_closed", phases=self.phases.set_for)
            return True
        return False

    def _charging(self, at: Instant, inputs: Inputs, permitted: float, emit: Emit) -> bool:
        if self.pilot not in REQUESTING or (self.pilot is PilotState.D and not self.spec.evse.ventilation):  # 17
            self._open_contactor(at, inputs.current, emit)
            self._enter(S.B_READY, emit)
            return True
        if permitted <= 0:  # 13
            self._offer_now(0.0, emit)
            self.due.set("grace", at, self.spec.evse.grace)
            self._enter(S.C_STOPPING, emit)
            return True
        if self._falls_back(at, inputs, emit):
            return True
        return self._offer_now(permitted, emit)  # 12

    def _falls_back(self, at: Instant, inputs: Inputs, emit: Emit) -> bool:
        """Offered three phases, the vehicle draws on L1 only: some boxes drop L2 and L3 after a while."""
        first, second, third = inputs.currents
        one_only = first > 5.0 and second < 0.5 and third < 0.5
        if not self.spec.evse.single_phase_fallback or self.phases.set_for != 3 or not one_only:
            self.due.clear("fallback")
            return False
        self.due.ensure("fallback", at, FALLBACK_AFTER)
        if not self.due.take("fallback", at):
            return False
        self.phases.drop_to_one(emit)
        return True

    def _c_stopping(self, at: Instant, inputs: Inputs, permitted: float, emit: Emit) -> bool:
        if permitted > 0 and self.pilot in REQUESTING:  # 16
            self.due.clear("grace")
            self._offer_now(permitted, emit)
            self._enter(S.CHARGING, emit)
            return True
        if self.pilot not in REQUESTING or self.due.take("grace", at):  # 14, 15
            self.due.clear("grace")
            self._open_contactor(at, inputs.current, emit)
            self._enter(S.B_WAIT, emit)
            return True
        return False

    def _wakeup(self, at: Instant, inputs: Inputs, permitted: float, emit: Emit) -> bool:
        if permitted <= 0 or self.due.take("wake_end", at):  # 20a
            self.due.clear("wake_end")
            wake = self.spec.evse.wake_up
            if permitted > 0 and self._wakes < wake.attempts:
                self.due.set("wake", at, wake.interval)
            self._enter(S.B_READY, emit)
            return True
        return False

    def _arm_wake_up(self, at: Instant) -> None:
        if self.spec.evse.wake_up.enabled and not self._asked:
            self._wakes = 0
            self.due.set("wake", at, self.spec.evse.wake_up.first)

    # --- phase switching ---------------------------------------------------------------------------------------------

    def _start_switch(self, at: Instant, inputs: Inputs, emit: Emit) -> None:
        """Step 1: no PWM; the contactor waits for the vehicle to let go."""
        self._offer_now(0.0, emit)
        self.due.clear("close", "grace")
        self.phases.begin(at, self.contactor, emit)
        self._enter(S.PHASE_SWITCH, emit)

    def _switching(self, at: Instant, inputs: Inputs, permitted: float, emit: Emit) -> bool:
        released = self.pilot not in REQUESTING
        if self.contactor and self.phases.may_open(at, released):
            under_load = self._open_contactor(at, inputs.current, emit)
            self.phases.opened(at, under_load)
            return True
        if self.phases.step(at, emit):
            return True
        if not self.phases.resuming:
            return False
        if permitted <= 0:
            self.phases.finish(emit)
            self._enter(S.B_WAIT, emit)
            return True
        if self._offer_now(permitted, emit):
            return True
        held = self.due.running("hold", at) or self.due.running("fault_hold", at)
        if (self.pilot in REQUESTING and not held) or self.phases.gave_up(at):
            self.phases.finish(emit)
            self._enter(S.B_READY, emit)
            return True
        return False

    # --- actions -----------------------------------------------------------------------------------------------------

    def _enter(self, state: S, emit: Emit) -> None:
        if state is self.state:
            return
        emit("state_changed", **{"from": str(self.state), "to": str(state)})
        self.state = state

    def _offer_now(self, current: float, emit: Emit) -> bool:
        """Put `current` A on the pilot; whether that is a change."""
        if current == self.offered:
            return False
        self.offered = current
        emit("offer_changed", current=current)
        return True

    def _open_contactor(self, at: Instant, current: float, emit: Emit) -> bool:
        """Command it open; the contacts follow. Returns whether that was under load."""
        if not self.contactor:
            return False
        under_load = current > UNDER_LOAD
        self.contactor = False
        self.cycles_under_load += under_load
        self.due.set("opening", at, self.spec.evse.open_delay)
        self.due.set("hold", at, self.spec.evse.hold_off)
        emit("contactor_opened", under_load=under_load)
        return under_load

    def next_due(self, at: Instant, inputs: Inputs) -> Instant | None:
        """When the next rule may fire if nothing changes around it."""
        times = (
            self.due.next(at),
            self.lock.due.next(at),
            self.phases.timers.next(at),
            self.protection.next_due(at, self.measured(at, inputs)),
        )
        return min((time for time in times if time is not None), default=None)


_RULES: Final[dict[S, Callable[[Evse, Instant, Inputs, float, Emit], bool]]] = {
    S.B_AUTH: Evse._b_auth,
    S.B_WAIT: Evse._b_wait,
    S.B_READY: Evse._b_ready,
    S.C_CLOSING: Evse._c_closing,
    S.CHARGING: Evse._charging,
    S.C_STOPPING: Evse._c_stopping,
    S.WAKEUP: Evse._wakeup,
}
