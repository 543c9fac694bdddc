"""The event log: a ring of text lines.

The one rule: lines are written when things happen, with the time as the box knew it then.
Source: Tinkerforge esp32-firmware, `modules/event_log`.
"""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING, Final

from ...core.instant import MILLISECOND

if TYPE_CHECKING:
    from .wallbox import Warp

LINES: Final = 400
"""ASSUMED: the device keeps bytes, about as many lines."""
MODULE: Final = 20
STAMP: Final = 23


class EventLog:
    """The log of one box."""

    def __init__(self, box: Warp) -> None:
        self._box = box
        self._lines: deque[str] = deque(maxlen=LINES)

    def boot(self) -> None:
        self._lines.clear()
        self.add("event_log", f"**** TINKERFORGE {self._box.device_name} V{self._box.firmware_text} ****")
        self.add("event_log", f"Boot ID {self._box.api.integer('event_log/boot_id', 'boot_id')}")

    def add(self, module: str, text: str) -> None:
        """Add a line and tell the WebSocket clients."""
        if not self._box.up:
            return
        line = f"{self._stamp()} | {module.ljust(MODULE)} | {text}"
        self._lines.append(line)
        self._box.push("event_log/message", json.dumps(line, ensure_ascii=False))

    def text(self) -> str:
        return "".join(f"{line}\n" for line in self._lines)

    def _stamp(self) -> str:
        at = self._box.simulation.at
        if self._box.clock.known(at):
            now = self._box.clock.utc(at).astimezone(self._box.automation.zone)
            return f"{now:%Y-%m-%d %H:%M:%S},{now.microsecond // 1000:03d}"
        uptime = (at - self._box.booted_at) // MILLISECOND
        return f"{uptime // 1000},{uptime % 1000:03d}".rjust(STAMP)
