"""The charge controller: IEC 61851 state machine around contactor, connector, protection and phase switch.

The one rule: rules are levels, evaluated from the top after every event until none fires. Their numbers are those of
the table in the docstring of `Evse`; the rules of a running session are in `rules`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from . import pilot
from .connector import Connector
from .contactor import Contactor
from .deadlines import Deadlines
from .events import Emit, EventName
from .faults import Conditions
from .instant import Instant
from .offer import Offer, offerable
from .phases import PhaseSwitch
from .pilotline import Interruption, PilotLine
from .protection import Measured, Protection
from .rules import RULES, phase_switch
from .snapshot import EvseState as S
from .snapshot import PhaseMask, Phases, PilotState
from .specs import ChargerSpec
from .terminals import DARK, Level, Signal

PLUGGED: Final = (PilotState.B, PilotState.C, PilotState.D)
REQUESTING: Final = (PilotState.C, PilotState.D)
POWERED: Final = 50.0
"""V below which a line does not supply the controller."""
UNLOCK_AT_F: Final = 5.0
"""s of state F after which the socket unlocks. Source: EVerest, IECStateMachine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What the controller is connected to, at one instant."""

    at: Instant
    resistance: float | None
    """Ohm on the control pilot; None: open."""
    conditions: Conditions
    voltages: Phases
    """V of the source at each terminal, without load."""
    wired: PhaseMask
    """Terminals that are connected at all."""
    nominal: float
    """V the installation is made for."""
    nominal_frequency: float
    frequency: float
    currents: Phases
    """A rms"""
    derated: float | None
    """A, the thermal limit in force."""

    @property
    def powered(self) -> bool:
        return any(wired and voltage >= POWERED for voltage, wired in zip(self.voltages, self.wired, strict=True))


class Evse:
    """The state machine.

    ==== ===================== ===================================== ============================
    rule from                  when                                  to
    ==== ===================== ===================================== ============================
    2    any                   supply lost                           OFF
    2a   OFF                   supply back                           BOOT
    2b   any except OFF        reboot                                BOOT
    3    BOOT                  boot time over                        A or B_*
    1    any running           hard fault                            FAULT
    4    plugged               pilot open                            A (FAULT, DISABLED stay)
    5    not plugged           pilot B, C or D for the debounce      B_AUTH or B_WAIT
    21   FAULT                 no hard fault any more                A or B_*
    22   before charging       out of service                        DISABLED
    22a  DISABLED              in service again                      A or B_*
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

    def __init__(self, spec: ChargerSpec, emit: Emit) -> None:
        self.spec = spec
        self.emit = emit
        self.state = S.A
        self.plugged = False
        self.session = 0
        self.boots = 1
        self.offered = 0.0
        """A in the duty cycle; 0: no PWM."""
        self.asked = False
        """The vehicle has asked for current in this session."""
        self.wakes = 0
        """Wake-ups tried since the offer began."""
        self.earth_check = spec.earth_check
        self.due = Deadlines()
        self.offer = Offer()
        self.line = PilotLine(spec.evse.pilot_settle, emit)
        self.contactor = Contactor(spec.evse.open_delay)
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

    def fixed_limits(self, now: Inputs) -> dict[str, float]:
        """Limits of the hardware, by owner."""
        limits = {"hardware": self.spec.rated_current}
        if self.connector.is_socket and (rating := self.connector.rating(now.conditions)):
            limits["cable"] = rating
        if now.derated is not None:
            limits["temperature"] = now.derated
        return limits

    def permitted(self, now: Inputs) -> float:
        """A to offer after all limits and permissions; 0: nothing now."""
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
        """Percent on the pilot; 0: no power, or steady -12 V."""
        if self.state is S.OFF or conditions.pilot_f or self.line.dark == "f":
            return 0.0
        return pilot.encode(self.offered)

    def signal(self, conditions: Conditions) -> Signal:
        """The pilot as the vehicle sees it."""
        if self.state is S.OFF or conditions.pilot_short or conditions.pilot_broken or self.line.dark == "open":
            return DARK
        if conditions.pilot_f or self.line.dark == "f":
            return Signal(Level.MINUS, pilot.STEADY)
        return Signal(Level.NORMAL, pilot.encode(self.offered))

    def conducting(self, at: Instant, conditions: Conditions) -> PhaseMask:
        """Poles that conduct: commanded, opening, or welded."""
        return self.contactor.conducting(at, self.phases.poles, conditions)

    def _measured(self, now: Inputs) -> Measured:
        poles, wired = self.phases.poles, now.wired
        return Measured(
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

    # --- the machine -------------------------------------------------------------------------------------------------

    def step(self, now: Inputs) -> bool:
        """Fire at most one rule; whether one fired."""
        if not now.powered:
            return self._lose_power(now)
        if self.state is S.OFF:  # 2a
            self._boot(now.at, EventName.SUPPLY_RESTORED)
            return True
        if self._drive_pilot(now.at) or self.line.evaluate(now.at, now.resistance, now.conditions.pilot_f):
            return True
        if self.protection.step(now.at, self._measured(now)):
            return True
        self.contactor.settle(now.at)
        if self.connector.step(now.at, self._wants_lock(now.at), now.conditions):
            return True
        if self.state is S.BOOT:
            return self._booted(now.at)
        if self.protection.hard and self.state is not S.FAULT:  # 1
            self._fault(now)
            return True
        if self._plugging(now):
            return True
        if self.state in (S.FAULT, S.DISABLED):
            return self._leave(now.at)
        return self._run(now)

    def next_due(self, now: Inputs) -> Instant | None:
        """When the next rule may fire if nothing changes around it."""
        at = now.at
        times = (
            self.due.next(at),
            self.line.next_due(at),
            self.contactor.next_due(at),
            self.connector.lock.due.next(at),
            self.phases.timers.next(at),
            self.protection.next_due(at, self._measured(now)),
        )
        return min((time for time in times if time is not None), default=None)

    def _run(self, now: Inputs) -> bool:
        if self.offer.out_of_service and self.state in _BEFORE_CHARGING:  # 22
            self.offer_now(0.0)
            self.due.clear("wake", "close")
            self.enter(S.DISABLED)
            return True
        permitted = self.permitted(now)
        if self.state is S.PHASE_SWITCH:
            return phase_switch(self, now, permitted)
        at_once = self.state is S.A or (self.phases.instant and self.state in _BEFORE_CHARGING)
        if at_once and self.phases.follow_at_once():
            return True
        if self.plugged and self.state is not S.WAKEUP and self.phases.due(now.at):  # 19
            self._start_switch(now.at)
            return True
        rule = RULES.get(self.state)
        return rule is not None and rule(self, now, permitted)

    # --- power, boot, faults -----------------------------------------------------------------------------------------

    def _lose_power(self, now: Inputs) -> bool:
        """Rule 2: everything open at once, all memory lost."""
        if self.state is S.OFF:
            return False
        if self.contactor.closed:
            self.contactor.drop()
            self.emit(EventName.CONTACTOR_OPENED, under_load=False)
        self.contactor.drop()
        self.protection.forget()
        self._forget()
        if self.connector.lock.opens_on_outage:
            self.connector.lock.release(now.conditions.lock_stuck)
        self.enter(S.OFF)
        self.line.read(PilotState.E)
        self.emit(EventName.SUPPLY_LOST)
        return True

    def reboot(self, now: Inputs) -> None:
        """Rule 2b: restart of the charge controller."""
        self.open_contactor(now)
        self._forget()
        self.protection.reset("power")
        self._boot(now.at, EventName.REBOOTED)

    def _boot(self, at: Instant, event: EventName) -> None:
        self.enter(S.BOOT)
        self.due.set("boot", at, self.spec.evse.boot)
        self.boots += 1
        self.emit(event)

    def _forget(self) -> None:
        """What no memory keeps: session, offer, sequences, hold-offs."""
        self.offer_now(0.0)
        self._end_session()
        self.line.reset()
        self.phases.restart()
        self.due.clear_all()

    def _booted(self, at: Instant) -> bool:
        """Rule 3."""
        if not self.due.take("boot", at):
            return False
        if self.spec.evse.boot_lockout > 0:
            self.due.set("lockout", at, self.spec.evse.boot_lockout)
        if self.pilot in PLUGGED:
            self._begin_session()
        self.enter(self._resting_state())
        self.emit(EventName.BOOTED)
        return True

    def _resting_state(self) -> S:
        if not self.plugged:
            return S.A
        return S.B_WAIT if self.offer.authorised else S.B_AUTH

    def _fault(self, now: Inputs) -> None:
        self.open_contactor(now)
        self.offer_now(0.0)
        self.phases.finish()
        self.due.clear("close", "grace", "wake", "wake_end")
        self.enter(S.FAULT)

    def _leave(self, at: Instant) -> bool:
        """Rules 21 and 22a."""
        if self.state is S.FAULT and not self.protection.hard:
            self.due.set("fault_hold", at, self.spec.evse.hold_off_after_fault)
        elif self.state is S.FAULT or self.offer.out_of_service:
            return False
        self.enter(self._resting_state())
        return True

    # --- pilot, plug, lock -------------------------------------------------------------------------------------------

    def _drive_pilot(self, at: Instant) -> bool:
        forced: Interruption | None = None
        if self.state is S.WAKEUP:
            forced = self.spec.evse.wake_up.pilot
        elif self.state is S.PHASE_SWITCH:
            forced = self.phases.dark
        if not self.line.drive(at, forced):
            return False
        if self.line.dark is None:
            self.phases.interrupted()
        return True

    def _plugging(self, now: Inputs) -> bool:
        """Rules 4 and 5."""
        if self.plugged:
            if self.pilot is not PilotState.A:
                return False
            self.open_contactor(now)
            self.offer_now(0.0)
            self._end_session()
            if self.state not in (S.FAULT, S.DISABLED):
                self.enter(S.A)
            return True
        if self.pilot not in PLUGGED:
            self.due.clear("plug")
            return False
        self.due.ensure("plug", now.at, self.spec.evse.plug_debounce)
        if not self.due.take("plug", now.at):
            return False
        self._begin_session()
        if self.state is S.A:
            self.enter(self._resting_state())
        return True

    def _begin_session(self) -> None:
        self.plugged = True
        self.session += 1
        self.asked = False
        self.wakes = 0
        self.connector.lock.forced_open = False
        self.emit(EventName.PLUGGED, session=self.session)

    def _end_session(self) -> None:
        if not self.plugged:
            return
        self.plugged = False
        self.asked = False
        self.connector.lock.forced_open = False
        self.phases.unplugged()
        self.due.clear("hold", "wake", "wake_end", "close", "grace", "plug", "fallback", "unlock")
        self.emit(EventName.UNPLUGGED, session=self.session)

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
        if lock.policy == "auto_unlock" and self.asked and self.offered == 0:
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

    def open_contactor(self, now: Inputs) -> bool:
        """Command it open, if it is not; whether that was under load. Starts the hold-off T13."""
        if not self.contactor.closed:
            return False
        under_load = self.contactor.open(now.at, self.phases.poles, now.conditions, max(now.currents))
        self.due.set("hold", now.at, self.spec.evse.hold_off)
        self.emit(EventName.CONTACTOR_OPENED, under_load=under_load)
        return under_load

    def _start_switch(self, at: Instant) -> None:
        """Rule 19, step 1: no PWM; the contactor waits for the vehicle to let go."""
        self.offer_now(0.0)
        grace = None
        if self.contactor.closed:
            grace = self.due.remaining("grace", at) if self.due.waiting("grace") else self.spec.evse.grace
        self.due.clear("close", "grace", "wake", "fallback")
        self.phases.begin(at, grace)
        self.enter(S.PHASE_SWITCH)


_BEFORE_CHARGING: Final = (S.A, S.B_AUTH, S.B_WAIT, S.B_READY, S.C_CLOSING)
