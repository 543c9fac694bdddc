"""Times as OCPP writes them.

The one rule: a time without a zone is UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime


def parse_time(text: str) -> datetime:
    """A time of a message. ValueError if it is none."""
    time = datetime.fromisoformat(text)
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def plain_time(time: datetime) -> str:
    """`2026-01-05T08:00:00Z`"""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def time_with_milliseconds(time: datetime) -> str:
    """`2026-01-05T08:00:00.000Z`, always whole seconds."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
