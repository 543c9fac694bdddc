"""Temperatures of one charger, and the derating that follows from them.

The one rule: derating is quantised. A level is entered at its upper threshold and left at its lower one, so that the
current depends on a level and never on a temperature.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from typing import Final

from . import thermal
from .events import Emit, EventName
from .flow import Squares
from .freshness import HOLDS, NOW
from .instant import Instant, later, seconds
from .specs import ChargerSpec, Climate
from .values import terse

WATCHED: Final = ("board", "connector_l1", "connector_l2", "connector_l3")
"""Sensors that derate."""
LOOK_AHEAD: Final = 3600.0
"""With a changing ambient a crossing is looked for this far ahead, then again [s]."""
NO_CURRENT: Final[Squares] = ((0.0, 0.0, 0.0),) * 3


@terse
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
        self._held: Mapping[str, float] = {}
        self._watched: tuple[str, ...] = WATCHED
        """Sensors that derate and are not held."""
        self._since = at
        self._squares: Squares = NO_CURRENT
        calendar = self._calendar()
        self._solved: dict[str, thermal.Response] = {}
        """The course of each sensor that was looked at in this segment."""
        self._ramping = False
        self._start: Mapping[str, float] = {
            sensor.name: thermal.resting(sensor, spec.climate, calendar) for sensor in thermal.SENSORS
        }

    @property
    def derated(self) -> float | None:
        """Current allowed by the level in force; None: no level [A]."""
        return self._levels[self._level - 1].current if self._level else None

    def temperatures(self) -> Temperatures:
        """The temperatures of the segment that begins now."""
        return Temperatures(
            self._start,
            self._squares,
            self._climate,
            self._calendar(),
            self._held,
            solved=self._solved,
        )

    def set_ambient(self, ambient: float) -> None:
        self._climate = replace(self._climate, ambient=ambient)
        self._solved = {}

    def settle(self, dt: float) -> None:
        """Make the temperatures after `dt` s those of the start of a segment."""
        if dt == 0:
            return
        if self._ramping or self._climate.swing:
            self._start = {sensor.name: self._response(sensor).at(dt) for sensor in thermal.SENSORS}
        else:
            self._start = thermal.approached(self._start, self._squares, self._climate, dt)
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
        (_, *first), (_, *second), (_, *third) = squares
        self._ramping = any((*first, *second, *third))
        self._solved = {}

    def hold(self, held: Iterable[tuple[str, float]]) -> None:
        """Sensors that show a temperature of their own [°C]."""
        self._held = dict(held)
        self._watched = tuple(name for name in WATCHED if name not in self._held)

    def step(self, emit: Emit) -> bool:
        """Change the derating level as the temperatures at the start of the segment say; whether it changed."""
        before, start = self._level, self._start
        hottest = max([start[name] for name in self._watched] + [*self._held.values()])
        while self._level < len(self._levels) and hottest >= self._levels[self._level].up:
            self._level += 1
        while self._level and hottest <= self._levels[self._level - 1].down:
            self._level -= 1
        if self._level == before:
            return False
        emit(EventName.DERATED, current=self.derated)
        return True

    def next_due(self, at: Instant, before: Instant | None) -> Instant | None:
        """When a sensor will cross the next threshold up or down; may be None if that is not `before`."""
        times: list[float] = []
        horizon = LOOK_AHEAD if self._climate.swing else math.inf
        watched = self._watched
        if self._level < len(self._levels):
            up = self._levels[self._level].up
            near = self._may_reach(up, math.inf if before is None else seconds(before - at))
            found = [self._crossing(name, up, rising=True, horizon=horizon) for name in near]
            times += [dt for dt in found if dt is not None]
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

    def _crossing(self, name: str, threshold: float, *, rising: bool, horizon: float) -> float | None:
        sensor = thermal.BY_NAME[name]
        return thermal.crosses(
            self._response(sensor),
            self._start[name],
            threshold,
            rising=rising,
            horizon=min(horizon, LOOK_AHEAD) if self._ramping else horizon,
        )

    def _may_reach(self, threshold: float, within: float) -> list[str]:
        """Watched sensors that might get that hot within so many seconds. A bound that spares the search.

        Hotter than its resting point under the largest current it never gets, and that not faster than its inertia.
        """
        (a, _, _), (b, _, _), (c, _, _) = squares = self._squares
        if self._ramping:  # the square of a linear current is largest at one of its ends
            a, b, c = (max(still, still + within * (linear + within * square)) for still, linear, square in squares)
        surroundings, found = self._climate.ambient + abs(self._climate.swing), []
        for name in self._watched:
            sensor, start = thermal.BY_NAME[name], self._start[name]
            final = surroundings + sensor.rise + sensor.heated(a, b, c)
            if start >= threshold or start + (final - start) * min(1.0, within / sensor.tau) >= threshold:
                found.append(name)
        return found

    def _calendar(self) -> float:
        return self._time_of_day + seconds(self._since)
