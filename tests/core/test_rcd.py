"""The trip curve against the standards' test points."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.core.rcd import trip_time

Kind = Literal["ac", "dc"]


@pytest.mark.parametrize(
    ("kind", "residual", "seconds"),
    [
        ("dc", 0.006, 10.0),
        ("dc", 0.060, 0.3),
        ("dc", 0.200, 0.1),
        ("dc", 1.0, 0.1),
        ("ac", 0.030, 0.3),
        ("ac", 0.060, 0.15),
        ("ac", 0.150, 0.04),
        ("ac", 5.0, 0.04),
    ],
)
def test_test_points(kind: Kind, residual: float, seconds: float) -> None:
    assert trip_time(kind, residual) == pytest.approx(seconds, rel=1e-12)


@pytest.mark.parametrize(
    ("kind", "residual", "seconds", "digits"),
    [("dc", 0.010, 4.59, 2), ("dc", 0.020, 1.60, 2), ("ac", 0.045, 0.20, 2), ("ac", 0.100, 0.072, 3)],
)
def test_between_the_points(kind: Kind, residual: float, seconds: float, digits: int) -> None:
    assert round(trip_time(kind, residual) or 0, digits) == seconds


@pytest.mark.parametrize(("kind", "residual"), [("dc", 0.00599), ("ac", 0.02999), ("dc", 0.0), ("ac", 0.0)])
def test_below_the_rated_current_nothing_trips(kind: Kind, residual: float) -> None:
    assert trip_time(kind, residual) is None


@given(st.sampled_from(["ac", "dc"]), st.lists(st.floats(0.03, 1.0), min_size=2))
def test_more_trips_no_later(kind: Kind, residuals: list[float]) -> None:
    times = [trip_time(kind, residual) for residual in sorted(residuals)]
    assert all(one is not None and other is not None and one >= other for one, other in pairwise(times))
