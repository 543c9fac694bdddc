"""What the app's smart functions make of sun and clock: solar charging and scheduled charging.

The one rule: the local API shows nothing of them but their effect, so how they decide is ASSUMED throughout: solar
charging divides the surplus among the phases it uses, one below what three need, and waits below 6 A; a schedule is a
list of times of day in which the unit may charge.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, Literal

from ...core.instant import MINUTE, SECOND, Instant
from ...devices.settings import Settings
from .settings import PHASE_SWITCHING, SCHEDULE, SCHEDULE_WAITING, SOLAR_CHARGING, SOLAR_CURRENT, SOLAR_SURPLUS

LEAST: Final = 6.0
"""Smallest current a vehicle takes [A]."""


def inside(window: str, minute: int) -> bool:
    """Whether a minute of the day is in a window such as `22:00-06:00`."""
    begin, end = (_minute(part) for part in window.split("-"))
    return begin <= minute < end if begin <= end else minute >= begin or minute < end


def _minute(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


class Smart:
    """Solar and scheduled charging of one unit."""

    def __init__(self, settings: Settings, calendar: Callable[[Instant], datetime]) -> None:
        self._settings = settings
        self._calendar = calendar

    def phases(self, volts: float) -> Literal[1, 3] | None:
        """The phases solar charging wants at a grid voltage; None: it has no say."""
        surplus = self._settings[SOLAR_SURPLUS]
        if not self._settings[SOLAR_CHARGING] or surplus is None or not self._settings[PHASE_SWITCHING]:
            return None
        return 3 if surplus >= 3 * LEAST * volts else 1

    def current(self, volts: float, phases: int) -> float | None:
        """The current solar charging allows on so many phases [A]; None: it has no say."""
        settings = self._settings
        if not settings[SOLAR_CHARGING]:
            return None
        surplus = settings[SOLAR_SURPLUS]
        return settings[SOLAR_CURRENT] if surplus is None else max(0.0, surplus) / (volts * phases)

    def waits(self, at: Instant) -> bool:
        """Scheduled charging says: not now."""
        windows, local = self._settings[SCHEDULE], self._calendar(at)
        outside = windows and not any(inside(window, local.hour * 60 + local.minute) for window in windows)
        return self._settings[SCHEDULE_WAITING] or bool(outside)

    def due(self, at: Instant) -> Instant | None:
        """When the schedule may say something else: the next full minute, while there is one."""
        if not self._settings[SCHEDULE]:
            return None
        local = self._calendar(at)
        return at + MINUTE - local.second * SECOND - local.microsecond
