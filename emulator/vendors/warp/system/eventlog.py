"""The event log: a ring of text lines.

The one rule: lines are written when things happen, with the time as the wallbox knew it then; the oldest go whole.
Source: Tinkerforge esp32-firmware, `modules/event_log`.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import Final

from ....core.instant import MILLISECOND, Instant

SIZE: Final = 10_000
"""Bytes that are kept."""
MODULE: Final = 16
STAMP: Final = 23


class EventLog:
    """The log of one wallbox."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque()
        self._used = 0

    def clear(self) -> None:
        self._lines.clear()
        self._used = 0

    def add(self, stamp: str, module: str, text: str) -> str:
        """Add a line, and return it."""
        line = f"{stamp} | {module.ljust(MODULE)} | {text}".encode("utf-8", "replace").decode()
        self._lines.append(line)
        self._used += _size(line)
        while self._used > SIZE:
            self._used -= _size(self._lines.popleft())
        return line

    def text(self) -> str:
        return "".join(f"{line}\n" for line in self._lines)


def _size(line: str) -> int:
    return len(line.encode()) + 1


def stamp(now: datetime | None, uptime: Instant) -> str:
    """Local time, or while it is not known seconds since the boot."""
    if now is not None:
        return f"{now:%Y-%m-%d %H:%M:%S},{now.microsecond // 1000:03d}"
    return seconds(uptime).rjust(STAMP)


def seconds(uptime: Instant) -> str:
    """`3,250`"""
    passed = uptime // MILLISECOND
    return f"{passed // 1000},{passed % 1000:03d}"
