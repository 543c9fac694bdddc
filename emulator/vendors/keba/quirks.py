"""What some models and firmwares do differently, beyond a single row of a table.

The one rule: a row says which, and where it was seen; a setting of the same name switches it on or off on any.
"""

from __future__ import annotations

from typing import Final

from ...devices.quirks import Quirk
from .models import P30, P40

CURR_SETS_OUTPUT: Final = Quirk(
    "curr_sets_output",
    source="iobroker-community-adapters/ioBroker.kecontact#380",
    since="3.10.57",
    models=P30,
    assumed="which versions; seen with 3.10.57",
    about="`curr` sets output X2 to 1 and with it, if UDP switches phases, three phases; `currtime` does not",
)
TAG_EXCEPTION: Final = Quirk(
    "tag_exception",
    source="OpenEMS: not always readable up to 1.1.9",
    until="1.2.1",
    models=P40,
    assumed="unreadable whenever no card started the session",
    about="register 1500 answers with exception 4",
)
