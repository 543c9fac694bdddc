"""Which of its error, warning and residual-current codes the unit shows.

The one rule: codes follow from the charger's active faults and the logic's own findings; one of each kind at a time.
Source: the code tables are the vendor page's; which physical fault gets which code is ASSUMED from the names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ...core.snapshot import Snapshot
from ...core.states import EvseState
from .logic import Logic
from .settings import TYPE2_LINK
from .unit import Unit

GENERAL: Final = 1
RESIDUAL: Final = 16
CP_VOLTAGE, CP_IMPERMISSIBLE = 32, 33
SELF_TEST: Final = {1: 48, 2: 49, 4: 50, 3: 51, 5: 52, 6: 53, 7: 54}
"""By sum of protective earth (1), residual-current device (2), relay (4)."""
_TESTED: Final = {
    "pe_loss": 1,
    "rcd_selftest": 2,
    "rcd_sensor_defect": 2,
    "contactor_welded": 4,
    "contactor_fails_to_close": 4,
}
SUPPLY_VOLTAGE, PHASE_SHIFT = 64, 65
OVERVOLTAGE, UNDERVOLTAGE = 66, 67
WITHOUT_EARTH: Final = 2
"""Added to the voltage codes while protective earth is missing."""
_PLAIN: Final = {
    "rcd_ac": RESIDUAL,
    "rcd_dc": RESIDUAL,
    "cp_state_f": CP_VOLTAGE,
    "diode_shorted": 34,
    "overcurrent": GENERAL,
    "switch_unconfigured": GENERAL,
}
SHORTED: Final = 0.5
"""Pilot voltage below which it counts as shorted rather than loaded wrongly [V]."""
WARM, HOT = 16, 80
"""First warning and first error of temperature; general, housing, attachment, domestic plug follow each other."""
_PLACE: Final = {
    "board": 0,
    "relay": 0,
    "housing": 1,
    "connector_l1": 2,
    "connector_l2": 2,
    "connector_l3": 2,
    "domestic_pin": 3,
}

NO_EARTH, BLACKOUT, ENERGY_LIMIT, NOT_COMPLIANT, UNSUPPORTED_MODE, NO_ATTACHMENT, NO_TYPE2_LINK = range(1, 8)
VENTILATION: Final = "ventilation"


@dataclass(frozen=True, slots=True)
class Codes:
    """What is shown; 0: nothing."""

    rcd: int
    warning: int
    error: int


def codes(unit: Unit, logic: Logic, now: Snapshot) -> Codes:
    """The codes of one moment."""
    rcd = next((logic.tripped.get(name, 0) for name in now.faults if name in ("rcd_ac", "rcd_dc")), 0)
    return Codes(rcd, _warning(unit, logic, now), _error(unit, logic, now))


def _error(unit: Unit, logic: Logic, now: Snapshot) -> int:
    """The fault that came first decides; findings of the logic come after the charger's, unknown grids before."""
    unknown_grid = logic.grid.error
    if unknown_grid:
        return unknown_grid
    without_earth = WITHOUT_EARTH if "pe_loss" in now.faults else 0
    if "overvoltage" in now.faults:
        return OVERVOLTAGE + without_earth
    if "undervoltage" in now.faults:
        return UNDERVOLTAGE + without_earth
    for name in now.faults:
        found = _of_fault(name, unit, logic, now)
        if found:
            return found
    if now.state is EvseState.FAULT:
        return GENERAL
    return logic.own_error


def _of_fault(name: str, unit: Unit, logic: Logic, now: Snapshot) -> int:
    if name in _TESTED:
        return SELF_TEST[sum({_TESTED[fault] for fault in now.faults if fault in _TESTED})]
    if name == "cp_short":
        return CP_VOLTAGE if abs(now.pilot_voltage) < SHORTED else CP_IMPERMISSIBLE
    if name == "phase_loss":
        return SUPPLY_VOLTAGE if sum(now.supply_phases) == 1 else PHASE_SHIFT
    if name == "frequency":
        return logic.frequency_error
    if name == "overtemp_stop":
        return HOT + _place(unit, now)
    return _PLAIN.get(name, 0)


def _warning(unit: Unit, logic: Logic, now: Snapshot) -> int:
    """ASSUMED: the lowest code is shown when there are several."""
    found = [
        (NO_EARTH, "pe_loss" in now.faults),
        (BLACKOUT, logic.held),
        (ENERGY_LIMIT, logic.limit_reached and now.plugged),
        (NOT_COMPLIANT, logic.not_compliant),
        (UNSUPPORTED_MODE, VENTILATION in now.faults),
        (NO_ATTACHMENT, unit.attachment.type == 0),
        (NO_TYPE2_LINK, unit.attachment.type2 and not unit.settings[TYPE2_LINK]),
    ]
    plain = next((number for number, shown in found if shown), 0)
    if plain or "overtemp_derate" not in now.faults:
        return plain
    return WARM + _place(unit, now)


def _place(unit: Unit, now: Snapshot) -> int:
    """Where it is hottest. A domestic plug's sensor counts only where there is one."""
    sensors = [name for name in _PLACE if name != "domestic_pin" or unit.attachment.domestic]
    return _PLACE[max(sensors, key=lambda name: now.temperature[name])]
