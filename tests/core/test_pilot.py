"""The pilot against the tables of IEC 61851-1 and of the public firmware it follows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.core import pilot
from emulator.core.states import PilotState

A, B, C, D, E, F = PilotState


@pytest.mark.parametrize(
    ("current", "duty"),
    [
        (6, 10.0),
        (8, 13.333),
        (10, 16.667),
        (13, 21.667),
        (16, 26.667),
        (20, 33.333),
        (25, 41.667),
        (32, 53.333),
        (51, 85.0),
        (51.2, 85.0),
        (52.4, 85.0),
        (52.5, 85.0),
        (63, 89.2),
        (80, 96.0),
        (100, 96.0),
        (0, 100.0),
        (-1, 100.0),
        (5.4, 9.0),
        (4, 8.0),
        (0.1, 8.0),
    ],
)
def test_encode(current: float, duty: float) -> None:
    assert pilot.encode(current) == pytest.approx(duty, abs=5e-4)


@pytest.mark.parametrize(
    ("duty", "current"),
    [
        (0, 0),
        (2.9, 0),
        (5, 0),
        (7.5, 0),
        (7.99, 0),
        (8, 6),
        (9.99, 6),
        (10, 6),
        (26.667, 16.0002),
        (85, 51),
        (85.01, 52.525),
        (89.2, 63),
        (96, 80),
        (96.5, 80),
        (97, 80),
        (97.01, 0),
        (100, 0),
    ],
)
def test_decode(duty: float, current: float) -> None:
    assert pilot.decode(duty) == pytest.approx(current, abs=1e-9)


@pytest.mark.parametrize("current", [6, 8, 10, 13, 16, 20, 25, 32, 40, 51, 63, 80, *range(6, 52), *range(53, 81)])
def test_whole_amperes_come_back_exactly(current: int) -> None:
    assert pilot.decode(pilot.encode(current)) == current


@given(st.one_of(st.floats(6, 51), st.floats(52.6, 80)))
def test_decode_inverts_encode(current: float) -> None:
    assert pilot.decode(pilot.encode(current)) == pytest.approx(current, abs=2e-9)


@given(st.floats(0, 100))
def test_duty_is_never_where_no_vehicle_may_draw_unless_nothing_is_offered(current: float) -> None:
    duty = pilot.encode(current)
    assert duty == 100.0 if current == 0 else 8.0 <= duty <= 96.0


@given(st.floats(0.1, 100), st.floats(0.1, 100))
def test_more_current_is_never_less_duty(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert pilot.encode(low) <= pilot.encode(high)


def test_gap_is_read_as_its_lower_end() -> None:
    assert pilot.decode(pilot.encode(52.5)) == 51


def test_five_microseconds_of_pulse() -> None:
    """The tolerance of the pulse width in the low and the high range."""
    assert pilot.decode(30.5) - pilot.decode(30.0) == pytest.approx(0.3)
    assert pilot.decode(90.5) - pilot.decode(90.0) == pytest.approx(1.25)


def test_parallel_resistances() -> None:
    assert (pilot.R_B, round(pilot.R_C, 1), round(pilot.R_D, 1)) == (2740, 881.7, 245.8)


@pytest.mark.parametrize(
    ("resistance", "voltage"),
    [(None, 12.0), (pilot.R_B, 8.979), (pilot.R_C, 5.995), (pilot.R_D, 2.929), (0.0, 0.0)],
)
def test_plateau(resistance: float | None, voltage: float) -> None:
    assert pilot.plateau_voltage(resistance) == pytest.approx(voltage, abs=1e-3)


@pytest.mark.parametrize(
    ("resistance", "least", "most"),
    [(pilot.R_B, 8.37, 9.59), (pilot.R_C, 5.47, 6.53), (pilot.R_D, 2.59, 3.28)],
)
def test_plateau_with_worst_components(resistance: float, least: float, most: float) -> None:
    low = pilot.plateau_voltage(resistance * 0.97, source=11.4, series=1030, diode=0.55)
    high = pilot.plateau_voltage(resistance * 1.03, source=12.6, series=970, diode=0.85)
    assert (round(low, 2), round(high, 2)) == (least, most)


@pytest.mark.parametrize(("resistance", "voltage"), [(10_000, 10.97), (1790, 7.95), (300, 3.31), (150, 2.17)])
def test_thresholds_as_voltages(resistance: float, voltage: float) -> None:
    assert round(pilot.plateau_voltage(resistance), 2) == voltage


@pytest.mark.parametrize("previous", list(PilotState))
def test_nominal_resistances_are_read_from_any_state(previous: PilotState) -> None:
    read = [pilot.classify(r, previous) for r in (None, pilot.R_B, pilot.R_C, pilot.R_D, 0.0)]
    assert read == [A, B, C, D, E]


@pytest.mark.parametrize(
    ("previous", "thresholds"),
    [
        (A, (9000, 1790, 300, 150)),
        (B, (11000, 1611, 300, 150)),
        (C, (10000, 1969, 270, 150)),
        (D, (10000, 1790, 330, 135)),
        (E, (10000, 1790, 300, 165)),
        (F, (10000, 1790, 300, 165)),
    ],
)
def test_each_threshold_belongs_to_the_lower_state(previous: PilotState, thresholds: tuple[float, ...]) -> None:
    for threshold, above, below in zip(thresholds, (A, B, C, D), (B, C, D, E), strict=True):
        assert pilot.classify(threshold, previous) is below
        assert pilot.classify(threshold + 0.01, previous) is above


@given(st.one_of(st.none(), st.floats(0, 20_000)), st.sampled_from(PilotState))
def test_a_state_once_read_stays(resistance: float | None, previous: PilotState) -> None:
    """Hysteresis only ever widens the state that is being read."""
    state = pilot.classify(resistance, previous)
    assert pilot.classify(resistance, state) is state


def test_bad_contact_keeps_the_state_it_was_read_in() -> None:
    assert pilot.classify(1750.0, B) is B
    assert pilot.classify(1750.0, C) is C
