"""Addresses, names and units of KEBA's Modbus registers, for KEBA's own wallboxes and their imitations.

The one rule: only what both have in common. How they answer (states, partial reads, power factor, refusals) differs.
Source: KEBA "KeContact P30 Modbus TCP Programmers Guide" V1.02; Tinkerforge esp32-firmware, modbus_tcp.cpp.
"""

from __future__ import annotations

from typing import Final

from ..registers import U16, U32
from .place import Place

UNIT_ID: Final = 255
"""What KEBA's own wallboxes answer to and every client of them uses."""


def _read(address: int, name: str, unit: str = "") -> Place:
    """A value of two registers."""
    return Place(address, name, U32, unit)


def _write(address: int, name: str, unit: str = "") -> Place:
    """A command of one register."""
    return Place(address, name, U16, unit)


CHARGING_STATE: Final = _read(1000, "charging_state")
CABLE_STATE: Final = _read(1004, "cable_state")
ERROR_CODE: Final = _read(1006, "error_code")
CURRENT: Final = (_read(1008, "current_l1", "mA"), _read(1010, "current_l2", "mA"), _read(1012, "current_l3", "mA"))
SERIAL_NUMBER: Final = _read(1014, "serial_number")
PRODUCT_CODE: Final = _read(1016, "product_code")
FIRMWARE_VERSION: Final = _read(1018, "firmware_version")
ACTIVE_POWER: Final = _read(1020, "active_power", "mW")
TOTAL_ENERGY: Final = _read(1036, "total_energy", "0.1 Wh")
VOLTAGE: Final = (_read(1040, "voltage_l1", "V"), _read(1042, "voltage_l2", "V"), _read(1044, "voltage_l3", "V"))
POWER_FACTOR: Final = _read(1046, "power_factor")
"""KEBA counts 0.1 %, WARP's imitation 10 %."""
OFFERED_CURRENT: Final = _read(1100, "max_charging_current", "mA")
SUPPORTED_CURRENT: Final = _read(1110, "max_supported_current", "mA")
RFID_TAG: Final = _read(1500, "rfid_tag")
SESSION_ENERGY: Final = _read(1502, "session_energy", "0.1 Wh")
PHASE_SOURCE: Final = _read(1550, "phase_switch_source")
PHASE_STATE: Final = _read(1552, "phase_switch_state")
FAILSAFE_CURRENT: Final = _read(1600, "failsafe_current", "mA")
FAILSAFE_TIMEOUT: Final = _read(1602, "failsafe_timeout", "s")

SET_CURRENT: Final = _write(5004, "set_charging_current", "mA")
SET_ENERGY: Final = _write(5010, "set_energy_limit", "10 Wh")
UNLOCK_PLUG: Final = _write(5012, "unlock_plug")
SET_ENABLED: Final = _write(5014, "enable_charging")
SET_FAILSAFE_CURRENT: Final = _write(5016, "set_failsafe_current", "mA")
SET_FAILSAFE_TIMEOUT: Final = _write(5018, "set_failsafe_timeout", "s")
SAVE_FAILSAFE: Final = _write(5020, "persist_failsafe")
SET_PHASE_SOURCE: Final = _write(5050, "set_phase_switch_source")
SWITCH_PHASES: Final = _write(5052, "trigger_phase_switch")
