"""Every step, from YAML, JSON, words and Python."""

from __future__ import annotations

from dataclasses import fields

import pytest

from emulator.core.faults import CATALOGUE
from emulator.core.instant import HOUR, MINUTE, SECOND
from emulator.errors import EmulatorError, ScenarioError
from emulator.runtime.clock import Clock
from emulator.scenario.loader import loads
from emulator.scenario.playing import apply_step
from emulator.scenario.steps.vocabulary import STEPS, VOCABULARY, make_step, parse_steps, step_from_words
from emulator.world.building import build
from emulator.world.central_system import connect_directly
from emulator.world.plan import ControlBoxPlan
from emulator.world.quantities import read
from emulator.world.site import Site

from .support import bare_world, do, goe_world, later

ARGUMENTS: dict[str, object] = {
    "swap_vehicle": {"vehicle": "renault_zoe"},
    "set_vehicle": {"charge_limit": "80 %"},
    "present_card": "04aabbcc",
    "set_supply": {"voltage": "235 V"},
    "set_climate": "30 °C",
    "set": {"settings": {"amp": 8}},
    "set_firmware": "60.3",
    "command": {"write": {"amp": 8}},
    "cp_resistance": {"resistance": "1 kohm"},
    "request": {"on": "goe.http", "get": "/api/status"},
    "limit": "4.2 kW for 2 h",
    "ocpp_call": {"action": "GetConfiguration"},
    "fault": {"on": "goe.http", "kind": "delay", "delay": "3 s", "count": 2},
    "clear_fault": "trip_rcd",
    "clock": "frozen",
    "expect": {"pilot": "C"},
    "wait_until": {"pilot": "C"},
    "note": "hello",
}
"""Arguments of the steps that do not go without."""
OF_THE_GRID = ("limit", "release", "fall_silent")


def charging(world: Site) -> Site:
    do(world, "plug_in", vehicle="vw_id3")
    later(world, MINUTE)
    return world


@pytest.mark.parametrize("name", STEPS)
def test_every_step_can_be_done_and_is_recorded(name: str) -> None:
    world = charging(goe_world())
    if name in ("plug_in", "plug_cable"):
        do(world, "unplug")
    elif name == "clear_fault":
        do(world, "trip_rcd")
    elif name == "ocpp_call":
        connect_directly(*world.wallboxes.values())
        do(world, "set", settings={"ocppe": True, "ocppu": "ws://embedded/1"})
        later(world, SECOND)
    elif name in OF_THE_GRID:
        world.add_control_box(ControlBoxPlan())
    before = world.simulation.journal.seq
    (step,) = parse_steps({name: ARGUMENTS.get(name)}, world.names)
    outcome = apply_step(world, step)
    assert outcome.ok, outcome
    assert outcome.detail.get("ok", True)
    assert world.simulation.journal.seq > before
    later(world, HOUR)


@pytest.mark.parametrize("name", STEPS)
def test_every_step_is_the_same_in_yaml_json_words_and_python(name: str) -> None:
    world = goe_world()
    given = ARGUMENTS.get(name)
    python = make_step(name, world.names, given).step
    assert parse_steps([{name: given}], world.names)[0].step == python
    box = "control_box:\n" if name in OF_THE_GRID else ""
    written = f"{box}wallbox: {{vendor: goe, model: gemini-22}}\nsteps:\n  - {name}: {_yaml(given)}\n"
    (from_yaml,) = loads(written.replace("vendor: goe,", "vendor: goe, serial: '1',")).steps
    if name not in ("expect", "wait_until"):  # they name the charger, which has another name there
        assert repr(from_yaml.step).replace("'charger", "'garage") == repr(python)
    if isinstance(given, dict) and name not in ("set", "command"):
        words = [f"--{key.replace('_', '-')}={value}" for key, value in given.items()]
        assert parse_steps(step_from_words(name, words), world.names)[0].step == python
        if name not in ("expect", "wait_until"):
            assert make_step(name, world.names, **given).step == python
    elif isinstance(given, str):
        assert parse_steps(step_from_words(name, given.split()), world.names)[0].step == python


def _yaml(given: object) -> str:
    if isinstance(given, dict):
        return "{" + ", ".join(f"{key}: {_yaml(value)}" for key, value in given.items()) + "}"
    return "" if given is None else f'"{given}"' if isinstance(given, str) else str(given)


def test_every_step_describes_itself() -> None:
    for kind in VOCABULARY:
        assert kind.about, kind.name
        for argument in kind.arguments:
            assert argument.type.text, (kind.name, argument.name)
    assert len(STEPS) == len(VOCABULARY)
    undocumented = {
        f"{kind.name}.{argument.name}" for kind in VOCABULARY for argument in kind.arguments if not argument.about
    }
    own = {argument for argument in undocumented if argument.partition(".")[2] in ("charger", "wallbox", "for", "name")}
    assert own == set()


def test_every_fault_of_the_catalogue_is_a_step() -> None:
    for fault in CATALOGUE:
        names = [argument.name for argument in STEPS[fault.step()].arguments]
        assert names[0] == "charger"
        assert names[-2:] == ["name", "for"]
        assert {field.name for field in fields(fault)} <= set(names)


def test_words_of_a_command_line() -> None:
    assert step_from_words("plug_in", ["id3", "cable=20 A"]) == {"plug_in": {"cable": "20 A", "vehicle": "id3"}}
    assert step_from_words("unplug", []) == {"unplug": None}
    assert step_from_words("set", ["settings.amp=10", "settings.lse=true"]) == {
        "set": {"settings": {"amp": 10, "lse": True}}
    }
    assert step_from_words("expect", ["garage.power=> 3 kW", "goe.car=2"]) == {
        "expect": {"garage.power": "> 3 kW", "goe.car": 2}
    }
    assert step_from_words("note", ["so", "far", "so", "good"]) == {"note": "so far so good"}
    with pytest.raises(ScenarioError, match='found "x", expected name=value'):
        step_from_words("set", ["x", "settings.amp=6"])


def test_python_keywords() -> None:
    world = bare_world()
    do(world, "plug_in", vehicle="vw_id3", state_of_charge="40 %", charge_limit="41 %")
    later(world, HOUR)
    assert read(world, "vehicle.finished") is True
    do(world, "power_cut", for_="5 s")
    assert "supply_restored" in later(world, MINUTE)


def test_all_problems_of_an_object_are_reported_with_their_paths() -> None:
    world = goe_world()
    with pytest.raises(ScenarioError) as caught:
        parse_steps([{"plug_in": {"vehicle": "x", "cable": 5}}, {"at": 5, "unplgu": {}}], world.names)
    assert [str(problem).partition(": ")[0] for problem in caught.value.problems] == [
        "steps[0].plug_in.cable",
        "steps[0].plug_in.vehicle",
        "steps[1].at",
        "steps[1].unplgu",
    ]
    with pytest.raises(ScenarioError, match=r'step\.set\.settings\.ampp: .* has no setting "ampp"'):
        parse_steps({"set": {"settings": {"ampp": 6}}}, world.names)
    with pytest.raises(ScenarioError, match=r"step\.plug_in\.vehicle: vehicle: there is no vehicle"):
        parse_steps({"plug_in": {"vehicle": "x"}}, world.names)


# --- what they do ----------------------------------------------------------------------------------------------------


def test_a_vehicle_of_the_scenario_keeps_its_charge() -> None:
    result = loads("vehicles: {id3: {model: vw_id3, state_of_charge: 35 %}}\ncharger: {}")
    world = build(result, clock=Clock(0.0))
    do(world, "plug_in", vehicle="id3")
    later(world, HOUR)
    do(world, "unplug")
    later(world, MINUTE)
    do(world, "plug_in", vehicle="id3")
    assert read(world, "vehicle.state_of_charge") == pytest.approx(0.52, abs=0.01)
    do(world, "unplug")
    do(world, "plug_in", vehicle="id3", state_of_charge="10 %")
    assert read(world, "vehicle.state_of_charge") == pytest.approx(0.1)
    do(world, "unplug")
    do(world, "plug_in", vehicle="vw_id3")
    assert read(world, "vehicle.state_of_charge") == pytest.approx(0.4)  # a preset is a new car every time


def test_an_unknown_card_is_the_boxs_business() -> None:
    world = goe_world(acs=1)
    outcome = apply_step(world, make_step("present_card", world.names, "04deadbeef"))
    assert outcome.ok
    assert outcome.detail == {"accepted": False, "reason": "unauthorised", "message": outcome.message}


def test_swapping_takes_its_pause() -> None:
    world = charging(bare_world())
    do(world, "swap_vehicle", vehicle="renault_zoe", pause="30 s", state_of_charge="50 %")
    later(world, 29 * SECOND)
    assert read(world, "vehicle") is None
    later(world, 2 * SECOND)
    assert read(world, "vehicle") == "renault_zoe"
    assert read(world, "vehicle.state_of_charge") == 0.5


def test_unplugging_nothing_is_refused() -> None:
    outcome = apply_step(bare_world(), make_step("unplug", bare_world().names))
    assert not outcome.ok


def test_a_loose_cable() -> None:
    world = bare_world(connector="socket")
    do(world, "plug_cable", cable="20 A")
    later(world, SECOND)
    assert read(world, "cable_rating") == 20.0
    do(world, "plug_cable", plugged=False)
    later(world, SECOND)
    assert read(world, "cable_rating") is None


def test_a_fault_ends_by_itself() -> None:
    world = charging(bare_world())
    do(world, "vehicle_refuses", for_="10 min")
    do(world, "overvoltage", voltage="270 V", phases=["L1"], name="spike", for_="5 s")
    assert read(world, "phase_voltage.L1") == pytest.approx(270.0, abs=5)
    later(world, 6 * SECOND)
    assert read(world, "phase_voltage.L1") == pytest.approx(230.0, abs=5)


def test_a_fault_that_began_again_is_not_ended_by_the_first_one() -> None:
    world = charging(bare_world())
    do(world, "undervoltage", voltage="215 V", for_="10 s")
    later(world, 5 * SECOND)
    do(world, "undervoltage", voltage="214 V", for_="10 s")
    later(world, 7 * SECOND)
    assert read(world, "phase_voltage.L1") == pytest.approx(214.0, abs=4)
    do(world, "clear_fault", name="undervoltage")
    assert read(world, "phase_voltage.L1") == pytest.approx(230.0, abs=5)
    later(world, MINUTE)


def test_a_power_cut_ends_by_itself_or_when_told() -> None:
    world = charging(bare_world())
    do(world, "power_cut", for_="1 min")
    assert read(world, "phase_voltage") == [0.0, 0.0, 0.0]
    assert "supply_restored" in later(world, 2 * MINUTE)
    do(world, "power_cut", for_="1 h")
    later(world, MINUTE)
    do(world, "power_up")
    assert read(world, "phase_voltage.L1") == pytest.approx(230.0, abs=5)
    assert "supply_restored" not in later(world, 2 * HOUR)


def test_the_supply_changes() -> None:
    world = bare_world()
    do(world, "set_supply", phase_voltages=["231 V", "232 V", "233 V"], frequency="49.9 Hz")
    assert read(world, "phase_voltage") == [231.0, 232.0, 233.0]
    assert read(world, "frequency") == 49.9
    do(world, "set_supply", live=["L1", "L3"])
    assert read(world, "phase_voltage") == [231.0, 0.0, 233.0]


@pytest.mark.parametrize("address", ["amp", "goe.amp", "garage.goe.amp"])
def test_a_command_takes_addresses_as_expectations_do(address: str) -> None:
    world = goe_world()
    do(world, "command", write={address: 12})
    assert world.wallboxes["garage.goe"].read("amp") == 12


def test_settings_commands_and_their_refusals() -> None:
    world = goe_world()
    do(world, "set", settings={"amp": 8})
    assert read(world, "goe.amp") == 8
    do(world, "command", write={"amp": 12, "lse": True})
    assert read(world, "goe.amp") == 12
    writes = [entry for entry in world.simulation.journal if entry.kind == "write"]
    assert [(entry.name, entry.interface, entry.client) for entry in writes] == [
        ("amp", "http", "scenario"),
        ("lse", "http", "scenario"),
    ]
    assert all(entry.cause is not None for entry in writes)
    refused = apply_step(world, make_step("command", world.names, write={"amp": 99}))
    assert not refused.ok
    assert refused.message.startswith("amp: ")
    do(world, "command", write={"amp": 99}, refused=True)
    unexpected = apply_step(world, make_step("command", world.names, write={"amp": 10}, refused=True))
    assert unexpected.message == "amp: accepted, expected a refusal"


def test_rebooting_a_wallbox_and_a_charger() -> None:
    world = charging(goe_world())
    box = world.wallboxes["garage.goe"]
    do(world, "reboot", wallbox="goe", for_="7 s")
    assert not box.up
    assert read(world, "contactor") == "closed"
    later(world, 8 * SECOND)
    assert box.up
    do(world, "reboot", charger="garage")
    assert not box.up
    assert "rebooted" in [entry.name for entry in world.simulation.journal]
    later(world, MINUTE)
    assert box.up
    do(world, "set_firmware", firmware="60.3")
    assert not box.up
    later(world, MINUTE)
    assert read(world, "goe.fwv") == "60.3"


def test_what_is_done_at_the_box_needs_a_box() -> None:
    with pytest.raises(EmulatorError, match="there is no wallbox"):
        apply_step(bare_world(), make_step("press_button", bare_world().names))


def test_the_clock() -> None:
    world = goe_world()
    do(world, "clock", speed=60)
    assert world.simulation.clock.speed == 60
    do(world, "clock", speed="frozen")
    assert world.simulation.clock.frozen
    before = world.simulation.now()
    do(world, "clock", jump="1 h")
    assert world.simulation.now() == before + HOUR


@pytest.mark.parametrize(
    ("name", "words", "data"),
    [
        ("present_card", ["00845500"], "00845500"),
        ("present_card", ["tag=12E4"], {"tag": "12E4"}),
        ("present_card", ["12E45678"], "12E45678"),
        ("set", ['settings={"whitelist": ["00845500", "AB"]}'], {"settings": {"whitelist": ["00845500", "AB"]}}),
        ("set", ["settings.whitelist=[00845500, 12E4]"], {"settings": {"whitelist": ["00845500", "12E4"]}}),
        ("set", ["settings.json_api=false"], {"settings": {"json_api": False}}),
        ("phase_loss", ["phases=L1,L2"], {"phases": ["L1", "L2"]}),
        ("set_firmware", ["60.10"], "60.10"),
        ("set_supply", ["live=[L1, L3]", "voltage=235 V"], {"live": ["L1", "L3"], "voltage": "235 V"}),
        ("command", ["write.curr=12E4"], {"write": {"curr": "12E4"}}),
    ],
)
def test_words_are_read_by_the_types_of_the_arguments(name: str, words: list[str], data: object) -> None:
    assert step_from_words(name, words) == {name: data}


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("command", ["write.amp=6", "write.amp=7"]),
        ("expect", ["power=0 W", "power=1 W"]),
        ("fault", ["on=goe.http", "kind=delay", "delay=3 s", "delay=4 s"]),
        ("trip_rcd", ["residual-current=35 mA", "residual_current=40 mA"]),
        ("plug_in", ["vw_id3", "vehicle=id3"]),
        ("set", ["settings.amp=6", "settings={amp: 7}"]),
        ("set", ["settings={amp: 7}", "settings.amp=6"]),
    ],
)
def test_a_word_that_is_there_twice_is_not_lost(step: str, words: list[str]) -> None:
    with pytest.raises(ScenarioError, match="is here twice"):
        step_from_words(step, words)
