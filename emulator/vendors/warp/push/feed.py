"""What push interfaces are told: the states that changed since they were told last, on the device's own ticks.

The one rule: low-latency states are looked at every 250 ms, all others every second, in registration order; what was
told is compared as texts, so a state that is back at its old value is not sent.
Source: Tinkerforge esp32-firmware, `modules/api/api.cpp`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from ....core.instant import MILLISECOND, SECOND, Instant, grid
from ....devices.rendering import Moment
from ....devices.watching import Lockstep, Watch
from ..api.rows import State
from ..platform import Platform
from ..view import View

QUICK: Final = 250 * MILLISECOND

Texts = Mapping[str, str]
"""Documents by path."""
News = Sequence[tuple[str, str]]
"""Paths and documents, in the order in which they are sent."""


class Told(NamedTuple):
    """What somebody was told."""

    slow: Instant
    """The last tick at which all states were looked at."""
    quick: Instant
    low_latency: Texts
    others: Texts


class Board:
    """What the states of one wallbox were at its ticks: looked at once, for all who listen."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self._lockstep = Lockstep(self._step)
        self._version = -1
        """Of the registry that is watched."""
        self._order: Mapping[str, int] = {}
        self._low_latency = self._others = self._watch(())

    def _watch(self, paths: Sequence[str]) -> Watch[str, View, str]:
        api = self.platform.api
        return Watch(paths, lambda path, view: api.text(api.states[path], view))

    def _follow(self) -> None:
        """Watch the states that are registered."""
        api = self.platform.api
        if self._version != api.version:
            quick = [row.name for row in api if isinstance(row, State) and row.low_latency]
            self._order = _order(tuple(api.states))
            self._low_latency = self._watch(quick)
            self._others = self._watch([path for path in self._order if path not in quick])
            self._version = api.version

    def everything(self) -> tuple[Told, News]:
        """All states as they are now, for who was told nothing yet."""
        self._follow()
        at = self.platform.at
        low_latency, others = self._look(self._low_latency, at), self._look(self._others, at)
        told = Told(grid(at, SECOND), grid(at, QUICK), low_latency, others)
        return told, self._sent(tuple(low_latency.items()), tuple(others.items()))

    def changes(self, told: Told, at: Instant) -> tuple[Told, News]:
        """What is to be sent at `at` to who was told so much, and what that is told then."""
        if grid(at, QUICK) <= told.quick:
            return told, ()
        self._follow()
        return self._lockstep.next(told, at, self.platform.moments.revision)

    def _step(self, told: Told, at: Instant) -> tuple[Told, News]:
        slow, quick = grid(at, SECOND), grid(at, QUICK)
        _, _, low_latency, others = told
        found: list[tuple[str, str]] = []
        if slow > told.slow:
            now, rest = self._look(self._low_latency, slow), self._look(self._others, slow)
            found += self._sent(self._low_latency.news(low_latency, now), self._others.news(others, rest))
            low_latency, others = now, rest
        if quick > slow or slow <= told.slow:
            now = self._look(self._low_latency, quick)
            found += self._low_latency.news(low_latency, now)
            low_latency = now
        return Told(max(slow, told.slow), quick, low_latency, others), found

    def _look(self, watch: Watch[str, View, str], tick: Instant) -> Texts:
        platform = self.platform
        return watch.look(Moment(platform.moments.revision, tick), lambda: platform.view(tick))

    def _sent(self, low_latency: News, others: News) -> News:
        """In registration order."""
        order = self._order
        return sorted((*low_latency, *others), key=lambda item: order[item[0]])


@lru_cache(maxsize=64)
def _order(paths: tuple[str, ...]) -> Mapping[str, int]:
    """Which comes how late."""
    return {path: index for index, path in enumerate(paths)}


class Feed:
    """What one client was told."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._told: Told | None = None

    def everything(self) -> News:
        """Every state; from now on only changes."""
        self._told, found = self._board.everything()
        return found

    def changes(self, at: Instant) -> News:
        """(path, document) of what is to be sent at `at`."""
        assert self._told is not None
        self._told, found = self._board.changes(self._told, at)
        return found
