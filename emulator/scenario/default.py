"""The scenario that runs when none is named."""

from __future__ import annotations

from .. import vendors
from ..world.plan import ChargerPlan, WallboxPlan
from .plan import Scenario


def default_scenario() -> Scenario:
    """One tethered three-phase charger of 22 kW called `charger`, run by every vendor at once, all interfaces on."""
    wallboxes = []
    for name in vendors.PACKAGES:
        vendor = vendors.vendor(name)
        interfaces = dict.fromkeys((*vendor.ports, *vendor.enable), True)
        wallboxes.append(WallboxPlan(name=name, vendor=name, interfaces=interfaces, everything=True))
    # A meter that has counted: clients take a reading of 0 for a wallbox without one (evcc does, over KEBA's UDP).
    hardware = {"rated_current": 32.0, "phases": 3, "connector": "tethered", "total_energy": 1_234_567.0}
    charger = ChargerPlan(name="charger", hardware=hardware, wallboxes=tuple(wallboxes))
    return Scenario(about="One 22 kW charger, run by every vendor at once.", chargers=(charger,))
