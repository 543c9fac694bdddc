"""The charge controller: contactor, connector, control pilot, protection and phase switch under one state.

The one rule: nothing here decides what happens next; that is the table of transitions in `evse_rules`.
"""

from __future__ import annotations

from typing import Final

from . import pilot
from .connector import Connector
from .contactor import Contactor
from .deadlines import Deadlines
from .events import Emit, EventName
from .faults import Conditions
from .instant import Instant, earliest
from .offer import Offer, offerable
from .phases import PhaseSwitch
from .pilotline import Interruption, PilotLine
from .protection import Measurements, Protection
from .snapshot import PhaseMask, Phases
from .specs import ChargerSpec
from .states import EvseState as S
from .states import PilotState
from .terminals import NO_PILOT, PilotLevel, PilotSignal
from .values import value

PLUGGED: Final = (PilotState.B, PilotState.C, PilotState.D)
REQUESTING: Final = (PilotState.C, PilotState.D)
POWERED: Final = 50.0
"""Voltage below which a line does not supply the controller [V]."""
UNLOCK_AT_F: Final = 5.0
"""Time in state F after which the socket unlocks [s]. Source: EVerest, IECStateMachine."""


@value
class EvseInputs:
    """What the controller is connected to, at one instant."""

    at: Instant
    resistance: float | None
    """Resistance on the control pilot; None: open [ohm]."""
    conditions: Conditions
    voltages: Phases
    """Source voltage at each terminal, without load [V]."""
    wired: PhaseMask
    """Terminals that are connected at all."""
    nominal: float
    """Voltage the installation is made for [V]."""
    nominal_frequency: float
    frequency: float
    currents: Phases
    """RMS current [A]."""
    derated: float | None
    """Thermal limit in force [A]."""

    @property
    def powered(self) -> bool:
        (a, b, c), (first, second, third) = self.voltages, self.wired
        return (first and a >= POWERED) or (second and b >= POWERED) or (third and c >= POWERED)


class Evse:
    """The parts of one charge controller, what can be said about them, and what can be done with them.

    Its states and their transitions are the table of `evse_rules`.
    """

    def __init__(self, spec: ChargerSpec, emit: Emit) -> None:
        self.spec = spec
        self.emit = emit
        self.state = S.A
        self.plugged = False
        self.session = 0
        self.boots = 1
        self.offered = 0.0
        """Current coded in the duty cycle; 0: no PWM [A]."""
        self.asked = False
        """The vehicle has asked for current in this session."""
        self.wakes = 0
        """Wake-ups tried since the offer began."""
        self.allowed = 0.0
        """Current that may be offered at this instant, see `permitted` [A]."""
        self.restarting = False
        """A restart was commanded."""
        self.fired: set[str] = set()
        self.earth_check = spec.earth_check
        self.due = Deadlines()
        self.offer = Offer()
        self.line = PilotLine(spec.evse.pilot_settle, emit)
        self.contactor = Contactor(
            spec.evse.open_delay, cycles=spec.contactor_cycles, under_load=spec.contactor_cycles_under_load
        )
        self.connector = Connector(spec, emit)
        self.phases = PhaseSwitch(spec, emit)
        self.protection = Protection(spec.evse.recovery, emit)

    # --- derived -----------------------------------------------------------------------------------------------------

    @property
    def pilot(self) -> PilotState:
        """As evaluated; held while evaluation is suspended."""
        return self.line.state

    @property
    def requesting(self) -> bool:
        """The vehicle asks for current, in a way this charger serves."""
        return self.pilot is PilotState.C or (self.pilot is PilotState.D and self.spec.evse.ventilation)

    def fixed_limits(self, now: EvseInputs) -> dict[str, float]:
        """Limits of the hardware, by owner."""
        limits = {"hardware": self.spec.rated_current}
        if self.connector.is_socket and (rating := self.connector.rating(now.conditions)):
            limits["cable"] = rating
        if now.derated is not None:
            limits["temperature"] = now.derated
        return limits

    def permitted(self, now: EvseInputs) -> float:
        """Current to offer after all limits and permissions; 0: nothing now [A]."""
        if not self.offer.permitted or self.protection.soft or self.protection.hard:
            return 0.0
        if self.due.running("lockout", now.at) or self.line.asked or not self.connector.rating(now.conditions):
            return 0.0
        limit, _, _ = self.offer.binding(self.fixed_limits(now))
        return offerable(limit, self.spec.evse.below_minimum)

    def held(self, at: Instant) -> bool:
        """The vehicle's wish has to wait (T13, T14)."""
        return self.due.running("hold", at) or self.due.running("fault_hold", at)

    def duty(self, conditions: Conditions) -> float:
        """Duty cycle on the pilot; 0: no power, or steady -12 V [%]."""
        if self.state is S.OFF or conditions.pilot_f or self.line.interruption == "f":
            return 0.0
        return pilot.encode(self.offered)

    def signal(self, conditions: Conditions) -> PilotSignal:
        """The pilot as the vehicle sees it."""
        if self.state is S.OFF or conditions.pilot_short or conditions.pilot_broken or self.line.interruption == "open":
            return NO_PILOT
        if conditions.pilot_f or self.line.interruption == "f":
            return PilotSignal(PilotLevel.MINUS, pilot.STEADY)
        return PilotSignal(PilotLevel.NORMAL, pilot.encode(self.offered))

    def conducting(self, at: Instant, conditions: Conditions) -> PhaseMask:
        """Poles that conduct: commanded, opening, or welded."""
        return self.contactor.conducting(at, self.phases.poles, conditions)

    def _measured(self, now: EvseInputs) -> Measurements:
        poles, wired = self.phases.poles, now.wired
        return Measurements(
            conditions=now.conditions,
            state=self.state,
            pilot=self.pilot,
            plugged=self.plugged,
            pwm=self.offered > 0,
            contactor=self.contactor.closed,
            conducting=self.conducting(now.at, now.conditions),
            voltages=now.voltages,
            wired=wired,
            used=(wired[0] and poles[0], wired[1] and poles[1], wired[2] and poles[2]),
            nominal=now.nominal,
            nominal_frequency=now.nominal_frequency,
            frequency=now.frequency,
            current=max(now.currents),
            offered=self.offered,
            earth_check=self.earth_check,
            ventilation=self.spec.evse.ventilation,
            lock_failed=self.connector.lock.failed,
            proximity_invalid=self.connector.invalid(now.conditions),
            derated=now.derated,
        )

    def next_due(self, now: EvseInputs) -> Instant | None:
        """When a rule may fire next if nothing changes around it."""
        at = now.at
        return earliest(
            self.due.next(at),
            self.line.next_due(at),
            self.contactor.next_due(at),
            self.connector.lock.due.next(at),
            self.phases.timers.next(at),
            self.protection.next_due(at, self._measured(now)) if self.protection.busy else None,
        )

    @property
    def switches_at_once(self) -> bool:
        """The vehicle will look at its phases again: nothing closed since it came, or its pilot is cut."""
        return self.phases.instant or self.line.interruption == "open"

    @property
    def resting_state(self) -> S:
        """Where it waits when nothing is under way."""
        if not self.plugged:
            return S.A
        return S.B_WAIT if self.offer.authorised else S.B_AUTH

    # --- one instant -------------------------------------------------------------------------------------------------

    def work_parts(self, now: EvseInputs) -> bool:
        """Let pilot output, pilot evaluation, protection and lock do what is due; whether one of them changed."""
        at = now.at
        if self._drive_pilot(at) or self._evaluate_pilot(now):
            return True
        if self.protection.step(at, self._measured(now)):
            return True
        self.contactor.settle(at)
        return self.connector.step(at, self._wants_lock(at), now.conditions)

    def _drive_pilot(self, at: Instant) -> bool:
        forced: Interruption | None = None
        if self.state is S.WAKEUP:
            forced = self.spec.evse.wake_up.pilot
        elif self.state is S.PHASE_SWITCH:
            forced = self.phases.interruption
        if not self.line.drive(at, forced):
            return False
        if self.line.interruption is None:
            self.phases.interrupted()
        return True

    def _evaluate_pilot(self, now: EvseInputs) -> bool:
        """Whether the pilot's state changed. Starts the hold-off T14 when D ends that is not served."""
        before = self.pilot
        if not self.line.evaluate(now.at, now.resistance, now.conditions.pilot_f):
            return False
        if before is PilotState.D and not self.spec.evse.ventilation:
            self.due.set("fault_hold", now.at, self.spec.evse.hold_off_after_fault)
        return True

    def _wants_lock(self, at: Instant) -> bool:
        lock = self.connector.lock
        if self.contactor.closed:
            return True
        if lock.forced_open or self.state is S.DISABLED:
            return False
        if lock.policy == "always":
            return self.connector.cable is not None or self.plugged
        if not self.plugged or self.pilot is PilotState.E or self._unlocks_at_f(at):
            return False
        if lock.policy == "auto_unlock" and self.asked and (self.offered == 0 or not self.requesting):
            return False
        return self.spec.evse.lock_in_b or self.pilot in REQUESTING

    def _unlocks_at_f(self, at: Instant) -> bool:
        if self.pilot is not PilotState.F:
            self.due.clear("unlock")
            return False
        self.due.ensure("unlock", at, UNLOCK_AT_F)
        return self.due.passed("unlock", at)

    # --- actions -----------------------------------------------------------------------------------------------------

    def enter(self, state: S) -> None:
        """Change the state, if it is another one."""
        if state is not self.state:
            self.emit(EventName.STATE_CHANGED, **{"from": str(self.state), "to": str(state)})
            self.state = state

    def offer_now(self, current: float) -> bool:
        """Put `current` A on the pilot; whether that is a change."""
        if current == self.offered:
            return False
        self.offered = current
        self.emit(EventName.OFFER_CHANGED, current=current)
        return True

    def open_contactor(self, now: EvseInputs) -> bool:
        """Command it open, if it is not; whether that was under load. Starts the hold-off T13, if C ends here."""
        if not self.contactor.closed:
            return False
        under_load = self.contactor.open(now.at, self.phases.poles, now.conditions, max(now.currents))
        if self.state is not S.C_STOPPING or self.spec.evse.hold_off_from == "contactor":
            self.due.set("hold", now.at, self.spec.evse.hold_off)
        self.emit(EventName.CONTACTOR_OPENED, under_load=under_load)
        return under_load

    def end_c(self, now: EvseInputs) -> None:
        """State C ends, whatever the contactor does: starts the hold-off T13 where it counts from here."""
        if self.spec.evse.hold_off_from == "state_c":
            self.due.set("hold", now.at, self.spec.evse.hold_off)

    def begin_session(self) -> None:
        """A vehicle is plugged in."""
        self.plugged = True
        self.session += 1
        self.asked = False
        self.wakes = 0
        self.connector.lock.forced_open = False
        self.emit(EventName.PLUGGED, session=self.session)

    def end_session(self) -> None:
        """The vehicle is gone, or the controller has forgotten it."""
        if not self.plugged:
            return
        self.plugged = False
        self.asked = False
        self.connector.lock.forced_open = False
        self.phases.unplugged()
        self.due.clear("hold", "wake", "wake_end", "close", "grace", "plug", "fallback", "unlock")
        self.emit(EventName.UNPLUGGED, session=self.session)

    def forget(self) -> None:
        """Lose what no memory keeps: session, offer, sequences, hold-offs."""
        self.offer_now(0.0)
        self.end_session()
        self.line.reset()
        self.phases.restart()
        self.due.clear_all()
