"""Known defects of single firmware versions that are not a property of one key.

The one rule: a name, the versions and models that have it, and the report it is taken from.
"""

from __future__ import annotations

from typing import Final

from ..points import Point
from .models import PHOENIX

QUIRKS: Final = {
    quirk.name: quirk
    for quirk in (
        Point(
            name="nrg_zero_while_charging",
            source="go-eCharger-API-v2#321",
            since="60.4",
            until="60.5",
            models=PHOENIX,
            about="nrg is all zero while the car charges",
        ),
    )
}
