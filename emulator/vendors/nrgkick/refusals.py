"""Why the unit refuses a write, and what it says.

The one rule: one refusal has one reason, HTTP status and text; the Modbus exception follows from the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ...core.messages import Outcome, Reason
from ...devices.registers import BUSY, ILLEGAL_VALUE


@dataclass(frozen=True, slots=True)
class Refusal:
    """`status`: of the HTTP reply, whose body is `{"Response": text}`."""

    reason: Reason
    status: int
    text: str

    @property
    def outcome(self) -> Outcome:
        return Outcome(refused=self.reason, message=self.text)


NOT_ACCEPTABLE: Final = 406
BLOCKED: Final = 405


def invalid_current(rated: float) -> Refusal:
    """Source: vendor page for 32 A. ASSUMED: a 16 A unit names its own upper end."""
    return Refusal(Reason.OUT_OF_RANGE, NOT_ACCEPTABLE, f"Invalid current entered, allowed 6.0A - {rated:.1f}A")


INVALID_STATE: Final = Refusal(Reason.OUT_OF_RANGE, NOT_ACCEPTABLE, "Invalid state entered, allowed 0 / 1")
INVALID_LIMIT: Final = Refusal(
    Reason.OUT_OF_RANGE,
    NOT_ACCEPTABLE,
    "Invalid limit entered, value must be greater or equal than 0Wh and less or equal than 1000000Wh",
)
INVALID_PHASES: Final = Refusal(Reason.OUT_OF_RANGE, NOT_ACCEPTABLE, "Invalid phases entered, allowed 1 - 3")

PAUSE_BLOCKED: Final = Refusal(Reason.NOT_NOW, BLOCKED, "Charging pause is blocked by solar-charging")
"""Source: seen on a device by the authors of the Home Assistant integration."""
PHASES_BLOCKED: Final = Refusal(Reason.NOT_NOW, BLOCKED, "Phase count change is blocked by solar-charging")
"""Source: text of a client's test. Status ASSUMED."""
CURRENT_BLOCKED: Final = Refusal(Reason.NOT_NOW, BLOCKED, "Current change blocked by solar-charging")
"""ASSUMED: the text is a client's, the device may never say it."""
PHASE_SWITCH_OFF: Final = Refusal(Reason.NOT_ALLOWED, BLOCKED, "Phase-switch must be enabled within the NRGkick App")
"""Source: seed document for the refusal. Status and text ASSUMED."""

API_DISABLED: Final = "API must be enabled within the NRGkick App"
"""Answered with 200: clients look at the text. Source: nrgkick-api compares all of it."""
UNAUTHORISED: Final = "401 Unauthorized"
NOT_FOUND: Final = "404 Not Found"
WRONG_METHOD: Final = "405 Method Not Allowed"
"""ASSUMED, as are the two statuses."""

EXCEPTIONS: Final[Mapping[Reason, int | None]] = {
    Reason.NOT_ALLOWED: ILLEGAL_VALUE,
    Reason.NOT_NOW: BUSY,
}
"""Modbus exceptions where they are not the frame's own. ASSUMED: the vendor documents none."""
