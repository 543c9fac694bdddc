"""The vendor's enumerations: number in raw mode and over Modbus, text otherwise.

The one rule: complete tables, the texts verbatim. A number that is not in its table is shown as `UNKNOWN`.
Source: vendor page; identical in the nrgkick-api client.
"""

from __future__ import annotations

from typing import Final

Texts = dict[int, str]

UNKNOWN: Final = "UNKNOWN"

CONNECTOR_TYPE: Final[Texts] = {0: UNKNOWN, 1: "CEE", 2: "DOMESTIC", 3: "TYPE2", 4: "WALL", 5: "AUS"}


def _bits(*names: str) -> Texts:
    """The names of the set bits, lowest first."""
    count = len(names)
    return {n: ", ".join(name for bit, name in enumerate(names) if n >> bit & 1) for n in range(1, 1 << count)}


GRID_PHASES: Final[Texts] = {0: UNKNOWN, **_bits("L1", "L2", "L3")}
CELLULAR_MODE: Final[Texts] = {0: UNKNOWN, 1: "NO_SERVICE", 2: "GSM", 3: "LTE_CAT_M1", 4: "LTE_NB_IOT"}
STATUS: Final[Texts] = {0: UNKNOWN, 1: "STANDBY", 2: "CONNECTED", 3: "CHARGING", 6: "ERROR", 7: "WAKEUP"}
RELAY_STATE: Final[Texts] = {0: "NO_RELAY", **_bits("N", "L1", "L2", "L3")}
RCD_TRIGGER: Final[Texts] = {
    0: "NO_FAULT",
    1: "AC_30MA_FAULT",
    2: "AC_60MA_FAULT",
    3: "AC_150MA_FAULT",
    4: "DC_POSITIVE_6MA_FAULT",
    5: "DC_NEGATIVE_6MA_FAULT",
}
WARNING: Final[Texts] = {
    0: "NO_WARNING",
    1: "NO_PE",
    2: "BLACKOUT_PROTECTION",
    3: "ENERGY_LIMIT_REACHED",
    4: "EV_DOES_NOT_COMPLY_STANDARD",
    5: "UNSUPPORTED_CHARGING_MODE",
    6: "NO_ATTACHMENT_DETECTED",
    7: "NO_COMM_WITH_TYPE2_ATTACHMENT",
    16: "INCREASED_TEMPERATURE",
    17: "INCREASED_HOUSING_TEMPERATURE",
    18: "INCREASED_ATTACHMENT_TEMPERATURE",
    19: "INCREASED_DOMESTIC_PLUG_TEMPERATURE",
}
ERROR: Final[Texts] = {
    0: "NO_ERROR",
    1: "GENERAL_ERROR",
    2: "32A_ATTACHMENT_ON_16A_UNIT",
    3: "VOLTAGE_DROP_DETECTED",
    4: "UNPLUG_DETECTION_TRIGGERED",
    5: "TYPE2_NOT_AUTHORIZED",
    16: "RESIDUAL_CURRENT_DETECTED",
    32: "CP_SIGNAL_VOLTAGE_ERROR",
    33: "CP_SIGNAL_IMPERMISSIBLE",
    34: "EV_DIODE_FAULT",
    48: "PE_SELF_TEST_FAILED",
    49: "RCD_SELF_TEST_FAILED",
    50: "RELAY_SELF_TEST_FAILED",
    51: "PE_AND_RCD_SELF_TEST_FAILED",
    52: "PE_AND_RELAY_SELF_TEST_FAILED",
    53: "RCD_AND_RELAY_SELF_TEST_FAILED",
    54: "PE_AND_RCD_AND_RELAY_SELF_TEST_FAILED",
    64: "SUPPLY_VOLTAGE_ERROR",
    65: "PHASE_SHIFT_ERROR",
    66: "OVERVOLTAGE_DETECTED",
    67: "UNDERVOLTAGE_DETECTED",
    68: "OVERVOLTAGE_WITHOUT_PE_DETECTED",
    69: "UNDERVOLTAGE_WITHOUT_PE_DETECTED",
    70: "UNDERFREQUENCY_DETECTED",
    71: "OVERFREQUENCY_DETECTED",
    72: "UNKNOWN_FREQUENCY_TYPE",
    73: "UNKNOWN_GRID_TYPE",
    80: "GENERAL_OVERTEMPERATURE",
    81: "HOUSING_OVERTEMPERATURE",
    82: "ATTACHMENT_OVERTEMPERATURE",
    83: "DOMESTIC_PLUG_OVERTEMPERATURE",
}
