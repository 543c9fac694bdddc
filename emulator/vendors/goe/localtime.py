"""The wallbox's own clock: UTC, local time and the three daylight-saving rules it knows.

The one rule: everything is computed from UTC, the offset in minutes (`tof`) and the rule number (`tds`); no time-zone
database. Source: go-e apikeys, "tof", "tds", "utc", "loc".
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import IntEnum
from functools import lru_cache
from typing import Final

_HOUR: Final = timedelta(hours=1)
_SUNDAY: Final = 6
_MILLISECONDS: Final = len("2026-01-05T19:27:34.042")
_FIRST_YEAR, _LAST_YEAR = 1970, 2105
"""Of a clock that counts seconds in 32 bits."""


class Daylight(IntEnum):
    """`tds`."""

    NONE = 0
    EUROPE = 1
    USA = 2
    AUSTRALIA = 3


def _sunday(year: int, month: int, number: int) -> datetime:
    """Midnight of the `number`-th Sunday of a month; -1: the last one."""
    if number < 0:
        last = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC) - timedelta(days=1)
        return last - timedelta(days=(last.weekday() - _SUNDAY) % 7)
    first = datetime(year, month, 1, tzinfo=UTC)
    return first + timedelta(days=(_SUNDAY - first.weekday()) % 7 + 7 * (number - 1))


@lru_cache(maxsize=256)
def transitions(year: int, offset: timedelta, rule: int) -> tuple[tuple[datetime, bool], ...]:
    """The instants (UTC) of `year` at which summer time begins or ends, and which of the two it is, in order."""
    if rule == Daylight.EUROPE:
        return ((_sunday(year, 3, -1) + _HOUR, True), (_sunday(year, 10, -1) + _HOUR, False))
    if rule == Daylight.USA:
        begin = _sunday(year, 3, 2) + 2 * _HOUR - offset
        return ((begin, True), (_sunday(year, 11, 1) + _HOUR - offset, False))
    if rule == Daylight.AUSTRALIA:
        end = _sunday(year, 4, 1) + 2 * _HOUR - offset
        return ((end, False), (_sunday(year, 10, 1) + 2 * _HOUR - offset, True))
    return ()


def offset_at(utc: datetime, minutes: int, rule: int) -> timedelta:
    """Local time minus UTC, summer time included."""
    offset = timedelta(minutes=minutes)
    changes = transitions(utc.year, offset, rule)
    if not changes:
        return offset
    summer = not changes[0][1]  # before the first change of a year it is what the last one left
    for at, begins in changes:
        if at <= utc:
            summer = begins
    return offset + _HOUR if summer else offset


def next_transition(utc: datetime, minutes: int, rule: int) -> datetime | None:
    """The next change of the offset after `utc`; None if there is none."""
    offset = timedelta(minutes=minutes)
    for year in (utc.year, utc.year + 1):
        for at, _ in transitions(year, offset, rule):
            if at > utc:
                return at
    return None


def stamp(utc: datetime, *, microseconds: bool = False) -> str:
    """`2026-01-05T19:27:34.042`; up to 053 with a second group for the microseconds. Source: captured replies."""
    fine = f".{utc.microsecond % 1000:03d}" if microseconds else ""
    return utc.isoformat(timespec="milliseconds")[:_MILLISECONDS] + fine


def local_stamp(utc: datetime, offset: timedelta, *, microseconds: bool = False) -> str:
    """As `stamp`, in local time, followed by a blank and the offset."""
    return f"{stamp(utc + offset, microseconds=microseconds)} {_shown(offset)}"


@lru_cache(maxsize=256)
def _shown(offset: timedelta) -> str:
    """`+01:00`"""
    minutes = round(offset.total_seconds() / 60)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def parse(text: str) -> datetime:
    """UTC from a text as `stamp` writes it, or from ISO 8601. ValueError if it is neither, or far away."""
    head, _, fraction = text.strip().removesuffix("Z").partition(".")
    moment = datetime.fromisoformat(head)
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC)
    digits = fraction.partition("+")[0].replace(".", "").strip()
    if digits and not digits.isdigit():
        raise ValueError(f"{text!r} is no time")
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueError(f"{text!r} is out of the clock's range")
    return moment.replace(tzinfo=UTC, microsecond=int(digits[:6].ljust(6, "0")) if digits else 0)
