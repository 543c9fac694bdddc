"""One row for each charger: what one sees of many at a glance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..core.snapshot import Snapshot
    from ..service.emulator import Emulator


def rows(emulator: Emulator, clients: Mapping[str, int]) -> dict[str, dict[str, object]]:
    """By the names of the chargers; `clients`: how many each has."""
    simulation = emulator.simulation
    simulation.now()
    injected: dict[str, int] = {}
    for fault in emulator.faults.active.values():
        injected[fault.target.charger] = injected.get(fault.target.charger, 0) + 1
    return {
        name: row(charger.snapshot(simulation.at))
        | {"injected": injected.get(name, 0), "clients": clients.get(name, 0)}
        for name, charger in simulation.chargers.items()
    }


def row(now: Snapshot) -> dict[str, object]:
    """What is shown of one charger."""
    vehicle = now.vehicle
    return {
        "state": str(now.state),
        "pilot": str(now.pilot),
        "contactor": "closed" if now.contactor else "open",
        "power": round(now.power, 1),
        "offered_current": round(now.offered_current, 2),
        "phases": now.active_phases,
        "session_energy": round(now.session_energy, 1),
        "vehicle": vehicle.model if vehicle is not None else None,
        "state_of_charge": round(vehicle.state_of_charge, 3) if vehicle is not None else None,
        "faults": list(now.faults),
    }
