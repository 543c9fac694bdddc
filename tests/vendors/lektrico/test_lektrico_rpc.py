"""The wire: three request styles, envelopes, headers, ids, lenient JSON, the framework's own errors."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lektrico_world import SILENT, LektricoWorld

from emulator.vendors.lektrico.json import number, read_object

SET = "/rpc/app_config.set"


def led(world: LektricoWorld) -> object:
    return world.wallbox.read("app_config.led_max_brightness")


# --- the document's examples -----------------------------------------------------------------------------------------


def test_the_documents_get_example() -> None:
    world = LektricoWorld(headless=False)
    world.plug_in()
    world.wait(5)
    reply = world.request("/rpc/charge.start")
    assert (reply.status, reply.body) == (200, b"true\r\n")
    world.wait(30)
    assert world.info() == "C"


def test_the_documents_post_example() -> None:
    world = LektricoWorld()
    body = '{  \n  "config_key": "led_max_brightness",  \n  "config_value": 30  \n}'
    reply = world.post(SET, body, {"content-type": "application/json"})
    assert (reply.status, reply.body) == (200, b"true\r\n")
    assert led(world) == 30


def test_captured_frames() -> None:
    world = LektricoWorld("1p7k")
    world.plug_in()
    world.wait(5)
    asked = '{"src":"HASS","id":20451873,"method":"charge.start","params":{"tag":"HASS"}}'
    assert world.post("/rpc", asked).body == (b'{"id":20451873,"src":"1p7k_500006","dst":"HASS","result":true}\r\n')
    asked = '{"src":"HASS","id":73120944,"method":"app_config.set","params":{"config_key":"nope","config_value":1}}'
    reply = world.post("/rpc", asked)
    assert reply.status == 200
    assert reply.body == (
        b'{"id":73120944,"src":"1p7k_500006","dst":"HASS","error":{"code":-6,"message":"Error uknown key."}}\r\n'
    )


# --- envelopes -------------------------------------------------------------------------------------------------------


def test_headers_of_a_reply() -> None:
    reply = LektricoWorld().request("/rpc/Device_id.Get")
    assert reply.body == b'{"device_id":"3p22k_600123"}\r\n'
    assert reply.headers == (
        ("Server", "Mongoose/6.18"),
        ("Content-Type", "application/json"),
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Allow-Headers", "*"),
        ("Content-Length", str(len(b'{"device_id":"3p22k_600123"}') + 2)),
        ("Connection", "close"),
    )
    assert reply.close


@pytest.mark.parametrize(("asked", "kept"), [("keep-alive", True), ("Keep-Alive", True), ("close", False), ("", False)])
def test_the_connection_stays_only_for_who_asks(asked: str, kept: bool) -> None:
    reply = LektricoWorld().request("/rpc/Device_id.Get", headers={"connection": asked} if asked else {})
    assert reply.close is not kept
    assert dict(reply.headers)["Connection"] == ("keep-alive" if kept else "close")


@pytest.mark.parametrize(
    ("target", "body", "status", "error"),
    [
        (SET, '{"config_key":"nope","config_value":1}', 500, {"code": -6, "message": "Error uknown key."}),
        ("/rpc/no.such", "", 404, {"code": 404, "message": "No handler for no.such"}),
        ("/rpc/Charger_info.Get/", "", 404, {"code": 404, "message": "No handler for Charger_info.Get/"}),
    ],
)
def test_errors_of_the_rest_styles(target: str, body: str, status: int, error: dict[str, object]) -> None:
    reply = LektricoWorld().post(target, body)
    assert reply.status == status
    assert json.loads(reply.body) == error
    assert dict(reply.headers)["Content-Type"] == "application/json"


def test_an_unknown_method_in_a_frame() -> None:
    found = LektricoWorld().frame({"id": 1, "method": "no.such"})
    assert found == {"id": 1, "src": "3p22k_600123", "error": {"code": 404, "message": "No handler for no.such"}}


def test_options_and_other_paths() -> None:
    world = LektricoWorld()
    reply = world.request("/rpc/charge.start", "OPTIONS")
    assert (reply.status, reply.body) == (200, b"")
    assert ("Access-Control-Allow-Origin", "*") in reply.headers
    elsewhere = world.request("/index.html")
    assert (elsewhere.status, elsewhere.body, elsewhere.close) == (404, b"Not Found", True)
    assert dict(elsewhere.headers)["Content-Type"] == "text/plain"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PROPFIND"])
def test_every_http_method_asks(method: str) -> None:
    assert LektricoWorld().request("/rpc/Device_id.Get", method).status == 200


def test_names_are_compared_without_case_but_keys_are_not() -> None:
    world = LektricoWorld()
    for name in ("charger_info.get", "Charger_info.Get", "CHARGER_INFO.GET"):
        assert world.rpc(name)["charger_state"] == "A"
    assert world.code("app_config.set", Config_Key="led_max_brightness", config_value=20) == -2


# --- frames ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "echoed"), [("7", 7), ('"7"', 7), ('"a7"', "a7"), ("-7", -7), ('""', ""), (str(2**63), 2**63)]
)
def test_the_id_comes_back(sent: str, echoed: object) -> None:
    found = LektricoWorld().frame(f'{{"id":{sent},"method":"device_id.get"}}')
    assert found["id"] == echoed
    assert type(found["id"]) is type(echoed)


def test_the_order_of_a_frame() -> None:
    world = LektricoWorld()
    asked = {"jsonrpc": "2.0", "tag": "t", "src": "me", "dst": "3p22k_600123", "id": 1, "method": "device_id.get"}
    found = world.frame(asked)
    assert list(found) == ["id", "src", "dst", "tag", "result"]
    assert (found["dst"], found["tag"], found["src"]) == ("me", "t", "3p22k_600123")
    assert "dst" not in world.frame({"id": 1, "method": "device_id.get"})


def test_parameters_may_be_called_args() -> None:
    world = LektricoWorld()
    world.frame({"id": 1, "method": "dynamic_current.set", "args": {"dynamic_current": 9}})
    assert world.wallbox.read("dynamic_current") == 9


def test_without_an_id_it_is_done_but_never_answered() -> None:
    world = LektricoWorld()
    assert world.frame({"method": "dynamic_current.set", "params": {"dynamic_current": 10}}) is SILENT
    assert world.wallbox.read("dynamic_current") == 10


def test_without_a_method_it_passes_for_a_response() -> None:
    assert LektricoWorld().frame({"id": 5, "src": "x"}) is SILENT


@pytest.mark.parametrize(
    "body",
    [
        "",
        "hello",
        "[]",
        "{}",
        '{"src":"x"}',
        '{"id":',
        '{"id":true,"method":"device_id.get"}',
        '{"id":null,"method":"device_id.get"}',
        '{"id":{},"method":"device_id.get"}',
        '{"id":1,"dst":"1p7k_999999","method":"device_id.get"}',
        '{"method":"device_id.get","params":{',
    ],
)
def test_what_is_no_request(body: str) -> None:
    reply = LektricoWorld().post("/rpc/", body)
    assert (reply.status, reply.body, reply.close) == (400, b"Invalid request", True)
    assert dict(reply.headers)["Content-Type"] == "text/plain"
    assert dict(reply.headers)["Content-Length"] == "15"


def test_a_frame_without_a_body_is_none() -> None:
    assert LektricoWorld().request("/rpc").status == 400


def test_a_frame_that_breaks_off_is_done_if_its_beginning_says_enough() -> None:
    world = LektricoWorld()
    found = world.frame('{"id":1,"method":"dynamic_current.set","params":{"dynamic_current":12},"src":"x')
    assert found["result"] is True
    assert world.wallbox.read("dynamic_current") == 12


# --- lenient JSON ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        "{dynamic_current:16, relay_mode:3}",
        '{"dynamic_current":16}',
        '{"dynamic_current":"16",}',
        '{"relay_mode":3 "dynamic_current":16}',
        '{"dynamic_current":16} and more',
        ' \r\n{"x":[1 2,{"a":null}],"dynamic_current":0x10}',
        '{"dynamic_current":16.0}',
    ],
)
def test_unquoted_keys_and_missing_commas(body: str) -> None:
    world = LektricoWorld()
    assert world.post("/rpc/Dynamic_current.set", body).body == b"true\r\n"
    assert world.wallbox.read("dynamic_current") == 16


def test_what_jeedom_sends() -> None:
    world = LektricoWorld()
    reply = world.post("/rpc/app_config.Set", '{config_key:"user_current", config_value:16}')
    assert (reply.status, reply.body) == (200, b"true\r\n")
    assert world.wallbox.read("app_config.user_current") == 16


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ('config_key="led_max_brightness"&config_value=30', 0),
        ("config_key=%22led_max_brightness%22&config_value=30", 0),
        ('config_key="led_max_brightness"&config_value="30"', 0),
        ("config_key=led_max_brightness&config_value=30", -2),
        ("config_value=30", -2),
        ("", -2),
    ],
)
def test_parameters_in_a_query(query: str, code: int) -> None:
    world = LektricoWorld()
    reply = world.request(f"{SET}?{query}")
    assert json.loads(reply.body) is True if code == 0 else json.loads(reply.body)["code"] == code
    assert led(world) == (30 if code == 0 else 10)


def test_a_body_makes_the_query_void() -> None:
    world = LektricoWorld()
    world.post("/rpc/dynamic_current.set?dynamic_current=8", '{"dynamic_current":9}')
    assert world.wallbox.read("dynamic_current") == 9


def test_older_home_assistant() -> None:
    world = LektricoWorld()
    assert world.request('/rpc/dynamic_current.set?dynamic_current="16"').body == b"true\r\n"
    assert world.wallbox.read("dynamic_current") == 16


@pytest.mark.parametrize(
    ("text", "members", "complete"),
    [
        ('{"a":1,"b":{"c":', {"a": 1}, False),
        ('{"a":"x\\u00e9\\n"}', {"a": "xé\n"}, True),
        ('{"a":"\\ud800"}', {"a": "?"}, True),
        ('{"a":-1.5e2}', {"a": -150.0}, True),
        ('{"a":tru}', {}, False),
        ('{"a":"raw\ttab"}', {}, False),
        ('{"a":' + "[" * 4000, {}, False),
        ('{"a" 1}', {}, False),
        ("{1:2}", {}, False),
    ],
)
def test_the_parser(text: str, members: dict[str, object], complete: bool) -> None:
    assert read_object(text) == (members, complete)


@given(st.text(alphabet='{}[]":,0123456789.eE-+xtrufalsn\\ "abc\n'))
def test_the_parser_never_raises(text: str) -> None:
    read_object(text)
    read_object("{" + text)


@given(st.dictionaries(st.text(), st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists)))
def test_the_parser_reads_json(members: dict[str, object]) -> None:
    assert read_object(json.dumps(members, ensure_ascii=False)) == (members, True)


@given(st.binary(max_size=200), st.sampled_from(["/rpc", "/rpc/app_config.set", "/rpc/charging_schedule.set"]))
def test_no_bytes_disturb_it(body: bytes, target: str) -> None:
    world = LektricoWorld()
    reply = world.post(target, body)
    assert reply.silent or reply.status in (200, 400, 404, 500)


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [
        (5.92, 3, "5.92"),
        (0.0, 3, "0"),
        (-0.0001, 2, "0"),
        (1352.1, 2, "1352.1"),
        (231.4444, 2, "231.44"),
        (6.0, 2, "6"),
    ],
)
def test_numbers_as_printed(value: float, decimals: int, shown: str) -> None:
    assert json.dumps(number(value, decimals)) == shown


# --- limits ----------------------------------------------------------------------------------------------------------


def test_limits_of_the_server() -> None:
    from emulator.devices.interfaces import HttpInterface

    interface = LektricoWorld().wallbox.interfaces["http"]
    assert isinstance(interface, HttpInterface)
    assert (interface.max_body, interface.max_connections, interface.when_full) == (4096, 20, "evict_oldest")
    assert interface.on_too_large.body == b"Invalid request"


def test_the_last_moment_before_a_restart() -> None:
    world = LektricoWorld()
    assert world.rpc("device.reset") is True
    world.wait(0.4)
    assert world.frame({"id": 1, "method": "device_id.get"})["error"] == {
        "code": 418,
        "message": "shutting down in 100 ms",
    }
    world.wait(0.0375)
    assert world.request("/rpc/device_id.get").status == 500
    assert world.rpc("device_id.get") == {"code": 418, "message": "shutting down in 63 ms"}


def test_the_frameworks_own_methods_are_off() -> None:
    world = LektricoWorld()
    assert world.rpc("RPC.List")["code"] == 404
    world = LektricoWorld(framework_methods=True)
    assert "Charge.Start" in world.rpc("rpc.list")
    assert world.rpc("rpc.ping") == {"channel_info": "test:1"}
    assert world.rpc("Sys.GetInfo")["id"] == "3p22k_600123"
    assert world.rpc("Sys.Reboot") is True
    world.wait(2)
    assert not world.wallbox.up
