"""Error codes for what is physically wrong.

The one rule: one code at a time, of the fault that came first; register 1006 is Error1 in the high and
Error2 in the low half.
Source: 0x40000 is "error group 4" of a capture, the contactor's codes are KEBA's. ASSUMED: all others.
"""

from __future__ import annotations

from typing import Final

from ...core.snapshot import Snapshot
from ...core.states import EvseState

GENERAL: Final = 0x80000
CODES: Final = {
    "rcd_dc": 0x40001,
    "rcd_ac": 0x40000,
    "rcd_selftest": 0x40003,
    "rcd_sensor_defect": 0x40002,
    "pe_loss": 0x20001,
    "cp_short": 0x10001,
    "cp_state_f": 0x10002,
    "diode_shorted": 0x10003,
    "contactor_welded": 0xC001,
    "contactor_fails_to_close": 0x9001,
    "overvoltage": 0x20002,
    "undervoltage": 0x20003,
    "phase_loss": 0x20004,
    "frequency": 0x20005,
    "overcurrent": 0x30001,
    "lock_stuck": 0x50001,
    "pp_invalid": 0x50002,
    "controller_link_lost": 0x60001,
    "ventilation": 0x10004,
    "switch_unconfigured": 0x70001,
}
SILENT: Final = ("overtemp_derate", "overtemp_stop", "meter_fault", "backend_lost")
"""No error of the wallbox: too warm is state 5, the others show elsewhere."""


def error_code(now: Snapshot) -> int:
    """What register 1006 says; 0: no error."""
    for name in now.faults:
        if name not in SILENT:
            return CODES.get(name, GENERAL)
    return GENERAL if now.state is EvseState.FAULT else 0
