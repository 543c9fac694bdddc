"""go-e's API v1 on V2 hardware: the client library goecharger, and aiomqtt at the built-in broker and at mosquitto."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiomqtt
import pytest
from test_goe_interfaces import BROKERS, PATIENCE, Goe, served

goecharger = pytest.importorskip("goecharger")


async def ask(goe: Goe, method: str, *arguments: object) -> dict[str, Any]:
    """A method of the library, which blocks."""
    client = goecharger.GoeCharger(f"127.0.0.1:{goe.http.port}")
    found: dict[str, Any] = await asyncio.to_thread(getattr(client, method), *arguments)
    return found


async def test_a_charge_with_the_library() -> None:
    async with served("v2-22") as goe:
        found = await ask(goe, "requestStatus")
        assert (found["car_status"], found["firmware"]) == ("Charger ready, no vehicle", "042.0")
        assert found["post_contactor_l1"] == "off"
        goe.plug_in()
        await goe.advance(60)
        assert (await ask(goe, "setTmpMaxCurrent", 10))["charger_max_current"] == 10
        await goe.advance(600)
        found = await ask(goe, "requestStatus")
        assert (found["car_status"], found["allow_charging"], found["pre_contactor_l3"]) == ("charging", "on", "on")
        assert found["i_l1"] == pytest.approx(9.8, abs=0.1)
        assert found["p_all"] == pytest.approx(6.7, abs=0.1)
        assert found["current_session_charged_energy"] == pytest.approx(1.3, abs=0.1)
        assert (await ask(goe, "setAllowCharging", False))["charger_err"] == "OK"
        await goe.advance(30)
        assert (await ask(goe, "requestStatus"))["car_status"] == "charging finished, vehicle still connected"
        limited = await ask(goe, "setChargeLimit", 12.5)
        assert limited["charge_limit"] == 12.5


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
