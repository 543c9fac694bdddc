"""A box on MQTT as third-party clients see it, on every broker of our own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack

import pytest
from support_mqtt import (
    BROKERS,
    PATIENCE,
    BareClient,
    MqttBox,
    advance,
    client,
    entries,
    mqtt_box,
    plug_in,
    power_cut,
    receive,
    receive_until,
)

from emulator.devices.delivery import Copy, M
from emulator.devices.interception import Interception, Interceptor
from emulator.devices.interfaces import BrokerAccess, Publish
from emulator.devices.traffic import Message
from emulator.protocols.broker import Broker
from emulator.protocols.broker_builtin import BuiltinBroker
from emulator.protocols.mqtt import MqttDevice
from emulator.protocols.mqtt_client import Outbox
from emulator.protocols.mqtt_packets import Connect
from emulator.protocols.outgoing import State
from emulator.protocols.server import Endpoint


@pytest.fixture(params=BROKERS)
async def broker(request: pytest.FixtureRequest) -> AsyncIterator[Broker]:
    async with Broker.open(request.param, port=0) as running:
        yield running


@pytest.fixture
async def builtin() -> AsyncIterator[BuiltinBroker]:
    async with Broker.open("builtin", port=0) as running:
        assert isinstance(running, BuiltinBroker)
        yield running


def device(box: MqttBox, broker: Broker | None) -> MqttDevice:
    return MqttDevice(Endpoint(box, "mqtt"), broker)


async def until(running: MqttDevice, state: State) -> None:
    async with asyncio.timeout(PATIENCE):
        await running.until(state)


async def retained(broker: Broker, topics: str = "box/#") -> dict[str, bytes]:
    """What the broker keeps."""
    async with client(broker) as observer:
        await observer.subscribe(topics)
        await observer.subscribe("mark")
        await observer.publish("mark")
        return dict((await receive_until(observer, "mark"))[:-1])


async def test_on_connecting_everything_is_published_and_retained(broker: Broker) -> None:
    box = mqtt_box()
    async with device(box, broker) as running:
        await running.settled()
        assert running.state == "connected"
        assert await retained(broker) == {
            "box/1/online": b"yes",
            "box/1/pilot": b"A",
            "box/1/limit": b"16",
            "box/1/energy": b"0",
        }
    assert [entry.name for entry in entries(box, "connection")] == ["connected", "disconnected"]
    assert [entry.name for entry in entries(box, "push")] == [
        "box/1/online",
        "box/1/pilot",
        "box/1/limit",
        "box/1/energy",
    ]
    assert entries(box, "push")[0].detail == {"payload": "yes", "retain": True, "reads": ["box/1/online"]}
    assert entries(box, "push")[0].cause == entries(box, "connection")[0].seq


async def test_a_command_is_answered_before_its_consequences_are_published(broker: Broker) -> None:
    box = mqtt_box()
    async with device(box, broker) as running, client(broker) as user:
        await running.settled()
        await user.subscribe("box/1/limit/result")
        await user.subscribe("box/1/limit")
        assert (await receive(user)).payload == b"16"
        await user.publish("box/1/limit/set", "10")
        assert await receive_until(user, "box/1/limit") == [("box/1/limit/result", b"True"), ("box/1/limit", b"10")]
        await user.publish("box/1/limit/set", "ten")
        assert (await receive(user)).payload == b"not a number"
    request = entries(box, "request")[0]
    assert (request.name, request.detail) == ("box/1/limit/set", {"payload": "10"})
    assert entries(box, "write")[0].cause == request.seq
    assert entries(box, "push", "box/1/limit/result")[0].cause == request.seq


async def test_every_change_of_a_jump_is_announced_in_order(broker: Broker) -> None:
    box = mqtt_box()
    async with device(box, broker) as running, client(broker) as user:
        await running.settled()
        await user.subscribe("box/1/pilot")
        await user.subscribe("box/1/energy")
        assert await receive_until(user, "box/1/energy") == [("box/1/pilot", b"A"), ("box/1/energy", b"0")]
        plug_in(box)
        advance(box, 3600)
        await running.settled()
        box.configure({"prefix": "box/2"})  # the last message that follows comes from the new connection
        await running.settled()
        await user.subscribe("box/2/online")
        seen = await receive_until(user, "box/2/online")
    assert [value for topic, value in seen if topic == "box/1/pilot"] == [b"B", b"C"]
    energies = [float(value) for topic, value in seen if topic == "box/1/energy"]
    assert energies == sorted(energies)
    assert energies[-1] == pytest.approx(3600 / 3600 * 11_000, rel=0.05)
    assert len(energies) < 20  # of the periodic ones only the last before each change


async def test_switched_off_it_says_good_bye_and_without_power_it_does_not(broker: Broker) -> None:
    box = mqtt_box()
    async with device(box, broker) as running, client(broker) as user:
        await running.settled()
        await user.subscribe("box/1/online")
        assert (await receive(user)).payload == b"yes"
        box.configure({"mqtt": False})
        assert running.state == "off"
        await running.settled()
        box.configure({"mqtt": True})
        await running.settled()
        assert (await receive(user)).payload == b"yes"  # no will in between
        box.reboot()
        assert running.state == "off"
        assert (await receive(user)).payload == b"no"
        advance(box, 4)
        assert running.state == "off"
        advance(box, 2)
        await running.settled()
        assert (await receive(user)).payload == b"yes"
        power_cut(box)
        assert (await receive(user)).payload == b"no"
    assert [entry.detail.get("reason") for entry in entries(box, "connection", "disconnected")] == [
        "good-bye",
        "the wallbox went down",
        "the wallbox went down",
    ]


async def test_the_end_of_the_emulator_is_a_good_bye(broker: Broker) -> None:
    async with device(mqtt_box(), broker) as running:
        await running.settled()
    assert (await retained(broker))["box/1/online"] == b"yes"


async def test_other_settings_connect_anew_at_once(broker: Broker) -> None:
    box = mqtt_box()
    async with device(box, broker) as running:
        await running.settled()
        box.configure({"prefix": "box/other"})
        await running.settled()
        kept = await retained(broker)
        assert kept["box/1/online"] == kept["box/other/online"] == b"yes"
    assert box.reasons == []  # the box did it itself


async def test_after_an_outage_it_connects_subscribes_and_publishes_again(broker: Broker) -> None:
    box = mqtt_box()
    async with device(box, broker) as running:
        for _ in range(3):
            await running.settled()
            await broker.stop()
            await until(running, "waiting")
            await broker.start()
            await until(running, "connected")
            await running.settled()
            assert (await retained(broker))["box/1/online"] == b"yes"
            async with client(broker) as user:
                await user.subscribe("box/1/limit/result")
                await user.publish("box/1/limit/set", "7")
                assert (await receive(user)).payload == b"True"
    assert len(entries(box, "connection", "lost")) == 3
    assert len(box.reasons) >= 3
    assert all(box.reasons)


async def test_without_a_broker_it_tries_again_until_there_is_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    box = mqtt_box(broker="127.0.0.1", port=port)
    async with device(box, None) as running:
        await until(running, "waiting")
        await until(running, "connecting")
        await until(running, "waiting")
        async with Broker.open("builtin", port=port):
            await until(running, "connected")
            await running.settled()
    failures = entries(box, "connection", "failed")
    assert len(failures) == 1  # the same reason is recorded once
    assert len(box.reasons) >= 2


async def test_a_run_without_a_broker_says_so() -> None:
    box = mqtt_box()
    async with device(box, None) as running:
        await until(running, "waiting")
    assert box.reasons[0] == "this run has no broker"


async def test_a_broker_that_swallows_connections_does_not_hold_up_the_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        box = mqtt_box(broker="127.0.0.1", port=silent.getsockname()[1])
        async with device(box, None) as running:
            assert running.state == "connecting"
            await asyncio.sleep(0)
    assert entries(box, "connection") == []


async def test_a_broker_that_does_not_answer_pings_is_left() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(b"\x20\x02\x00\x00")  # CONNACK, and nothing more
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    box = mqtt_box(broker="127.0.0.1", port=server.sockets[0].getsockname()[1], keep_alive=1)
    async with device(box, None) as running:
        await until(running, "connected")
        async with asyncio.timeout(PATIENCE):
            await running.settled()
        assert box.reasons == ["the broker does not answer pings"]
    server.close()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"\x20\x02\x00\x05", "connection refused: not authorized"),
        (b"\xd0\x00", "the broker sent something before CONNACK"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n" + bytes(80), "the broker sent flags 8 in PUBACK"),
        (b"", "connection closed by the broker"),
    ],
)
async def test_what_is_not_a_broker_is_tried_again(answer: bytes, reason: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    box = mqtt_box(broker="127.0.0.1", port=server.sockets[0].getsockname()[1])
    async with device(box, None) as running:
        await until(running, "waiting")
        await until(running, "connecting")
    assert box.reasons[0] == reason
    server.close()


async def test_a_ping_per_keep_alive_holds_the_connection(builtin: BuiltinBroker) -> None:
    box = mqtt_box(keep_alive=1)
    async with device(box, builtin) as running, client(builtin) as user:
        await running.settled()
        silent = await BareClient.open(builtin, Connect(client_id="silent", keep_alive=1))
        assert await silent.read() is None  # as long as it takes the broker to drop somebody
        await silent.close()
        await user.subscribe("box/1/limit/result")
        await user.publish("box/1/limit/set", "9")
        assert (await receive(user)).payload == b"True"
    assert [entry.name for entry in entries(box, "connection")] == ["connected", "disconnected"]


async def test_own_messages_that_come_back_are_not_requests(broker: Broker) -> None:
    box = mqtt_box(echoes=True)
    async with device(box, broker) as running, client(broker) as user:
        await running.settled()
        await user.subscribe("box/1/limit/result")
        for limit in ("10", "11", "10"):
            await user.publish("box/1/limit/set", limit)
            assert (await receive(user)).payload == b"True"
        await user.publish("box/1/limit", "a client's mistake")
        await user.publish("box/1/limit/set", "12")
        assert (await receive(user)).payload == b"True"
        await running.settled()
    assert [(entry.name, entry.detail["payload"]) for entry in entries(box, "request")] == [
        ("box/1/limit/set", "10"),
        ("box/1/limit/set", "11"),
        ("box/1/limit/set", "10"),
        ("box/1/limit", "a client's mistake"),
        ("box/1/limit/set", "12"),
    ]


async def test_a_retained_command_is_a_request_on_every_connection(broker: Broker) -> None:
    box = mqtt_box(echoes=True)
    async with client(broker) as user:
        await user.publish("box/1/limit/set", "9", qos=1, retain=True)
    async with device(box, broker) as running:
        for count in (1, 2):
            await running.settled()
            assert box.limit == 9
            assert len(entries(box, "request", "box/1/limit/set")) == count
            running.drop()
            await until(running, "connected")


async def test_subscriptions_follow_the_settings(broker: Broker) -> None:
    box = mqtt_box()
    async with device(box, broker) as running, client(broker) as user:
        await running.settled()
        box.configure({"read_only": True})
        await running.settled()
        await user.publish("box/1/limit/set", "8", qos=1)
        await running.settled()
        box.configure({"read_only": False})
        await running.settled()
        await user.subscribe("box/1/limit/result")
        await user.publish("box/1/limit/set", "9")
        await receive(user)
    assert [entry.detail["value"] for entry in entries(box, "write")] == [9.0]


async def test_a_mistake_of_a_vendor_does_not_end_the_connection(
    builtin: BuiltinBroker, caplog: pytest.LogCaptureFixture
) -> None:
    async with device(mqtt_box(), builtin) as running, client(builtin) as user:
        await running.settled()
        await user.subscribe("box/1/limit/result")
        await user.publish("box/1/mistake/set", "x")
        await user.publish("box/1/limit/set", "9")
        assert (await receive(user)).payload == b"True"
    assert "a mistake of ours" in caplog.text


async def test_a_command_may_end_the_connection_it_came_on(builtin: BuiltinBroker) -> None:
    box = mqtt_box()
    async with device(box, builtin) as running, client(builtin) as user:
        await running.settled()
        await user.subscribe("box/1/online")
        await receive(user)
        await user.publish("box/1/reboot/set", "1")
        assert (await receive(user)).payload == b"no"
        assert not box.up
        advance(box, 5)
        assert (await receive(user)).payload == b"yes"


class Garbled(Interception):
    def __init__(self, message: Message) -> None:
        self._doubled = any(topic.endswith("result") for topic in message.topics)

    def copies(self, copies: Sequence[Copy[M]]) -> Sequence[Copy[M]]:
        return [*copies, *copies] if self._doubled else [copy for copy in copies if copy.data != b"13"]


class Garbler(Interceptor):
    """Doubles what goes out, drops commands for 13 A, cannot connect the first time."""

    active = True

    def __init__(self) -> None:
        self.attempts = 0

    def broker_access(self, interface: str, access: BrokerAccess) -> BrokerAccess:
        self.attempts += 1
        if self.attempts == 1:
            raise ConnectionRefusedError("not yet")
        return access

    def intercept(self, message: Message, *, peek: bool = False) -> Interception:
        return Garbled(message)


async def test_every_message_is_intercepted(builtin: BuiltinBroker) -> None:
    box = mqtt_box()
    box.interceptor = Garbler()
    async with device(box, builtin) as running, client(builtin) as user:
        await until(running, "connected")
        await running.settled()
        assert box.reasons == ["not yet"]
        await user.subscribe("box/1/limit/result")
        await user.publish("box/1/limit/set", "13")
        await user.publish("box/1/limit/set", "9")
        assert [(await receive(user)).payload for _ in range(2)] == [b"True", b"True"]
        assert [entry.detail["value"] for entry in entries(box, "write")] == [9.0]


async def test_another_box_takes_the_place_of_the_first(builtin: BuiltinBroker) -> None:
    first, second = mqtt_box(), mqtt_box()
    second.limit = 6.0
    async with device(first, builtin) as running:
        await running.settled()
        running.attach(second)
        await running.settled()
        kept = await retained(builtin)
        assert (kept["box/1/limit"], kept["box/1/online"]) == (b"6", b"yes")
        first.reboot()
        assert running.state == "connected"


def test_what_waits_is_merged_and_bounded() -> None:
    outbox = Outbox(limit=3)
    for topic, payload, retain in (("a", b"1", True), ("r", b"1", False), ("a", b"2", True), ("r", b"2", False)):
        outbox.put(Publish(topic=topic, payload=payload, retain=retain))
    outbox.put(Publish(topic="b", payload=b"1", retain=True))
    assert len(outbox) == 3
    assert [(m.topic, m.payload) for m in (outbox.take() for _ in range(3))] == [("a", b"2"), ("r", b"2"), ("b", b"1")]


async def test_a_broker_that_is_slow_to_read_gets_the_newest_in_the_end() -> None:
    box = mqtt_box()
    go_on = asyncio.Event()
    taken = bytearray()
    newest, closed = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(b"\x20\x02\x00\x00")
        await go_on.wait()
        while data := await reader.read(1_000_000):
            taken.extend(data)
            if b"299 " in taken[-200_000:]:
                newest.set()
        writer.close()
        closed.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    box.settings.configure({"broker": "127.0.0.1", "port": server.sockets[0].getsockname()[1]})
    async with device(box, None) as running:
        await until(running, "connected")
        box.padding = 100_000
        for number in range(300):  # 30 MB, far more than any socket's buffer
            box.limit = float(number)
            box.changed()
        link = running._link
        assert link is not None
        assert 0 < len(link.outbox) < 10
        go_on.set()
        async with asyncio.timeout(PATIENCE):
            await newest.wait()
    async with asyncio.timeout(PATIENCE):
        await closed.wait()
    server.close()
    assert taken.count(b"box/1/limit") < 300


async def test_many_boxes_share_one_broker(broker: Broker) -> None:
    first = mqtt_box(serial="0")
    boxes = [first, *(mqtt_box(first.simulation, serial=str(number)) for number in range(1, 100))]
    async with AsyncExitStack() as stack:
        devices = [await stack.enter_async_context(device(box, broker)) for box in boxes]
        for running in devices:
            await running.settled()
        assert {running.state for running in devices} == {"connected"}
        assert len(await retained(broker)) == 400


async def test_periodic_publications_follow_a_running_clock(builtin: BuiltinBroker) -> None:
    box = mqtt_box()
    plug_in(box)
    advance(box, 60)
    box.simulation.clock.set_speed(1000)
    async with device(box, builtin) as running, client(builtin) as user:
        await running.settled()
        await user.subscribe("box/1/energy")
        values = [float((await receive(user)).payload) for _ in range(4)]
        assert values == sorted(set(values))
