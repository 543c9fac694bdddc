"""What can be wrong, in the controller's words: identifiers of `errors`, bits of registers 111 and 112.

The one rule: both interfaces tell the same set. Source: bits of MENNEKES' register document; `plug_locking_failed` and
`rfid_reader_not_communicating` of the seed document. ASSUMED: the other identifiers, made of the document's words in
the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

BITS: Final = (
    "residual_current_detected", "vehicle_signals_error", "vehicle_diode_check_failed",
    "mcb_of_type_2_socket_triggered", "mcb_of_domestic_socket_triggered", "rcd_triggered", "contactor_welded",
    "backend_disconnected", "plug_locking_failed", "locking_without_plug_error", "actuator_stuck_cannot_unlock",
    "actuator_detection_failed", "fw_update_in_progress", "charge_point_tilted", "cp_pr_wiring_issue",
    "car_current_overload", "actuator_unlocked_while_charging", "tilt_prevents_charging_until_reboot", "pic24_error",
    "usb_stick_handling", "incorrect_phase_rotation", "no_power_on_mains",
)  # fmt: skip
"""By bit."""
PERIPHERAL: Final = ("rfid_reader_not_communicating", "ocpp_meter_not_communicating")
"""Identifiers without a bit. ASSUMED: the second."""
KNOWN: Final = (*BITS, *PERIPHERAL)
HARMLESS: Final = frozenset({"backend_disconnected", "fw_update_in_progress", "usb_stick_handling", *PERIPHERAL})
"""Those that do not make the charge point faulted. ASSUMED but the first."""


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
