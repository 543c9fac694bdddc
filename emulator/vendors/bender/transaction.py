"""A transaction: one authorised charge, from its start to its end.

The one rule: energy is the meter's, from its reading at the start; an ended transaction never changes again.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...core.instant import SECOND, Instant
from ...core.snapshot import Snapshot


@dataclass(slots=True)
class Transaction:
    """One transaction; the last one is kept until the next begins."""

    uid: str
    begun: Instant
    base: float
    """Meter reading at its start [Wh]."""
    ended: Instant | None = None
    kept: float = 0.0
    """Energy at its end [Wh]."""

    @property
    def active(self) -> bool:
        return self.ended is None

    def energy(self, reading: float) -> float:
        """Energy so far, where the meter stands at `reading` Wh, or in the end [Wh]."""
        return max(0.0, reading - self.base) if self.active else self.kept

    def duration(self, now: Snapshot) -> int:
        """Whole seconds so far, or in the end [s]."""
        return now.elapsed(self.begun) if self.ended is None else (self.ended - self.begun) // SECOND
