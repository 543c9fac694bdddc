"""Faults as real clients meet them, on real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from emulator.core.instant import SECOND
from emulator.faults.engine import FaultEngine
from emulator.scenario.steps.vocabulary import make_step
from emulator.service.emulator import Emulator

from .support import arm, port, raw, running

GET = b"GET /api/status?filter=amp HTTP/1.1\r\nHost: x\r\n\r\n"
READ = bytes.fromhex("000700000006010300c20001")
PATIENCE = 60.0
"""Wall seconds after which a test that waits for something has failed."""


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with running() as emulator:
        yield emulator


async def exchange(emulator: Emulator, address: str, data: bytes) -> bytes:
    """All that comes back until the connection ends."""
    async with asyncio.timeout(PATIENCE):
        reader, writer = await raw(port(emulator, address), data)
        try:
            return await reader.read()
        finally:
            writer.close()


async def get(emulator: Emulator, target: str = "/api/status?filter=amp") -> tuple[int, str]:
    url = f"http://127.0.0.1:{port(emulator, 'garage.goe.http')}{target}"
    async with aiohttp.ClientSession() as http, asyncio.timeout(PATIENCE), http.get(url) as reply:
        return reply.status, await reply.text()


async def test_a_status_with_a_body(emulator: Emulator) -> None:
    await arm(emulator, "goe.http", "status", status=500, body="couldn't take api lock in 3s", count=1)
    assert await get(emulator) == (500, "couldn't take api lock in 3s")
    assert (await get(emulator))[0] == 200


@pytest.mark.parametrize(("address", "request_"), [("garage.goe.http", GET), ("garage.nrgkick.modbus", READ)])
async def test_a_reset(emulator: Emulator, address: str, request_: bytes) -> None:
    await arm(emulator, address, "reset", count=1)
    with pytest.raises(ConnectionResetError):
        await exchange(emulator, address, request_)


async def test_the_end_in_the_middle(emulator: Emulator) -> None:
    await arm(emulator, "goe.http", "close", length=20, count=1)
    assert await exchange(emulator, "garage.goe.http", GET) == b"HTTP/1.1 200 OK\r\nCon"
    await arm(emulator, "nrgkick.modbus", "close", count=1)
    assert await exchange(emulator, "garage.nrgkick.modbus", READ) == b""


async def test_a_body_that_is_too_short(emulator: Emulator) -> None:
    await arm(emulator, "goe.http", "truncate", missing=3, count=1)
    with pytest.raises(aiohttp.ClientPayloadError):
        await get(emulator)


async def test_a_garbled_body(emulator: Emulator) -> None:
    await arm(emulator, "goe.http", "corrupt", name="garble", bytes=2, count=1)
    status, text = await get(emulator)
    assert status == 200
    assert text != '{"amp":16}'
    assert len(text) == len('{"amp":16}')


@pytest.mark.parametrize(("address", "request_"), [("garage.goe.http", GET), ("garage.nrgkick.modbus", READ)])
async def test_bytes_that_drip(emulator: Emulator, address: str, request_: bytes) -> None:
    await arm(emulator, address, "throttle", rate=40, count=1)
    async with asyncio.timeout(PATIENCE):
        reader, writer = await raw(port(emulator, address), request_)
        pieces = [await reader.read(1000) for _ in range(3)]
        writer.close()
    assert [len(piece) for piece in pieces] == [4, 4, 4] or [len(piece) for piece in pieces] == [4, 4, 3]


@pytest.mark.parametrize(("address", "request_"), [("garage.goe.http", GET), ("garage.nrgkick.modbus", READ)])
async def test_a_black_hole_keeps_the_connection_open(emulator: Emulator, address: str, request_: bytes) -> None:
    await arm(emulator, address, "black_hole", count=1)
    reader, writer = await raw(port(emulator, address), request_)
    other = await exchange_first(emulator, address, request_)
    assert other, "the next connection is answered while the first one still waits"
    assert not reader.at_eof()
    writer.write_eof()
    async with asyncio.timeout(PATIENCE):
        assert await reader.read() == b""
    writer.close()


async def exchange_first(emulator: Emulator, address: str, data: bytes) -> bytes:
    """The first that comes back."""
    async with asyncio.timeout(PATIENCE):
        reader, writer = await raw(port(emulator, address), data)
        try:
            return await reader.read(4096)
        finally:
            writer.close()


async def test_a_delay_holds_up_nobody_else(emulator: Emulator) -> None:
    await arm(emulator, "goe.http", "delay", delay="1 h")
    late = asyncio.create_task(get(emulator))
    assert await exchange_first(emulator, "garage.nrgkick.modbus", READ)
    assert not late.done()
    late.cancel()
    await asyncio.gather(late, return_exceptions=True)


@pytest.mark.parametrize("kind", ["refuse", "dead"])
async def test_nobody_there(emulator: Emulator, kind: str) -> None:
    reader, writer = await raw(port(emulator, "garage.goe.http"), b"")
    await arm(emulator, "goe.http", kind)
    async with asyncio.timeout(PATIENCE):
        assert await reader.read() == b""
    writer.close()
    with pytest.raises(ConnectionRefusedError):
        await raw(port(emulator, "garage.goe.http"), GET)
    assert await exchange_first(emulator, "garage.nrgkick.modbus", READ)
    if kind == "refuse":
        await emulator.apply([make_step("clear_fault", emulator.site.names, name=kind)])
    else:
        await emulator.apply([make_step("reboot", emulator.site.names, wallbox="goe")])
        await emulator.advance(60 * SECOND)
    assert (await get(emulator))[0] == 200
    assert FaultEngine.of(emulator.simulation).listed() == []


async def test_fewer_connections(emulator: Emulator) -> None:
    await arm(emulator, "nrgkick.modbus", "connection_cap", connections=1)
    reader, writer = await raw(port(emulator, "garage.nrgkick.modbus"), READ)
    async with asyncio.timeout(PATIENCE):
        assert await reader.readexactly(11)
    assert await exchange(emulator, "garage.nrgkick.modbus", b"") == b""
    writer.close()


async def test_an_upgrade_refused_and_then_a_socket_that_falls_silent(emulator: Emulator) -> None:
    url = f"ws://127.0.0.1:{port(emulator, 'garage.goe.http')}/ws"
    async with aiohttp.ClientSession() as http:
        await arm(emulator, "goe.websocket", "status", status=403, count=1)
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await http.ws_connect(url)
        assert caught.value.status == 403
        async with asyncio.timeout(PATIENCE), http.ws_connect(url) as socket:
            first = await socket.receive_json()
            assert first["type"]
            await arm(emulator, "goe.websocket", "silent_socket")
        await emulator.apply([make_step("clear_fault", emulator.site.names, name="silent_socket")])
        async with asyncio.timeout(PATIENCE), http.ws_connect(url) as socket:
            assert (await socket.receive_json())["type"] == first["type"]


async def test_a_silent_socket_says_nothing_at_all(emulator: Emulator) -> None:
    url = f"ws://127.0.0.1:{port(emulator, 'garage.goe.http')}/ws"
    await arm(emulator, "goe.websocket", "silent_socket")
    async with aiohttp.ClientSession() as http, http.ws_connect(url, autoping=False) as socket:
        await socket.ping()
        await get(emulator)
        assert socket._reader.exception() is None
        assert not socket.closed
    pushes = [entry for entry in emulator.simulation.journal if entry.interface == "websocket" and entry.kind == "push"]
    assert pushes == []


async def test_a_reset_of_the_world_ends_every_fault(emulator: Emulator) -> None:
    await arm(emulator, "goe.http", "refuse")
    await arm(emulator, "nrgkick.modbus", "delay", delay="1 h")
    await emulator.reset()
    assert (await get(emulator))[0] == 200
    assert FaultEngine.of(emulator.simulation).listed() == []


# --- MQTT ------------------------------------------------------------------------------------------------------------

MQTT = "wallbox: {vendor: goe, model: gemini-22, mqtt: true, http: false}\n"


async def test_the_broker_goes_and_comes_back() -> None:
    async with running(MQTT) as emulator:
        device = emulator.servers["charger.goe.mqtt"]
        assert not hasattr(device, "listening")
        async with asyncio.timeout(PATIENCE):
            await device.until("connected")
            await arm(emulator, "goe.mqtt", "broker_down", for_="10 s")
            await device.until("waiting")
            assert emulator.broker is not None
            assert not emulator.broker.running
            await emulator.advance(11 * SECOND)
            assert emulator.broker.running


async def test_a_box_that_stays_away() -> None:
    async with running(MQTT) as emulator:
        device = emulator.servers["charger.goe.mqtt"]
        async with asyncio.timeout(PATIENCE):
            await device.until("connected")  # type: ignore[union-attr]
            await arm(emulator, "goe.mqtt", "no_reconnect")
            await device.until("waiting")  # type: ignore[union-attr]


async def test_what_a_bridge_makes_of_payloads_and_what_others_publish() -> None:
    import aiomqtt

    async with running(MQTT) as emulator:
        device = emulator.servers["charger.goe.mqtt"]
        assert emulator.broker is not None
        async with asyncio.timeout(PATIENCE), aiomqtt.Client("127.0.0.1", emulator.broker.port) as client:
            await device.until("connected")  # type: ignore[union-attr]
            await client.subscribe("#")
            messages = client.messages
            await arm(emulator, "goe.mqtt", "rewrap")
            await arm(emulator, "goe.mqtt", "second_publisher", topic="amp", payload="7", retain=True)
            await arm(emulator, "goe.mqtt", "stale_retained", match={"topic": "*/car"})
            await emulator.apply([make_step("plug_in", emulator.site.names)])
            await emulator.advance(5 * SECOND)
            await emulator.apply([make_step("command", emulator.site.names, write={"amp": 9})])
            await emulator.advance(5 * SECOND)
            wrapped = foreign = False
            while not (wrapped and foreign):
                message = await anext(messages)
                payload = bytes(message.payload or b"").decode()
                if str(message.topic).endswith("/amp"):
                    wrapped = wrapped or payload == '{"val":"9","ack":true}'
                    foreign = foreign or payload == "7"
                assert not (str(message.topic).endswith("/car") and not message.retain and payload != "1")


# --- the control API -------------------------------------------------------------------------------------------------


async def test_the_control_api() -> None:
    from emulator.control.server import ControlServer

    async with (
        running() as emulator,
        ControlServer(emulator, port=0) as control,
        aiohttp.ClientSession(control.url) as http,
    ):
        step = {"fault": {"name": "slow", "on": "garage.goe.http", "kind": "status", "status": 500, "count": 3}}
        async with http.post("/api/steps", json=step) as reply:
            assert (await reply.json())["ok"] is True
        await get(emulator)
        async with http.get("/api/faults") as reply:
            (fault,) = (await reply.json())["faults"]
        assert (fault["name"], fault["on"], fault["kind"], fault["hits"]) == ("slow", "garage.goe.http", "status", 1)
        async with http.delete("/api/faults/slow") as reply:
            assert await reply.json() == {"faults": []}
        assert (await get(emulator))[0] == 200
        wrong = {"fault": {"on": "garage.goe.http", "kind": "modbus_exception"}}
        async with http.post("/api/steps", json=wrong) as reply:
            assert reply.status == 422
            assert "but modbus_exception is about modbus" in (await reply.json())["detail"]
        async with http.get("/api/catalogue") as reply:
            kinds = {kind["name"] for kind in (await reply.json())["fault_kinds"]}
        assert kinds >= {"delay", "contactor_welded", "override"}


async def test_a_request_of_the_scenario_is_left_to_real_clients() -> None:
    async with running() as emulator:
        await arm(emulator, "goe.http", "status", status=500, count=1)
        names = emulator.site.names
        asked = {"on": "goe.http", "get": "/", "in": "play", "expect": {"status": 1}}
        (outcome,) = await emulator.apply([make_step("request", names, asked)])
        assert outcome.detail == {"ok": True, "left_out": "left to real clients (in: play)"}
        assert (await get(emulator))[0] == 500
