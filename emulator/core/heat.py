"""Temperatures of one charger, and the derating that follows from them.

The one rule: derating is quantised. A level is entered at its upper threshold and left at its lower one, so that the
current depends on a level and never on a temperature.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from . import thermal
from .events import Emit, EventName
from .flow import Squares
from .freshness import HOLDS, NOW
from .instant import Instant, later, seconds
from .specs import ChargerSpec, Climate

WATCHED: Final = ("board", "connector_l1", "connector_l2", "connector_l3")
"""Sensors that derate."""
LOOK_AHEAD: Final = 3600.0
"""With a changing ambient a crossing is looked for this far ahead, then again [s]."""
NO_CURRENT: Final[Squares] = ((0.0, 0.0, 0.0),) * 3


@dataclass(frozen=True, slots=True)
class Temperatures(Mapping[str, float]):
    """Temperatures of all sensors at one instant of a segment, worked out when asked for."""

    start: Mapping[str, float]
    squares: Squares
    climate: Climate
    time_of_day: float
    held: Mapping[str, float]
    dt: float = 0.0
    moving: bool = False
    """As the present, see `Snapshot`."""
    solved: dict[str, thermal.Response] = field(default_factory=dict, compare=False, repr=False)
    """Of the sensors that were asked for in this segment."""

    def at(self, dt: float, *, moving: bool = False) -> Temperatures:
        return Temperatures(
            self.start, self.squares, self.climate, self.time_of_day, self.held, dt, moving, self.solved
        )

    def __getitem__(self, name: str) -> float:
        if name in self.held:
            return self.held[name]
        response = self.solved.get(name)
        if response is None:
            response = self.solved[name] = thermal.Response.of(
                thermal.BY_NAME[name], self.start[name], self.squares, self.climate, self.time_of_day
            )
        if self.moving and not response.flat:
            HOLDS.until = NOW
        return self.start[name] if self.dt == 0 else response.at(self.dt)

    def __iter__(self) -> Iterator[str]:
        return iter(self.start)

    def __len__(self) -> int:
        return len(self.start)


class Heat:
    """Every sensor's temperature at the start of the segment, and the derating level."""

    def __init__(self, spec: ChargerSpec, at: Instant, time_of_day: float) -> None:
        """`time_of_day`: s since midnight at instant 0."""
        self._levels = spec.derating
        self._climate = spec.climate
        self._time_of_day = time_of_day
        self._level = 0
        self._held: dict[str, float] = {}
        self._since = at
        self._squares: Squares = NO_CURRENT
        calendar = self._calendar()
        self._solved: dict[str, thermal.Response] = {}
        """The course of each sensor that was looked at in this segment."""
        self._ramping = False
        self._start = {sensor.name: thermal.resting(sensor, spec.climate, calendar) for sensor in thermal.SENSORS}

    @property
    def derated(self) -> float | None:
        """Current allowed by the level in force; None: no level [A]."""
        return self._levels[self._level - 1].current if self._level else None

    def temperatures(self) -> Temperatures:
        """The temperatures of the segment that begins now."""
        return Temperatures(
            dict(self._start),
            self._squares,
            self._climate,
            self._calendar(),
            dict(self._held),
            solved=self._solved,
        )

    def set_ambient(self, ambient: float) -> None:
        self._climate = replace(self._climate, ambient=ambient)
        self._solved = {}

    def settle(self, dt: float) -> None:
        """Make the temperatures after `dt` s those of the start of a segment."""
        if dt != 0:
            for sensor in thermal.SENSORS:
                self._start[sensor.name] = self._response(sensor).at(dt)
            self._solved = {}

    def _response(self, sensor: thermal.Sensor) -> thermal.Response:
        """The course of a sensor in this segment."""
        found = self._solved.get(sensor.name)
        if found is None:
            start = self._start[sensor.name]
            found = thermal.Response.of(sensor, start, self._squares, self._climate, self._calendar())
            self._solved[sensor.name] = found
        return found

    def begin(self, at: Instant, squares: Squares) -> None:
        self._since = at
        self._squares = squares
        self._ramping = any(square[1:] != (0.0, 0.0) for square in squares)
        self._solved = {}

    def step(self, held: tuple[tuple[str, float], ...], emit: Emit) -> None:
        """Change the derating level as the temperatures at the start of the segment say."""
        self._held = dict(held)
        before = self._level
        hottest = max(self._held.get(name, self._start[name]) for name in (*WATCHED, *self._held))
        while self._level < len(self._levels) and hottest >= self._levels[self._level].up:
            self._level += 1
        while self._level and hottest <= self._levels[self._level - 1].down:
            self._level -= 1
        if self._level != before:
            emit(EventName.DERATED, current=self.derated)

    def next_due(self, at: Instant) -> Instant | None:
        """When a sensor will cross the next threshold up or down."""
        times: list[float] = []
        horizon = LOOK_AHEAD if self._climate.swing else float("inf")
        watched = [name for name in WATCHED if name not in self._held]
        if self._level < len(self._levels):
            times += self._crossings(watched, self._levels[self._level].up, rising=True, horizon=horizon)
        if self._level and not any(v > self._levels[self._level - 1].down for v in self._held.values()):
            falls = [
                self._crossing(name, self._levels[self._level - 1].down, rising=False, horizon=horizon)
                for name in watched
            ]
            if None not in falls:
                times.append(max(fall for fall in falls if fall is not None))
        if self._climate.swing:
            times.append(LOOK_AHEAD)
        return max(at + 1, later(at, min(times))) if times else None

    def _crossings(self, names: list[str], threshold: float, *, rising: bool, horizon: float) -> list[float]:
        found = (self._crossing(name, threshold, rising=rising, horizon=horizon) for name in names)
        return [dt for dt in found if dt is not None]

    def _crossing(self, name: str, threshold: float, *, rising: bool, horizon: float) -> float | None:
        sensor = thermal.BY_NAME[name]
        if rising and not self._may_reach(sensor, threshold):
            return None
        return thermal.crosses(
            self._response(sensor),
            self._start[name],
            threshold,
            rising=rising,
            horizon=min(horizon, LOOK_AHEAD) if self._ramping else horizon,
        )

    def _may_reach(self, sensor: thermal.Sensor, threshold: float) -> bool:
        """A bound that spares the search: hotter than its resting point under the largest current it never gets."""
        if self._ramping:
            squares = sum(LARGEST_SQUARE for near in sensor.phases if near)
            within = RAMP_AT_MOST / sensor.tau
        else:
            squares = math.fsum(square[0] for square, near in zip(self._squares, sensor.phases, strict=True) if near)
            within = 1.0
        final = self._climate.ambient + abs(self._climate.swing) + sensor.rise + sensor.heating * squares
        start = self._start[sensor.name]
        return max(start, start + (final - start) * min(1.0, within)) >= threshold

    def _calendar(self) -> float:
        return self._time_of_day + seconds(self._since)


LARGEST_SQUARE: Final = 90.0**2
"""More than any on-board charger draws [A²]."""
RAMP_AT_MOST: Final = 180.0
"""Longer than any ramp lasts; then there is another segment [s]."""
