"""Long logs: which messages are looked at while the sketch is improved, and which when it is measured.

The one rule: every change is kept, with the message before it; of what stays the same an even share.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .boxes import Reading
from .meanings import meaning

IMPROVED_BY: Final = 1_500
"""Readings of a box that are compared after each change of the sketch."""
MEASURED_BY: Final = 20_000
"""Readings of a box that are compared at the end."""
_TELLING: Final = ("state", "plugged", "allowed", "cable")


def thinned(vendor: str, readings: Sequence[Reading], most: int) -> list[Reading]:
    """At most about `most` readings, whole messages, in their order; all of them if they are not more."""
    if len(readings) <= most:
        return list(readings)
    lines = list(dict.fromkeys(reading.line for reading in readings))
    kept = _changes(vendor, readings, most // 2)
    each = max(1, len(readings) * 2 // max(1, most))
    kept |= {line for number, line in enumerate(lines) if number % each == 0}
    return [reading for reading in readings if reading.line in kept]


def _changes(vendor: str, readings: Sequence[Reading], most: int) -> set[int]:
    """Lines in which something begins or changes, with those before."""
    kept: set[int] = set()
    last: dict[str, Reading] = {}
    for reading in readings:
        before = last.get(reading.address)
        last[reading.address] = reading
        if before is None:
            kept.add(reading.line)
            continue
        known = meaning(vendor, reading.known_as)
        telling = known.quantity in _TELLING if known is not None else len(str(reading.value)) < 8
        if telling and before.value != reading.value and len(kept) < most:
            kept |= {before.line, reading.line}
    return kept
