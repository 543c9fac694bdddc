"""A charger on its own agenda, and what tests ask of it."""

from __future__ import annotations

from collections.abc import Callable

from emulator.core.agenda import Agenda
from emulator.core.charger import Charger
from emulator.core.instant import Instant, later
from emulator.core.messages import Command, Event, Outcome, PlugIn, SetLimit, Stimulus
from emulator.core.snapshot import Snapshot
from emulator.core.specs import ChargerSpec, EvseSpec, VehicleSpec

QUICK = ChargerSpec(evse=EvseSpec(plug_debounce=0.0))
"""No debounce: a session begins with the plug."""
CAR = VehicleSpec(standby_power=0.0, taper="none")


class Bench:
    """Drives one charger in seconds."""

    def __init__(self, spec: ChargerSpec = QUICK, *, seed: int = 0, time_of_day: float = 0.0) -> None:
        self.agenda = Agenda()
        self.events: list[Event] = []
        self.watcher: Callable[[Event], None] = lambda event: None
        self.reactions: set[str] = set()
        """Rules of vehicles that have fired."""
        self.charger = Charger(
            "bench", spec, agenda=self.agenda, announce=self._announce, seed=seed, time_of_day=time_of_day
        )

    def _announce(self, event: Event) -> None:
        self.events.append(event)
        self.watcher(event)

    @property
    def at(self) -> Instant:
        return self.agenda.at

    @property
    def now(self) -> float:
        """s"""
        return self.agenda.at * 1e-6

    def run(self, seconds: float) -> Snapshot:
        """Let time pass."""
        self.agenda.run_until(later(self.agenda.at, seconds))
        return self.look()

    def until(self, seconds: float) -> Snapshot:
        """Let time pass up to an instant."""
        self.agenda.run_until(later(0, seconds))
        return self.look()

    def look(self) -> Snapshot:
        return self.charger.snapshot(self.agenda.at)

    def do(self, *messages: Stimulus | Command) -> Snapshot:
        """Apply messages; none may be refused."""
        for message in messages:
            self._note_reactions()
            outcome = self.charger.apply(self.agenda.at, message)
            assert outcome.ok, (message, outcome)
        return self.look()

    def ask(self, message: Stimulus | Command) -> Outcome:
        return self.charger.apply(self.agenda.at, message)

    def _note_reactions(self) -> None:
        if (vehicle := self.charger._hardware.vehicle) is not None:
            self.reactions |= vehicle.fired

    def fired(self) -> tuple[set[str], set[str]]:
        """Rules of the charge controller, and of all vehicles, that have fired."""
        self._note_reactions()
        return self.charger._hardware.evse.fired, self.reactions

    def charge(self, vehicle: VehicleSpec = CAR, *, current: float = 16.0, seconds: float = 30.0) -> Snapshot:
        """Plug in, offer, and wait until the current has settled."""
        self.do(SetLimit(owner="user", current=current), PlugIn(name="car", vehicle=vehicle))
        return self.run(seconds)

    def times(self, name: str, **detail: object) -> list[float]:
        """s of every event of that name and those details."""
        return [e.at * 1e-6 for e in self.events if e.name == name and detail.items() <= dict(e.detail).items()]

    def names(self) -> list[str]:
        return [event.name for event in self.events]

    def path(self) -> list[str]:
        """States entered, in order."""
        return [str(event.detail["to"]) for event in self.events if event.name == "state_changed"]
