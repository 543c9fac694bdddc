"""Behaviour that came with a firmware version and is no row of a table."""

from __future__ import annotations

from typing import Final

from ...devices.quirks import Quirk
from .models import CHARGERS, NEW_SINCE

ZERO_PAUSES: Final = Quirk(
    "zero_pauses", since="1.45", source="ha_lektrico#7", about="dynamic_current 0 pauses; null: by firmware"
)
PROHIBITED_CODE: Final = Quirk(
    "prohibited_code",
    since=NEW_SINCE,
    source="firmware documents of 25.02.2025",
    assumed="the version",
    about="-7 where older firmware answers -1; null: by firmware",
)
LATER_LIMIT_REASONS: Final = Quirk(
    "later_limit_reasons",
    since="1.51",
    source="evcc charger/lektrico.go",
    about="current_limit_reason 8 to 11; without them the next reason is given; null: by firmware",
)
PHASE_COMMAND: Final = Quirk(
    "phase_command",
    since="1.47",
    models=CHARGERS,
    source="lektricowifi: absent on older firmware",
    assumed="the version",
    about="relay_mode of Dynamic_current is there; null: by firmware",
)

QUIRKS: Final = (ZERO_PAUSES, PROHIBITED_CODE, LATER_LIMIT_REASONS, PHASE_COMMAND)
