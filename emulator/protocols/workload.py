"""What an interface costs the emulator: how long our own code took for each answer, and what slow clients missed.

The one rule: counting costs less than the noise of a request; adding up is left to whoever reads.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

BUCKETS: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
"""Upper bounds [wall s] of the histogram, inclusive; what took longer comes after the last."""


class Workload:
    """Of one interface, since the emulator's start."""

    __slots__ = ("_counts", "pushes_dropped", "seconds")

    def __init__(self) -> None:
        self._counts: list[int] | None = None
        """None: no answer yet, as of most boxes of a fleet."""
        self.seconds = 0.0
        """That all answers took together [wall s]."""
        self.pushes_dropped = 0
        """Publications that a client was too slow for: replaced by a newer one, or lost."""

    def answered(self, took: float) -> None:
        """An answer was ready after `took` wall seconds."""
        counts = self._counts
        if counts is None:
            counts = self._counts = [0] * (len(BUCKETS) + 1)
        counts[bisect_left(BUCKETS, took)] += 1
        self.seconds += took

    @property
    def counts(self) -> list[int]:
        """Answers, by how long they took."""
        return self._counts or [0] * (len(BUCKETS) + 1)

    @property
    def used(self) -> bool:
        """Whether it did anything yet."""
        return self.pushes_dropped > 0 or self._counts is not None

    def add(self, other: Workload) -> None:
        """Count what another interface did as well."""
        self._counts = [mine + its for mine, its in zip(self.counts, other.counts, strict=True)]
        self.seconds += other.seconds
        self.pushes_dropped += other.pushes_dropped
