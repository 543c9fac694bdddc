"""`err`: the physical faults in the device's numbering, which changed with firmware 59.4.

The one rule: a fault without a code here is none for this vendor. Source: apikeys-en and the key lists of firmware
59.4 to 60.4; which fault gets which code is ASSUMED from the names.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from ...core.instant import SECOND
from ...core.snapshot import Snapshot
from ...core.states import LockState


class Err(Enum):
    """Code before 59.4 and from then on; None: does not exist there."""

    FI_AC = (1, 1)
    FI_DC = (2, 2)
    PHASE = (3, 3)
    OVERVOLT = (4, 4)
    OVERAMP = (5, 5)
    DIODE = (6, 6)
    PP_INVALID = (7, 7)
    GROUND_INVALID = (8, 8)
    CONTACTOR_STUCK = (9, 9)
    CONTACTOR_MISS = (10, 10)
    FI_UNKNOWN = (11, 14)
    UNKNOWN = (12, 15)
    OVERTEMP = (13, 16)
    NO_COMM = (14, 17)
    LOCK_STUCK_OPEN = (15, 12)
    LOCK_STUCK_LOCKED = (16, 13)
    CP_INVALID = (None, 18)
    RDC_SELFTEST_FAILED = (None, 23)

    def code(self, *, new: bool) -> int:
        number = self.value[1 if new else 0]
        return number if number is not None else self.UNKNOWN.value[0]  # ASSUMED: shown as unknown where there is none


_BY_FAULT: Final = {
    "rcd_ac": Err.FI_AC,
    "rcd_dc": Err.FI_DC,
    "rcd_selftest": Err.RDC_SELFTEST_FAILED,
    "rcd_sensor_defect": Err.FI_UNKNOWN,
    "phase_loss": Err.PHASE,
    "overvoltage": Err.OVERVOLT,
    "overcurrent": Err.OVERAMP,
    "diode_shorted": Err.DIODE,
    "pp_invalid": Err.PP_INVALID,
    "pe_loss": Err.GROUND_INVALID,
    "contactor_welded": Err.CONTACTOR_STUCK,
    "contactor_fails_to_close": Err.CONTACTOR_MISS,
    "cp_short": Err.CP_INVALID,
    "cp_state_f": Err.CP_INVALID,
    "ventilation": Err.CP_INVALID,
    "switch_unconfigured": Err.UNKNOWN,
    "overtemp_stop": Err.OVERTEMP,
}
"""By the charger's name of the fault."""


SILENCE: Final = 10 * SECOND
"""A charge controller that is not heard so long is an error; before that nothing is known. ASSUMED."""


def uses_new_codes(choice: str, firmware: bool) -> bool:
    """`choice`: the setting `err_table`; `firmware`: whether the firmware has the new codes."""
    return firmware if choice == "firmware" else choice == "new"


def active(snapshot: Snapshot) -> Err | None:
    """The fault that is shown: the one that came first."""
    for name in snapshot.faults:
        if name == "lock_stuck":
            return Err.LOCK_STUCK_OPEN if _never_locked(snapshot) else Err.LOCK_STUCK_LOCKED
        if name in _BY_FAULT:
            return _BY_FAULT[name]
    return None


def lock_feedback(snapshot: Snapshot) -> int:
    """`ffb`: 0 fine, 1 problem locking, 2 problem unlocking."""
    if snapshot.lock is not LockState.ERROR:
        return 0
    return 1 if snapshot.plugged else 2


def _never_locked(snapshot: Snapshot) -> bool:
    """A lock that failed with a vehicle at the cable did not close; without one it did not open."""
    return snapshot.lock is LockState.ERROR and snapshot.plugged
