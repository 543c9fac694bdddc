"""The error flags of `Active_errors.Get` and `Logged_errors.Get`.

The one rule: a flag follows the charger's faults by the table; a fault without flags here shows in the state only.
Source: Charger local API, 5.8, and clients for what older firmware lacks. ASSUMED: which fault sets which flag.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ...devices.firmware import Profile
from ...devices.points import Fidelity, Point
from .models import CHARGERS, FULL_SINCE

_API: Final = "Charger local API, 5.8"
_CLIENT: Final = "lektricowifi history"
OLD_E: Final = "state_machine_e_activated"


def _flag(name: str, *, since: str | None = None, until: str | None = None, source: str = _API) -> Point:
    return Point(name, source=source, since=since, until=until, models=CHARGERS, assumed="which fault sets it")


FLAGS: Final = (
    _flag(OLD_E, until=FULL_SINCE, source=_CLIENT),
    _flag("state_e_activated", since=FULL_SINCE),
    *(
        _flag(name)
        for name in (
            "overtemp", "critical_temp", "overcurrent", "meter_fault", "voltage_error", "rcd_error", "rcd_test_error",
            "rcd_err_pin_error", "rcd_err6_pin_error", "rcd_init_start_error", "rcd_init_end_error",
            "state_f_activated",
        )
    ),
    _flag("contactor_failure", since=FULL_SINCE),
    _flag("cp_diode_failure", since=FULL_SINCE),
    _flag("undervoltage_error", since=FULL_SINCE),
    _flag("overvoltage_error", since=FULL_SINCE),
)  # fmt: skip

BY_FAULT: Final = {
    "cp_short": ("state_e_activated",),
    "pe_loss": ("state_e_activated",),
    "frequency": ("state_e_activated",),
    "switch_unconfigured": ("state_e_activated",),
    "lock_stuck": ("state_e_activated",),
    "cp_state_f": ("state_f_activated",),
    "overtemp_derate": ("overtemp",),
    "overtemp_stop": ("overtemp", "critical_temp"),
    "overcurrent": ("overcurrent",),
    "meter_fault": ("meter_fault",),
    "undervoltage": ("undervoltage_error", "voltage_error"),
    "overvoltage": ("overvoltage_error", "voltage_error"),
    "phase_loss": ("voltage_error",),
    "rcd_ac": ("rcd_error", "rcd_err_pin_error"),
    "rcd_dc": ("rcd_error", "rcd_err6_pin_error"),
    "rcd_sensor_defect": ("rcd_err_pin_error",),
    "rcd_selftest": ("rcd_test_error", "rcd_init_start_error", "rcd_init_end_error"),
    "contactor_welded": ("contactor_failure",),
    "contactor_fails_to_close": ("contactor_failure",),
    "diode_shorted": ("cp_diode_failure",),
}
"""By the charger's name of the fault. Not here: what this device does not notice or does not call an error."""


def flag_names(profile: Profile) -> tuple[str, ...]:
    """The flags of this firmware, in the order of its reply."""
    return tuple(row.name for row in FLAGS if row.exists(profile))


def raised(faults: Iterable[str], known: tuple[str, ...]) -> frozenset[str]:
    """The flags that these faults set.

    ASSUMED: where older firmware has no flag of its own, the general one of state E stands for it.
    """
    found: set[str] = set()
    for fault in faults:
        flags = BY_FAULT.get(fault, ())
        found.update(flag for flag in flags if flag in known)
        if flags and not any(flag in known for flag in flags):
            found.add(OLD_E)
    return frozenset(found)


def rows(profile: Profile) -> list[Fidelity]:
    """Both tables, for the documentation."""
    return [
        row.documented("Error flags", "bool", settable=False, name=f"{method}.get.{row.name}")
        for method in ("active_errors", "logged_errors")
        for row in FLAGS
        if row.exists(profile)
    ]
