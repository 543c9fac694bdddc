"""What push interfaces are told: the states that changed since they were told last, on the device's own ticks.

The one rule: low-latency states are looked at every 250 ms, all others every second, in registration order; a feed
compares texts, so a state that is back at its old value is not sent.
Source: Tinkerforge esp32-firmware, `modules/api/api.cpp`.
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from ....core.instant import MILLISECOND, SECOND, Instant, grid
from ..api.rows import State
from ..platform import Platform
from ..view import View

QUICK: Final = 250 * MILLISECOND


class Look(NamedTuple):
    """What was seen at one tick."""

    key: tuple[Instant, bool, int]
    """The tick, whether all states were looked at, and what had happened until then."""
    texts: dict[str, str]
    """The documents looked at, by path."""
    before: dict[str, str]
    after: dict[str, str]
    """Everything that whoever was up to date had been told, and has been told now."""
    changes: list[tuple[str, str]]
    """The difference."""


class Board:
    """What the states of one wallbox were at its ticks: looked at once, for all who listen."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self._looks: deque[Look] = deque(maxlen=2)
        self._told: dict[str, str] = {}

    def look(self, tick: Instant, *, quick: bool) -> Look:
        """The states at a tick; `quick`: only those of low latency."""
        key = (tick, quick, self.platform.moments.now().revision)
        for look in self._looks:
            if look.key == key:
                return look
        view, api = self.platform.view(tick), self.platform.api
        rows = (row for row in api if not quick or (isinstance(row, State) and row.low_latency))
        texts = {row.name: api.text(row, view) for row in rows}
        before = self._told
        changes = [(path, text) for path, text in texts.items() if before.get(path) != text]
        self._told = {**before, **dict(changes)} if changes else before
        found = Look(key, texts, before, self._told, changes)
        self._looks.append(found)
        return found


class Feed:
    """What one client was told. Who is up to date is so together with all others."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._api = board.platform.api
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
            found += self._changes(slow, quick=False)
        if quick > self._quick:
            self._quick = quick
            found += self._changes(quick, quick=True)
        return found

    def _changes(self, tick: Instant, *, quick: bool) -> list[tuple[str, str]]:
        look, told = self._board.look(tick, quick=quick), self._told
        if told is look.before:
            self._told = look.after
            return look.changes
        changes = [(path, text) for path, text in look.texts.items() if told.get(path) != text]
        if not quick and told.keys() <= look.after.keys():
            self._told = look.after
        else:
            self._told = {**told, **dict(changes)}
        return changes
