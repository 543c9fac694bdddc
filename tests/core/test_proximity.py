"""Cable coding."""

from __future__ import annotations

import pytest

from emulator.core import proximity


@pytest.mark.parametrize("rating", [13, 20, 32, 63])
def test_nominal_resistors_read_as_what_they_code(rating: float) -> None:
    assert proximity.rating(proximity.resistance_for(rating)) == rating


@pytest.mark.parametrize(
    ("resistance", "rating"),
    [
        (None, None),
        (2460.1, None),
        (2460, 13),
        (936.1, 13),
        (936, 20),
        (308.1, 20),
        (308, 32),
        (140.1, 32),
        (140, 63),
        (80, 63),
        (79.9, proximity.INVALID),
        (40, proximity.INVALID),
        (0, proximity.INVALID),
    ],
)
def test_ranges(resistance: float | None, rating: float | None) -> None:
    assert proximity.rating(resistance) == rating


def test_single_phase_reading_of_the_largest_cable() -> None:
    assert proximity.resistance_for(70) == proximity.resistance_for(63) == 100


def test_no_such_cable() -> None:
    with pytest.raises(ValueError, match="16 A"):
        proximity.resistance_for(16)
