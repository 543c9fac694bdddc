"""The gate: everything observes and asks the chargers through here.

The one rule: before anybody sees or changes anything, all that was due has happened, in order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Final, TypeVar

from ..core.agenda import Action, Agenda, Priority, Timer
from ..core.charger import LEAST_RETAINED, Charger
from ..core.faults import Disturbance
from ..core.freshness import HOLDS, NOW, Happenings
from ..core.instant import Instant, seconds
from ..core.messages import Command, Event, Outcome, Stimulus
from ..core.snapshot import Snapshot
from ..core.specs import ChargerSpec, VehicleSpec
from ..errors import EmulatorError
from .bugs import Bugs
from .clock import Clock
from .journal import Entry, Journal

T = TypeVar("T")
EventListener = Callable[[Event], None]

PATIENCE: Final = 0.05
"""Wall seconds for which a served world follows its clock before others get a turn."""
CHAIN: Final = 10_000
"""What may happen at one instant, and as much again for every ten chargers: more sets itself off for ever."""


class Simulation:
    """The simulated world: chargers on one agenda, under one clock, with one journal.

    Single-threaded: all calls come from the thread (and event loop) that owns it.
    """

    def __init__(self, *, clock: Clock, epoch: datetime, seed: int = 0, journal: Journal | None = None) -> None:
        self.clock = clock
        self.epoch = epoch
        self.seed = seed
        self.journal = journal if journal is not None else Journal()
        self.agenda = Agenda(clock.now())
        self.chargers: dict[str, Charger] = {}
        self.bugs = Bugs()
        self.served = False
        """Clients are served: the world goes on after a mistake of ours."""
        self.extensions: dict[str, object] = {}
        """What belongs to this world beside chargers and wallboxes, by name."""
        self.wake: Callable[[], None] = lambda: None
        """Called when something may have become due earlier than before: the pacer listens here."""
        self._listeners: dict[str, list[EventListener]] = {}
        self._pending: deque[Event] = deque()
        self._busy = False
        self._held = 0

    # --- time --------------------------------------------------------------------------------------------------------

    @property
    def at(self) -> Instant:
        """The instant being worked on. Does not move the world; see `now`."""
        HOLDS.until = NOW
        return self.agenda.at

    def now(self) -> Instant:
        """Bring the world up to the clock and say what time it is."""
        if not self._busy and not self._held:
            self._follow(self.clock.now())
        HOLDS.until = NOW
        return self.agenda.at

    def present(self) -> Instant:
        """As `now`, for who tells nobody what time it is (see `core.freshness`)."""
        agenda = self.agenda
        if not self._busy and not self._held:
            at = self.clock.now()
            if self._pending or not agenda.quiet_until(at):
                self._follow(at)
            elif at > agenda.at:
                agenda.at = at
        return agenda.at

    def exchange(self, entry: Entry | int | None, *, reading: bool = False, fresh: bool = False) -> Exchange:
        """Everything inside happens at one instant, as an answer to `entry`: a reply never mixes two instants.

        `reading`: it looks like a request that changes nothing; what it changes all the same is said by who does.
        `fresh`: the entry was recorded at the present instant, which is the one, but for what it has set off itself.
        """
        if not fresh or not self.agenda.quiet_until(self.agenda.at):
            self.present()
        if not isinstance(entry, Entry):
            return Exchange(self, entry, self.agenda.owner, reading)
        charger = self.chargers.get(entry.charger or "")
        return Exchange(self, entry.seq, self.agenda.owner if charger is None else charger.happenings, reading)

    @property
    def answering(self) -> bool:
        """A client's request is being answered, and nothing that it has set off is happening right now."""
        return bool(self._held) and not self._busy

    def _follow(self, at: Instant) -> None:
        """As `advance_to`, but a served world only follows for as long as clients may wait; then the clock waits."""
        if not self.served or (self.agenda.quiet_until(at) and not self._pending):
            self.advance_to(at)
            return
        clock = self.clock
        enough = clock.wall() + PATIENCE * 1e9
        for reached in self.steps_to(at):
            if clock.wall() > enough and self.agenda.quiet_until(reached):
                break
        if clock.wall() > enough:
            clock.wait_for(self.agenda.at)

    @property
    def behind(self) -> bool:
        """Whether a jump was made that has not been followed to its end."""
        return self.agenda.at < self.clock.jumped_to

    def advance_to(self, at: Instant) -> None:
        """Let everything due until `at` happen, in order."""
        if self.agenda.quiet_until(at) and not self._pending and not self._busy and not self._held:
            self.agenda.at = max(self.agenda.at, at)
            return
        for _ in self.steps_to(at):
            pass

    def steps_to(self, at: Instant) -> Iterator[Instant]:
        """As `advance_to`, stopping after each thing that happened, so that a caller can look and leave early."""
        if self._busy or self._held:
            raise RuntimeError("time cannot move while something is happening")
        instant, happenings = self.agenda.at, 0
        while True:
            self._busy = True
            try:
                happened = self.agenda.step(at)
                self._deliver()
            except EmulatorError:
                raise
            except Exception as error:
                if not self.served:
                    raise
                self.bugs.caught("what was due", error)
                happened = True
            finally:
                self._busy = False
                self.agenda.firing = None
            if not happened:
                break
            happenings = happenings + 1 if self.agenda.at == instant else 0
            instant = self.agenda.at
            if happenings > CHAIN * (1 + len(self.chargers) // 10):
                self._break_chain()
            yield self.agenda.at
        self.agenda.at = max(self.agenda.at, at)

    def _break_chain(self) -> None:
        """End what sets itself off for ever, so that the world can go on, and say what it was."""
        self.agenda.drop_due()
        last = [f"{entry.kind} {entry.name}" for entry in self.journal.after(self.journal.seq - 20)]
        told = ", ".join(dict.fromkeys(last)) or "nothing that is recorded"
        self.journal.record(self.at, "note", "endless chain", {"last": last})
        raise EmulatorError(f"at {seconds(self.at):g} s events set each other off without end; the last were: {told}")

    def jump(self, by: Instant) -> None:
        """Move the clock `by` µs ahead and let everything on the way happen."""
        self.advance_to(self.clock.now())
        self.clock.jump(by)
        self.advance_to(self.clock.now())

    def calendar(self, at: Instant | None = None) -> datetime:
        """Calendar time of an instant (default: now)."""
        return self.epoch + timedelta(microseconds=self.agenda.at if at is None else at)

    def extension(self, name: str, kind: type[T], make: Callable[[], T]) -> T:
        """What belongs to this world under a name, made when somebody asks for it first."""
        if name not in self.extensions:
            self.extensions[name] = make()
        found = self.extensions[name]
        assert isinstance(found, kind)
        return found

    def timer(self, action: Action, priority: Priority = Priority.FIRMWARE) -> Timer:
        """A timer on the world's agenda, for logic that has time in it."""
        return self.agenda.timer(priority, action)

    # --- chargers ----------------------------------------------------------------------------------------------------

    def add_charger(self, name: str, spec: ChargerSpec, *, rank: int | None = None) -> Charger:
        """Put a new charger into the world. ValueError if the name is taken.

        `rank`: its place among all, where those of this world are only some of them.
        """
        if name in self.chargers:
            raise ValueError(f"there is a charger called {name!r} already")
        midnight = self.epoch.replace(hour=0, minute=0, second=0, microsecond=0)
        if rank is None:  # behind all others, also where one between them was taken down
            rank = next(reversed(self.chargers.values())).happenings.rank + 1 if self.chargers else 0
        with self.agenda.on_behalf_of(Happenings(rank)):
            charger = Charger(
                name,
                spec,
                agenda=self.agenda,
                announce=self._pending.append,
                seed=self.seed,
                time_of_day=(self.epoch - midnight).total_seconds(),
                retained=LEAST_RETAINED,
            )
        self.chargers[name] = charger
        return charger

    def remove_charger(self, name: str) -> None:
        """Take a charger out of the world."""
        self.agenda.forget(self.chargers.pop(name).happenings)
        self._listeners.pop(name, None)

    def observe(self, charger: str) -> Snapshot:
        """Everything measurable now. Reading is not an event."""
        at = self.present()
        found = self._still_there(charger)
        if found.happenings is not self.agenda.owner:  # somebody else's affairs: told by nothing that they moved
            HOLDS.until = NOW
        return found.present(at)

    def observe_at(self, charger: str, at: Instant) -> Snapshot:
        """As `observe`, for a recent instant in the past (a meter that refreshes once a second)."""
        self.present()
        return self._still_there(charger).snapshot(at)

    def _still_there(self, charger: str) -> Charger:
        """The charger. EmulatorError if it was taken down since."""
        try:
            return self.chargers[charger]
        except KeyError:
            raise EmulatorError(f"there is no charger {charger} any more") from None

    def apply(self, charger: str, stimulus: Stimulus) -> Outcome:
        """The world does something to a charger."""
        at = self.now()
        self._still_there(charger)
        entry = self.journal.record(at, "stimulus", _name(stimulus), _detail(stimulus), charger=charger)
        with self.because(entry):
            return self._hand_over(charger, stimulus)

    def submit(self, charger: str, command: Command, *, wallbox: str | None = None) -> Outcome:
        """A wallbox asks its charge controller for something."""
        at = self.now()
        entry = self.journal.record(at, "command", _name(command), _detail(command), charger=charger, wallbox=wallbox)
        with self.because(entry):
            return self._hand_over(charger, command)

    def tell_turns(self) -> None:
        """Entries of the journal tell what was being done: by that, journals of several worlds become one."""
        self.journal.turn = self.agenda.turn

    @contextmanager
    def affairs_of(self, charger: str) -> Iterator[None]:
        """Timers made inside take their turn with those of a charger."""
        with self.agenda.ranked(self.chargers[charger].happenings.rank):
            yield

    def listen(self, charger: str, listener: EventListener) -> Callable[[], None]:
        """Call `listener` for every event of a charger, in order, at its exact instant; returns what ends that."""
        listeners = self._listeners.setdefault(charger, [])
        listeners.append(listener)
        return lambda: listeners.remove(listener) if listener in listeners else None

    @contextmanager
    def because(self, entry: Entry | int | None) -> Iterator[None]:
        """What is recorded inside follows from `entry`."""
        before = self.journal.cause
        self.journal.cause = entry.seq if isinstance(entry, Entry) else entry
        try:
            yield
        finally:
            self.journal.cause = before

    def _hand_over(self, charger: str, message: Stimulus | Command) -> Outcome:
        outcome = self.chargers[charger].apply(self.agenda.at, message)
        if not self._busy:
            self._busy = True
            try:
                self._deliver()
            finally:
                self._busy = False
        self.wake()
        return outcome

    def _deliver(self) -> None:
        while self._pending:
            event = self._pending.popleft()
            entry = self.journal.record(event.at, "event", str(event.name), event.detail, charger=event.charger)
            with self.because(entry), self.affairs_of(event.charger):
                for listener in self._listeners.get(event.charger, ()):
                    listener(event)


class Exchange:
    """A request that is being answered, as `with`."""

    __slots__ = ("_agenda", "_before", "_cause", "_caused", "_journal", "_owner", "_ranked", "_reading", "_simulation")

    def __init__(self, simulation: Simulation, cause: int | None, owner: Happenings, reading: bool) -> None:
        """`owner`: whose affair it is."""
        self._simulation = simulation
        self._cause = cause
        self._owner = owner
        self._reading = reading

    def __enter__(self) -> None:
        simulation = self._simulation
        simulation._held += 1
        self._agenda = agenda = simulation.agenda
        self._journal = journal = simulation.journal
        self._before, self._ranked = agenda.owner, agenda.rank
        agenda.owner = owner = self._owner
        agenda.rank = owner.rank
        self._caused, journal.cause = journal.cause, self._cause

    def __exit__(self, *_: object) -> None:
        self._simulation._held -= 1
        agenda = self._agenda
        agenda.owner, agenda.rank = self._before, self._ranked
        self._journal.cause = self._caused
        if not self._reading:
            self._owner.count += 1


def _name(message: Stimulus | Command) -> str:
    text = type(message).__name__
    return "".join("_" + c.lower() if c.isupper() else c for c in text).lstrip("_")


def _detail(message: Stimulus | Command) -> Mapping[str, object]:
    return {f.name: _plain(getattr(message, f.name)) for f in fields(message)}


def _plain(value: object) -> object:
    """A value as the journal keeps it: a vehicle by its model, a fault by its name and arguments."""
    match value:
        case VehicleSpec():
            return value.model
        case Disturbance():
            return {"fault": value.step()} | {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case tuple() | list():
            return [_plain(item) for item in value]
    return value
