"""Time stamps of logs: every notation that clients, containers and operating systems write.

The one rule: a stamp says what stands there; a missing date, year or zone is left open for whoever knows the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

MONTHS: Final = {
    "jan": 1, "jän": 1, "feb": 2, "mar": 3, "mär": 3, "mrz": 3, "apr": 4, "may": 5, "mai": 5, "mei": 5, "jun": 6,
    "jul": 7, "aug": 8, "sep": 9, "oct": 10, "okt": 10, "nov": 11, "dec": 12, "dez": 12, "déc": 12, "fév": 2, "avr": 4,
    "aoû": 8, "ene": 1, "abr": 4, "ago": 8, "dic": 12, "maa": 3, "mrt": 3,
}  # fmt: skip
_CLOCK: Final = r"(?P<hour>\d{1,2}):(?P<minute>\d\d):(?P<second>\d\d)(?:[.,](?P<part>\d{1,9}))?"
_DATED: Final = re.compile(
    rf"(?P<year>\d{{4}})[-/.](?P<month>\d\d)[-/.](?P<day>\d\d)[T ,]+\s*{_CLOCK}\s*(?P<zone>Z|[+-]\d\d:?\d\d)?"
)
_DAY_FIRST: Final = re.compile(rf"(?P<day>\d{{1,2}})[./](?P<month>\d{{1,2}})[./](?P<year>\d{{4}})[T ,]+\s*{_CLOCK}")
_NO_YEAR: Final = re.compile(rf"(?P<name>[A-Za-zÀ-ÿ]{{3,5}})\.? +(?P<day>\d{{1,2}}) {_CLOCK}")
_TIME: Final = re.compile(rf"(?<![\d:.]){_CLOCK}(?![\d:])")
DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Stamp:
    """One stamp."""

    date: tuple[int, int, int] | None
    """Year (0: not stated), month, day."""
    clock: float
    """Seconds of the day."""
    end: int
    """Where it ends in its text."""

    @property
    def comparable(self) -> tuple[tuple[int, int, int], float]:
        return self.date or (0, 0, 0), self.clock


def read_stamp(text: str) -> Stamp | None:
    """The first stamp near the beginning of a text; None: there is none."""
    head = text[:90]
    for pattern in (_DATED, _DAY_FIRST, _NO_YEAR, _TIME):
        if (found := pattern.search(head)) is not None and (stamp := _read(found)) is not None:
            return stamp
    return None


def _read(found: re.Match[str]) -> Stamp | None:
    given = found.groupdict()
    part = given.get("part")
    clock = int(given["hour"]) * 3600 + int(given["minute"]) * 60 + int(given["second"])
    seconds = clock + (float(f"0.{part}") if part else 0.0)
    if seconds >= DAY + 1:
        return None
    if given.get("day") is None:
        return Stamp(None, seconds, found.end())
    month = MONTHS.get(given["name"].lower()[:3]) if given.get("name") else int(given["month"])
    year, day = int(given.get("year") or 0), int(given["day"])
    if month is None or _days(year, month, day) is None:
        return None
    return Stamp((year, month, day), seconds, found.end())


def _days(year: int, month: int, day: int) -> float | None:
    """Seconds from 1970 to the beginning of a day; None: there is no such day."""
    try:
        return datetime(year or 2024, month, day, tzinfo=UTC).timestamp()
    except ValueError:
        return None


class Calendar:
    """Makes one ever-growing time of stamps in the order of a log."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._year = 0

    def seconds(self, stamp: Stamp | None) -> float | None:
        """Seconds of a stamp, of any epoch; without one, those of the line before; None: nothing is known yet."""
        if stamp is None:
            return self._last
        if stamp.date is None:
            found = self._same_day(stamp.clock)
        else:
            year, month, day = stamp.date
            self._year = year or self._year
            found = (_days(year or self._year, month, day) or 0.0) + stamp.clock
        self._last = found
        return found

    def _same_day(self, clock: float) -> float:
        if self._last is None:
            return clock
        midnight = self._last - self._last % DAY
        behind = self._last % DAY - clock
        return midnight + clock + (DAY if behind > DAY / 2 else 0.0)
