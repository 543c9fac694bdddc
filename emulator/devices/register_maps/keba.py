"""Addresses, names and units of KEBA's Modbus registers, for KEBA's own boxes and for boxes that imitate them.

The one rule: only what both have in common. How they answer (states, partial reads, power factor, refusals) differs.
Source: KEBA "KeContact P30 Modbus TCP Programmers Guide" V1.02; Tinkerforge esp32-firmware, modbus_tcp.cpp.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

UNIT_ID: Final = 255
"""What KEBA's own boxes answer to and every client of them uses."""


@dataclass(frozen=True, slots=True)
class Place:
    """One register: where it is, what it is called here, and what one count of it means."""

    address: int
    name: str
    unit: str = ""


CHARGING_STATE: Final = Place(1000, "charging_state")
CABLE_STATE: Final = Place(1004, "cable_state")
ERROR_CODE: Final = Place(1006, "error_code")
CURRENT: Final = (
    Place(1008, "current_l1", "mA"),
    Place(1010, "current_l2", "mA"),
    Place(1012, "current_l3", "mA"),
)
SERIAL_NUMBER: Final = Place(1014, "serial_number")
PRODUCT_CODE: Final = Place(1016, "product_code")
FIRMWARE_VERSION: Final = Place(1018, "firmware_version")
ACTIVE_POWER: Final = Place(1020, "active_power", "mW")
TOTAL_ENERGY: Final = Place(1036, "total_energy", "0.1 Wh")
VOLTAGE: Final = (Place(1040, "voltage_l1", "V"), Place(1042, "voltage_l2", "V"), Place(1044, "voltage_l3", "V"))
POWER_FACTOR: Final = Place(1046, "power_factor")
"""KEBA counts 0.1 %, WARP's imitation 10 %."""
OFFERED_CURRENT: Final = Place(1100, "max_charging_current", "mA")
SUPPORTED_CURRENT: Final = Place(1110, "max_supported_current", "mA")
RFID_TAG: Final = Place(1500, "rfid_tag")
SESSION_ENERGY: Final = Place(1502, "session_energy", "0.1 Wh")
PHASE_SOURCE: Final = Place(1550, "phase_switch_source")
PHASE_STATE: Final = Place(1552, "phase_switch_state")
FAILSAFE_CURRENT: Final = Place(1600, "failsafe_current", "mA")
FAILSAFE_TIMEOUT: Final = Place(1602, "failsafe_timeout", "s")

SET_CURRENT: Final = Place(5004, "set_charging_current", "mA")
SET_ENERGY: Final = Place(5010, "set_energy_limit", "10 Wh")
UNLOCK_PLUG: Final = Place(5012, "unlock_plug")
SET_ENABLED: Final = Place(5014, "enable_charging")
SET_FAILSAFE_CURRENT: Final = Place(5016, "set_failsafe_current", "mA")
SET_FAILSAFE_TIMEOUT: Final = Place(5018, "set_failsafe_timeout", "s")
SAVE_FAILSAFE: Final = Place(5020, "persist_failsafe")
SET_PHASE_SOURCE: Final = Place(5050, "set_phase_switch_source")
SWITCH_PHASES: Final = Place(5052, "trigger_phase_switch")
