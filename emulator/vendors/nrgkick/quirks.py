"""Known differences of early firmware that are not a property of one key.

The one rule: a name, the versions that have it, and where it was seen; a setting of the same name overrides.
"""

from __future__ import annotations

from typing import Final

from ...devices.points import Point

SINCE_FIXED: Final = "4.0.0.33"

QUIRKS: Final = {
    quirk.name: quirk
    for quirk in (
        Point(
            name="early_colon_keys",
            source="nrgkick-ha, Homey app: clients that accept keys ending in a colon",
            until=SINCE_FIXED,
            assumed="which versions; the newest known one does not",
            about="connector.max_current, grid.frequency and the voltages of the phases end in a colon",
        ),
        Point(
            name="ignores_raw",
            source="Homey app: accepts texts although raw was asked for",
            until=SINCE_FIXED,
            assumed="which versions; the newest known one does not",
            about="texts in raw mode too",
        ),
    )
}
