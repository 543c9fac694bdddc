"""The clock: how wall time becomes simulated time.

The one rule: no change of speed and no jump ever loses or repeats a microsecond.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from ..core.instant import Instant

WallClock = Callable[[], int]
"""A monotonic clock [ns]."""

MAX_SPEED = 1_000_000.0


class Clock:
    """Simulated time against wall time.

    `speed` is simulated seconds per wall second: 1 is real time, 0 is frozen. A frozen clock moves by `jump` only.
    """

    def __init__(self, speed: float = 1.0, *, at: Instant = 0, wall: WallClock = time.monotonic_ns) -> None:
        self._wall = wall
        self._anchor_wall = wall()
        self._anchor_at = at
        self._jumped_to = at
        self._speed = _checked(speed)
        self.changes = 0
        """How often its speed was changed."""

    @property
    def speed(self) -> float:
        return self._speed

    @property
    def frozen(self) -> bool:
        return self._speed == 0.0

    @property
    def wall(self) -> WallClock:
        return self._wall

    @property
    def jumped_to(self) -> Instant:
        """Where the last jump led: the clock is never set back behind it."""
        return self._jumped_to

    def now(self) -> Instant:
        """Simulated time now [µs]."""
        if self._speed == 0.0:
            return self._anchor_at
        return self._anchor_at + int((self._wall() - self._anchor_wall) * self._speed / 1000)

    def set_speed(self, speed: float) -> None:
        """Run at `speed` from now on; 0 freezes. ValueError if negative, not finite, or above `MAX_SPEED`."""
        speed = _checked(speed)
        self._anchor_at = self.now()
        self._anchor_wall = self._wall()
        self.changes += speed != self._speed
        self._speed = speed

    def jump(self, by: Instant) -> None:
        """Move `by` µs ahead at once."""
        if by < 0:
            raise ValueError(f"time does not run backwards ({by} us)")
        self._anchor_at += by
        self._jumped_to = max(self._jumped_to, self.now())

    def wait_for(self, at: Instant) -> None:
        """Wait for a world that has only got to `at`: this machine is too slow for the speed. No jump gets shorter."""
        self.wait_at(max(at, self._jumped_to))

    def wait_at(self, at: Instant) -> None:
        """Stand at `at`, not later than now, and run on from there. Nobody may have seen a later instant."""
        self._anchor_at = min(at, self.now())
        self._anchor_wall = self._wall()
        self._jumped_to = min(self._jumped_to, self._anchor_at)

    def wall_seconds_until(self, at: Instant) -> float | None:
        """Wall seconds until simulated instant `at`; None while frozen (unless it is due)."""
        ahead = at - self.now()
        if ahead <= 0:
            return 0.0
        return None if self._speed == 0.0 else ahead * 1e-6 / self._speed


def _checked(speed: float) -> float:
    if not 0.0 <= speed <= MAX_SPEED:
        raise ValueError(f"speed must be 0 (frozen) to {MAX_SPEED:.0f}, not {speed}")
    return float(speed)
