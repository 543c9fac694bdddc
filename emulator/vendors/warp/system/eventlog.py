"""The event log: a ring of text lines.

The one rule: lines are written when things happen, with the time as the wallbox knew it then.
Source: Tinkerforge esp32-firmware, `modules/event_log`.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import Final

from ....core.instant import MILLISECOND, Instant

LINES: Final = 400
"""ASSUMED: the device keeps bytes, about as many lines."""
MODULE: Final = 20
STAMP: Final = 23


class EventLog:
    """The log of one wallbox."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=LINES)

    def clear(self) -> None:
        self._lines.clear()

    def add(self, stamp: str, module: str, text: str) -> str:
        """Add a line, and return it."""
        line = f"{stamp} | {module.ljust(MODULE)} | {text}"
        self._lines.append(line)
        return line

    def text(self) -> str:
        return "".join(f"{line}\n" for line in self._lines)


def stamp(now: datetime | None, uptime: Instant) -> str:
    """Local time, or while it is not known seconds since the boot."""
    if now is not None:
        return f"{now:%Y-%m-%d %H:%M:%S},{now.microsecond // 1000:03d}"
    passed = uptime // MILLISECOND
    return f"{passed // 1000},{passed % 1000:03d}".rjust(STAMP)
