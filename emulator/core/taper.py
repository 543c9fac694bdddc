"""The end of a charge: the battery decides the power, and it fades in time.

The one rule: as in `flow`.
"""

from __future__ import annotations

import math
from dataclasses import field
from typing import Final

from . import crossing
from .battery import TaperKind
from .flow import FOREVER, Flow, power_to_current
from .snapshot import Phases
from .values import value

SPLIT: Final = 30.0
"""Length after which a taper is split [s]."""


@value
class Taper(Flow):
    """The battery decides the power; every used phase carries the same current, as on a ramp.

    `linear` decays exponentially in time, `exponential` hyperbolically, `none` holds (so does a decay of 0). The
    power counts as deliverable: see `power_to_current` for a source that cannot.
    """

    kind: TaperKind
    start_power: float
    """Power into the battery at the start [W]."""
    decay: float = 0.0
    """Linear: 1/s; exponential: 1/J. As in `Acceptance.decay`."""
    _source: float = field(init=False, repr=False, compare=False)
    """Sum of the voltages it draws from [V]."""

    def __post_init__(self) -> None:
        Flow.__post_init__(self)
        lines = self.lines
        if not lines:
            raise ValueError("a taper needs a live phase to draw from")
        object.__setattr__(self, "_source", math.fsum([self.voltages[k] for k in lines]))

    @property
    def lasts(self) -> float:
        """Its current is held for `heat`."""
        return SPLIT

    @property
    def _holds(self) -> bool:
        return self.kind == "none" or self.decay == 0

    def battery_power(self, dt: float) -> float:
        """Power that reaches the battery [W]."""
        if self._holds:
            return self.start_power
        if self.kind == "linear":
            return self.start_power * math.exp(-self.decay * dt)
        return self.start_power / (1.0 + self.decay * self.start_power * dt)

    def battery(self, dt: float) -> float:
        """Stored energy [J]."""
        if self._holds:
            return self.start_power * dt
        if self.kind == "linear":
            return -self.start_power / self.decay * math.expm1(-self.decay * dt)
        return math.log1p(self.decay * self.start_power * dt) / self.decay

    def _drawn(self, dt: float) -> float:
        """Power from the mains, all phases [W]."""
        return self.loss_power + self.battery_power(dt) / self.efficiency

    def most_power(self, dt: float) -> float:
        """What it is at `dt`: it only fades [W]."""
        return self._drawn(dt)

    def active_current(self, dt: float) -> Phases:
        """Active current, the same on every used phase [A]."""
        return self.on_lines(power_to_current(self._source, len(self.lines) * self.resistance, self._drawn(dt)))

    def energy(self, dt: float) -> float:
        """What is stored, and what is lost on the way [J]."""
        return self.loss_power * dt + self.battery(dt) / self.efficiency

    def reaches_energy(self, joules: float) -> float | None:
        """The first dt with `energy(dt) >= joules`, or None."""
        if joules <= 0:
            return 0.0

        def enough(dt: float) -> bool:
            return self.energy(dt) >= joules

        low, high = 0.0, 1.0
        while not enough(high):
            if high > FOREVER:
                return None
            low, high = high, 2.0 * high
        return crossing.first(enough, low, high)

    def reaches_battery(self, joules: float) -> float | None:
        """The first dt with `battery(dt) >= joules`, or None if the power fades before."""
        if joules <= 0:
            return 0.0
        if self.start_power <= 0:
            return None
        guess = self._time_to_store(joules)
        if guess is None or guess > FOREVER:
            return None
        return crossing.refine(lambda dt: self.battery(dt) >= joules, guess)

    def _time_to_store(self, joules: float) -> float | None:
        """The inverse of `battery`, but for rounding."""
        if self._holds:
            return joules / self.start_power
        if self.kind == "linear":
            share = self.decay * joules / self.start_power
            return -math.log1p(-share) / self.decay if share < 1 - 1e-12 else None
        exponent = self.decay * joules
        return math.expm1(exponent) / (self.decay * self.start_power) if exponent < 700 else None
