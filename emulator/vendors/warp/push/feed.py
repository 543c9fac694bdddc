"""What push interfaces are told: the states that changed since they were told last, on the device's own ticks.

The one rule: low-latency states are looked at every 250 ms, all others every second, in registration order; a feed
compares texts, so a state that is back at its old value is not sent.
Source: Tinkerforge esp32-firmware, `modules/api/api.cpp`.
"""

from __future__ import annotations

from typing import Final

from ....core.instant import MILLISECOND, SECOND, Instant, grid
from ..api.rows import State
from ..platform import Platform
from ..view import View

QUICK: Final = 250 * MILLISECOND


class Feed:
    """What one client was told."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._api = platform.api
        self._told: dict[str, str] = {}
        self._quick: Instant = 0
        self._slow: Instant = 0

    def everything(self, view: View) -> list[tuple[str, str]]:
        """Every state; from now on only changes."""
        self._quick, self._slow = grid(view.at, QUICK), grid(view.at, SECOND)
        found = [(row.name, self._api.text(row, view)) for row in self._api]
        self._told = dict(found)
        return found

    def changes(self, at: Instant) -> list[tuple[str, str]]:
        """(path, document) of what is to be sent at `at`."""
        found: list[tuple[str, str]] = []
        slow, quick = grid(at, SECOND), grid(at, QUICK)
        if slow > self._slow:
            self._slow = self._quick = slow
            view = self._platform.view(slow)
            found += [change for row in self._api if (change := self._change(row.name, self._api.text(row, view)))]
        if quick > self._quick:
            self._quick = quick
            view = self._platform.view(quick)
            for row in self._api:
                if isinstance(row, State) and row.low_latency:
                    change = self._change(row.name, self._api.text(row, view))
                    if change:
                        found.append(change)
        return found

    def _change(self, path: str, text: str) -> tuple[str, str] | None:
        if self._told.get(path) == text:
            return None
        self._told[path] = text
        return path, text
