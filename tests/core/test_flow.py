"""The closed forms against quadrature, against each other, and against a worked example."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from emulator.core.battery import Acceptance, TaperKind
from emulator.core.flow import Flow, Idle, active_from_rms, deliverable, power_to_current
from emulator.core.ramp import Ramp
from emulator.core.snapshot import PhaseMask, Phases
from emulator.core.specs import VehicleSpec
from emulator.core.taper import Taper

GRID: Phases = (230.0, 230.0, 230.0)
ALL: PhaseMask = (True, True, True)
L1: PhaseMask = (True, False, False)
WH = 3600.0

# Five-point Gauss-Legendre on [-1, 1].
_NODES = (
    (0.0, 128 / 225),
    (math.sqrt(5 - 2 * math.sqrt(10 / 7)) / 3, (322 + 13 * math.sqrt(70)) / 900),
    (math.sqrt(5 + 2 * math.sqrt(10 / 7)) / 3, (322 - 13 * math.sqrt(70)) / 900),
)


def integral(f: Callable[[float], float], low: float, high: float, panels: int = 40) -> float:
    """Quadrature that knows nothing of the closed forms."""
    half = (high - low) / panels / 2
    total = 0.0
    for panel in range(panels):
        middle = low + (2 * panel + 1) * half
        for node, weight in _NODES:
            total += weight * (f(middle + node * half) + f(middle - node * half)) / (2 if node == 0 else 1)
    return total * half


def watts(flow: Flow, dt: float) -> float:
    return sum(flow.power(dt))


masks = st.sampled_from([L1, (False, True, False), (True, True, False), (True, False, True), ALL])
volts = st.floats(180, 260)
grids = st.tuples(volts, volts, volts)
resistances = st.one_of(st.just(0.0), st.floats(0.01, 0.5))
losses = st.one_of(st.just(0.0), st.floats(20, 500))
efficiencies = st.floats(0.7, 1.0)


@st.composite
def ramps(draw: st.DrawFn) -> Ramp:
    return Ramp(
        voltages=draw(grids),
        resistance=draw(resistances),
        mask=draw(masks),
        loss_power=draw(losses),
        efficiency=draw(efficiencies),
        current=draw(st.one_of(st.just(0.0), st.floats(0.1, 32))),
        rate=draw(st.one_of(st.just(0.0), st.floats(0.1, 16), st.floats(-16, -0.1))),
    )


@st.composite
def tapers(draw: st.DrawFn) -> Taper:
    kinds: list[TaperKind] = ["linear", "exponential", "none"]
    kind = draw(st.sampled_from(kinds))
    return Taper(
        voltages=draw(grids),
        resistance=draw(resistances),
        mask=draw(masks),
        loss_power=draw(losses),
        efficiency=draw(efficiencies),
        kind=kind,
        start_power=draw(st.floats(500, 6_000)),
        decay=draw(st.floats(1e-4, 1e-3) if kind == "linear" else st.floats(1e-8, 1e-6)),
    )


@st.composite
def idles(draw: st.DrawFn) -> Idle:
    mask = draw(st.one_of(masks, st.just((False, False, False))))
    return Idle(voltages=draw(grids), resistance=draw(resistances), mask=mask, standby=draw(st.floats(0, 20)))


flows = st.one_of(ramps(), tapers(), idles())


def span(flow: Flow) -> float:
    """s over which a flow is looked at: a ramp for seconds, the others for an hour."""
    if isinstance(flow, Ramp) and flow.rate != 0:
        return 4.0 if flow.rate > 0 else flow.length
    return 3600.0


# --- single formulas -------------------------------------------------------------------------------------------------


def test_active_from_rms() -> None:
    assert active_from_rms(15.74, 0.6) == pytest.approx(15.728560, abs=1e-6)
    assert active_from_rms(9.80, 0.6) == pytest.approx(9.781615, abs=1e-6)
    assert active_from_rms(0.5, 0.6) == 0.0
    assert active_from_rms(5.0, 3.0) == 4.0


@given(volts, resistances, st.floats(0, 10_000))
def test_power_to_current_takes_that_power(voltage: float, resistance: float, power: float) -> None:
    current = power_to_current(voltage, resistance, power)
    assert (voltage - resistance * current) * current == pytest.approx(power, rel=1e-12)


def test_power_to_current_at_the_edges() -> None:
    assert power_to_current(230.0, 0.0, 2300.0) == 10.0
    assert power_to_current(0.0, 0.2, 2300.0) == 0.0
    assert power_to_current(230.0, 0.2, 0.0) == 0.0
    textbook = (230 - math.sqrt(230**2 - 4 * 0.2 * 3680)) / (2 * 0.2)
    assert power_to_current(230.0, 0.2, 3680.0) == pytest.approx(textbook, rel=1e-12)


def test_more_than_deliverable_is_the_most_there_is() -> None:
    most = deliverable(230.0, 0.5)
    assert most == 230**2 / 2
    assert power_to_current(230.0, 0.5, 2 * most) == power_to_current(230.0, 0.5, most) == 230.0
    assert deliverable(230.0, 0.0) == math.inf


@pytest.mark.parametrize(("resistance", "volts", "power"), [(0.0, 230.0, 10971), (0.2, 226.82, 10819)])
def test_three_phases_at_15_9_amperes(resistance: float, volts: float, power: float) -> None:
    flow = Ramp(voltages=GRID, resistance=resistance, mask=ALL, current=15.9)
    assert flow.voltage(0)[0] == pytest.approx(volts)
    assert round(watts(flow, 0)) == power


@pytest.mark.parametrize(
    ("offer", "idle", "kilowatts"),
    [
        (6, 5.9, 0.75),
        (7, 5.9, 2.60),
        (8, 5.9, 3.73),
        (10, 5.9, 5.57),
        (16, 5.9, 10.26),
        (32, 5.9, 21.7),
        (8, 5.4, 4.07),
    ],
)
def test_mostly_reactive_vehicle(offer: float, idle: float, kilowatts: float) -> None:
    """A Zoe at low offers: the limit binds the rms current, most of which carries no power."""
    flow = Ramp(voltages=GRID, resistance=0.0, mask=ALL, current=active_from_rms(offer, idle))
    assert watts(flow, 0) / 1000 == pytest.approx(kilowatts, abs=0.05 if offer == 32 else 0.005)


@pytest.mark.parametrize(
    ("loss", "efficiency", "power", "percent"),
    [
        (150, 0.94, 1380, 83.8),
        (150, 0.94, 3680, 90.2),
        (150, 0.94, 11040, 92.7),
        (200, 0.945, 1380, 80.8),
        (200, 0.945, 3680, 89.4),
        (200, 0.945, 11040, 92.8),
        (300, 0.92, 1860, 77.2),
    ],
)
def test_share_of_the_power_that_reaches_the_battery(
    loss: float, efficiency: float, power: float, percent: float
) -> None:
    flow = Ramp(
        voltages=GRID, resistance=0.0, mask=ALL, loss_power=loss, efficiency=efficiency, current=power / 230 / 3
    )
    assert round(100 * flow.battery_power(0) / watts(flow, 0), 1) == percent


@pytest.mark.parametrize(("resistance", "seconds"), [(0.20, 5.122775), (0.25, 5.126620)])
def test_five_watt_hours_within_a_ramp(resistance: float, seconds: float) -> None:
    flow = Ramp(voltages=GRID, resistance=resistance, mask=ALL, current=0.0, rate=2.0)
    assert flow.reaches_energy(5 * WH) == pytest.approx(seconds, abs=5e-7)


def test_energy_of_a_ramp_is_the_cubic() -> None:
    flow = Ramp(voltages=GRID, resistance=0.2, mask=ALL, current=4.0, rate=2.0)
    c0, c1, c2 = 230 * 4 - 0.2 * 16, (230 - 2 * 0.2 * 4) * 2, -0.2 * 4
    assert flow.energy(3.0) == pytest.approx(3 * (c0 * 3 + c1 * 9 / 2 + c2 * 27 / 3), rel=1e-14)


@pytest.mark.parametrize(("kind", "minutes"), [("linear", 115.13), ("exponential", 175.89)])
def test_time_from_ninety_to_hundred_percent(kind: TaperKind, minutes: float) -> None:
    full = 75_000 * WH
    acceptance = Acceptance(kind=kind, start=0.9 * full, full=full, power=10_000, end_power=1_000)
    flow = Taper(
        voltages=GRID,
        resistance=0.2,
        mask=ALL,
        kind=acceptance.kind,
        start_power=acceptance.cap(acceptance.start),
        decay=acceptance.decay,
    )
    end = flow.reaches_battery(0.1 * full)
    assert end is not None
    assert round(end / 60, 2) == minutes
    assert flow.battery_power(end) == pytest.approx(1_000, rel=1e-9)
    assert flow.battery(end) >= 0.1 * full


# --- every flow ------------------------------------------------------------------------------------------------------


@given(flow=flows, share=st.floats(0.01, 1))
@settings(deadline=None)
def test_energy_is_the_integral_of_the_power(flow: Flow, share: float) -> None:
    dt = share * span(flow)
    assert flow.energy(dt) == pytest.approx(integral(lambda t: watts(flow, t), 0, dt), rel=1e-9, abs=1e-6)


@given(flow=flows, share=st.floats(0.01, 1))
@settings(deadline=None)
def test_battery_is_the_integral_of_its_power(flow: Flow, share: float) -> None:
    dt = share * span(flow)
    loss = flow.loss_power if isinstance(flow, Ramp) else 0.0
    # The kink where the power equals the losses, found without the closed form; a ramp's power is monotone.
    low, high = 0.0, dt
    rising = watts(flow, dt) > watts(flow, 0)
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if (watts(flow, middle) < loss) == rising else (low, middle)
    expected = integral(flow.battery_power, 0, low) + integral(flow.battery_power, low, dt)
    assert flow.battery(dt) == pytest.approx(expected, rel=1e-9, abs=1e-6)


@given(flow=flows, share=st.floats(0, 1))
def test_power_is_voltage_times_current(flow: Flow, share: float) -> None:
    dt = share * span(flow)
    for v0, v, i, p in zip(flow.voltages, flow.voltage(dt), flow.active_current(dt), flow.power(dt), strict=True):
        assert p == pytest.approx(v * i, rel=1e-12)
        assert i >= 0
        assert v <= v0


@given(flow=flows, share=st.floats(0, 1))
def test_unused_phases_carry_nothing(flow: Flow, share: float) -> None:
    dt = share * span(flow)
    for used, v0, v, i in zip(flow.mask, flow.voltages, flow.voltage(dt), flow.active_current(dt), strict=True):
        assert used or (i == 0 and v == v0)


@given(flow=flows, share=st.floats(0, 1))
def test_the_battery_never_gets_more_than_its_share(flow: Flow, share: float) -> None:
    dt = share * span(flow)
    assert 0 <= flow.battery(dt) <= flow.efficiency * flow.energy(dt) * (1 + 1e-12) + 1e-9
    assert 0 <= flow.battery_power(dt) <= watts(flow, dt) * (1 + 1e-12)


@given(flow=flows, one=st.floats(0, 1), other=st.floats(0, 1))
def test_energies_never_fall(flow: Flow, one: float, other: float) -> None:
    early, late = sorted((one * span(flow), other * span(flow)))
    assert flow.energy(early) <= flow.energy(late) * (1 + 1e-15)
    assert flow.battery(early) <= flow.battery(late) * (1 + 1e-15)


@given(flow=flows, share=st.floats(0.01, 0.99))
def test_reaches_energy_is_the_first_time(flow: Flow, share: float) -> None:
    dt = share * span(flow)
    joules = flow.energy(dt)
    assume(joules > 1e-3)
    due = flow.reaches_energy(joules)
    assert due is not None
    assert flow.energy(due) >= joules
    assert flow.energy(math.nextafter(due, 0)) < joules
    assert due == pytest.approx(dt, rel=1e-6)


@given(flow=st.one_of(ramps(), tapers()), share=st.floats(0.01, 0.99))
def test_reaches_battery_is_the_first_time(flow: Flow, share: float) -> None:
    dt = share * span(flow)
    joules = flow.battery(dt)
    assume(joules > 1e-3)
    due = flow.reaches_battery(joules)
    assert due is not None
    assert flow.battery(due) >= joules
    assert flow.battery(math.nextafter(due, 0)) < joules
    assert due <= dt * (1 + 1e-6)


@given(flow=flows)
def test_nothing_is_reached_at_once(flow: Flow) -> None:
    assert flow.reaches_energy(0.0) == flow.reaches_battery(-1.0) == 0.0
    assert flow.energy(0.0) == flow.battery(0.0) == 0.0


@given(flow=flows, share=st.floats(0, 0.9), later=st.floats(0, 0.1), idle=st.floats(0, 6))
def test_squares(flow: Flow, share: float, later: float, idle: float) -> None:
    since, dt = share * span(flow), later * span(flow)
    reactive = (idle, 0.0, idle / 2)
    for (c0, c1, c2), now, then, q in zip(
        flow.squares(reactive, since),
        flow.active_current(since),
        flow.active_current(since + dt),
        reactive,
        strict=True,
    ):
        assert c0 == pytest.approx(now**2 + q**2, abs=1e-9)
        if isinstance(flow, Taper):
            assert (c1, c2) == (0, 0)
        else:
            assert c0 + c1 * dt + c2 * dt * dt == pytest.approx(then**2 + q**2, abs=1e-8)


# --- idle ------------------------------------------------------------------------------------------------------------


def test_standby_is_drawn_from_the_first_live_used_phase() -> None:
    flow = Idle(voltages=(0.0, 230.0, 230.0), resistance=0.2, mask=ALL, standby=5.0)
    assert flow.power(0) == pytest.approx((0.0, 5.0, 0.0))
    assert flow.energy(3600) == 5.0 * 3600
    assert flow.battery(3600) == 0.0
    assert flow.reaches_energy(5.0 * WH) == 3600.0
    assert flow.reaches_battery(1.0) is None


def test_nothing_without_a_phase() -> None:
    flow = Idle(voltages=GRID, resistance=0.2, mask=(False, False, False), standby=5.0)
    assert flow.energy(3600) == 0.0
    assert flow.reaches_energy(1.0) is None
    assert flow.squares((0.0, 0.0, 0.0)) == ((0, 0, 0),) * 3


def test_dead_phase_carries_nothing() -> None:
    flow = Ramp(voltages=(230.0, 0.0, 230.0), resistance=0.2, mask=ALL, current=16.0)
    assert flow.active_current(0) == (16.0, 0.0, 16.0)
    assert flow.voltage(0)[1] == 0.0


def test_ramp_without_a_live_phase() -> None:
    flow = Ramp(voltages=(0.0, 0.0, 0.0), resistance=0.2, mask=ALL, current=4.0, rate=2.0)
    assert flow.energy(10) == 0.0
    assert flow.reaches_energy(1.0) is None
    assert flow.reaches_battery(1.0) is None


# --- ramp ------------------------------------------------------------------------------------------------------------


def test_falling_ramp_ends_at_zero_and_stays() -> None:
    flow = Ramp(voltages=GRID, resistance=0.2, mask=ALL, current=16.0, rate=-8.0)
    assert flow.length == 2.0
    assert flow.active_current(2.0) == flow.active_current(5.0) == (0.0, 0.0, 0.0)
    assert flow.energy(5.0) == flow.energy(2.0)
    assert flow.reaches_energy(flow.energy(2.0) * 1.001) is None
    assert flow.reaches_current(0.0) == 2.0
    assert flow.reaches_current(20.0) is None
    assert flow.reaches_current(-1.0) is None


def test_rising_ramp_reaches_its_target() -> None:
    flow = Ramp(voltages=GRID, resistance=0.2, mask=ALL, current=6.0, rate=2.0)
    assert flow.reaches_current(16.0) == 5.0
    assert flow.reaches_current(4.0) is None
    assert replace(flow, rate=0.0).reaches_current(6.0) == 0.0
    assert replace(flow, rate=0.0).reaches_current(7.0) is None


def test_squares_of_a_ramp() -> None:
    flow = Ramp(voltages=GRID, resistance=0.2, mask=L1, current=6.0, rate=2.0)
    assert flow.squares((0.5, 0.5, 0.0)) == ((36.25, 24.0, 4.0), (0.25, 0, 0), (0, 0, 0))
    assert flow.squares((0.0, 0.0, 0.0), since=1.0)[0] == (64.0, 32.0, 4.0)


def test_losses_are_covered_before_anything_is_stored() -> None:
    flow = Ramp(voltages=GRID, resistance=0.2, mask=ALL, loss_power=200, efficiency=0.945, current=0.0, rate=2.0)
    covered = flow.reaches_battery(1e-9)
    assert covered is not None
    assert watts(flow, covered) == pytest.approx(200, rel=1e-3)
    assert flow.battery(0.99 * covered) == 0.0
    assert flow.battery_power(0.99 * covered) == 0.0


def test_power_below_the_losses_stores_nothing_ever() -> None:
    flow = Ramp(voltages=GRID, resistance=0.2, mask=L1, loss_power=200, efficiency=0.9, current=0.5)
    assert flow.battery(1e6) == 0.0
    assert flow.reaches_battery(1.0) is None
    assert flow.reaches_energy(1.0) is not None


# --- taper -----------------------------------------------------------------------------------------------------------


def test_equal_current_on_unequal_phases() -> None:
    flow = Taper(voltages=(220.0, 230.0, 240.0), resistance=0.2, mask=ALL, kind="none", start_power=9_000)
    assert len(set(flow.active_current(0))) == 1
    assert sum(flow.power(0)) == pytest.approx(9_000, rel=1e-12)
    a, b, c = flow.power(0)
    assert a < b < c


def test_taper_needs_a_phase() -> None:
    with pytest.raises(ValueError, match="live phase"):
        Taper(voltages=GRID, resistance=0.2, mask=(False, False, False), kind="none", start_power=1.0)


def test_a_linear_taper_stores_only_so_much() -> None:
    flow = Taper(voltages=GRID, resistance=0.2, mask=ALL, kind="linear", start_power=10_000, decay=1e-3)
    assert flow.reaches_battery(1e7) is None
    assert flow.reaches_battery(1.1e7) is None
    assert flow.reaches_battery(0.999e7) == pytest.approx(math.log(1000) / 1e-3, rel=1e-9)
    assert flow.reaches_energy(1.1e7) is None
    assert replace(flow, loss_power=200.0).reaches_energy(1.1e7) is not None


@given(flow=tapers(), steps=st.integers(1, 5))
def test_a_taper_continues_itself(flow: Taper, steps: int) -> None:
    """Cut into pieces it is the same: what a later segment starts with is where the earlier ended."""
    whole = flow.battery(600.0 * steps)
    stored, piece = 0.0, flow
    for _ in range(steps):
        stored += piece.battery(600.0)
        piece = replace(piece, start_power=piece.battery_power(600.0))
    assert stored == pytest.approx(whole, rel=1e-11)


@given(flow=tapers(), share=st.floats(0, 1))
def test_a_taper_follows_its_curve(flow: Taper, share: float) -> None:
    """The power at any time is what the acceptance curve says for the energy stored by then."""
    assume(flow.kind != "none")
    # A curve as steep as the flow, that ends at 1 W.
    span_of_power = flow.start_power - 1.0 if flow.kind == "linear" else math.log(flow.start_power)
    full, end = span_of_power / flow.decay, 1.0
    curve = Acceptance(kind=flow.kind, start=0.0, full=full, power=flow.start_power, end_power=end)
    dt = share * 3600.0
    assert curve.decay == pytest.approx(flow.decay, rel=1e-9)
    assert flow.battery_power(dt) == pytest.approx(curve.cap(flow.battery(dt)), rel=1e-9)


# --- where the battery takes over ------------------------------------------------------------------------------------

VEHICLE = VehicleSpec()
CURVE = Acceptance.of(VEHICLE)


def charging(current: float = 15.0, rate: float = 0.0) -> Ramp:
    return Ramp(voltages=GRID, resistance=0.2, mask=ALL, loss_power=200, efficiency=0.945, current=current, rate=rate)


def test_curve_of_a_vehicle() -> None:
    assert CURVE.full == 58_000 * WH
    assert CURVE.cap(0.5 * CURVE.full) == math.inf
    assert CURVE.cap(CURVE.start) == 11_000
    assert CURVE.cap(CURVE.full) == pytest.approx(1_000)
    assert CURVE.cap(0.95 * CURVE.full) == pytest.approx(6_000)
    assert CURVE.cap(1.01 * CURVE.full) == CURVE.cap(CURVE.full)


def test_exponential_curve() -> None:
    curve = replace(CURVE, kind="exponential")
    assert curve.cap(0.95 * curve.full) == pytest.approx(math.sqrt(11_000 * 1_000))
    assert curve.cap(curve.full) == pytest.approx(1_000)


def test_no_curve() -> None:
    curve = Acceptance.of(VehicleSpec(taper="none"))
    assert curve.cap(curve.full) == math.inf
    assert charging().reaches_cap(curve, 0.99 * curve.full) is None
    assert Acceptance.of(VehicleSpec(end_power=0.0)).end_power == 1.0
    with pytest.raises(ValueError, match="100 %"):
        replace(CURVE, end_power=0.0)


@pytest.mark.parametrize("kind", ["linear", "exponential"])
def test_constant_current_meets_the_curve(kind: TaperKind) -> None:
    curve = Acceptance.of(VehicleSpec(taper=kind))
    flow, stored = charging(), 0.85 * curve.full
    dt = flow.reaches_cap(curve, stored)
    assert dt is not None
    power = flow.battery_power(0)
    ahead = (11_000 - power) / curve.decay if kind == "linear" else math.log(11_000 / power) / curve.decay
    assert stored + flow.battery(dt) == pytest.approx(curve.start + ahead, rel=1e-12)
    assert curve.cap(stored + flow.battery(dt)) <= power
    assert curve.cap(stored + flow.battery(dt - 1e-3)) > power


def test_weak_flow_never_meets_the_curve() -> None:
    assert charging(1.5).battery_power(0) < CURVE.end_power
    assert charging(1.5).reaches_cap(CURVE, 0.95 * CURVE.full) is None


def test_strong_flow_meets_the_curve_where_it_starts() -> None:
    flow = charging(32.0)
    dt = flow.reaches_cap(CURVE, 0.89 * CURVE.full)
    assert dt is not None
    assert 0.89 * CURVE.full + flow.battery(dt) == pytest.approx(CURVE.start, rel=1e-12)
    assert 0.89 * CURVE.full + flow.battery(dt) >= CURVE.start


def test_rising_ramp_meets_the_curve() -> None:
    flow, stored = charging(0.0, 2.0), 0.95 * CURVE.full
    dt = flow.reaches_cap(CURVE, stored)
    assert dt is not None
    assert flow.battery_power(dt) >= CURVE.cap(stored + flow.battery(dt))
    before = math.nextafter(dt, 0)
    assert flow.battery_power(before) < CURVE.cap(stored + flow.battery(before))


def test_above_the_curve_it_is_met_at_once() -> None:
    assert charging(15.0).reaches_cap(CURVE, 0.98 * CURVE.full) == 0.0


def test_falling_ramp_leaves_the_curve() -> None:
    assert charging(6.0, -8.0).reaches_cap(CURVE, 0.93 * CURVE.full) is None
    assert charging(15.0, -8.0).reaches_cap(CURVE, 0.98 * CURVE.full) == 0.0


def test_idle_and_taper_do_not_meet_it() -> None:
    assert Idle(voltages=GRID, resistance=0.2, mask=ALL).reaches_cap(CURVE, CURVE.full) is None
    taper = Taper(voltages=GRID, resistance=0.2, mask=ALL, kind="none", start_power=1e4)
    assert taper.reaches_cap(CURVE, CURVE.full) is None


def test_power_is_continuous_where_the_battery_takes_over() -> None:
    flow, stored = charging(15.0), 0.85 * CURVE.full
    dt = flow.reaches_cap(CURVE, stored)
    assert dt is not None
    taper = Taper(
        voltages=GRID,
        resistance=0.2,
        mask=ALL,
        loss_power=200,
        efficiency=0.945,
        kind="linear",
        start_power=CURVE.cap(stored + flow.battery(dt)),
        decay=CURVE.decay,
    )
    assert watts(taper, 0) == pytest.approx(watts(flow, dt), rel=1e-9)
    assert taper.active_current(0)[0] == pytest.approx(15.0, rel=1e-9)


# --- a worked example ------------------------------------------------------------------------------------------------


def test_session_with_a_reduction_a_pause_and_a_restart() -> None:
    """Numbers from an independent brute-force integration with steps of 1 ms."""
    high, low = active_from_rms(15.74, 0.6), active_from_rms(9.80, 0.6)
    segments = [
        (5.1, None),
        (12.964280, (0.0, 2.0)),
        (600.0, (high, 0.0)),
        (601.0, (high, 0.0)),
        (601.743368, (high, -8.0)),
        (1200.0, (low, 0.0)),
        (1200.5, (low, 0.0)),
        (1201.111351, (low, -16.0)),
        (1505.1, None),
        (1512.964280, (0.0, 2.0)),
        (3600.0, (high, 0.0)),
    ]
    expected = {
        12.964280: (11.745904, 40.018432),
        600.0: (1757.243434, 42.809253),
        601.743368: (1762.013652, 42.816867),
        1200.0: (2874.090741, 44.574633),
        1201.111351: (2875.590007, 44.576976),
        1512.964280: (2887.335911, 44.595409),
        3600.0: (9092.947543, 54.517363),
    }
    at = energy = 0.0
    stored = 0.4 * 58_000 * WH
    for end, motion in segments:
        if motion is not None:
            flow = charging(*motion)
            energy += flow.energy(end - at)
            stored += flow.battery(end - at)
        at = end
        if end in expected:
            # The table's instants are rounded to 1 us, which is 3 mWh per second of 10.7 kW.
            watt_hours, percent = expected[end]
            assert energy / WH == pytest.approx(watt_hours, abs=5e-6)
            assert 100 * stored / WH / 58_000 == pytest.approx(percent, abs=1e-6)
    assert watts(charging(high), 0) == pytest.approx(10704.2738, abs=1e-4)
    assert watts(charging(low), 0) == pytest.approx(6691.9066, abs=1e-4)
