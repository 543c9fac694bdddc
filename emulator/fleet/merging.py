"""Journals of several worlds as one: in the order, and with the numbers, that one world would have given.

The one rule: what is told is never taken back. So an entry is told when every world has come so far that none can have
an earlier one.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from ..core.agenda import OUTSIDE, Turn
from ..core.instant import Instant
from ..runtime.journal import Entry

NOT_BEFORE: Final[Instant] = -1
FOREVER: Final[Instant] = 1 << 62
UNKNOWN: Final[Turn] = (OUTSIDE, 0, 0)
FURTHEST: Final = 1_000_000
"""Entries of a world among which the cause of a new one is looked for."""

Key = tuple[Instant, int, float, int, int, int]


class Merging:
    """Takes in what each world has told, and tells it as one."""

    def __init__(self, count: int, ranks: Mapping[str, int]) -> None:
        """`ranks`: of all chargers, in the order of the whole."""
        self._ranks = ranks
        self._waiting: list[deque[Entry]] = [deque() for _ in range(count)]
        self._known: list[Instant] = [NOT_BEFORE] * count
        """Up to when each has told everything."""
        self._numbers: list[OrderedDict[int, int]] = [OrderedDict() for _ in range(count)]
        """Of each world's entries, by their numbers there."""
        self._of_all: list[int] = []
        """Numbers of what every world has an entry of its own about: its clock."""
        self._met = [0] * count
        self._next = [1] * count
        """The number that the next entry of each has, if none is missing."""
        self.seq = 0
        self.lost = 0
        """Entries that a world had dropped before they were taken: their numbers are left out."""

    def copy(self) -> Merging:
        """As it is now, for when everything is again as it was."""
        made = Merging(len(self._waiting), self._ranks)
        made._waiting = [deque(found) for found in self._waiting]
        made._known, made._met, made._of_all = list(self._known), list(self._met), list(self._of_all)
        made._numbers = [OrderedDict(found) for found in self._numbers]
        made._next, made.seq, made.lost = list(self._next), self.seq, self.lost
        return made

    def waiting(self, index: int) -> int:
        """How many entries of a world cannot be told yet."""
        return len(self._waiting[index])

    def take(self, index: int, entries: Iterable[Entry], known: Instant) -> None:
        """A world has told these, and will tell nothing more of `known` or before, except what comes from outside."""
        self._waiting[index].extend(entries)
        self._known[index] = known

    def told(self) -> Iterator[Entry]:
        """Everything that can be told now, in order."""
        until = min(self._known)
        while True:
            first: tuple[Key, int] | None = None
            for index, waiting in enumerate(self._waiting):
                if waiting and waiting[0].at <= until and (first is None or (self._key(waiting[0]), index) < first):
                    first = self._key(waiting[0]), index
            if first is None:
                return
            index = first[1]
            entry = self._numbered(index, self._waiting[index].popleft())
            if entry is not None:
                yield entry

    def _key(self, entry: Entry) -> Key:
        priority, rank, place = entry.turn or UNKNOWN
        wall = entry.wall if priority == OUTSIDE and entry.wall is not None else 0.0
        own = self._ranks.get(entry.charger, NOT_BEFORE) if entry.charger is not None else NOT_BEFORE
        return entry.at, priority, wall, rank, place, own

    def _numbered(self, index: int, entry: Entry) -> Entry | None:
        """None: another world has told it already."""
        numbers = self._numbers[index]
        missing, self._next[index] = entry.seq - self._next[index], entry.seq + 1
        self.seq, self.lost = self.seq + missing, self.lost + missing
        if len(numbers) >= FURTHEST:
            numbers.popitem(last=False)
        if entry.kind == "clock":
            met, self._met[index] = self._met[index], self._met[index] + 1
            if met < len(self._of_all):
                numbers[entry.seq] = self._of_all[met]
                return None
            self._of_all.append(self.seq + 1)
        self.seq += 1
        numbers[entry.seq] = self.seq
        cause = numbers.get(entry.cause) if entry.cause is not None else None
        return replace(entry, seq=self.seq, cause=cause, turn=None)


def merged(journals: Sequence[Iterable[Entry]], ranks: Mapping[str, int]) -> Iterator[Entry]:
    """Whole journals as one."""
    merging = Merging(len(journals), ranks)
    for index, journal in enumerate(journals):
        merging.take(index, journal, FOREVER)
    yield from merging.told()
