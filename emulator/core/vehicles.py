"""Vehicles by name: what is publicly known of some cars, rounded, with the habits that make chargers stumble.

The one rule: a preset is a `VehicleSpec` and nothing else; whatever a row does not say is the generic vehicle.
ASSUMED throughout: delays, losses and taper are plausible figures, not measurements of one car.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .specs import VehicleSpec

_SLEEP_TESLA = 15 * 60.0
_SLEEP_FIAT = 10 * 60.0
_SLEEP_DACIA = 4 * 3600.0

_VEHICLES = (
    VehicleSpec(model="generic"),
    VehicleSpec(model="tesla_model3", min_current=5.0, reactive_current=0.5, capacity=75_000.0, taper_start=0.95,
        phase_stagger=3.0, toggle_limit=10, sleep_after=_SLEEP_TESLA, sticky_single_phase=True),
    VehicleSpec(model="vw_id3", taper_start=0.93, loss_power=220.0, efficiency=0.94, toggle_limit=10),
    VehicleSpec(model="renault_zoe", max_current=32.0, current_gain=1.0, current_offset=0.0, reactive_current=5.9,
        capacity=52_000.0, taper_start=0.88, taper_power=22_000.0, loss_power=300.0, efficiency=0.92),
    VehicleSpec(model="hyundai_kona", two_phases_below=8.0, reactive_current=0.5, capacity=64_000.0, taper_start=0.92,
        taper_power=10_500.0),
    VehicleSpec(model="vw_egolf", phases=2, reactive_current=0.5, capacity=32_000.0, taper_power=7_200.0,
        loss_power=180.0, efficiency=0.93, toggle_limit=5),
    VehicleSpec(model="nissan_leaf", phases=1, max_current=29.0, reactive_current=0.4, capacity=39_000.0,
        taper_start=0.92, taper_power=6_600.0, loss_power=160.0, efficiency=0.93),
    VehicleSpec(model="bmw_ix3", capacity=74_000.0, taper_start=0.94, loss_power=220.0, pilot_break_minimum=45.0),
    VehicleSpec(model="fiat_500e", reactive_current=0.5, capacity=37_300.0, taper_start=0.92, efficiency=0.94,
        sleep_after=_SLEEP_FIAT, wake=("state_f", "pilot_open")),
    VehicleSpec(model="dacia_spring", phases=1, max_current=32.0, reactive_current=0.4, capacity=25_000.0,
        taper_start=0.92, taper_power=6_600.0, loss_power=150.0, efficiency=0.92, sleep_after=_SLEEP_DACIA,
        wake=("pilot_open",)),
    VehicleSpec(model="phev_1p", phases=1, reactive_current=0.3, capacity=10_000.0, taper_start=0.95,
        taper_power=3_600.0, loss_power=120.0, efficiency=0.92),
    VehicleSpec(model="porsche_phev", phases=1, reactive_current=0.3, capacity=14_000.0, taper_start=0.95,
        taper_power=3_600.0, loss_power=150.0, efficiency=0.92, toggle_limit=5, wake=("api",)),
    VehicleSpec(model="smart_eq_22", max_current=32.0, below_minimum="idle", current_gain=1.0, current_offset=0.0,
        reactive_current=5.0, capacity=16_700.0, taper_start=0.85, taper_power=17_000.0, loss_power=250.0,
        efficiency=0.92),
    VehicleSpec(model="psa_e208", reactive_current=0.5, capacity=46_000.0, taper_start=0.92, efficiency=0.94,
        latch_in_ramp=True, ramp_up=0.5),
    VehicleSpec(model="scooter_simplified", phases=1, max_current=10.0, reactive_current=0.0, capacity=4_000.0,
        taper_start=0.95, taper_power=1_500.0, loss_power=30.0, efficiency=0.9, simplified=True),
    VehicleSpec(model="ideal", max_current=32.0, current_gain=1.0, current_offset=0.0, reactive_current=0.0,
        capacity=60_000.0, taper="none", loss_power=0.0, efficiency=1.0, standby_power=0.0),
)  # fmt: skip

PRESETS: Final[Mapping[str, VehicleSpec]] = {vehicle.model: vehicle for vehicle in _VEHICLES}
"""Vehicles a scenario can name without describing them."""
