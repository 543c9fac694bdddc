"""Simulated time: integer microseconds since power-on.

The one rule: an instant is an exact integer; seconds are floats and appear only as durations inside formulas.
"""

from __future__ import annotations

import math
from typing import Final

Instant = int

MILLISECOND: Final = 1_000
SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR


def seconds(duration: Instant) -> float:
    """A duration in µs as seconds."""
    return duration * 1e-6


def later(at: Instant, duration: float) -> Instant:
    """The first whole microsecond at least `duration` seconds after `at`.

    Rounded up, so that a guard of the form "at least that long" holds when the instant comes. A duration that is
    a whole number of microseconds but for float rounding stays exact.
    """
    micros = duration * 1e6
    nearest = round(micros)
    return at + (nearest if abs(micros - nearest) < 1e-3 else math.ceil(micros))


def grid(at: Instant, period: Instant, offset: Instant = 0) -> Instant:
    """The last instant of the grid `offset + k * period` that is not after `at`."""
    return at - (at - offset) % period


def next_grid(at: Instant, period: Instant, offset: Instant = 0) -> Instant:
    """The first instant of the grid `offset + k * period` that is after `at`."""
    return grid(at, period, offset) + period


def earliest(*instants: Instant | None) -> Instant | None:
    """The first of those that come at all."""
    found = None
    for instant in instants:
        if instant is not None and (found is None or instant < found):
            found = instant
    return found
