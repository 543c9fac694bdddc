"""The four controls: what is accepted, what is stored, what is read back.

The one rule: every write of either interface is looked at by `refusal` and stored by `put`.
Source: rules of the vendor page's own simulation of the device.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from ...core.instant import Instant, later
from ...core.snapshot import Snapshot
from . import refusals
from .refusals import Refusal

if TYPE_CHECKING:
    from .wallbox import NrgKick

KEYS: Final = ("current_set", "charge_pause", "energy_limit", "phase_count")
"""In the order in which a request is looked at."""
LOWEST_CURRENT: Final = 6.0
HIGHEST_LIMIT: Final = 1_000_000
_TEXTS: Final = {
    "current_set": re.compile(r"[0-9](?:[0-9.]{0,2}|[0-9.]{2}[0-9])"),
    "charge_pause": re.compile(r"[01]"),
    "energy_limit": re.compile(r"[0-9]{1,7}"),
    "phase_count": re.compile(r"[1-3]"),
}
_BLOCKED_BY_SUN: Final = {
    "current_set": refusals.CURRENT_BLOCKED,
    "charge_pause": refusals.PAUSE_BLOCKED,
    "phase_count": refusals.PHASES_BLOCKED,
}


def parse(key: str, text: str) -> float | None:
    """The number a client has written for `key`; None if the unit does not take it for one."""
    if not _TEXTS[key].fullmatch(text) or text.count(".") > 1:
        return None
    return float(text) if key == "current_set" else int(text)


class Shown(NamedTuple):
    """What a control reads as until a moment."""

    value: float
    until: Instant


class Controls:
    """The controls of one unit."""

    def __init__(self, box: NrgKick) -> None:
        self._box = box
        self._lagging: dict[str, Shown] = {}

    @property
    def current_set(self) -> float:
        """A, as far as the unit is rated."""
        return min(self._box.settings.number("current_set"), float(self._box.rated_current))

    def value(self, key: str) -> float:
        """What is stored."""
        return self.current_set if key == "current_set" else self._box.settings.integer(key)

    def shown(self, key: str, now: Snapshot) -> float:
        """What is read back. Source: clients re-read after 0.5 to 2 s; phase_count is 0 during a switch."""
        if key == "phase_count" and now.phase_switching and self._box.settings.flag("phase_zero"):
            return 0
        lagging = self._lagging.get(key)
        if lagging is not None and now.at < lagging.until:
            return lagging.value
        return self.value(key)

    def invalid(self, key: str) -> Refusal:
        """The refusal of a value that is not one."""
        match key:
            case "current_set":
                return refusals.invalid_current(self._box.rated_current)
            case "charge_pause":
                return refusals.INVALID_STATE
            case "energy_limit":
                return refusals.INVALID_LIMIT
        return refusals.INVALID_PHASES

    def refusal(self, key: str, value: float | None) -> Refusal | None:
        """Why `value` is not accepted now; None: it is. `value` None: it could not be read."""
        if value is None or not self._in_range(key, value):
            return self.invalid(key)
        settings = self._box.settings
        if key == "phase_count" and not settings.flag("phase_switching"):
            return refusals.PHASE_SWITCH_OFF
        return _BLOCKED_BY_SUN.get(key) if settings.flag("solar_charging") else None

    def _in_range(self, key: str, value: float) -> bool:
        if key == "current_set":
            return LOWEST_CURRENT <= value <= self._box.rated_current
        if not math.isfinite(value) or value != int(value):
            return False
        lowest, highest = {"charge_pause": (0, 1), "energy_limit": (0, HIGHEST_LIMIT), "phase_count": (1, 3)}[key]
        return lowest <= value <= highest

    def put(self, key: str, value: float) -> float:
        """Store an accepted value; what was stored. A current is rounded to 0.1 A, halves upwards."""
        box = self._box
        lag = box.settings.number("control_lag")
        if lag > 0:
            at = box.simulation.at
            before = self._lagging.get(key)
            old = before.value if before is not None and at < before.until else self.value(key)
            self._lagging[key] = Shown(old, later(at, lag))
        stored: float = math.floor(value * 10 + 0.5) / 10 if key == "current_set" else int(value)
        box.settings.put(key, stored)
        return stored
