"""The weekly charging schedule.

The one rule: pure functions of a minute of the week, which begins on Monday at midnight, local time of the device.
Source: Charger local API, 5.20 to 5.22.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ...devices.settings import schema_of, takes
from .conversions import as_integer
from .refusals import FORMAT, RANGE, TYPE, Refusal

DAY: Final = 24 * 60
WEEK: Final = 7 * DAY
"""Minutes."""
LONGEST: Final = 28
"""Intervals. ASSUMED; the limit of the device is not known."""
_RANGES: Final = {
    "start_d": (1, 7),
    "start_h": (0, 23),
    "start_m": (0, 59),
    "end_d": (1, 7),
    "end_h": (0, 23),
    "end_m": (0, 59),
    "current": (0, 32),
}
FIELDS: Final = tuple(_RANGES)


@dataclass(frozen=True, slots=True)
class Interval:
    """From `start` to before `end` (minutes of the week, may pass Sunday's midnight): at most `current` A, 0: a pause.

    ASSUMED: an interval that ends where it starts is empty.
    """

    start: int
    end: int
    current: int

    def holds(self, minute: int) -> bool:
        return (minute - self.start) % WEEK < (self.end - self.start) % WEEK

    def shown(self) -> dict[str, int]:
        """As the API writes it."""
        days, hours, minutes = _split(self.start)
        end_day, end_hour, end_minute = _split(self.end)
        numbers = (days + 1, hours, minutes, end_day + 1, end_hour, end_minute, self.current)
        return dict(zip(FIELDS, numbers, strict=True))


def _split(minute: int) -> tuple[int, int, int]:
    return minute // DAY, minute % DAY // 60, minute % 60


def read_intervals(value: object) -> tuple[Interval, ...] | Refusal:
    """The list of `Charging_schedule.Set`. ASSUMED: the code of each mistake."""
    if not isinstance(value, list | tuple):
        return TYPE
    if len(value) > LONGEST:
        return RANGE
    found: list[Interval] = []
    for item in value:
        interval = _interval(item)
        if isinstance(interval, Refusal):
            return interval
        found.append(interval)
    return tuple(found)


_INTERVAL: Final = {
    "type": "object",
    "properties": {name: dict(schema_of(as_integer(*bounds))) for name, bounds in _RANGES.items()},
    "required": [*FIELDS],
}


@takes({"type": "array", "items": _INTERVAL, "maxItems": LONGEST})
def as_schedule(value: object) -> list[dict[str, int]] | Refusal:
    """The same as plain data, in the form of the API: what is stored."""
    found = read_intervals(value)
    return found if isinstance(found, Refusal) else [interval.shown() for interval in found]


def _interval(item: object) -> Interval | Refusal:
    if not isinstance(item, dict):
        return TYPE
    numbers: list[int] = []
    for name, (lowest, highest) in _RANGES.items():
        if name not in item:
            return FORMAT
        value = as_integer(lowest, highest)(item[name])
        if isinstance(value, Refusal):
            return value
        numbers.append(value)
    start_d, start_h, start_m, end_d, end_h, end_m, current = numbers
    if 0 < current < 6:
        return RANGE
    return Interval((start_d - 1) * DAY + start_h * 60 + start_m, (end_d - 1) * DAY + end_h * 60 + end_m, current)


def minute_of_week(local: datetime) -> int:
    return local.weekday() * DAY + local.hour * 60 + local.minute


def current_at(intervals: Iterable[Interval], minute: int) -> int | None:
    """A allowed in this minute, None outside all intervals. ASSUMED: of overlapping ones the first counts."""
    return next((interval.current for interval in intervals if interval.holds(minute)), None)


def minutes_to_change(intervals: Iterable[Interval], minute: int) -> int | None:
    """Minutes until the next interval begins or ends; None without intervals."""
    edges = {edge for interval in intervals for edge in (interval.start, interval.end)}
    return min(((edge - minute - 1) % WEEK + 1 for edge in edges), default=None)
