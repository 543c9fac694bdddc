"""When a fault hits, and when it is over."""

from __future__ import annotations

import pytest

from emulator.errors import EmulatorError, ScenarioError

from .support import Bench, complaints

WRONG = {"match": {"key": "amp"}, "value": 99}


def amps(bench: Bench, times: int) -> list[object]:
    return [bench.amp() for _ in range(times)]


def test_at_once_and_until_cleared() -> None:
    bench = Bench()
    bench.fault("goe.http", "override", **WRONG)
    assert amps(bench, 3) == [99, 99, 99]
    bench.do("clear_fault", name="override")
    assert bench.amp() == 16
    assert bench.told() == ["begin", "hit", "hit", "hit", "end"]


@pytest.mark.parametrize(
    ("trigger", "seen"),
    [
        ({"count": 2}, [99, 99, 16, 16, 16, 16]),
        ({"on_request": 3}, [16, 16, 99, 16, 16, 16]),
        ({"on_request": 3, "count": 2}, [16, 16, 99, 99, 16, 16]),
        ({"every": 3}, [16, 16, 99, 16, 16, 99]),
        ({"every": 2, "count": 1}, [16, 99, 16, 16, 16, 16]),
        ({"on_request": 2, "every": 2}, [16, 99, 16, 99, 16, 99]),
        ({"probability": 0.0}, [16] * 6),
        ({"probability": 1.0}, [99] * 6),
    ],
)
def test_by_requests(trigger: dict[str, object], seen: list[object]) -> None:
    bench = Bench()
    bench.fault("goe.http", "override", **WRONG, **trigger)
    assert amps(bench, 6) == seen


def test_a_fault_that_has_hit_often_enough_is_gone() -> None:
    bench = Bench()
    bench.fault("goe.http", "override", **WRONG, count=1)
    amps(bench, 2)
    assert bench.told() == ["begin", "hit", "end"]
    assert bench.entries()[-1].detail["why"] == "count"
    assert bench.engine.listed() == []
    assert not bench.site.wallboxes["garage.goe"].interceptor.active


def test_probability_follows_from_the_seed() -> None:
    def play(seed: int, name: str) -> list[object]:
        bench = Bench(f"seed: {seed}\nwallbox: {{vendor: goe, model: gemini-22, http: 1}}\n")
        bench.fault("goe.http", "override", **WRONG, probability=0.5, name=name)
        return [bench.amp(on="charger.goe") for _ in range(40)]

    assert play(1, "a") == play(1, "a")
    assert play(1, "a") != play(2, "a")
    assert play(1, "a") != play(1, "b")
    assert 10 < play(1, "a").count(99) < 30


def test_when_is_asked_at_every_message() -> None:
    bench = Bench()
    bench.fault("goe.http", "override", **WRONG, when={"garage.plugged": True})
    assert bench.amp() == 16
    bench.do("plug_in", charger="garage")
    bench.wait(1)
    assert bench.amp() == 99
    bench.do("unplug", charger="garage")
    bench.wait(1)
    assert bench.amp() == 16


def test_after_an_event() -> None:
    bench = Bench()
    bench.fault("goe.http", "override", **WRONG, after={"event": "plugged", "delay": "5 s"})
    bench.do("plug_in", charger="street")
    bench.wait(60)
    assert bench.amp() == 16
    bench.do("plug_in", charger="garage")
    bench.wait(4)
    assert bench.amp() == 16
    bench.wait(2)
    assert bench.amp() == 99
    assert bench.told() == ["armed", "begin", "hit"]


@pytest.mark.parametrize("after", [{"write": "amp"}, {"write": "garage.goe.amp"}, {"request": "GET /api/set*"}])
def test_after_what_a_client_does(after: dict[str, object]) -> None:
    bench = Bench()
    bench.fault("goe.http", "override", **WRONG, after=after)
    assert bench.amp() == 16
    bench.set_amp(10)
    bench.wait(0)
    assert bench.amp() == 99


def test_for_a_time() -> None:
    bench = Bench()
    bench.fault("goe.http", "override", **WRONG, for_="10 s")
    bench.wait(9.9)
    assert bench.amp() == 99
    bench.wait(0.2)
    assert bench.amp() == 16
    assert bench.entries()[-1].detail["why"] == "time"
    assert bench.entries()[-1].at == 10_000_000


def test_until_something_is_so() -> None:
    bench = Bench()
    bench.fault("goe.http", "override", **WRONG, until={"garage.plugged": True})
    assert bench.amp() == 99
    bench.do("plug_in", charger="garage")
    bench.wait(0.5)
    assert bench.amp() == 16
    assert bench.entries()[-1].detail["why"] == "until"


def test_looking_does_not_count() -> None:
    bench = Bench()
    bench.fault("goe.http", "override", **WRONG, count=1)
    assert [bench.read("garage.goe.amp") for _ in range(3)] == [99, 99, 99]
    assert bench.amp() == 99
    assert bench.read("garage.goe.amp") == 16


def test_the_same_name_again_replaces() -> None:
    bench = Bench()
    bench.fault("goe.http", "override", name="x", match={"key": "amp"}, value=1)
    bench.fault("goe.http", "override", name="x", match={"key": "amp"}, value=2)
    assert bench.amp() == 2
    assert bench.told() == ["begin", "end", "begin", "hit"]
    assert bench.entries()[1].detail["why"] == "replaced"


def test_without_a_name_two_places_are_two_faults() -> None:
    bench = Bench()
    bench.fault("goe.http", "override", **WRONG)
    bench.fault("goe.modbus", "delay", delay="1 s")
    bench.fault("nrgkick.http", "delay", delay="1 s")
    assert [view["name"] for view in bench.engine.listed()] == ["override", "delay", "delay@garage.nrgkick.http"]


# --- order -----------------------------------------------------------------------------------------------------------


def test_faults_on_one_interface_compose_in_the_order_of_arming() -> None:
    first = Bench()
    first.fault("goe.http", "rescale", match={"key": "amp"}, factor=2)
    first.fault("goe", "rescale", match={"key": "amp"}, offset=1, name="later")
    assert first.amp() == 33
    second = Bench()
    second.fault("goe", "rescale", match={"key": "amp"}, offset=1, name="later")
    second.fault("goe.http", "rescale", match={"key": "amp"}, factor=2)
    assert second.amp() == 34


def test_others_are_not_disturbed() -> None:
    bench = Bench()
    bench.fault("goe.http", "status", status=500)
    assert bench.http("/api/status").status == 500
    assert bench.http("/info", on="garage.nrgkick").status == 200
    assert bench.registers(194) == [320]
    assert not bench.site.wallboxes["garage.nrgkick"].interceptor.active


def test_a_charger_stands_for_all_its_boxes() -> None:
    bench = Bench()
    bench.fault("garage", "status", status=503)
    assert bench.http("/api/status").status == 503
    assert bench.http("/info", on="garage.nrgkick").status == 503
    assert bench.http("/rpc/Device.GetInfo", on="street.lektrico").status != 503


def test_nothing_armed_costs_nothing() -> None:
    bench = Bench()
    for box in bench.site.wallboxes.values():
        assert not box.interceptor.active
        assert box.settings.swallow is None
    bench.fault("goe", "override", **WRONG)
    bench.do("clear_fault", name="override")
    assert not bench.site.wallboxes["garage.goe"].interceptor.active
    assert bench.site.wallboxes["garage.goe"].settings.swallow is None


# --- states ----------------------------------------------------------------------------------------------------------


def faults(bench: Bench) -> object:
    return bench.read("garage.faults")


def test_a_physical_fault_with_every_trigger() -> None:
    for trigger in ({"on_request": 2}, {"every": 2, "for_": "30 s"}):
        bench = Bench()
        bench.fault("garage", "contactor_welded", **trigger)
        bench.amp()
        bench.wait(2)
        assert faults(bench) == []
        bench.amp()
        bench.wait(2)
        assert faults(bench) == ["contactor_welded"], trigger


def test_a_state_follows_its_condition() -> None:
    bench = Bench()
    bench.fault("goe.http", "refuse", when={"garage.plugged": False})
    box = bench.site.wallboxes["garage.goe"]
    bench.wait(1)
    assert not box.interceptor.reachable("http")
    bench.do("plug_in", charger="garage")
    bench.wait(1)
    assert box.interceptor.reachable("http")
    bench.do("unplug", charger="garage")
    bench.wait(1)
    assert not box.interceptor.reachable("http")
    assert bench.told() == ["begin", "end", "begin"]


def test_a_physical_fault_for_a_time_and_until() -> None:
    bench = Bench()
    bench.fault("garage", "power_cut", for_="10 s")
    assert bench.read("garage.phase_voltage") == [0, 0, 0]
    bench.wait(11)
    assert bench.read("garage.phase_voltage.L1") != 0
    bench.fault("garage", "overvoltage", until={"garage.vehicle": "vw_id3"}, name="high", voltage="280 V")
    assert bench.read("garage.phase_voltage.L1") == 280
    bench.do("plug_in", charger="garage", vehicle="vw_id3")
    bench.wait(1)
    assert bench.read("garage.phase_voltage.L1") == 230


def test_a_residual_current_has_its_type() -> None:
    bench = Bench()
    bench.fault("garage", "trip_rcd", current_type="dc", residual_current="8 mA")
    bench.do("plug_in", charger="garage")
    bench.wait(20)
    assert "rcd_dc" in str(faults(bench))


# --- mistakes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{on: goe.http, kind: dela, delay: 3 s}", 'kind: there is no kind "dela" of faults (did you mean "delay"?)'),
        ("{kind: delay, delay: 3 s}", '"on" is missing'),
        ("{on: goe.http}", '"kind" is missing'),
        ("{on: goe.http, kind: delay, delay: 3}", "delay: found 3, expected a duration"),
        ("{on: goe.http, kind: delay, delay: 3 A}", '"3 A" is a current'),
        ("{on: goe.http, kind: delay}", '"delay" is missing'),
        ("{on: gow.http, kind: delay, delay: 3 s}", 'there is no wallbox "gow"'),
        ("{on: goe.htp, kind: delay, delay: 3 s}", 'has no interface "htp" (did you mean "http"?)'),
        ("{on: nothing, kind: delay, delay: 3 s}", 'there is no charger or wallbox "nothing"'),
        ("{on: goe.http, kind: modbus_exception}", "garage.goe.http has http, but modbus_exception is about modbus"),
        ("{on: goe.http, kind: loss}", "but loss is about udp"),
        ("{on: goe.http, kind: contactor_welded}", "is an interface, but contactor_welded is about a charger"),
        ("{on: garage, kind: reboot, match: {key: amp}}", "takes no match"),
        ("{on: goe.http, kind: hide}", "expected which value it is about"),
        ("{on: goe.http, kind: override, match: {key: amp}}", "expected value or sentinel"),
        ("{on: goe.http, kind: override, match: {key: amp}, value: 1, sentinel: nan}", 'found "value" and "sentinel"'),
        ("{on: goe.http, kind: override, match: {keys: a}, value: 1}", 'unknown key "keys" (did you mean "key"?)'),
        ("{on: goe.http, kind: delay, delay: 1 s, match: {register: 4}}", "register: makes no sense for http"),
        ("{on: goe.modbus, kind: delay, delay: 1 s, match: {topic: x}}", "topic: makes no sense for modbus"),
        ("{on: goe.modbus, kind: delay, delay: 1 s, match: {register: 9..4}}", "expected a register such as 210"),
        ("{on: goe.http, kind: delay, delay: 1 s, probability: 3}", "probability: found 3, expected a number 0..1"),
        ("{on: goe.http, kind: delay, delay: 1 s, count: 0}", "count: found 0"),
        ("{on: goe.http, kind: delay, delay: 1 s, after: {evnt: x}}", 'unknown key "evnt" (did you mean "event"?)'),
        ("{on: goe.http, kind: delay, delay: 1 s, when: {garage.pwer: 1}}", '"garage.pwer" is not a quantity'),
        ("{on: goe.http, kind: delay, delay: 1 s, depth: 3}", 'unknown key "depth"'),
        ("{on: goe, kind: act, settings: {ampp: 3}}", 'no setting "ampp"'),
        ("{on: goe, kind: act, write: {ampp: 3}}", 'has no value "ampp"'),
        ("{on: goe, kind: act}", "expected settings or write"),
        ("{on: goe.mqtt, kind: rewrap, template: x}", "has neither"),
        ("delay", 'found "delay", expected for example {on:'),
    ],
)
def test_mistakes_are_found_when_the_scenario_is_read(written: str, expected: str) -> None:
    (complaint,) = complaints(written)
    assert complaint.startswith("s.yaml:"), complaint
    line, column = complaint.split(":")[1:3]
    assert int(line) == 12
    assert int(column) > 3
    assert expected in complaint


# --- one path for physical faults ------------------------------------------------------------------------------------


@pytest.mark.parametrize("as_step", [True, False])
def test_a_physical_fault_is_the_same_however_it_is_written(as_step: bool) -> None:
    bench = Bench()

    def begin(**more: object) -> None:
        if as_step:
            bench.do("frequency", charger="garage", frequency="46 Hz", **more)
        else:
            bench.fault("garage", "frequency", frequency="46 Hz", **more)

    begin(for_="10 s")
    assert bench.read("fault.frequency") == "in force"
    assert [view["kind"] for view in bench.engine.listed()] == ["frequency"]
    bench.wait(11)
    assert bench.read("fault.frequency") == "over"
    begin()
    assert bench.do("clear_fault", name="frequency").ok
    assert bench.read("fault.frequency") == "over"
    assert not bench.site.simulation.chargers["garage"].disturbances
    assert not bench.do("clear_fault", name="frequency").ok


def test_what_the_charger_refuses_is_refused_at_once() -> None:
    bench = Bench()
    for step, where in (("fault", {"on": "garage", "kind": "trip_rcd"}), ("trip_rcd", {"charger": "garage"})):
        with pytest.raises(ScenarioError, match="only a DC residual current can be negative"):
            bench.do(step, **where, residual_current="-35 mA")
    assert not bench.do("fault", on="street", kind="loose_cable").ok  # it has a cable of its own
    bench.do("plug_in", charger="street")
    assert not bench.do("fault", on="street", kind="vehicle_habit", max_current="0 A").ok
    assert bench.engine.listed() == []
    assert bench.read("fault.loose_cable") == "over"


def test_a_leak_is_over_once_it_has_tripped() -> None:
    bench = Bench()
    bench.do("plug_in", charger="garage")
    bench.wait(60)
    bench.do("trip_rcd", charger="garage", residual_current="35 mA")
    bench.wait(5)
    assert bench.read("fault.trip_rcd") == "over"
    assert bench.told() == ["begin", "end"]


def test_a_fault_that_replaces_another_leaves_no_gap() -> None:
    bench = Bench()
    for voltage in ("200 V", "190 V"):
        bench.do("undervoltage", charger="garage", voltage=voltage)
    assert bench.told() == ["begin", "end", "begin"]
    assert "relieve" not in [entry.name for entry in bench.site.simulation.journal.after(0)]
    assert bench.read("garage.phase_voltage.L1") == 190


def test_the_same_fault_on_two_chargers() -> None:
    bench = Bench()
    for charger in ("garage", "street"):
        bench.do("pe_loss", charger=charger)
    assert [view["on"] for view in bench.engine.listed()] == ["garage", "street"]
    assert bench.do("clear_fault", name="pe_loss", charger="street").ok
    assert [view["on"] for view in bench.engine.listed()] == ["garage"]


def test_power_comes_back_however_it_was_cut() -> None:
    bench = Bench()
    bench.do("power_cut", charger="garage")
    assert bench.read("fault.power_cut") == "in force"
    bench.do("clear_fault", name="power_cut")
    bench.fault("garage", "power_cut", name="night")
    bench.wait(1)
    assert bench.read("garage.phase_voltage.L1") == 0
    bench.do("power_up", charger="garage")
    assert bench.read("fault.night") == "over"
    assert bench.read("garage.phase_voltage.L1") != 0


# --- the life of a fault ---------------------------------------------------------------------------------------------


def test_every_state_of_a_fault() -> None:
    bench = Bench()
    when = {"garage.plugged": True}
    bench.fault("goe.http", "refuse", name="x", after={"event": "plugged", "delay": "5 s"}, when=when)
    seen = [bench.read("fault.x")]
    bench.do("plug_in", charger="garage")
    bench.wait(6)
    seen.append(bench.read("fault.x"))
    bench.do("unplug", charger="garage")
    bench.wait(1)
    seen.append(bench.read("fault.x"))
    bench.do("clear_fault", name="x")
    seen.append(bench.read("fault.x"))
    assert seen == ["idle", "in force", "paused", "over"]
    bench.fault("goe.http", "refuse", name="x", when=when)
    assert bench.read("fault.x") == "armed"


def test_when_is_judged_at_what_a_fault_comes_after() -> None:
    bench = Bench()
    after, when = {"event": "unplugged"}, {"garage.goe.amp": 10}
    for place, kind, arguments in (("goe", "own_stop", {}), ("goe.modbus", "override", WRONG)):
        bench.fault(place, kind, name=kind, after=after, when=when, **arguments)
    for amp, states in ((16, "idle"), (10, "in force")):
        bench.do("set", wallbox="goe", settings={"amp": amp})
        bench.do("plug_in", charger="garage")
        bench.wait(10)
        assert bench.read("fault.own_stop") == "idle"
        bench.do("unplug", charger="garage")
        bench.wait(10)
        assert {bench.read("fault.own_stop"), bench.read("fault.override")} == {states}


def test_what_a_fault_comes_after_may_be_narrowed() -> None:
    bench = Bench()
    wanted = {"write": "amp", "detail": {"value": "< 10"}, "while": {"garage.plugged": True}}
    bench.fault("goe.http", "override", name="x", after=wanted, match={"key": "frc"}, value=7)
    seen = []
    for amp, plug in ((6, False), (16, True), (8, True)):
        if plug and bench.read("garage.plugged") is False:
            bench.do("plug_in", charger="garage")
            bench.wait(1)
        bench.set_amp(amp)
        bench.wait(1)
        seen.append(bench.read("fault.x"))
    assert seen == ["idle", "idle", "in force"]


@pytest.mark.parametrize(
    "until",
    [
        {"event": "plugged"},
        {"write": "garage.goe.amp"},
        {"request": "GET /api/set"},
        {"write": "amp", "detail": {"value": 10}, "delay": "1 s"},
        {"fault": "y", "while": {"garage.plugged": True}},
    ],
)
def test_until_something_happens(until: dict[str, object]) -> None:
    bench = Bench()
    bench.fault("goe.modbus", "override", name="x", until=until, **WRONG)
    bench.wait(60)
    assert bench.read("fault.x") == "in force"
    bench.do("plug_in", charger="garage")
    bench.wait(1)
    bench.set_amp(10)
    bench.fault("goe", "own_limit", name="y", current="6 A")
    bench.wait(1)
    assert bench.read("fault.x") == "over"


def test_one_that_is_armed_later_is_not_over_yet() -> None:
    bench = Bench()
    bench.site.names.faults.add("second")
    bench.fault("goe", "own_stop", name="first", until={"fault.second": "over"})
    bench.wait(5)
    assert (bench.read("fault.first"), bench.read("fault.second")) == ("in force", "idle")
    bench.fault("goe", "own_stop", name="second", for_="9 s")
    bench.wait(5)
    assert bench.read("fault.first") == "in force"
    bench.wait(5)
    assert (bench.read("fault.first"), bench.read("fault.second")) == ("over", "over")


def test_what_changes_messages_is_paused_while_its_condition_does_not_hold() -> None:
    bench = Bench()
    bench.site.names.faults.add("x")
    bench.fault("goe.http", "override", name="x", when={"garage.plugged": True, "fault.x": "in force"}, **WRONG)
    bench.fault("goe.http", "delay", name="y", delay="1 s", when={"garage.plugged": True})
    assert (bench.read("fault.y"), bench.engine.listed()[1]["state"]) == ("paused", "paused")
    bench.do("plug_in", charger="garage")
    bench.wait(1)
    assert bench.read("fault.y") == "in force"


def test_requests_set_a_state_off_only_after_what_it_comes_after() -> None:
    bench = Bench()
    bench.fault("goe", "own_stop", name="x", after={"event": "plugged"}, every=2, for_="10 s")
    bench.amp()
    bench.amp()
    assert bench.read("fault.x") == "idle"
    bench.do("plug_in", charger="garage")
    bench.wait(1)
    assert bench.read("fault.x") == "armed"
    bench.amp()
    bench.amp()
    bench.wait(1)
    assert bench.read("fault.x") == "in force"
    bench.wait(10)
    assert bench.read("fault.x") == "paused"


def test_what_is_done_at_once_is_done_each_time_its_condition_becomes_true() -> None:
    bench = Bench()
    bench.fault("goe", "act", settings={"amp": 8}, when={"garage.plugged": True})
    for _ in range(2):
        bench.do("plug_in", charger="garage")
        bench.wait(1)
        assert bench.amp() == 8
        assert bench.read("fault.act") == "paused"
        bench.do("unplug", charger="garage")
        bench.do("set", wallbox="goe", settings={"amp": 16})
        bench.wait(60)
        assert bench.amp() == 16
    assert bench.told() == ["begin", "end"] * 2


def test_what_sets_itself_off_for_ever_is_an_error_and_the_world_goes_on() -> None:
    bench = Bench()
    simulation = bench.site.simulation
    bench.fault("goe", "act", name="again", settings={"amp": 8}, after={"event": "plugged"}, count=10**9)
    simulation.journal.listen(lambda entry: chain.set(simulation.at) if entry.name == "again" else None)
    chain = simulation.timer(lambda _at: chain.set(simulation.at))
    bench.do("plug_in", charger="garage")
    with pytest.raises(EmulatorError, match=r"^at 0(\.\d+)? s events set each other off without end; .*fault again"):
        bench.wait(10)
    bench.wait(10)
    assert bench.amp() == 8
