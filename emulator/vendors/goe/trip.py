"""The daily trip: so many Wh until a time of day.

The one rule: a pure function of energy, power and local time. Source: go-e apikeys, "att", "ate", "ara"; ASSUMED: the
car waits for cheap or solar energy until the rest of the time is needed at full power. No test charge.
"""

from __future__ import annotations

from ...core.instant import Instant, later
from .ladder import Trip

DAY = 24 * 3600.0


def state(wanted: float, charged: float, power: float, until: float, now: float) -> Trip:
    """`wanted`, `charged`: Wh; `power`: W at full current; `until`, `now`: s of the local day."""
    if charged >= wanted:
        return Trip.DONE
    return Trip.MUST if _needed(wanted - charged, power) >= _left(until, now) else Trip.WAIT


def due(at: Instant, wanted: float, charged: float, power: float, until: float, now: float) -> Instant:
    """When the answer may change while nothing is charged."""
    slack = _left(until, now) - _needed(wanted - charged, power)
    return later(at, slack if slack > 0 else _left(until, now))


def _needed(energy: float, power: float) -> float:
    return max(0.0, energy) / max(1.0, power) * 3600.0


def _left(until: float, now: float) -> float:
    """Time to the next `until`; a whole day if it is just now [s]."""
    left = (until - now) % DAY
    return left if left > 0 else DAY
