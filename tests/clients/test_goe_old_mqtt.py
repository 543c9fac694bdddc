"""MQTT as V2 of go-e's hardware speaks it, with aiomqtt at the built-in broker and at mosquitto."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiomqtt
import pytest
from test_goe_interfaces import BROKERS, PATIENCE, served


@pytest.mark.parametrize("broker", BROKERS)
async def test_status_and_commands_by_mqtt(broker: str) -> None:
    async with served("v2-22", broker=broker) as goe:
        assert goe.broker is not None
        async with aiomqtt.Client(goe.broker.host, goe.broker.port) as client:
            await client.subscribe("go-eCharger/001680/status")

            async def status() -> dict[str, Any]:
                async with asyncio.timeout(PATIENCE):
                    message = await anext(client.messages)
                assert isinstance(message.payload, bytes)
                found: dict[str, Any] = json.loads(message.payload)
                return found

            await goe.advance(5)
            assert (await status())["car"] == "1"
            await goe.advance(5)
            await client.publish("go-eCharger/001680/cmd/req", "amp=8", qos=1)
            while (await status())["amp"] != "8":  # a command has no answer but the next status
                await goe.advance(5)
            goe.plug_in()
            await goe.advance(60)
            while (found := await status())["car"] != "2":
                await goe.advance(5)
            assert found["amp"] == "8"
