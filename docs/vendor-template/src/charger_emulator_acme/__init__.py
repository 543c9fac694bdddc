"""Acme for the charger emulator: a wallbox in YAML, a vehicle, a kind of fault and a rule set."""

from pathlib import Path

from emulator.core.specs import VehicleSpec

PACK = Path(__file__).with_name("acme.yaml")
ROADSTER = VehicleSpec(model="acme_roadster", phases=1, max_current=32.0, capacity=40_000.0)
