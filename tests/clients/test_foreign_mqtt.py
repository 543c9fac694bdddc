"""MQTT against peers that are not ours: every wallbox that publishes on amqtt's broker (in process) and on mosquitto
(where it is installed), and amqtt's client at the emulator's own broker."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiomqtt
import pytest
from amqtt.broker import Broker as AmqttBroker
from amqtt.client import MQTTClient

from emulator import vendors
from emulator.devices.interfaces import MqttInterface
from emulator.protocols.broker import Broker
from emulator.protocols.broker_mosquitto import executable
from emulator.runtime.clock import Clock
from emulator.testing.fixture import EmulatorFixture
from emulator.world.building import build
from emulator.world.plan import ChargerPlan, SitePlan, WallboxPlan

PATIENCE = 60.0


@dataclass(frozen=True, kw_only=True)
class Device:
    """A wallbox that publishes, and the words of one session."""

    vendor: str
    state: str
    """Topic that tells whether a car is there."""
    plugged: Callable[[object], bool]
    command: tuple[str, str]
    effect: tuple[str, object]
    """What the command changes."""


DEVICES = (
    Device(
        vendor="goe",
        state="car",
        plugged=lambda car: car in (2, 3, 4),
        command=("amp/set", "10"),
        effect=("amp", 10),
    ),
    Device(
        vendor="warp",
        state="evse/state",
        plugged=lambda state: isinstance(state, dict) and state["charger_state"] != 0,
        command=("evse/external_current_update", '{"current":8000}'),
        effect=("evse/external_current.current", 8000),
    ),
)


@asynccontextmanager
async def amqtt(port: int = 0) -> AsyncIterator[int]:
    """amqtt's broker, open to everybody; its port."""
    broker = AmqttBroker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    await broker.start()
    server = broker._servers["default"].instance
    assert isinstance(server, asyncio.Server)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        await broker.shutdown()


@asynccontextmanager
async def mosquitto(port: int = 0) -> AsyncIterator[int]:
    async with Broker.open("mosquitto", port=port) as broker:
        yield broker.port


Open = Callable[..., AbstractAsyncContextManager[int]]
BROKERS = (
    pytest.param(amqtt, id="amqtt"),
    pytest.param(
        mosquitto, id="mosquitto", marks=pytest.mark.skipif(executable() is None, reason="mosquitto is not installed")
    ),
)
every_device = pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.vendor)
every_broker = pytest.mark.parametrize("broker", BROKERS)


async def told(client: aiomqtt.Client, topic: str) -> object:
    """What comes next on a topic. amqtt 0.12 gives new sessions what was kept on other topics as well."""
    async with asyncio.timeout(2 * PATIENCE):
        async for message in client.messages:
            if message.topic.value == topic:
                return json.loads(bytes(message.payload))
    raise AssertionError("the client was disconnected")


class Run:
    """A wallbox at a broker. What waits for the wallbox does so in a thread: the broker runs on this loop."""

    def __init__(self, emulator: EmulatorFixture, device: Device, directory: Path, broker: str) -> None:
        file = directory / "scenario.yaml"
        file.write_text(f"broker: {broker}\nwallbox: {{vendor: {device.vendor}, mqtt: true}}\n")
        self.emulator = emulator
        self.file = file
        self.device = device

    async def begin(self) -> str:
        """What its topics begin with."""
        await asyncio.to_thread(self.emulator.load, self.file)
        prefix = self.emulator.wallbox().mqtt_prefix
        return prefix if prefix.endswith("/") else f"{prefix}/"

    async def advance(self, time: str) -> None:
        await asyncio.to_thread(self.emulator.advance, time)

    async def plug_in(self) -> None:
        await asyncio.to_thread(self.emulator.plug_in, vehicle="vw_id3")
        await self.advance("1 min")

    async def obeys(self) -> None:
        """The command has had its effect."""
        name, value = self.device.effect
        async with asyncio.timeout(PATIENCE):
            while self.emulator.wallbox().read(name) != value:
                await self.advance("1 s")


def test_every_wallbox_that_publishes_is_here() -> None:
    boxes = tuple(WallboxPlan(name=f"w_{name}", vendor=name) for name in vendors.PACKAGES)
    site = build(SitePlan(chargers=(ChargerPlan(name="garage", wallboxes=boxes),)), clock=Clock(0.0))
    found = {
        box.vendor.id
        for box in site.wallboxes.values()
        if any(isinstance(interface, MqttInterface) for interface in box.interfaces.values())
    }
    assert found == {device.vendor for device in DEVICES}


@every_broker
@every_device
async def test_a_session_at_a_foreign_broker(
    emulator: EmulatorFixture, tmp_path: Path, device: Device, broker: Open
) -> None:
    async with broker() as port, aiomqtt.Client("127.0.0.1", port, identifier="watcher") as client:
        run = Run(emulator, device, tmp_path, f"mqtt://127.0.0.1:{port}")
        prefix = await run.begin()
        topic = f"{prefix}{device.state}"
        await client.subscribe(topic)
        assert not device.plugged(await told(client, topic))
        await run.plug_in()
        while not device.plugged(await told(client, topic)):
            pass
        command, payload = device.command
        await client.publish(f"{prefix}{command}", payload, qos=1)
        await run.obeys()
        await asyncio.to_thread(emulator.stop)


@every_broker
@every_device
async def test_what_it_publishes_is_kept_for_who_comes_later(
    emulator: EmulatorFixture, tmp_path: Path, device: Device, broker: Open
) -> None:
    async with broker() as port, aiomqtt.Client("127.0.0.1", port) as witness:
        run = Run(emulator, device, tmp_path, f"mqtt://127.0.0.1:{port}")
        topic = f"{await run.begin()}{device.state}"
        await witness.subscribe(topic)
        await run.plug_in()
        while not device.plugged(await told(witness, topic)):
            pass  # a slow broker has not had it all yet
        # The witness stays: amqtt 0.12 fails for who connects while somebody's subscriptions come or go.
        async with aiomqtt.Client("127.0.0.1", port) as late:
            await late.subscribe(topic)
            assert device.plugged(await told(late, topic))
        await asyncio.to_thread(emulator.stop)


@every_device
async def test_amqtts_client_at_the_emulators_broker(emulator: EmulatorFixture, tmp_path: Path, device: Device) -> None:
    run = Run(emulator, device, tmp_path, "{port: 0}")
    prefix = await run.begin()
    host, port = emulator.broker
    client = MQTTClient(client_id="amqtt", config={"auto_reconnect": False})
    await client.connect(f"mqtt://{host}:{port}/", cleansession=True)

    async def next_one() -> bytes:
        message = await client.deliver_message(timeout_duration=PATIENCE)
        assert message is not None
        return bytes(message.data or b"")

    await client.subscribe([(f"{prefix}{device.state}", 1)])
    assert not device.plugged(json.loads(await next_one()))
    await run.plug_in()
    while not device.plugged(json.loads(await next_one())):
        pass
    topic, payload = device.command
    await client.publish(f"{prefix}{topic}", payload.encode(), qos=2)
    await run.obeys()
    await client.unsubscribe([f"{prefix}{device.state}"])
    await client.publish(f"{prefix}kept", b"by amqtt", qos=1, retain=True)
    await client.subscribe([(f"{prefix}kept", 2)])
    while await next_one() != b"by amqtt":  # after what was on its way
        pass
    await client.disconnect()


async def test_amqtts_will_is_published_when_its_connection_breaks() -> None:
    async with Broker.open("builtin", port=0) as broker, aiomqtt.Client(broker.host, broker.port) as watcher:
        await watcher.subscribe("its/will")
        will = {"topic": "its/will", "message": "gone", "qos": 1, "retain": False}
        client = MQTTClient(client_id="mortal", config={"auto_reconnect": False, "will": will})
        await client.connect(f"mqtt://{broker.host}:{broker.port}/")
        assert client._handler is not None
        assert client._handler.writer is not None
        await client._handler.writer.close()
        async with asyncio.timeout(PATIENCE):
            assert bytes((await anext(watcher.messages)).payload) == b"gone"
