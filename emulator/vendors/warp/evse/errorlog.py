"""What the event log says of the controller's errors.

The one rule: a line when one comes, changes or goes. Source: Tinkerforge esp32-firmware, `modules/evse_v2`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from .evseview import EvseView

Errors = tuple[int, int, int]
"""`contactor_error`, `error_state`, `dc_fault_current_state`."""
NO_ANSWER: Final = "all_data_1 -1"
"""The controller does not answer. ASSUMED: said once; the firmware says it at each poll."""
CONTACTORS: Final = {
    1: (True, True, True, False),
    2: (True, True, False, True),
    3: (True, True, False, False),
    4: (True, False, True, True),
    5: (True, False, False, True),
    6: (True, False, False, False),
    7: (False, True, True, True),
    8: (False, True, True, False),
    9: (False, True, False, True),
    10: (False, False, True, True),
    11: (False, False, True, False),
    12: (False, False, False, True),
}
"""By code of WARP3 and later: whether the contactors are to be closed, and whether they are."""
CALIBRATION: Final = 4


def error_lines(before: Errors, now: Errors, view: EvseView) -> Iterator[str]:
    """What is new."""
    contactor, error, dc_fault = now
    if contactor != before[0]:
        yield from _contactor(contactor, view) if contactor else ("Contactor/PE error cleared",)
    if error != before[1]:
        yield f"Error state {error}" if error else "Error state cleared"
    if dc_fault != before[2]:
        what = "calibration error code" if dc_fault == CALIBRATION else "pins"
        yield (
            f"DC Fault current state {dc_fault} ({what} 0; sensor type 1)"
            if dc_fault
            else ("DC Fault current state cleared")
        )


def _contactor(error: int, view: EvseView) -> Iterator[str]:
    if not view.two_contactors:
        yield f"Contactor error {error}"
        return
    if error & 1:
        yield "Contactor error: PE error"
    code = error >> 1
    if code:
        first, second, seen_first, seen_second = CONTACTORS[code]
        mode = "no charging" if not first else "3-phase charging" if seen_first else "1-phase charging"
        yield (
            f"Contactor error ({code}): Set C1 to {_is(first)} and C2 to {_is(second)} [{mode}]"
            f" but see AuxC1 as {_is(seen_first)} and AuxC2 as {_is(seen_second)}"
        )


def _is(closed: bool) -> str:
    return "'closed'" if closed else "'open'"
