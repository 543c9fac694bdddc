"""A current that changes linearly in time, or is held: what an on-board charger does as long as it is in control.

The one rule: as in `flow`.
"""

from __future__ import annotations

import math
from dataclasses import field
from typing import Final

from . import crossing
from .battery import Acceptance
from .flow import FOREVER, Flow, Square, Squares
from .snapshot import Phases
from .values import value

SPLIT: Final = 180.0
"""Length after which a ramp is split [s]."""


@value
class Ramp(Flow):
    """The same active current on every used phase, linear in time; a rate of 0 holds it.

    A falling ramp stops at 0 A and stays there. A rising one is the caller's to end: `reaches_current` says when.
    """

    current: float
    """Active current per phase at the start [A]."""
    rate: float = 0.0
    """Slope of the current [A/s]."""
    length: float = field(init=False, repr=False, compare=False)
    """Time until a falling ramp is at 0 A; infinite for the others [s]."""
    _polynomial: Square = field(init=False, repr=False, compare=False)
    _storing: tuple[float, float] = field(init=False, repr=False, compare=False)
    """From when to when (s) the power exceeds the losses; the end may be infinite, equal ends mean never."""

    def __post_init__(self) -> None:
        Flow.__post_init__(self)
        object.__setattr__(self, "length", self.current / -self.rate if self.rate < 0 else math.inf)
        object.__setattr__(self, "_polynomial", self._power_of_time())
        object.__setattr__(self, "_storing", self._when_it_stores())

    def _current(self, dt: float) -> float:
        return max(0.0, self.current + self.rate * dt) if dt < self.length else 0.0

    def _power_of_time(self) -> Square:
        """(c0, c1, c2) of the power of all phases, W."""
        lines = self.lines
        source = math.fsum(self.voltages[k] for k in lines)
        drop = len(lines) * self.resistance
        return (
            (source - drop * self.current) * self.current,
            (source - 2.0 * drop * self.current) * self.rate,
            -drop * self.rate * self.rate,
        )

    @property
    def lasts(self) -> float:
        """`heat` looks no further ahead while the current changes [s]."""
        return math.inf if self.rate == 0 else SPLIT

    @property
    def constant(self) -> bool:
        return self.rate == 0

    def active_current(self, dt: float) -> Phases:
        """Active current per phase [A]."""
        return self.on_lines(self._current(dt))

    def energy(self, dt: float) -> float:
        """Energy, cubic in time [J]."""
        return _integral(self._polynomial, min(dt, self.length))

    def most_power(self, dt: float) -> float:
        """What it is at `dt`, unless the current rises or is so large that less of it takes more [W]."""
        current = self._current(dt)
        if self.rate > 0 or any(2.0 * self.resistance * current > self.voltages[k] for k in self.lines):
            return math.inf
        return math.fsum(self.power(dt))

    def battery_power(self, dt: float) -> float:
        """Power that reaches the battery [W]."""
        return max(0.0, self.efficiency * (math.fsum(self.power(dt)) - self.loss_power))

    def _when_it_stores(self) -> tuple[float, float]:
        c0, c1, c2 = self._polynomial
        lacking = self.loss_power - c0
        if self.rate == 0 or c1 == 0:
            return (0.0, self.length) if lacking < 0 else (0.0, 0.0)
        discriminant = c1 * c1 + 4.0 * c2 * lacking
        if self.rate > 0:
            if lacking <= 0:
                return (0.0, math.inf)
            return (2.0 * lacking / (c1 + math.sqrt(discriminant)), math.inf) if discriminant >= 0 else (0.0, 0.0)
        return (0.0, 2.0 * lacking / (c1 - math.sqrt(discriminant))) if lacking < 0 else (0.0, 0.0)

    def battery(self, dt: float) -> float:
        """Stored energy; counts only from or up to where the power equals the losses [J]."""
        since, until = self._storing
        until = min(dt, until, self.length)
        if until <= since:
            return 0.0
        c0, c1, c2 = self._polynomial
        # Around `since`, so that the short difference of two long integrals does not cancel.
        shifted = (c0 + (c1 + c2 * since) * since - self.loss_power, c1 + 2.0 * c2 * since, c2)
        return max(0.0, self.efficiency * _integral(shifted, until - since))

    def reaches_current(self, target: float) -> float | None:
        """The dt at which the active current is `target` A per phase, or None if the ramp leads away from it."""
        if target == self.current:
            return 0.0
        dt = (target - self.current) / self.rate if self.rate != 0 else -1.0
        return dt if dt >= 0 and target >= 0 else None

    def reaches_energy(self, joules: float) -> float | None:
        """The first dt with `energy(dt) >= joules`, or None."""
        return self._first(lambda dt: self.energy(dt) >= joules, joules, math.fsum(self.power(0.0)))

    def reaches_battery(self, joules: float) -> float | None:
        """The first dt with `battery(dt) >= joules`, or None."""
        return self._first(lambda dt: self.battery(dt) >= joules, joules, self.battery_power(0.0))

    def reaches_cap(self, acceptance: Acceptance, stored: float) -> float | None:
        """The first dt at which the battery takes all it accepts, with `stored` J in it at the start; or None.

        A falling ramp outruns any battery's curve, so there it is asked only at the start of the ramp and where the
        taper starts.
        """

        def limited(dt: float) -> bool:
            return 0.0 < self.battery_power(dt) >= acceptance.cap(stored + self.battery(dt))

        if not acceptance.limits:
            return None
        if limited(0.0):
            return 0.0
        if self.rate < 0:
            start = self.reaches_battery(acceptance.start - stored)
            return start if start is not None and limited(start) else None
        if self.rate == 0:
            meeting = acceptance.meets(self.battery_power(0.0))
            dt = None if meeting is None else self.reaches_battery(meeting - stored)
            return None if dt is None else crossing.refine(limited, dt)
        return self._search(limited)

    def squares(self, reactive: Phases, since: float = 0.0) -> Squares:
        """Exact; a falling ramp only up to its end."""
        if self.rate == 0 or since >= self.length:
            return Flow.squares(self, reactive, since)
        lines, current, rate = self.lines, self._current(since), self.rate
        ramping = (current * current, 2.0 * current * rate, rate * rate)
        rows = [
            (ramping[0] + idle * idle, *ramping[1:]) if k in lines else (idle * idle, 0.0, 0.0)
            for k, idle in enumerate(reactive)
        ]
        return (rows[0], rows[1], rows[2])

    def _horizon(self) -> float:
        """Time up to which the power of every phase still follows the current: the voltage has halved there [s]."""
        if self.rate <= 0 or self.resistance == 0:
            return self.length
        lowest = min((self.voltages[k] for k in self.lines), default=0.0)
        return max(0.0, (lowest / (2.0 * self.resistance) - self.current) / self.rate)

    def _first(self, holds: crossing.Condition, joules: float, power: float) -> float | None:
        """When `joules` have flowed, `power` W being the rate at the start."""
        if joules <= 0:
            return 0.0
        if self.rate != 0:
            return self._search(holds)
        return crossing.refine(holds, joules / power) if power > 0 and joules / power < FOREVER else None

    def _search(self, holds: crossing.Condition) -> float | None:
        """The first time at which something holds that, once true, stays true while power flows."""
        horizon = self._horizon()
        low, high = 0.0, min(1.0, horizon)
        while not holds(high):
            if high >= horizon or high > FOREVER:
                return None
            low, high = high, min(2.0 * high, horizon)
        return crossing.first(holds, low, high)


def _integral(polynomial: Square, dt: float) -> float:
    """Of `c0 + c1*t + c2*t**2` from 0 to `dt`."""
    c0, c1, c2 = polynomial
    return dt * (c0 + dt * (c1 / 2.0 + dt * c2 / 3.0))
