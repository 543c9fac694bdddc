"""The wallbox's logic: gathers its inputs once a second if any changed, decides, and tells the charge controller.

The one rule: it runs on whole seconds since boot and only when something changed or time has come (V1 and V2 also after
a write over HTTP); between two runs everything it decided stays. Source: the firmware developers' description of the
one-second logic (see NOTES.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ...core.instant import MINUTE, SECOND, Instant
from ...core.messages import InterruptPilot, ResetFaults, RestorePilot, SetEarthCheck
from ...core.snapshot import Snapshot
from ...devices.charge_control import ChargeControl, LockPolicy
from ...devices.quirks import Quirk
from ...devices.settings import Settings
from . import faultcodes
from . import settings as s
from .backend import Backend
from .circumstances import Circumstances
from .clock import Clock
from .features import (
    IDLE_WHILE_SWITCHING_PHASES,
    INITIALIZING,
    NEW_ERROR_CODES,
    NO_PHASE_SWITCH_STATUS,
    OCPP_PHASES,
    WAIT_WITHOUT_CAR,
)
from .group import Membership
from .identity import Identity
from .ladder import Decision, Inputs, Mode, ModelStatus, decide
from .limits import Limits, acu
from .memory import Car, Memory, car_state
from .processor import POWER_ON, Processor
from .sequences import MinimumPause, PhaseChange, Phases, SimulatedUnplug

OUT_OF_REACH: Final = 1e9
"""More energy than any session has [Wh]."""
TEMPORARY_LIMIT: Final = 10 * MINUTE
"""`tcl` is forgotten so long after the last write."""
_LOCK: Final[Mapping[int, LockPolicy]] = {0: "normal", 1: "auto_unlock", 2: "always"}


class Expiry:
    """Inputs that are forgotten after a while without being renewed."""

    def __init__(self) -> None:
        self.limit_ends: Instant | None = None
        self.transaction_ends: Instant | None = None

    def limit(self, at: Instant, running: bool) -> None:
        """`tcl` was written."""
        self.limit_ends = at + TEMPORARY_LIMIT if running else None

    def transaction(self, at: Instant, timeout: int | None) -> None:
        """A transaction waits for a car so long [s]; None: it does not."""
        self.transaction_ends = None if timeout is None else at + timeout * SECOND

    @property
    def due(self) -> list[Instant | None]:
        return [self.limit_ends, self.transaction_ends]


class Logic:
    """One wallbox's logic and what it remembers."""

    def __init__(
        self,
        processor: Processor,
        settings: Settings,
        control: ChargeControl,
        identity: Identity,
        clock: Clock,
        backend: Backend,
        group: Membership,
        *,
        shows: Callable[[Quirk], bool],
        changed: Callable[[], None],
    ) -> None:
        """`changed`: called when something may look different."""
        self._processor = processor
        self._settings = settings
        self._control = control
        self._identity = identity
        self._clock = clock
        self._backend = backend
        backend.accepts = self.wake
        self._group = group
        group.wake = self.wake
        self._shows = shows
        self._changed = changed
        self._timer = processor.timer(self._tick)
        self._limited: set[str] = set()
        """Limits that the charge controller was ever told."""
        self._clear(0)

    def _clear(self, at: Instant) -> None:
        self.memory = Memory(status_changed=at, allow_changed=at)
        self.pause = MinimumPause()
        self.unplugging = SimulatedUnplug()
        self.phases = PhaseChange()
        self.around = Circumstances(
            self._settings, self._identity, self._clock, self._backend, at, self._shows, self._group
        )
        self.expiry = Expiry()
        self._interrupted = False
        self._unswitched = False
        """The charge controller did not take the last wish for phases."""

    # --- when it runs ------------------------------------------------------------------------------------------------

    def start(self, *, restarted: bool = False) -> None:
        """The network processor has started: everything is said again.

        After a restart not before the second second (ASSUMED): in the first it shows that it is initialising, and the
        charge controller goes on as it was.
        """
        at = self._processor.at
        self._clear(at)
        self.around.starting = restarted
        if self._processor.reset_reason == POWER_ON and at > 0:
            self.around.reconnects_at = at + round(self._settings[s.RDRE] * SECOND * self._processor.chance(at))
        self._control.restart()
        owner = self._control.owner
        self._control.submit(SetEarthCheck(owner=owner("nmo"), enabled=not self._settings[s.NMO]))
        self._control.submit(ResetFaults(owner=owner("rst")))
        self._tick(at)

    def stop(self) -> None:
        self._timer.clear()
        self._group.leave()

    def wake(self) -> None:
        """An input changed: run at the next whole second of the wallbox."""
        processor = self._processor
        if not processor.up:
            return
        due = processor.next_second(processor.at)
        if self._timer.due is None or due < self._timer.due:
            self._timer.set(due)
            processor.wake()

    def run(self) -> None:
        """Between two seconds. Source: go-eCharger-API-v1, which V1 and V2 answer with what has come of a write."""
        if self._processor.up and not self.around.starting:
            self._tick(self._processor.at)

    def _tick(self, at: Instant) -> None:
        self._timer.clear()
        snapshot = self._processor.observe()
        self._follow_session(snapshot, at)
        self._expire(at)
        self._note_power(snapshot, at)
        inputs = self.around.gather(snapshot, at, self.memory.last_current)
        wanted = self._phases_wanted(inputs)
        decision = self._held_back(decide(inputs), snapshot, wanted, at)
        self._note_pause(decision, snapshot, at)
        self._show(decision, inputs, snapshot, at)
        self._command(decision, snapshot)
        if self.around.starting:
            self.around.starting = False
            self._timer.set(self._processor.next_second(at))
        times = [time for time in (self._timer.due, self._next(at)) if time is not None]
        self._timer.set(min(times, default=None))
        self._changed()

    def _next(self, at: Instant) -> Instant | None:
        """The next whole second at which time alone changes something."""
        times = [
            *self.expiry.due,
            self.pause.due,
            self.unplugging.due,
            self.phases.due,
            None if self.memory.silent_since is None else self.memory.silent_since + faultcodes.SILENCE,
            *self.around.due(at),
        ]
        first = min((time for time in times if time is not None and time > at), default=None)
        return None if first is None else self._processor.next_second(first - 1)

    # --- the session -------------------------------------------------------------------------------------------------

    def _follow_session(self, now: Snapshot, at: Instant) -> None:
        session = now.session if now.plugged else None
        if session == self.memory.session or not now.controller_link:
            return
        if self.memory.session is not None:
            self._session_ends()
        self.memory.session = session
        if session is not None:
            self.memory.session_begins()
            self.around.session_begins()
            self.expiry.transaction(at, None)

    def _session_ends(self) -> None:
        """The car is unplugged: force state and transaction end with it. Source: go-eCharger-API-v2#117."""
        settings = self._settings
        settings.put(s.FRC, 0)
        settings.put(s.TRX, None)
        self.pause.move(None)
        self.unplugging.reset()
        self.phases.reset()
        self.around.session_ends()

    def phases_wished(self) -> None:
        """`psm` was written, perhaps as before: what was not switched then is tried again."""
        if self._unswitched:
            self._unswitched = False
            self.phases.requested = 1 if self.phases.requested == 3 else 3
            self.wake()

    def temporary_limit_changed(self) -> None:
        """`tcl` was written: forgotten 10 minutes after the last write."""
        self.expiry.limit(self._processor.at, self._settings[s.TCL] is not None)
        self.wake()

    def transaction_changed(self) -> None:
        """`trx` was set or cleared: without a car it does not last."""
        waits = self._settings[s.TRX] is not None and self.memory.session is None
        self.expiry.transaction(self._processor.at, self._settings[s.TXT] if waits else None)

    def _expire(self, at: Instant) -> None:
        expiry, settings = self.expiry, self._settings
        if expiry.limit_ends is not None and at >= expiry.limit_ends:
            expiry.limit_ends = None
            settings.put(s.TCL, None)
        if expiry.transaction_ends is not None and at >= expiry.transaction_ends:
            settings.put(s.TRX, None)

    def _note_power(self, now: Snapshot, at: Instant) -> None:
        """The highest power is looked for around events, never when somebody reads."""
        before = self._processor.second(at - 1)
        if now.plugged and before > self._processor.booted_at:
            earlier = self._processor.exact(before)
            if earlier.session == now.session:
                self.memory.peak_power = max(self.memory.peak_power, earlier.power)
            self.memory.peak_power = max(self.memory.peak_power, now.power)

    # --- the decision ------------------------------------------------------------------------------------------------

    def _phases_wanted(self, inputs: Inputs) -> Phases:
        if self._backend.phases is not None and self._identity.has(OCPP_PHASES):
            return 1 if self._backend.phases == 1 else 3
        mode = self._settings[s.PSM]
        if mode == 0:
            return self.around.surplus.phases if inputs.mode is Mode.ECO and self._settings[s.FUP] else 3
        return 1 if mode == 1 else 3

    def _held_back(self, decision: Decision, now: Snapshot, wanted: Phases, at: Instant) -> Decision:
        """Minimum pause, phase change and simulated unplugging of a decision to charge."""
        request, waits = self.phases.follow(
            at,
            wanted,
            contactor=now.contactor and now.plugged,
            switching=now.phase_switching,
            wait_ms=self._settings[s.PSMD],
        )
        if request is not None:
            self._unswitched = not self._control.phases("psm", request)
        settings = self._settings
        if not decision.charge:
            always = settings[s.SUA] and decision.status in SimulatedUnplug.PAUSES
            return decision.held_back(ModelStatus.SIMULATED_UNPLUG) if always and now.has_charged else decision
        if self.pause.holds(at) and decision.status is not ModelStatus.FORCED_ON:
            return decision.held_back(ModelStatus.MINIMUM_PAUSE)
        if waits:
            hidden = self._shows(NO_PHASE_SWITCH_STATUS)
            return decision.held_back(decision.status if hidden else ModelStatus.PHASE_SWITCH)
        if self.unplugging.resume(at, settings[s.SU], settings[s.SUMD]):
            return decision.held_back(ModelStatus.SIMULATED_UNPLUG)
        return decision

    def _note_pause(self, decision: Decision, now: Snapshot, at: Instant) -> None:
        """Charging is being stopped by the logic: a pause begins."""
        stops = self.memory.decision.charge and not decision.charge
        if stops and now.plugged and now.has_charged and decision.inner in SimulatedUnplug.PAUSES:
            self.unplugging.paused()
            self.pause.begin(at, self._settings[s.MCPD])

    def _show(self, decision: Decision, inputs: Inputs, now: Snapshot, at: Instant) -> None:
        memory, identity = self.memory, self._identity
        fault = faultcodes.active(now)
        new = faultcodes.uses_new_codes(self._settings[s.ERR_TABLE], identity.has(NEW_ERROR_CODES))
        memory.err = self._silence(at, new) if not now.controller_link else 0 if fault is None else fault.code(new=new)
        if now.controller_link:
            memory.silent_since = None
            memory.feedback_becomes(faultcodes.lock_feedback(now), at)
        car = car_state(
            now,
            fault is not None,
            booting=inputs.booting,
            phase_change=decision.status is ModelStatus.PHASE_SWITCH,
            initializing=identity.has(INITIALIZING),
        )
        if car is Car.IDLE and decision.status is ModelStatus.ACCESS_CONTROL and self._shows(WAIT_WITHOUT_CAR):
            car = Car.WAIT
        memory.car_becomes(self._seen_through_the_pilot(car), at)
        if now.current_flows:
            memory.last_current = at
        memory.decide(decision, at)
        self.limits = Limits.of(
            self._settings,
            identity,
            decision,
            inputs,
            now,
            surplus=lambda: self.around.surplus.current(self.around.tuning(), now.phases),
            failsafe=self.around.failsafe(at),
            group=self.around.granted,
            ocpp=self._backend.current,
        )
        memory.limits = self.limits.shown()
        memory.current = acu(memory.limits) if decision.charge else None

    def _silence(self, at: Instant, new: bool) -> int | None:
        """`err` while the charge controller is not heard."""
        memory = self.memory
        if memory.silent_since is None:
            memory.silent_since = at
        return faultcodes.Err.NO_COMM.code(new=new) if at >= memory.silent_since + faultcodes.SILENCE else None

    def _seen_through_the_pilot(self, car: Car | None) -> Car | None:
        """A defect: a phase switch looks like a car that leaves and comes back."""
        if car is not Car.COMPLETE or not self._shows(IDLE_WHILE_SWITCHING_PHASES):
            return car
        if self.phases.due is not None:
            return Car.IDLE
        toggled, left = self.phases.toggled_at, self.memory.left_charging
        return Car.WAIT if toggled is not None and left is not None and toggled >= left else car

    # --- the charge controller ---------------------------------------------------------------------------------------

    def _command(self, decision: Decision, now: Snapshot) -> None:
        """Nothing is told while the charge controller does not hear. ASSUMED: it goes on as it was."""
        if not now.controller_link or self.around.starting:
            return
        settings, control = self._settings, self._control
        for name, current in self.limits.commanded().items():
            if current is not None:
                self._limited.add(name)
            if name in self._limited:
                control.limit(name, current)
        self._mark("dwo", settings[s.DWO])
        self._mark("ate", settings[s.ATE] if settings[s.LMO] == Mode.TRIP else None)
        control.lock("ust", _LOCK[settings[s.UST]], on_outage=settings[s.UPO])
        authorised = settings[s.TRX] is not None or self._backend.authorised
        control.authorise("trx", None if settings[s.ACS] == 0 else authorised)
        control.permit("alw", decision.charge)
        dropped = self.phases.due is not None and self._shows(IDLE_WHILE_SWITCHING_PHASES)
        self._interrupt((decision.status is ModelStatus.SIMULATED_UNPLUG or dropped) and not now.contactor)

    def _mark(self, key: str, energy: float | None) -> None:
        """Be told when the session has this much energy; None or beyond reach: no need."""
        self._control.mark_energy(key, energy if energy is not None and energy < OUT_OF_REACH else None)

    def _interrupt(self, wanted: bool) -> None:
        """Cut the pilot while unplugging is simulated and nothing flows any more."""
        if wanted != self._interrupted:
            self._interrupted = wanted
            owner = self._control.owner("su")
            self._control.submit(InterruptPilot(owner=owner, duration=None) if wanted else RestorePilot(owner=owner))
