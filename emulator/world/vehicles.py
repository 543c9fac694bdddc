"""Vehicles that are known by name: ours, and those of other packages (entry points `charger_emulator.vehicles`)."""

from __future__ import annotations

from typing import Final

from ..core.specs import VehicleSpec
from ..core.vehicles import PRESETS
from ..language.outside import Extensible


def _vehicle(_: str, found: object) -> VehicleSpec | None:
    return found if isinstance(found, VehicleSpec) else None


VEHICLES: Final = Extensible(PRESETS, "vehicles", _vehicle, "a VehicleSpec")
