"""What could be measured at each charger since the start, for plots.

The one rule: it is kept in stretches, not in samples: one for every segment of the charger's physics, with its values
at the beginning and at the end. A step is a step however much time a jump skipped, and nothing has to be polled. Memory
is bounded: the older half is made coarser, by joining short stretches.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from ..core.instant import SECOND, Instant, seconds
from ..core.thermal import SENSORS

if TYPE_CHECKING:
    from ..core.reading import Segment
    from ..core.snapshot import Snapshot
    from ..runtime.simulation import Simulation

KEY: Final = "histories"
ALTOGETHER: Final = 200_000
"""Stretches kept of all chargers."""
MOST: Final = 4_000
"""Stretches kept of one charger."""
FEWEST: Final = 200
"""Stretches kept of one charger, however many chargers there are."""
PIECES: Final = 12
"""Into how many a long stretch is split, so that temperatures are curves."""
SHORT: Final = 60 * SECOND
"""No piece is shorter."""

STEPPED: Final = ("power", "offered_current", "phase_current.L1", "phase_current.L2", "phase_current.L3")
TEMPERATURE: Final = "temperature."
SMOOTH: Final = ("session_energy", "state_of_charge", *(f"{TEMPERATURE}{sensor.name}" for sensor in SENSORS))
COLUMNS: Final = (*STEPPED, *SMOOTH)
NOTHING: Final = float("nan")

Discrete = tuple[str, str, str, tuple[str, ...]]
"""State, pilot, contactor, faults."""
DISCRETE: Final = ("state", "pilot", "contactor", "faults")


@dataclass(frozen=True, slots=True)
class Stretch:
    """From one instant to a later one; between them every value goes straight."""

    since: Instant
    until: Instant
    discrete: Discrete
    values: array[float]
    """Of all columns at the beginning, then of all at the end."""

    def begin(self, column: int) -> float:
        return self.values[column]

    def end(self, column: int) -> float:
        return self.values[len(COLUMNS) + column]


class History:
    """The past of one charger."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._stretches: list[Stretch] = []
        self._known: dict[Discrete, Discrete] = {}

    def __len__(self) -> int:
        return len(self._stretches)

    def record(self, segment: Segment, until: Instant) -> None:
        """A segment is over."""
        self._stretches.extend(self._pieces(segment, until))
        if len(self._stretches) > self._limit:
            self._join()

    def stretches(self, since: Instant, segment: Segment, now: Instant) -> list[Stretch]:
        """What touches the time after `since`, with `segment` that goes on."""
        kept = [stretch for stretch in self._stretches if stretch.until > since]
        return [*kept, *self._pieces(segment, now)]

    def _pieces(self, segment: Segment, until: Instant) -> Iterator[Stretch]:
        length = until - segment.since
        count = max(1, min(PIECES, length // SHORT))
        ends = [segment.since + length * number // count for number in range(count + 1)]
        views = [segment.observe(at) for at in ends]
        discrete = _discrete(views[0])
        discrete = self._known.setdefault(discrete, discrete)
        temperatures = [_temperatures(view) for view in (views if length > SECOND else views[:1])]
        for index, (since, end) in enumerate(pairwise(ends)):
            first = (*_values(views[index]), *temperatures[index])
            last = (*_values(views[index + 1]), *temperatures[min(index + 1, len(temperatures) - 1)])
            yield Stretch(since, end, discrete, array("f", (*first, *last)))

    def _join(self) -> None:
        """Join neighbours in the older half, the shortest first, until an eighth of all is gone."""
        half = len(self._stretches) // 2
        pairs = sorted(range(0, half - 1, 2), key=lambda i: self._stretches[i + 1].until - self._stretches[i].since)
        joined = set(pairs[: max(1, self._limit // 8)])
        kept: list[Stretch] = []
        skip = False
        for index, stretch in enumerate(self._stretches):
            if skip:
                skip = False
            elif index in joined:
                kept.append(_joined(stretch, self._stretches[index + 1]))
                skip = True
            else:
                kept.append(stretch)
        self._stretches = kept


def _joined(first: Stretch, second: Stretch) -> Stretch:
    """Two neighbours as one. What jumps between them becomes its mean: a step never turns into a ramp."""
    begin = list(first.values[: len(COLUMNS)])
    end = list(second.values[len(COLUMNS) :])
    earlier, later = first.until - first.since, second.until - second.since
    for column in range(len(STEPPED)):
        if abs(first.end(column) - second.begin(column)) > 1e-3 * max(1.0, abs(first.end(column))):
            means = [(one.begin(column) + one.end(column)) / 2 for one in (first, second)]
            begin[column] = end[column] = (means[0] * earlier + means[1] * later) / (earlier + later)
    discrete = first.discrete if earlier >= later else second.discrete
    return Stretch(first.since, second.until, discrete, array("f", (*begin, *end)))


def _values(view: Snapshot) -> Iterator[float]:
    yield view.power
    yield view.offered_current
    yield from view.phase_current
    yield view.session_energy
    yield view.vehicle.state_of_charge if view.vehicle is not None else NOTHING


def _temperatures(view: Snapshot) -> list[float]:
    return [view.temperature[sensor.name] for sensor in SENSORS]


def _discrete(view: Snapshot) -> Discrete:
    return (str(view.state), str(view.pilot), "closed" if view.contactor else "open", view.faults)


class Histories:
    """The past of every charger of a simulation, from now on."""

    @classmethod
    def of(cls, simulation: Simulation) -> Histories:
        """Those of a simulation, kept from the first time that somebody asks for them."""
        return simulation.extension(KEY, cls, lambda: cls(simulation))

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._kept: dict[str, History] = {}
        for name in simulation.chargers:
            self._follow(name)

    def _follow(self, name: str) -> History:
        limit = max(FEWEST, min(MOST, ALTOGETHER // max(1, len(self._simulation.chargers))))
        history = self._kept[name] = History(limit)
        self._simulation.chargers[name].follower = history.record
        return history

    def cut(self, charger: str, sensors: Collection[str], since: Instant = 0) -> Cut:
        """What touches the time after `since`. `sensors`: the temperatures that are wanted."""
        now = self._simulation.now()
        hardware = self._simulation.chargers[charger]
        history = self._kept.get(charger)
        if history is None or hardware.follower != history.record:  # it has come since, or another of its name has
            history = self._follow(charger)
        segment = hardware.segment
        found = history.stretches(since, segment, now)
        return Cut(charger, tuple(sensors), found, settled=segment.since, now=now)


@dataclass(frozen=True, slots=True)
class Cut:
    """A part of the past of one charger. It never changes, so that it can be written down elsewhere."""

    charger: str
    sensors: tuple[str, ...]
    found: list[Stretch]
    settled: Instant
    """Nothing before this changes any more."""
    now: Instant

    def as_json(self) -> dict[str, object]:
        """Columns of values over time, as plain JSON data."""
        found = self.found
        return {
            "charger": self.charger,
            "since": round(seconds(found[0].since), 6),
            "settled": round(seconds(self.settled), 6),
            "fixed": 2 * sum(1 for stretch in found if stretch.since < self.settled),
            "now": round(seconds(self.now), 6),
            "times": [round(seconds(at), 6) for stretch in found for at in (stretch.since, stretch.until)],
            "sensors": list(self.sensors),
            "values": {
                name: _column(found, index)
                for index, name in enumerate(COLUMNS)
                if not name.startswith(TEMPERATURE) or name.removeprefix(TEMPERATURE) in self.sensors
            },
            "changes": {name: _changes(found, index) for index, name in enumerate(DISCRETE)},
        }


def _column(found: list[Stretch], index: int) -> list[float | None]:
    return [_number(value) for stretch in found for value in (stretch.begin(index), stretch.end(index))]


def _number(value: float) -> float | None:
    return None if value != value else round(value, 4)


def _changes(found: list[Stretch], index: int) -> list[list[object]]:
    """`[time, value]` at every change."""
    changes: list[list[object]] = []
    for stretch in found:
        value = stretch.discrete[index]
        shown: object = list(value) if isinstance(value, tuple) else value
        if not changes or changes[-1][1] != shown:
            changes.append([round(seconds(stretch.since), 6), shown])
    return changes
