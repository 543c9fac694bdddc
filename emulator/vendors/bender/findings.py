"""What is wrong at one moment: the charger's faults in the controller's words.

The one rule: a fault has one identifier. ASSUMED: which physical fault is which bit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ...core.snapshot import Snapshot
from ...devices.settings import Settings
from .faultcodes import KNOWN, Errors
from .settings import BACKEND, ERRORS, MCB_TYPE2_MONITORING, RCD_MONITORING

Find = Callable[[Settings, Snapshot], str]


def _residual_ac(settings: Settings, _: Snapshot) -> str:
    """A monitored RCD trips; else the controller's own residual-current monitor sees it."""
    return "rcd_triggered" if settings[RCD_MONITORING] else "residual_current_detected"


def _overload(settings: Settings, _: Snapshot) -> str:
    return "mcb_of_type_2_socket_triggered" if settings[MCB_TYPE2_MONITORING] else "car_current_overload"


def _lock(_settings: Settings, now: Snapshot) -> str:
    return "plug_locking_failed" if now.plugged else "actuator_stuck_cannot_unlock"


def _backend(settings: Settings, _: Snapshot) -> str:
    return "backend_disconnected" if settings[BACKEND] else ""


def _always(identifier: str) -> Find:
    return lambda _settings, _now: identifier


OF_FAULT: Final[dict[str, Find]] = {
    "rcd_dc": _always("residual_current_detected"),
    "rcd_ac": _residual_ac,
    "rcd_selftest": _always("residual_current_detected"),
    "rcd_sensor_defect": _always("residual_current_detected"),
    "pe_loss": _always("cp_pr_wiring_issue"),
    "cp_short": _always("vehicle_signals_error"),
    "cp_state_f": _always("vehicle_signals_error"),
    "diode_shorted": _always("vehicle_diode_check_failed"),
    "contactor_welded": _always("contactor_welded"),
    "contactor_fails_to_close": _always("contactor_welded"),
    "switch_unconfigured": _always("pic24_error"),
    "overvoltage": _always("pic24_error"),
    "frequency": _always("pic24_error"),
    "undervoltage": _always("no_power_on_mains"),
    "phase_loss": _always("no_power_on_mains"),
    "overcurrent": _overload,
    "lock_stuck": _lock,
    "pp_invalid": _always("cp_pr_wiring_issue"),
    "meter_fault": _always("ocpp_meter_not_communicating"),
    "controller_link_lost": _always("rfid_reader_not_communicating"),
    "backend_lost": _backend,
}
"""By the charger's fault. Ventilation and temperature have no identifier."""


def errors(settings: Settings, now: Snapshot) -> Errors:
    """What is wrong at one moment; conditions the physical model does not know come from the setting `errors`."""
    found = {OF_FAULT[name](settings, now) for name in now.faults if name in OF_FAULT}
    found |= set(settings[ERRORS])
    return Errors(tuple(name for name in KNOWN if name in found))
