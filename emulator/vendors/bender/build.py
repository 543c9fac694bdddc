"""What a controller is: its model, its firmware and the hardware it is built into.

The one rule: asked again every time, because the firmware may be replaced.
"""

from __future__ import annotations

from ...core.specs import ChargerSpec
from ...devices.wallbox import Wallbox
from .models import BUILDS, TRAITS, Traits
from .releases import Release, release


class Build:
    """One controller as built and flashed."""

    def __init__(self, wallbox: Wallbox) -> None:
        self._wallbox = wallbox
        self.serial = wallbox.serial

    @property
    def traits(self) -> Traits:
        return TRAITS[self._wallbox.profile.model.id]

    @property
    def icc(self) -> bool:
        """Whether it is of the newer generation."""
        return self.traits.icc

    @property
    def release(self) -> Release:
        return release(self._wallbox.profile)

    @property
    def firmware(self) -> str:
        """Full text of its version: `5.33.9-21459`."""
        version = self._wallbox.profile.firmware.text
        return version if "-" in version else BUILDS.get(version, version)

    @property
    def version(self) -> tuple[int, ...]:
        return self._wallbox.profile.firmware.numbers

    @property
    def _hardware(self) -> ChargerSpec:
        return self._wallbox.simulation.chargers[self._wallbox.charger].spec

    @property
    def socket(self) -> bool:
        """Whether it has no cable of its own: as the hardware is, whatever model this is said to be."""
        return self._hardware.connector == "socket"

    @property
    def rated_current(self) -> float:
        """What model and hardware can carry [A]."""
        return min(self._wallbox.profile.model.rated_current, self._hardware.rated_current)
