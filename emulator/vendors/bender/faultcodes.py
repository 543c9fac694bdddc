"""What is wrong, in the controller's words: identifiers of `errors`, bits of registers 111 and 112.

The one rule: both interfaces tell the same set. Source: bits of MENNEKES' register document; `plug_locking_failed` and
`rfid_reader_not_communicating` of the seed document. ASSUMED: the other identifiers, made of the document's words in
the same way, and which physical fault is which bit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ...core.snapshot import Snapshot

if TYPE_CHECKING:
    from .wallbox import Bender

BITS: Final = (
    "residual_current_detected",
    "vehicle_signals_error",
    "vehicle_diode_check_failed",
    "mcb_of_type_2_socket_triggered",
    "mcb_of_domestic_socket_triggered",
    "rcd_triggered",
    "contactor_welded",
    "backend_disconnected",
    "plug_locking_failed",
    "locking_without_plug_error",
    "actuator_stuck_cannot_unlock",
    "actuator_detection_failed",
    "fw_update_in_progress",
    "charge_point_tilted",
    "cp_pr_wiring_issue",
    "car_current_overload",
    "actuator_unlocked_while_charging",
    "tilt_prevents_charging_until_reboot",
    "pic24_error",
    "usb_stick_handling",
    "incorrect_phase_rotation",
    "no_power_on_mains",
)
"""By bit."""
PERIPHERAL: Final = ("rfid_reader_not_communicating", "ocpp_meter_not_communicating")
"""Identifiers without a bit. ASSUMED: the second."""
KNOWN: Final = (*BITS, *PERIPHERAL)
HARMLESS: Final = frozenset({"backend_disconnected", "fw_update_in_progress", "usb_stick_handling", *PERIPHERAL})
"""Those that do not make the charge point faulted. ASSUMED but the first."""

Find = Callable[["Bender", Snapshot], str]


def _residual_ac(box: Bender, _: Snapshot) -> str:
    """A monitored RCD trips; else the controller's own residual-current monitor sees it."""
    return "rcd_triggered" if box.settings.flag("rcd_monitoring") else "residual_current_detected"


def _overload(box: Bender, _: Snapshot) -> str:
    monitored = box.settings.flag("mcb_type2_monitoring")
    return "mcb_of_type_2_socket_triggered" if monitored else "car_current_overload"


def _lock(_: Bender, now: Snapshot) -> str:
    return "plug_locking_failed" if now.plugged else "actuator_stuck_cannot_unlock"


def _backend(box: Bender, _: Snapshot) -> str:
    return "backend_disconnected" if box.settings.flag("backend") else ""


def _always(identifier: str) -> Find:
    return lambda _box, _now: identifier


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


@dataclass(frozen=True, slots=True)
class Errors:
    """The identifiers of one moment, by bit, those without one last."""

    identifiers: tuple[str, ...]

    @property
    def bits(self) -> int:
        return sum(1 << BITS.index(name) for name in self.identifiers if name in BITS)

    @property
    def faulted(self) -> bool:
        return any(name not in HARMLESS for name in self.identifiers)


def errors(box: Bender, now: Snapshot) -> Errors:
    """What is wrong at one moment; conditions the physical model does not know come from the setting `errors`."""
    found = {OF_FAULT[name](box, now) for name in now.faults if name in OF_FAULT}
    found |= set(box.logic.stated_errors)
    return Errors(tuple(name for name in KNOWN if name in found))
