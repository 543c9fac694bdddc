"""How the unit refuses: HTTP statuses and Modbus exceptions by reason, and the texts that are not about one control.

The one rule: a refusal is an outcome with a reason and a text; each interface makes its own form of that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...core.messages import Outcome, Reason
from ...devices.registers import BUSY, ILLEGAL_VALUE

API_DISABLED: Final = "API must be enabled within the NRGkick App"
"""Answered with 200: clients look at the text. Source: nrgkick-api compares all of it."""
UNAUTHORISED: Final = "401 Unauthorized"
NOT_FOUND: Final = "404 Not Found"
WRONG_METHOD: Final = "405 Method Not Allowed"
"""ASSUMED, as are the two statuses."""

NOT_ACCEPTABLE: Final = 406
BLOCKED: Final = 405


def status(refusal: Outcome) -> int:
    """The HTTP status. Source: vendor page for values, clients for `Charging pause is blocked`; others ASSUMED."""
    return NOT_ACCEPTABLE if refusal.refused is Reason.OUT_OF_RANGE else BLOCKED


EXCEPTIONS: Final[Mapping[Reason, int | None]] = {Reason.NOT_ALLOWED: ILLEGAL_VALUE, Reason.NOT_NOW: BUSY}
"""Modbus exceptions where they are not the frame's own. ASSUMED: the vendor documents none."""
