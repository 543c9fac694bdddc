"""A WARP Charger on MQTT as a third-party client (aiomqtt, on paho) sees it, through the emulator's own broker."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiomqtt

from emulator import vendors
from emulator.core.instant import SECOND
from emulator.core.messages import PlugIn
from emulator.core.specs import VehicleSpec
from emulator.devices.interfaces import EMBEDDED_BROKER, Origin
from emulator.devices.wallbox import Context, Wallbox, charger_defaults
from emulator.protocols.broker import Broker
from emulator.protocols.mqtt import MqttDevice
from emulator.protocols.push import moved
from emulator.protocols.server import Endpoint
from emulator.runtime.clock import Clock
from emulator.runtime.simulation import Simulation

PATIENCE = 60.0
OWNER = Origin(interface="test")


class Garage:
    def __init__(self, broker: Broker, settings: dict[str, object], model: str) -> None:
        vendor = vendors.vendor("warp")
        profile = vendor.profile(model)
        self.simulation = Simulation(clock=Clock(0.0), epoch=datetime(2026, 8, 3, 8, tzinfo=UTC))
        self.simulation.add_charger("garage", charger_defaults(profile))
        self.box: Wallbox = vendor.create(
            Context(
                vendor=vendor,
                profile=profile,
                simulation=self.simulation,
                charger="garage",
                name="warp",
                serial=profile.model.serial,
                settings=settings,
            )
        )
        self.box.start()
        self.device = MqttDevice(Endpoint(self.box, "mqtt"), broker)

    async def wait(self, seconds: float) -> None:
        self.simulation.jump(round(seconds * SECOND))
        moved(self.simulation)
        await self.device.settled()


@asynccontextmanager
async def garage(
    settings: dict[str, object] | None = None, model: str = "warp3-pro-11"
) -> AsyncIterator[tuple[Garage, aiomqtt.Client, Broker]]:
    """A connected wallbox, a client, and their broker."""
    mqtt = {"mqtt/config": {"enable_mqtt": True, "broker_host": EMBEDDED_BROKER}}
    async with Broker.open("builtin", port=0) as broker:
        found = Garage(broker, {**mqtt, **(settings or {})}, model)
        async with found.device, aiomqtt.Client(broker.host, broker.port) as client:
            async with asyncio.timeout(PATIENCE):
                await found.device.until("connected")
                await found.device.settled()
            yield found, client, broker


async def collect(client: aiomqtt.Client, topic: str) -> dict[str, Any]:
    """Everything that arrives up to the first message on `topic`, that included: payload by topic."""
    found: dict[str, Any] = {}
    async with asyncio.timeout(PATIENCE):
        async for message in client.messages:
            payload = bytes(message.payload)
            found[message.topic.value] = json.loads(payload) if payload else None
            if message.topic.value == topic:
                return found
    raise AssertionError("the client was disconnected")


async def test_states_are_retained_and_follow_the_charger() -> None:
    async with garage() as (box, client, _):
        await client.subscribe("warp3/2abC/#")
        states = await collect(client, "warp3/2abC/p14a_enwg/control")
        assert states["warp3/2abC/evse/state"]["charger_state"] == 0
        assert "phase_switch" in states["warp3/2abC/info/features"]
        assert box.simulation.apply("garage", PlugIn(name="car", vehicle=VehicleSpec())).ok
        await box.wait(30)
        while states["warp3/2abC/evse/state"]["contactor_state"] != 27:
            states |= await collect(client, "warp3/2abC/evse/state")
        await client.publish("warp3/2abC/evse/external_current_update", '{ "current": 6000 }')
        while box.box.read("evse/external_current.current") != 6000:
            await box.wait(1)
            await asyncio.sleep(0)
        changed = await collect(client, "warp3/2abC/evse/external_current")
        while changed["warp3/2abC/evse/external_current"] != {"current": 6000}:
            changed = await collect(client, "warp3/2abC/evse/external_current")


async def test_a_command_needs_its_own_topic() -> None:
    async with garage() as (box, client, _):
        await client.publish("warp3/2abC/evse/external_current", '{"current":6000}')
        await client.publish("warp3/2abC/evse/auto_start_charging_update", '{"auto_start_charging":1}')
        await client.publish("warp3/2abC/no/such", "1")
        await client.publish("warp3/2abC/evse/external_current_update/current", "7000")
        while box.box.read("evse/external_current.current") != 7000:
            await box.wait(1)
            await asyncio.sleep(0)
        log = box.box.interfaces["http"].answer(_get("/event_log")).body.decode()  # type: ignore[union-attr]
        assert 'On evse/auto_start_charging_update: ["auto_start_charging"] JSON node was not a boolean.' in log
        assert "Received message on unknown topic 'warp3/2abC/no/such' (data_len=1)" in log
        assert "external_current'" not in log


async def test_retained_actions_are_ignored_and_retained_settings_are_not() -> None:
    async with Broker.open("builtin", port=0) as broker:
        async with aiomqtt.Client(broker.host, broker.port) as client:
            await client.publish("warp3/2abC/evse/external_current_update", "9000", retain=True)
            await client.publish("warp3/2abC/evse/button_configuration_update", "0", retain=True)
            await client.publish("warp3/2abC/ready", "1", retain=True)
        settings: dict[str, object] = {"mqtt/config": {"enable_mqtt": True, "broker_host": EMBEDDED_BROKER}}
        box = Garage(broker, settings, "warp3-pro-11")
        async with box.device, asyncio.timeout(PATIENCE):
            await box.device.until("connected")
            while box.box.read("evse/external_current.current") != 9000:
                await box.wait(1)
                await asyncio.sleep(0)
        assert box.box.read("evse/button_configuration.button") == 2


async def test_a_new_prefix_takes_effect_at_once() -> None:
    async with garage() as (box, client, _):
        await client.subscribe("cellar/#")
        config = box.box.read("mqtt/config")
        assert isinstance(config, dict)
        config["global_topic_prefix"] = "cellar"
        assert box.box.write("mqtt/config", config, OWNER).ok
        states = await collect(client, "cellar/p14a_enwg/control")
        assert states["cellar/mqtt/config"]["global_topic_prefix"] == "cellar"
        assert states["cellar/mqtt/state"]["connection_state"] == 2


async def test_home_assistant_discovers_it() -> None:
    discovery = {"auto_discovery_mode": 2}
    async with garage({"mqtt/auto_discovery_config": discovery}) as (box, client, _):
        await client.subscribe("homeassistant/#")
        await client.publish("homeassistant/sensor/warp3-2abC/gone/config", "{}", retain=True)
        for _ in range(20):
            await box.wait(1)
        found: dict[str, Any] = {}
        while "homeassistant/binary_sensor/warp3-2abC/online/config" not in found:
            found |= await collect(client, "homeassistant/binary_sensor/warp3-2abC/online/config")
        power = found["homeassistant/sensor/warp3-2abC/powernow/config"]
        assert list(power)[:4] == ["name", "unique_id", "default_entity_id", "object_id"]
        assert power["state_topic"] == "warp3/2abC/meter/values"
        assert power["name"] == "Leistungsaufnahme"
        assert power["device"]["identifiers"] == "warp3-2abC"
        assert len([topic for topic, payload in found.items() if payload]) >= 16
        stale = "homeassistant/sensor/warp3-2abC/gone/config"
        while found.get(stale, 1) is not None:
            found |= await collect(client, stale)


def _get(target: str) -> Any:
    from emulator.devices.interfaces import HttpRequest

    return HttpRequest(method="GET", target=target)
