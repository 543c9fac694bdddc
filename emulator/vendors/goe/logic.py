"""The box's logic: gathers its inputs once a second if any changed, decides, and tells the charge controller.

The one rule: it runs on whole seconds since boot and only when something changed or time has come; between two runs
everything it decided stays. Source: the firmware developers' description of the one-second logic (see NOTES.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal

from ...core.instant import MINUTE, SECOND, Instant, grid, next_grid
from ...core.messages import (
    Command,
    InterruptPilot,
    MarkEnergy,
    RequestPhases,
    ResetFaults,
    RestorePilot,
    SetAuthorisation,
    SetEarthCheck,
    SetLimit,
    SetLock,
    SetPermission,
)
from ...core.snapshot import Snapshot
from . import faultcodes
from .circumstances import INITIALIZING_SINCE, Circumstances
from .ladder import Decision, Inputs, Mode, ModelStatus, decide
from .limits import Limits, acu
from .memory import Car, Memory, car_state
from .sequences import MinimumPause, PhaseChange, Phases, SimulatedUnplug

if TYPE_CHECKING:
    from .wallbox import Goe

OUT_OF_REACH: Final = 1e9
"""Wh that no session has."""
TEMPORARY_LIMIT: Final = 10 * MINUTE
"""`tcl` is forgotten so long after the last write."""
_LOCK: Final[Mapping[int, Literal["normal", "auto_unlock", "always"]]] = {0: "normal", 1: "auto_unlock", 2: "always"}


class Expiry:
    """Inputs that are forgotten after a while without being renewed."""

    def __init__(self, logic: Logic) -> None:
        self._logic = logic
        self.limit_ends: Instant | None = None
        self.transaction_ends: Instant | None = None

    def limit(self, running: bool) -> None:
        """`tcl` was written."""
        self.limit_ends = self._logic.at + TEMPORARY_LIMIT if running else None
        self._logic.wake()

    def transaction(self, timeout: int | None) -> None:
        """A transaction waits for a car; None: it does not."""
        self.transaction_ends = None if timeout is None else self._logic.at + timeout * SECOND

    @property
    def due(self) -> list[Instant | None]:
        return [self.limit_ends, self.transaction_ends]


class Logic:
    """One box's logic and what it remembers."""

    def __init__(self, box: Goe) -> None:
        self._box = box
        self._timer = box.timer(self._tick)
        self._clear(0)

    def _clear(self, at: Instant) -> None:
        self.memory = Memory(status_changed=at, allow_changed=at)
        self.pause = MinimumPause()
        self.unplugging = SimulatedUnplug()
        self.phases = PhaseChange()
        self.around = Circumstances(self._box, at)
        self.expiry = Expiry(self)
        self._told: dict[type[Command] | tuple[type[Command], str], Command] = {}
        self._interrupted = False

    # --- when it runs ------------------------------------------------------------------------------------------------

    @property
    def at(self) -> Instant:
        return self._box.simulation.at

    def start(self) -> None:
        """The network processor has started."""
        self._clear(self.at)
        settings = self._box.settings
        self._box.submit(SetEarthCheck(owner=self._owner("nmo"), enabled=not settings.flag("nmo")))
        self._box.submit(ResetFaults(owner=self._owner("rst")))
        self._tick(self.at)

    def stop(self) -> None:
        self._timer.clear()

    def wake(self) -> None:
        """An input changed: run at the next whole second of the box."""
        if not self._box.up:
            return
        due = next_grid(self.at, SECOND, self._box.booted_at)
        if self._timer.due is None or due < self._timer.due:
            self._timer.set(due)
            self._box.simulation.wake()

    def _tick(self, at: Instant) -> None:
        self._timer.clear()
        snapshot = self._box.simulation.observe(self._box.charger)
        self._follow_session(snapshot, at)
        self._expire(at)
        self._note_power(snapshot, at)
        inputs = self.around.gather(snapshot, at)
        wanted = self._phases_wanted(inputs, at)
        decision = self._held_back(decide(inputs), snapshot, wanted, at)
        self._note_pause(decision, snapshot, at)
        self._show(decision, inputs, snapshot, at)
        self._command(decision, snapshot)
        times = [time for time in (self._timer.due, self._next(at)) if time is not None]
        self._timer.set(min(times, default=None))
        self._box.changed()

    def _next(self, at: Instant) -> Instant | None:
        """The next whole second at which time alone changes something."""
        times = [
            *self.expiry.due,
            self.pause.due,
            self.unplugging.due,
            self.phases.due,
            *self.around.due(at),
        ]
        first = min((time for time in times if time is not None and time > at), default=None)
        return None if first is None else next_grid(first - 1, SECOND, self._box.booted_at)

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
            self.expiry.transaction(None)

    def _session_ends(self) -> None:
        """The car is unplugged: force state and transaction end with it. Source: go-eCharger-API-v2#117."""
        settings = self._box.settings
        settings.put("frc", 0)
        settings.put("trx", None)
        self.pause.move(None)
        self.unplugging.reset()
        self.phases.reset()
        self.around.session_ends()

    def transaction_changed(self) -> None:
        """`trx` was set or cleared: without a car it does not last."""
        waits = self._box.settings["trx"] is not None and self.memory.session is None
        self.expiry.transaction(self._box.settings.integer("txt") if waits else None)

    def _expire(self, at: Instant) -> None:
        expiry, settings = self.expiry, self._box.settings
        if expiry.limit_ends is not None and at >= expiry.limit_ends:
            expiry.limit_ends = None
            settings.put("tcl", None)
        if expiry.transaction_ends is not None and at >= expiry.transaction_ends:
            settings.put("trx", None)

    def _note_power(self, now: Snapshot, at: Instant) -> None:
        """The highest power is looked for around events, never when somebody reads."""
        before = grid(at - 1, SECOND, self._box.booted_at)
        if now.plugged and before > self._box.booted_at:
            earlier = self._box.simulation.observe_at(self._box.charger, before)
            if earlier.session == now.session:
                self.memory.peak_power = max(self.memory.peak_power, earlier.power)
            self.memory.peak_power = max(self.memory.peak_power, now.power)

    # --- the decision ------------------------------------------------------------------------------------------------

    def _phases_wanted(self, inputs: Inputs, at: Instant) -> Phases:
        mode = self._box.settings.integer("psm")
        if mode == 0:
            return self.around.surplus.phases if inputs.mode is Mode.ECO and self._box.settings.flag("fup") else 3
        return 1 if mode == 1 else 3

    def _held_back(self, decision: Decision, now: Snapshot, wanted: Phases, at: Instant) -> Decision:
        """Minimum pause, phase change and simulated unplugging of a decision to charge."""
        request, waits = self.phases.follow(
            at,
            wanted,
            contactor=now.contactor and now.plugged,
            switching=now.phase_switching,
            wait_ms=self._box.settings.integer("psmd"),
        )
        if request is not None:
            self._box.submit(RequestPhases(owner=self._owner("psm"), phases=request))
        settings = self._box.settings
        if not decision.charge:
            always = settings.flag("sua") and decision.status in SimulatedUnplug.PAUSES
            return decision.held_back(ModelStatus.SIMULATED_UNPLUG) if always and now.has_charged else decision
        if self.pause.holds(at) and decision.status is not ModelStatus.FORCED_ON:
            return decision.held_back(ModelStatus.MINIMUM_PAUSE)
        if waits:
            hidden = self._box.quirk("no_phase_switch_status")
            return decision.held_back(decision.status if hidden else ModelStatus.PHASE_SWITCH)
        if self.unplugging.resume(at, settings.flag("su"), settings.integer("sumd")):
            return decision.held_back(ModelStatus.SIMULATED_UNPLUG)
        return decision

    def _note_pause(self, decision: Decision, now: Snapshot, at: Instant) -> None:
        """Charging is being stopped by the logic: a pause begins."""
        stops = self.memory.decision.charge and not decision.charge
        if stops and now.plugged and now.has_charged and decision.inner in SimulatedUnplug.PAUSES:
            self.unplugging.paused()
            self.pause.begin(at, self._box.settings.integer("mcpd"))

    def _show(self, decision: Decision, inputs: Inputs, now: Snapshot, at: Instant) -> None:
        memory, box = self.memory, self._box
        fault = faultcodes.active(now)
        new = faultcodes.uses_new_codes(box.profile, box.settings["err_table"])
        memory.err = None if not now.controller_link else 0 if fault is None else fault.code(new=new)
        car = car_state(
            now,
            fault is not None,
            phase_change=decision.status is ModelStatus.PHASE_SWITCH,
            initializing=box.has(INITIALIZING_SINCE),
        )
        memory.car_becomes(self._seen_through_the_pilot(car), at)
        if now.current_flows:
            memory.last_current = at
        memory.decide(decision, at)
        self.limits = Limits.of(box, decision, inputs, now, failsafe=self.around.failsafe(at))
        memory.limits = self.limits.shown()
        memory.current = acu(memory.limits) if decision.charge else None

    def _seen_through_the_pilot(self, car: Car | None) -> Car | None:
        """A defect: a phase switch looks like a car that leaves and comes back."""
        if car is not Car.COMPLETE or not self._box.quirk("idle_while_switching_phases"):
            return car
        if self.phases.due is not None:
            return Car.IDLE
        toggled, left = self.phases.toggled_at, self.memory.left_charging
        return Car.WAIT if toggled is not None and left is not None and toggled >= left else car

    # --- the charge controller ---------------------------------------------------------------------------------------

    def _owner(self, key: str) -> str:
        return f"{self._box.name}.{key}"

    def _tell(self, command: Command, name: str = "") -> None:
        """Send a command unless it is what was sent last."""
        slot = (type(command), name)
        if self._told.get(slot) != command:
            self._told[slot] = command
            self._box.submit(command)

    def _command(self, decision: Decision, now: Snapshot) -> None:
        """Nothing is told while the charge controller does not hear. ASSUMED: it goes on as it was."""
        if not now.controller_link:
            return
        settings = self._box.settings
        for name, current in self.limits.commanded().items():
            owner = self._owner(name)
            if current is not None or (SetLimit, owner) in self._told:
                self._tell(SetLimit(owner=owner, current=current), owner)
        self._mark("dwo", settings["dwo"])
        self._mark("ate", settings["ate"] if settings.integer("lmo") == Mode.TRIP else None)
        opens = settings.flag("upo")
        self._tell(SetLock(owner=self._owner("ust"), policy=_LOCK[settings.integer("ust")], on_outage=opens))
        open_access = settings.integer("acs") == 0
        granted = None if open_access else settings["trx"] is not None
        self._tell(SetAuthorisation(owner=self._owner("trx"), granted=granted))
        self._tell(SetPermission(owner=self._owner("alw"), granted=decision.charge))
        dropped = self.phases.due is not None and self._box.quirk("idle_while_switching_phases")
        self._interrupt((decision.status is ModelStatus.SIMULATED_UNPLUG or dropped) and not now.contactor)

    def _mark(self, key: str, energy: object) -> None:
        """Be told when the session has this much energy; None or beyond reach: no need."""
        wanted = energy if isinstance(energy, int | float) and energy < OUT_OF_REACH else None
        self._tell(MarkEnergy(owner=self._owner(key), energy=wanted), key)

    def _interrupt(self, wanted: bool) -> None:
        """Cut the pilot while unplugging is simulated and nothing flows any more."""
        if wanted != self._interrupted:
            self._interrupted = wanted
            owner = self._owner("su")
            self._box.submit(InterruptPilot(owner=owner, duration=None) if wanted else RestorePilot(owner=owner))
