"""The broker of a run follows MQTT 3.1.1 as third-party clients see it, whichever of our own it is."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator

import aiomqtt
import pytest
from support_mqtt import BROKERS, PATIENCE, BareClient, client, receive, receive_until

from emulator.errors import EmulatorError, PortTaken
from emulator.protocols.broker import Broker
from emulator.protocols.broker_builtin import BuiltinBroker
from emulator.protocols.broker_mosquitto import executable
from emulator.protocols.mqtt_packets import (
    Acknowledge,
    Connack,
    Connect,
    Kind,
    Message,
    Signal,
    Suback,
    Subscribe,
)


@pytest.fixture(params=BROKERS)
async def broker(request: pytest.FixtureRequest) -> AsyncIterator[Broker]:
    async with Broker.open(request.param, port=0) as running:
        yield running


async def test_a_message_reaches_its_subscribers_only(broker: Broker) -> None:
    async with client(broker) as here, client(broker) as there, client(broker) as publisher:
        await here.subscribe("a/+/c")
        await there.subscribe("b/#")
        for topic in ("a/b/c", "a/b/d", "b", "b/c/d", "$b/x", "end"):
            await publisher.publish(topic, topic)
        await publisher.publish("a/end/c")
        await publisher.publish("b/end")
        assert [topic for topic, _ in await receive_until(here, "a/end/c")] == ["a/b/c", "a/end/c"]
        assert [topic for topic, _ in await receive_until(there, "b/end")] == ["b", "b/c/d", "b/end"]


@pytest.mark.parametrize(("published", "granted"), [(0, 1), (0, 2), (1, 0), (1, 1), (2, 1), (1, 2), (2, 2)])
async def test_delivery_uses_the_lower_quality_of_service(broker: Broker, published: int, granted: int) -> None:
    async with client(broker) as subscriber, client(broker) as publisher:
        await subscriber.subscribe("x", qos=granted)
        await publisher.publish("x", "live", qos=published)
        message = await receive(subscriber)
        assert (message.payload, message.qos, message.retain) == (b"live", min(published, granted), False)
        await subscriber.publish("y", "kept", qos=published, retain=True)
        await subscriber.subscribe("y", qos=granted)
        message = await receive(subscriber)
        assert (message.payload, message.qos, message.retain) == (b"kept", min(published, granted), True)


async def test_retained_messages_go_to_whoever_subscribes_and_nobody_else(broker: Broker) -> None:
    async with client(broker) as publisher, client(broker) as early:
        await early.subscribe("#")
        await publisher.publish("box/a", "1", retain=True)
        await publisher.publish("box/a", "2", retain=True)
        await publisher.publish("box/b", "3", retain=True)
        await publisher.publish("box/b", "", retain=True)
        await receive_until(early, "box/b")
        async with client(broker) as idle, client(broker) as late:
            await idle.subscribe("mark")
            await late.subscribe("box/#")
            message = await receive(late)
            assert (message.topic.value, message.payload, message.retain) == ("box/a", b"2", True)
            await publisher.publish("mark")
            await publisher.publish("box/mark")
            assert (await receive(idle)).topic.value == "mark"
            assert (await receive(late)).topic.value == "box/mark"


async def test_the_same_subscription_again_brings_the_retained_messages_again(broker: Broker) -> None:
    async with client(broker) as someone:
        await someone.publish("box/a", "1", retain=True)
        for _ in range(2):
            await someone.subscribe("box/a")
            message = await receive(someone)
            assert (message.payload, message.retain) == (b"1", True)


async def test_unsubscribing_ends_it(broker: Broker) -> None:
    async with client(broker) as someone:
        await someone.subscribe("a")
        await someone.subscribe("b")
        await someone.unsubscribe("a")
        await someone.publish("a")
        await someone.publish("b")
        assert (await receive(someone)).topic.value == "b"


async def test_an_invalid_filter_is_not_granted(broker: Broker) -> None:
    bare = await BareClient.open(broker, Connect(client_id="x"))
    bare.send(Subscribe(1, (("a/#/b", 0),)))
    assert await bare.read() in (Suback(1, (0x80,)), None)  # mosquitto closes instead
    await bare.close()


WILL = Message(topic="gone", payload=b"yes", retain=True)


async def test_a_broken_connection_publishes_the_will_and_a_good_bye_does_not(broker: Broker) -> None:
    async with client(broker) as observer:
        await observer.subscribe("#")
        polite = await BareClient.open(broker, Connect(client_id="polite", will=WILL))
        polite.send(Signal(Kind.DISCONNECT))
        assert await polite.read() is None
        await polite.close()
        await observer.publish("between")
        rude = await BareClient.open(broker, Connect(client_id="rude", will=WILL))
        await rude.abort()
        assert [topic for topic, _ in await receive_until(observer, "gone")] == ["between", "gone"]
        async with client(broker) as late:
            await late.subscribe("gone")
            assert (await receive(late)).payload == b"yes"


async def test_a_silent_client_is_dropped_after_its_keep_alive_and_pings_prevent_it(broker: Broker) -> None:
    async with client(broker) as observer:
        await observer.subscribe("gone")
        silent = await BareClient.open(broker, Connect(client_id="silent", keep_alive=3, will=WILL))
        alive = await BareClient.open(broker, Connect(client_id="alive", keep_alive=2, will=WILL))
        end = asyncio.ensure_future(silent.read())
        while not end.done():  # as long as it takes the broker to drop the other one
            alive.send(Signal(Kind.PINGREQ))
            assert await alive.read() == Signal(Kind.PINGRESP)
            await asyncio.wait((end,), timeout=0.3)
        assert await end is None
        alive.send(Message(topic="gone", payload=b"still here"))
        assert [(await receive(observer)).payload for _ in range(2)] == [b"yes", b"still here"]
        await silent.close()
        await alive.close()


async def test_the_same_client_id_takes_over(broker: Broker) -> None:
    async with client(broker) as observer:
        await observer.subscribe("gone")
        old = await BareClient.open(broker, Connect(client_id="box", will=WILL))
        old.send(Subscribe(1, (("news", 0),)))
        assert await old.read() == Suback(1, (0,))
        new = await BareClient.open(broker, Connect(client_id="box"))
        assert await old.read() is None
        assert (await receive(observer)).payload == b"yes"
        await observer.publish("news", "not for the new one")
        new.send(Signal(Kind.PINGREQ))
        assert await new.read() == Signal(Kind.PINGRESP)
        await old.close()
        await new.close()


async def test_a_persistent_session_gets_what_it_missed(broker: Broker) -> None:
    away = Connect(client_id="away", clean=False)
    bare = await BareClient.open(broker, away)
    bare.send(Subscribe(1, (("news", 1),)))
    assert await bare.read() == Suback(1, (1,))
    await bare.abort()
    async with client(broker) as publisher:
        for number in range(3):
            await publisher.publish("news", str(number), qos=1)
        await publisher.publish("news", "lost", qos=0)
    back = BareClient(*await asyncio.open_connection(broker.host, broker.port))
    back.send(away)
    assert await back.read() == Connack(0, session_present=True)
    for number in range(3):
        message = await back.read()
        assert isinstance(message, Message)
        assert message.payload == str(number).encode()
        back.send(Acknowledge(Kind.PUBACK, message.packet_id))
    await back.close()


async def test_what_was_not_acknowledged_comes_again(broker: Broker) -> None:
    careless = Connect(client_id="careless", clean=False)
    bare = await BareClient.open(broker, careless)
    bare.send(Subscribe(1, (("news", 1),)))
    assert await bare.read() == Suback(1, (1,))
    async with client(broker) as publisher:
        await publisher.publish("news", "important", qos=1)
    first = await bare.read()
    await bare.abort()
    back = BareClient(*await asyncio.open_connection(broker.host, broker.port))
    back.send(careless)
    assert await back.read() == Connack(0, session_present=True)
    second = await back.read()
    assert isinstance(first, Message)
    assert isinstance(second, Message)
    assert (second.payload, second.packet_id, second.duplicate) == (b"important", first.packet_id, True)
    await back.close()


LONG = 300.0
"""So long may 3000 messages wait for one another, on however busy a machine [s]."""


@pytest.mark.parametrize("qos", [0, 1])
async def test_a_large_backlog_of_retained_messages_arrives_whole(broker: Broker, qos: int) -> None:
    async with client(broker, max_inflight_messages=500) as publisher:
        publisher.pending_calls_threshold = 5000
        async with asyncio.TaskGroup() as group:
            for number in range(3000):
                group.create_task(publisher.publish(f"box/{number}", b"x" * 200, qos=1, retain=True, timeout=LONG))
    async with client(broker) as subscriber:
        await subscriber.subscribe("box/#", qos=qos)
        topics = {(await receive(subscriber)).topic.value for _ in range(3000)}
    assert topics == {f"box/{number}" for number in range(3000)}


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff" * 64,
        b"\x10\xff\xff\xff\xff\x7f",
        b"\x30\x05\x00\x03a/b",
        b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x09",
        b"\xc0\x00",
    ],
)
async def test_bytes_that_are_not_mqtt_end_the_connection(broker: Broker, data: bytes) -> None:
    reader, writer = await asyncio.open_connection(broker.host, broker.port)
    writer.write(data)
    async with asyncio.timeout(PATIENCE):
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
    writer.close()
    async with client(broker) as someone:
        await someone.subscribe("x")
        await someone.publish("x")
        assert (await receive(someone)).topic.value == "x"


async def test_an_outage_drops_everybody_and_forgets_what_was_retained(broker: Broker) -> None:
    port = broker.port
    bare = await BareClient.open(broker, Connect(client_id="x"))
    bare.send(Message(topic="a", payload=b"1", retain=True))
    bare.send(Signal(Kind.PINGREQ))
    assert await bare.read() == Signal(Kind.PINGRESP)
    await broker.stop()
    assert not broker.running
    assert await bare.read() is None
    await bare.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(broker.host, port)
    await broker.start()
    assert broker.running
    assert broker.port == port
    async with client(broker) as someone:
        await someone.subscribe("#")
        await someone.publish("mark")
        assert (await receive(someone)).topic.value == "mark"
    await broker.restart()
    async with client(broker) as someone:
        await someone.publish("mark")


@pytest.mark.parametrize("kind", BROKERS)
async def test_a_taken_port_is_a_clear_error(kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"MQTT broker: port {port} on 127.0.0.1 is in use"):
            await Broker.open(kind, port=port).start()


@pytest.mark.parametrize("kind", BROKERS)
async def test_a_wildcard_bind_is_reached_on_loopback(kind: str) -> None:
    async with Broker.open(kind, host="0.0.0.0", port=0) as broker:
        assert broker.host == "127.0.0.1"
        async with client(broker) as someone:
            await someone.publish("x")


async def test_a_protocol_version_it_does_not_speak_is_refused() -> None:
    async with Broker.open("builtin", port=0) as broker:
        with pytest.raises(aiomqtt.MqttError):
            async with client(broker, protocol=aiomqtt.ProtocolVersion.V5):
                pass
        async with client(broker, protocol=aiomqtt.ProtocolVersion.V31) as old:
            await old.publish("x")


async def test_a_client_that_does_not_read_loses_messages_and_harms_nobody() -> None:
    async with Broker.open("builtin", port=0) as broker:
        lazy = await BareClient.open(broker, Connect(client_id="lazy"))
        lazy.send(Subscribe(1, (("#", 0),)))
        assert await lazy.read() == Suback(1, (0,))
        async with client(broker) as keen:
            await keen.subscribe("end")
            for _ in range(60):
                await keen.publish("big", bytes(1_000_000))
            await keen.publish("end")
            await receive(keen)
        assert isinstance(broker, BuiltinBroker)
        assert any(wire.congested for wire in broker.wires)
        await lazy.abort()


async def test_the_users_own_broker_is_left_alone() -> None:
    async with Broker.open("mqtt://me:s%20ecret@example.org") as broker:
        assert (broker.host, broker.port, broker.tls) == ("example.org", 1883, False)
        assert (broker.username, broker.password) == ("me", "s ecret")
        with pytest.raises(EmulatorError, match="not the emulator's to stop"):
            await broker.restart()
    assert Broker.open("mqtts://example.org").port == 8883


@pytest.mark.parametrize("setting", ["mqtt://", "http://example.org", "mqtt://example.org:port", "mqtt://host/topic"])
async def test_a_wrong_address_is_a_clear_error(setting: str) -> None:
    with pytest.raises(EmulatorError, match="expected mqtt://"):
        Broker.open(setting)


async def test_a_wrong_setting_is_a_clear_error() -> None:
    with pytest.raises(EmulatorError, match='did you mean "embedded"'):
        Broker.open("embeded")


CRASH = """
import asyncio, os, signal
from emulator.protocols.broker import Broker

async def main():
    broker = Broker.open("mosquitto", port=0)
    await broker.start()
    print(broker.port, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.skipif(executable() is None, reason="mosquitto is not installed")
async def test_mosquitto_does_not_outlive_a_killed_emulator() -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", CRASH, stdout=subprocess.PIPE)
    assert process.stdout is not None
    port = int(await process.stdout.readline())
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    async with asyncio.timeout(PATIENCE):
        assert await reader.read() == b""
    writer.close()
