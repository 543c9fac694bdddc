"""The vehicle a WARP4 knows.

The one rule: a vehicle is known from its identification (injected by the API here) until state A.
Source: Tinkerforge esp32-firmware, `modules/ev`.
"""

from __future__ import annotations

from typing import Final

from ....core.instant import Instant
from ..api.documents import Doc
from ..meters.values import Vehicle
from ..platform import Platform

EFFICIENCY: Final = 0.92


class KnownVehicle:
    """The vehicle that identified itself in this session."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.mac = ""
        self.index = -1
        """In the configured list; -1: in none."""
        self._soc: float | None = None
        self._soc_energy = 0.0

    @property
    def source(self) -> int:
        """1: known from the API."""
        return 1 if self._soc is not None else 0

    @property
    def entry(self) -> Doc | None:
        """What was configured of it."""
        if self._platform.generation != 4 or self.index < 0:
            return None
        evs = self._platform.api.doc("ev/config").docs("evs")
        return evs[self.index] if self.index < len(evs) else None

    @property
    def capacity(self) -> float | None:
        """kWh"""
        return None if self.entry is None else self.entry.number("capacity")

    @property
    def efficiency(self) -> float:
        return EFFICIENCY if self.entry is None else self.entry.number("charging_efficiency")

    def clear(self) -> None:
        self.mac, self.index, self._soc = "", -1, None

    def charged(self, soc: float) -> None:
        """Its state of charge is read [%]."""
        self._soc = soc
        self._soc_energy = self._platform.snapshot().total_energy

    def soc(self, at: Instant) -> float | None:
        """Percent, extrapolated with what the meter counted since the last reading."""
        if self._soc is None or not self.capacity:
            return self._soc
        gained = (self._platform.observe(at).total_energy - self._soc_energy) / 1000
        return min(100.0, self._soc + gained * self.efficiency / self.capacity * 100)

    def measured(self) -> Vehicle:
        """What the ISO 15118 meter shows of it."""
        if self._platform.generation != 4:
            return (None, None, None)
        return (self.soc(self._platform.at), self.capacity, None)
