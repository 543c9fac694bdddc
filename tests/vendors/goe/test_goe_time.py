"""Clock, summer time, schedules, tariff, daily trip and surplus."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from bench import CLIENT, Bench

from emulator.core.instant import SECOND
from emulator.vendors.goe import localtime, trip
from emulator.vendors.goe.ladder import Trip
from emulator.vendors.goe.schedule import Calendar, Moment, Plan, Verdict, normalised
from emulator.vendors.goe.surplus import Powers, Surplus, Tuning

Make = Callable[..., Bench]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# --- the clock -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "minutes", "moment", "hours"),
    [
        (0, 60, "2026-07-01T12:00", 1),
        (1, 60, "2026-01-01T12:00", 1),
        (1, 60, "2026-03-29T00:59", 1),
        (1, 60, "2026-03-29T01:00", 2),
        (1, 60, "2026-10-25T00:59", 2),
        (1, 60, "2026-10-25T01:00", 1),
        (1, 0, "2026-07-01T12:00", 1),
        (2, -300, "2026-03-08T06:59", -5),
        (2, -300, "2026-03-08T07:00", -4),
        (2, -300, "2026-11-01T05:59", -4),
        (2, -300, "2026-11-01T06:00", -5),
        (3, 600, "2026-01-15T00:00", 11),
        (3, 600, "2026-04-04T15:59", 11),
        (3, 600, "2026-04-04T16:00", 10),
        (3, 600, "2026-10-03T15:59", 10),
        (3, 600, "2026-10-03T16:00", 11),
    ],
)
def test_summer_time(rule: int, minutes: int, moment: str, hours: int) -> None:
    assert localtime.offset_at(at(moment), minutes, rule) == timedelta(hours=hours)


def test_the_next_change_of_the_clock() -> None:
    assert localtime.next_transition(at("2026-01-01T00:00"), 60, 1) == at("2026-03-29T01:00")
    assert localtime.next_transition(at("2026-12-01T00:00"), 60, 1) == at("2027-03-28T01:00")
    assert localtime.next_transition(at("2026-12-01T00:00"), 60, 0) is None


def test_clock_keys(goe: Make) -> None:
    world = goe()
    world.wait(27.034042)
    assert world.read("utc", "loc") == ["2026-01-05T08:00:27.034", "2026-01-05T09:00:27.034 +01:00"]
    tab, rbt, lto = world.read("tab", "rbt", "lto")
    assert isinstance(tab, int)
    assert isinstance(rbt, int)
    assert datetime.fromtimestamp((tab + rbt) / 1000, UTC) == at("2026-01-05T08:00:27.034")
    assert lto == 3_600_000
    world.request("/api/set?tof=-330&tds=0")
    assert world.box.read("loc") == "2026-01-05T02:30:27.034 -05:30"


def test_old_firmware_shows_microseconds_as_a_group_of_their_own(goe: Make) -> None:
    world = goe(firmware="53.1")
    world.wait(27.034042)
    assert world.read("utc", "loc") == ["2026-01-05T08:00:27.034.042", "2026-01-05T09:00:27.034.042 +01:00"]
    assert goe(firmware="55.5").box.read("utc") == "2026-01-05T08:00:00.000"


def test_the_clock_can_be_set(goe: Make) -> None:
    world = goe()
    assert world.get("/api/set?utc=%222030-06-01T10:00:00.000.000%22") == {"utc": True}
    world.wait(1)
    assert world.box.read("loc") == "2030-06-01T12:00:01.000 +02:00"
    assert world.get("/api/set?utc=%22tomorrow%22") == {"utc": "utc: failed: value must be string (tomorrow)"}


# --- schedules -------------------------------------------------------------------------------------------------------


def plan(control: int, *ranges: tuple[str, str]) -> Plan:
    def moment(text: str) -> Moment:
        hour, minute = text.split(":")
        return {"hour": int(hour), "minute": int(minute)}

    return normalised({"control": control, "ranges": [{"begin": moment(a), "end": moment(b)} for a, b in ranges]})


OFF = plan(0)


@pytest.mark.parametrize(
    ("control", "inside", "outside"),
    [
        (0, Verdict.SILENT, Verdict.SILENT),
        (1, Verdict.ALLOW, Verdict.BLOCK),
        (2, Verdict.BLOCK, Verdict.ALLOW),
        (3, Verdict.ALLOW, Verdict.SURPLUS_ONLY),
        (4, Verdict.SURPLUS_ONLY, Verdict.ALLOW),
    ],
)
def test_verdicts(control: int, inside: Verdict, outside: Verdict) -> None:
    calendar = Calendar(plan(control, ("10:00", "12:00")), OFF, OFF, end_exclusive=True)
    assert calendar.verdict(at("2026-01-05T11:00")) is inside
    assert calendar.verdict(at("2026-01-05T13:00")) is outside
    assert calendar.verdict(at("2026-01-10T11:00")) is Verdict.SILENT, "Saturday has its own"


def test_the_end_belongs_to_the_range_before_60_4() -> None:
    for exclusive, verdict in ((True, Verdict.BLOCK), (False, Verdict.ALLOW)):
        calendar = Calendar(plan(1, ("10:00", "11:00")), OFF, OFF, end_exclusive=exclusive)
        assert calendar.verdict(at("2026-01-05T11:00:30")) is verdict
        assert calendar.verdict(at("2026-01-05T11:01:00")) is Verdict.BLOCK


def test_ranges_over_midnight_and_to_its_end() -> None:
    night = Calendar(plan(1, ("22:00", "6:00")), OFF, OFF, end_exclusive=True)
    assert night.verdict(at("2026-01-05T23:00")) is Verdict.ALLOW
    assert night.verdict(at("2026-01-05T05:59")) is Verdict.ALLOW
    assert night.verdict(at("2026-01-05T12:00")) is Verdict.BLOCK
    evening = Calendar(plan(1, ("20:00", "24:00")), OFF, OFF, end_exclusive=True)
    assert evening.verdict(at("2026-01-05T23:59:59")) is Verdict.ALLOW


def test_the_next_change_of_a_schedule() -> None:
    calendar = Calendar(plan(1, ("10:00", "12:00"), ("14:00", "15:00")), OFF, OFF, end_exclusive=True)
    assert calendar.next_change(at("2026-01-05T09:00")) == at("2026-01-05T10:00")
    assert calendar.next_change(at("2026-01-05T10:00")) == at("2026-01-05T12:00")
    assert calendar.next_change(at("2026-01-09T16:00")) == at("2026-01-10T00:00"), "Saturday says nothing"
    assert calendar.next_change(at("2026-01-10T00:00")) == at("2026-01-12T00:00")
    assert Calendar(OFF, OFF, OFF, end_exclusive=True).next_change(at("2026-01-05T09:00")) is None


def test_a_schedule_over_the_api(goe: Make) -> None:
    world = goe()  # Monday 9:00 local time
    world.plug_in()
    written = json.dumps(plan(1, ("10:00", "12:00")), separators=(",", ":"))
    assert world.get(f"/api/set?sch_week={written}") == {"sch_week": True}
    world.wait(10)
    assert world.read("modelStatus", "alw", "car") == [5, False, 3]
    world.wait(3600 - 10)
    assert world.read("modelStatus", "alw") == [14, True]
    world.wait(60)
    assert world.box.read("car") == 2
    world.wait(7200 - 61)
    assert world.box.read("modelStatus") == 14
    world.wait(1)
    assert world.read("modelStatus", "alw") == [5, False]
    assert world.box.read("sch_week.ranges.0.begin") == {"hour": 10, "minute": 0, "second": 0}
    old = goe(firmware="59.4")
    old.get(f"/api/set?sch_week={written}")
    assert old.box.read("sch_week") == json.loads(written)


def test_a_schedule_follows_the_clock_change(goe: Make) -> None:
    half_past_one = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    world = Bench("goe", epoch=half_past_one, settings={"sch_sund": plan(1, ("2:30", "3:30"))})
    assert world.box.read("modelStatus") == 5, "1:30"
    world.wait(1800)
    assert world.box.read("modelStatus") == 14, "2:00 became 3:00"
    world.wait(1800)
    assert world.box.read("modelStatus") == 5


@pytest.mark.parametrize(
    "value",
    [
        '"x"',
        '{"control":5,"ranges":[]}',
        '{"control":1}',
        '{"control":1,"ranges":[{"begin":{"hour":25,"minute":0},"end":{"hour":0,"minute":0}}]}',
        '{"control":1,"ranges":[{"begin":{"hour":1},"end":{"hour":0,"minute":0}}]}',
        '{"control":1,"ranges":[1,2,3]}',
    ],
)
def test_odd_schedules_are_refused(goe: Make, value: str) -> None:
    world = goe()
    assert world.request(f"/api/set?sch_week={value}").status == 500
    assert world.box.read("sch_week.control") == 0


def test_grid_controls_exist_since_59_4(goe: Make) -> None:
    written = json.dumps(plan(3, ("1:00", "2:00")), separators=(",", ":"))
    assert goe(firmware="56.8").request(f"/api/set?sch_week={written}").status == 500
    assert goe(firmware="59.4").request(f"/api/set?sch_week={written}").status == 200


# --- tariff and trip -------------------------------------------------------------------------------------------------


def test_a_low_price_charges(goe: Make) -> None:
    world = goe(lmo=4, awe=True, awp=5.0)
    now = int(at("2026-01-05T08:00").timestamp())
    prices = [
        {"start": now, "end": now + 3600, "marketprice": 12.5},
        {"start": now + 3600, "end": now + 7200, "marketprice": 4.2},
    ]
    world.plug_in()
    assert world.box.write("awpl", prices, CLIENT).ok
    world.wait(60)
    assert world.read("modelStatus", "awcp.marketprice") == [17, 12.5]
    world.wait(3600)
    assert world.read("modelStatus", "car") == [7, 2]
    world.wait(3600)
    assert world.read("modelStatus", "awcp") == [17, None]


def test_the_arithmetic_of_a_trip() -> None:
    assert trip.state(10_000, 10_000, 11_000, 21_600, 0) is Trip.DONE
    assert trip.state(11_000, 0, 11_000, 7_200, 0) is Trip.WAIT
    assert trip.state(11_000, 0, 11_000, 7_200, 3_600) is Trip.MUST
    assert trip.due(0, 11_000, 0, 11_000, 7_200, 0) == 3_600 * SECOND


def test_a_daily_trip(goe: Make) -> None:
    world = goe(lmo=5, ate=11_000.0, att=12 * 3600)  # 9:00 now, 11 kWh until 12:00
    assert world.read("tls", "tlf") == [None, False]
    world.plug_in(capacity=80_000.0, state_of_charge=0.2)
    world.wait(20)
    assert world.read("modelStatus", "car", "tlf") == [8, 2, False], "a test charge"
    world.wait(3580)
    assert world.read("modelStatus", "car", "tlf") == [18, 4, True]
    assert world.box.read("tls") is not None
    world.wait(3600 + 30)
    assert world.read("modelStatus", "car") == [9, 2]
    world.wait(3700)
    assert world.box.read("modelStatus") == 18
    assert world.box.read("wh") == pytest.approx(11_000, abs=120)


def test_a_daily_trip_with_an_hourly_tariff(goe: Make) -> None:
    """Source: go-eCharger-API-v2#260."""
    world = goe(lmo=5, ate=10_000.0, att=15 * 3600, awe=True, awp=-50.0)  # 9:00 now, 10 kWh until 15:00
    now = int(at("2026-01-05T08:00").timestamp())
    prices = [
        {"start": now + 3600 * hour, "end": now + 3600 * (hour + 1), "marketprice": price}
        for hour, price in enumerate((9.0, 4.0, 8.0, 3.0, 7.0, 6.0))
    ]
    assert world.box.write("awpl", prices, CLIENT).ok
    world.plug_in(capacity=80_000.0, state_of_charge=0.2)
    seen = []
    for _ in range(5):
        world.wait(1800)
        seen.append(world.box.read("modelStatus"))
        world.wait(1800)
    assert seen == [18, 18, 18, 10, 18]
    assert world.box.read("wh") == pytest.approx(10_000, abs=200)


def test_a_test_charge_of_a_car_that_takes_nothing_ends(goe: Make) -> None:
    world = goe(lmo=5, ate=11_000.0, att=20 * 3600)
    world.plug_in(state_of_charge=1.0)
    world.wait(60)
    assert world.read("modelStatus", "tlf") == [8, False]
    world.wait(65)
    assert world.read("modelStatus", "tlf") == [18, True]


def test_a_trip_without_a_clock(goe: Make) -> None:
    world = goe(lmo=5, ate=11_000.0, att=20 * 3600, tse=False)
    assert world.box.read("tsss") == 0
    world.outage(after=15)
    assert str(world.box.read("utc")).startswith("1970-01-01")
    world.plug_in()
    world.wait(30)
    assert world.read("modelStatus", "car") == [11, 2]
    assert world.box.write("utc", "2026-01-05T08:00:00.000", CLIENT).ok
    world.wait(60)
    assert world.box.read("modelStatus") == 18
    world = goe(tse=True)
    world.outage(after=12)
    assert world.box.read("tsss") == 2
    world.wait(5)
    assert world.box.read("tsss") == 1
    assert str(world.box.read("utc")).startswith("2026-01-05")


# --- surplus ---------------------------------------------------------------------------------------------------------

TUNING = Tuning(
    start=1400, hysteresis=200, minimum_run=300_000, target=0, three_phase_level=4200, phase_hysteresis=500,
    wish_time=120_000, toggle_time=600_000, rounding=1, lowest=6, highest=16,
)  # fmt: skip


def test_surplus_starts_and_stops_with_hysteresis_and_minimum_run() -> None:
    surplus = Surplus()
    surplus.receive(Powers(0, -1300, None, None), charging=0)
    assert not surplus.update(0, TUNING, may_switch=False)
    surplus.receive(Powers(5 * SECOND, -1500, None, None), charging=0)
    assert surplus.update(5 * SECOND, TUNING, may_switch=False)
    surplus.receive(Powers(10 * SECOND, 500, None, None), charging=1380)
    assert surplus.update(10 * SECOND, TUNING, may_switch=False), "runs for at least fmt"
    assert surplus.due(10 * SECOND, TUNING) == 20 * SECOND
    assert surplus.update(304 * SECOND, TUNING, may_switch=False)
    assert not surplus.update(305 * SECOND, TUNING, may_switch=False)


def test_currents_from_power() -> None:
    surplus = Surplus()
    surplus.receive(Powers(0, -5000, None, None), charging=0)
    surplus.update(0, TUNING, may_switch=False)
    assert (surplus.current(TUNING, 1), surplus.current(TUNING, 3)) == (16, 7)
    surplus.receive(Powers(0, 0, None, None), charging=2300)
    surplus.update(0, TUNING, may_switch=False)
    assert (surplus.current(TUNING, 1), surplus.current(TUNING, 3)) == (10, 6)


def feed(world: Bench, available: float, seconds: int) -> None:
    """A client that reports every 5 s what is left of `available` W."""
    for _ in range(seconds // 5):
        grid = round(world.now.power - available, 1)
        assert world.get(f'/api/set?ids={{"pGrid":{grid},"pPv":{available},"pAkku":0.0}}') == {"ids": True}
        world.wait(5)


def test_surplus_charging(goe: Make) -> None:
    world = goe(lmo=4, fup=True, psm=1)
    world.plug_in(max_current=32.0)
    world.wait(10)
    assert world.read("modelStatus", "car", "pgrid") == [17, 3, None]
    feed(world, 2500, 60)
    assert world.read("modelStatus", "car", "ppv", "acu") == [12, 2, 2500, 11]
    assert world.box.read("cll.pvSurplus") == 11
    world.wait(10)
    assert world.read("pgrid", "ppv", "dsrc") == [None, None, None], "forgotten after 10 s"
    assert world.box.read("inva") is not None
    world.wait(300)
    assert world.read("modelStatus", "alw") == [17, False]


def test_surplus_switches_phases(goe: Make) -> None:
    world = goe(lmo=4, fup=True, psm=0, mptwt=60_000, mpwst=30_000, amp=16)
    world.plug_in()
    feed(world, 2000, 90)
    assert world.read("fsp", "pwm") == [True, 1]
    feed(world, 8000, 120)
    assert world.read("fsp", "pwm", "car", "pnp") == [False, 2, 2, 3]


def test_surplus_data_names_ignore_case(goe: Make) -> None:
    world = goe()
    world.get('/api/set?ids={"PGRID":-10,"ppv":5}')
    assert world.read("pgrid", "ppv", "pakku") == [-10, 5, None]
    assert world.request('/api/set?ids={"pGrid":"many"}').status == 500
    assert world.request("/api/set?ids=null").status == 200
    assert world.box.read("pgrid") is None


def test_failsafe(goe: Make) -> None:
    world = goe(fse=True, fsi=0, fsc=60)
    world.plug_in()
    world.wait(59)
    assert world.read("modelStatus", "car") == [15, 2]
    world.wait(2)
    assert world.read("modelStatus", "alw") == [41, False]
    world.request("/api/set?amp=10")
    world.wait(1)
    assert world.box.read("modelStatus") == 15
    world = goe(fse=True, fsi=8, fsc=60)
    world.wait(61)
    assert world.read("acu", "modelStatus") == [8, 15]
    assert "without setter" in str(world.get("/api/set?fse=true")["fse"])


def watch(world: Bench, available: float, seconds: int) -> list[object]:
    """`modelStatus` every 5 s, while a client reports."""
    seen = []
    for _ in range(seconds // 5):
        feed(world, available, 5)
        seen.append(world.box.read("modelStatus"))
    return seen


def test_surplus_charging_takes_its_time(goe: Make) -> None:
    """Source: Gesiima/dbus-goecharger, a V4 with 60.6: starts after 30 to 35 s, stops after 120 to 125 s."""
    world = goe(lmo=4, fup=True, psm=1, slow_surplus=True, fmt=5000)
    world.plug_in(max_current=32.0)
    world.wait(10)
    assert watch(world, 3000, 45).index(12) * 5 + 5 in (30, 35, 40)
    feed(world, 3000, 20)
    low = world.box.read("acu")
    feed(world, 3000, 40)
    high = world.box.read("acu")
    assert isinstance(low, int)
    assert isinstance(high, int)
    assert 2 <= high - low <= 3
    assert set(watch(world, 0, 30)) == {12}, "a cloud"
    feed(world, 3000, 60)
    gone = watch(world, 0, 150)
    assert gone.index(17) * 5 + 5 in (120, 125, 130)
    feed(world, 3000, 60)
    assert world.box.read("modelStatus") == 12
    world.wait(3)
    assert world.box.read("modelStatus") == 17, "no data"
    world.wait(20)
    feed(world, 3000, 5)
    assert world.box.read("modelStatus") == 12, "at once after a gap"
