"""One fault in the world: waiting for its trigger, in force, paused, over.

The one rule: whether it hits follows from simulated time, the requests so far and the seed, and from nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

from ..core.agenda import Priority
from ..core.instant import Instant, later, seconds
from ..core.messages import Command, Outcome, Stimulus
from ..errors import EmulatorError
from ..runtime.journal import Entry
from .effect import ChangesText, ChangesValues, Lasting
from .injection import Happening, Injection
from .life import TRANSITIONS, Signal, State

if TYPE_CHECKING:
    from .engine import FaultEngine

REQUESTS: Final = frozenset({"request"})
"""Kinds of journal entries that count as a request for faults of wallboxes and chargers."""

Watch = Literal["after", "trigger", "until"]
"""What a fault looks out for."""


class RefusedError(EmulatorError):
    """The charger refuses a fault."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.message)
        self.outcome = outcome


class ActiveFault:
    """A fault that has been injected."""

    def __init__(self, engine: FaultEngine, injection: Injection) -> None:
        self.engine = engine
        self.injection = injection
        self.target = injection.target
        self.simulation = injection.target.simulation
        self.effect = injection.effect
        self.state = State.IDLE
        self.memory: dict[Any, Any] = {}
        """What the effect remembers."""
        self.candidates = 0
        """What it could have hit so far."""
        self.hits = 0
        self.begun_at: Instant | None = None
        """When it began to be in force; None while it is not."""
        self.continued = False
        """Another fault of its kind and name takes its place this very instant."""
        with self.simulation.affairs_of(self.target.charger):
            self._due_timer = self.simulation.timer(self._due, Priority.FAULT)
            self._end_timer = self.simulation.timer(lambda _at: self.lapse("time"), Priority.FAULT)
            self._until_timer = self.simulation.timer(self._until_due, Priority.FAULT)
            self._repeat_timer = self.simulation.timer(self._repeat, Priority.FAULT)
        self._happened = False
        """What it comes after, or lasts until, has happened, and its delay is not over."""
        self._looking = False
        self._cancels: dict[Watch, Callable[[], None]] = {}
        """End what it listens to and watches."""

    @property
    def owner(self) -> str:
        """In whose name it limits and permits."""
        return f"fault.{self.injection.name}"

    @property
    def shown(self) -> State:
        """Its state for a reader: what changes messages while a condition holds is paused while it does not."""
        when = self.injection.when
        if self.state is not State.IN_FORCE or when is None or self.injection.lasting or self._looking:
            return self.state
        self._looking = True  # its condition may ask about faults, this one too
        try:
            return self.state if when.holds() else State.PAUSED
        finally:
            self._looking = False

    @property
    def in_force(self) -> bool:
        return self.state is State.IN_FORCE

    @property
    def over(self) -> bool:
        return self.state is State.OVER

    @property
    def used_up(self) -> bool:
        """It has hit as often as it may."""
        return self.injection.count is not None and self.hits >= self.injection.count

    def _move(self, signal: Signal) -> None:
        self.state = TRANSITIONS[self.state, signal]
        self.engine.stirred(self.target)
        self.simulation.agenda.world.count += 1

    # --- idle and armed ----------------------------------------------------------------------------------------------

    def arm(self) -> None:
        """Wait for the trigger; without one, begin. EmulatorError if it cannot begin."""
        after = self.injection.after
        if after is not None:
            self.note("armed", {"after": after.text})
            self._watch("after", self.simulation.journal.listen(self._heard_after))
        else:
            self._preceded(self._begin)

    def _preceded(self, begin: Callable[[], None]) -> None:
        self._move(Signal.PRECEDED)
        injection = self.injection
        if injection.lasting and injection.when is not None:
            self._watch_when()
        elif injection.lasting and injection.counts_requests:
            self.note("armed", {})
            self._watch("trigger", self.simulation.journal.listen(self._heard_request))
        elif injection.on_request is None:
            begin()

    def _watch(self, what: Watch, cancel: Callable[[], None]) -> None:
        """From now on it watches something, until `cancel` is called."""
        self._unwatch(what)
        self._cancels[what] = cancel

    def _unwatch(self, *every: Watch) -> None:
        for what in every:
            if what in self._cancels:
                self._cancels.pop(what)()

    def _heard_after(self, entry: Entry) -> None:
        after = self.injection.after
        waits = self.state in (State.IDLE, State.PAUSED) and self._due_timer.due is None
        if after is not None and waits and after.fits(entry, self.target.charger):
            self._happened = False
            self._due_timer.set(self.simulation.at)
            self.simulation.wake()

    def _heard_request(self, entry: Entry) -> None:
        paused = self.state is State.PAUSED and self.injection.after is None
        waits = (paused or self.state is State.ARMED) and self._due_timer.due is None
        if waits and entry.kind in REQUESTS and self.target.covers(entry) and self.take():
            self._due_timer.set(self.simulation.at)
            self.simulation.wake()

    def _due(self, _at: Instant) -> None:
        """What it waited for has come."""
        injection = self.injection
        if self.in_force:  # something else has set it off meanwhile
            return
        if injection.after is None or self.state is State.ARMED:
            self._try()
            return
        if not self._happened and not self._counts(injection.after):
            return
        if not self._happened and injection.after.delay > 0:
            self._happened = True
            self._due_timer.set(later(self.simulation.at, injection.after.delay))
            return
        if not (injection.lasting and injection.repeats):
            self._unwatch("after")
        self._preceded(self._try)

    def _counts(self, after: Happening) -> bool:
        """Whether what just happened is what it comes after: `while` and `when` are judged now."""
        held = after.while_ is None or after.while_.holds()
        return held and (self.injection.when is None or self.injection.when.holds())

    def _heard_until(self, entry: Entry) -> None:
        until = self.injection.until
        if isinstance(until, Happening) and self._until_timer.due is None and until.fits(entry, self.target.charger):
            self._happened = False
            self._until_timer.set(self.simulation.at)
            self.simulation.wake()

    def _until_due(self, at: Instant) -> None:
        """What it lasts until has come."""
        until = self.injection.until
        if not isinstance(until, Happening) or not self.in_force:
            return
        if not self._happened and until.while_ is not None and not until.while_.holds():
            return
        if not self._happened and until.delay > 0:
            self._happened = True
            self._until_timer.set(later(at, until.delay))
        else:
            self.lapse("until")

    def _watch_when(self) -> None:
        if self.injection.when is not None:
            self._watch("trigger", self.injection.when.watch(True, self._when_holds))

    def _when_holds(self, _at: Instant) -> None:
        self._try()
        if self.injection.follows and self.injection.when is not None and not self.over:
            self._watch("trigger", self.injection.when.watch(False, self._when_fails))

    def _when_fails(self, _at: Instant) -> None:
        if self.in_force:
            self.lapse("condition")
        if not self.over:
            self._watch_when()

    # --- in force ----------------------------------------------------------------------------------------------------

    def _try(self) -> None:
        """Begin, in the middle of the world's time: what cannot be done then is recorded, and ends the fault."""
        try:
            self._begin()
        except EmulatorError as error:
            self.finish(str(error))

    def _begin(self) -> None:
        injection, effect = self.injection, self.effect
        self._move(Signal.TRIGGERED)
        self.begun_at = self.simulation.at
        self.note("begin", {"on": self.target.address})
        if isinstance(effect, Lasting):
            self.hits += effect.hits_by_itself
            effect.begin(self)
            if effect.momentary and injection.open_ended:
                self.lapse("done")
        elif isinstance(effect, ChangesValues | ChangesText):
            self.engine.publish_again(self.target)
        if not self.in_force:
            return
        if injection.for_ is not None:
            self._end_timer.set(later(self.simulation.at, injection.for_))
            self.simulation.wake()
        if isinstance(injection.until, Happening):
            self._watch("until", self.simulation.journal.listen(self._heard_until))
        elif injection.until is not None:
            self._watch("until", injection.until.watch(True, lambda _at: self.lapse("until")))

    def again(self, period: float) -> None:
        """Do what it does at its beginning again, after `period` s."""
        self._repeat_timer.set(later(self.simulation.at, period))
        self.simulation.wake()

    def show_again(self, at: Instant) -> None:
        """At an instant, what was published otherwise may look different."""
        self.simulation.timer(lambda _at: self.engine.publish_again(self.target), Priority.FAULT).set(at)
        self.simulation.wake()

    def _repeat(self, _at: Instant) -> None:
        if self.in_force and isinstance(self.effect, Lasting):
            try:
                self.effect.begin(self)
            except EmulatorError as error:
                self.finish(str(error))

    def apply(self, stimulus: Stimulus) -> None:
        """Do something to the charger. RefusedError if it makes no sense there."""
        outcome = self.simulation.apply(self.target.charger, stimulus)
        if not outcome.ok:
            raise RefusedError(outcome)

    def undo(self, stimulus: Stimulus) -> None:
        """Put something right again, as far as it is still wrong."""
        self.simulation.apply(self.target.charger, stimulus)

    def submit(self, command: Command) -> None:
        """Ask the charge controller, as the wallbox would."""
        self.simulation.submit(self.target.charger, command, wallbox=self.target.wallbox)

    # --- paused and over ---------------------------------------------------------------------------------------------

    def lapse(self, why: str) -> None:
        """It is not in force any longer; over for good unless its trigger may bring it back."""
        injection = self.injection
        if not injection.lasting or not injection.repeats or self.used_up:
            self.finish(why)
        elif self.in_force:
            self._stop(Signal.LAPSED, why)

    def finish(self, why: str) -> None:
        """The end."""
        if self.over:
            return
        self._due_timer.clear()
        self._unwatch("after", "trigger")
        self._stop(Signal.ENDED, why)
        self.engine.forget(self)

    def _stop(self, signal: Signal, why: str) -> None:
        was_in_force = self.in_force
        self._move(signal)
        self._end_timer.clear()
        self._until_timer.clear()
        self._repeat_timer.clear()
        self._unwatch("until")
        self.begun_at = None
        self.note("end", {"why": why, "hits": self.hits})
        if was_in_force and isinstance(self.effect, Lasting):
            self.effect.end(self)
        elif was_in_force and isinstance(self.effect, ChangesValues | ChangesText):
            self.engine.publish_again(self.target)

    # --- hitting messages --------------------------------------------------------------------------------------------

    @property
    def may_hit(self) -> bool:
        """Whether it can hit any message at all now."""
        if self.injection.lasting:
            return False
        return self.in_force or (self.state is State.ARMED and self.injection.on_request is not None)

    def take(self, *, peek: bool = False) -> bool:
        """Whether it hits the candidate that is here now, which counts; `peek`: whether it would."""
        injection = self.injection
        if injection.when is not None and not injection.lasting and not injection.when.holds():
            return False
        number = self.candidates + 1
        if not peek:
            self.candidates = number
        if self.used_up:
            return False
        if not injection.reaches(number):
            return False
        return injection.probability is None or self.chance(number) < injection.probability

    def hit(self, detail: dict[str, object], **where: str | None) -> None:
        """It hits: recorded with `detail`, which may be completed later."""
        if not self.in_force:
            self._begin()
        self.hits += 1
        detail |= {"hit": self.hits}
        self.note("hit", detail, **where)
        if not self.injection.lasting and (self.injection.hits_once or self.used_up):
            self.finish("count")

    def chance(self, number: int, salt: str = "") -> float:
        """A number 0..1 that only seed, name and number decide."""
        text = f"{self.simulation.seed}/{self.injection.name}/{number}/{salt}"
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") / 2**64

    def note(self, what: str, detail: dict[str, object], **where: str | None) -> Entry:
        """Record it. The entry keeps `detail` itself."""
        target = self.target
        detail |= {"what": what, "kind": self.effect.title}
        return self.simulation.journal.record(
            self.simulation.at,
            "fault",
            self.injection.name,
            detail,
            charger=target.charger,
            wallbox=where.get("wallbox") or target.wallbox,
            interface=where.get("interface") or target.interface,
            client=where.get("client"),
        )

    def view(self) -> Mapping[str, object]:
        """What the control API shows."""
        return {
            "name": self.injection.name,
            "on": self.target.address,
            "kind": self.effect.title,
            "charger": self.target.charger,
            "state": str(self.shown),
            "in_force": self.in_force,
            "since": None if self.begun_at is None else round(seconds(self.begun_at), 6),
            "hits": self.hits,
        }
