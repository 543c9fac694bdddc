"""Meter values: what a charge point measures, and how its vendor writes it.

The one rule: a sample is made of one snapshot; how it is written is the vendor's rows, never code.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from ..core.instant import Instant
from ..core.snapshot import Snapshot

PHASES: Final = ("L1", "L2", "L3")
NOMINAL: Final = 230.0
"""V, by which what is offered is turned into power."""
REGISTERS: Final = frozenset({"Energy.Active.Import.Register", "Energy.Active.Export.Register"})
"""Counters, of which an average makes no sense."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a measurand is read from."""

    snapshot: Snapshot
    offered: float
    """Current the vehicle is offered per phase, by the lowest of all limits [A]; 0: none."""
    state_of_charge: float | None = None
    """Of the vehicle, as far as the box knows it [%]."""


Reading = Callable[[Circumstances], float | tuple[float, float, float] | None]


def offered_power(found: Circumstances) -> tuple[float, float, float]:
    first, second, third = offered_current(found)
    return (first * NOMINAL, second * NOMINAL, third * NOMINAL)


def offered_current(found: Circumstances) -> tuple[float, float, float]:
    phases = found.snapshot.phases
    return (found.offered, found.offered * (phases > 1), found.offered * (phases > 2))


def power_factors(found: Circumstances) -> tuple[float, float, float]:
    snapshot = found.snapshot
    factors = [
        active / apparent if apparent > 0 else 0.0
        for active, apparent in zip(snapshot.active_power, snapshot.apparent_power, strict=True)
    ]
    return (factors[0], factors[1], factors[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurand:
    """How a vendor reports one measurand."""

    name: str
    read: Reading
    unit: str | None = None
    scale: float = 1.0
    """What the reading is multiplied with to be in `unit`."""
    phases: tuple[str, ...] = ()
    """Names of the phases, for a reading with one value each."""
    total: bool = False
    """The sum follows the phases."""
    idle: bool = True
    """Reported without a transaction as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterFormat:
    """How a vendor writes a sampled value."""

    number: str = "%.3f"
    members: tuple[Literal["context", "format", "phase", "location", "unit", "measurand"], ...] = (
        "context",
        "format",
        "measurand",
        "phase",
        "location",
        "unit",
    )
    """Members after `value`, in order."""


@dataclass(frozen=True, slots=True)
class Value:
    """One number of a sample."""

    measurand: Measurand
    phase: str | None
    number: float


Sample = tuple[Value, ...]


def sample(rows: Iterable[Measurand], wanted: Iterable[str], found: Circumstances, *, running: bool) -> Sample:
    """What is measured now of the measurands `wanted`: `Voltage`, or `Voltage.L1-N` for one phase of it."""
    names = frozenset(wanted)
    return tuple(value for row in rows if row.idle or running for value in _values(row, names, found))


def _values(row: Measurand, wanted: frozenset[str], found: Circumstances) -> Iterator[Value]:
    reading = row.read(found)
    if reading is None:
        return
    if isinstance(reading, float):
        if row.name in wanted:
            yield Value(row, None, reading * row.scale)
        return
    for phase, number in zip(row.phases, reading, strict=False):
        if row.name in wanted or f"{row.name}.{phase}" in wanted:
            yield Value(row, phase, number * row.scale)
    if row.total and row.name in wanted:
        yield Value(row, None, math.fsum(reading) * row.scale)


def refresh(old: Sample, new: Sample) -> Sample:
    """A sample taken earlier, with what was 0 then as it is now. Source: tfocpp."""
    now = {(value.measurand.name, value.phase): value for value in new}
    return tuple(now.get((v.measurand.name, v.phase), v) if v.number == 0 else v for v in old)


def written(values: Sample, context: str, style: MeterFormat) -> list[Mapping[str, str]]:
    """The `sampledValue` of a sample."""
    return [_written(value, context, style) for value in values]


def _written(value: Value, context: str, style: MeterFormat) -> Mapping[str, str]:
    members = {
        "context": context,
        "format": "Raw",
        "measurand": value.measurand.name,
        "phase": value.phase,
        "location": "Outlet",
        "unit": value.measurand.unit,
    }
    shown: dict[str, str] = {name: text for name in style.members if (text := members[name]) is not None}
    return {"value": style.number % value.number, **shown}


class Average:
    """The mean of a sample over time, of what is no counter; trapezoids between the looks."""

    def __init__(self, at: Instant, first: Sample) -> None:
        self._since = self._at = at
        self._last = first
        self._sums = {_key(value): 0.0 for value in first}

    def look(self, at: Instant, now: Sample) -> None:
        """Something changed, or the interval is over."""
        before = {_key(value): value.number for value in self._last}
        for value in now:
            mean = (value.number + before.get(_key(value), value.number)) / 2
            self._sums[_key(value)] = self._sums.get(_key(value), 0.0) + mean * (at - self._at)
        self._at, self._last = at, now

    def result(self) -> Sample:
        """The means up to the last look; of a counter, what it shows."""
        span = self._at - self._since
        return tuple(
            value
            if value.measurand.name in REGISTERS or not span
            else Value(value.measurand, value.phase, self._sums[_key(value)] / span)
            for value in self._last
        )


def _key(value: Value) -> tuple[str, str | None]:
    return value.measurand.name, value.phase
