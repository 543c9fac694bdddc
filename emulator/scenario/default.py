"""The scenario that runs when none is named."""

from __future__ import annotations

from typing import Final

from .. import vendors
from ..world.plan import ChargerPlan, WallboxPlan
from .plan import Scenario

SHIP: Final = "ship"
"""EEBUS takes long to load and waits for a peer that trusts it: on only where a scenario asks for it."""


def default_scenario() -> Scenario:
    """One tethered three-phase charger of 22 kW called `charger`, run by every vendor at once, all interfaces on."""
    wallboxes = []
    for name in vendors.DEFAULT:
        vendor = vendors.vendor(name)
        interfaces = {name: True for name in (*vendor.ports, *vendor.enable) if name != SHIP}
        wallboxes.append(WallboxPlan(name=name, vendor=name, interfaces=interfaces, everything=True))
    # A meter that has counted: clients take a reading of 0 for a wallbox without one (evcc does, over KEBA's UDP).
    hardware = {"rated_current": 32.0, "phases": 3, "connector": "tethered", "total_energy": 1_234_567.0}
    charger = ChargerPlan(name="charger", hardware=hardware, wallboxes=tuple(wallboxes))
    return Scenario(about="One 22 kW charger, run by every vendor at once.", chargers=(charger,))
