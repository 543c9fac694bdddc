"""What a battery accepts: full power up to the start of the taper, then less and less.

The one rule: energies are J and powers W on the battery's side of the on-board charger.
"""

from __future__ import annotations

import math
from dataclasses import field
from typing import Literal

from .specs import VehicleSpec
from .units import WATT_HOUR
from .values import value

TaperKind = Literal["linear", "exponential", "none"]


@value
class Acceptance:
    """The largest battery power as a function of the energy stored.

    Linear: the power falls linearly with the energy above `start`, thus exponentially in time while it limits.
    Exponential: it falls exponentially with the energy, thus hyperbolically in time.
    Below `start` nothing limits. ASSUMED: a vehicle whose AC side exceeds `power` there charges faster until `start`.
    """

    kind: TaperKind
    start: float
    """Stored energy where the taper begins [J]."""
    full: float
    """Stored energy at 100 % [J]."""
    power: float
    """Power accepted at `start` [W]."""
    end_power: float
    """Power accepted at `full`; positive, or the battery would never be full [W]."""
    decay: float = field(init=False, repr=False, compare=False)
    """How fast it falls: linear in 1/s (W per J), exponential in 1/J; never negative."""

    def __post_init__(self) -> None:
        if self.end_power <= 0:
            raise ValueError(f"a battery has to accept something at 100 %, not {self.end_power} W")
        object.__setattr__(self, "decay", self._decay())

    @classmethod
    def of(cls, vehicle: VehicleSpec) -> Acceptance:
        """The curve of a vehicle. ASSUMED: one that states no power at 100 % accepts a trickle of 1 W there."""
        full = vehicle.capacity * WATT_HOUR
        return cls(
            kind=vehicle.taper,
            start=vehicle.taper_start * full,
            full=full,
            power=vehicle.taper_power,
            end_power=max(1.0, vehicle.end_power),
        )

    @property
    def limits(self) -> bool:
        """Whether there is a taper at all."""
        return self.kind != "none" and self.start < self.full

    def _decay(self) -> float:
        if not self.limits or self.end_power >= self.power:
            return 0.0
        if self.kind == "linear":
            return (self.power - self.end_power) / (self.full - self.start)
        return math.log(self.power / self.end_power) / (self.full - self.start)

    def cap(self, stored: float) -> float:
        """Power accepted with `stored` J in the battery; infinite below the start of the taper [W]."""
        if not self.limits or stored < self.start:
            return math.inf
        above = min(stored, self.full) - self.start
        if self.kind == "linear":
            return self.power - self.decay * above
        return self.power * math.exp(-self.decay * above)

    def meets(self, battery_power: float) -> float | None:
        """Stored energy where a constant `battery_power` W runs into the curve; None: never below 100 % [J]."""
        if not self.limits or battery_power <= 0:
            return None
        if battery_power >= self.power:
            return self.start
        if self.decay == 0 or battery_power <= self.end_power:
            return None
        if self.kind == "linear":
            return self.start + (self.power - battery_power) / self.decay
        return self.start + math.log(self.power / battery_power) / self.decay
