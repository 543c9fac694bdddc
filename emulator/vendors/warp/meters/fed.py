"""A meter that a client feeds: its values, and its power over time.

The one rule: nothing ticks; a sample stands once its half second is over, and what lasts is worked out when it is read.
Source: Tinkerforge esp32-firmware, `modules/meters/meters.cpp` and `value_history.cpp`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from ....core.instant import MINUTE, Instant, grid, next_grid
from .values import CALLBACK, POWER, places

LENGTH: Final = 720
"""Samples in six minutes, and means in two days."""
PERIOD: Final = 4 * MINUTE
"""What a mean is of."""
REPEATS: Final = 4
"""Samples that show the last one again where nothing was pushed; then there is none."""
GREATEST: Final = 32767
"""Of the 16 bits of a sample, with either sign [W]."""


class Fed:
    """One slot since the boot. Memory is bounded, however much is pushed."""

    def __init__(self, ids: tuple[int, ...], since: Instant) -> None:
        """`since`: the boot; periods are counted from it."""
        self.values: list[float | None] = [None] * len(ids)
        self.changed_at = since
        """When a client last pushed other values than before."""
        self._since = since
        self._power = places(ids).get(POWER)
        self._sums: dict[Instant, tuple[float, int]] = {}
        """Sum and number of what was pushed for each sample, by its instant, the newest last."""
        self._newest: Instant | None = None
        self._periods: dict[Instant, tuple[int, int]] = {}
        """Sum and number of the samples up to the newest one, by the end of their period, the newest last."""

    def push(self, at: Instant, values: Sequence[float | None]) -> None:
        """None: stays as it is."""
        pushed = [old if new is None else new for old, new in zip(self.values, values, strict=True)]
        if pushed != self.values:
            self.changed_at = at
        self.values = pushed
        power = None if self._power is None else pushed[self._power]
        if power is not None:
            self._sample(next_grid(at, CALLBACK), power)

    def _sample(self, at: Instant, power: float) -> None:
        """Count a power in the sample of `at`, which is still to come."""
        if at != self._newest:
            for shown in self._shown(before=at):
                end = self._end(shown)
                total, count = self._periods.get(end, (0, 0))
                self._periods[end] = (total + self._watts(), count + 1)
            self._newest = at
        total_power, pushes = self._sums.get(at, (0.0, 0))
        self._sums[at] = (total_power + power, pushes + 1)
        _shorten(self._sums, LENGTH + REPEATS + 1)
        _shorten(self._periods, LENGTH + 1)

    def _watts(self) -> int:
        """The newest sample."""
        assert self._newest is not None
        total, count = self._sums[self._newest]
        return watts(total / count)

    def _shown(self, before: Instant | None = None) -> Iterable[Instant]:
        """The samples that show the newest power."""
        if self._newest is None:
            return ()
        until = self._newest + (REPEATS + 1) * CALLBACK
        return range(self._newest, until if before is None else min(until, before), CALLBACK)

    def _end(self, at: Instant) -> Instant:
        """Of the period that a sample counts in."""
        return next_grid(at - 1, PERIOD, self._since)

    def live(self, samples: range) -> list[int | None]:
        """The samples of some instants, [W]."""
        shown: int | None = None
        left = 0
        found: list[int | None] = []
        for at in range(grid(samples.start, CALLBACK) - REPEATS * CALLBACK, samples.stop, CALLBACK):
            if at in self._sums:
                total, count = self._sums[at]
                shown, left = watts(total / count), REPEATS
            elif left:
                left -= 1
            else:
                shown = None
            if at >= samples.start:
                found.append(shown)
        return found

    def mean(self, end: Instant) -> int | None:
        """Of the samples of a period that is over, [W]; None: it has none."""
        total, count = self._periods.get(end, (0, 0))
        for at in self._shown():
            if self._end(at) == end:
                total, count = total + self._watts(), count + 1
        return int(total / count) if count else None


def watts(power: float) -> int:
    """A power as a sample."""
    return round(max(-GREATEST, min(GREATEST, power)))


def _shorten(kept: dict[Instant, tuple[float, int]] | dict[Instant, tuple[int, int]], length: int) -> None:
    while len(kept) > length:
        del kept[next(iter(kept))]
