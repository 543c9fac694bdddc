"""MQTT over TLS, WebSocket and both, at amqtt's broker: neither the transport nor the broker is ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import pytest
from amqtt.broker import Broker as AmqttBroker
from test_warp_mqtt import PATIENCE, Garage
from test_warp_mqtt_tls import BOTH, BROKER, ROOT, STRANGER, TLS, WEBSOCKET, settings

from emulator.core.messages import PlugIn
from emulator.core.specs import VehicleSpec
from emulator.protocols.broker import Broker

every_transport = pytest.mark.parametrize("protocol", [TLS, WEBSOCKET, BOTH], ids=["tls", "websocket", "both"])


@asynccontextmanager
async def amqtt(directory: Path, protocol: int) -> AsyncIterator[tuple[int, int]]:
    """amqtt's broker; the port of that transport, and one that is plain."""
    certificate, key = directory / "broker.crt", directory / "broker.key"
    certificate.write_text(BROKER[0])
    key.write_text(BROKER[1])
    secure = {"ssl": True, "certfile": str(certificate), "keyfile": str(key)} if protocol in (TLS, BOTH) else {}
    kind = "tcp" if protocol == TLS else "ws"
    broker = AmqttBroker(
        {
            "listeners": {
                "default": {"type": "tcp", "bind": "127.0.0.1:0"},
                "other": {"type": kind, "bind": "127.0.0.1:0", **secure},
            },
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    await broker.start()
    ports = [next(iter(broker._servers[name].instance.sockets)).getsockname()[1] for name in ("other", "default")]
    try:
        yield ports[0], ports[1]
    finally:
        await broker.shutdown()


@every_transport
async def test_a_session(tmp_path: Path, protocol: int) -> None:
    async with amqtt(tmp_path, protocol) as (port, plain), Broker.open("builtin", port=0) as own:
        trust: dict[str, object] = {} if protocol == WEBSOCKET else {"cert_id": ROOT}
        box = Garage(own, settings(port, protocol, BROKER, path="/", **trust), "warp3-pro-11")
        async with box.device, aiomqtt.Client("127.0.0.1", plain) as client, asyncio.timeout(PATIENCE):
            await box.device.until("connected")
            assert box.box.read("mqtt/state.connection_state") == 2
            await client.subscribe("warp3/2abC/evse/state")
            assert box.simulation.apply("garage", PlugIn(name="car", vehicle=VehicleSpec())).ok
            await box.wait(5)
            async for message in client.messages:
                if message.topic.value.endswith("evse/state") and b'"charger_state":0' not in bytes(message.payload):
                    break
            written = asyncio.Event()
            box.simulation.journal.listen(lambda entry: written.set() if entry.kind == "write" else None)
            await client.publish("warp3/2abC/evse/external_current_update", "6000", qos=1)
            await written.wait()
            await box.wait(1)
            assert box.box.read("evse/external_current.current") == 6000


@pytest.mark.parametrize("protocol", [TLS, BOTH], ids=["tls", "both"])
async def test_a_stranger_is_not_trusted(tmp_path: Path, protocol: int) -> None:
    async with amqtt(tmp_path, protocol) as (port, _), Broker.open("builtin", port=0) as own:
        box = Garage(own, settings(port, protocol, STRANGER, cert_id=ROOT), "warp3-pro-11")
        async with box.device, asyncio.timeout(PATIENCE):
            await box.device.until("waiting")
            assert box.box.read("mqtt/state.connection_state") == 1
