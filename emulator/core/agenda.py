"""The agenda: everything that is going to happen, in order.

The one rule: entries fire in the order (instant, priority, rank, sequence number), and nothing else decides. The rank
is that of the charger whose affair it is, so that chargers that have nothing to do with each other take turns in the
same order wherever they are simulated.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Final

from .freshness import NOBODY, Happenings
from .instant import Instant


class Priority(IntEnum):
    """Order of what happens at the same instant: the world first, then the hardware, then what people asked."""

    FAULT = 1
    EVSE = 3
    FIRMWARE = 4
    COMMAND = 5
    METER = 6


BUILDING: Final = -2
CONNECTING: Final = -1
"""In place of a priority, for what is done before time begins, charger by charger."""
OUTSIDE: Final = 9
"""In place of a priority, for what comes from outside: after all that is due."""
Action = Callable[[Instant], None]
Turn = tuple[int, int, int]
"""Priority, rank and place of what is being done: of two at the same instant the lower one is done first."""


class Timer:
    """One outstanding prediction of one kind: setting it again replaces it.

    Of a timer that is put off again and again, as a watchdog is, one entry waits in the heap and is put off once.
    """

    __slots__ = ("_action", "_agenda", "_order", "_owner", "_priority", "_queued", "_rank", "due", "place")

    def __init__(self, agenda: Agenda, priority: Priority, action: Action) -> None:
        self._agenda = agenda
        self._owner = agenda.owner
        self._rank = agenda.rank
        self._priority = priority
        self._action = action
        self._order = 0
        """Its place among those of the same instant, priority and rank."""
        self._queued: tuple[Instant, int] | None = None
        """Instant and order of its first entry in the heap, which comes no later than it is due."""
        self.due: Instant | None = None
        self.place = 0
        """Which of several things it does, one after the other: a part of its turn."""

    @property
    def turn(self) -> Turn:
        return self._priority, self._rank, self.place

    def set(self, at: Instant | None) -> None:
        """Fire at `at`; None clears. Setting the instant it already has keeps its place in the order."""
        if at == self.due:
            return
        self.due = at
        if at is not None:
            self._agenda._enter(at, self)

    def clear(self) -> None:
        self.set(None)

    def _fire(self, at: Instant) -> None:
        self.due = None
        agenda = self._agenda
        before = agenda.owner, agenda.rank
        agenda.owner, agenda.rank, agenda.firing = self._owner, self._rank, self
        try:
            self._action(at)
        finally:
            self._owner.count += 1
            agenda.owner, agenda.rank = before


class Agenda:
    """A heap of timers. It never moves by itself: `run_until` fires what is due."""

    def __init__(self, at: Instant = 0) -> None:
        self.at = at
        """The instant of the entry being fired, or the one last advanced to."""
        self.fired = 0
        self.world = Happenings()
        """What happens to nobody in particular, and may be of interest to all."""
        self.owner = self.world
        """Whose affairs are being looked after: new timers are theirs."""
        self.rank = NOBODY
        """The rank of new timers."""
        self.firing: Timer | None = None
        """What was fired last, until whoever did that says that it is over."""
        self._outside = OUTSIDE
        """Stands for a priority while nothing is fired."""
        self.sooner: Callable[[], None] = lambda: None
        """Called when something is now due before everything else that was: the pacer listens here."""
        self._heap: list[tuple[Instant, int, int, int, Timer]] = []
        self._sequence = 0

    @contextmanager
    def on_behalf_of(self, owner: Happenings) -> Iterator[None]:
        """Timers made inside are those of `owner`, to whom this happens."""
        before = self.owner, self.rank
        self.owner, self.rank = owner, owner.rank
        try:
            yield
        finally:
            owner.count += 1
            self.owner, self.rank = before

    @contextmanager
    def ranked(self, rank: int) -> Iterator[None]:
        """Timers made inside have this rank, whosever they are."""
        before, self.rank = self.rank, rank
        try:
            yield
        finally:
            self.rank = before

    @contextmanager
    def preparing(self, what: int) -> Iterator[None]:
        """Everything inside is done before time begins: `BUILDING` or `CONNECTING`."""
        self._outside = what
        try:
            yield
        finally:
            self._outside = OUTSIDE

    def turn(self) -> Turn:
        """Of what is being done."""
        return self.firing.turn if self.firing is not None else (self._outside, self.rank, 0)

    def timer(self, priority: Priority, action: Action) -> Timer:
        """A timer of this agenda, not yet set."""
        return Timer(self, priority, action)

    def call_at(self, at: Instant, priority: Priority, action: Action) -> Timer:
        """A timer that fires once at `at`."""
        timer = Timer(self, priority, action)
        timer.set(at)
        return timer

    @property
    def next_due(self) -> Instant | None:
        """When something happens next, or None."""
        heap = self._heap
        while heap:
            at, _, _, order, timer = heap[0]
            if timer.due == at and timer._order == order:
                return at
            heapq.heappop(heap)
            self._put_off(at, order, timer)
        return None

    def quiet_until(self, limit: Instant) -> bool:
        """Whether certainly nothing is due at or before `limit`."""
        return not self._heap or self._heap[0][0] > limit

    def step(self, limit: Instant) -> bool:
        """Fire the next entry if it is due at or before `limit`; whether one was fired."""
        heap = self._heap
        while heap and heap[0][0] <= limit:
            at, _, _, order, timer = heapq.heappop(heap)
            if timer.due != at or timer._order != order:
                self._put_off(at, order, timer)
                continue
            timer._queued = None
            if at > self.at:
                self.at = at
            self.fired += 1
            timer._fire(self.at)
            return True
        return False

    def drop_due(self) -> None:
        """Forget what is due at this very instant."""
        for _, _, _, _, timer in self._heap:
            if timer.due is not None and timer.due <= self.at:
                timer.clear()

    def forget(self, owner: Happenings) -> None:
        """Drop everything that is to happen to somebody who is no more."""
        for _, _, _, _, timer in self._heap:
            if timer._owner is owner:
                timer.clear()

    def run_until(self, limit: Instant) -> None:
        """Fire everything due up to and including `limit`, then stand there."""
        while self.step(limit):
            pass
        self.at = max(self.at, limit)

    def _enter(self, at: Instant, timer: Timer) -> None:
        if at < self.at:
            raise ValueError(f"an entry at {at} us is in the past: it is {self.at} us now")
        self._sequence += 1
        timer._order = self._sequence
        if timer._queued is None or at < timer._queued[0]:
            first = not self._heap or at < self._heap[0][0]
            self._push(at, timer)
            if first:
                self.sooner()

    def _push(self, at: Instant, timer: Timer) -> None:
        timer._queued = (at, timer._order)
        heapq.heappush(self._heap, (at, timer._priority, timer._rank, timer._order, timer))

    def _put_off(self, at: Instant, order: int, timer: Timer) -> None:
        """The time of an entry has come, but not that of its timer."""
        if timer._queued == (at, order):
            timer._queued = None
            if timer.due is not None:
                self._push(timer.due, timer)
