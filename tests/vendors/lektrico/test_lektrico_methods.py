"""Every method, type by type, in every state; every configuration key; every error code."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from lektrico_world import LektricoWorld

from emulator import vendors
from emulator.core import faults
from emulator.core.messages import Outcome, Reason
from emulator.devices.interfaces import Origin
from emulator.vendors.lektrico.errorflags import FLAGS
from emulator.vendors.lektrico.methods import METHODS

FLAG_NAMES = (
    "state_e_activated",
    "overtemp",
    "critical_temp",
    "overcurrent",
    "meter_fault",
    "voltage_error",
    "rcd_error",
    "rcd_test_error",
    "rcd_err_pin_error",
    "rcd_err6_pin_error",
    "rcd_init_start_error",
    "rcd_init_end_error",
    "state_f_activated",
    "contactor_failure",
    "cp_diode_failure",
    "undervoltage_error",
    "overvoltage_error",
)
NUMBER = (int, float)
THREE = "three numbers"
CURRENTS = (
    "cable_current install_current dynamic_current user_current charging_current system_max_current schedule_current"
    " ocpp_current em_current"
)
COUNTERS = "total_charged_time total_charged_sessions total_charged_energy reset_counter last_session_energy"
CONFIG: dict[str, Any] = {
    "headless": bool, "install_current": int, "led_max_brightness": int, "led_dimming_delay": int,
    "charger_locked": bool, "auto_update": bool, "led_template_enabled": bool, "led_template": str,
    "charger_alias": str, "latitude": NUMBER, "longitude": NUMBER, "ocpp_server_link": str, "connected_phase": int,
    "owner_id": str, "user_current": int, "gmt_offset": int, "precise_pwm_mode": bool,
    "energy_management_enabled": bool, "charging_schedule_enabled": bool, "em_id": str, "timezone": str,
}  # fmt: skip
SHAPES: dict[str, dict[str, Any]] = {
    "App_config.Get": CONFIG,
    "Charger_info.Get": {
        "charger_state": str, "session_energy": NUMBER, "charging_time": int, "session_id": int,
        "instant_power": NUMBER, "current": NUMBER, "currents": THREE, "current_limit_reason": int, "voltage": NUMBER,
        "voltages": THREE, "temperature": NUMBER, "energy_index": NUMBER, "total_charged_energy": NUMBER,
        "headless": bool, "led_max_brightness": int, "install_current": int, "dynamic_current": int, "relay_mode": int,
        "em_current": int, "fw_version": str, "extended_charger_state": str, "has_active_errors": bool,
        "charger_is_paused": bool, "heap_free": int, "pwm_current": int,
    },
    "Sw_version.Get": {"fw_version": str, "fw_id": str},
    "Logged_errors.Get": dict.fromkeys(FLAG_NAMES, bool),
    "Active_errors.Get": dict.fromkeys(FLAG_NAMES, bool),
    "Wifi_status.Get": {"connected": bool, "sta_ip": str, "sta_name": str, "rssi": int, "bssid": str},
    "System_currents.Get": dict.fromkeys(CURRENTS.split(), int),
    "Counters_config.Get": dict.fromkeys(COUNTERS.split(), int),
    "Device_info.Get": {"device_id": str, "connected_phase": int, "fw_version": str, "charger_alias": str},
    "Charging_schedule.Get": {"charging_schedule": list},
    "EM_current.Get": {"EM_current": int},
    "EM_status.Get": {"em_offline": bool},
    "Dynamic_current.Get": {"dynamic_current": int, "relay_mode": int},
    "Device_id.Get": {"device_id": str},
    "Charger_config.Get": {"serial_number": int, "board_revision": str},
}  # fmt: skip
WRITES: dict[str, dict[str, Any]] = {
    "Charge.Start": {"tag": "me"},
    "Charge.Stop": {},
    "App_config.Set": {"config_key": "led_max_brightness", "config_value": 55},
    "Device.Reset": {},
    "Logged_errors.Reset": {},
    "Ota.Verify": {},
    "Factory.Reset": {},
    "Ap_password.Set": {"password": "12345678"},
    "Charge.Pause": {},
    "Charge.Resume": {},
    "Charging_schedule.Set": {"charging_schedule": []},
    "Charging_schedule.Override": {},
    "EM_current.Set": {"EM_current": 16},
    "Dynamic_current.Set": {"dynamic_current": 16, "relay_mode": 3},
}
NOT_IN_1_47 = {("App_config.Get", "auto_update"), ("Charger_info.Get", "relay_mode")}
NEEDS_A_CAR = {"Charge.Start", "Charge.Stop", "Charge.Pause", "Charge.Resume", "Charging_schedule.Override"}
STARTS = {"Charge.Start", "Charging_schedule.Override"}


def fits(kind: Any, value: object) -> bool:
    if kind is THREE:
        return isinstance(value, list) and len(value) == 3 and all(fits(NUMBER, item) for item in value)
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


# --- the states ------------------------------------------------------------------------------------------------------


def free() -> LektricoWorld:
    return LektricoWorld()


def full() -> LektricoWorld:
    world = LektricoWorld()
    world.plug_in(state_of_charge=1.0)
    world.wait(30)
    return world


def unauthorised() -> LektricoWorld:
    world = LektricoWorld(headless=False)
    world.plug_in()
    world.wait(30)
    return world


def charging() -> LektricoWorld:
    world = LektricoWorld()
    world.charge()
    return world


def ventilated() -> LektricoWorld:
    world = LektricoWorld()
    world.charge(ventilation=True)
    return world


def _then(method: str, **params: Any) -> Callable[[], LektricoWorld]:
    def make() -> LektricoWorld:
        world = charging()
        assert world.code(method, **params) == 0
        world.wait(10)
        return world

    return make


def scheduled() -> LektricoWorld:
    whole_week = {"start_d": 1, "start_h": 0, "start_m": 0, "end_d": 7, "end_h": 23, "end_m": 59, "current": 0}
    world = LektricoWorld(charging_schedule_enabled=True, charging_schedule=[whole_week])
    world.plug_in()
    world.wait(30)
    return world


def locked() -> LektricoWorld:
    world = LektricoWorld(charger_locked=True)
    world.plug_in()
    world.wait(30)
    return world


def _faulty(fault: faults.Disturbance) -> Callable[[], LektricoWorld]:
    def make() -> LektricoWorld:
        world = charging()
        world.begin("fault", fault)
        world.wait(2)
        return world

    return make


def updating() -> LektricoWorld:
    world = LektricoWorld(firmware="1.47", available_firmware="1.51")
    assert world.code("ota.verify") == 0
    return world


def switching() -> LektricoWorld:
    world = charging()
    assert world.code("dynamic_current.set", dynamic_current=16, relay_mode=1) == 0
    world.wait(7)
    assert world.now.phase_switching
    return world


STATES: dict[str, tuple[Callable[[], LektricoWorld], tuple[str, str, bool]]] = {
    "A": (free, ("A", "A", False)),
    "B": (full, ("B", "B", False)),
    "B_AUTH": (unauthorised, ("B", "B_AUTH", False)),
    "C": (charging, ("C", "C", False)),
    "D": (ventilated, ("D", "D", False)),
    "paused": (_then("charge.pause"), ("B", "B_PAUSE", True)),
    "paused by 0 A": (_then("dynamic_current.set", dynamic_current=0), ("B", "B_PAUSE", True)),
    "paused by the meter": (_then("em_current.set", EM_current=0), ("B", "B_PAUSE", True)),
    "stopped": (_then("charge.stop"), ("B", "B_AUTH", False)),
    "scheduled": (scheduled, ("B", "B_SCHEDULER", True)),
    "LOCKED": (locked, ("B", "LOCKED", False)),
    "E": (_faulty(faults.CpShort()), ("E", "E", False)),
    "F": (_faulty(faults.CpStateF()), ("F", "F", False)),
    "OTA": (updating, ("A", "OTA", False)),
    "switching": (switching, ("B", "B_PAUSE", True)),
}


@pytest.mark.parametrize("state", STATES)
def test_every_method_in_every_state(state: str) -> None:
    make, shown = STATES[state]
    world = make()
    assert world.states == shown
    for method, shape in SHAPES.items():
        found = world.rpc(method)
        expected = {key: kind for key, kind in shape.items() if state != "OTA" or (method, key) not in NOT_IN_1_47}
        assert list(found) == list(expected), method
        for key, kind in expected.items():
            assert fits(kind, found[key]), f"{method}: {key} is {found[key]!r}"
    for method in SHAPES:
        assert world.frame({"id": 1, "method": method})["result"] == world.rpc(method)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("method", WRITES)
def test_every_command_in_every_state(method: str, state: str) -> None:
    world = STATES[state][0]()
    code = world.code(method, **WRITES[method])
    refused = (method in NEEDS_A_CAR and not world.now.plugged) or (method in STARTS and state in ("LOCKED", "E", "F"))
    assert code == ((-1 if state == "OTA" else -7) if refused else 0)
    world.wait(5)
    assert not world.wallbox.up or world.rpc("charger_info.get")["charger_state"] in "ABCDEF"


def test_every_method_is_tested() -> None:
    chargers = {method.name for method in METHODS if method.models is None or "1p7k" in method.models}
    assert chargers == set(SHAPES) | set(WRITES)


def test_a_charger_has_no_meters_methods() -> None:
    for name in ("M2w_config.Get", "Meter_info.Get", "Load_balancing_mode.Get", "Load_balancing_mode.Set"):
        assert LektricoWorld().rpc(name)["code"] == 404


# --- configuration keys ----------------------------------------------------------------------------------------------

BOOLEANS = ("headless", "charger_locked", "auto_update", "led_template_enabled", "precise_pwm_mode",
            "energy_management_enabled", "charging_schedule_enabled")  # fmt: skip
INTEGERS = {
    "install_current": (6, 32),
    "led_max_brightness": (10, 100),
    "led_dimming_delay": (0, 2**31 - 1),
    "connected_phase": (1, 3),
    "user_current": (6, 32),
    "gmt_offset": (-12, 12),
}
TEXTS = ("charger_alias", "ocpp_server_link", "owner_id", "em_id", "timezone")


def test_defaults_after_a_factory_reset() -> None:
    world = LektricoWorld()
    assert world.wallbox.read("app_config.install_current") == 32  # as an installer has left it
    assert world.code("factory.reset") == 0
    assert world.wallbox.read("app_config.get") == {
        "headless": True, "install_current": 6, "led_max_brightness": 10, "led_dimming_delay": 0,
        "charger_locked": False, "auto_update": True, "led_template_enabled": False, "led_template": "",
        "charger_alias": "", "latitude": 0.0, "longitude": 0.0, "ocpp_server_link": "", "connected_phase": 0,
        "owner_id": "", "user_current": 32, "gmt_offset": 0, "precise_pwm_mode": False,
        "energy_management_enabled": False, "charging_schedule_enabled": False, "em_id": "", "timezone": "",
    }  # fmt: skip


@pytest.mark.parametrize("key", BOOLEANS)
def test_boolean_keys(key: str) -> None:
    world = LektricoWorld()
    wrong: Any
    value: Any
    for value in (False, True, "false", "true"):
        assert world.config(key, value) == 0
        assert world.rpc("app_config.get")[key] is (value in (True, "true"))
    before = world.rpc("app_config.get")
    for wrong in (1, 0, "1", "yes", "", None, 1.0, [], {}):
        assert world.config(key, wrong) == -5
    assert world.rpc("app_config.get") == before


@pytest.mark.parametrize("key", INTEGERS)
def test_integer_keys(key: str) -> None:
    value: Any
    wrong: Any
    world = LektricoWorld()
    lowest, highest = INTEGERS[key]
    for value in (lowest, highest, str(lowest), str(highest)):
        assert world.config(key, value) == 0
        assert world.rpc("app_config.get")[key] == int(value)
    for wrong in (lowest - 1, highest + 1, str(highest + 1), 10**30):
        assert world.config(key, wrong) == -4
    for wrong in (True, "x", "", None, lowest + 0.5, [], "1e1", 1e300):
        assert world.config(key, wrong) == (-4 if wrong == 1e300 else -5)
    assert world.rpc("app_config.get")[key] == highest


@pytest.mark.parametrize("key", TEXTS)
def test_text_keys(key: str) -> None:
    wrong: Any
    world = LektricoWorld()
    assert world.config(key, 'Größe "1"') == 0
    assert world.rpc("app_config.get")[key] == 'Größe "1"'
    for wrong in (1, True, None, []):
        assert world.config(key, wrong) == -5


@pytest.mark.parametrize("key", ["latitude", "longitude"])
def test_double_keys(key: str) -> None:
    value: Any
    wrong: Any
    world = LektricoWorld()
    for value in (46.77, "-23.5", 3):
        assert world.config(key, value) == 0
        assert world.rpc("app_config.get")[key] == float(value)
    for wrong in (True, "north", None, ""):
        assert world.config(key, wrong) == -5
    reply = world.post("/rpc/app_config.set", f'{{config_key:"{key}",config_value:1e999}}')
    assert b'"code":-4' in reply.body


def test_the_led_template() -> None:
    world = LektricoWorld()
    good = "255,0,0,0,255,0,0,0,255,255,255,255"
    assert world.config("led_template", good) == 0
    assert world.config("led_template", "1,2,3") == -3
    assert world.config("led_template", good.replace("255", "256")) == -4
    assert world.config("led_template", good.replace("255", "red")) == -5
    assert world.config("led_template", 12) == -5
    assert world.rpc("app_config.get")["led_template"] == good
    assert world.config("led_template", "") == 0


def test_missing_and_unknown_keys() -> None:
    world = LektricoWorld()
    assert world.code("app_config.set") == -2
    assert world.code("app_config.set", config_key="headless") == -2
    assert world.code("app_config.set", config_value=1) == -2
    assert world.code("app_config.set", config_key=5, config_value=1) == -2
    assert world.config("nope", 1) == -6
    assert world.config("Headless", True) == -6
    assert world.config("breaker_rating", 32) == -6


def test_an_owner_is_set_once() -> None:
    for firmware, code in (("1.51", -7), ("1.47", -1)):
        world = LektricoWorld(firmware=firmware)
        assert world.config("owner_id", "anna") == 0
        assert world.config("owner_id", "berta") == code
        assert world.config("owner_id", "anna") == code
        assert world.config("owner_id", "") == code
        assert world.rpc("app_config.get")["owner_id"] == "anna"
        assert world.code("factory.reset") == 0
        assert world.config("owner_id", "berta") == 0


def test_charger_info_and_configuration_agree() -> None:
    world = LektricoWorld()
    for key, value in (("headless", False), ("install_current", 20), ("led_max_brightness", 44)):
        world.config(key, value)
        assert world.info(key) == world.rpc("app_config.get")[key] == value


# --- other parameters ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["dynamic_current", "em_current"])
def test_currents(name: str) -> None:
    value: Any
    wrong: Any
    world = LektricoWorld()
    for value in (0, 6, 32, "16"):
        assert world.code(f"{name}.set", **{name: value}) == 0
        assert world.info(name) == world.rpc("system_currents.get")[name] == int(value)
    for wrong in (1, 5, 33, -1, "5"):
        assert world.code(f"{name}.set", **{name: wrong}) == -4
    for wrong in (True, "x", None, 6.5, [6]):
        assert world.code(f"{name}.set", **{name: wrong}) == -5
    assert world.code(f"{name}.set") == -2
    assert world.code(f"{name}.set", current=16) == -2
    assert world.info(name) == 16


def test_both_spellings_of_em_current() -> None:
    world = LektricoWorld()
    assert world.code("EM_current.Set", EM_current=11) == 0
    assert world.rpc("EM_current.Get") == {"EM_current": 11}
    assert world.code("EM_current.Set", em_current=12) == 0
    world.wallbox.configure({"em_current_key": "em_current"})
    assert world.rpc("EM_current.Get") == {"em_current": 12}


def test_relay_mode() -> None:
    world = LektricoWorld()
    assert world.rpc("dynamic_current.get") == {"dynamic_current": 32, "relay_mode": 3}
    assert world.code("dynamic_current.set", relay_mode=1) == -2
    assert world.code("dynamic_current.set", dynamic_current=16, relay_mode=2) == -4
    assert world.code("dynamic_current.set", dynamic_current=16, relay_mode=4) == -4
    assert world.code("dynamic_current.set", dynamic_current=16, relay_mode="one") == -5
    assert world.code("dynamic_current.set", dynamic_current=5, relay_mode=1) == -4
    assert world.rpc("dynamic_current.get") == {"dynamic_current": 32, "relay_mode": 3}
    assert world.code("dynamic_current.set", dynamic_current=16, relay_mode=1) == 0
    assert world.rpc("dynamic_current.get") == {"dynamic_current": 16, "relay_mode": 1}
    assert world.info("relay_mode") == 1


def test_a_single_phase_charger_has_no_relay_mode() -> None:
    world = LektricoWorld("1p7k")
    assert world.code("dynamic_current.set", dynamic_current=16, relay_mode=3) == 0
    assert world.rpc("dynamic_current.get") == {"dynamic_current": 16, "relay_mode": 0}


@pytest.mark.parametrize(
    ("password", "code"), [("", 0), ("1234567", -3), ("12345678", 0), ("x" * 63, 0), ("x" * 64, -3), (12345678, -5)]
)
def test_the_access_points_password(password: object, code: int) -> None:
    world = LektricoWorld(ap_password="before it")
    assert world.code("ap_password.set", password=password) == code
    assert world.wallbox.settings["ap_password"] == (password if code == 0 else "before it")
    assert world.code("ap_password.set") == -2


# --- scenarios' way in -----------------------------------------------------------------------------------------------

ORIGIN = Origin(interface="http", client="scenario")


@pytest.mark.parametrize(
    ("address", "value", "read"),
    [
        ("app_config.user_current", 10, "app_config.user_current"),
        ("app_config.set.user_current", 10, "app_config.get.user_current"),
        ("dynamic_current", 10, "dynamic_current"),
        ("dynamic_current.set", {"dynamic_current": 10}, "dynamic_current.get.dynamic_current"),
        ("em_current", 10, "charger_info.get.em_current"),
        ("relay_mode", 1, "relay_mode"),
        ("charging_schedule", [], "charging_schedule"),
    ],
)
def test_addresses_to_write_and_read(address: str, value: object, read: str) -> None:
    world = LektricoWorld()
    assert world.wallbox.write(address, value, ORIGIN).ok
    expected = value["dynamic_current"] if isinstance(value, dict) else value
    assert world.wallbox.read(read) == expected


def test_writes_are_recorded_under_the_address() -> None:
    world = LektricoWorld()
    world.plug_in()
    world.wait(1)
    world.rpc("app_config.set", config_key="user_current", config_value=12)
    world.rpc("dynamic_current.set", dynamic_current=14, relay_mode=1)
    world.rpc("charge.start", tag="me")
    world.rpc("em_current.set", em_current=3)
    found = [
        (entry.name, entry.detail["value"], entry.detail["ok"])
        for entry in world.simulation.journal
        if entry.kind == "write"
    ]
    assert found == [
        ("app_config.user_current", 12, True),
        ("relay_mode", 1, True),
        ("dynamic_current", 14, True),
        ("charge.start", {"tag": "me"}, True),
        ("em_current", 3, False),
    ]


def test_refusals_of_a_scenarios_writes() -> None:
    wallbox = LektricoWorld().wallbox
    assert wallbox.write("charge.start", {}, ORIGIN) == Outcome(
        refused=Reason.NOT_ALLOWED, message="Error prohibited action.", detail={"code": -7}
    )
    assert wallbox.write("app_config.user_current", 3, ORIGIN).refused is Reason.OUT_OF_RANGE
    assert wallbox.write("app_config.nope", 3, ORIGIN).refused is Reason.UNKNOWN
    assert wallbox.write("nothing", 3, ORIGIN).refused is Reason.UNKNOWN
    assert wallbox.write("ap_password", "short", ORIGIN).refused is Reason.WRONG_LENGTH
    wallbox.reboot()
    assert wallbox.write("dynamic_current", 10, ORIGIN).refused is Reason.UNREACHABLE


@pytest.mark.parametrize("address", ["", "nope", "charger_info.get.nope", "app_config.nope", "charge.start", "a.b.c.d"])
def test_unknown_addresses(address: str) -> None:
    with pytest.raises(KeyError):
        LektricoWorld().wallbox.read(address)


def test_reading_elements() -> None:
    world = LektricoWorld()
    world.charge()
    assert world.wallbox.read("charger_info.currents.0") == world.info("currents")[0] > 10


# --- firmware and models ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("firmware", "absent"),
    [
        ("1.22", {"current_limit_reason", "em_current", "relay_mode"}),
        ("1.44", {"em_current", "relay_mode"}),
        ("1.45_beta", {"em_current", "relay_mode"}),
        ("1.47", {"relay_mode"}),
        ("1.51", set()),
    ],
)
def test_members_by_firmware(firmware: str, absent: set[str]) -> None:
    world = LektricoWorld(firmware=firmware)
    assert list(world.rpc("charger_info.get")) == [k for k in SHAPES["Charger_info.Get"] if k not in absent]
    assert world.rpc("sw_version.get")["fw_version"] == firmware
    assert re.fullmatch(r"\d{8}-\d{6}/v[\d.]+(_beta)?-\d+-g[0-9a-f]{7}-[a-z-]+", world.rpc("sw_version.get")["fw_id"])


def test_flags_of_older_firmware() -> None:
    old = LektricoWorld(firmware="1.22")
    names = list(old.rpc("active_errors.get"))
    assert names == ["state_machine_e_activated", *FLAG_NAMES[1:13]]
    assert [flag.name for flag in FLAGS if flag.name in FLAG_NAMES] == list(FLAG_NAMES)
    old.charge()
    old.begin("x", faults.ContactorWelded())
    old.rpc("charge.pause")
    old.wait(20)
    assert old.info() == "E"
    assert old.info("has_active_errors")
    assert old.rpc("active_errors.get")["state_machine_e_activated"]


def test_keys_of_older_firmware() -> None:
    old = LektricoWorld(firmware="1.22")
    assert old.rpc("app_config.get")["led_max_brightness"] == 100
    assert "user_current" not in old.rpc("app_config.get")
    assert old.config("user_current", 16) == -6
    assert "auto_update" not in LektricoWorld(firmware="1.47").rpc("app_config.get")
    assert old.code("dynamic_current.set", dynamic_current=0) == -4
    assert LektricoWorld(firmware="1.44").code("dynamic_current.set", dynamic_current=0) == -4
    assert LektricoWorld(firmware="1.45").code("dynamic_current.set", dynamic_current=0) == 0
    assert old.code("charge.start") == -1
    assert list(old.rpc("dynamic_current.get")) == ["dynamic_current"]
    assert old.code("dynamic_current.set", dynamic_current=10, relay_mode=9) == 0


def test_quirks() -> None:
    world = LektricoWorld(hide_dynamic_current=True, hide_limit_reason=True, zero_voltage=True, shown_limit_reason=12)
    assert world.rpc("dynamic_current.get") == {"relay_mode": 3}
    assert "current_limit_reason" not in world.rpc("charger_info.get")
    assert world.info("voltage") == 0
    assert world.info("voltages")[0] > 200
    world.wallbox.configure({"hide_limit_reason": False})
    assert world.info("current_limit_reason") == 12


@pytest.mark.parametrize(
    ("model", "device", "serial", "board"),
    [
        ("1p7k", "1p7k_500006", 500006, "E"),
        ("3p22k", "3p22k_600123", 600123, "E"),
        ("lektrico-one", "1p7k_510042", 510042, "E"),
    ],
)
def test_identity(model: str, device: str, serial: int, board: str) -> None:
    world = LektricoWorld(model)
    assert world.rpc("device_id.get") == {"device_id": device}
    assert world.rpc("charger_config.get") == {"serial_number": serial, "board_revision": board}
    assert world.rpc("device_info.get")["device_id"] == device


def test_a_single_phase_charger() -> None:
    world = LektricoWorld("1p7k")
    world.charge(phases=3)
    info = world.rpc("charger_info.get")
    assert info["currents"][0] > 15
    assert info["currents"][1:] == info["voltages"][1:] == [0, 0]
    assert info["current"] == info["currents"][0]
    assert info["voltage"] == info["voltages"][0]


@pytest.mark.parametrize(("model", "device"), [("lektrico-em", "m2w_810012"), ("lektrico-3em", "m2w_830012")])
def test_meters(model: str, device: str) -> None:
    world = LektricoWorld(model, house_power=[1000, 200, -3000])
    assert world.rpc("device_id.get") == {"device_id": device}
    assert world.rpc("m2w_config.get") == {"serial_number": int(device[4:]), "board_revision": "A"}
    assert world.rpc("charger_info.get")["code"] == 404
    info = world.rpc("meter_info.get")
    assert list(info) == ["voltage", "current", "active_p", "power_factor", "total_active_power"]
    if model == "lektrico-3em":
        assert info["active_p"] == [1000, 200, -3000]
        assert info["total_active_power"] == -1800
        assert info["power_factor"] == [1, 1, -1]
        assert info["current"][2] == pytest.approx(3000 / 230, abs=0.01)
    else:
        assert info["active_p"] == [1000, 1000, 0]
        assert info["total_active_power"] == 1000
    world.config("reverse_current", True)
    assert world.rpc("meter_info.get")["active_p"][0] == -1000
    assert world.rpc("sw_version.get")["fw_version"] == "1.22"


def test_an_older_meter_does_not_choose_phases() -> None:
    later = {"green_forced_single_phase", "hybrid_forced_single_phase"}
    assert later <= set(LektricoWorld("lektrico-em").rpc("app_config.get"))
    old = LektricoWorld("lektrico-em", "1.15")
    assert not later & set(old.rpc("app_config.get"))
    assert {old.config(key, True) for key in later} == {-6}


def test_a_meter_measures_the_charger() -> None:
    world = LektricoWorld("lektrico-3em")
    world.plug_in()
    world.wait(60)
    assert world.rpc("meter_info.get")["total_active_power"] > 10_000


METER_KEYS = {
    "breaker_rating": (10, 1000), "load_balancing_mode": (0, 4), "lb_pv_minimum_current": (1, 6),
    "lb_hybrid_current": (6, 32), "lb_meter_offline_current": (6, 32), "car_minimum_current": (6, 10),
}  # fmt: skip


def test_keys_of_meters() -> None:
    world = LektricoWorld("lektrico-em")
    assert world.rpc("app_config.get")["owner_id"] == ""
    for key, (lowest, highest) in METER_KEYS.items():
        assert (world.config(key, lowest), world.config(key, highest)) == (0, 0)
        assert (world.config(key, lowest - 1), world.config(key, highest + 1)) == (-4, -4)
        assert world.config(key, True) == -5
    for key in ("reverse_current", "green_forced_single_phase", "hybrid_forced_single_phase", "auto_update",
                "energy_management_enabled"):  # fmt: skip
        assert (world.config(key, True), world.config(key, 1)) == (0, -5)
    for key in ("lb_meter_type", "chargers_list"):
        assert (world.config(key, "x"), world.config(key, 1)) == (0, -5)
    assert world.config("headless", True) == -6
    assert world.code("load_balancing_mode.set", load_balancing_mode=3) == 0
    assert world.rpc("load_balancing_mode.get") == {"load_balancing_mode": 3}
    assert world.code("load_balancing_mode.set", load_balancing_mode=5) == -4
    assert world.code("load_balancing_mode.set") == -2
    assert world.code("device.reset") == 0


def test_a_meter_has_no_card_reader() -> None:
    assert LektricoWorld("lektrico-em").wallbox.present_card("04").detail == {"ignored": "no card reader"}


def test_every_profile_answers() -> None:
    for model in vendors.vendor("lektrico").models:
        for firmware in model.firmwares:
            world = LektricoWorld(model.id, firmware)
            for name, method in world.device.api.methods.items():
                if not method.writes:
                    assert "code" not in world.rpc(name)
