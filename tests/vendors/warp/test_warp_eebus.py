"""EEBUS peers and use cases, rules for batteries, and rules that hear of the grid's power."""

from __future__ import annotations

import pytest
from support_warp import WarpWorld

PEER = {"ip": "", "port": 0, "trusted": True, "dns_name": "hub", "wss_path": "", "ski": "ab" * 20, "persistent": False}


def enabled() -> WarpWorld:
    return WarpWorld(settings={"eebus/config": {"enable": True}})


def test_peers_come_and_go() -> None:
    world = enabled()
    assert len(world.json("eebus/state/ski")) == 40
    world.done("eebus/add", PEER)
    world.done("eebus/add", PEER | {"ski": "cd", "trusted": False})
    shown = world.json("eebus/state/peers")
    assert [(peer["ski"], peer["persistent"], peer["ip"]) for peer in shown] == [
        ("ab" * 20, True, "0.0.0.0"),
        ("cd", False, "0.0.0.0"),
    ]
    assert [peer["dns_name"] for peer in world.json("eebus/config/peers")] == ["hub"]
    world.done("eebus/add", PEER | {"ip": "10.0.0.9", "port": 4712})
    assert (world.json("eebus/config/peers/0/ip"), world.json("eebus/config/peers/0/port")) == ("10.0.0.9", 4712)
    world.done("eebus/remove", {"ski": "ab" * 20})
    assert world.json("eebus/config/peers") == []
    world.box.reboot()
    world.wait(30)
    assert world.json("eebus/state/peers") == []


def test_while_eebus_is_off_a_peer_stays() -> None:
    world = WarpWorld()
    world.done("eebus/add", PEER)
    world.done("eebus/remove", {"ski": "ab" * 20})
    assert len(world.json("eebus/config/peers")) == 1
    assert world.json("eebus/state/ski") == ""
    world.done("eebus/scan")
    assert world.json("eebus/state/discovery_state") == 0


def test_peers_are_checked() -> None:
    world = enabled()
    assert world.put("eebus/add", PEER | {"ski": ""}) == (400, "Can't add peer. Ski is missing.")
    assert world.put("eebus/add", PEER | {"ski": None}) == (400, '["ski"] Null updates not permitted.')
    assert world.put("eebus/remove", {"ski": ""}) == (400, "Can't remove peer. Ski is missing.")
    for number in range(4):
        world.done("eebus/add", PEER | {"ski": f"{number}"})
    text = "Can't add peer. Already have the maximum number of peers."
    assert world.put("eebus/add", PEER) == (400, text)


def test_a_scan_takes_a_while() -> None:
    world = enabled()
    world.done("eebus/scan")
    assert world.json("eebus/state/discovery_state") == 1
    world.wait(10)
    assert world.json("eebus/state/discovery_state") == 2


def test_use_cases_follow_the_charge() -> None:
    world = enabled()
    assert world.json("eebus/usecases/evcc/ev_connected") is False
    world.plug_in()
    world.wait(120)
    cases = world.json("eebus/usecases")
    assert (cases["evcc"]["ev_connected"], cases["evcc"]["maximum_power"]) == (True, 11040)
    assert cases["evcem"]["amps_phase_1"] == 16
    assert 10_000 < cases["mpc"]["total_power_w"] < 11_500
    assert cases["mpc"]["active"] is True
    assert cases["mpc"]["voltage_phase_1_2_v"] == round(world.json("meter/all_values")[42])
    off = WarpWorld().json("eebus/usecases")
    assert (off["lpc"]["usecase_state"], off["mpc"]["total_power_w"]) == (1, -(1 << 31))


POWERS = {
    "value_ids": [74, 39, 48, 57, 209, 211, 13, 17, 21, 1, 2, 3, 4, 5, 364],
    "values": [6900, 2300, 2530, 2070, 100, 50, 10, 11, 9, 230, 231, 229, 400, 399, 50],
}
VOLTAGES = {"value_ids": [1, 2, 3], "values": [230, 231, 229]}


@pytest.mark.parametrize(("meter", "active"), [(POWERS, True), (VOLTAGES, False)])
def test_the_monitored_power_is_that_of_the_meter_the_charger_uses(meter: dict[str, list[int]], active: bool) -> None:
    slot = [4, {"display_name": "", "location": 2, "excluded": False, "value_ids": meter["value_ids"]}]
    world = WarpWorld(
        settings={"eebus/config": {"enable": True}, "meters/2/config": slot, "evse/meter_config": {"slot": 2}}
    )
    world.done("meters/2/update", meter["values"])
    shown = world.json("eebus/usecases/mpc")
    nothing = -(1 << 31)
    assert shown["active"] is active
    assert [shown[f"voltage_phase_{k}_v"] for k in (1, 2, 3)] == [230, 231, 229]
    assert shown["voltage_phase_3_1_v"] == nothing
    if active:
        assert (shown["total_power_w"], shown["power_phase_3_w"]) == (6900, 2070)
        assert (shown["energy_consumed_wh"], shown["energy_produced_wh"]) == (100_000, 50_000)
        assert (shown["current_phase_2_ma"], shown["frequency_mhz"]) == (11_000, 50_000)
        assert shown["voltage_phase_1_2_v"] == 400
    else:
        assert shown["total_power_w"] == shown["power_phase_1_w"] == shown["frequency_mhz"] == nothing


def test_old_firmware_and_warp1_have_no_eebus() -> None:
    assert WarpWorld("warp1-pro-11").ask("GET", "/eebus/state").status == 404
    assert WarpWorld(firmware="2.9.0").ask("GET", "/eebus/state").status == 404


RULE = {
    "desc": "cheap",
    "soc_cond": 1,
    "soc_th": 80,
    "price_cond": 1,
    "price_th": -5,
    "forecast_cond": 0,
    "forecast_th": 0,
    "schedule_cond": 0,
}


@pytest.mark.parametrize("what", ["permit_grid_charge", "forbid_discharge", "forbid_charge"])
def test_battery_rules_are_kept(what: str) -> None:
    world = WarpWorld()
    path = f"battery_control/rules_{what}"
    world.done(path, [RULE])
    world.box.reboot()
    world.wait(30)
    assert world.json(path) == [RULE]
    too_full = '[0] ["soc_th"] Unsigned integer value 101 was more than the allowed maximum of 100'
    assert world.put(path, [RULE | {"soc_th": 101}]) == (400, too_full)
    assert set(world.json("battery_control/state").values()) == {False}


def test_battery_writes_have_a_period() -> None:
    world = WarpWorld()
    assert world.json("battery_control/low_level_config") == {"rewrite_period": 60}
    text = '(inferred) ["rewrite_period"] Unsigned integer value 4 was less than the allowed minimum of 5'
    assert world.put("battery_control/low_level_config", 4)[1] in (text, text.removeprefix("(inferred) "))


def grid_meter() -> WarpWorld:
    """A power manager that watches a meter which a client feeds."""
    meter = [4, {"display_name": "grid", "location": 4, "excluded": False, "value_ids": [74]}]
    world = WarpWorld(settings={"meters/1/config": meter, "power_manager/config": {"excess_charging_enable": True}})
    tasks = [
        {"trigger": [17, {"drawing_power": drawing}], "action": [1, {"message": text}], "delay": 0}
        for drawing, text in ((True, "from the grid"), (False, "into the grid"))
    ]
    world.done("automation/config", {"tasks": tasks})
    return world


def test_rules_hear_which_way_power_flows() -> None:
    world = grid_meter()
    assert world.json("power_manager/low_level_state/power_at_meter") is None
    for power in (500, 600, -400, 300):
        world.done("meters/1/update", [power])
        world.wait(2)
    assert world.json("power_manager/low_level_state/power_at_meter") == 300
    assert (world.log.count("from the grid"), world.log.count("into the grid")) == (2, 1)


@pytest.mark.parametrize(("kind", "number"), [("smart", 1), ("pro", 2), ("eichrecht", 3)])
def test_a_warp4_knows_what_the_factory_made(kind: str, number: int) -> None:
    world = WarpWorld(f"warp4-{kind}-22")
    assert world.json("factory_data/state/sku_model") == number
    assert world.json("info/name/display_type") == f"WARP4 Charger {kind.capitalize()} 22kW"
    assert bool(world.json("meters/0/value_ids")) is (kind != "smart")
