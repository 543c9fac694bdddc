"""Behaviour that came with a firmware version and is no row of a table.

The one rule: a quirk is looked up by name; nothing compares versions elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...devices.points import Point
from .config import FULL_SINCE, NEW_SINCE

_ROWS: Final = (
    Point(name="zero_pauses", since="1.45", source="ha_lektrico#7", about="dynamic_current 0 pauses"),
    Point(
        name="prohibited_code",
        since=NEW_SINCE,
        source="firmware documents of 25.02.2025",
        assumed="the version",
        about="-7 where older firmware answers -1",
    ),
    Point(
        name="limit_reason_beyond_7",
        since="1.51",
        source="evcc charger/lektrico.go",
        about="reasons 8 to 11; without them the next reason is given",
    ),
    Point(
        name="user_current",
        since=FULL_SINCE,
        source="ha_lektrico#1",
        assumed="the version",
        about="the user's own limit exists",
    ),
    Point(
        name="relay_mode",
        since="1.47",
        models=("3p22k", "1p7k", "lektrico-one"),
        source="lektricowifi: absent on older firmware",
        assumed="the version",
        about="relay_mode of Dynamic_current is there",
    ),
)

QUIRKS: Final[Mapping[str, Point]] = {row.name: row for row in _ROWS}
