"""Times as OCPP writes them.

The one rule: a time without a zone is UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
"""ASSUMED: what is said to last longer lasts for ever.

The rest of the calendar is left for reckoning with durations."""


def parse_time(text: str) -> datetime:
    """A time of a message, between `EARLIEST` and `LATEST`. ValueError if it is none."""
    time = datetime.fromisoformat(text)
    if not EARLIEST.year < time.year < LATEST.year:
        return EARLIEST if time.year <= EARLIEST.year else LATEST
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def plain_time(time: datetime) -> str:
    """`2026-01-05T08:00:00Z`"""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def time_with_milliseconds(time: datetime) -> str:
    """`2026-01-05T08:00:00.000Z`, always whole seconds."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
