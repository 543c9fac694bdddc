"""Monitoring of power consumption: what EEBUS tells of the charger's meter.

The one rule: every value is one of the meter slot that the charger uses, in the unit of its name.
Source: Tinkerforge esp32-firmware, `modules/eebus` and its tests.
"""

from __future__ import annotations

from typing import Final

from ..meters.slots import ENERGY, Meters
from ..view import View

NO_VALUE: Final = -(1 << 31)
POWER: Final = 74
MPC: Final = {
    "total_power_w": (POWER, 1),
    "power_phase_1_w": (39, 1),
    "power_phase_2_w": (48, 1),
    "power_phase_3_w": (57, 1),
    "energy_consumed_wh": (ENERGY, 1000),
    "energy_produced_wh": (211, 1000),
    "current_phase_1_ma": (13, 1000),
    "current_phase_2_ma": (17, 1000),
    "current_phase_3_ma": (21, 1000),
    "voltage_phase_1_v": (1, 1),
    "voltage_phase_2_v": (2, 1),
    "voltage_phase_3_v": (3, 1),
    "voltage_phase_1_2_v": (4, 1),
    "voltage_phase_2_3_v": (5, 1),
    "voltage_phase_3_1_v": (6, 1),
    "frequency_mhz": (364, 1000),
}
"""Value id and factor of each member."""


def measured(meters: Meters, v: View) -> dict[str, object]:
    """The members as the slot has them; a meter without a power does not count."""
    slot = meters.charger_slot

    def value(value_id: int) -> float | None:
        return meters.value(slot, value_id, v) if slot < meters.slots else None

    found = {name: (value(value_id), factor) for name, (value_id, factor) in MPC.items()}
    shown: dict[str, object] = {
        name: NO_VALUE if known is None else round(known * factor) for name, (known, factor) in found.items()
    }
    return shown | {"active": value(POWER) is not None}
