"""Temperatures: every sensor follows its surroundings and the currents near it with one time constant.

The one rule: closed forms of time. `tau * dT/dt = ambient + rise + heating * sum(I**2) - T`, where I² is a polynomial
of time and the ambient a constant plus a daily sine. Temperatures are °C, times s, I² A².
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field
from typing import Final, Literal

from . import crossing
from .flow import Square, Squares
from .snapshot import PhaseMask
from .specs import Climate
from .values import terse, value

_DAY: Final = 86_400.0
_OMEGA: Final = 2.0 * math.pi / _DAY
_RESOLUTION: Final = 1e-9
"""A threshold exceeded by less than this, between two instants at which it is not, counts as not reached [K]."""


SensorName = Literal["board", "housing", "connector_l1", "connector_l2", "connector_l3", "domestic_pin", "relay"]


@value
class Sensor:
    """One temperature sensor of the charger."""

    name: str
    rise: float
    """Rise above ambient without load, from the electronics [K]."""
    heating: float
    """Rise by the squares of the currents it sits next to, once settled [K/A²]."""
    phases: PhaseMask
    """Which currents those are."""
    tau: float
    """Time constant [s]."""

    def heated(self, first: float, second: float, third: float) -> float:
        """Rise by the squares of the currents (L1, L2, L3), once settled [K]."""
        a, b, c = self.phases
        return self.heating * ((first if a else 0.0) + (second if b else 0.0) + (third if c else 0.0))


_ALL: Final[PhaseMask] = (True, True, True)
_L1: Final[PhaseMask] = (True, False, False)

# ASSUMED throughout: no maker publishes these; chosen so that the board gains 12 K and a connector pin 30 K at 32 A.
SENSORS: Final = (
    Sensor(name="board", rise=8.0, heating=0.00391, phases=_ALL, tau=1200.0),
    Sensor(name="housing", rise=6.0, heating=0.00651, phases=_ALL, tau=1500.0),
    Sensor(name="connector_l1", rise=0.0, heating=0.0293, phases=_L1, tau=600.0),
    Sensor(name="connector_l2", rise=0.0, heating=0.0293, phases=(False, True, False), tau=600.0),
    Sensor(name="connector_l3", rise=0.0, heating=0.0293, phases=(False, False, True), tau=600.0),
    Sensor(name="domestic_pin", rise=0.0, heating=0.22, phases=_L1, tau=500.0),
    Sensor(name="relay", rise=5.0, heating=0.008, phases=_ALL, tau=900.0),
)
BY_NAME: Final = {sensor.name: sensor for sensor in SENSORS}


def ambient(climate: Climate, calendar_seconds: float) -> float:
    """Temperature of the surroundings at `calendar_seconds` after a midnight [°C]."""
    return climate.ambient + climate.swing * math.cos(_OMEGA * (calendar_seconds - climate.warmest))


def resting(sensor: Sensor, climate: Climate, calendar_seconds: float) -> float:
    """Temperature of a sensor that has been without load for long, on a day like any other [°C]."""
    return sensor.rise + climate.ambient + _Sine.of(sensor, climate, calendar_seconds).at(0.0)


def approached(start: Mapping[str, float], squares: Squares, climate: Climate, dt: float) -> dict[str, float]:
    """Temperatures of all sensors `dt` s after `start`, while currents and surroundings stay as they are [°C]."""
    first, second, third = (square[0] for square in squares)
    found: dict[str, float] = {}
    for sensor in SENSORS:
        final = climate.ambient + sensor.rise + sensor.heated(first, second, third)
        found[sensor.name] = final + (start[sensor.name] - final) * math.exp(-dt / sensor.tau)
    return found


@terse
class _Sine:
    """The daily sine as a sensor with inertia follows it: smaller and later."""

    amplitude: float
    start: float
    """Phase at dt = 0 [s]."""

    @classmethod
    def of(cls, sensor: Sensor, climate: Climate, calendar_seconds: float) -> _Sine:
        if not climate.swing:
            return _NO_SINE
        inertia = _OMEGA * sensor.tau
        # The calendar may count from an epoch far away: only the time of day matters.
        start = math.fmod(calendar_seconds - climate.warmest, _DAY) - math.atan(inertia) / _OMEGA
        return cls(climate.swing / math.hypot(1.0, inertia), start)

    def at(self, dt: float) -> float:
        return self.amplitude * math.cos(_OMEGA * (self.start + dt)) if self.amplitude else 0.0


_NO_SINE: Final = _Sine(0.0, 0.0)


@terse
class Response:
    """The temperature of one sensor during one segment: a polynomial, a sine, and what is left of the start."""

    polynomial: Square
    sine: _Sine
    excess: float
    """Excess over polynomial and sine at dt = 0; it dies out with `tau` [K]."""
    tau: float
    settles: bool = field(init=False, repr=False, compare=False)
    """It only approaches one constant temperature."""
    flat: bool = field(init=False, repr=False, compare=False)
    """It stays as it is."""

    def __post_init__(self) -> None:
        settles = self.polynomial[1:] == (0.0, 0.0) and self.sine.amplitude == 0
        object.__setattr__(self, "settles", settles)
        object.__setattr__(self, "flat", self.excess == 0 and settles)

    @classmethod
    def of(
        cls, sensor: Sensor, start_temperature: float, squares: Squares, climate: Climate, calendar_seconds: float
    ) -> Response:
        c0 = c1 = c2 = 0.0
        for (still, linear, square), near in zip(squares, sensor.phases, strict=True):
            if near:
                c0, c1, c2 = c0 + still, c1 + linear, c2 + square
        c0, c1, c2 = sensor.heating * c0, sensor.heating * c1, sensor.heating * c2
        # Particular solution for a polynomial drive A + B t + C t**2.
        linear = c1 - 2.0 * c2 * sensor.tau
        constant = climate.ambient + sensor.rise + c0 - sensor.tau * linear
        sine = _Sine.of(sensor, climate, calendar_seconds)
        return cls((constant, linear, c2), sine, start_temperature - constant - sine.at(0.0), sensor.tau)

    def at(self, dt: float) -> float:
        c0, c1, c2 = self.polynomial
        sine = self.sine.at(dt) if self.sine.amplitude else 0.0
        return c0 + dt * (c1 + dt * c2) + sine + self.excess * math.exp(-dt / self.tau)

    def bend(self, dt: float) -> float:
        """A bound of the curvature at and after `dt` [K/s²]."""
        return (
            abs(2.0 * self.polynomial[2])
            + abs(self.sine.amplitude) * _OMEGA**2
            + abs(self.excess) / self.tau**2 * math.exp(-dt / self.tau)
        )


def temperature(
    sensor: Sensor,
    start_temperature: float,
    squares: Squares,
    climate: Climate,
    calendar_seconds_at_start: float,
    dt: float,
) -> float:
    """Temperature of `sensor` `dt` seconds into a segment that it began at `start_temperature` [°C].

    `squares` are the polynomials of I² per phase (see `Flow.squares`); `calendar_seconds_at_start` is the time of
    day, or any count that was a multiple of a day at midnight.
    """
    if dt == 0:
        return start_temperature
    return Response.of(sensor, start_temperature, squares, climate, calendar_seconds_at_start).at(dt)


def reaches(
    sensor: Sensor,
    start_temperature: float,
    squares: Squares,
    climate: Climate,
    calendar_seconds_at_start: float,
    threshold: float,
    *,
    rising: bool,
    horizon: float = math.inf,
) -> float | None:
    """The first dt in [0, horizon] at which the sensor is at `threshold` °C or beyond it; None if it stays short.

    Beyond is above if `rising`, else below. `temperature` at the answer fulfils the condition. An infinite horizon is
    looked at for ten days and fifty time constants unless the temperature settles, when it is exact.
    """
    response = Response.of(sensor, start_temperature, squares, climate, calendar_seconds_at_start)
    return crosses(response, start_temperature, threshold, rising=rising, horizon=horizon)


def crosses(
    response: Response, start_temperature: float, threshold: float, *, rising: bool, horizon: float
) -> float | None:
    """As `reaches`, of a temperature that is solved."""
    sign = 1.0 if rising else -1.0

    def short(dt: float) -> float:
        """What is still missing; 0 or less: reached [K]."""
        return sign * (threshold - (response.at(dt) if dt > 0 else start_temperature))

    if short(0.0) <= 0:
        return 0.0
    if response.settles:
        if sign * response.excess >= 0:
            return None
        return _settling(response, threshold, lambda dt: short(dt) <= 0, horizon)
    return _search(response, short, min(horizon, 10 * _DAY + 50 * response.tau))


def _settling(response: Response, threshold: float, holds: crossing.Condition, horizon: float) -> float | None:
    """When a temperature on its way towards a constant passes `threshold`, which lies ahead: a logarithm."""
    missing = threshold - response.polynomial[0]
    if missing == 0 or missing / response.excess < 0:
        return None
    dt = crossing.refine(holds, response.tau * math.log(response.excess / missing))
    return dt if dt <= horizon else None


def _search(response: Response, short: crossing.Function, horizon: float) -> float | None:
    """The first zero of `short` up to `horizon`, by halving intervals from the left.

    An interval is done with once its curvature cannot bridge what is missing at both ends; so nothing is overlooked
    that exceeds the threshold by more than the resolution.
    """
    pending = [(0.0, horizon)]
    while pending:
        low, high = pending.pop()
        bridge = response.bend(low) * (high - low) ** 2 / 8.0
        reached = short(high) <= 0
        if not reached and (bridge < _RESOLUTION or min(short(low), short(high)) > bridge):
            continue
        middle = low + (high - low) / 2
        if not low < middle < high:
            if reached:
                return high
            continue
        if reached and short(middle) > 0 and bridge < _RESOLUTION:
            return crossing.first(lambda dt: short(dt) <= 0, middle, high)
        pending.append((middle, high))
        pending.append((low, middle))
    return None
