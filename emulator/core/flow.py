"""The laws of one segment between two events: current, voltage, power and energy as closed forms of time.

The one rule: a flow never changes and never counts; it answers for any `dt`, the seconds since its segment began.
Phase tuples are (L1, L2, L3) at the charger's terminals, energies J, powers W, currents A.

The active part of the current drops voltage over the source resistance, so that at a current `I` a phase takes
`V0*I - R*I**2`. The reactive part is the vehicle's filter; it carries no power and is given where it matters.
"""

from __future__ import annotations

import itertools
import math
from abc import ABC, abstractmethod
from dataclasses import field
from typing import Final

from . import crossing
from .battery import Acceptance
from .snapshot import PhaseMask, Phases
from .values import value

_LINES: Final = {
    mask: tuple(k for k, used in enumerate(mask) if used) for mask in itertools.product((False, True), repeat=3)
}
"""Indices of the phases in a mask."""
Square = tuple[float, float, float]
"""Coefficients (c0, c1, c2) of a phase's squared rms current, A²: `c0 + c1*t + c2*t**2`."""
Squares = tuple[Square, Square, Square]
FOREVER: Final = 1e12
"""More than thirty thousand years; what has not happened by then never does [s]."""


def active_from_rms(rms: float, reactive: float) -> float:
    """Active current that with `reactive` A makes `rms` A; 0 if the reactive current alone is more [A]."""
    return math.sqrt(max(0.0, rms * rms - reactive * reactive))


def power_to_current(voltage: float, resistance: float, power: float) -> float:
    """Current that takes `power` W from a source of `voltage` V behind `resistance` ohm [A].

    The smaller of the two solutions, written so that it neither cancels nor divides by a zero resistance. More than
    `deliverable(voltage, resistance)` gives the current of that maximum; a dead source gives 0.
    """
    if voltage <= 0:
        return 0.0
    power = min(power, deliverable(voltage, resistance))
    return 2.0 * power / (voltage + math.sqrt(max(0.0, voltage * voltage - 4.0 * resistance * power)))


def deliverable(voltage: float, resistance: float) -> float:
    """Largest power behind a source of `voltage` V and `resistance` ohm; more collapses the voltage [W]."""
    return voltage * voltage / (4.0 * resistance) if resistance > 0 else math.inf


@value
class Flow(ABC):
    """What flows between two events: a supply, the on-board charger behind it, and a law of time: a subclass."""

    voltages: Phases
    """Source voltage per terminal, without load; 0: dead [V]."""
    resistance: float
    """Source resistance, the same for every line [ohm]."""
    mask: PhaseMask
    """Phases the vehicle uses. A dead line carries nothing whatever the mask says."""
    loss_power: float = 0.0
    """Loss of the on-board charger before anything reaches the battery [W]."""
    efficiency: float = 1.0
    """Battery power is `efficiency * (power - loss_power)`, never negative."""
    standby: float = 0.0
    """Power an idle vehicle draws from the first used phase; only `Idle` draws it [W]."""

    lines: tuple[int, ...] = field(init=False, repr=False, compare=False)
    """Indices of the phases that can carry current."""

    def __post_init__(self) -> None:
        (a, b, c), (i, j, k) = self.mask, self.voltages
        object.__setattr__(self, "lines", _LINES[a and i > 0, b and j > 0, c and k > 0])

    @property
    def lasts(self) -> float:
        """Length after which a segment of this law is split, so that temperatures follow its current [s]."""
        return math.inf

    @property
    def constant(self) -> bool:
        """Whether the currents stay as they are."""
        return False

    @abstractmethod
    def active_current(self, dt: float) -> Phases:
        """Current in phase with the voltage [A]."""

    @abstractmethod
    def energy(self, dt: float) -> float:
        """Taken from the mains since the beginning, all phases [J]."""

    @abstractmethod
    def battery_power(self, dt: float) -> float:
        """What reaches the battery [W]."""

    @abstractmethod
    def battery(self, dt: float) -> float:
        """Stored in the battery since the beginning [J]."""

    @abstractmethod
    def reaches_energy(self, joules: float) -> float | None:
        """The first dt with `energy(dt) >= joules`, or None."""

    @abstractmethod
    def reaches_battery(self, joules: float) -> float | None:
        """The first dt with `battery(dt) >= joules`, or None."""

    def reaches_cap(self, acceptance: Acceptance, stored: float) -> float | None:
        """The first dt at which the battery takes all it accepts, with `stored` J in it at the start; or None."""
        return None

    def most_power(self, dt: float) -> float:
        """What is never exceeded from `dt` on, all phases; infinite where nothing is known [W]."""
        return math.inf

    def squares(self, reactive: Phases, since: float = 0.0) -> Squares:
        """Squared rms current per phase as polynomials of the time after `since`, with `reactive` A on each phase.

        Here: held at the value at `since`.
        """
        (i, j, k), (a, b, c) = self.active_current(since), reactive
        return ((i * i + a * a, 0.0, 0.0), (j * j + b * b, 0.0, 0.0), (k * k + c * c, 0.0, 0.0))

    def voltage(self, dt: float) -> Phases:
        """Voltage at the terminals, under load [V]."""
        (a, b, c), (i, j, k), drop = self.voltages, self.active_current(dt), self.resistance
        return (a - drop * i, b - drop * j, c - drop * k)

    def power(self, dt: float) -> Phases:
        """Power per phase [W]."""
        (a, b, c), (i, j, k), drop = self.voltages, self.active_current(dt), self.resistance
        return ((a - drop * i) * i, (b - drop * j) * j, (c - drop * k) * k)

    def on_lines(self, value: float) -> Phases:
        """`value` on every phase that can carry current, 0 elsewhere."""
        (a, b, c), (i, j, k) = self.mask, self.voltages
        return (value if a and i > 0 else 0.0, value if b and j > 0 else 0.0, value if c and k > 0 else 0.0)


@value
class Idle(Flow):
    """Nothing flows but the standby power of an energised vehicle; with an empty mask nothing at all."""

    @property
    def constant(self) -> bool:
        return True

    def _draw(self) -> float:
        """Standby power; 0 if there is no live phase to draw it from [W]."""
        lines = self.lines
        return min(self.standby, deliverable(self.voltages[lines[0]], self.resistance)) if lines else 0.0

    def active_current(self, dt: float) -> Phases:
        """Standby current on the first used phase, 0 elsewhere [A]."""
        lines = self.lines
        if not lines:
            return (0.0, 0.0, 0.0)
        drawn = power_to_current(self.voltages[lines[0]], self.resistance, self.standby)
        return (drawn if lines[0] == 0 else 0.0, drawn if lines[0] == 1 else 0.0, drawn if lines[0] == 2 else 0.0)

    def energy(self, dt: float) -> float:
        """Energy at constant power [J]."""
        return self._draw() * dt

    def most_power(self, dt: float) -> float:
        """The standby power [W]."""
        return self._draw()

    def battery_power(self, dt: float) -> float:
        """None: standby power is the vehicle's own [W]."""
        return 0.0

    def battery(self, dt: float) -> float:
        """None [J]."""
        return 0.0

    def reaches_energy(self, joules: float) -> float | None:
        """The first dt with `energy(dt) >= joules`, or None."""
        draw = self._draw()
        if joules <= 0:
            return 0.0
        return crossing.refine(lambda dt: draw * dt >= joules, joules / draw) if draw > 0 else None

    def reaches_battery(self, joules: float) -> float | None:
        """0 for nothing, else None."""
        return 0.0 if joules <= 0 else None
