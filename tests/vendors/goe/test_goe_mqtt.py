"""go-e over MQTT, without a broker: topics, writes and their answers, once a second, switches, defects."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import pytest
from bench import Bench
from test_tables import fits

from emulator import vendors
from emulator.devices.interfaces import EMBEDDED_BROKER, MqttInterface, Origin, Publish
from emulator.vendors.goe.models import TRAITS

CLIENT = Origin(interface="mqtt", client="test:1")
Make = Callable[..., Bench]
PREFIX = "go-eCharger/123456/"
MODELS = [
    (model.id, firmware)
    for model in vendors.vendor("goe").models
    for firmware in model.firmwares
    if not TRAITS[model.id].old_hardware
]


def mqtt(world: Bench) -> MqttInterface:
    interface = world.box.interfaces["mqtt"]
    assert isinstance(interface, MqttInterface)
    return interface


def connect(world: Bench) -> dict[str, bytes]:
    """What is published once the broker has let the box in."""
    return topics(mqtt(world).connected(CLIENT))


def topics(messages: Iterable[Publish]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for message in messages:
        assert message.retain is (not message.topic.endswith("/result"))
        assert message.topic not in found
        found[message.topic] = message.payload
    return found


def news(world: Bench) -> dict[str, object]:
    """Decoded, by key, what is published now."""
    found = topics(mqtt(world).published(world.simulation.at))
    return {topic.removeprefix(PREFIX): json.loads(payload) for topic, payload in found.items()}


def command(world: Bench, key: str, payload: str | bytes, *, retained: bool = False) -> str | None:
    """The answer to a `/set`."""
    data = payload if isinstance(payload, bytes) else payload.encode()
    answers = list(mqtt(world).received(f"{PREFIX}{key}/set", data, retained, CLIENT))
    if not answers:
        return None
    (answer,) = answers
    assert (answer.topic, answer.retain) == (f"{PREFIX}{key}/result", False)
    return answer.payload.decode()


@pytest.fixture
def box(goe: Make) -> Make:
    def make(model: str | None = None, firmware: str | None = None, **settings: object) -> Bench:
        return goe(model, firmware, **{"mce": True, "mcr": False, **settings})

    return make


@pytest.mark.parametrize(("model", "firmware"), MODELS)
def test_every_key_has_its_type(box: Make, model: str, firmware: str) -> None:
    world = box(model, firmware)
    prefix = mqtt(world).prefix()
    types = {row.name: row.type for row in world.box.fidelity() if row.table == "API keys"}
    published = connect(world)
    assert len(published) > 150
    order = list(world.box.addresses())
    names = [topic.removeprefix(prefix) for topic in published]
    assert names == sorted(names, key=order.index)
    for name, payload in zip(names, published.values(), strict=True):
        value = json.loads(payload)
        assert fits(types[name], value), f"{name}: {payload!r} is no {types[name]}"
        assert value == world.box.read(name), name


def test_payloads_are_those_of_http(box: Make) -> None:
    world = box()
    world.plug_in()
    world.wait(61.5)
    world.request("/api/set?fna=%22M%C3%BCller%22")
    published = connect(world)
    body = world.request("/api/status").body
    for topic, payload in published.items():
        assert b'"' + topic.removeprefix(PREFIX).encode() + b'":' + payload in body


def test_what_53_1_keeps_to_itself(box: Make) -> None:
    world = box(firmware="53.1")
    published = connect(world)
    assert mqtt(world).prefix() == "/go-eCharger/123456/"
    names = {topic.rpartition("/")[2] for topic in published}
    assert {"car", "alw", "amp", "nrg", "fwv", "psm", "bac", "sdp"} <= names
    assert not names & {"sse", "typ", "fna", "led", "sch_week", "psmd", "part", "ehs", "cus"} - {"cus"}


def test_a_change_is_published_in_the_next_second(box: Make) -> None:
    world = box()
    connect(world)
    assert news(world) == {}
    world.wait(0.3)
    assert command(world, "amp", "10") == "success"
    assert world.box.read("amp") == 10
    assert news(world) == {}
    world.wait(0.8)
    found = news(world)
    assert found["amp"] == 10
    assert found["acu"] == 10
    assert found["rbt"] == 1100
    world.wait(0.5)
    assert news(world) == {}
    world.wait(0.5)
    assert set(news(world)) == {"rbt", "utc", "loc"}


def test_a_session_is_told(box: Make) -> None:
    world = box()
    connect(world)
    world.plug_in()
    seen: list[object] = []
    for _ in range(60):
        world.wait(1)
        found = news(world)
        if "car" in found:
            seen.append(found["car"])
    assert seen == [3, 2]
    command(world, "frc", "1")
    for _ in range(15):
        world.wait(1)
        found = news(world)
        if "car" in found:
            seen.append(found["car"])
    world.unplug()
    world.wait(1.5)
    found = news(world)
    assert [*seen, found["car"]] == [3, 2, 4, 1]
    assert found["frc"] == 0


@pytest.mark.parametrize(
    ("key", "payload", "answer"),
    [
        ("amp", "16", "success"),
        ("fna", '"garage"', "success"),
        ("dwo", "null", "success"),
        ("ids", '{"pGrid":-4000.0,"pPv":5000.0,"pAkku":0.0}', "success"),
        ("fna", "new_name", "invalid json IncompleteInput: new_name"),
        ("fna", "0", "value must be string 0"),
        ("alw", "false", "tried to set api key without setter (false)"),
        ("amp", "5", "Value 5 exceeds range 6 to 32 5"),
        ("amp", "", "invalid json EmptyInput: "),
        ("xyz", "1", "unknown api key (1)"),
        ("a/b", "1", "unknown api key (1)"),
        ("amp", "[" * 40, "invalid json TooDeep: " + "[" * 40),
    ],
)
def test_answers(box: Make, key: str, payload: str, answer: str) -> None:
    assert command(box(), key, payload) == answer


def test_any_bytes_get_an_answer(box: Make) -> None:
    world = box()
    assert str(command(world, "amp", b"\xff\xfe\x00")).startswith("invalid json")
    assert str(command(world, "fna", b'"' + b"x" * 100_000)).startswith("invalid json NoMemory: ")
    assert command(world, "amp", b"8") == "success"


def test_a_retained_command_is_obeyed_again(box: Make) -> None:
    world = box()
    assert command(world, "amp", "8", retained=True) == "success"


def test_read_only_says_nothing(box: Make) -> None:
    world = box(mcr=True)
    assert command(world, "amp", "8") is None
    assert world.box.read("amp") == 16


def test_other_topics_are_none_of_its_business(box: Make) -> None:
    world = box()
    for topic in (f"{PREFIX}amp", f"{PREFIX}amp/result", "other/amp/set", "amp/set"):
        assert list(mqtt(world).received(topic, b"8", False, CLIENT)) == []


def test_the_prefix_can_be_changed(box: Make) -> None:
    world = box()
    connect(world)
    assert mqtt(world).subscriptions() == (f"{PREFIX}+/set",)
    world.request("/api/set?mtp=%22home/box/%22")
    assert mqtt(world).subscriptions() == ("home/box/+/set",)
    world.wait(1)
    published = topics(mqtt(world).published(world.simulation.at))
    assert published["home/box/amp"] == b"16"
    assert len(published) > 200
    world.request("/api/set?mtp=null")
    assert world.box.read("mtp") == PREFIX


@pytest.mark.parametrize("prefix", ["a/%23/", "a/%2B/", "a%5Cu0000/"])
def test_a_prefix_nobody_can_publish_under(box: Make, prefix: str) -> None:
    world = box()
    world.request(f"/api/set?mtp=%22{prefix}%22")
    assert mqtt(world).access() is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("mqtt://broker.lan:1884", ("broker.lan", 1884, None, None, False)),
        ("mqtt://user:p%40ss@10.0.0.1/", ("10.0.0.1", 1883, "user", "p@ss", False)),
        ("mqtts://broker.lan", ("broker.lan", 8883, None, None, True)),
        ("mqtt://[::1]:1883", ("::1", 1883, None, None, False)),
        ("broker.lan", None),
        ("http://broker.lan", None),
        ("mqtt://", None),
        ("mqtt://broker.lan:99999", None),
        ("mqtt://[", None),
        ("", None),
    ],
)
def test_broker_urls(box: Make, url: str, expected: tuple[object, ...] | None) -> None:
    world = box(mcu=url)
    access = mqtt(world).access()
    if expected is None:
        assert access is None
        assert world.box.read("mcs") is False
    else:
        assert access is not None
        assert (access.host, access.port, access.username, access.password, access.tls) == expected
        assert world.read("mcs", "mcu") == [True, url]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("ws://broker.lan", ("broker.lan", 80, False, "/")),
        ("wss://broker.lan:9001/mqtt", ("broker.lan", 9001, True, "/mqtt")),
        ("mqtt://broker.lan/", ("broker.lan", 1883, False, None)),
    ],
)
def test_brokers_on_a_websocket(box: Make, url: str, expected: tuple[object, ...]) -> None:
    access = mqtt(box(mcu=url)).access()
    assert access is not None
    assert (access.host, access.port, access.tls, access.path) == expected


def test_without_a_url_it_is_the_runs_broker(box: Make) -> None:
    """And nobody connects to the public one that the factory setting names."""
    world = box()
    access = mqtt(world).access()
    assert access is not None
    assert access.host == EMBEDDED_BROKER
    assert world.box.read("mcu") == "mqtt://test.mosquitto.org:1883"


def test_what_the_keys_say(box: Make) -> None:
    world = box(mce=False)
    assert mqtt(world).access() is None
    assert world.read("mcs", "mcc", "mcca", "mlr", "mlra") == [False, False, None, None, None]
    world.request("/api/set?mce=true")
    assert world.read("mcs", "mcc") == [True, False]
    world.wait(2)
    connect(world)
    assert world.read("mcs", "mcc", "mcca") == [True, True, 2000]
    world.wait(1)
    mqtt(world).lost("connection reset")
    assert world.read("mcc", "mlr", "mlra") == [False, "error_type=TCP_TRANSPORT, connect_return=ACCEPTED", 3000]
    mqtt(world).lost("refused: bad user name or password")
    assert world.box.read("mlr") == "error_type=CONNECTION_REFUSED, connect_return=REFUSE_BAD_USERNAME"
    connect(world)
    world.request("/api/set?mce=false")
    assert world.read("mcs", "mcc") == [False, False]
    assert list(mqtt(world).published(world.simulation.at)) == []


def test_after_a_restart(box: Make) -> None:
    world = box()
    connect(world)
    world.box.reboot()
    assert list(mqtt(world).published(world.simulation.at)) == []
    world.wait(20)
    assert world.read("mcc", "mcca") == [False, None]
    assert connect(world)[f"{PREFIX}mcc"] == b"true"


# --- defects ---------------------------------------------------------------------------------------------------------


def test_60_3_forgets_frc(box: Make) -> None:
    world = box(firmware="60.3")
    assert command(world, "frc", "1") == "success"
    assert world.box.read("frc") == 0
    assert [e.name for e in world.simulation.journal if e.kind == "write"] == ["frc"]
    world.request("/api/set?frc=1")
    assert world.box.read("frc") == 1
    fixed = box(firmware="60.4")
    command(fixed, "frc", "1")
    assert fixed.box.read("frc") == 1


def test_60_3_forgets_surplus_once_the_broker_was_lost(box: Make) -> None:
    world = box(firmware="60.3")
    connect(world)
    assert command(world, "ids", '{"pGrid":-4000}') == "success"
    assert world.box.read("pgrid") == -4000
    mqtt(world).lost("gone")
    connect(world)
    assert command(world, "ids", '{"pGrid":-1000}') == "success"
    assert world.box.read("pgrid") == -4000


def test_55_stays_away_once_the_broker_was_lost(box: Make) -> None:
    world = box(firmware="55.5")
    assert f"{PREFIX}sua" not in connect(world)
    mqtt(world).lost("gone")
    assert mqtt(world).access() is None
    world.box.reboot()
    world.wait(20)
    assert mqtt(world).access() is not None
    other = box()
    connect(other)
    mqtt(other).lost("gone")
    assert mqtt(other).access() is not None


def test_it_announces_itself_to_home_assistant(box: Make) -> None:
    world = box("gemini-22", "60.6", mhe=True)
    found = connect(world)
    announced = {topic: payload for topic, payload in found.items() if topic.startswith("homeassistant/")}
    assert list(found)[: len(announced)] == list(announced)
    power = json.loads(announced["homeassistant/sensor/go-eCharger_123456/nrg_11/config"])
    assert power["state_topic"] == f"{PREFIX}nrg"
    assert power["value_template"] == "{{ value_json[11] }}"
    assert (power["device_class"], power["unit_of_measurement"]) == ("power", "W")
    assert power["device"]["sw_version"] == "60.6"
    assert (power["availability_topic"], power["payload_not_available"]) == (f"{PREFIX}mcc", "false")
    ids = set()
    for payload in announced.values():
        entity = json.loads(payload)
        ids.add(entity["unique_id"])
        assert entity.get("state_topic", f"{PREFIX}amp") in found
        if "command_topic" in entity:
            key = entity["command_topic"].removeprefix(PREFIX).removesuffix("/set")
            assert key in ("rst", "dwo") or world.wallbox.read(key) is not None
    assert len(ids) == len(announced)


def test_it_follows_mhe_and_mht(box: Make) -> None:
    world = box(firmware="59.4")
    assert not [topic for topic in connect(world) if topic.startswith("homeassistant/")]
    assert command(world, "mhe", "true") == "success"
    at = world.simulation.at
    first = topics(mqtt(world).published(at))
    old = "homeassistant/number/go-eCharger_123456/amp/config"
    assert "availability_topic" not in json.loads(first[old]), "from 60.6 on"
    assert command(world, "mht", '"ha"') == "success"
    moved = topics(mqtt(world).published(at))
    assert (moved[old], bool(moved[old.replace("homeassistant", "ha")])) == (b"", True)
    assert command(world, "mhe", "false") == "success"
    assert topics(mqtt(world).published(at))[old.replace("homeassistant", "ha")] == b""
    assert command(world, "mhe", "true") == "success"
    assert command(world, "mht", '"ha/+"') == "success"
    assert not [topic for topic in topics(mqtt(world).published(at)) if topic.startswith("ha")]
    assert not [topic for topic in connect(box("v3-22", "53.1", mhe=True)) if topic.startswith("homeassistant")]


def test_it_says_when_it_is_gone(box: Make) -> None:
    farewell = Publish(topic=f"{PREFIX}mcc", payload=b"false", retain=True, qos=1)
    new, old = mqtt(box(firmware="60.6")), mqtt(box(firmware="60.5"))
    for interface, will, last in ((new, farewell, [farewell]), (old, None, [])):
        access = interface.access()
        assert access is not None
        assert access.will == will
        assert list(interface.leaving()) == last
