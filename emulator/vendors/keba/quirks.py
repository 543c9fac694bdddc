"""Known oddities that are not a property of one row.

The one rule: a name, the boxes that have it, and where it was seen; a setting of the same name overrides.
"""

from __future__ import annotations

from typing import Final

from ...devices.points import Point
from .models import P30, P40

QUIRKS: Final = {
    quirk.name: quirk
    for quirk in (
        Point(
            name="curr_sets_output",
            source="iobroker-community-adapters/ioBroker.kecontact#380",
            since="3.10.57",
            models=P30,
            assumed="which versions; seen with 3.10.57",
            about="`curr` sets output X2 to 1 and with it, if UDP switches phases, three phases; `currtime` does not",
        ),
        Point(
            name="tag_exception",
            source="OpenEMS: not always readable up to 1.1.9",
            until="1.2.1",
            models=P40,
            assumed="unreadable whenever no card started the session",
            about="register 1500 answers with exception 4",
        ),
    )
}
