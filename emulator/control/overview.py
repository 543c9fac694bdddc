"""One row for each charger: what one sees of many at a glance."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ..core.snapshot import Snapshot
    from ..service.emulator import Emulator

TURN: Final = 100
"""Chargers looked at before others get their turn."""


async def rows(emulator: Emulator, clients: Mapping[str, int]) -> dict[str, dict[str, object]]:
    """By the names of the chargers; `clients`: how many each has. With very many, others get their turn meanwhile."""
    injected: dict[str, int] = {}
    for fault in emulator.faults.active.values():
        injected[fault.target.charger] = injected.get(fault.target.charger, 0) + 1
    found: dict[str, dict[str, object]] = {}
    for number, name in enumerate(tuple(emulator.simulation.chargers), 1):
        seen = {"injected": injected.get(name, 0), "clients": clients.get(name, 0)}
        found[name] = row(emulator.simulation.observe(name)) | seen
        if number % TURN == 0:
            await asyncio.sleep(0)
    return found


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
