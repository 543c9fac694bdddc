"""Whole scenarios: what is understood, and how mistakes are reported."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from emulator.core.instant import HOUR, MINUTE, SECOND
from emulator.errors import EmulatorError, ScenarioError
from emulator.scenario.default import default_scenario
from emulator.scenario.loader import from_data, load, loads, rules_as_data
from emulator.scenario.plan import End
from emulator.world.plan import BrokerAddress

from .support import GOE, TWO, complaints

FULL = """\
about: Everything at once.
seed: 7
epoch: 2026-01-05T21:00:00+01:00
clock: {speed: 60}
supply: {voltage: 235 V, phases: 3, frequency: 50 Hz, source_resistance: 300 mohm, network: TT}
broker: mqtt://broker.local:1884
vehicles:
  id3: {model: vw_id3, state_of_charge: 35 %, charge_limit: 80 %}
  zoe: renault_zoe
chargers:
  garage:
    rated_current: 16 A
    phases: 3
    connector: socket
    cable: 20 A
    supply: {voltage: 228 V}
    climate: {ambient: 12 °C, swing: 6 K, warmest: 14 h}
    noise: 1
    evse: {grace: 5 s, phase_switching: {wait: 30 s}}
    wallboxes:
      left: {model: gemini-11, firmware: 60.3, serial: 234567, address: 127.0.1.7, http: true, modbus: 0, mqtt: false,
             settings: {amp: 10}}
      goe: {http: 8101}
  street: {wallboxes: [goe]}
  lane: {wallboxes: {a: gemini-22}}
steps:
  - {at: 10 s, plug_in: {charger: garage, vehicle: id3}}
  - {after: 1 min 30 s, unplug: garage}
  - note: straight after
  - {wait_until: {garage.power: "< 10 W"}, within: 20 s}
rules:
  - {name: polite, always: {client: {requests: garage.goe.http, rate: "<= 1 /s"}}}
end: {after: 5 min}
x-anything: [1, 2]
"""


def test_everything_is_understood() -> None:
    s = loads(FULL)
    assert (s.about, s.seed, s.speed) == ("Everything at once.", 7, 60.0)
    assert s.epoch == datetime.fromisoformat("2026-01-05T21:00:00+01:00")
    assert s.supply == {"voltage": 235.0, "phases": 3, "frequency": 50.0, "source_resistance": 0.3, "network": "TT"}
    assert s.broker == BrokerAddress(embedded=False, host="broker.local", port=1884)
    assert s.vehicles["id3"].state_of_charge == 0.35
    assert s.vehicles["id3"].taper_start == 0.93  # of the preset
    assert s.vehicles["zoe"].model == "renault_zoe"
    garage, street, lane = s.chargers
    assert garage.hardware == {
        "rated_current": 16.0,
        "phases": 3,
        "connector": "socket",
        "cable": 20.0,
        "supply": {"voltage": 228.0},
        "climate": {"ambient": 12.0, "swing": 6.0, "warmest": 14 * 3600.0},
        "noise": 1.0,
        "evse": {"grace": 5.0, "phase_switching": {"wait": 30.0}},
    }
    left, goe = garage.wallboxes
    assert (left.name, left.vendor, left.model, left.firmware, left.serial) == (
        "left",
        "goe",
        "gemini-11",
        "60.3",
        "234567",
    )
    assert (left.address, left.settings) == ("127.0.1.7", {"amp": 10})
    assert left.interfaces == {"http": True, "modbus": 0, "mqtt": False}
    assert [left.wants(name) for name in ("http", "modbus", "mqtt", "udp")] == [True, True, False, False]
    assert goe.interfaces == {"http": 8101}
    assert [box.name for box in street.wallboxes] == ["goe"]
    assert [(box.name, box.model) for box in lane.wallboxes] == [("a", "gemini-22")]
    assert [(t.name, t.at, t.after, t.within) for t in s.steps] == [
        ("plug_in", 10 * SECOND, None, None),
        ("unplug", None, 90 * SECOND, None),
        ("note", None, None, None),
        ("wait_until", None, None, 20 * SECOND),
    ]
    assert [placed.rule.name for placed in s.rules] == ["polite"]
    assert s.end == End(after=5 * MINUTE)


@pytest.mark.parametrize(
    "text",
    [
        "wallbox: goe",
        "wallboxes: [goe]",
        "wallbox: {vendor: goe, http: 8101}",
        "wallbox: {model: gemini-22}",
        "charger: {wallbox: goe}",
        "charger: goe",
        "charger: {rated_current: 16 A, phases: 3, connector: tethered}\nwallboxes: [goe]",
    ],
)
def test_a_single_charger_needs_no_name(text: str) -> None:
    (charger,) = loads(text + "\nsteps: [{plug_in: {vehicle: vw_id3}}, unplug]").chargers
    assert charger.name == "charger"
    assert [(box.name, box.vendor) for box in charger.wallboxes] == [("goe", "goe")]


def test_without_chargers_it_is_the_default_emulator() -> None:
    assert loads("steps: [{plug_in: vw_id3}]").chargers == default_scenario().chargers


def test_a_plain_object_will_do() -> None:
    scenario = from_data({"wallbox": "goe", "steps": [{"at": "1 h", "unplug": None}], "end": "2 h"})
    assert scenario.steps[0].at == HOUR
    assert scenario.end == End(at=2 * HOUR)
    with pytest.raises(ScenarioError, match=r'steps\[0\]\.at: at: "1 x" is not a duration'):
        from_data({"wallbox": "goe", "steps": [{"at": "1 x", "unplug": None}]})


def test_five_mistakes_are_found_in_one_go() -> None:
    text = """\
supply: {voltage: 230}
chargers:
  garage: {wallboxes: {goe: {model: gemini-23}}}
steps:
  - {at: 10 mn, plug_in: {charger: garag}}
  - {at: 1 h, expect: {garage.powr: 3 kW}}
"""
    assert complaints(text) == [
        's.yaml:1:19: voltage: found 230, expected a voltage such as "230 V"',
        's.yaml:3:37: model: there is no wallbox model "gemini-23" (did you mean "gemini-22"?)',
        's.yaml:5:10: at: "10 mn" is not a duration: there is no unit "mn" (did you mean "min"?)',
        's.yaml:5:36: charger: there is no charger "garag" (did you mean "garage"?)',
        's.yaml:6:24: "garage.powr" is not a quantity (did you mean "power"?)',
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sede: 7", 's.yaml:1:1: unknown key "sede" (did you mean "seed"?)'),
        ("seed: -1", "s.yaml:1:7: seed: found -1, expected a whole number, at least 0"),
        ("about: 5", 's.yaml:1:8: about: found 5, expected a text (write "5" in quotes)'),
        ("epoch: 2026-01-05T21:00:00", "s.yaml:1:8: epoch: found"),
        ("epoch: yesterday", "s.yaml:1:8: epoch: found"),
        ("clock: fast", "s.yaml:1:8: clock: found"),
        ("clock: {speed: -1}", "s.yaml:1:16: speed: found -1"),
        ("broker: http://x", "s.yaml:1:9: broker: found"),
        ("broker: mqtt://x:99999999", "s.yaml:1:9: broker: found"),
        ("supply: {phases: 4}", "s.yaml:1:18: phases: found 4, expected a whole number 1..3"),
        ("supply: {network: TNC}", 's.yaml:1:19: network: found "TNC", expected one of TN, TT, IT'),
        ("vehicles: {a: {model: vw_id4}}", 'there is no vehicle model "vw_id4" (did you mean "vw_id3"?)'),
        ("vehicles: {a: vw_id4}", 's.yaml:1:15: a: there is no vehicle model "vw_id4" (did you mean "vw_id3"?)'),
        ("vehicles: {a: {state_of_charge: 0.4}}", "state_of_charge: found 0.4, expected a percentage"),
        ("vehicles: {a: {state_of_charge: 140 %}}", 'state_of_charge: found "140 %", expected at most 100 %'),
        ("vehicles: {a: {wake: [pwn]}}", 'wake: found "pwn", expected one of'),
        ("chargers: {a: {rated_current: 16 kW}}", 'rated_current: "16 kW" is a power, expected a current'),
        ("chargers: {a: {rated_current: 32000 A}}", 'rated_current: found "32000 A", expected at most 80 A'),
        ("chargers: {a: {rated_curent: 16 A}}", 'unknown key "rated_curent" (did you mean "rated_current"?)'),
        ("chargers: {a: {evse: {phase_switching: {wait: 3}}}}", "s.yaml:1:47: wait: found 3, expected a duration"),
        ("chargers: {power: {}}", '"power" cannot be the name of a charger: it is a quantity'),
        ("chargers: {a b: {}}", '"a b" cannot be the name of a charger'),
        ("chargers: {a: {wallboxes: {goee: {}}}}", 's.yaml:1:28: wallbox "goee" needs a model (did you mean "goe"?)'),
        ("chargers: {a: {wallboxes: [goe, goe]}}", 'there are two wallboxes called "goe"'),
        ("wallbox: {vendor: gow}", 's.yaml:1:19: vendor: there is no vendor "gow" (did you mean "goe"?)'),
        ("wallbox: {vendor: goe, firmware: x}", '"x" is not a firmware version'),
        ("wallbox: {vendor: goe, firmware: '1.0'}", 'has no profile for firmware "1.0"'),
        ("wallbox: {vendor: goe, settings: {ampp: 16}}", 's.yaml:1:35: go-e Charger has no setting "ampp"'),
        ("wallbox: {vendor: goe, settings: {amp: 99}}", "s.yaml:1:40: amp: found 99, "),
        ("wallbox: {vendor: goe, http: 70000}", "s.yaml:1:30: http: found 70000, expected a port"),
        ("wallbox: {vendor: goe, htp: 80}", 'unknown key "htp" (did you mean "http"?)'),
        ("wallbox: {vendor: goe, udp: 7090}", 'has no interface "udp"'),
        ("wallbox: {vendor: goe, address: 127.0.0.999}", "expected an IP address"),
        ("chargers: {a: {}}\nwallbox: goe", 's.yaml:2:1: "wallbox" is for a single charger'),
        ("rules: [{always: 1}]", "s.yaml:1:18: always: found 1, expected something that happens"),
        ("rules: [{name: polite}]", "s.yaml:1:9: rules: this is not a rule, expected one of never, "),
        ("end: {at: 1 h, after: 1 h}", "s.yaml:1:6: end: expected"),
        ("steps: {}", "s.yaml:1:8: steps: found a mapping, expected a list of steps"),
        ("steps: [{at: 5 h, note: x}]\nend: 4 h", "s.yaml:1:19: note: after the end of the scenario in line 2"),
        ("include: nowhere.yaml", 's.yaml:1:10: include: "nowhere.yaml": No such file'),
        ("- a", "s.yaml:1:1: found a list, expected a scenario"),
    ],
)
def test_a_mistake_is_explained_where_it_is(text: str, message: str) -> None:
    (problem,) = complaints(text)
    assert message in problem


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("{at: 5, unplug: garage}", 's.yaml:3:10: at: found 5, expected a duration such as "10 min"'),
        ("{plugin: garage}", 's.yaml:3:6: there is no step "plugin" (did you mean "plug_in"?)'),
        ("{unplug: garage, plug_in: {charger: garage}}", '"plug_in": this entry is "unplug" already, one step each'),
        ("{at: 1 s, after: 1 s, unplug: garage}", '"at" and "after" together'),
        ("{unplug: garage, within: 3 s}", "s.yaml:3:30: within: belongs to expect and wait_until, not to unplug"),
        ("{at: 3 s}", "no step here"),
        ("5", "found 5, expected a step"),
        ("{unplug: }", '"charger" is missing; there are several: garage, street'),
        ("{plug_in: {charger: garage, vehicle: id4}}", 'vehicle: there is no vehicle "id4"'),
        ("{plug_in: {charger: garage, vehicel: id4}}", 'unknown key "vehicel" (did you mean "vehicle"?)'),
        ("{trip_rcd: {charger: garage, residual_current: 35}}", "residual_current: found 35, expected a current"),
        ("{trip_rcd: {charger: garage, current_type: ax}}", 'current_type: found "ax", expected ac or dc'),
        ("{phase_loss: {charger: garage, phases: [L4]}}", 'phases: found "L4", expected one of L1, L2, L3'),
        ("{cp_resistance: {charger: garage}}", '"resistance" is missing, expected a resistance'),
        ("{clear_fault: {charger: garage, name: slow}}", 'name: no fault is called "slow"'),
        ("{set: {settings: {ampp: 6}}}", 'has no setting "ampp" (did you mean'),
        ("{set: {settings: {amp: 99}}}", "s.yaml:3:28: amp: found 99, "),
        ("{set_firmware: '1.0'}", 'has no profile for firmware "1.0"'),
        ("{set_firmware: {wallbox: street.goe, firmware: '60.5'}}", 'there is no wallbox "street.goe"'),
        ("{command: {write: {amp: 6}, interface: udp}}", 'garage.goe has no interface "udp"'),
        ("{set_supply: {charger: garage}}", "nothing to change"),
        ("{set_supply: {charger: garage, phase_voltages: [230 V, 230 V]}}", "found 2 values, expected 3"),
        ("{set_vehicle: {charger: garage}}", "nothing to change"),
        ("{present_card: {tag: '04aa'}}", '"charger" is missing'),
        ("{clock: {speed: 1, jump: 1 s}}", "expected either a speed"),
        ("{clock: quick}", 'found "quick", expected realtime, frozen'),
        ("{expect: {}}", "expected quantities and what they should be"),
        ("{expect: {power: 3 kW}}", '"power" needs a charger in front'),
        ("{trip_rcd: {charger: garage, residual_current: -35 mA}}", "only a DC residual current can be negative"),
        ("{set_supply: {charger: garage, frequency: 100000 Hz}}", 'found "100000 Hz", expected at most 1000 Hz'),
        ("{set_climate: {charger: garage, ambient: 500 °C}}", 'found "500 °C", expected at most 100 °C'),
        ("{present_card: {wallbox: goe, tag: ''}}", "found a card without an id"),
        ("{expect: {garage: 1}}", '"garage" is a charger, expected one of its quantities such as "garage.power"'),
        ("{expect: {garag.power: 3 kW}}", 'there is no charger "garag" (did you mean "garage"?)'),
        ("{expect: {garage.power: 3}}", 's.yaml:3:29: garage.power: found 3, expected a power such as "11 kW"'),
        ("{expect: {garage.power: '> 3 A'}}", 'garage.power: "3 A" is a current, expected a power'),
        ("{expect: {garage.contactor: opened}}", 'found "opened", expected one of open, closed'),
        ("{expect: {garage.pilot: '> 3'}}", 'found "> 3", expected one of A, B, C, D, E, F'),
        ("{expect: {garage.state: '/[/'}}", "/[/ is not a regular expression"),
        ("{expect: {garage.temperature.bord: 20 C}}", 'there is no sensor "bord" (did you mean "board"?)'),
        ("{expect: {garage.goe: 5}}", '"garage.goe" names a wallbox'),
        ("{expect: {garage.goe.amq: 5}}", 's.yaml:3:15: garage.goe has no value "amq" (did you mean'),
        ("{expect: {garage.goe.nrg.99: 5}}", 'garage.goe has no value "nrg.99"'),
        ("{expect: {garage.goe.amp: '> 5 A'}}", "a vendor value is a plain number, as on the wire"),
    ],
)
def test_a_mistake_in_a_step_is_explained_where_it_is(step: str, message: str) -> None:
    (problem,) = complaints(f"{TWO}steps:\n  - {step}\n")
    assert message in problem
    assert problem.startswith("s.yaml:3:")


def test_all_that_is_wrong_with_a_wallbox_is_found_in_one_go() -> None:
    text = "wallbox: {goe: {model: gemini-23, settings: {ampp: 16}, htp: 3, udp: 1, address: 1.2.3}}"
    found = "\n".join(complaints(text))
    assert len(complaints(text)) == 5, found
    assert len(complaints("wallbox: {goe: {model: gemini-23, settings: {ampp: 16}}}")) == 2
    assert len(complaints("wallbox: {goe: {model: 5, settings: {ampp: 16}}}")) == 2
    assert len(complaints("wallbox: {goee: {model: gemini-23, settings: {ampp: 16}}}")) == 1
    assert all(word in found for word in ("gemini-23", '"ampp"', '"htp"', '"udp"', "1.2.3"))


def test_all_that_is_wrong_with_clients_is_found_in_one_go() -> None:
    assert len(complaints("clients: {hass: {agnt: x}, solar: {foo: x}, x: {}}\nwallbox: goe")) == 3


def test_steps_stand_in_the_order_of_time() -> None:
    (problem,) = complaints(f"{GOE}steps:\n  - {{at: 1 h, unplug: }}\n  - {{at: 59 min, unplug: }}")
    assert problem.startswith("s.yaml:4:10: at: before the step above it")


def test_a_broken_charger_does_not_make_its_name_unknown() -> None:
    (problem,) = complaints("chargers: {garage: {cable: 5}, b: {}}\nsteps: [{unplug: garage}]")
    assert "cable" in problem


def test_ports_taken_twice_are_found() -> None:
    text = "chargers: {a: {wallboxes: {goe: {http: 81, modbus: 0}}}, b: {wallboxes: {goe: {http: 81, modbus: 0}}}}"
    assert complaints(text) == ["s.yaml:1:74: b.goe.http: port 81 is that of a.goe.http already"]
    assert loads(text.replace("http: 81, modbus: 0}}}}", "http: 81, address: 127.0.1.1}}}}"))


# --- environment, includes, fleets -----------------------------------------------------------------------------------


def test_ports_and_hosts_come_from_the_environment() -> None:
    text = 'broker: mqtt://${BROKER}:1883\nwallbox: {vendor: goe, http: "${PORT:-8101}", serial: "${SERIAL:-042}"}'
    scenario = loads(text, environment={"BROKER": "mosquitto"})
    assert scenario.broker == BrokerAddress(embedded=False, host="mosquitto", port=1883)
    box = scenario.chargers[0].wallboxes[0]
    assert (box.interfaces, box.serial) == ({"http": 8101}, "042")
    with pytest.raises(ScenarioError, match=r"s.yaml:1:9: the environment variable BROKER is not set"):
        loads(text, "s.yaml", environment={})


def test_a_variable_that_is_not_set_is_one_mistake() -> None:
    text = 'wallbox: {vendor: goe, http: "${PORT}", ampp: 1}'
    assert [problem.partition(": ")[2].split(";")[0] for problem in complaints(text)] == [
        "the environment variable PORT is not set",
        'unknown key "ampp" (did you mean "semp"?)',
    ]


def test_an_empty_file_of_rules_is_no_scenario(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="the file is empty, expected a list of rules"):
        rules_as_data(write(tmp_path, rules="").parent / "rules.yaml")


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder / "main.yaml"


def test_included_files_add_up(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    write(tmp_path / "lib", cars="vehicles: {id3: vw_id3, zoe: renault_zoe}\nseed: 5\nepoch: 2026-01-01T00:00:00Z")
    write(tmp_path / "lib", weather="include: cars.yaml\nsteps: [{at: 1 h, set_climate: 5 °C}, {at: 2 h, note: cold}]")
    main = write(
        tmp_path,
        main="include: [lib/weather.yaml, lib/cars.yaml]\nseed: 6\nvehicles: {id3: {capacity: 77 kWh}}\n"
        f"{GOE}steps: [{{at: 10 min, plug_in: zoe}}]\nrules: [{{name: a, never: {{power: '> 1 W'}}}}]",
    )
    scenario = load(main)
    assert scenario.seed == 6
    assert scenario.epoch is not None
    assert scenario.vehicles["id3"].capacity == 77_000.0
    assert scenario.vehicles["zoe"].model == "renault_zoe"
    assert [[step.name for step in track] for track in scenario.tracks] == [["set_climate", "note"], ["plug_in"]]


def test_problems_name_the_included_file(tmp_path: Path) -> None:
    main = write(tmp_path, main="include: other.yaml\nseed: x\nwallbox: goe", other="\nvehicles: {a: vw_id4}")
    with pytest.raises(ScenarioError) as caught:
        load(main)
    places = [str(problem.place) for problem in caught.value.problems]
    assert places == [f"{tmp_path}/main.yaml:2:7", f"{tmp_path}/other.yaml:2:15"]


def test_files_that_include_each_other_are_reported(tmp_path: Path) -> None:
    main = write(tmp_path, main="wallbox: goe\ninclude: a.yaml", a="include: [b.yaml]", b="include:\n  - main.yaml")
    with pytest.raises(ScenarioError) as caught:
        load(main)
    assert str(caught.value) == (
        f"{tmp_path}/b.yaml:2:5: include: the files include each other: main.yaml -> a.yaml -> b.yaml -> main.yaml"
    )


def test_two_included_files_cannot_define_the_same(tmp_path: Path) -> None:
    main = write(
        tmp_path, main="include: [a.yaml, b.yaml]\nwallbox: goe", a="vehicles: {x: vw_id3}", b="vehicles: {x: vw_id3}"
    )
    with pytest.raises(ScenarioError, match=r'b\.yaml:1:12: "x" is defined in .*a\.yaml:1:12 as well'):
        load(main)


def test_a_missing_file_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(EmulatorError, match=r"gone\.yaml: No such file"):
        load(tmp_path / "gone.yaml")
    (tmp_path / "bad.yaml").write_bytes(b"about: ok\nseed: \xff")
    with pytest.raises(ScenarioError, match=r"bad\.yaml:2:7: not UTF-8"):
        load(tmp_path / "bad.yaml")


def test_a_fleet_counts_up_names_serials_and_ports() -> None:
    text = "fleet: {count: 3, name: bay, rated_current: 16 A, wallboxes: {goe: {http: 9000, modbus: 0, serial: A099}}}"
    chargers = loads(text).chargers
    assert [charger.name for charger in chargers] == ["bay1", "bay2", "bay3"]
    assert [charger.wallboxes[0].serial for charger in chargers] == ["A099", "A100", "A101"]
    assert [charger.wallboxes[0].interfaces for charger in chargers] == [
        {"http": 9000 + i, "modbus": 0} for i in range(3)
    ]
    assert chargers[2].hardware == {"rated_current": 16.0}


def test_a_fleet_with_addresses_keeps_the_real_ports() -> None:
    text = "fleet: [{count: 2, wallboxes: {goe: {http: 80, address: 127.0.1.255}}}, {count: 1, name: x}]"
    chargers = loads(text).chargers
    assert [box.address for charger in chargers for box in charger.wallboxes] == ["127.0.1.255", "127.0.2.0"]
    assert [box.interfaces for charger in chargers for box in charger.wallboxes] == [{"http": 80}] * 2
    assert [charger.name for charger in chargers] == ["box1", "box2", "x1"]


def test_a_fleet_whose_ports_collide_is_refused() -> None:
    problems = complaints("fleet: {count: 3, wallboxes: {goe: {http: 9000, modbus: 9001}}}")
    assert "box2.goe.http: port 9001 is that of box1.goe.modbus already" in problems[0]
    assert loads("fleet: {count: 3, port_step: 10, wallboxes: {goe: {http: 9000, modbus: 9001}}}")


def test_checking_needs_no_servers() -> None:
    code = (
        "import sys; from emulator.scenario.loader import loads;"
        "loads('wallbox: goe\\nsteps: [{expect: {goe.car: 1}}]');"
        "sys.exit(', '.join({'asyncio', 'aiohttp', 'pydantic', 'socket'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_eebus_is_the_ship_interface() -> None:
    warp = "wallbox: {model: warp3-pro-11, %s: true}"
    stated, ship = (loads(warp % name).chargers[0].wallboxes[0].interfaces for name in ("eebus", "ship"))
    assert stated == ship == {"ship": True}
    with pytest.raises(ScenarioError, match='go-e Charger has no interface "eebus"'):
        loads("wallbox: {model: gemini-22, eebus: true}")


@pytest.mark.parametrize(
    ("model", "interface"),
    [
        ("v2-22", "cloud: true"),
        ("v2-22", "ocpp: embedded"),
        ("nrgkick-connect-32", "modbus: 0"),
        ("keba-p40", "udp: 7090"),
        ("keba-p30-c-32", "rest: true"),
        ("warp1-pro-11", "https: true"),
        ("warp-energy-manager", "ocpp: embedded"),
    ],
)
def test_a_wallbox_has_the_interfaces_that_are_listed(model: str, interface: str) -> None:
    with pytest.raises(ScenarioError, match=f"{model} with firmware .* has no (interface|OCPP)"):
        loads(f"wallbox: {{model: {model}, {interface}}}")


def test_what_is_not_wanted_may_be_what_a_model_has_not() -> None:
    assert loads("wallbox: {model: keba-p40, udp: false}").chargers[0].wallboxes[0].interfaces == {"udp": False}


def test_a_scenario_that_comes_along_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = load("ready/wifi_loss.yaml")
    assert found.file.endswith("scenarios/ready/wifi_loss.yaml")
    assert load("scenarios/ready/card_before_charging.yaml").chargers, "what it includes is beside it"
    Path("ready").mkdir()
    Path("ready/wifi_loss.yaml").write_text("wallbox: goe\n")
    assert load("ready/wifi_loss.yaml").file == "ready/wifi_loss.yaml", "a file of one's own wins"
    for nowhere in ("ready/wifi_los.yaml", "ready/../ready/ready.yaml", "ready"):
        with pytest.raises(EmulatorError):
            load(nowhere)
