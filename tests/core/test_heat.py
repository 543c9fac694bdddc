"""Temperatures and derating of a whole charger."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from support_charger import QUICK, Bench

from emulator.core.faults import Overtemp
from emulator.core.messages import Disturb, Relieve, SetClimate
from emulator.core.specs import ChargerSpec, Climate, DeratingLevel
from emulator.core.states import EvseState as S
from emulator.core.thermal import SensorName
from emulator.core.vehicles import PRESETS

LEVELS = [(69.9, None), (70.0, 16.0), (75.0, 8.0), (80.0, 0.0), (90.0, 0.0)]


def held(bench: Bench, temperature: float, sensor: SensorName = "board") -> float | None:
    return bench.do(Disturb(name="hot", fault=Overtemp(temperature=temperature, sensor=sensor))).derated


@pytest.mark.parametrize(("temperature", "current"), LEVELS)
@pytest.mark.parametrize("sensor", ["board", "connector_l2", "domestic_pin"])
def test_levels_upwards(temperature: float, current: float | None, sensor: SensorName) -> None:
    assert held(Bench(), temperature, sensor) == current


def test_hysteresis_downwards() -> None:
    bench = Bench()
    expected = [(85.0, 0.0), (75.1, 0.0), (75.0, 8.0), (74.9, 8.0), (70.0, 16.0), (65.1, 16.0), (65.0, None)]
    assert [(t, held(bench, t)) for t, _ in expected] == expected
    assert len(bench.times("derated")) == 4


def test_several_levels_at_once_are_one_event() -> None:
    bench = Bench()
    held(bench, 90.0)
    held(bench, 20.0)
    assert [event.detail["current"] for event in bench.events if event.name == "derated"] == [0.0, None]


def test_derating_is_a_limit_and_a_stop_is_one_too() -> None:
    bench = Bench()
    bench.charge(PRESETS["ideal"], current=32.0)
    held(bench, 72.0)
    now = bench.look()
    assert (now.binding_limit, now.effective_limit, now.offered_current) == ("temperature", 16.0, 16.0)
    assert now.faults == ("overtemp_derate",)
    held(bench, 85.0)
    now = bench.run(7.0)
    assert (now.state, now.effective_limit, now.faults) == (S.B_WAIT, 0.0, ("overtemp_stop",))
    assert now.contactor_cycles_under_load == 0
    assert now.temperature["board"] == 85.0
    bench.do(Relieve(name="hot"))
    now = bench.run(60.0)
    assert (now.state, now.derated, now.faults) == (S.CHARGING, None, ())


def test_a_hot_day_derates_a_full_load_when_the_closed_form_says() -> None:
    climate = Climate(ambient=45.0)
    bench = Bench(replace(QUICK, climate=climate, derating=(DeratingLevel(up=70.0, down=65.0, current=16.0),)))
    bench.charge(PRESETS["ideal"], current=32.0, seconds=4000.0)
    derated = bench.times("derated", current=16.0)[0]
    # 1075 s at 32 A from the start; the ramp costs some of it.
    started = bench.times("current_started")[0]
    assert 1075.0 < derated - started < 1090.0
    at = round(derated * 1e6)
    assert bench.charger.snapshot(at).temperature["connector_l1"] == pytest.approx(70.0, abs=1e-6)
    assert bench.charger.snapshot(at).derated == 16.0
    back = bench.times("derated", current=None)[0]
    assert bench.charger.snapshot(round(back * 1e6)).temperature["connector_l1"] == pytest.approx(65.0, abs=1e-6)


def test_derating_cycles_are_as_slow_as_the_heat() -> None:
    spec = replace(QUICK, climate=Climate(ambient=45.0), derating=(DeratingLevel(up=70.0, down=65.0, current=16.0),))
    bench = Bench(spec)
    bench.charge(replace(PRESETS["ideal"], capacity=1e6), current=32.0, seconds=12 * 3600.0)
    times = bench.times("derated")
    assert len(times) > 20
    assert min(b - a for a, b in itertools.pairwise(times)) > 60.0
    hottest = max(bench.charger.snapshot(round(t * 1e6)).temperature["connector_l1"] for t in times)
    assert hottest == pytest.approx(70.0, abs=1e-6)


def test_the_climate_changes_temperatures_slowly() -> None:
    bench = Bench()
    bench.do(SetClimate(ambient=30.0))
    assert bench.look().temperature["connector_l1"] == 20.0
    assert bench.run(600.0).temperature["connector_l1"] == pytest.approx(30.0 - 10.0 / 2.718281828, abs=1e-6)
    assert bench.run(86_400.0).temperature["board"] == pytest.approx(38.0)


def test_the_day_has_its_warmest_hour() -> None:
    spec = ChargerSpec(climate=Climate(ambient=20.0, swing=10.0, warmest=15 * 3600.0))
    bench = Bench(spec, time_of_day=6 * 3600.0)
    found = {hour: bench.until((hour - 6) * 3600.0).temperature["connector_l1"] for hour in range(7, 30)}
    assert max(found, key=lambda hour: found[hour]) == 15
    assert min(found, key=lambda hour: found[hour]) == 27
    again = Bench(spec, time_of_day=9 * 3600.0)
    assert again.until(6 * 3600.0).temperature["connector_l1"] == pytest.approx(found[15], abs=1e-9)


def test_a_hot_afternoon_derates_without_load() -> None:
    spec = ChargerSpec(climate=Climate(ambient=50.0, swing=15.0))
    bench = Bench(spec)
    bench.until(2 * 86_400.0)
    assert [event.detail["current"] for event in bench.events if event.name == "derated"] == [16.0, None, 16.0, None]
    up, down = bench.times("derated")[:2]
    assert bench.charger.snapshot(round(up * 1e6)).temperature["board"] == pytest.approx(70.0, abs=1e-6)
    assert bench.charger.snapshot(round(down * 1e6)).temperature["board"] == pytest.approx(65.0, abs=1e-6)


def test_a_slow_ramp_is_not_overlooked() -> None:
    spec = replace(QUICK, climate=Climate(ambient=50.0))
    slow = Bench(spec)
    slow.charge(replace(PRESETS["ideal"], ramp_up=0.02), current=32.0, seconds=3600.0)
    up = slow.times("derated")[0]
    assert slow.charger.snapshot(round(up * 1e6)).temperature["connector_l1"] == pytest.approx(70.0, abs=1e-6)
