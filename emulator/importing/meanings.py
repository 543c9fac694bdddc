"""What values of each vendor mean in the words of physics, as far as a charger can be worked out from them.

The one rule: a row is an address of a vendor value (for Modbus `modbus:` and the row's name) and one of the quantities
below; what has no row is compared all the same, and explains nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

State = str
"""`A` nothing plugged, `B` plugged, `C` charging, `E` an error; as IEC 61851 has it."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a value may be off: whichever of both is more."""

    share: float = 0.0
    absolute: float = 0.0
    """In SI units."""

    def holds(self, expected: float, found: float) -> bool:
        return abs(expected - found) <= max(self.absolute, self.share * abs(expected)) + 1e-9


TOLERANCES: Final[Mapping[str, Tolerance]] = {
    "voltage": Tolerance(0.02, 1.0),
    "current": Tolerance(0.05, 0.3),
    "power": Tolerance(0.05, 60.0),
    "reactive": Tolerance(0.10, 150.0),
    "factor": Tolerance(0.0, 0.05),
    "energy": Tolerance(0.02, 20.0),
    "total": Tolerance(0.0001, 50.0),
    "offered": Tolerance(0.01, 0.25),
    "duty": Tolerance(0.0, 0.5),
    "neutral": Tolerance(0.0, 5.0),
    "temperature": Tolerance(0.0, 3.0),
    "frequency": Tolerance(0.0, 0.3),
    "clock": Tolerance(0.02, 3.0),
    "since": Tolerance(0.03, 5.0),
    "pilot": Tolerance(0.06, 0.15),
}
"""By the first word of the quantity. Clocks are compared by how far they have moved since they were first seen."""
EXACT: Final = Tolerance()
FLOATING: Final = Tolerance(0.01, 0.0)
"""Of a number with a fraction that no row knows."""

States = Mapping[object, object]
Row = tuple[str, str, float | States]
"""Address (a regular expression for all of it), quantity, and the factor to SI or what each value means."""

_LINES: Final = ("L1", "L2", "L3")


def _each(pattern: str, quantity: str, factor: float, first: int = 0) -> tuple[Row, ...]:
    """One row per line; `#` in the pattern counts."""
    return tuple((pattern.replace("#", str(first + n)), f"{quantity}.{line}", factor) for n, line in enumerate(_LINES))


_GOE_CAR: Final[States] = {0: "E", 1: "A", 2: "C", 3: "B", 4: "B", 5: "E"}
_YES: Final[States] = {1: True, 0: False, "1": True, "0": False}
"""A number or a truth value, which are the same key."""

GOE: Final[tuple[Row, ...]] = (
    *_each(r"nrg\.#", "voltage", 1),
    *_each(r"nrg\.#", "current", 1, 4),
    *_each(r"nrg\.#", "power", 1, 7),
    (r"nrg\.3", "neutral", 1),
    (r"nrg\.11", "power", 1),
    (r"nrg\.1[2-5]", "factor", 0.01),
    (r"wh", "energy", 1),
    (r"eto", "total", 1),
    (r"car", "state", _GOE_CAR),
    (r"alw", "allowed", _YES),
    (r"tpa", "power.mean", 1),
    (r"fhz|avgfhz", "frequency", 1),
    (r"tma\.\d+|tmp", "temperature", 1),
    (r"rbt|lcs|lmsc|alwt", "clock", 0.001),
    (r"tab", "clock", 0.001),
    *_each(r"v1\.nrg\.#", "voltage", 1),
    *_each(r"v1\.nrg\.#", "current", 0.1, 4),
    *_each(r"v1\.nrg\.#", "power", 100, 7),
    (r"v1\.nrg\.3", "neutral", 1),
    (r"v1\.nrg\.11", "power", 10),
    (r"v1\.nrg\.1[2-5]", "factor", 0.01),
    (r"v1\.dws", "energy", 1 / 360),
    (r"v1\.eto", "total", 100),
    (r"v1\.car", "state", {str(k): v for k, v in _GOE_CAR.items()}),
    (r"v1\.alw", "allowed", _YES),
    (r"v1\.tm[ap](?:\.\d+)?", "temperature", 1),
    (r"v1\.rbt|v1\.lch", "clock", 0.001),
    *_each(r"modbus:VOLT_L#", "voltage", 1, 1),
    *_each(r"modbus:AMP_L#", "current", 1, 1),
    (r"modbus:POWER_TOTAL", "power", 1),
    (r"modbus:ENERGY_CHARGE", "energy", 1),
    (r"modbus:ENERGY_TOTAL", "total", 1),
    (r"modbus:CAR_STATE", "state", _GOE_CAR),
    (r"modbus:ALLOW", "allowed", _YES),
)
WARP: Final[tuple[Row, ...]] = (
    (r"evse/state\.iec61851_state|modbus:iec61851_state", "state", {0: "A", 1: "B", 2: "C", 3: "C", 4: "E"}),
    (r"evse/state\.allowed_charging_current", "offered", 0.001),
    (r"evse/low_level_state\.cp_pwm_duty_cycle", "duty", 0.1),
    (r"evse/low_level_state\.(?:uptime|time_since_state_change|time_since_dc_fault_check)", "clock", 0.001),
    (r"evse/low_level_state\.charging_time", "clock", 0.001),
    (r"evse/low_level_state\.temperature", "temperature", 0.01),
    (r"evse/low_level_state\.(?:voltages|adc_values|resistances)\.\d+", "pilot", 1),
    (r"uptime|info/keep_alive\.uptime|rtc/time\.\w+", "clock", 0.001),
    (r"meter/values\.power|meters/0/values\.power", "power", 1),
    (r"meter/values\.energy_abs", "total", 1000),
    (r"meter/values\.energy_rel", "total.since_reset", 1000),
    *_each(r"meter/all_values\.#", "voltage", 1),
    *_each(r"meter/all_values\.#", "current", 1, 3),
    *_each(r"meter/all_values\.#", "power", 1, 6),
    *_each(r"meter/all_values\.#", "power.apparent", 1, 9),
    *_each(r"meter/all_values\.#", "reactive", 1, 12),
    *_each(r"meter/all_values\.#", "factor", 1, 15),
    (r"meter/all_values\.1[89]|meter/all_values\.20", "angle", 1),
    (r"meter/all_values\.21", "voltage.mean", 1),
    (r"meter/all_values\.22", "current.mean", 1),
    (r"meter/all_values\.23", "current.sum", 1),
    (r"meter/all_values\.24", "power", 1),
    (r"meter/all_values\.25", "power.apparent", 1),
    (r"meter/all_values\.26", "reactive", 1),
    (r"meter/all_values\.27", "factor", 1),
    (r"meter/all_values\.29", "frequency", 1),
    (r"meter/all_values\.30|meter/all_values\.58", "total", 1000),
    (r"charge_tracker/current_charge\.meter_start", "total", 1000),
    (r"esp32/temperature\.temperature", "temperature", 0.01),
)
KEBA: Final[tuple[Row, ...]] = (
    (r"report2\.State|modbus:charging_state", "state", {2: "B", 3: "C", 4: "E", 5: "B"}),
    (r"report2\.Plug|modbus:cable_state", "plugged", {0: False, 1: False, 3: False, 5: True, 7: True}),
    (r"report2\.Enable sys", "allowed", _YES),
    (r"report2\.Max curr|modbus:max_charging_current", "offered", 0.001),
    (r"report2\.Max curr %", "duty", 0.1),
    *_each(r"report3\.U#", "voltage", 1, 1),
    *_each(r"report3\.I#", "current", 0.001, 1),
    (r"report3\.P|modbus:active_power", "power", 0.001),
    (r"report3\.PF|modbus:power_factor", "factor", 0.001),
    (r"report3\.E pres|modbus:session_energy", "energy", 0.1),
    (r"report3\.E total|modbus:total_energy", "total", 0.1),
    (r"report\d+\.Sec", "clock", 1),
    *_each(r"modbus:current_l#", "current", 0.001, 1),
    *_each(r"modbus:voltage_l#", "voltage", 1, 1),
)
BENDER: Final[tuple[Row, ...]] = (
    (r"modbus:vehicle_state", "state", {1: "A", 2: "B", 3: "C", 4: "C", 5: "E"}),
    (r"modbus:vehicle_state_hex", "state", {10: "A", 11: "B", 12: "C", 13: "C", 14: "E"}),
    (r"modbus:signalled_current|rest\.sig_current", "offered", 1),
    *_each(r"modbus:voltage_l#", "voltage", 1, 1),
    *_each(r"modbus:current_l#", "current", 1, 1),
    *_each(r"modbus:power_l#", "power", 1, 1),
    (r"modbus:total_power|rest\.power_w", "power", 1),
    (r"modbus:total_energy|rest\.meter_wh", "total", 1),
    (r"modbus:session_energy(?:_16)?|rest\.transaction_wh", "energy", 1),
    (r"modbus:session_duration(?:_16)?|rest\.time_since_charging_start", "since", 1),
    (
        r"rest\.type2_state",
        "state",
        {"a": "A", "b": "B", "b1": "B", "b2": "B", "c": "C", "c2": "C", "d": "C", "e": "E"},
    ),
    (r"rest\.conn_state", "plugged", {"no_vehicle_connected": False}),
)
_NRG_STATUS: Final[States] = {
    1: "A", 2: "B", 3: "C", 6: "E", 7: "B",
    "STANDBY": "A", "CONNECTED": "B", "CHARGING": "C", "ERROR": "E", "WAKEUP": "B",
}  # fmt: skip
NRGKICK: Final[tuple[Row, ...]] = (
    *_each(r"(?:modbus:)?values\.powerflow\.l#\.voltage", "voltage", 1, 1),
    *_each(r"(?:modbus:)?values\.powerflow\.l#\.current", "current", 1, 1),
    *_each(r"(?:modbus:)?values\.powerflow\.l#\.active_power", "power", 1, 1),
    (r"(?:modbus:)?values\.powerflow\.(?:l\d\.|total_)apparent_power", "power.apparent", 1),
    (r"(?:modbus:)?values\.powerflow\.(?:l\d\.|total_)reactive_power", "reactive", 1),
    (r"values\.powerflow\.(?:l\d\.|total_)power_factor", "factor", 0.01),
    (r"(?:modbus:)?values\.powerflow\.charging_voltage", "voltage.mean", 1),
    (r"(?:modbus:)?values\.powerflow\.charging_current", "offered", 1),
    (r"(?:modbus:)?values\.powerflow\.n\.current", "current.neutral", 1),
    (r"(?:modbus:)?values\.powerflow\.grid_frequency", "frequency", 1),
    (r"(?:modbus:)?values\.powerflow\.peak_power", "power.peak", 1),
    (r"(?:modbus:)?values\.powerflow\.total_active_power", "power", 1),
    (r"(?:modbus:)?values\.energy\.charged_energy", "energy", 1),
    (r"(?:modbus:)?values\.energy\.total_charged_energy", "total", 1),
    (r"(?:modbus:)?values\.general\.status", "state", _NRG_STATUS),
    (r"(?:modbus:)?values\.general\.charge_permitted", "allowed", _YES),
    (r"(?:modbus:)?values\.general\.vehicle_connect_time", "since.connected", 1),
    (r"(?:modbus:)?values\.general\.vehicle_charging_time", "since.charging", 1),
    (r"(?:modbus:)?values\.temperatures\.\w+", "temperature", 1),
)
CONNECT: Final[tuple[Row, ...]] = (
    *_each(r"measurements\.VoltagePhase\.#", "voltage", 1),
    *_each(r"measurements\.ChargingCurrentPhase\.#", "current", 1),
    *_each(r"measurements\.ChargingPowerPhase\.#", "power", 1000),
    (r"measurements\.ChargingPower", "power", 1000),
    (r"measurements\.ChargingEnergy", "energy", 1000),
    (r"measurements\.ChargingEnergyPhase\.\d", "energy.phase", 1000),
    (r"measurements\.ChargingEnergyOverAll", "total", 1000),
    (r"measurements\.Frequency", "frequency", 1),
    (r"measurements\.TemperatureMainUnit", "temperature", 1),
    (r"\w+\.Timestamp", "clock", 1),
    (r"settings\.Info\.Connected", "plugged", _YES),
    (r"settings\.Values\.ChargingStatus\.Charging", "state", {True: "C", False: "B"}),
)
"""NRGkick of the first generation."""
_LEKTRICO_STATE: Final[States] = {
    "A": "A", "B": "B", "C": "C", "D": "C", "E": "E", "F": "E", "B_AUTH": "B", "B_PAUSE": "B", "B_SCHEDULER": "B",
}  # fmt: skip
LEKTRICO: Final[tuple[Row, ...]] = (
    *_each(r"charger_info\.get\.voltages\.#", "voltage", 1),
    *_each(r"charger_info\.get\.currents\.#", "current", 1),
    (r"charger_info\.get\.voltage", "voltage.L1", 1),
    (r"charger_info\.get\.current", "current.L1", 1),
    (r"charger_info\.get\.instant_power", "power", 1),
    (r"charger_info\.get\.(?:session_energy|energy_index)", "energy", 1),
    (r"\w+\.get\.total_charged_energy", "total", 1000),
    (r"charger_info\.get\.charging_time", "since.charging", 1),
    (r"charger_info\.get\.temperature", "temperature", 1),
    (r"charger_info\.get\.(?:extended_)?charger_state", "state", _LEKTRICO_STATE),
    (r"charger_info\.get\.pwm_current", "offered.pwm", 1),
)
CHARGER: Final[tuple[Row, ...]] = (
    (r"charger:pilot", "state", {"A": "A", "B": "B", "C": "C", "D": "C", "E": "E", "F": "E"}),
    (r"charger:power", "power", 1),
    *tuple((f"charger:phase_current.{line}", f"current.{line}", 1) for line in _LINES),
    *tuple((f"charger:phase_voltage.{line}", f"voltage.{line}", 1) for line in _LINES),
    (r"charger:total_energy", "total", 1),
)
"""Quantities of the charger, as a client printed them."""

TABLES: Final[Mapping[str, tuple[Row, ...]]] = {
    "goe": GOE,
    "warp": WARP,
    "keba": KEBA,
    "bender": BENDER,
    "nrgkick": (*NRGKICK, *CONNECT),
    "lektrico": LEKTRICO,
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one address means."""

    quantity: str
    """Its first word has a tolerance."""
    to: float | Mapping[object, object]

    def of(self, value: object) -> object:
        """The value in SI units, or the state it stands for; None: it says nothing."""
        if isinstance(self.to, Mapping):
            return self.to.get(value) if isinstance(value, str | int | float | bool) else None
        number = number_of(value)
        return None if number is None else number * self.to

    @property
    def tolerance(self) -> Tolerance:
        return TOLERANCES.get(self.quantity.partition(".")[0], EXACT)


@cache
def meaning(vendor: str, address: str) -> Meaning | None:
    """What an address of a vendor means; None: nothing that is known here."""
    for pattern, quantity, to in (*CHARGER, *TABLES.get(vendor, ())):
        if re.fullmatch(pattern, address):
            return Meaning(quantity, to)
    return None


def number_of(value: object) -> float | None:
    """The number that a value is, or that stands in a text."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value) if abs(value) < 1e15 else None
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d{1,15}(?:\.\d+)?\s*", value):
        return float(value)
    return None
