"""What is new to whom: rows looked at once for all who listen, and only those that may read differently now.

The one rule: nothing is compared that cannot have changed (see `core.freshness`), and whoever was told the same as
somebody else is told the very same next.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Final, Generic, TypeVar

from ..core.freshness import FOREVER, HOLDS, NOW
from ..core.instant import Instant
from .rendering import Moment

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
T = TypeVar("T")
S = TypeVar("S")
N = TypeVar("N")


class Watch(Generic[K, V, T]):
    """Some rows of one wallbox and what they said last."""

    def __init__(self, rows: Sequence[K], write: Callable[[K, V], T]) -> None:
        """`write`: what a row says in a view; until when, it leaves in `core.freshness.HOLDS`."""
        self._rows: Final = tuple(rows)
        self._write: Final = write
        self._moment: Moment | None = None
        self._now: Mapping[K, T] = {}
        """What each row says. Never changed but replaced: listeners remember it as what they were told."""
        self._before: Mapping[K, T] | None = None
        self._news: Sequence[tuple[K, T]] = ()
        """What is different in `_now` from `_before`."""
        self._moving: list[tuple[K, Instant]] = []
        """Rows that follow the time, in order, and until when what they said holds."""
        self._until: Instant = NOW
        """Until when all of them hold."""

    def look(self, moment: Moment, view: Callable[[], V]) -> Mapping[K, T]:
        """What all rows say at a moment, in their order. `view`: of that moment, asked only if it is needed."""
        last = self._moment
        if last is not None:
            if moment.at < last.at:  # somebody is behind
                old = view()
                return {row: self._write(row, old) for row in self._rows}
            if last.revision == moment.revision:
                if moment.at >= self._until:
                    self._renew(self._moving, moment, view())
                return self._now
        self._renew([(row, NOW) for row in self._rows], moment, view())
        return self._now

    def _renew(self, rows: Sequence[tuple[K, Instant]], moment: Moment, view: V) -> None:
        now, write, at = self._now, self._write, moment.at
        news: dict[K, T] = {}
        moving: list[tuple[K, Instant]] = []
        soonest = FOREVER
        outer = HOLDS.until
        self._moment = None
        for row, until in rows:
            if until <= at:
                HOLDS.until = FOREVER
                text = write(row, view)
                until = HOLDS.until
                if text != now.get(row):
                    news[row] = text
            if until != FOREVER:
                moving.append((row, until))
                if until < soonest:
                    soonest = until
        HOLDS.until = outer
        if news:
            self._before, self._news, self._now = now, tuple(news.items()), {**now, **news}
        self._moving, self._until, self._moment = moving, soonest, moment

    def news(self, told: Mapping[K, T], now: Mapping[K, T]) -> Sequence[tuple[K, T]]:
        """What somebody has not been told yet of what was seen, in the order of the rows."""
        if told is now:
            return ()
        if told is self._before and now is self._now:
            return self._news
        return [(row, text) for row, text in now.items() if told.get(row) != text]


class Lockstep(Generic[S, N]):
    """Takes listeners from what they were told to what they are told next, together as long as they are in step."""

    def __init__(self, step: Callable[[S, Instant], tuple[S, N]]) -> None:
        """`step`: from what somebody was told, at an instant, to what is told then, and what is new."""
        self._step = step
        self._from: S | None = None
        self._key: object = None
        self._to: tuple[S, N] | None = None

    def next(self, told: S, at: Instant, key: Hashable) -> tuple[S, N]:
        """`key`: everything else that what is new depends on."""
        key = (at, key)
        if self._to is not None and told is self._from and key == self._key:
            return self._to
        before = self._to
        found = self._step(told, at)
        if before is not None and found[0] == before[0]:
            found = (before[0], found[1])
        self._from, self._key, self._to = told, key, found
        return found
