"""The charge controller as the API shows it: states, slots and their rules, faults, phases, wake-up."""

from __future__ import annotations

from typing import Any

import pytest
from support_warp import POLL, WarpWorld

from emulator.core import faults
from emulator.core.messages import PowerCut, PowerUp, SetSupply
from emulator.vendors.warp.evse.controller import DC_PASSWORD

PASSWORD = {"password": DC_PASSWORD}


def states(world: WarpWorld) -> tuple[int, int, int]:
    state = world.state
    return state["iec61851_state"], state["charger_state"], state["contactor_state"]


def low(world: WarpWorld, name: str) -> Any:
    return world.json("evse/low_level_state")[name]


# --- factory state ---------------------------------------------------------------------------------------------------


def test_the_factory_state_of_a_warp3_pro() -> None:
    world = WarpWorld()
    assert world.ask("GET", "/evse/state").body == (
        b'{"iec61851_state":0,"charger_state":0,"contactor_state":16,"contactor_error":0,'
        b'"allowed_charging_current":16000,"error_state":0,"lock_state":0,"dc_fault_current_state":0}'
    )
    assert world.ask("GET", "/evse/hardware_configuration").body == (
        b'{"jumper_configuration":3,"has_lock_switch":false,"evse_version":30,"energy_meter_type":3}'
    )
    assert world.json("info/version") == {"firmware": "2.12.1+6a4f91f0", "config": "2.9.1", "config_type": "warp"}
    assert world.json("info/name") == {
        "name": "warp3-2abC",
        "type": "warp3",
        "display_type": "WARP3 Charger Pro 11kW",
        "uid": "2abC",
    }
    slots = world.json("evse/slots")
    assert len(slots) == 17
    assert [world.slot(k) for k in (0, 1, 4, 5, 6, 8, 9, 13, 16)] == [
        (16000, True, False),
        (20000, True, False),
        (32000, True, False),
        (32000, True, False),
        (0, False, True),
        (32000, True, False),
        (32000, False, False),
        (32000, True, False),
        (32000, True, False),
    ]
    features = world.json("info/features")
    assert features == [
        "evse", "cp_disconnect", "button_configuration", "rgb_led", "ethernet", "firmware_update", "meters", "nfc",
        "rtc", "phase_switch", "meter", "meter_all_values", "meter_phases",
    ]  # fmt: skip


def test_the_features_of_a_smart_as_captured() -> None:
    assert WarpWorld("warp3-smart-11", "2.9.0").json("info/features") == [
        "evse", "cp_disconnect", "button_configuration", "rgb_led", "ethernet", "firmware_update", "nfc", "rtc",
        "phase_switch",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("warp1-smart-11", ["evse", "firmware_update"]),
        (
            "warp2-pro-11",
            ["evse", "cp_disconnect", "button_configuration", "ethernet", "firmware_update", "meters", "nfc",
             "evse_gp_output", "meter", "meter_all_values", "meter_phases"],
        ),
        (
            "warp4-pro-22",
            ["evse", "cp_disconnect", "button_configuration", "rgb_led", "ethernet", "firmware_update", "meters",
             "nfc", "iso15118", "rtc", "phase_switch", "meter", "meter_all_values", "meter_phases"],
        ),
    ],
)  # fmt: skip
def test_features(model: str, expected: list[str]) -> None:
    assert WarpWorld(model).json("info/features") == expected


def test_the_modules_of_2_9_0_as_captured() -> None:
    modules = WarpWorld("warp2-pro-22", "2.9.0").json("info/modules")
    assert list(modules)[:6] == ["task_scheduler", "event_log", "api", "web_server", "rtc", "esp32_ethernet_brick"]
    assert list(modules)[-5:] == ["certs", "remote_access", "day_ahead_prices", "solar_forecast", "eco"]
    assert [name for name, there in modules.items() if not there] == ["rtc_bricklet"]
    assert len(modules) == 60
    assert len(WarpWorld("warp2-pro-22").json("info/modules")) == 65


def test_the_order_of_the_states_of_2_9_0_as_captured() -> None:
    """`<config>_modified` stands before its configuration."""
    names = [row.name for row in WarpWorld("warp2-pro-22", "2.9.0").warp.api]
    start = names.index("batteries/config_modified")
    assert names[start : start + 8] == [
        "batteries/config_modified", "batteries/config", "batteries/0/config_modified", "batteries/0/config",
        "batteries/0/state", "batteries/0/errors", "batteries_modbus_tcp/test_state",
        "battery_control/config_modified",
    ]  # fmt: skip
    assert names[names.index("power_manager/state") - 1] == "charge_tracker/state"


def test_rules_are_enabled_in_the_order_of_the_modules_as_captured() -> None:
    mqtt = {"enable_mqtt": True, "broker_host": "embedded"}
    world = WarpWorld("warp2-pro-22", "2.9.0", settings={"evse/management_enabled": True, "mqtt/config": mqtt})
    assert world.json("batteries_modbus_tcp/test_state") == {"slot": 0, "mode": -1}
    assert world.json("automation/state") == {
        "registered_triggers": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16, 17, 18, 20],
        "registered_actions": [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 14, 17],
        "enabled_triggers": [3, 1, 2, 4, 6, 7, 8, 9, 18, 20, 10, 5],
        "enabled_actions": [17, 2, 1, 3, 4, 5, 8, 9, 14, 7],
        "last_run": [],
    }


def test_firmware_profiles() -> None:
    old = WarpWorld(firmware="2.9.0")
    assert old.json("info/version")["firmware"] == "2.9.0+69831bfb"
    assert old.json("mqtt/config_modified") == {"modified": 0}
    assert len(old.json("evse/slots")) == 15
    assert old.ask("GET", "/p14a_enwg/config").status == 404
    assert WarpWorld().ask("GET", "/mqtt/config_modified").status == 404
    assert "iso15118" not in WarpWorld("warp4-pro-22", "2.12.0").json("info/features")


@pytest.mark.parametrize(
    ("model", "missing"),
    [
        ("warp1-pro-11", ["evse/gpio_configuration", "ethernet/config", "ocpp/config", "meters/2/config", "ev/state"]),
        ("warp2-pro-11", ["evse/user_calibration", "esp32/temperature", "ev/state"]),
        ("warp3-pro-11", ["evse/gp_output", "iso15118/config", "factory_data/state"]),
    ],
)
def test_what_a_generation_does_not_have(model: str, missing: list[str]) -> None:
    world = WarpWorld(model)
    for path in missing:
        assert world.ask("GET", f"/{path}").status == 404, path


# --- a charge --------------------------------------------------------------------------------------------------------


def test_a_charge() -> None:
    world = WarpWorld()
    assert low(world, "led_state") == 1
    world.plug_in()
    world.wait(0.75)
    assert states(world) == (1, 2, 16)
    assert low(world, "cp_pwm_duty_cycle") == 267
    assert low(world, "resistances")[0] == 2698
    world.wait(60)
    assert states(world) == (2, 3, 27)
    assert low(world, "led_state") == 4
    assert world.json("meter/values")["power"] > 10_000
    assert world.json("meter/phases") == {"phases_connected": [True] * 3, "phases_active": [True] * 3}
    world.done("evse/external_current", 6000)
    world.wait(10)
    assert low(world, "cp_pwm_duty_cycle") == 100
    assert world.json("meter/values")["power"] == pytest.approx(3 * 230 * 6, rel=0.06)

    assert world.put("evse/stop_charging")[0] == 200
    assert states(world) == (2, 3, 27)  # not read back yet
    world.wait(0.25)
    assert states(world)[:2] == (1, 1)
    assert low(world, "cp_pwm_duty_cycle") == 1000
    world.wait(8)
    assert states(world) == (1, 1, 16)
    assert world.json("charge_tracker/current_charge")["user_id"] == 0  # the charge is not over
    world.done("evse/start_charging")
    world.wait(20)
    assert states(world) == (2, 3, 27)
    world.unplug()
    world.wait(1.25)
    assert states(world) == (0, 0, 16)
    assert world.json("charge_tracker/current_charge")["user_id"] == -1


def test_a_full_car_and_its_flag() -> None:
    world = WarpWorld()
    world.plug_in(state_of_charge=1.0)
    world.wait(170)
    assert states(world)[:2] == (1, 2)
    assert low(world, "charging_time") == 0
    world.wait(140)
    assert low(world, "charging_time") == 1
    world.wait(900)
    assert low(world, "led_state") == 0


def test_warp2_shows_voltages_at_its_contactor() -> None:
    world = WarpWorld("warp2-pro-11")
    assert states(world) == (0, 0, 1)
    world.plug_in()
    world.wait(30)
    assert states(world) == (2, 3, 3)
    assert world.json("power_manager/state")["external_control"] == 1
    assert world.put("power_manager/external_control", {"phases_wanted": 1})[0] == 405


# --- slots -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("current", "shown"), [(0, 0), (6000, 6000), (32000, 32000), (3000, 9000), (40000, 9000)])
def test_the_controller_drops_what_it_does_not_take(current: int, shown: int) -> None:
    world = WarpWorld()
    world.done("evse/external_current", 9000)
    assert world.put("evse/external_current", current) == (200, "")
    assert world.json("evse/external_current/current") == 9000  # read back later
    world.wait(0.25)
    assert world.json("evse/external_current/current") == shown
    world.wait(0.25)
    assert world.state["allowed_charging_current"] == min(shown, 16000)


def test_a_write_is_read_back_a_poll_later() -> None:
    world = WarpWorld()
    world.wait(1.1)
    assert world.put("evse/external_current", 8000)[0] == 200
    world.wait(0.1)
    assert world.json("evse/external_current/current") == 32000
    world.wait(0.06)
    assert world.json("evse/external_current/current") == 8000


@pytest.mark.parametrize(
    ("path", "slots", "on", "off"),
    [
        ("evse/user_enabled", (6,), (0, True, True), (32000, False, False)),
        ("evse/management_enabled", (7,), (0, True, True), (32000, False, False)),
        ("evse/modbus_tcp_enabled", (9, 10), (32000, True, False), (32000, False, False)),
        ("evse/ocpp_enabled", (11,), (32000, True, False), (32000, False, False)),
        ("evse/eebus_enabled", (15,), (32000, True, False), (32000, False, False)),
    ],
)
def test_switches_of_slots(path: str, slots: tuple[int, ...], on: object, off: object) -> None:
    world = WarpWorld()
    world.done(path, True)
    assert world.json(path) == {"enabled": True}
    assert [world.slot(k) for k in slots] == [on] * len(slots)
    world.done(path, False)
    assert [world.slot(k) for k in slots] == [off] * len(slots)


def test_the_lowest_active_slot_wins() -> None:
    world = WarpWorld("warp3-pro-22")
    assert world.state["allowed_charging_current"] == 32000
    world.done("evse/global_current", 20000)
    world.done("evse/external_current", 10000)
    assert world.state["allowed_charging_current"] == 10000
    world.done("evse/automation_current", 7000)  # not active
    assert world.slot(14) == (7000, False, False)
    assert world.state["allowed_charging_current"] == 10000
    assert world.now.effective_limit == pytest.approx(10.0)


def test_what_unplugging_does_to_the_slots() -> None:
    world = WarpWorld()
    world.done("evse/external_clear_on_disconnect", True)
    world.done("evse/external_current", 10000)
    world.plug_in()
    world.wait(5)
    world.done("evse/stop_charging")
    assert world.slot(4)[0] == 0
    world.unplug()
    world.wait(0.5)
    assert world.slot(4) == (32000, True, False)
    assert world.slot(8) == (0, True, True)
    assert world.state["allowed_charging_current"] == 0


def test_start_and_stop_need_a_vehicle() -> None:
    world = WarpWorld()
    world.done("evse/stop_charging")
    assert world.slot(4)[0] == 32000


def test_without_auto_start_every_charge_waits() -> None:
    world = WarpWorld()
    world.done("evse/auto_start_charging", False)
    assert world.slot(4) == (0, True, True)
    world.plug_in()
    world.wait(20)
    assert states(world)[:2] == (1, 1)
    assert world.json("charge_tracker/current_charge")["user_id"] == -1
    world.done("evse/start_charging")
    world.wait(20)
    assert world.charger_state == 3
    world.unplug()
    world.wait(1)
    assert world.slot(4)[0] == 0
    world.done("evse/auto_start_charging", True)
    assert world.slot(4) == (32000, True, False)


def test_external_defaults_hold_after_a_power_cut() -> None:
    world = WarpWorld()
    world.done("evse/external_defaults", {"current": 6000, "clear_on_disconnect": True})
    assert world.slot(8) == (32000, True, False)
    world.apply(PowerCut())
    world.wait(5)
    world.apply(PowerUp())
    world.wait(20)
    assert world.slot(8) == (6000, True, True)
    world.done("evse/external_enabled", False)
    assert world.slot(8) == (32000, True, False)
    assert world.json("evse/external_defaults") == {"current": 32000, "clear_on_disconnect": False}
    assert world.json("evse/external_enabled") == {"enabled": True}


def test_out_of_range_configurations_are_taken_silently() -> None:
    world = WarpWorld()
    for path, value in (("button_configuration", 5), ("phases_connected", 2), ("phase_switch_wait_time", 23)):
        before = world.json(f"evse/{path}")
        world.done(f"evse/{path}", value)
        assert world.json(f"evse/{path}") == before


def test_the_shutdown_input() -> None:
    world = WarpWorld("warp2-pro-11")
    world.plug_in()
    world.wait(20)
    world.done("evse/gpio_configuration", {"shutdown_input": 2, "input": 9 + 2, "output": 1})
    assert world.slot(2) == (32000, True, False)
    assert world.slot(3) == (8000, True, False)  # open, and 9..16 limit when open
    world.box.configure({"shutdown_input_closed": True})
    world.wait(0.25)
    assert world.slot(2) == (0, True, False)
    assert world.charger_state == 1
    assert low(world, "gpio")[5] is False


def test_old_meanings_of_the_input_move_to_the_grid_operators_module() -> None:
    world = WarpWorld("warp2-pro-11")
    world.done("evse/gpio_configuration", {"shutdown_input": 4, "input": 0, "output": 1})
    world.box.configure({"shutdown_input_closed": True})
    world.wait(0.25)
    assert world.slot(2)[0] == 6000
    world.box.reboot()
    world.wait(20)
    assert world.json("evse/gpio_configuration/shutdown_input") == 0
    assert world.json("p14a_enwg/config")["enable"] is True
    assert world.json("p14a_enwg/state") == {"active": True, "limit_w": 4200}
    assert world.slot(16) == (6086, True, False)


def test_the_button() -> None:
    world = WarpWorld()
    world.done("evse/button_configuration", 3)
    world.plug_in()
    world.wait(20)
    world.box.press_button(0.5)
    world.wait(0.25)
    assert world.json("evse/button_state")["button_pressed"] is True
    assert world.slot(4)[0] == 0
    world.done("evse/start_charging")
    assert world.slot(4)[0] == 0  # refused while the button is held
    world.wait(1)
    button = world.json("evse/button_state")
    assert button["button_release_time"] - button["button_press_time"] == 500
    world.box.press_button()
    world.wait(0.25)
    assert world.slot(4)[0] == 32000


def test_boost_signals_a_little_more() -> None:
    world = WarpWorld()
    world.done("evse/external_current", 10000)
    world.plug_in()
    world.wait(30)
    before = world.json("meter/values")["power"]
    world.done("evse/boost_mode", True)
    world.wait(10)
    assert world.json("meter/values")["power"] - before == pytest.approx(3 * 230 * 0.24, rel=0.1)
    assert low(world, "cp_pwm_duty_cycle") == 167


@pytest.mark.parametrize(("model", "duty"), [("warp3-pro-11", 267), ("warp3-pro-22", 533)])
def test_boost_is_left_out_of_the_shown_duty_cycle(model: str, duty: int) -> None:
    """Source: evse.c, evse_get_cp_duty_cycle."""
    world = WarpWorld(model)
    world.plug_in()
    world.wait(30)
    world.done("evse/boost_mode", True)
    assert low(world, "cp_pwm_duty_cycle") == duty


def test_the_led_needs_permission() -> None:
    world = WarpWorld()
    led = {"indication": 1001, "duration": 2000, "color_h": 120, "color_s": 255, "color_v": 255}
    world.done("evse/indicator_led", led)
    assert world.json("evse/indicator_led/indication") == -1
    world.done("evse/led_configuration", True)
    world.done("evse/indicator_led", led)
    assert world.json("evse/indicator_led") == led | {"duration": 1750}
    assert low(world, "led_state") == 5
    world.wait(3)
    assert world.json("evse/indicator_led/indication") == -1


# --- faults ----------------------------------------------------------------------------------------------------------

FAULTS: list[tuple[str, faults.Disturbance, tuple[int, int, int], dict[str, int]]] = [
    ("warp3-pro-11", faults.RcdSensorDefect(), (4, 4, 3), {"dc_fault_current_state": 2}),
    ("warp3-pro-11", faults.PeLoss(), (4, 4, 4), {"contactor_error": 1, "contactor_state": 20}),
    ("warp2-pro-11", faults.PeLoss(), (4, 4, 4), {"contactor_error": 4}),
    ("warp3-pro-11", faults.CpShort(), (4, 4, 5), {"contactor_error": 0}),
    ("warp3-pro-11", faults.DiodeShorted(), (1, 4, 5), {}),
    ("warp2-pro-11", faults.DiodeShorted(), (1, 4, 5), {}),
    ("warp3-pro-11", faults.Ventilation(), (3, 4, 5), {"contactor_state": 16}),
    ("warp3-pro-11", faults.SwitchUnconfigured(), (4, 4, 2), {}),
    ("warp3-pro-11", faults.ContactorWelded(), (4, 4, 4), {"contactor_error": 14}),
    ("warp2-pro-11", faults.ContactorWelded(), (4, 4, 4), {"contactor_error": 6, "contactor_state": 3}),
    ("warp3-pro-11", faults.ContactorFailsToClose(), (4, 4, 4), {"contactor_error": 6}),
    ("warp2-pro-11", faults.ContactorFailsToClose(), (4, 4, 4), {"contactor_error": 2}),
]


@pytest.mark.parametrize(("model", "fault", "states_", "details"), FAULTS)
def test_faults(model: str, fault: faults.Disturbance, states_: tuple[int, int, int], details: dict[str, int]) -> None:
    world = WarpWorld(model)
    world.plug_in()
    world.wait(20)
    assert world.charger_state == 3
    world.begin("it", fault)
    if isinstance(fault, faults.ContactorWelded):
        world.unplug()
        world.plug_in()
    world.wait(5)
    state = world.state
    assert (state["iec61851_state"], state["charger_state"], state["error_state"]) == states_
    assert details.items() <= state.items()
    assert low(world, "led_state") == 2
    assert low(world, "cp_pwm_duty_cycle") == 1000
    if not isinstance(fault, faults.Ventilation):
        assert world.json("charge_tracker/current_charge")["user_id"] == 0


@pytest.mark.parametrize(("kind", "current", "shown"), [("dc", 0.01, 1), ("ac", 0.035, 5)])
def test_a_residual_current_latches(kind: Any, current: float, shown: int) -> None:
    world = WarpWorld()
    world.plug_in()
    world.wait(20)
    world.begin("leak", faults.TripRcd(residual_current=current, current_type=kind))
    world.wait(20)
    assert world.state["dc_fault_current_state"] == shown
    world.unplug()
    world.wait(60)
    assert world.state["error_state"] == 3  # unplugging is not enough
    world.done("evse/reset_dc_fault_current_state", {"password": 1})
    assert world.state["error_state"] == 3
    world.done("evse/reset_dc_fault_current_state", PASSWORD)
    assert world.state["error_state"] == 0
    assert low(world, "time_since_dc_fault_check") < 1000


def test_a_residual_current_shows_as_a_contactor_that_does_not_close_on_warp1() -> None:
    world = WarpWorld("warp1-pro-11")
    world.plug_in()
    world.wait(20)
    world.begin("leak", faults.TripRcd(residual_current=0.01, current_type="dc"))
    world.wait(20)
    shown = world.state
    assert (shown["iec61851_state"], shown["charger_state"], shown["error_state"]) == (4, 4, 4)
    assert (shown["contactor_error"], shown["contactor_state"]) == (2, 1)
    assert "dc_fault_current_state" not in shown
    world.unplug()
    world.wait(5)
    assert (world.charger_state, world.state["error_state"]) == (0, 0)
    world.plug_in()
    world.wait(5)
    assert world.charger_state == 4
    world.apply(PowerCut())
    world.wait(10)
    world.apply(PowerUp())
    world.wait(60)
    assert world.charger_state == 3


def test_states_freeze_while_the_controller_is_silent() -> None:
    world = WarpWorld()
    world.wait(10)
    world.begin("it", faults.ControllerLinkLost())
    world.wait(1)
    before = low(world, "uptime")
    world.plug_in()
    world.wait(60)
    assert low(world, "uptime") == before
    assert world.charger_state == 0
    world.end("it")
    world.wait(1)
    assert world.charger_state == 3


def test_the_self_test_is_only_run_without_a_vehicle() -> None:
    world = WarpWorld()
    world.wait(100)
    world.done("evse/trigger_dc_fault_test")
    assert low(world, "time_since_dc_fault_check") < 1000
    world.plug_in()
    world.wait(100)
    world.done("evse/trigger_dc_fault_test")
    assert low(world, "time_since_dc_fault_check") > 90_000


# --- phases ----------------------------------------------------------------------------------------------------------


def external(world: WarpWorld) -> int:
    found = world.json("power_manager/state")["external_control"]
    assert isinstance(found, int)
    return found


def test_external_control_is_not_there_at_once() -> None:
    world = WarpWorld()
    assert external(world) == 1
    text = "Ignoring external control phase change request: External control is not enabled."
    assert world.put("power_manager/external_control", 1) == (400, text)
    world.wait(1)
    assert external(world) == 0


def test_a_phase_switch_while_charging() -> None:
    world = WarpWorld()
    world.plug_in()
    world.wait(30)
    assert world.json("power_manager/external_control") == {"phases_wanted": 3}
    assert world.put("power_manager/external_control", {"phases_wanted": 2}) == (
        400,
        "Invalid value for phases_wanted! Only 1 or 3 are allowed.",
    )
    world.done("power_manager/external_control", {"phases_wanted": 1})
    world.wait(1)
    assert external(world) == 3
    assert world.put("power_manager/external_control", 1)[0] == 200  # the same again is taken
    assert world.put("power_manager/external_control", 3) == (
        400,
        "Ignoring external control phase change request: Phase switching in progress.",
    )
    seen = []
    for _ in range(80):
        world.wait(1)
        assert states(world)[:2] == (2, 3)  # frozen
        seen.append(low(world, "phases_state"))
    assert 5 in seen
    assert seen[-1] == 0
    assert external(world) == 0
    assert states(world) == (2, 3, 9)
    assert world.json("power_manager/low_level_state")["is_3phase"] is False
    assert low(world, "phases_current") == 1
    assert world.json("meter/phases")["phases_active"] == [True, False, False]


def test_a_phase_switch_without_a_vehicle_is_instant() -> None:
    world = WarpWorld()
    world.wait(2)
    world.done("power_manager/external_control", 1)
    world.wait(1)
    assert (low(world, "phases_current"), low(world, "phases_state"), external(world)) == (1, 0, 0)
    assert states(world) == (0, 0, 0)


def test_an_error_forbids_phase_switching() -> None:
    world = WarpWorld()
    world.wait(2)
    world.begin("it", faults.PeLoss())
    world.wait(3)
    assert external(world) == 2
    assert world.put("power_manager/external_control", 1)[1].endswith("Phase switching in error state.")


def test_with_one_phase_connected_requests_are_dropped() -> None:
    world = WarpWorld()
    world.wait(2)
    world.done("evse/phases_connected", 1)
    world.wait(1)
    assert low(world, "phases_current") == 1
    world.done("power_manager/external_control", 3)
    assert external(world) == 3
    world.wait(1)
    assert external(world) == 0
    assert low(world, "phases_current") == 1
    world.box.reboot()
    world.wait(20)
    assert "phase_switch" not in world.json("info/features")
    assert world.put("power_manager/external_control", 3)[0] == 405


def test_the_wait_of_a_phase_switch_is_configurable() -> None:
    world = WarpWorld()
    world.done("evse/phase_switch_wait_time", 1)
    world.plug_in(reaction_delay=0.1, stop_delay=0.1)
    world.wait(30)
    world.done("power_manager/external_control", 1)
    world.wait(45)
    assert low(world, "phases_state") == 0
    assert states(world) == (2, 3, 9)


@pytest.mark.parametrize("auto", [True, False])
def test_a_single_phase_car_makes_it_drop_two_phases(auto: bool) -> None:
    world = WarpWorld("warp3-pro-22")
    world.done("evse/phase_auto_switch", auto)
    world.plug_in(phases=1)
    world.wait(60)
    assert low(world, "phases_current") == (1 if auto else 3)
    assert low(world, "phases_info") == int(auto)
    if auto:
        world.wait(2)
        world.done("power_manager/external_control", 3)
        world.wait(5)
        assert low(world, "phases_current") == 1
        assert "Requested phase switch but can't switch at the moment." in world.log
    world.unplug()
    world.wait(1)
    assert low(world, "phases_info") == 0


def test_an_isolator_that_cuts_two_lines_is_noticed() -> None:
    world = WarpWorld()
    world.apply(SetSupply(phases=1))
    world.wait(9)
    assert world.json("evse/phases_connected") == {"phases": 3}
    world.wait(2)
    assert world.json("evse/phases_connected") == {"phases": 1}
    assert world.json("meter/phases")["phases_connected"] == [True, False, False]
    assert low(world, "phases_current") == 1
    world.plug_in()
    world.wait(30)
    assert states(world) == (2, 3, 9)


def test_all_connected_phases_are_used_after_a_start() -> None:
    world = WarpWorld()
    world.wait(2)
    world.done("power_manager/external_control", 1)
    world.wait(1)
    world.done("evse/reset")
    world.wait(10)
    assert low(world, "phases_current") == 3
    assert low(WarpWorld(settings={"evse/phases_connected": 1}), "phases_current") == 1


# --- control pilot ---------------------------------------------------------------------------------------------------


def test_the_control_pilot_can_be_cut() -> None:
    world = WarpWorld()
    world.plug_in(state_of_charge=1.0)
    world.wait(5)
    world.done("evse/control_pilot_disconnect", True)
    assert world.json("evse/control_pilot_disconnect") == {"disconnect": True}
    world.wait(5)
    assert states(world)[0] == 1
    assert low(world, "gpio")[16] is True
    world.done("evse/control_pilot_disconnect", False)
    world.wait(1)
    assert low(world, "gpio")[16] is False


def test_while_the_pilot_is_cut_phases_switch_at_once() -> None:
    """Source: phase_control.c, phase_control_tick: contactor inactive and CP disconnected."""
    world = WarpWorld()
    world.plug_in(state_of_charge=0.798, charge_limit=0.8)
    world.wait(600)
    assert states(world)[0] == 1
    world.done("evse/control_pilot_disconnect", True)
    assert world.put("power_manager/external_control", {"phases_wanted": 1})[0] == 200
    world.wait(1.5)
    assert (low(world, "phases_current"), low(world, "phases_state")) == (1, 0)
    assert world.now.phase_switching is False


def test_the_pilot_is_not_cut_while_charging_or_managed() -> None:
    world = WarpWorld()
    world.plug_in()
    world.wait(30)
    world.done("evse/control_pilot_disconnect", True)
    assert world.json("evse/control_pilot_disconnect") == {"disconnect": False}
    world.unplug()
    world.wait(1)
    world.done("evse/management_enabled", True)
    world.done("evse/control_pilot_disconnect", True)
    assert world.json("evse/control_pilot_disconnect") == {"disconnect": False}
    assert "Control pilot cannot be" in world.log


def test_a_sleeping_car_is_woken_after_90_seconds() -> None:
    world = WarpWorld()
    world.begin("asleep", faults.VehicleRefuses())
    world.plug_in()
    world.wait(89)
    assert low(world, "gpio")[16] is False
    assert world.put("evse/control_pilot_disconnect", False)[0] == 200
    world.wait(3)
    assert low(world, "gpio")[16] is True
    assert states(world)[:2] == (1, 2)
    assert low(world, "cp_pwm_duty_cycle") == 267
    world.wait(5)
    assert low(world, "gpio")[16] is False
    world.wait(30)
    assert low(world, "gpio")[16] is True
    world.wait(30)
    assert low(world, "gpio")[16] is False
    world.wait(200)
    assert low(world, "gpio")[16] is False


def test_a_car_that_sleeps_longer_sees_state_f() -> None:
    world = WarpWorld()
    world.done("evse/auto_start_charging", False)
    world.begin("asleep", faults.VehicleRefuses())
    world.plug_in()
    world.wait(4000)
    world.done("evse/start_charging")
    world.wait(185)
    assert low(world, "cp_pwm_duty_cycle") == 0
    assert states(world)[:2] == (1, 2)
    world.wait(5)
    assert low(world, "cp_pwm_duty_cycle") == 267
    world.done("evse/ev_wakeup", False)
    world.wait(30)
    assert low(world, "cp_pwm_duty_cycle") == 267


def cuts(world: WarpWorld) -> list[int]:
    """When the pilot was cut, s."""
    entries = world.simulation.journal
    return [entry.at // 1_000_000 for entry in entries if entry.name == "pilot_interrupted"]


def course(world: WarpWorld, seconds: float) -> list[tuple[float, int, int]]:
    """Changes of `iec61851_state` and `charger_state` with the time until then, s, poll by poll."""
    shown: list[tuple[float, int, int]] = []
    for poll in range(int(seconds / POLL)):
        now = states(world)[:2]
        if not shown or shown[-1][1:] != now:
            shown.append((poll * POLL, *now))
        world.wait(POLL)
    return shown


@pytest.mark.parametrize("path", ["evse/external_current", "evse/global_current"])
def test_a_charge_does_not_come_back_within_five_seconds(path: str) -> None:
    """Source: iec61851.c, last_state_c_end_time; evse.c: with PWM and without C the contactor opens at once."""
    world = WarpWorld()
    world.plug_in()
    world.wait(60)
    world.done(path, 0)
    assert states(world)[:2] == (1, 1)
    world.wait(0.25)
    world.done(path, 16000)
    assert states(world)[:2] == (1, 2)
    assert world.now.contactor is False
    assert course(world, 10) == [(0, 1, 2), (pytest.approx(4.5, abs=0.3), 2, 3)]


def test_after_state_d_it_stays_for_thirty_seconds() -> None:
    """Source: iec61851.c, last_error_time: until then the state stays as it was."""
    world = WarpWorld()
    world.plug_in(patience=60.0)
    world.wait(60)
    world.begin("d", faults.Ventilation())
    world.wait(5)
    assert states(world)[:2] == (3, 4)
    world.end("d")
    assert course(world, 40) == [(0, 3, 4), (pytest.approx(30, abs=0.3), 2, 3)]


def test_after_state_d_a_car_may_go_back_to_b() -> None:
    world = WarpWorld()
    world.plug_in()
    world.wait(60)
    world.begin("d", faults.Ventilation())
    world.wait(5)
    world.end("d")
    world.begin("refuses", faults.VehicleRefuses())
    world.wait(5)
    assert states(world)[:2] == (1, 2)
    world.end("refuses")
    assert course(world, 40) == [(0, 1, 2), (pytest.approx(25, abs=1), 2, 3)]


@pytest.mark.parametrize("model", ["warp2-pro-22", "warp3-pro-11", "warp4-pro-11"])
def test_a_car_that_has_had_enough_is_left_alone(model: str) -> None:
    """Source: iec61851.c: the sequence starts where PWM comes on, and a C in between ends it."""
    world = WarpWorld(model)
    world.plug_in(state_of_charge=0.798, charge_limit=0.8)
    world.wait(600)
    assert states(world)[:2] == (1, 2)
    assert low(world, "charging_time") == 1
    assert cuts(world) == []
    world.done("evse/stop_charging")
    world.begin("asleep", faults.VehicleRefuses())
    world.wait(4)
    world.done("evse/start_charging")
    world.wait(200)
    assert cuts(world) == [694, 728]


def test_a_car_that_does_not_come_back_after_a_phase_switch_is_woken() -> None:
    """Source: phase_control.c gives PWM back, which starts the sequence; C was held until then."""
    world = WarpWorld()
    world.plug_in()
    world.wait(60)
    world.begin("asleep", faults.VehicleRefuses())
    assert world.put("power_manager/external_control", {"phases_wanted": 1})[0] == 200
    world.wait(300)
    switch, first, second = cuts(world)
    assert first - switch == pytest.approx(60 + 10 + 90, abs=2)
    assert second - first == 34


def test_wake_up_switched_on_late_goes_on_where_it_would_be() -> None:
    """Source: iec61851.c asks for the switch at each step only."""
    world = WarpWorld()
    world.done("evse/ev_wakeup", False)
    world.begin("asleep", faults.VehicleRefuses())
    world.plug_in()
    world.wait(110)
    world.done("evse/ev_wakeup", True)
    world.wait(200)
    assert cuts(world) == [124]


# --- restarts --------------------------------------------------------------------------------------------------------


def test_a_restart_of_the_network_side_leaves_the_charge_alone() -> None:
    world = WarpWorld()
    world.plug_in()
    world.wait(60)
    uptime = low(world, "uptime")
    before = world.json("event_log/boot_id")
    energy = world.now.total_energy
    assert world.put("reboot") == (200, "")
    world.wait(0.9)
    assert world.box.up
    world.wait(0.2)
    assert not world.box.up
    world.wait(20)
    assert world.box.up
    assert world.now.total_energy > energy
    assert low(world, "uptime") > uptime
    assert world.charger_state == 3
    charge = world.json("charge_tracker/current_charge")
    assert (charge["user_id"], charge["authorization_type"], charge["authorization_info"]) == (0, 1, None)
    assert world.json("event_log/boot_id") != before
    assert [(boot["reset_reason"], boot["uptime"]) for boot in world.json("info/last_boots")] == [(1, 0), (3, 60_000)]
    assert world.json("system/last_reset") == {"reason": 3, "show_warning": False}
    world.outage(30)
    assert [boot["reset_reason"] for boot in world.json("info/last_boots")] == [1, 3, 1]
    assert world.json("system/last_reset/reason") == 1


def test_a_restart_of_the_controller_interrupts() -> None:
    world = WarpWorld()
    world.plug_in()
    world.wait(60)
    world.done("evse/external_current", 6000)
    world.done("bricklet_reboot")
    world.wait(20)
    assert low(world, "uptime") < 25_000
    assert world.slot(8)[0] == 32000
    assert world.slot(13) == (0, True, False)  # until a fresh meter was seen
    world.wait(20)
    assert world.slot(13) == (32000, True, False)
    assert world.now.effective_limit == 16.0
    assert world.now.binding_limit == "hardware"


def test_a_factory_reset() -> None:
    world = WarpWorld()
    world.done("info/display_name", "Carport")
    world.done("evse/global_current", 10000)
    world.done("factory_reset", {"do_i_know_what_i_am_doing": True})
    world.wait(2)
    assert world.json("info/display_name") == {"display_name": "Carport"}
    world.wait(30)
    assert world.json("info/display_name") == {"display_name": "warp3-2abC"}
    assert world.slot(5)[0] == 32000


def test_a_reset_of_the_configuration_keeps_charges_and_hardware() -> None:
    world = WarpWorld("warp2-pro-11", settings={"rtc_fitted": True})
    world.plug_in()
    world.wait(60)
    world.unplug()
    world.wait(5)
    world.done("info/display_name", "Carport")
    assert world.json("debug_report")["modified"] == ["require_meter_config", "users_config", "info_display_name"]
    world.done("config_reset", {"do_i_know_what_i_am_doing": True})
    world.wait(30)
    assert world.json("info/display_name") == {"display_name": "warp2-XyZ"}
    assert len(world.json("charge_tracker/last_charges")) == 1
    assert "rtc" in world.json("info/features")


def test_a_single_configuration_is_reset_at_the_next_boot() -> None:
    world = WarpWorld()
    world.done("info/display_name", "Carport")
    world.done("config/reset", {"path": "info/display_name"})
    assert world.json("info/display_name") == {"display_name": "Carport"}
    world.done("reboot")
    world.wait(20)
    assert world.json("info/display_name") == {"display_name": "warp3-2abC"}


def test_a_cold_start_declares_the_meter_later() -> None:
    world = WarpWorld()
    world.apply(PowerCut())
    world.wait(10)
    world.apply(PowerUp())
    world.wait(17)
    assert "meter" not in world.json("info/features")
    assert world.json("meters/0/value_ids") == []
    assert world.json("evse/hardware_configuration/energy_meter_type") == 0
    world.wait(15)
    assert world.json("info/features")[-4:] == ["meters", "meter", "meter_all_values", "meter_phases"]
    assert world.json("meter/values")["power"] == 0


def test_settings_of_the_owner() -> None:
    world = WarpWorld(settings={"evse/user_enabled": True, "evse/global_current": {"current": 10000}})
    assert world.slot(5) == (10000, True, False)
    world.box.configure({"evse/phase_auto_switch": False, "ntp/config": {"timezone": "Europe/London"}})
    world.wait(0.25)
    assert world.json("evse/phase_auto_switch") == {"enabled": False}
    assert world.json("ntp/config")["timezone"] == "Europe/London"
    assert world.json("ntp/config")["server"] == "time.cloudflare.com"
