"""Temperatures against numerical integration, published checks and each other."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.core import thermal
from emulator.core.flow import Squares, active_from_rms
from emulator.core.ramp import Ramp
from emulator.core.specs import Climate
from emulator.core.thermal import BY_NAME, SENSORS, Sensor, reaches, temperature

NOTHING: Squares = ((0, 0, 0), (0, 0, 0), (0, 0, 0))
MILD = Climate()
SUMMER = Climate(ambient=22.0, swing=9.0)


def steady(*amperes: float) -> Squares:
    a, b, c = (*amperes, 0.0, 0.0)[:3]
    return ((a * a, 0, 0), (b * b, 0, 0), (c * c, 0, 0))


def settled(name: str, squares: Squares, climate: Climate = MILD) -> float:
    return temperature(BY_NAME[name], climate.ambient, squares, climate, 0.0, 1e9)


def integrated(
    sensor: Sensor, start: float, squares: Squares, climate: Climate, calendar: float, dt: float, steps: int = 400
) -> float:
    """Runge-Kutta of the differential equation itself."""

    def slope(t: float, value: float) -> float:
        heat = sum(c0 + c1 * t + c2 * t * t for (c0, c1, c2), near in zip(squares, sensor.phases, strict=True) if near)
        return (thermal.ambient(climate, calendar + t) + sensor.rise + sensor.heating * heat - value) / sensor.tau

    h, value = dt / steps, start
    for step in range(steps):
        t = step * h
        k1 = slope(t, value)
        k2 = slope(t + h / 2, value + h / 2 * k1)
        k3 = slope(t + h / 2, value + h / 2 * k2)
        k4 = slope(t + h, value + h * k3)
        value += h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return value


sensors = st.sampled_from(SENSORS)
climates = st.builds(Climate, ambient=st.floats(-20, 45), swing=st.one_of(st.just(0.0), st.floats(1, 12)))
starts = st.floats(-20, 90)
calendars = st.floats(0, 86_400)


@st.composite
def heats(draw: st.DrawFn) -> Squares:
    """Squares of real ramps and constants."""
    flow = Ramp(
        voltages=(230.0, 230.0, 230.0),
        resistance=0.2,
        mask=draw(st.sampled_from([(True, True, True), (True, False, False)])),
        current=draw(st.floats(0, 32)),
        rate=draw(st.sampled_from([0.0, 0.0, 0.5, 2.0])),
    )
    idle = draw(st.floats(0, 6))
    return flow.squares((idle, idle, idle))


@pytest.mark.parametrize(
    ("name", "squares", "gain"),
    [
        ("board", steady(32, 32, 32), 12.0),
        ("board", steady(16, 16, 16), 3.0),
        ("housing", steady(32, 32, 32), 20.0),
        ("housing", steady(16, 16, 16), 5.0),
        ("connector_l1", steady(32), 30.0),
        ("connector_l2", steady(0, 16), 7.5),
        ("connector_l3", steady(0, 0, 32), 30.0),
        ("domestic_pin", steady(10), 22.0),
        ("domestic_pin", steady(13), 37.0),
        ("domestic_pin", steady(16), 56.0),
    ],
)
def test_gain_by_load(name: str, squares: Squares, gain: float) -> None:
    assert settled(name, squares) - settled(name, NOTHING) == pytest.approx(gain, abs=0.35)


@pytest.mark.parametrize(("name", "rise"), [("board", 8), ("housing", 6), ("relay", 5), ("connector_l1", 0)])
def test_rise_without_load(name: str, rise: float) -> None:
    assert settled(name, NOTHING) == pytest.approx(20 + rise)
    assert thermal.resting(BY_NAME[name], MILD, 0.0) == 20 + rise


def test_a_connector_feels_its_own_phase_only() -> None:
    assert settled("connector_l1", steady(0, 32, 32)) == pytest.approx(20.0)


def test_logarithm() -> None:
    """From 35 towards 80 °C with 1500 s: 70 °C after 2256.1 s."""
    sensor = Sensor(name="box", rise=60.0, heating=0.0, phases=(True, True, True), tau=1500.0)
    assert reaches(sensor, 35.0, NOTHING, MILD, 0.0, 70.0, rising=True) == pytest.approx(2256.1, abs=0.05)


def test_hot_day_at_full_load() -> None:
    sensor, hot = BY_NAME["connector_l1"], Climate(ambient=45.0)
    assert settled("connector_l1", steady(32), hot) == pytest.approx(75.0, abs=0.01)
    assert reaches(sensor, 45.0, steady(32), hot, 0.0, 70.0, rising=True) == pytest.approx(1075, abs=0.5)
    assert reaches(sensor, 45.0, steady(29.2), hot, 0.0, 70.0, rising=True) is None
    assert reaches(sensor, 45.0, steady(29.3), hot, 0.0, 70.0, rising=True) is not None


def test_session_with_a_reduction_a_pause_and_a_restart() -> None:
    """Connector temperatures from an independent integration in steps of 1 ms."""
    sensor = BY_NAME["connector_l1"]
    high, low = active_from_rms(15.74, 0.6), active_from_rms(9.80, 0.6)
    segments = [
        (2.1, 0.0, 0.0, 0.0),
        (5.1, 0.0, 0.0, 0.6),
        (12.964280, 0.0, 2.0, 0.6),
        (600.0, high, 0.0, 0.6),
        (601.0, high, 0.0, 0.6),
        (601.743368, high, -8.0, 0.6),
        (1200.0, low, 0.0, 0.6),
        (1200.5, low, 0.0, 0.6),
        (1201.111351, low, -16.0, 0.6),
        (1500.0, 0.0, 0.0, 0.0),
        (1502.1, 0.0, 0.0, 0.0),
        (1505.1, 0.0, 0.0, 0.6),
        (1512.964280, 0.0, 2.0, 0.6),
        (3600.0, high, 0.0, 0.6),
    ]
    expected = {12.964280: 20.031755, 600.0: 24.542175, 1200.0: 23.453406, 1502.1: 22.089279, 3600.0: 27.099306}
    at, value = 0.0, 20.0
    for end, current, rate, idle in segments:
        flow = Ramp(voltages=(230.0,) * 3, resistance=0.2, mask=(True, True, True), current=current, rate=rate)
        value = temperature(sensor, value, flow.squares((idle, idle, idle)), MILD, 0.0, end - at)
        at = end
        if end in expected:
            assert value == pytest.approx(expected[end], abs=1e-6)


@given(sensors, starts, heats(), climates, calendars, st.floats(0.1, 600))
@settings(deadline=None)
def test_closed_form_solves_the_equation(
    sensor: Sensor, start: float, squares: Squares, climate: Climate, calendar: float, dt: float
) -> None:
    closed = temperature(sensor, start, squares, climate, calendar, dt)
    assert closed == pytest.approx(integrated(sensor, start, squares, climate, calendar, dt), rel=1e-9, abs=1e-9)


@given(sensors, starts, climates, calendars, st.floats(0, 3000), st.floats(0, 3000))
def test_cut_in_two_it_is_the_same(
    sensor: Sensor, start: float, climate: Climate, calendar: float, one: float, other: float
) -> None:
    squares = steady(16, 16, 16)
    middle = temperature(sensor, start, squares, climate, calendar, one)
    parts = temperature(sensor, middle, squares, climate, calendar + one, other)
    assert parts == pytest.approx(temperature(sensor, start, squares, climate, calendar, one + other), abs=1e-9)


@given(sensors, starts, st.floats(0, 32), st.floats(0, 1e5))
def test_stays_between_start_and_end(sensor: Sensor, start: float, current: float, dt: float) -> None:
    squares = steady(current, current, current)
    end = temperature(sensor, start, squares, MILD, 0.0, 1e9)
    value = temperature(sensor, start, squares, MILD, 0.0, dt)
    assert min(start, end) - 1e-9 <= value <= max(start, end) + 1e-9


def test_start_is_exact() -> None:
    assert temperature(BY_NAME["board"], 33.3, steady(16, 16, 16), SUMMER, 12_345.6, 0.0) == 33.3


@pytest.mark.parametrize("name", ["board", "connector_l1"])
def test_the_day_arrives_late_and_flattened(name: str) -> None:
    """A sine of the surroundings: smaller by 1/sqrt(1 + (omega tau)²), later by atan(omega tau)/omega."""
    sensor = BY_NAME[name]
    inertia = 2 * math.pi / 86_400 * sensor.tau
    late = math.atan(inertia) * 86_400 / (2 * math.pi)
    peak = SUMMER.warmest + late
    assert thermal.resting(sensor, SUMMER, peak) == pytest.approx(
        sensor.rise + 22 + 9 / math.sqrt(1 + inertia**2), abs=1e-9
    )
    assert thermal.resting(sensor, SUMMER, peak - 600) < thermal.resting(sensor, SUMMER, peak)
    assert thermal.resting(sensor, SUMMER, peak + 600) < thermal.resting(sensor, SUMMER, peak)
    start = thermal.resting(sensor, SUMMER, 3600.0)
    assert temperature(sensor, start, NOTHING, SUMMER, 3600.0, 7200.0) == pytest.approx(
        thermal.resting(sensor, SUMMER, 10_800.0), abs=1e-9
    )


def test_ambient_peaks_in_the_afternoon() -> None:
    assert thermal.ambient(SUMMER, 15 * 3600.0) == 31.0
    assert thermal.ambient(SUMMER, 3 * 3600.0) == pytest.approx(13.0)
    assert thermal.ambient(SUMMER, 15 * 3600.0 + 5 * 86_400) == pytest.approx(31.0)


def test_the_day_does_not_matter_only_its_time() -> None:
    args = (BY_NAME["board"], 30.0, steady(16, 16, 16), SUMMER)
    assert temperature(*args, 40_000.0 + 20_000 * 86_400, 500.0) == pytest.approx(
        temperature(*args, 40_000.0, 500.0), abs=1e-6
    )


# --- crossings -------------------------------------------------------------------------------------------------------


@given(sensors, starts, heats(), climates, calendars, st.floats(-20, 90), st.booleans(), st.floats(1, 20_000))
@settings(deadline=None)
def test_crossing_is_the_first(
    sensor: Sensor,
    start: float,
    squares: Squares,
    climate: Climate,
    calendar: float,
    threshold: float,
    rising: bool,
    horizon: float,
) -> None:
    def beyond(dt: float) -> float:
        value = temperature(sensor, start, squares, climate, calendar, dt)
        return value - threshold if rising else threshold - value

    due = reaches(sensor, start, squares, climate, calendar, threshold, rising=rising, horizon=horizon)
    if due == 0:
        assert beyond(0.0) >= 0
        return
    end = horizon if due is None else due
    assert all(beyond(end * step / 50) < 1e-8 for step in range(50))
    if due is None:
        assert beyond(horizon) < 1e-8
    else:
        assert 0 < due <= horizon
        assert 0 <= beyond(due) < 1e-6


def test_already_there() -> None:
    sensor = BY_NAME["board"]
    assert reaches(sensor, 70.0, NOTHING, MILD, 0.0, 70.0, rising=True) == 0.0
    assert reaches(sensor, 70.0, NOTHING, MILD, 0.0, 70.0, rising=False) == 0.0


def test_a_hair_away() -> None:
    """The start is below the threshold by one unit in the last place, on the way towards it or away from it."""
    sensor, below = BY_NAME["board"], math.nextafter(27.0, 0)
    due = reaches(sensor, below, NOTHING, MILD, 0.0, 27.0, rising=True)
    assert due is not None
    assert 0 < due < 1e-9
    assert reaches(sensor, math.nextafter(29.0, 0), NOTHING, MILD, 0.0, 29.0, rising=True) is None
    assert reaches(sensor, math.nextafter(29.0, 100), NOTHING, MILD, 0.0, 29.0, rising=False) is not None


def test_never_quite_there() -> None:
    sensor = BY_NAME["connector_l1"]
    assert reaches(sensor, 25.0, NOTHING, MILD, 0.0, 20.0, rising=False) is None
    assert reaches(sensor, 20.0, NOTHING, MILD, 0.0, 20.0 + 1e-12, rising=True) is None
    almost = reaches(sensor, 25.0, NOTHING, MILD, 0.0, 20.0 + 1e-9, rising=False)
    assert almost == pytest.approx(600 * math.log(5e9), rel=1e-4)


def test_cooling() -> None:
    sensor = BY_NAME["connector_l1"]
    due = reaches(sensor, 70.0, NOTHING, MILD, 0.0, 65.0, rising=False)
    assert due == pytest.approx(600 * math.log(50 / 45), rel=1e-9)
    assert reaches(sensor, 70.0, NOTHING, MILD, 0.0, 20.0, rising=False) is None
    assert reaches(sensor, 70.0, NOTHING, MILD, 0.0, 75.0, rising=True) is None


def test_horizon() -> None:
    sensor, hot = BY_NAME["connector_l1"], Climate(ambient=45.0)
    due = reaches(sensor, 45.0, steady(32), hot, 0.0, 70.0, rising=True)
    assert due is not None
    assert reaches(sensor, 45.0, steady(32), hot, 0.0, 70.0, rising=True, horizon=due) == due
    assert reaches(sensor, 45.0, steady(32), hot, 0.0, 70.0, rising=True, horizon=due - 1e-6) is None


def test_a_brief_excess_is_found() -> None:
    """The afternoon's peak exceeds the threshold by a millikelvin for a quarter of an hour."""
    sensor = BY_NAME["board"]
    peak = SUMMER.warmest + math.atan(2 * math.pi / 86_400 * 1200) * 86_400 / (2 * math.pi)
    top = thermal.resting(sensor, SUMMER, peak)
    start = thermal.resting(sensor, SUMMER, 0.0)
    due = reaches(sensor, start, NOTHING, SUMMER, 0.0, top - 1e-3, rising=True)
    assert due is not None
    assert 0 < peak - due < 1000
    assert temperature(sensor, start, NOTHING, SUMMER, 0.0, due) >= top - 1e-3
    assert reaches(sensor, start, NOTHING, SUMMER, 0.0, top + 1e-3, rising=True) is None


def test_crossing_within_a_ramp() -> None:
    sensor = BY_NAME["connector_l1"]
    ramp = Ramp(voltages=(230.0,) * 3, resistance=0.2, mask=(True, True, True), current=0.0, rate=2.0)
    squares = ramp.squares((0.0, 0.0, 0.0))
    due = reaches(sensor, 20.0, squares, MILD, 0.0, 20.05, rising=True, horizon=16.0)
    assert due is not None
    # dT/dt is close to heating * (2 t)² / tau this early.
    assert due == pytest.approx((0.05 * 3 * 600 / 0.0293 / 4) ** (1 / 3), rel=0.01)
    assert reaches(sensor, 20.0, squares, MILD, 0.0, 20.05, rising=True, horizon=0.9 * due) is None


def test_a_dip_before_the_rise_is_found() -> None:
    """Falling and rising again within one segment: both crossings, the first of each kind."""
    sensor = replace(BY_NAME["connector_l1"], name="dip")
    squares: Squares = ((0.0, 0.0, 4e-4), (0, 0, 0), (0, 0, 0))
    falls = reaches(sensor, 30.0, squares, MILD, 0.0, 28.0, rising=False, horizon=20_000)
    assert falls is not None
    later = temperature(sensor, 30.0, squares, MILD, 0.0, falls)
    assert later <= 28.0
    rises = reaches(sensor, 30.0, squares, MILD, 0.0, 30.5, rising=True, horizon=20_000)
    assert rises is not None
    assert rises > falls
