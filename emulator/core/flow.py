"""The laws of one stretch between two events: current, voltage, power and energy as closed forms of time.

The one rule: a flow never changes and never counts; it answers for any `dt`, the seconds since its stretch began.
Phase tuples are (L1, L2, L3) at the charger's terminals, energies J, powers W, currents A.

The active part of the current drops voltage over the source resistance, so that at a current `I` a phase takes
`V0*I - R*I**2`. The reactive part is the vehicle's filter; it carries no power and is given where it matters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Protocol

from . import crossing
from .battery import Acceptance, TaperKind
from .snapshot import PhaseMask, Phases

Square = tuple[float, float, float]
"""Coefficients (c0, c1, c2) of a phase's squared rms current, A²: `c0 + c1*t + c2*t**2`."""
Squares = tuple[Square, Square, Square]


def active_from_rms(rms: float, reactive: float) -> float:
    """A of active current that with `reactive` A makes `rms` A; 0 if the reactive current alone is more."""
    return math.sqrt(max(0.0, rms * rms - reactive * reactive))


def power_to_current(voltage: float, resistance: float, power: float) -> float:
    """A that takes `power` W from a source of `voltage` V behind `resistance` ohm.

    The smaller of the two solutions, written so that it neither cancels nor divides by a zero resistance. More than
    `deliverable(voltage, resistance)` gives the current of that maximum; a dead source gives 0.
    """
    if voltage <= 0:
        return 0.0
    power = min(power, deliverable(voltage, resistance))
    return 2.0 * power / (voltage + math.sqrt(max(0.0, voltage * voltage - 4.0 * resistance * power)))


def deliverable(voltage: float, resistance: float) -> float:
    """W at most behind a source of `voltage` V and `resistance` ohm; asking for more collapses the voltage."""
    return voltage * voltage / (4.0 * resistance) if resistance > 0 else math.inf


class Flow(Protocol):
    """What flows during one stretch."""

    @property
    def voltages(self) -> Phases:
        """Source voltage of each terminal, V."""

    @property
    def resistance(self) -> float:
        """Of the source, ohm per line."""

    @property
    def mask(self) -> PhaseMask:
        """Phases the vehicle uses."""

    @property
    def loss_power(self) -> float:
        """W lost before anything reaches the battery."""

    @property
    def efficiency(self) -> float:
        """Share of the rest that reaches it."""

    def active_current(self, dt: float) -> Phases:
        """A in phase with the voltage."""

    def voltage(self, dt: float) -> Phases:
        """V at the terminals, under load."""

    def power(self, dt: float) -> Phases:
        """W taken from the mains per phase."""

    def energy(self, dt: float) -> float:
        """J taken from the mains since the stretch began, all phases."""

    def battery_power(self, dt: float) -> float:
        """W that reach the battery."""

    def battery(self, dt: float) -> float:
        """J stored in the battery since the stretch began."""

    def reaches_energy(self, joules: float) -> float | None:
        """The first dt with `energy(dt) >= joules`, or None."""

    def reaches_battery(self, joules: float) -> float | None:
        """The first dt with `battery(dt) >= joules`, or None."""

    def reaches_cap(self, acceptance: Acceptance, stored: float) -> float | None:
        """The first dt at which the battery takes all it accepts, with `stored` J in it at the start; or None."""

    def squares(self, reactive: Phases, since: float = 0.0) -> Squares:
        """Squared rms current per phase as polynomials of the time after `since`, with `reactive` A on each phase."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stretch:
    """What every flow knows: the supply it hangs on and the on-board charger behind it."""

    voltages: Phases
    """V of the source per terminal, without load; 0 = dead."""
    resistance: float
    """Ohm of the source, the same for every line."""
    mask: PhaseMask
    """Phases the vehicle uses. A dead line carries nothing whatever the mask says."""
    loss_power: float = 0.0
    """W the on-board charger loses before anything reaches the battery."""
    efficiency: float = 1.0
    """Battery power is `efficiency * (power - loss_power)`, never negative."""
    standby: float = 0.0
    """W drawn from the first used phase by an idle vehicle; only `Idle` draws it."""

    lines: tuple[int, ...] = field(init=False, repr=False, compare=False)
    """Indices of the phases that can carry current."""

    def __post_init__(self) -> None:
        lines = tuple(k for k in range(3) if self.mask[k] and self.voltages[k] > 0)
        object.__setattr__(self, "lines", lines)

    def active_current(self, dt: float) -> Phases:
        raise NotImplementedError

    def voltage(self, dt: float) -> Phases:
        """V at the terminals, under load."""
        (a, b, c), (i, j, k), drop = self.voltages, self.active_current(dt), self.resistance
        return (a - drop * i, b - drop * j, c - drop * k)

    def power(self, dt: float) -> Phases:
        """W per phase."""
        (a, b, c), (i, j, k), drop = self.voltages, self.active_current(dt), self.resistance
        return ((a - drop * i) * i, (b - drop * j) * j, (c - drop * k) * k)

    def _on_lines(self, value: float) -> Phases:
        """`value` on every phase that can carry current, 0 elsewhere."""
        (a, b, c), (i, j, k) = self.mask, self.voltages
        return (value if a and i > 0 else 0.0, value if b and j > 0 else 0.0, value if c and k > 0 else 0.0)

    def _frozen(self, reactive: Phases, since: float) -> Squares:
        """The squares of a current that does not change, or is treated so."""
        (i, j, k), (a, b, c) = self.active_current(since), reactive
        return ((i * i + a * a, 0.0, 0.0), (j * j + b * b, 0.0, 0.0), (k * k + c * c, 0.0, 0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle(_Stretch):
    """Nothing flows but the standby power of an energised vehicle; with an empty mask nothing at all."""

    def _draw(self) -> float:
        """W; 0 if there is no live phase to draw it from."""
        lines = self.lines
        return min(self.standby, deliverable(self.voltages[lines[0]], self.resistance)) if lines else 0.0

    def active_current(self, dt: float) -> Phases:
        """A on the first used phase, 0 elsewhere."""
        lines = self.lines
        if not lines:
            return (0.0, 0.0, 0.0)
        drawn = power_to_current(self.voltages[lines[0]], self.resistance, self.standby)
        return (drawn if lines[0] == 0 else 0.0, drawn if lines[0] == 1 else 0.0, drawn if lines[0] == 2 else 0.0)

    def energy(self, dt: float) -> float:
        """J: constant power."""
        return self._draw() * dt

    def battery_power(self, dt: float) -> float:
        """W: none, standby power is the vehicle's own."""
        return 0.0

    def battery(self, dt: float) -> float:
        """J: none."""
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

    def reaches_cap(self, acceptance: Acceptance, stored: float) -> float | None:
        """None: nothing reaches the battery."""
        return None

    def squares(self, reactive: Phases, since: float = 0.0) -> Squares:
        """Constant."""
        return self._frozen(reactive, since)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ramp(_Stretch):
    """The same active current on every used phase, linear in time; a rate of 0 holds it.

    A falling ramp stops at 0 A and stays there. A rising one is the caller's to end: `reaches_current` says when.
    """

    current: float
    """A of active current per phase at the start."""
    rate: float = 0.0
    """A/s"""
    length: float = field(init=False, repr=False, compare=False)
    """s until a falling ramp is at 0 A; infinite for the others."""
    _polynomial: Square = field(init=False, repr=False, compare=False)
    _storing: tuple[float, float] = field(init=False, repr=False, compare=False)
    """From when to when (s) the power exceeds the losses; the end may be infinite, equal ends mean never."""

    def __post_init__(self) -> None:
        _Stretch.__post_init__(self)
        object.__setattr__(self, "length", self.current / -self.rate if self.rate < 0 else math.inf)
        object.__setattr__(self, "_polynomial", self._power_of_time())
        object.__setattr__(self, "_storing", self._when_it_stores())

    def _current(self, dt: float) -> float:
        return max(0.0, self.current + self.rate * dt) if dt < self.length else 0.0

    def _power_of_time(self) -> Square:
        """(c0, c1, c2) of the power of all phases, W."""
        lines = self.lines
        source = sum(self.voltages[k] for k in lines)
        drop = len(lines) * self.resistance
        return (
            (source - drop * self.current) * self.current,
            (source - 2.0 * drop * self.current) * self.rate,
            -drop * self.rate * self.rate,
        )

    def active_current(self, dt: float) -> Phases:
        """A per phase."""
        return self._on_lines(self._current(dt))

    def energy(self, dt: float) -> float:
        """J: cubic in time."""
        return _integral(self._polynomial, min(dt, self.length))

    def battery_power(self, dt: float) -> float:
        """W"""
        return max(0.0, self.efficiency * (sum(self.power(dt)) - self.loss_power))

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
        """J stored: counts only from or up to where the power equals the losses."""
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
        return self._first(lambda dt: self.energy(dt) >= joules, joules, sum(self.power(0.0)))

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
            return self._frozen(reactive, since)
        lines, current, rate = self.lines, self._current(since), self.rate
        ramping = (current * current, 2.0 * current * rate, rate * rate)
        rows = [
            (ramping[0] + idle * idle, *ramping[1:]) if k in lines else (idle * idle, 0.0, 0.0)
            for k, idle in enumerate(reactive)
        ]
        return (rows[0], rows[1], rows[2])

    def _horizon(self) -> float:
        """s up to which the power of every phase still follows the current: where the voltage has halved."""
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
        return crossing.refine(holds, joules / power) if power > 0 and joules / power < _FOREVER else None

    def _search(self, holds: crossing.Condition) -> float | None:
        """The first time at which something holds that, once true, stays true while power flows."""
        horizon = self._horizon()
        low, high = 0.0, min(1.0, horizon)
        while not holds(high):
            if high >= horizon or high > _FOREVER:
                return None
            low, high = high, min(2.0 * high, horizon)
        return crossing.first(holds, low, high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taper(_Stretch):
    """The battery decides the power; every used phase carries the same current, as on a ramp.

    `linear` decays exponentially in time, `exponential` hyperbolically, `none` holds (so does a decay of 0). The
    power counts as deliverable: see `power_to_current` for a source that cannot.
    """

    kind: TaperKind
    start_power: float
    """W into the battery at the start."""
    decay: float = 0.0
    """Linear: 1/s; exponential: 1/J. As in `Acceptance.decay`."""

    def __post_init__(self) -> None:
        _Stretch.__post_init__(self)
        if not self.lines:
            raise ValueError("a taper needs a live phase to draw from")

    @property
    def _holds(self) -> bool:
        return self.kind == "none" or self.decay == 0

    def battery_power(self, dt: float) -> float:
        """W"""
        if self._holds:
            return self.start_power
        if self.kind == "linear":
            return self.start_power * math.exp(-self.decay * dt)
        return self.start_power / (1.0 + self.decay * self.start_power * dt)

    def battery(self, dt: float) -> float:
        """J stored."""
        if self._holds:
            return self.start_power * dt
        if self.kind == "linear":
            return -self.start_power / self.decay * math.expm1(-self.decay * dt)
        return math.log1p(self.decay * self.start_power * dt) / self.decay

    def _drawn(self, dt: float) -> float:
        """W from the mains, all phases."""
        return self.loss_power + self.battery_power(dt) / self.efficiency

    def active_current(self, dt: float) -> Phases:
        """A, the same on every used phase."""
        lines = self.lines
        source = sum(self.voltages[k] for k in lines)
        return self._on_lines(power_to_current(source, len(lines) * self.resistance, self._drawn(dt)))

    def energy(self, dt: float) -> float:
        """J: what is stored, and what is lost on the way."""
        return self.loss_power * dt + self.battery(dt) / self.efficiency

    def reaches_energy(self, joules: float) -> float | None:
        """The first dt with `energy(dt) >= joules`, or None."""
        if joules <= 0:
            return 0.0

        def enough(dt: float) -> bool:
            return self.energy(dt) >= joules

        low, high = 0.0, 1.0
        while not enough(high):
            if high > _FOREVER:
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
        if guess is None or guess > _FOREVER:
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

    def reaches_cap(self, acceptance: Acceptance, stored: float) -> float | None:
        """None: it follows the cap already."""
        return None

    def squares(self, reactive: Phases, since: float = 0.0) -> Squares:
        """Held at the value at `since`, an upper bound; ask again after half a minute for a closer one."""
        return self._frozen(reactive, since)


_FOREVER = 1e12
"""s: more than thirty thousand years; what has not happened by then never does."""


def _integral(polynomial: Square, dt: float) -> float:
    """Of `c0 + c1*t + c2*t**2` from 0 to `dt`."""
    c0, c1, c2 = polynomial
    return dt * (c0 + dt * (c1 / 2.0 + dt * c2 / 3.0))
