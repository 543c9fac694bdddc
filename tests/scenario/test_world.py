"""Worlds: what is built from a scenario, and how quickly."""

from __future__ import annotations

from datetime import datetime

import pytest

from emulator import vendors
from emulator.core.instant import MINUTE
from emulator.core.vehicles import PRESETS
from emulator.errors import EmulatorError
from emulator.runtime.clock import Clock
from emulator.scenario.default import default_scenario
from emulator.scenario.loader import loads
from emulator.scenario.plan import Scenario
from emulator.scenario.steps.vocabulary import make_step
from emulator.world.building import FIXED_EPOCH, build
from emulator.world.plan import ChargerPlan, WallboxPlan, counted_up
from emulator.world.quantities import read
from emulator.world.site import Site

from .support import do, later


def world_of(text: str) -> Site:
    return build(loads(text), clock=Clock(0.0))


def test_hardware_is_the_models_unless_stated() -> None:
    model = vendors.vendor("goe").model("gemini-11")
    spec = world_of("wallbox: {model: gemini-11}").simulation.chargers["charger"].spec
    assert (spec.rated_current, spec.connector, spec.evse) == (model.rated_current, model.connector, model.evse)
    text = "supply: {voltage: 235 V, network: TT}\ncharger: {rated_current: 20 A, connector: tethered, noise: 0.5, "
    text += "supply: {voltage: 228 V}, evse: {grace: 3 s, phase_switching: {wait: 20 s}}, wallbox: gemini-11}"
    spec = world_of(text).simulation.chargers["charger"].spec
    assert (spec.rated_current, spec.connector, spec.noise) == (20.0, "tethered", 0.5)
    assert (spec.supply.voltage, spec.supply.network) == (228.0, "TT")
    assert (spec.evse.grace, spec.evse.phase_switching.wait) == (3.0, 20.0)
    assert spec.evse.close_delay == model.evse.close_delay


def test_listed_interfaces_are_switched_on() -> None:
    enable = vendors.vendor("goe").enable
    assert enable["http"]
    box = world_of("wallbox: {vendor: goe, http: 0, modbus: true}").wallboxes["charger.goe"]
    for name in ("http", "modbus"):
        assert {key: box.settings[key] for key in enable[name]} == enable[name]
    off = world_of("wallbox: {vendor: goe, http: false}").wallboxes["charger.goe"]
    assert {key: off.settings[key] for key in enable["http"]} != enable["http"]
    key = next(iter(enable["http"]))
    stated = world_of(f"wallbox: {{vendor: goe, http: 0, settings: {{{key}: false}}}}").wallboxes["charger.goe"]
    assert stated.settings[key] is False


def test_serial_numbers_differ() -> None:
    world = world_of("fleet: {count: 4, wallboxes: {goe: {}}}\nchargers: {a: {wallboxes: {goe: {serial: '7'}}}}")
    serials = [box.serial for box in world.wallboxes.values()]
    assert len(set(serials)) == 5
    assert world.wallboxes["a.goe"].serial == "7"


def test_the_epoch() -> None:
    stated = "epoch: 2026-03-29T01:30:00+01:00\ncharger: {}"
    assert world_of(stated).simulation.epoch == datetime.fromisoformat("2026-03-29T01:30:00+01:00")
    assert world_of("charger: {}").simulation.epoch == FIXED_EPOCH
    running = build(loads("charger: {}"), clock=Clock(1.0)).simulation.epoch
    assert abs((running - datetime.now().astimezone()).total_seconds()) < 60


def test_the_seed_can_be_overridden() -> None:
    assert world_of("seed: 5\ncharger: {}").simulation.seed == 5
    assert build(loads("seed: 5\ncharger: {}"), clock=Clock(0.0), seed=6).simulation.seed == 6


def test_the_broker() -> None:
    assert world_of("wallbox: goe").broker is None
    assert world_of("wallbox: {vendor: goe, mqtt: true}").broker == ("127.0.0.1", 1883)
    assert world_of("broker: mqtt://b:99\nwallbox: goe").broker == ("b", 99)
    assert not loads("broker: mqtt://b:99\nwallbox: {vendor: goe, mqtt: true}").wants_broker
    assert loads("wallbox: {vendor: goe, mqtt: true}").wants_broker
    assert build(loads("broker: embedded\nwallbox: goe"), clock=Clock(0.0), broker=("h", 5)).broker == ("h", 5)


def test_the_default_scenario() -> None:
    scenario = default_scenario()
    world = build(scenario, clock=Clock(0.0))
    assert list(world.wallbox_names) == ["charger"]
    assert world.wallbox_names["charger"] == list(vendors.DEFAULT)
    spec = world.simulation.chargers["charger"].spec
    assert (spec.rated_current, spec.phases, spec.connector) == (32.0, 3, "tethered")
    assert scenario.wants_broker
    for name in vendors.DEFAULT:
        vendor = vendors.vendor(name)
        box = world.wallboxes[f"charger.{name}"]
        assert {key: box.settings[key] for key in vendor.everything} == vendor.everything
    do(world, "plug_in", vehicle="vw_id3")
    later(world, MINUTE)
    assert read(world, "power") == pytest.approx(10_700, rel=0.02)


def test_chargers_and_wallboxes_can_be_added_later() -> None:
    world = build(Scenario(), clock=Clock(0.0))
    with pytest.raises(EmulatorError, match="there is no charger yet"):
        world.names.only_charger()
    world.add_charger(ChargerPlan(name="garage"))
    box = world.add_wallbox("garage", WallboxPlan(name="goe", vendor="goe"))
    assert box.address == "garage.goe"
    assert make_step("set", world.names, settings={"amp": 8}).step
    with pytest.raises(EmulatorError, match=r'there is a wallbox called "garage.goe" already'):
        world.add_wallbox("garage", WallboxPlan(name="goe", vendor="goe"))
    with pytest.raises(EmulatorError, match='there is a charger called "garage" already'):
        world.add_charger(ChargerPlan(name="garage"))
    with pytest.raises(EmulatorError, match='there is no charger "carport"'):
        world.add_wallbox("carport", WallboxPlan(name="goe", vendor="goe"))


def test_counting_up() -> None:
    assert counted_up("A099", 2) == "A101"
    assert counted_up("12-34x", 1) == "12-35x"
    assert counted_up("box", 3) == "box3"


@pytest.mark.parametrize("name", PRESETS)
def test_every_vehicle_charges_or_has_its_reason(name: str) -> None:
    world = world_of("charger: {}")
    do(world, "plug_in", vehicle=name)
    later(world, 2 * MINUTE)
    assert PRESETS[name].model == name
    assert read(world, "vehicle.model") == name
    assert read(world, "power") == pytest.approx(_power(name), rel=0.06)


def _power(name: str) -> float:
    vehicle = PRESETS[name]
    return vehicle.phases * 230.0 * (vehicle.current_gain * min(vehicle.max_current, 32.0) - vehicle.current_offset)


@pytest.mark.parametrize(
    ("model", "interface", "settings"),
    [
        ("v2-22", "http", {"hla": True}),
        ("gemini-22", "http", {"hai": True}),
        ("nrgkick-connect-32", "http", {"json_api": True}),
        ("keba-p40", "modbus", {"modbus_in_app": True}),
        ("keba-p30-c-32", "modbus", {"dsw1_3": True}),
    ],
)
def test_a_model_may_have_its_own_switch(model: str, interface: str, settings: dict[str, object]) -> None:
    """Nothing but its switch is on where a scenario lists the interface, and it is named where it is off."""
    [off] = world_of(f"wallbox: {model}").wallboxes.values()
    [on] = world_of(f"wallbox: {{model: {model}, {interface}: 0}}").wallboxes.values()
    assert off.switched_off_by(interface) == settings
    assert on.switched_off_by(interface) == {}
    changed = {name for name in on.settings if on.settings[name] != off.settings[name]}
    assert changed == set(settings)
