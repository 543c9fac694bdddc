"""Topics: how they are written, what is hidden, and what a broker keeps."""

from __future__ import annotations

import asyncio

import aiomqtt
import pytest

from emulator.core.instant import SECOND
from emulator.devices.interception import Interception
from emulator.devices.interfaces import MqttInterface, Publish
from emulator.devices.topics import concerns, whole
from emulator.devices.traffic import of_frame, of_publish
from emulator.scenario.steps.vocabulary import make_step

from .support import Bench, arm, running

WARP = "chargers: {garage: {wallboxes: {warp: {http: true, mqtt: true}}}}\n"
GOE = "wallbox: {vendor: goe, model: gemini-22, mqtt: true, http: false}\n"
DUMP = '{"topic":"evse/state","payload":{"charger_state":1}}\n{"topic":"evse/slots","payload":[{"a":1}]}\n\n'


@pytest.mark.parametrize(
    "written", ["amp", "+", "#", "go-e/1/amp", "/go-e/1/amp", "/amp", "go-e/+/amp", "a?p", "*/amp"]
)
def test_a_topic_is_written_in_any_of_these_ways(written: str) -> None:
    assert concerns(written, "go-e/1/amp", "go-e/1/")


@pytest.mark.parametrize("written", ["mp", "amp/set", "go-e/2/amp", "go-e/1", "+/amp", "car"])
def test_and_in_no_other(written: str) -> None:
    assert not concerns(written, "go-e/1/amp", "go-e/1/")


@pytest.mark.parametrize(
    ("written", "topic"),
    [("amp", "go-e/1/amp"), ("go-e/1/amp", "go-e/1/amp"), ("/x/amp", "/x/amp"), ("go-e/10/x", "go-e/1/go-e/10/x")],
)
def test_who_publishes_writes_topics_the_same_way(written: str, topic: str) -> None:
    assert whole(written, "go-e/1/") == topic


# --- hidden ----------------------------------------------------------------------------------------------------------


def said(bench: Bench, topic: str, payload: str) -> Interception:
    """What becomes of a publication of the WARP."""
    wallbox = bench.site.wallboxes["garage.warp"]
    interface = wallbox.interfaces["mqtt"]
    assert isinstance(interface, MqttInterface)
    message = Publish(topic=f"{interface.prefix()}/{topic}", payload=payload.encode())
    return wallbox.interceptor.intercept(of_publish(message, "mqtt", "out"))


def dumped(bench: Bench) -> str:
    """What a dump of two topics on the WebSocket becomes."""
    wallbox = bench.site.wallboxes["garage.warp"]
    interception = wallbox.interceptor.intercept(of_frame("/ws", DUMP, "1.2.3.4:5", "out"))
    return interception.deliver(interception.content(DUMP.encode())).data.decode()


@pytest.mark.parametrize("match", [{"key": "evse/state"}, {"key": "evse/*"}])
def test_a_hidden_topic_is_not_there_on_any_interface(match: dict[str, object]) -> None:
    bench = Bench(WARP)
    there = bench.http("/evse/state", on="garage.warp")
    missing = bench.http("/evse/nonsense", on="garage.warp")
    bench.fault("warp", "hide", match={"key": "evse/state"})
    reply = bench.http("/evse/state", on="garage.warp")
    assert (there.status, reply) == (200, missing)
    assert dumped(bench) == '{"topic":"evse/slots","payload":[{"a":1}]}\n\n'
    bench.fault("warp.mqtt", "hide", name="more", match={"topic": "evse/slots"})
    interception = said(bench, "evse/slots", "[1]")
    payload = interception.content(b"[1]")
    assert interception.deliver(payload).silent


def test_a_topic_is_chosen_line_by_line() -> None:
    bench = Bench(WARP)
    bench.fault("warp.websocket", "override", match={"topic": "evse/state", "key": "charger_state"}, value=7)
    assert dumped(bench) == DUMP.replace('"charger_state":1', '"charger_state":7')
    bench.fault("warp.websocket", "hide", match={"topic": "evse/+"})
    assert dumped(bench) == "\n"


# --- retained --------------------------------------------------------------------------------------------------------


async def retained(port: int, topic: str) -> str:
    """What a new client of the broker gets."""
    async with asyncio.timeout(60), aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe(topic)
        message = await anext(client.messages)
        return bytes(message.payload or b"").decode()


async def test_a_retained_value_is_wrong_at_once_and_right_at_once_when_it_ends() -> None:
    async with running(GOE) as emulator:
        topic, broker = "+/+/amp", emulator.broker
        assert broker is not None
        device = emulator.links["charger.goe.mqtt"]
        await device.settled()
        seen = [await retained(broker.port, topic)]
        await arm(emulator, "goe.mqtt", "override", match={"key": "amp"}, value=99, **{"for": "5 s"})
        await asyncio.sleep(0)
        await device.settled()
        seen.append(await retained(broker.port, topic))
        await emulator.advance(5 * SECOND)
        await asyncio.sleep(0)
        await device.settled()
        seen.append(await retained(broker.port, topic))
        assert seen[0] == seen[2] != seen[1] == "99"


async def test_a_value_that_settles_late_is_published_when_it_has() -> None:
    async with running(GOE) as emulator:
        broker, device = emulator.broker, emulator.links["charger.goe.mqtt"]
        assert broker is not None
        await device.settled()
        await arm(emulator, "goe", "settle_delay", settle="5 s")
        before = await retained(broker.port, "+/+/amp")
        await emulator.apply([make_step("command", emulator.site.names, write={"amp": 9})])
        seen = []
        for _ in range(2):
            await emulator.advance(3 * SECOND)
            await asyncio.sleep(0)
            await device.settled()
            seen.append(await retained(broker.port, "+/+/amp"))
        assert seen == [before, "9"]
