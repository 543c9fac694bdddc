"""Addresses, types and enumerations of Bender's register set, for Bender's controllers and their imitations.

The one rule: only what both have in common, to the bit.
Source: MENNEKES "ECU Modbus TCP Server Specification" 1.07, the register set shown as Ebee, Bender, MENNEKES (OMCCI);
Tinkerforge esp32-firmware, modbus_tcp.cpp.
"""

from __future__ import annotations

from typing import Final

from ...core.states import PilotState
from ..registers import U32, Text
from .place import Place

FIRMWARE: Final = Place(100, "firmware_version", Text(2), "4 characters")
STATUS: Final = Place(104, "ocpp_status")
ERROR_CODES: Final = tuple(Place(103 + 2 * n, f"error_codes_{n}", U32) for n in range(1, 5))
"""The fourth has the bits in use; its order on the wire is the vendor's own."""
PROTOCOL: Final = Place(120, "protocol_version", Text(2), "4 characters")
VEHICLE_STATE: Final = Place(122, "vehicle_state", unit="1 A .. 5 E")
VEHICLE_STATE_HEX: Final = Place(123, "vehicle_state_hex", unit="0x0A .. 0x0E")
AVAILABILITY: Final = Place(124, "availability")
SAFE_CURRENT: Final = Place(131, "safe_current", unit="A")
COMMUNICATION_TIMEOUT: Final = Place(132, "communication_timeout", unit="s")
HARDWARE_CURRENT: Final = Place(133, "hardware_current_limit", unit="A")
RELAY: Final = Place(140, "relay_state")
DEVICE: Final = Place(141, "device_id")
MODEL: Final = Place(142, "charge_point_model", Text(10), "20 characters")
PLUG_LOCK: Final = Place(152, "plug_lock")

ENERGY: Final = tuple(Place(200 + 2 * n, f"energy_l{n + 1}", U32, "Wh") for n in range(3))
POWER: Final = tuple(Place(206 + 2 * n, f"power_l{n + 1}", U32, "W") for n in range(3))
CURRENT: Final = tuple(Place(212 + 2 * n, f"current_l{n + 1}", U32, "mA") for n in range(3))
TOTAL_ENERGY: Final = Place(218, "total_energy", U32, "Wh")
TOTAL_POWER: Final = Place(220, "total_power", U32, "W")
VOLTAGE: Final = tuple(Place(222 + 2 * n, f"voltage_l{n + 1}", U32, "V") for n in range(3))

SESSION_ENERGY_16: Final = Place(705, "session_energy_16", unit="Wh")
SIGNALLED_CURRENT: Final = Place(706, "signalled_current", unit="A")
SESSION_START: Final = Place(707, "session_start", U32)
SESSION_DURATION_16: Final = Place(709, "session_duration_16", unit="s")
SESSION_ENERGY: Final = Place(716, "session_energy", U32, "Wh")
SESSION_DURATION: Final = Place(718, "session_duration", U32, "s")
HEMS_CURRENT: Final = Place(1000, "hems_current_limit", unit="A")

DEVICE_ID: Final = 0xEBEE

OCPP_STATES: Final = (
    "available", "occupied", "reserved", "unavailable", "faulted", "preparing", "charging", "suspendedevse",
    "suspendedev", "finishing",
)  # fmt: skip
"""By the number in 104; the words are those of the REST interface."""

_VEHICLE: Final = {PilotState.A: 1, PilotState.B: 2, PilotState.C: 3, PilotState.D: 4, PilotState.E: 5, PilotState.F: 5}


def vehicle_state(pilot: PilotState) -> int:
    """The number in 122; 123 is nine more."""
    return _VEHICLE[pilot]


HEX_OFFSET: Final = 9
