"""Known differences of early firmware that are not a property of one key.

The one rule: a row names the versions that have it and where it was seen; its owner may switch it on or off.
"""

from __future__ import annotations

from typing import Final

from ...devices.quirks import Quirk

SINCE_FIXED: Final = "4.0.0.33"
_ASSUMED: Final = "which versions; the newest known one does not"

EARLY_COLON_KEYS: Final = Quirk(
    "early_colon_keys",
    source="nrgkick-ha, Homey app: clients that accept keys ending in a colon",
    until=SINCE_FIXED,
    assumed=_ASSUMED,
    about="connector.max_current, grid.frequency and the voltages of the phases end in a colon; null: by firmware",
)
IGNORES_RAW: Final = Quirk(
    "ignores_raw",
    source="Homey app: accepts texts although raw was asked for",
    until=SINCE_FIXED,
    assumed=_ASSUMED,
    about="texts in raw mode too; null: by firmware",
)
