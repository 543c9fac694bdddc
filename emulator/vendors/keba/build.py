"""What a wallbox is: its model, its firmware and how its current is set.

The one rule: asked again every time, because the firmware may be replaced.
"""

from __future__ import annotations

from ...core.snapshot import Snapshot
from ...devices.wallbox import Wallbox
from .models import BUILDS, TRAITS, UNKNOWN_BUILD, Traits
from .settings import DIP_CURRENT


class Build:
    """One wallbox as built and flashed."""

    def __init__(self, wallbox: Wallbox) -> None:
        self._wallbox = wallbox
        self.serial = wallbox.serial
        self.address = wallbox.context.address
        self.traits: Traits = TRAITS[wallbox.profile.model.id]
        self.p20 = self.traits.generation == "P20"
        self.p40 = self.traits.generation == "P40"

    @property
    def firmware(self) -> str:
        """`P30 v 3.10.57 (230912-101325)`"""
        version = self._wallbox.profile.firmware.text
        return f"{'KEBA P20' if self.p20 else 'P30'} v {version} ({BUILDS.get(version, UNKNOWN_BUILD)})"

    @property
    def package(self) -> str:
        """The version of everything that is installed, as its owner knows it."""
        return self._wallbox.profile.firmware.text

    @property
    def version(self) -> tuple[int, int, int]:
        """Major, minor and patch."""
        major, minor, patch = (*self._wallbox.profile.firmware.numbers, 0, 0, 0)[:3]
        return major, minor, patch

    @property
    def rated_current(self) -> float:
        """As the DIP switches have it [A]."""
        rated, dip = self._wallbox.profile.model.rated_current, self._wallbox.settings[DIP_CURRENT]
        return rated if dip is None else min(rated, float(dip))

    def hardware_current(self, now: Snapshot) -> int:
        """`Curr HW` [mA]: the least of DIP switches, cable and temperature; 0 without a cable in a socket."""
        if now.cable_rating is None:
            return 0
        least = min(self.rated_current, now.cable_rating, 63.0 if now.derated is None else now.derated)
        return round(least * 1000) if least >= 6.0 else 0
