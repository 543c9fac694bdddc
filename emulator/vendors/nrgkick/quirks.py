"""Known differences of early firmware and of the first generation that are not a property of one key.

The one rule: a row names the versions that have it and where it was seen; its owner may switch it on or off.
"""

from __future__ import annotations

from typing import Final

from ...devices.quirks import Quirk
from .models import FIRST_GENERATION

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
INDUCED_VOLTAGES: Final = Quirk(
    "induced_voltages",
    source="evcc#9788",
    models=FIRST_GENERATION,
    about="open phases show induced voltages; null: by model",
)
FORGETS_PAUSE: Final = Quirk(
    "forgets_pause",
    source="evcc#157",
    models=FIRST_GENERATION,
    about="a pause is forgotten at plug-in; null: by model",
)
HASTY_WRITES_LOST: Final = Quirk(
    "hasty_writes_lost",
    source="evcc#33625: the second of two writes in one second",
    models=FIRST_GENERATION,
    assumed="for two seconds",
    about="a Connect confirms a write that follows another one at once, and does not pass it on; null: by model",
)

QUIRKS: Final = (EARLY_COLON_KEYS, IGNORES_RAW, INDUCED_VOLTAGES, FORGETS_PAUSE, HASTY_WRITES_LOST)
