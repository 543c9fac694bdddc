"""HTTP mechanics: paths, verbs, suffixes, payload forms, and every error text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support_warp import WarpWorld

from emulator.devices.interfaces import HttpInterface
from emulator.vendors.warp.api.numbers import f32, uid_number, uid_text
from emulator.vendors.warp.api.rows import Command, Config
from emulator.vendors.warp.models import MODELS
from emulator.vendors.warp.table import rows_of
from emulator.vendors.warp.web import digest

BAD = "Failed to deserialize: "
TEXT = "text/plain; charset=utf-8"


@pytest.fixture
def world() -> WarpWorld:
    return WarpWorld()


# --- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (235.13, "235.1300049"),
        (235.1299896, "235.1299896"),
        (0.134264484, "0.134264484"),
        (4271.431641, "4271.431641"),
        (4234.0, "4234"),
        (0.92, "0.920000017"),
        (0.991000056, "0.991000056"),
        (-6.5, "-6.5"),
        (0.0, "0"),
        (9999999.0, "9999999"),
        (2e7, "2e7"),
        (1e-6, "9.999999975e-7"),
        (float("nan"), "null"),
        (float("inf"), "null"),
        (1e300, "null"),
        (None, "null"),
    ],
)
def test_floats_are_printed_as_float32(value: float | None, text: str) -> None:
    assert f32(value) == text


def test_uids() -> None:
    assert uid_number("2jEx") <= 257_899
    for text in ("2abC", "2jEx", "855c"):
        assert uid_text(uid_number(text)) == text


# --- paths and verbs -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "target", "status", "body"),
    [
        ("GET", "/evse/state/charger_state", 200, "0"),
        ("GET", "/evse/slots/4/max_current", 200, "32000"),
        ("GET", "/meters/0/values/3", 200, "0"),
        ("GET", "/evse/external_current/", 200, '{"current":32000}'),
        ("GET", "/evse/state?x=1", 404, "Nothing matches the given URI."),
        ("GET", "/EVSE/state", 404, "Nothing matches the given URI."),
        ("GET", "/api_info", 404, "Nothing matches the given URI."),
        ("GET", "/info/keep_alive", 404, "Nothing matches the given URI."),
        ("GET", "/evse/state/nothing", 404, "Path not found"),
        ("GET", "/evse/slots/99", 404, "Path not found"),
        ("GET", "/evse/state//charger_state", 404, "path may not contain // or end on a /"),
        ("GET", "/evse/state/charger_state/", 404, "path may not contain // or end on a /"),
        ("GET", "/evse/state/a//", 404, "path may not contain // or end on a /"),
        ("GET", "/evse/state/" + "/".join("a" * 11), 404, "path too long"),
        ("PUT", "/evse/state", 405, "Request method for this URI is not handled by server"),
        ("DELETE", "/evse/state", 405, "Method not allowed for API path"),
        ("OPTIONS", "/evse/start_charging", 405, "Method not allowed for API path"),
        ("HEAD", "/evse/state", 405, "Method not allowed for API path"),
        ("HEAD", "/event_log", 404, "Nothing matches the given URI."),
        ("GET", "/ws", 426, "Upgrade Required: WebSockets only"),
        ("GET", "/login_state", 200, "Logged in"),
        ("GET", "/credential_check", 200, "Credentials okay"),
        ("GET", "/wifi/scan_results", 200, "scan in progress"),
        ("GET", "/charge_manager/scan_result", 200, "In progress or not started"),
        ("GET", "/automation_trigger/x", 404, "No automation rule matches this URL"),
        ("POST", "/flash_firmware", 400, '{"error":20}'),
        ("GET", "/meter/history", 200, None),
    ],
)
def test_paths(world: WarpWorld, method: str, target: str, status: int, body: str | None) -> None:
    reply = world.ask(method, target)
    assert reply.status == status
    assert body is None or reply.body.decode() == body


def test_an_upgrade_of_an_http_handler_is_refused(world: WarpWorld) -> None:
    reply = world.ask("GET", "/event_log", upgrade="websocket")
    assert (reply.status, reply.body) == (400, b"Bad Request: WebSocket not supported")
    assert world.ask("GET", "/evse/external_current", upgrade="websocket").status == 200


def test_get_on_a_command_executes_it(world: WarpWorld) -> None:
    world.plug_in()
    world.wait(30)
    assert world.charger_state == 3
    assert world.ask("GET", "/evse/stop_charging").status == 200
    world.wait(0.25)
    assert world.charger_state == 1


def test_replies_have_the_devices_types(world: WarpWorld) -> None:
    assert world.ask("GET", "/evse/state").content_type == "application/json; charset=utf-8"
    assert world.ask("PUT", "/evse/external_current", b"6000").content_type == TEXT
    assert world.ask("PUT", "/evse/external_current", b"x").content_type == TEXT


def test_long_payloads(world: WarpWorld) -> None:
    reply = world.ask("PUT", "/evse/external_current", b" " * 10_241)
    assert (reply.status, reply.body) == (413, b"")
    assert WarpWorld("warp1-smart-11").ask("PUT", "/evse/external_current", b" " * 4353).status == 413


# --- payloads --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "payload", "error"),
    [
        ("evse/external_current", b"", BAD + "Payload was empty. Please send valid JSON. Payload length was 0."),
        ("evse/external_current", b"{current}", BAD + "JSON payload could not be parsed. Payload length was 9."),
        ("evse/external_current", b"NaN", BAD + "JSON payload could not be parsed. Payload length was 3."),
        ("evse/external_current", b"\xff", BAD + "JSON payload could not be parsed. Payload length was 1."),
        ("evse/external_current", b'{"current":', BAD + "JSON payload incomplete or truncated. Payload length was 11."),
        ("evse/external_current", b'{"curr', BAD + "JSON payload incomplete or truncated. Payload length was 6."),
        ("evse/external_enabled", b"tru", BAD + "JSON payload incomplete or truncated. Payload length was 3."),
        (
            "evse/external_current",
            b'{"current":1,"x":2}',
            BAD + "JSON payload was longer than expected and possibly contained unknown keys. Payload length was 19.",
        ),
        (
            "evse/start_charging",
            b'{"x":2}',
            BAD + "JSON payload was longer than expected and possibly contained unknown keys. Payload length was 7.",
        ),
        (
            "evse/external_current",
            b"[" * 11 + b"]" * 11,
            BAD + "JSON payload nested too deeply. Payload length was 22.",
        ),
        ("evse/external_current", b"{}", "JSON object is missing key 'current'"),
        (
            "evse/external_current",
            b'{"amps":1}',
            "JSON object is missing key 'current'\nJSON object has unknown key 'amps'.",
        ),
        (
            "evse/external_current",
            b'{"current":70000}',
            '["current"] JSON node was not an unsigned integer or too big (not in 0 - 65535).',
        ),
        (
            "evse/external_current",
            b"-1",
            '(inferred) ["current"] JSON node was not an unsigned integer or too big (not in 0 - 65535).',
        ),
        (
            "evse/external_current",
            b"8000.0",
            '(inferred) ["current"] JSON node was not an unsigned integer or too big (not in 0 - 65535).',
        ),
        (
            "evse/button_configuration",
            b"256",
            '(inferred) ["button"] JSON node was not an unsigned integer or too big (not in 0 - 255).',
        ),
        (
            "evse/reset_dc_fault_current_state",
            b'{"password":4294967296}',
            '["password"] JSON node was not an unsigned integer or too big (not in 0 - 4294967295).',
        ),
        ("evse/external_enabled", b"1", '(inferred) ["enabled"] JSON node was not a boolean.'),
        ("evse/external_defaults", b"8000", "JSON node was not an object."),
        (
            "evse/start_charging",
            b"1",
            'JSON null node was not null or a falsy value. Use null, "", false, 0, [] or {}.',
        ),
        ("factory_reset", b"true", "JSON node was not an object."),
        ("factory_reset", b'{"do_i_know_what_i_am_doing":false}', "Factory reset NOT requested"),
        ("config_reset", b'{"do_i_know_what_i_am_doing":false}', "Config reset NOT requested"),
        ("info/display_name", b"7", '(inferred) ["display_name"] JSON node was not a string.'),
        (
            "info/display_name",
            b'"123456789012345678901234567890123"',
            '(inferred) ["display_name"] String of maximum length 32 was expected, but got 33',
        ),
        (
            "charge_limits/default_limits",
            b'{"duration":11,"energy_wh":0}',
            '["duration"] Unsigned integer value 11 was more than the allowed maximum of 10',
        ),
        (
            "evse/indicator_led",
            b'{"indication":-2,"duration":0,"color_h":0,"color_s":0,"color_v":0}',
            '["indication"] Integer value -2 was less than the allowed minimum of -1',
        ),
        (
            "evse/indicator_led",
            b'{"indication":2011,"duration":0,"color_h":0,"color_s":0,"color_v":0}',
            '["indication"] Integer value 2011 was more than the allowed maximum of 2010',
        ),
        ("meters/1/config", b"[0]", "JSON array had length != 2."),
        ("meters/1/config", b"[99,null]", "[0] Unknown union tag: 99"),
        ("meters/1/config", b'["x",null]', "[0] JSON node was not an unsigned integer."),
        ("meters/1/config", b"7", "JSON node was not an array."),
        (
            "automation/config",
            b'[{"trigger":[99,null],"action":[1,null],"delay":0}]',
            '(inferred) ["tasks"] [0] ["trigger"] [0] Unknown union tag: 99',
        ),
        (
            "nfc/config",
            b'{"authorized_tags":[{"user_id":0,"tag_type":9,"tag_id":""}],"deadtime_post_start":30}',
            '["authorized_tags"] [0] ["tag_type"] Unsigned integer value 9 was more than the allowed maximum of 6',
        ),
        (
            "wifi/sta_config/bssid",
            b"[1,2]",
            "Length mismatch: expected 6 but got 2",
        ),
        ("evse/external_current/amps", b"1", "path not found"),
        ("evse/external_current/current/x", b"1", "path not found"),
        ("users/add", b"null", '["id"] Null updates not permitted.'),
    ],
)
def test_refusals(world: WarpWorld, path: str, payload: bytes, error: str) -> None:
    before = {row.name: world.warp.api.text(row, world.warp.view()) for row in world.warp.api}
    status, body = world.put(path, payload)
    assert status == 400
    assert body.startswith(error) if path == "users/add" else body == error
    world.wait(POLL_AND_MORE)
    after = {row.name: world.warp.api.text(row, world.warp.view()) for row in world.warp.api}
    live = {"evse/low_level_state", "rtc/time", "ntp/state", "power_manager/state"}
    assert {n: t for n, t in after.items() if n not in live} == {n: t for n, t in before.items() if n not in live}


POLL_AND_MORE = 0.5


def test_several_errors_come_together(world: WarpWorld) -> None:
    payload = b'{"shutdown_input":true,"input":"x"}'
    assert world.put("evse/gpio_configuration", payload)[1].split("\n") == [
        '["shutdown_input"] JSON node was not an unsigned integer or too big (not in 0 - 255).',
        '["input"] JSON node was not an unsigned integer or too big (not in 0 - 255).',
        "JSON object is missing key 'output'",
    ]


def test_many_errors_are_cut(world: WarpWorld) -> None:
    tasks = [{"trigger": 1, "action": 1, "delay": "x"}] * 14
    body = world.put("automation/config", {"tasks": tasks})[1]
    assert body.endswith("More errors occurred that got filtered out.")
    assert len(body) < 1300


@pytest.mark.parametrize("payload", [b"8000", b'{"current":8000}', b'{"current":8000} trailing', b" 8000 "])
def test_ways_to_write(world: WarpWorld, payload: bytes) -> None:
    world.done("evse/external_current", payload)
    assert world.json("evse/external_current") == {"current": 8000}


@pytest.mark.parametrize("path", ["evse/external_current", "evse/external_current_update"])
def test_a_member_is_written_by_its_suffix(world: WarpWorld, path: str) -> None:
    world.done(f"{path}/current", b"7000")
    assert world.json("evse/external_current/current") == 7000


@pytest.mark.parametrize("payload", [b"", b"null", b'""', b"false", b"0", b"[]", b"{}"])
def test_null_commands(world: WarpWorld, payload: bytes) -> None:
    assert world.put("evse/trigger_dc_fault_test", payload) == (200, "")


def test_a_suffix_on_a_null_command_complains_and_acts(world: WarpWorld) -> None:
    world.plug_in()
    world.wait(30)
    assert world.put("evse/stop_charging/x") == (400, "suffix not allowed for null configs")
    world.wait(0.25)
    assert world.charger_state == 1
    assert world.put("evse/start_charging/x", b"null") == (400, "suffix not allowed for null configs")


def test_null_keeps_what_a_configuration_has(world: WarpWorld) -> None:
    limits = {"duration": 3, "energy_wh": 5000}
    world.done("charge_limits/default_limits", limits)
    world.done("charge_limits/default_limits", {"duration": None, "energy_wh": 7000})
    assert world.json("charge_limits/default_limits") == {"duration": 3, "energy_wh": 7000}
    world.done("charge_limits/default_limits", None)
    assert world.json("charge_limits/default_limits") == {"duration": 3, "energy_wh": 7000}


def test_null_repeats_the_last_command(world: WarpWorld) -> None:
    """Not the live value: unplugging has set it to 0, null brings the last commanded current back."""
    world.done("evse/external_clear_on_disconnect", True)
    world.done("evse/external_current", 8000)
    world.plug_in()
    world.wait(2)
    world.unplug()
    world.wait(2)
    assert world.json("evse/external_current/current") == 0
    world.done("evse/external_current", {"current": None})
    assert world.json("evse/external_current/current") == 8000


def test_null_without_a_last_command_is_the_default(world: WarpWorld) -> None:
    world.done("evse/external_current", None)
    assert world.json("evse/external_current/current") == 32000


def test_secrets_are_hidden_and_kept(world: WarpWorld) -> None:
    assert world.json("mqtt/config/broker_password") == ""
    world.done("mqtt/config/broker_password", "secret")
    config = world.json("mqtt/config")
    assert config["broker_password"] is None
    config["interval"] = 5
    world.done("mqtt/config", config)
    assert world.json("mqtt/config")["broker_password"] is None
    assert world.warp.api.member("mqtt/config", "broker_password") == "secret"
    assert world.json("wifi/ap_config")["passphrase"] is None


def test_configurations_need_every_key(world: WarpWorld) -> None:
    config = world.json("ntp/config")
    del config["server2"]
    assert world.put("ntp/config", config) == (400, "JSON object is missing key 'server2'")


# --- log-in ----------------------------------------------------------------------------------------------------------

EVE = {
    "id": 1, "roles": 1, "current": 16000, "display_name": "Eve", "username": "eve",
    "digest_hash": digest.digest_hash("eve", "secret"),
}  # fmt: skip


def signed(method: str, uri: str, password: str = "secret", realm: str = "esp32-lib") -> str:
    nonce = "0" * 32
    response = digest.md5(
        f"{digest.md5(f'eve:{realm}:{password}')}:{nonce}:00000001:c:auth:{digest.md5(f'{method}:{uri}')}"
    )
    return (
        f'Digest username="eve", realm="{realm}", nonce="{nonce}", uri="{uri}", qop=auth, nc=00000001, cnonce="c", '
        f'response="{response}"'
    )


def test_log_in(world: WarpWorld) -> None:
    no_password = "Can't enable HTTP authentication if not at least one user with a password is configured!"
    assert world.put("users/http_auth_update", True) == (400, no_password)
    world.done("users/add", EVE)
    world.done("users/http_auth_update", True)
    reply = world.ask("GET", "/evse/state")
    assert (reply.status, reply.body) == (401, b"")
    challenge = dict(reply.headers)["WWW-Authenticate"]
    assert challenge.startswith('Digest realm="esp32-lib", qop="auth", nonce="')
    assert challenge != dict(world.ask("GET", "/evse/state").headers)["WWW-Authenticate"]
    assert world.ask("GET", "/evse/state", authorization=signed("GET", "/evse/state")).status == 200
    assert world.ask("GET", "/evse/state", authorization=signed("GET", "/anything")).status == 200
    assert world.ask("GET", "/evse/state", authorization=signed("GET", "/", "wrong")).status == 401
    assert world.ask("GET", "/evse/state", authorization=signed("GET", "/", realm="home")).status == 401
    assert world.ask("GET", "/evse/state", authorization="Basic ZXZlOnNlY3JldA==").status == 401
    assert world.ask("DELETE", "/evse/state", authorization=signed("DELETE", "/")).status == 401
    assert world.ask("GET", "/").status == 200
    assert world.ask("GET", "/login_state").body == b"Not logged in"
    assert world.ask("GET", "/login_state", **{"user-agent": "Mozilla/5.0 Safari/605.1"}).status == 401
    interface = world.box.interfaces["http"]
    assert isinstance(interface, HttpInterface)
    assert interface.before is not None


def test_without_a_password_nobody_is_locked_out(world: WarpWorld) -> None:
    world.done("users/add", EVE)
    world.done("users/http_auth_update", True)
    assert world.ask("PUT", "/users/remove", {"id": 1}, authorization=signed("PUT", "/")).status == 200
    assert world.ask("GET", "/evse/state").status == 200


def test_https_only_after_a_restart(world: WarpWorld) -> None:
    world.done("network/config/transport_mode", 1)
    assert world.ask("GET", "/evse/state").status == 200
    world.box.reboot()
    world.wait(20)
    reply = world.ask("GET", "/evse/state")
    assert (reply.status, reply.body) == (403, b"HTTP disabled; use HTTPS instead")


# --- everything ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [model.id for model in MODELS])
def test_every_row_is_served(model: str) -> None:
    world = WarpWorld(model)
    for row in world.warp.api:
        reply = world.ask("GET", f"/{row.name}")
        assert reply.status == 200, row.name
        json.loads(reply.body)
    report = world.json("debug_report")
    paths = {row.name for row in world.warp.api} | set(world.warp.api.commands)
    assert paths <= set(report)


@pytest.mark.parametrize("model", ["warp1-pro-11", "warp2-pro-11", "warp3-pro-22", "warp4-pro-22"])
def test_every_configuration_takes_back_what_it_shows(model: str) -> None:
    world = WarpWorld(model)
    refusing = {"modbus_tcp/config", "day_ahead_prices/calendar"}
    """The server starts over; an empty calendar is what nobody has written."""
    for row in rows_of(world.box.profile):
        if isinstance(row, Config) and row.update and row.name not in refusing:
            shown = world.json(row.name)
            status, text = world.put(row.name, shown)
            assert status == 200, (row.name, text)
            assert world.json(row.name) == shown


json_values: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=8), children, max_size=4),
    max_leaves=10,
)
COMMANDS = sorted({row.name for row in rows_of(WarpWorld().box.profile) if isinstance(row, Command | Config)})
RESTARTS = ("reboot", "bricklet_reboot", "factory_reset", "config_reset")


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(path=st.sampled_from(COMMANDS), value=json_values | st.binary(max_size=40))
def test_nothing_a_client_sends_breaks_it(path: str, value: object) -> None:
    world = WarpWorld()
    status, text = world.put(path, value)
    assert status in (200, 400, 404, 405), text
    world.wait(2)
    for row in world.warp.api:
        json.loads(world.warp.api.text(row, world.warp.view()))
