"""A wallbox to look at: on a charger of its own, with everything switched on, outside of any scenario."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from ..devices.firmware import Profile
from ..devices.vendor import Vendor
from ..devices.wallbox import Context, Wallbox, charger_defaults
from ..runtime.clock import Clock
from ..runtime.simulation import Simulation

EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)


def specimen(found: Vendor, profile: Profile, settings: Mapping[str, object] | None = None) -> Wallbox:
    """One wallbox of a profile, not started; its clock stands still. `settings` beside those that switch all on."""
    simulation = Simulation(clock=Clock(0.0), epoch=EPOCH)
    simulation.add_charger("charger", charger_defaults(profile))
    return found.create(
        Context(
            vendor=found,
            profile=profile,
            simulation=simulation,
            charger="charger",
            name=found.id,
            serial=profile.model.serial,
            settings={**found.everything, **(settings or {})},
        )
    )
