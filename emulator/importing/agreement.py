"""Whether a value of the log comes again: by its value, within the tolerance of what it is.

The one rule: states, settings and words have to be equal; what is measured may be off as much as its row says; a clock
is compared by how far it has moved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .boxes import Reading
from .meanings import FLOATING, Tolerance, meaning, number_of

NOTHING: Final = object()
"""The emulated box does not have the value."""


@dataclass(frozen=True, slots=True)
class Match:
    """One reading, and what came in its place."""

    reading: Reading
    found: object
    ok: bool


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a replay agrees with the log."""

    matches: tuple[Match, ...]

    @property
    def good(self) -> int:
        return sum(match.ok for match in self.matches)

    @property
    def share(self) -> float:
        """0..1; 1 where there was nothing to compare."""
        return self.good / len(self.matches) if self.matches else 1.0

    @property
    def misses(self) -> list[Match]:
        return [match for match in self.matches if not match.ok]


def judged(vendor: str, readings: Sequence[Reading], found: Mapping[int, Sequence[object]]) -> Agreement:
    """Compare each reading with what was found around its time. `found`: by the reading's place in the sequence."""
    bases: dict[str, tuple[float, float]] = {}
    matches: list[Match] = []
    for index, reading in enumerate(readings):
        looks = found.get(index, ())
        best = next((look for look in looks if same(vendor, reading, look, bases)), NOTHING)
        ok = best is not NOTHING
        shown = best if ok else (looks[0] if looks else NOTHING)
        _begin(vendor, reading, shown, bases)
        matches.append(Match(reading, shown, ok))
    return Agreement(tuple(matches))


def _begin(vendor: str, reading: Reading, found: object, bases: dict[str, tuple[float, float]]) -> None:
    """Remember where a clock stood."""
    expected, other = number_of(reading.value), number_of(found)
    if _is_clock(vendor, reading) and expected is not None and other is not None:
        bases.setdefault(reading.address, (expected, other))


def _is_clock(vendor: str, reading: Reading) -> bool:
    known = meaning(vendor, reading.known_as)
    return known is not None and known.quantity.startswith("clock")


def same(vendor: str, reading: Reading, found: object, bases: Mapping[str, tuple[float, float]] | None = None) -> bool:
    """Whether a value is what the log shows."""
    value = reading.value
    if found is NOTHING:
        return False
    if isinstance(value, bool) or isinstance(found, bool):
        return _plain(value) == _plain(found)
    expected, other = number_of(value), number_of(found)
    if expected is None or other is None:
        return _plain(value) == _plain(found)
    tolerance, factor = _tolerance(vendor, reading)
    if _is_clock(vendor, reading):
        first, begun = (bases or {}).get(reading.address, (expected, other))
        expected, other = expected - first, other - begun
    return tolerance.holds(expected * factor, other * factor)


def _tolerance(vendor: str, reading: Reading) -> tuple[Tolerance, float]:
    """The tolerance, and the factor from the value to its unit."""
    known = meaning(vendor, reading.known_as)
    if known is not None and not isinstance(known.to, Mapping):
        return known.tolerance, known.to / reading.scale
    whole = isinstance(reading.value, int) or reading.interface == "modbus"
    return (Tolerance() if whole else FLOATING), 1.0


def _plain(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def together(agreements: Iterable[Agreement]) -> Agreement:
    """Of several boxes."""
    return Agreement(tuple(match for one in agreements for match in one.matches))
