"""`/metrics`: the emulator in Prometheus' text format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .. import __version__
from ..core.instant import seconds
from ..runtime.journal import Entry
from .exposition import Family, family
from .health import Health
from .views import listening

if TYPE_CHECKING:
    from ..service.emulator import Emulator


class Metrics:
    """Counts journal entries as they come; everything else is read when asked for."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._entries: Counter[tuple[str, str, str, str]] = Counter()
        self.health = Health(emulator)
        self.attach()

    def attach(self) -> None:
        """Count the emulator's present journal (a reset brings a new one)."""
        self._emulator.simulation.journal.listen(self._count)

    def _count(self, entry: Entry) -> None:
        self._entries[entry.kind, entry.charger or "", entry.wallbox or "", entry.interface or ""] += 1

    def text(self) -> str:
        """The whole page."""
        families = (*self._of_the_emulator(), *self.health.families(), *self._of_chargers())
        return self.health.latencies() + "".join(family(*found) for found in families)

    def _of_the_emulator(self) -> Iterable[Family]:
        simulation = self._emulator.simulation
        at = simulation.now()
        yield "info", "gauge", "Version of the emulator.", [({"version": __version__}, 1.0)]
        yield "simulated_seconds", "gauge", "Simulated time since the scenario's start.", [({}, seconds(at))]
        yield "clock_speed", "gauge", "Simulated seconds per wall second; 0 is frozen.", [({}, simulation.clock.speed)]
        yield (
            "journal_entries_total",
            "counter",
            "Journal entries by kind; requests of clients are kind request.",
            [
                ({"kind": kind, "charger": charger, "wallbox": wallbox, "interface": interface}, float(count))
                for (kind, charger, wallbox, interface), count in sorted(self._entries.items())
            ],
        )
        storage = self._emulator.storage
        if storage is not None:
            yield "state_unsaved", "gauge", "Values that wait to be stored.", [({}, float(storage.unsaved))]
        yield (
            "bugs_total",
            "counter",
            "Mistakes of the emulator itself, by id; its log tells more.",
            [({"id": bug.id, "where": bug.where}, float(bug.count)) for bug in self._emulator.bugs.found.values()]
            or [({}, 0.0)],
        )
        yield (
            "interface_listening",
            "gauge",
            "Whether an interface of a wallbox is reachable.",
            [({"interface": address}, float(listening(server))) for address, server in self._emulator.servers.items()],
        )

    def _of_chargers(self) -> Iterable[Family]:
        simulation = self._emulator.simulation
        snapshots = {name: simulation.observe(name) for name in simulation.chargers}
        for quantity, about in QUANTITIES.items():
            samples = [({"charger": name}, float(getattr(found, quantity))) for name, found in snapshots.items()]
            yield f"charger_{UNITS.get(quantity, quantity)}", "gauge", about, samples
        phases = [
            ({"charger": name, "phase": f"L{index}"}, current)
            for name, found in snapshots.items()
            for index, current in enumerate(found.phase_current, 1)
        ]
        yield "charger_phase_current_amperes", "gauge", "Current per phase.", phases
        states = [({"charger": name, "state": str(found.pilot)}, 1.0) for name, found in snapshots.items()]
        yield "charger_pilot_state", "gauge", "IEC 61851 state, as a label.", states
        charge = [
            ({"charger": name}, found.vehicle.state_of_charge)
            for name, found in snapshots.items()
            if found.vehicle is not None
        ]
        yield "charger_vehicle_state_of_charge", "gauge", "State of charge of the plugged vehicle, 0..1.", charge


QUANTITIES = {
    "power": "Active power of all phases.",
    "offered_current": "Current coded in the duty cycle; 0 is nothing offered.",
    "session_energy": "Energy of this session.",
    "total_energy": "Meter reading.",
    "contactor": "Whether the contactor is closed.",
    "plugged": "Whether a vehicle is connected.",
}
UNITS = {
    "power": "power_watts",
    "offered_current": "offered_current_amperes",
    "session_energy": "session_energy_watthours",
    "total_energy": "total_energy_watthours",
    "contactor": "contactor_closed",
}
