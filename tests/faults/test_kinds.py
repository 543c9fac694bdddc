"""Every kind there is: it can be armed, it ends, it is described, and every primitive of real bugs has one."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.core.faults import CATALOGUE
from emulator.faults.catalogue import FAULT_TYPES, FaultType
from emulator.language.arguments import Duration
from emulator.scenario.steps.vocabulary import STEPS

from .support import Bench

WORLD = """
chargers:
  garage:
    connector: socket
    wallboxes:
      goe: {model: gemini-22, http: 8101, modbus: 5021, mqtt: true}
      keba: {udp: 7090}
      warp: {ship: 0, ocpp: embedded}
"""
ARGUMENTS: dict[str, dict[str, object]] = {
    "delay": {"delay": "1 s"},
    "second_publisher": {"topic": "amp", "payload": "1"},
    "stray_datagram": {"data": "x"},
    "late_heartbeat": {"delay": "5 s"},
    "override": {"value": 1},
    "adjusted_write": {"step": 2},
    "add": {"member": "x"},
    "clock_wrong": {"offset": "-1 h"},
    "act": {"settings": {"amp": 8}},
    "own_limit": {"current": "6 A"},
    "vehicle_habit": {"charge_limit": "80 %"},
    "cp_resistance": {"resistance": "1 kohm"},
}
PLACES = {
    "http": "goe.http",
    "websocket": "goe.websocket",
    "modbus": "goe.modbus",
    "mqtt": "goe.mqtt",
    "udp": "keba.udp",
    "ocpp": "goe.ocpp",
    "ship": "warp.ship",
}


def places(kind: FaultType) -> list[str]:
    """Everywhere a kind can be."""
    found = []
    if "charger" in kind.levels:
        found.append("garage")
    if "wallbox" in kind.levels:
        only = kind.protocols[0] if len(kind.protocols) == 1 else ""
        found.append({"udp": "keba", "ship": "warp"}.get(only, "goe"))
    if "interface" in kind.levels:
        found += [PLACES[protocol] for protocol in kind.protocols or ("http",) if protocol in PLACES]
    return found


@pytest.mark.parametrize("name", FAULT_TYPES)
def test_it_begins_and_ends(name: str) -> None:
    kind = FAULT_TYPES[name]
    for place in places(kind):
        key = {"keba": "State", "warp": "charger_state"}.get(place.partition(".")[0], "amp")
        match = {"match": {"key": key}} if kind.needs_key else {}
        bench = Bench(WORLD)
        if name != "loose_cable":
            bench.do("plug_in", charger="garage")
        bench.wait(60)
        assert bench.fault(place, name, **match, **ARGUMENTS.get(name, {})).ok
        bench.wait(1)
        if bench.engine.listed():
            bench.do("clear_fault", name=name)
        assert bench.told()[0] == "begin"
        assert bench.told()[-1] == "end"
        assert bench.engine.listed() == []
        assert all(not box.interceptor.active for box in bench.site.wallboxes.values())
        bench.wait(3600)


@pytest.mark.parametrize("name", FAULT_TYPES)
def test_it_describes_itself(name: str) -> None:
    kind = FAULT_TYPES[name]
    assert kind.name == name
    assert kind.about
    assert kind.levels
    for argument in kind.arguments:
        assert argument.type.text
        assert argument.about or argument.owner is not None
        assert argument.name not in {a.name for a in STEPS["fault"].arguments}


def test_every_physical_fault_is_a_kind() -> None:
    assert {fault.step() for fault in CATALOGUE} <= set(FAULT_TYPES)


def test_every_primitive_of_real_bugs_has_a_kind() -> None:
    found = {kind.primitive for kind in FAULT_TYPES.values()} - {""}
    assert found == {f"P{number:02}" for number in range(1, 20)}


def test_the_list_shows_them_all() -> None:
    from emulator.commands.listing import faults

    names = [next(iter(row)) for row in faults()]
    assert [name for name in names if not name.startswith(" ")] == list(FAULT_TYPES)


def test_the_schema_knows_them_all() -> None:
    options: Any = STEPS["fault"].schema()["anyOf"]
    assert [option["properties"]["kind"]["const"] for option in options] == list(FAULT_TYPES)
    delay = options[0]
    assert delay["properties"]["delay"]["pattern"] == Duration().schema()["pattern"]
    assert {"on", "kind", "delay"} == set(delay["required"])


# --- what boxes and chargers do --------------------------------------------------------------------------------------


def test_a_reboot_of_its_own() -> None:
    bench = Bench()
    bench.fault("goe", "reboot", after={"event": "plugged"}, duration="20 s")
    bench.do("plug_in", charger="garage")
    bench.wait(5)
    box = bench.site.wallboxes["garage.goe"]
    assert not box.up
    bench.wait(20)
    assert box.up


def test_power_goes_and_comes() -> None:
    bench = Bench()
    bench.fault("garage", "power_cut", for_="1 min")
    assert not bench.site.wallboxes["garage.goe"].up
    bench.wait(59)
    assert bench.read("garage.phase_voltage.L1") == 0
    bench.wait(60)
    assert bench.site.wallboxes["garage.goe"].up


def test_late_after_every_loss_of_power_while_it_lasts() -> None:
    bench = Bench()
    box = bench.site.wallboxes["garage.goe"]
    usual = box.boot_time
    bench.fault("goe", "late_boot", boot="5 min")
    bench.wait(299)
    assert not box.up
    bench.wait(2)
    assert box.up
    bench.do("power_cut", charger="garage", for_="1 s")
    bench.wait(200)
    assert not box.up
    bench.do("clear_fault", name="late_boot")
    assert box.boot_time == usual


def test_two_that_make_a_box_late() -> None:
    bench = Bench()
    wallbox = bench.site.wallboxes["garage.goe"]
    own, seen = wallbox.boot_time, []
    bench.fault("goe", "late_boot", name="one", boot="60 s", **{"for": "10 min"})
    bench.fault("goe", "late_boot", name="two", boot="90 s", **{"for": "20 min"})
    for _ in range(3):
        seen.append(wallbox.boot_time)
        bench.wait(601)
    assert seen == [90, 90, own]


def test_a_box_that_hangs() -> None:
    bench = Bench()
    bench.fault("goe", "hang", for_="1 min")
    assert bench.http("/api/status").silent
    assert bench.modbus(bytes([3, 0, 100, 0, 1]), on="garage.goe").data == b""
    bench.wait(61)
    assert bench.http("/api/status").status == 200


def test_a_clock_that_is_wrong() -> None:
    bench = Bench()
    before = bench.json("/api/status?filter=loc")["loc"]
    bench.fault("goe", "clock_wrong", offset="-2 h")
    after = bench.json("/api/status?filter=loc")["loc"]
    assert int(after[11:13]) == (int(before[11:13]) - 2) % 24
    bench.do("clear_fault", name="clock_wrong")
    assert bench.json("/api/status?filter=loc")["loc"] == before


def test_a_box_that_acts() -> None:
    bench = Bench()
    bench.fault("goe", "act", settings={"amp": 8}, write={"frc": 1})
    assert bench.json("/api/status?filter=amp,frc") == {"amp": 8, "frc": 1}
    assert bench.told() == ["begin", "end"]


def test_authorisation_is_lost() -> None:
    bench = Bench()
    bench.do("set", wallbox="goe", settings={"acs": 1})
    bench.do("plug_in", charger="garage")
    bench.json("/api/set?trx=0")
    bench.wait(30)
    assert bench.read("garage.contactor") == "closed"
    bench.fault("goe", "authorisation_lost")
    bench.wait(30)
    assert bench.read("garage.contactor") == "open"


def test_a_limit_and_a_stop_of_its_own() -> None:
    bench = Bench()
    bench.do("plug_in", charger="garage")
    bench.fault("goe", "own_limit", current="7 A")
    bench.wait(30)
    assert bench.read("garage.offered_current") == 7
    bench.fault("goe", "own_stop")
    bench.wait(30)
    assert bench.read("garage.contactor") == "open"
    bench.do("clear_fault", name="own_stop")
    bench.do("clear_fault", name="own_limit")
    bench.wait(60)
    assert bench.read("garage.offered_current") == 16


def test_the_pilot_leaks_a_state_a() -> None:
    bench = Bench()
    bench.do("plug_in", charger="garage")
    bench.wait(30)
    bench.fault("garage", "cp_open", for_="3 s")
    bench.wait(1)
    assert bench.read("garage.pilot") == "A"
    assert bench.read("garage.vehicle") is not None
    bench.wait(30)
    assert bench.read("garage.pilot") in ("B", "C")


def drawn(bench: Bench) -> float:
    """What the vehicle draws on L1."""
    current = bench.read("garage.phase_current.L1")
    assert isinstance(current, float)
    return current


def test_the_vehicle_changes_its_habits() -> None:
    bench = Bench()
    bench.do("plug_in", charger="garage")
    bench.wait(30)
    before = drawn(bench)
    bench.fault("garage", "vehicle_habit", max_current="6 A", **{"for": "20 s"})
    bench.wait(19)
    assert drawn(bench) < 6.5
    assert bench.read("fault.vehicle_habit") == "in force"
    bench.wait(30)
    assert drawn(bench) == pytest.approx(before, abs=0.2)
    assert bench.told() == ["begin", "hit", "end"]


def test_a_habit_waits_for_its_vehicle_and_hits_each_that_comes() -> None:
    bench = Bench()
    bench.fault("garage", "vehicle_habit", max_current="6 A", **{"for": "10 min"})
    bench.wait(30)
    assert bench.engine.listed()[0]["hits"] == 0
    for hits in (1, 2):
        bench.do("plug_in", charger="garage")
        bench.wait(60)
        assert drawn(bench) < 6.5
        assert bench.engine.listed()[0]["hits"] == hits
        bench.do("unplug", charger="garage")
        bench.wait(10)
    bench.wait(600)
    bench.do("plug_in", charger="garage")
    bench.wait(60)
    assert drawn(bench) > 6.5


def test_a_habit_for_so_many_vehicles() -> None:
    bench = Bench()
    bench.fault("garage", "vehicle_habit", max_current="6 A", count=1)
    bench.do("plug_in", charger="garage")
    bench.wait(60)
    assert bench.told() == ["begin", "hit"]
    bench.do("unplug", charger="garage")
    bench.wait(10)
    assert bench.told() == ["begin", "hit", "end"]
    bench.do("plug_in", charger="garage")
    bench.wait(60)
    assert drawn(bench) > 6.5


def test_connections_of_one_interface_only() -> None:
    bench = Bench()
    bench.fault("nrgkick.modbus", "connection_cap", connections=2)
    interceptor = bench.site.wallboxes["garage.nrgkick"].interceptor
    assert interceptor.connection_limit("modbus", 16) == 2
    assert interceptor.connection_limit("http", 64) == 64


def test_what_turns_out_to_be_impossible_later_ends_the_fault_and_nothing_else() -> None:
    bench = Bench()
    step = {"on": "goe", "kind": "act", "write": {"amp": 8}, "settings": {"lbr": 8}, "after": {"event": "plugged"}}
    bench.do("fault", **step)
    box = bench.site.wallboxes["garage.goe"]
    box.settings.rows = {name: row for name, row in box.settings.rows.items() if name != "lbr"}
    bench.do("plug_in", charger="garage")
    bench.wait(10)
    assert bench.told() == ["armed", "begin", "end"]
    assert 'no setting "lbr"' in str(bench.entries()[-1].detail["why"])
    assert bench.read("garage.vehicle") is not None
