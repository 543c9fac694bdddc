"""The legacy REST interface: order and form of what is sent, access, refusals, and the newer API's login."""

from __future__ import annotations

import hashlib
import json

import pytest
from bench import CLIENT
from controller import ICC, OLD, Controller

from emulator.scenario.loader import loads
from emulator.scenario.playing import play

SEED_VALUES = {
    "conn_state": (
        "no_vehicle_connected vehicle_connected_schuko vehicle_charging_schuko vehicle_connected_type2 "
        "vehicle_charging_type2 vehicle_connector_error"
    ),
    "auth_state": "not_authorized_for_charging wait_for_auth authorized_for_charging auth_timeout",
    "type2_state": "a b c d e",
    "schuko_state": "idle connected power_on",
    "free_charging": "off on",
    "rcmb_state": "triggered okay",
    "cable_attached": "off on",
    "schuko_cfg": "disable enable",
    "wlan_state": "wlan_disconnected wlan_connected",
}

IDLE = """\
conn_state:no_vehicle_connected
auth_state:not_authorized_for_charging
auth_uid:
time_since_charging_start:0
meter_wh:0
power_w:0
voltage_v:230,230,230
transaction_wh:0
cp_id:+49*123*00000000042
ocpp_state:available
type2_state:a
type2_proximity:cable_attached
sig_current:0
schuko_state:idle
backend_conn_state:pending
free_charging:on
slave_state:
ocpp_meter_cfg:modbus_meter_eastron_sdm630
ocpp_meter_serial:65465484ds
current_a:0.00,0.00,0.00
energy_man_current:0
ambient_temp:+26.00
firmware_ver:5.33.9-21459
cc_serial_n:1703512493/b94060007
con_cycles_schuko:0
con_cycles_type2:0
max_current:32
rcmb_state:okay
rcmb_max_values: 0.0, 0.0
rcmb_current_values: 0.0, 0.0
cable_attached:on
schuko_cfg:disable
rcd_state:disable
mcb_type2_state:disable
mcb_schuko_state:disable
cp_vendor:Bender GmbH Co. KG
errors:no_errors
cp_model:CC612_2M3PR
display_text:
wlan_state:wlan_disconnected
"""


def test_an_idle_controller_line_by_line() -> None:
    reply = Controller().request("/rest/full_state")
    assert (reply.status, reply.content_type) == (200, "text/plain")
    assert reply.body.decode() == IDLE
    assert len(IDLE.splitlines()) == 40


@pytest.mark.parametrize("firmware", ["5.12", "5.22", "5.31.0-17351", "5.32"])
def test_older_firmware_lacks_two_keys(firmware: str) -> None:
    keys = list(Controller(None, firmware).full_state())
    assert len(keys) == 38
    assert not {"voltage_v", "wlan_state"} & set(keys)
    assert Controller(None, firmware).request("/rest/voltage_v").status == 404


def test_the_serial_number_is_offered_but_not_listed() -> None:
    world = Controller()
    assert world.request("/rest/manuf_serial_n").body == b"1703512493"
    assert "manuf_serial_n" not in world.full_state()
    assert Controller(full_state_serial=True).full_state()["manuf_serial_n"] == "1703512493"


def test_every_key_alone_is_the_value_of_full_state() -> None:
    world = Controller()
    world.charge()
    for key, value in world.full_state().items():
        reply = world.request(f"/rest/{key}")
        assert (reply.status, reply.body.decode(), reply.content_type) == (200, value, "text/plain"), key
    for old, new in (("rcmb_max", "rcmb_max_values"), ("rcmb_values", "rcmb_current_values")):
        assert world.request(f"/rest/{old}").body == world.request(f"/rest/{new}").body == b" 0.0, 0.0"


@pytest.mark.parametrize(
    ("form", "body"), [("value", b"available"), ("line", b"available\n"), ("pair", b"ocpp_state:available\n")]
)
def test_forms_of_a_single_value(form: str, body: bytes) -> None:
    assert Controller(rest_value_form=form).request("/rest/ocpp_state").body == body


def test_values_while_charging() -> None:
    world = Controller(free_charging=False, whitelist=["04A1B2C3"])
    world.plug_in(max_current=16.0, ramp_up=50.0)
    world.wait(5)
    assert world.wallbox.present_card("04:a1:b2:c3").ok
    world.wait(1000)
    now, state = world.now, world.full_state()
    assert state["auth_uid"] == "04a1b2c3"
    assert state["time_since_charging_start"] == "1000"
    assert int(state["power_w"]) == round(now.power)
    assert int(state["meter_wh"]) == int(state["transaction_wh"]) == int(now.session_energy) > 2_500
    assert state["current_a"] == ",".join(f"{i:.2f}" for i in now.phase_current)
    assert state["voltage_v"] == ",".join(str(round(u)) for u in now.phase_voltage)
    assert state["sig_current"] == "32"
    assert state["con_cycles_type2"] == "1"
    assert state["ambient_temp"] == f"{now.temperature['housing']:+.2f}"
    world.wallbox.configure({"rest": "without_uid"})
    assert world.full_state()["auth_uid"] == ""
    assert world.full_state()["auth_state"] == "authorized_for_charging"


def test_configured_values_are_shown() -> None:
    world = Controller(
        "cc612-socket",
        cp_id="4983900000000001",
        wlan=True,
        language="de",
        rcd_monitoring=True,
        mcb_type2_monitoring=True,
        mcb_schuko_monitoring=True,
        operator_current=20,
        slave_state="available",
        display_text="<tariffInfoResponse></tariffInfoResponse>",
        free_charging=False,
        con_cycles_type2=1450,
        ocpp_meter_cfg="no_meter",
    )
    state = world.full_state()
    assert state["cp_id"] == "4983900000000001"
    assert state["wlan_state"] == "wlan_connected"
    assert state["errors"] == "keine_fehler"
    assert (state["rcd_state"], state["mcb_type2_state"], state["mcb_schuko_state"]) == ("okay",) * 3
    assert (state["max_current"], state["slave_state"], state["free_charging"]) == ("20", "available", "off")
    assert state["display_text"] == "<tariffInfoResponse></tariffInfoResponse>"
    assert (state["cable_attached"], state["type2_proximity"]) == ("off", "no_cable")
    assert state["con_cycles_type2"] == "1450"
    assert (state["meter_wh"], state["power_w"], state["voltage_v"]) == ("0", "0", "0,0,0")


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        ({}, "pending"),
        ({"backend": True}, "connected"),
        ({"backend": True, "backend_state": "rejected"}, "rejected"),
        ({"backend": True, "backend_state": "connecting"}, "connecting"),
        ({"backend": True, "backend_state": "connecting_proxy_ok"}, "connecting_proxy_ok"),
        ({"backend": True, "backend_state": "not_connected"}, "not_connected"),
    ],
)
def test_backend(settings: dict[str, object], shown: str) -> None:
    assert Controller(**settings).full_state()["backend_conn_state"] == shown  # type: ignore[arg-type]


def test_a_value_may_hold_colons() -> None:
    assert Controller(cp_id="a:b").full_state()["cp_id"] == "a:b"


@pytest.mark.parametrize("cable", [13.0, 20.0, 32.0, 63.0])
def test_cables_in_a_socket(cable: float) -> None:
    world = Controller("cc612-socket", hardware={"cable": cable})
    world.charge()
    state = world.full_state()
    assert state["type2_proximity"] == f"{cable:.0f}"
    assert int(state["sig_current"]) == min(32, int(cable))
    assert world.registers(715) == (min(32, int(cable)),)
    assert world.registers(152) == (1,)
    world.unplug()
    world.wait(5)
    assert world.registers(152) == (0,)


# --- access and refusals ---------------------------------------------------------------------------------------------


GOOD = {
    "authorization": "Basic Auth",
    "username": "operator",
    "password": "your_password",
    "content-type": "application/json",
}


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, 200),
        ({"username": "manufacturer", "password": "other"}, 200),
        ({"content-type": ""}, 200),
        ({"password": "wrong"}, 401),
        ({"password": "other"}, 401),
        ({"password": ""}, 401),
        ({"username": "admin"}, 401),
        ({"username": ""}, 401),
        ({"authorization": "basic auth"}, 401),
        ({"authorization": "Basic b3BlcmF0b3I6eW91cl9wYXNzd29yZA=="}, 401),
        ({"authorization": ""}, 401),
        ({"password": "\udcff"}, 401),
    ],
)
def test_header_authentication(changes: dict[str, str], status: int) -> None:
    world = Controller(operator_password="your_password", manufacturer_password="other")
    for path in ("/rest/full_state", "/rest/conn_state", "/rest/unknown"):
        expected = 404 if status == 200 and path.endswith("unknown") else status
        reply = world.request(path, headers={**GOOD, **changes})
        assert reply.status == expected
        assert reply.content_type == "text/plain"


def test_open_access_as_in_the_field() -> None:
    assert Controller().request("/rest/full_state").status == 200
    assert Controller(operator_password="x", rest_auth="none").request("/rest/full_state").status == 200
    assert Controller(rest_auth="headers").request("/rest/full_state").status == 401
    without = {**GOOD, "password": ""}  # a password that was never set lets nobody in
    assert Controller(rest_auth="headers").request("/rest/full_state", headers=without).status == 401


def test_switched_off() -> None:
    world = Controller(rest="disabled")
    for path in ("/rest/full_state", "/rest/conn_state", "/rest/x"):
        reply = world.request(path)
        assert (reply.status, reply.body, reply.content_type) == (404, b"", "text/plain")
    assert world.request("/").status == 200


@pytest.mark.parametrize("path", ["/rest/", "/rest/x", "/rest/CONN_STATE", "/rest/conn_state/", "/rest", "/x"])
def test_unknown_paths(path: str) -> None:
    reply = Controller().request(path)
    assert (reply.status, reply.content_type) == (404, "text/plain")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_it_only_reads(method: str) -> None:
    reply = Controller().request("/rest/conn_state", method)
    assert reply.status == 405
    assert ("Allow", "GET, HEAD") in reply.headers


def test_scenarios_read_and_do_not_write() -> None:
    world = Controller()
    assert world.read("rest.conn_state", "rest.max_current") == ["no_vehicle_connected", 32]
    for address in ("rest.max_current", "rest.x", "x"):
        assert not world.wallbox.write(address, 6, CLIENT).ok
    for address in ("rest.x", "conn_state", "modbus.101", "modbus.x", "modbus.1110"):
        with pytest.raises(KeyError):
            world.wallbox.read(address)


def test_schuko() -> None:
    world = Controller("cc612-schuko", free_charging=False, whitelist=["aa"])
    assert world.full_state()["schuko_cfg"] == "enable"
    assert world.full_state()["schuko_state"] == "idle"
    world.wallbox.configure({"schuko_plugged": True})
    assert (world.full_state()["schuko_state"], world.states()[0]) == ("connected", "vehicle_connected_schuko")
    world.wallbox.present_card("aa")
    assert (world.full_state()["schuko_state"], world.states()[0]) == ("power_on", "vehicle_charging_schuko")
    assert world.full_state()["con_cycles_schuko"] == "1"
    world.wallbox.configure({"errors": ["mcb_of_domestic_socket_triggered"], "mcb_schuko_monitoring": True})
    assert world.full_state()["schuko_state"] == "connected"
    assert world.full_state()["mcb_schuko_state"] == "triggered"
    assert Controller(schuko_plugged=True).full_state()["schuko_state"] == "idle"


# --- the newer API ---------------------------------------------------------------------------------------------------


def test_the_newer_api_is_not_there_by_default() -> None:
    for settings in ({}, {"rest_v1": True, "rest": "disabled"}):
        world = Controller(**settings)  # type: ignore[arg-type]
        assert world.request("/v1/login").status == 404
        assert world.request("/v1/login", "POST", body=b"{}").status == 404
        assert world.request("/v1/app_dashboard").status == 404


def test_login() -> None:
    world = Controller(rest_v1=True, operator_password="secret")

    def token() -> str:
        found = json.loads(world.request("/v1/login").body)["token"]
        assert isinstance(found, str)
        return found

    def log_in(proof: object, user: object = "operator") -> tuple[int, dict[str, str]]:
        reply = world.request("/v1/login", "POST", body=json.dumps({"username": user, "password": proof}).encode())
        return reply.status, json.loads(reply.body)

    def proof(given: str) -> str:
        return hashlib.sha256(f"secret{given}".encode()).hexdigest()

    first = token()
    second = token()
    assert first != second
    assert log_in(proof(first))[0] == 401  # replaced by the second
    assert log_in(proof(second))[0] == 401  # and that was its only attempt
    third = token()
    assert log_in(proof(third), "admin")[0] == 401
    assert log_in(5)[0] == 401
    nobody: tuple[object, ...] = [], {}, 1
    for user in nobody:
        assert log_in(proof(token()), user)[0] == 401
    status, answer = log_in(proof(token()))
    assert (status, answer["status"]) == (200, "success")
    assert world.request("/v1/app_dashboard").status == 401
    assert world.request("/v1/app_dashboard", headers={"authorization": answer["session"]}).status == 404
    for body in (b"", b"{", b"[]", b'{"username":"operator"}', b"[" * 5000, b"\xff"):
        assert world.request("/v1/login", "POST", body=body).status == 400
    world.wallbox.reboot()
    world.wait(61)
    assert world.request("/v1/app_dashboard", headers={"authorization": answer["session"]}).status == 401


def test_an_icc_lists_its_registers_and_has_no_rest() -> None:
    world = Controller(ICC)
    assert world.request("/rest/full_state").status == 404
    page = world.request("/datapointlist.html")
    assert (page.status, page.content_type) == (200, "text/html")
    assert b"1001 hems_current_limit_tenths" in page.body
    assert not [name for name in world.wallbox.addresses() if name.startswith("rest.")]


def test_firmware_text() -> None:
    assert Controller(None, OLD).full_state()["firmware_ver"] == "5.12.3-9452"
    assert Controller(None, "5.31.0-17351").full_state()["firmware_ver"] == "5.31.0-17351"
    assert Controller(None, "5.33").full_state()["firmware_ver"] == "5.33.9-21459"


def test_enumerations_hold_what_the_seed_document_lists() -> None:
    world = Controller()
    for step in ("idle", "charge", "unplug"):
        if step == "charge":
            world.charge()
        elif step == "unplug":
            world.unplug()
        state = world.full_state()
        for key, allowed in SEED_VALUES.items():
            assert state[key] in allowed.split(), key


def test_public_info_of_an_icc() -> None:
    world = Controller(ICC)
    reply = world.request("/api/v1/PublicInfo")
    assert (reply.status, reply.content_type) == (200, "application/json")
    assert json.loads(reply.body) == {
        "articleName": "AMTRON 4Business 710",
        "currentVersion": "1.5.22",
        "serialNumber": world.box.serial,
    }
    assert Controller().request("/api/v1/PublicInfo").status == 404


def test_a_second_controller_in_the_same_wallbox() -> None:
    result = play(
        loads(
            """
chargers:
  left: {wallboxes: {bender: {settings: {rest: with_uid, slave: right.bender}}}}
  right: {wallboxes: {bender: {settings: {rest: with_uid, slave_state: unavailable}}}}
steps:
  - {at: 1 s, expect: {left.bender.rest.slave_state: available, right.bender.rest.slave_state: unavailable}}
  - {plug_in: {charger: right, vehicle: vw_id3}}
  - {after: 2 min, expect: {left.bender.rest.slave_state: charging, left.bender.rest.ocpp_state: available}}
"""
        )
    )
    assert result.ok, result.failures
