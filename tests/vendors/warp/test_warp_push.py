"""What the WebSocket and MQTT say, and when, without a socket."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from support_warp import WarpWorld

from emulator.core.instant import SECOND
from emulator.core.messages import PowerCut
from emulator.devices.interfaces import Close, Frame, HttpInterface, HttpRequest, MdnsInterface, MqttInterface, Origin
from emulator.vendors.warp.push.discovery import ENTITIES
from emulator.vendors.warp.push.feed import Board, Feed
from emulator.vendors.warp.push.ws import Ws, packed

PEER = Origin(interface="websocket", client="10.0.0.7:40000")
BROKER = Origin(interface="mqtt", client="broker:1883")


def lines(frames: Iterable[Frame]) -> list[dict[str, Any]]:
    found = []
    for frame in frames:
        assert isinstance(frame, str)
        assert frame.endswith("\n")
        found += [json.loads(line) for line in frame.split("\n") if line]
    return found


def opened(world: WarpWorld) -> tuple[Ws, list[Frame]]:
    interface = world.box.interfaces["http"]
    assert isinstance(interface, HttpInterface)
    conversation = interface.websockets["/ws"].open(PEER)
    assert isinstance(conversation, Ws)
    return conversation, list(conversation.opened())


@pytest.mark.parametrize("model", ["warp1-pro-11", "warp2-pro-22", "warp3-pro-11", "warp4-pro-22"])
def test_the_dump(model: str) -> None:
    world = WarpWorld(model)
    _, frames = opened(world)
    limit = (4352 if model.startswith("warp1") else 10240) + 128
    texts = [frame for frame in frames if isinstance(frame, str)]
    assert len(texts) == len(frames) > 1
    assert all(len(text.encode()) <= limit + 1 for text in texts)
    assert texts[-1].endswith("}\n\n")
    assert not any("\n\n" in text for text in texts[:-1])
    assert texts[0].startswith('{"topic":"info/keep_alive","payload":{"uptime":0}}\n{"topic":"info/modules",')
    dump = lines(frames)[1:]
    assert [entry["topic"] for entry in dump] == [row.name for row in world.warp.api]
    for entry in dump:
        assert entry["payload"] == world.json(entry["topic"])
    topics = [entry["topic"] for entry in dump]
    assert topics.index("meters/0/value_ids") < topics.index("meters/0/values")
    assert topics.index("wifi/state") < topics.index("network/state")


def test_lines_are_packed_and_never_split() -> None:
    assert packed(["aa\n", "bb\n", "cccccc\n", "d\n"], 6) == ["aa\nbb\n", "cccccc\n", "d\n"]


def test_changes_are_told_once_a_second_whole_and_in_order() -> None:
    world = WarpWorld()
    conversation, _ = opened(world)
    world.plug_in()
    assert lines(conversation.published(world.simulation.at)) == []
    world.wait(0.25)
    assert [entry["topic"] for entry in lines(conversation.published(world.simulation.at))] == []
    world.wait(0.75)
    told = lines(conversation.published(world.simulation.at))
    topics = [entry["topic"] for entry in told if entry["topic"] != "meters/live_samples"]
    order = [row.name for row in world.warp.api]
    states = [topic for topic in topics if topic in order]
    assert states == sorted(states, key=order.index)
    assert {"evse/state", "evse/low_level_state", "rtc/time"} <= set(states)
    assert "evse/slots" not in states
    state = next(entry["payload"] for entry in told if entry["topic"] == "evse/state")
    assert state == world.state
    assert lines(conversation.published(world.simulation.at)) == []


def test_quick_states_are_told_within_250_ms() -> None:
    world = WarpWorld()
    conversation, _ = opened(world)
    world.wait(1.0)
    lines(conversation.published(world.simulation.at))
    world.wait(0.1)
    world.box.press_button(10)
    world.wait(0.15)
    assert [entry["topic"] for entry in lines(conversation.published(world.simulation.at))] == ["evse/button_state"]


def test_topics_that_are_no_states() -> None:
    world = WarpWorld()
    conversation, _ = opened(world)
    world.warp.platform.log("test", "a line")
    world.done("wifi/scan")
    told = {entry["topic"]: entry["payload"] for entry in lines(conversation.published(world.simulation.at))}
    assert told["event_log/message"] == "2026-01-05 09:00:00,000 | test             | a line"
    assert told["wifi/scan_results"] == []
    assert world.ask("GET", "/wifi/scan_results").body == b"[]"
    world.wait(0.5)
    told = {entry["topic"]: entry["payload"] for entry in lines(conversation.published(world.simulation.at))}
    assert told["meters/live_samples"] == {"samples_per_second": 2.0, "samples": [[0], [], [], [], []]}
    world.wait(240)
    told = {entry["topic"]: entry["payload"] for entry in lines(conversation.published(world.simulation.at))}
    assert told["meters/history_samples"] == {"samples": [[0], [], [], [], []]}


def test_a_charging_box_tells_these_topics_and_an_idle_one_only_those() -> None:
    world = WarpWorld()
    conversation, _ = opened(world)
    world.wait(61)
    lines(conversation.published(world.simulation.at))
    world.wait(1)
    idle = {entry["topic"] for entry in lines(conversation.published(world.simulation.at))}
    assert idle == {"evse/low_level_state", "rtc/time", "meters/live_samples"}
    world.plug_in()
    world.wait(60)
    lines(conversation.published(world.simulation.at))
    world.wait(10)
    busy = {entry["topic"] for entry in lines(conversation.published(world.simulation.at))}
    assert busy >= {"meters/0/values", "meter/values", "meter/all_values", "evse/low_level_state"}
    assert "evse/state" not in busy


def test_the_endpoint() -> None:
    world = WarpWorld()
    interface = world.box.interfaces["http"]
    assert isinstance(interface, HttpInterface)
    endpoint = interface.websockets["/ws"]
    assert (endpoint.max_clients, endpoint.when_full, endpoint.ping, endpoint.pong_timeout) == (
        5,
        "evict_oldest",
        1,
        10,
    )
    assert endpoint.heartbeat is not None
    world.wait(2.5)
    assert endpoint.heartbeat() == '{"topic":"info/keep_alive","payload":{"uptime":2500}}\n'
    assert endpoint.before is not None
    assert endpoint.before(HttpRequest(method="GET", target="/ws")) is None
    refused = endpoint.before(HttpRequest(method="GET", target="/ws?x"))
    assert refused is not None
    assert refused.status == 404
    assert endpoint.farewell() == Close(1001, "ESP reboot")
    world.apply(PowerCut())
    assert endpoint.farewell() is None


def test_clients_are_listed() -> None:
    world = WarpWorld()
    conversation, _ = opened(world)
    assert world.json("info/ws")["keep_alive_peers"] == ["10.0.0.7", "NC", "NC", "NC", "NC"]
    assert list(conversation.received("anything")) == []
    conversation.closed()
    assert world.json("info/ws")["keep_alive_peers"] == ["NC"] * 5


def test_a_feed_says_nothing_about_what_is_back_where_it_was() -> None:
    world = WarpWorld()
    feed = Feed(Board(world.warp.platform))
    feed.everything()
    world.done("info/display_name", "a")
    world.done("info/display_name", "warp3-2abC")
    world.wait(1)
    assert "info/display_name" not in dict(feed.changes(world.simulation.at))


# --- MQTT ------------------------------------------------------------------------------------------------------------


def mqtt(**config: object) -> tuple[WarpWorld, MqttInterface]:
    world = WarpWorld(settings={"mqtt/config": {"enable_mqtt": True, "broker_host": "broker", **config}})
    interface = world.box.interfaces["mqtt"]
    assert isinstance(interface, MqttInterface)
    return world, interface


def test_mqtt_is_off_by_default() -> None:
    world = WarpWorld()
    interface = world.box.interfaces["mqtt"]
    assert isinstance(interface, MqttInterface)
    assert interface.access() is None
    assert world.json("mqtt/state/connection_state") == 0


def test_how_it_connects() -> None:
    world, interface = mqtt(broker_username="u", broker_password="p", broker_port=1884)
    access = interface.access()
    assert access is not None
    assert (access.host, access.port, access.client_id) == ("broker", 1884, "warp3-2abC")
    assert (access.username, access.password, access.will) == ("u", "p", None)
    assert interface.subscriptions() == ("warp3/2abC/#",)
    assert world.json("mqtt/state/connection_state") == 1
    messages = list(interface.connected(BROKER))
    assert world.json("mqtt/state/connection_state") == 2
    assert {m.topic for m in messages} == {f"warp3/2abC/{row.name}" for row in world.warp.api}
    assert all(m.retain and m.qos == 0 for m in messages)
    world.wait(5)
    interface.lost("gone")
    assert world.json("mqtt/state")["connection_end"] == 5000
    assert world.json("mqtt/state/connection_state") == 1


def test_read_only_boxes_do_not_listen() -> None:
    world, interface = mqtt(read_only=True)
    assert interface.subscriptions() == ()
    list(interface.received("warp3/2abC/evse/external_current_update", b"6000", False, BROKER))
    world.wait(1)
    assert world.json("evse/external_current/current") == 32000


def test_an_interval_holds_messages_back() -> None:
    world, interface = mqtt(interval=10)
    list(interface.connected(BROKER))
    world.plug_in()
    seen: list[tuple[int, str]] = []
    for second in range(1, 31):
        world.wait(1)
        told = [m for m in interface.published(world.simulation.at) if m.topic.endswith("evse/low_level_state")]
        seen.extend((second, m.payload.decode()) for m in told)
    assert [second for second, _ in seen] == [10, 20, 30]
    assert json.loads(seen[-1][1])["uptime"] > 29_000


def test_every_accepted_write_of_its_configuration_reconnects() -> None:
    world, interface = mqtt()
    list(interface.connected(BROKER))
    seen: list[bool] = []
    world.box.listen(lambda _: seen.append(interface.access() is None))
    world.done("mqtt/config", world.json("mqtt/config"))
    assert seen[:2] == [True, False]


@pytest.mark.parametrize(
    ("path", "payload", "retained", "logged"),
    [
        ("evse/start_charging", b"", False, "Topic evse/start_charging is an action. Ignoring empty message."),
        (
            "evse/start_charging",
            b"null",
            True,
            "Topic evse/start_charging is an action. Ignoring retained message (data_len=4).",
        ),
        ("evse/external_current_update", b"", False, "empty payload only allowed for null configs"),
        ("evse/external_current_update", b"{}", False, "On evse/external_current_update: JSON object is missing key"),
        ("nothing/here", b"1", False, "Received message on unknown topic 'warp3/2abC/nothing/here' (data_len=1)"),
        ("evse/external_current", b"6000", False, None),
    ],
)
def test_messages(path: str, payload: bytes, retained: bool, logged: str | None) -> None:
    world, interface = mqtt()
    list(interface.connected(BROKER))
    before = world.log
    list(interface.received(f"warp3/2abC/{path}", payload, retained, BROKER))
    news = world.log[len(before) :]
    assert news == "" if logged is None else logged in news
    world.wait(1)
    assert world.json("evse/external_current/current") == 32000


def test_rules_over_mqtt() -> None:
    world, interface = mqtt()
    list(interface.connected(BROKER))
    trigger = {"topic_filter": "go", "payload": "", "retain": False, "use_prefix": True}
    action = {"topic": "done", "payload": "yes", "retain": True, "use_prefix": True}
    rule = {"trigger": [3, trigger], "action": [2, action], "delay": 0}
    world.done("automation/config", [rule])
    assert "warp3/2abC/automation_trigger/go" in interface.subscriptions()
    answers = list(interface.received("warp3/2abC/automation_trigger/go", b"x", False, BROKER))
    answers += list(interface.published(world.simulation.at))
    said = [(m.topic, m.payload, m.retain) for m in answers if "automation_action" in m.topic]
    assert said == [("warp3/2abC/automation_action/done", b"yes", True)]
    assert list(interface.received("warp3/2abC/automation_trigger/go", b"x", True, BROKER)) == []


HA = "homeassistant/"


@pytest.mark.parametrize(("mode", "count"), [(0, 0), (1, 11), (2, 16)])
def test_discovery_announces_everything_a_second_after_the_connection(mode: int, count: int) -> None:
    world = WarpWorld(
        settings={
            "mqtt/config": {"enable_mqtt": True, "broker_host": "broker"},
            "mqtt/auto_discovery_config": {"auto_discovery_mode": mode},
            "system/i18n_config": {"language": 1},
        }
    )
    interface = world.box.interfaces["mqtt"]
    assert isinstance(interface, MqttInterface)
    list(interface.connected(BROKER))
    world.wait(1)
    texts = {m.topic: m.payload.decode() for m in interface.published(world.simulation.at) if m.topic.startswith(HA)}
    found = {topic: json.loads(text) for topic, text in texts.items()}
    assert len(found) == count <= len(ENTITIES)
    if mode:
        number = found["homeassistant/number/warp3-2abC/globalcurrent/config"]
        assert number["command_topic"] == "warp3/2abC/evse/external_current_update"
        assert number["name"] == "charging current limit"
        world.wait(15 * 60)
        again = [m for m in interface.published(world.simulation.at) if m.topic.startswith(HA)]
        assert len(again) == count
    if mode == 2:
        assert texts["homeassistant/binary_sensor/warp3-2abC/online/config"] == (
            '{"name":"Charger online","unique_id":"warp3-2abC-online",'
            '"default_entity_id":"binary_sensor.warp3-2abC-online","object_id":"warp3-2abC-online",'
            '"state_topic":"warp3/2abC/evse/low_level_state","device_class": "connectivity", "expire_after": "30", '
            '"value_template": "{{value_json.uptime>0}}", "payload_on": "True", "payload_off": "False",'
            '"device":{"identifiers":"warp3-2abC","manufacturer":"Tinkerforge GmbH","model":"WARP3 Charger",'
            '"name":"WARP3 Charger (warp3-2abC)"}}'
        )


def test_discovery_speaks_the_configured_language() -> None:
    names = {entity.id: entity.names for entity in ENTITIES}
    assert names["stopcharge"] == ("Ladevorgang beenden", "Stop charging")


# --- mDNS ------------------------------------------------------------------------------------------------------------


def test_what_it_announces() -> None:
    world = WarpWorld()
    interface = world.box.interfaces["mdns"]
    assert isinstance(interface, MdnsInterface)
    web, manager = interface.services()
    assert (web.type, web.host, web.instance) == ("_http._tcp", "warp3-2abC", "warp3-2abC")
    assert [name for name, _ in web.txt] == ["firmware_version", "txtvers", "brand", "model", "uid"]
    assert dict(web.txt)["model"] == "WARP3 Charger"
    assert dict(manager.txt) == {"version": "34127.5", "enabled": "false", "display_name": "warp3-2abC"}
    world.done("evse/management_enabled", True)
    assert dict(interface.services()[1].txt)["enabled"] == "true"
    assert world.simulation.at < SECOND
