"""The daily trip: so many Wh until a time of day.

The one rule: a pure function of energy, power and local time. Source: go-e apikeys, "att", "ate", "ara"; ASSUMED: the
car waits for cheap or solar energy until the rest of the time is needed at full power; a test charge after plug-in
shows what that is. With an hourly tariff it charges in the cheapest hours before the end (go-eCharger-API-v2#260).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ...core.instant import SECOND, Instant, later
from .ladder import Trip
from .settings import Price

DAY = 24 * 3600.0
TEST_LENGTH: Final = 30 * SECOND
"""Current flows so long in a test charge. ASSUMED."""
TEST_PATIENCE: Final = 120 * SECOND
"""A test charge of a car that takes nothing ends after so long. ASSUMED."""


class TestCharge:
    """The short charge after plug-in that shows what power the car takes (modelStatus 8). Once a session."""

    def __init__(self) -> None:
        self.started_at: Instant | None = None
        """`tls`"""
        self.finished = False
        """`tlf`"""
        self.power = 0.0
        """What the car took at its end [W]; 0: not known."""
        self._flowing_since: Instant | None = None

    def wants(self, at: Instant, power: float) -> bool:
        """The trip would let the car wait, which takes `power` W now; whether to charge for the test."""
        if self.finished:
            return False
        if self.started_at is None:
            self.started_at = at
        if power <= 0:
            self._flowing_since = None
        elif self._flowing_since is None:
            self._flowing_since = at
        if at >= self.due:
            self.finished, self.power = True, power
        return not self.finished

    @property
    def due(self) -> Instant:
        """When it is over, if nothing changes."""
        started = self.started_at or 0
        flowing = self._flowing_since
        return min(started + TEST_PATIENCE, started + TEST_PATIENCE if flowing is None else flowing + TEST_LENGTH)


def planned(prices: Sequence[Price], now: float, until: float, needed: float) -> bool:
    """Whether `now` is among the cheapest hours before `until` that make up `needed` s; unix s."""
    for price in sorted(prices, key=lambda slot: (slot["marketprice"], slot["start"])):
        begin, end = max(price["start"], now), min(price["end"], until)
        if begin >= end:
            continue
        if needed <= 0:
            return False
        if price["start"] <= now < price["end"]:
            return True
        needed -= end - begin
    return False


def state(wanted: float, charged: float, power: float, until: float, now: float) -> Trip:
    """`wanted`, `charged`: Wh; `power`: W at full current; `until`, `now`: s of the local day."""
    if charged >= wanted:
        return Trip.DONE
    return Trip.MUST if _needed(wanted - charged, power) >= remaining(until, now) else Trip.WAIT


def due(at: Instant, wanted: float, charged: float, power: float, until: float, now: float) -> Instant:
    """When the answer may change while nothing is charged."""
    slack = remaining(until, now) - _needed(wanted - charged, power)
    return later(at, slack if slack > 0 else remaining(until, now))


def left(wanted: float, charged: float, power: float) -> float:
    """Time that the rest of the energy takes [s]."""
    return _needed(wanted - charged, power)


def _needed(energy: float, power: float) -> float:
    return max(0.0, energy) / max(1.0, power) * 3600.0


def remaining(until: float, now: float) -> float:
    """Time to the next `until`; a whole day if it is just now [s]."""
    left = (until - now) % DAY
    return left if left > 0 else DAY
