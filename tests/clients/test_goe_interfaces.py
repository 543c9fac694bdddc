"""A whole charge of go-e through every interface, with independent clients over real sockets.

aiomqtt (on paho-mqtt) at the built-in broker and at mosquitto, pymodbus, and a web socket client that is written from
the protocol's description on the `websockets` package. Whatever one of them writes, the others see.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import aiohttp
import aiomqtt
import bcrypt
import pytest
from pymodbus.client import AsyncModbusTcpClient
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from emulator import vendors
from emulator.core.instant import SECOND
from emulator.core.messages import PlugIn, Unplug
from emulator.core.specs import VehicleSpec
from emulator.devices.interfaces import MqttInterface
from emulator.devices.wallbox import Context, Wallbox, charger_defaults
from emulator.protocols.broker import Broker
from emulator.protocols.broker_mosquitto import executable
from emulator.protocols.http import HttpServer
from emulator.protocols.mdns import Announcer, MdnsServer
from emulator.protocols.modbus import ModbusServer
from emulator.protocols.mqtt import MqttDevice
from emulator.protocols.push import moved
from emulator.protocols.server import Endpoint
from emulator.runtime.clock import Clock
from emulator.runtime.simulation import Simulation

PATIENCE = 60.0
PASSWORD = "go-e-test"
BROKERS = [
    "builtin",
    pytest.param("mosquitto", marks=pytest.mark.skipif(executable() is None, reason="mosquitto is not installed")),
]


class Goe:
    """A box whose interfaces listen on ports of their own, in a world that stands still."""

    def __init__(self, model: str | None, settings: dict[str, object], broker: Broker | None) -> None:
        vendor = vendors.vendor("goe")
        profile = vendor.profile(model)
        self.simulation = Simulation(clock=Clock(0.0), epoch=datetime(2026, 1, 5, 8, tzinfo=UTC))
        self.simulation.add_charger("garage", charger_defaults(profile))
        self.box: Wallbox = vendor.create(
            Context(
                vendor=vendor,
                profile=profile,
                simulation=self.simulation,
                charger="garage",
                name="goe",
                serial=profile.model.serial,
                settings={**vendor.everything, **settings},
                broker=None if broker is None else (broker.host, broker.port),
            )
        )
        mqtt = self.box.interfaces["mqtt"]
        assert isinstance(mqtt, MqttInterface)
        self.box.interfaces = {**self.box.interfaces, "mqtt": replace(mqtt, reconnect=0.05)}
        self.box.start()
        self.http = Endpoint(self.box, "http")
        self.modbus = Endpoint(self.box, "modbus")
        self.device: MqttDevice | None = None
        self.broker = broker

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.port}"

    async def advance(self, seconds: float) -> None:
        self.simulation.jump(round(seconds * SECOND))
        moved(self.simulation)
        if self.device is not None:
            await self.device.settled()

    def plug_in(self) -> None:
        assert self.simulation.apply("garage", PlugIn(name="car", vehicle=VehicleSpec())).ok

    def unplug(self) -> None:
        assert self.simulation.apply("garage", Unplug()).ok

    async def ask(self, path: str) -> Any:
        async with aiohttp.ClientSession() as http, http.get(self.url + path) as reply:
            return await reply.json()

    async def status(self, *names: str) -> list[object]:
        found = await self.ask(f"/api/status?filter={','.join(names)}")
        return [found[name] for name in names]


@asynccontextmanager
async def served(model: str | None = None, broker: str | None = None, **settings: object) -> AsyncIterator[Goe]:
    async with AsyncExitStack() as stack:
        running = None
        if broker is not None:
            running = await stack.enter_async_context(Broker.open(broker, port=0))
        goe = Goe(model, settings, running)
        await stack.enter_async_context(HttpServer(goe.http))
        await stack.enter_async_context(ModbusServer(goe.modbus))
        if running is not None:
            goe.device = await stack.enter_async_context(MqttDevice(Endpoint(goe.box, "mqtt"), running))
            await until(goe.device, "connected")
        yield goe


async def until(device: MqttDevice, state: Any) -> None:
    async with asyncio.timeout(PATIENCE):
        await device.until(state)
        await device.settled()


# --- web socket ------------------------------------------------------------------------------------------------------

ALPHABET = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
)


@cache
def secret(scheme: str, password: str, serial: str) -> bytes:
    if scheme == "bcrypt":
        salt = b64encode(bytes(map(int, serial)).rjust(16, b"\0")).decode().translate(ALPHABET)[:22]
        inner = hashlib.sha256(password.encode()).hexdigest().encode()
        return bcrypt.hashpw(inner, b"$2a$08$" + salt.encode())[29:]
    return b64encode(hashlib.pbkdf2_hmac("sha512", password.encode(), serial.encode(), 100_000, 256))[:32]


class WebSocketClient:
    """One connection."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.status: dict[str, Any] = {}
        self.number = 0
        self.key = b""

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            frame = await self.connection.recv()
        message: dict[str, Any] = json.loads(frame)
        self.status |= message["status"] if message["type"] in ("fullStatus", "deltaStatus") else {}
        return message

    async def log_in(self, password: str = PASSWORD) -> bool:
        hello, wanted = await self.hear(), await self.hear()
        assert (hello["type"], wanted["type"]) == ("hello", "authRequired")
        self.key = secret(wanted.get("hash", "pbkdf2"), password, hello["serial"])
        token3 = "5" * 32
        first = hashlib.sha256(wanted["token1"].encode() + self.key).hexdigest()
        proof = hashlib.sha256((token3 + wanted["token2"] + first).encode()).hexdigest()
        await self.connection.send(json.dumps({"type": "auth", "token3": token3, "hash": proof}))
        if (await self.hear())["type"] != "authSuccess":
            return False
        while (await self.hear())["partial"]:
            pass
        return True

    async def set(self, key: str, value: object) -> dict[str, Any]:
        self.number += 1
        data = json.dumps({"type": "setValue", "requestId": self.number, "key": key, "value": value})
        signature = hmac.new(self.key, data.encode(), hashlib.sha256).hexdigest()
        message = {"type": "securedMsg", "data": data, "requestId": f"{self.number}sm", "hmac": signature}
        await self.connection.send(json.dumps(message))
        while (answer := await self.hear())["type"] != "response":
            pass
        assert answer["requestId"] == str(self.number)
        return answer

    async def end(self) -> int | None:
        """Listen to the end: the close code, None when the connection just broke."""
        try:
            while True:
                await self.hear()
        except ConnectionClosed as closed:
            return None if closed.rcvd is None else closed.rcvd.code

    async def see(self, **expected: object) -> None:
        """Listen until the status is as expected."""
        while any(self.status.get(key) != value for key, value in expected.items()):
            await self.hear()


@asynccontextmanager
async def web_socket(goe: Goe) -> AsyncIterator[WebSocketClient]:
    async with connect(f"ws://127.0.0.1:{goe.http.port}/ws") as connection:
        yield WebSocketClient(connection)


@pytest.mark.parametrize("model", ["gemini-22", "core"])
async def test_a_charge_by_web_socket(model: str) -> None:
    async with served(model) as goe, web_socket(goe) as client:
        assert await client.log_in()
        assert client.status["car"] == 1
        assert client.status["rbt"] == 0
        goe.plug_in()
        await goe.advance(60)
        await client.see(car=2, rbt=60_000)
        assert client.status["nrg"][11] == pytest.approx(10_700, rel=0.01)
        assert (await client.set("amp", 8))["status"] == {"amp": 8}
        await goe.advance(10)
        await client.see(acu=8, amp=8, rbt=70_000)
        assert client.status["nrg"][4] == pytest.approx(7.9, abs=0.2)
        await client.set("psm", 1)
        await goe.advance(90)
        await client.see(rbt=160_000, car=2, pha=[True, False, False, True, True, True])
        await client.set("frc", 1)
        await goe.advance(30)
        await client.see(car=4, alw=False, modelStatus=4, rbt=190_000)
        goe.unplug()
        await goe.advance(3)
        await client.see(car=1, frc=0)


async def test_a_wrong_password_by_web_socket() -> None:
    async with served() as goe:
        async with web_socket(goe) as client:
            assert not await client.log_in("wrong")
        async with web_socket(goe) as client:
            assert await client.log_in()


async def test_one_bad_web_socket_client_does_not_disturb_another() -> None:
    async with served() as goe, web_socket(goe) as good:
        assert await good.log_in()
        async with web_socket(goe) as bad:
            await bad.log_in()
            for frame in ("{", b"\xff", "[]", '{"type":"securedMsg","data":"{}","hmac":"00"}'):
                await bad.connection.send(frame)
                assert (await bad.hear())["success"] is False
            await bad.connection.send("x" * 10_000)
            assert await bad.end() == 1009
        _, writer = await asyncio.open_connection("127.0.0.1", goe.http.port)
        writer.write(b"GET /ws HTTP/1.1\r\nHost: box\r\nUpg")  # and nothing more
        assert (await good.set("amp", 9))["success"]
        await goe.advance(1)
        await good.see(amp=9, acu=9)
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(("firmware", "announced"), [("60.5", True), ("60.6", False)])
async def test_a_reply_ends_its_connection(firmware: str, announced: bool) -> None:
    async with served() as goe:
        goe.box.set_firmware(firmware)
        await goe.advance(20)
        reader, writer = await asyncio.open_connection("127.0.0.1", goe.http.port)
        writer.write(b"GET /api/status?filter=amp HTTP/1.1\r\nHost: box\r\n\r\n")
        async with asyncio.timeout(PATIENCE):
            reply = await reader.read()
        assert b'"amp":16' in reply
        assert (b"connection: close" in reply.lower()) is announced
        writer.close()
        await writer.wait_closed()


async def test_a_restart_ends_the_web_socket() -> None:
    async with served() as goe, web_socket(goe) as client:
        assert await client.log_in()
        assert (await client.set("rst", True))["success"]
        await goe.advance(1)
        assert await client.end() is None


# --- MQTT ------------------------------------------------------------------------------------------------------------


class Topics:
    """What a subscriber has heard."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self.client = client
        self.values: dict[str, object] = {}
        self.results: list[tuple[str, str]] = []

    async def see(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not done():
                message = await anext(self.client.messages)
                prefix, name, *rest = str(message.topic).rpartition("go-eCharger/123456/")[2].partition("/")
                assert isinstance(message.payload, bytes)
                if rest == ["result"]:
                    self.results.append((prefix, message.payload.decode()))
                elif not name:
                    self.values[prefix] = json.loads(message.payload)

    async def see_values(self, **expected: object) -> None:
        await self.see(lambda: all(self.values.get(key) == value for key, value in expected.items()))

    async def set(self, key: str, payload: str) -> str:
        await self.client.publish(f"go-eCharger/123456/{key}/set", payload, qos=1)
        before = len(self.results)
        await self.see(lambda: len(self.results) > before)
        assert self.results[-1][0] == key
        return self.results[-1][1]


@asynccontextmanager
async def subscriber(goe: Goe) -> AsyncIterator[Topics]:
    assert goe.broker is not None
    async with aiomqtt.Client(goe.broker.host, goe.broker.port) as client:
        await client.subscribe("go-eCharger/#", qos=1)
        yield Topics(client)


@pytest.mark.parametrize("broker", BROKERS)
async def test_a_charge_by_mqtt(broker: str) -> None:
    async with served(broker=broker) as goe, subscriber(goe) as topics:
        await topics.see_values(car=1, alw=True, amp=16, mcc=True, cards=goe.box.read("cards"), c9i=False)
        assert len(topics.values) > 250
        goe.plug_in()
        await goe.advance(60)
        await topics.see_values(car=2, modelStatus=15)
        assert await topics.set("amp", "10") == "success"
        await goe.advance(10)
        await topics.see_values(amp=10, acu=10)
        assert await topics.set("psm", "1") == "success"
        await goe.advance(90)
        await topics.see_values(fsp=True, pnp=1, car=2)
        assert await topics.set("amp", "99") == "Value 99 exceeds range 6 to 32 99"
        assert await topics.set("alw", "false") == "tried to set api key without setter (false)"
        assert await topics.set("frc", "1") == "success"
        await goe.advance(30)
        await topics.see_values(car=4, alw=False)
        goe.unplug()
        await goe.advance(3)
        await topics.see_values(car=1, frc=0, alw=True)


@pytest.mark.parametrize("broker", BROKERS)
async def test_mcc_tells_whether_it_is_there(broker: str) -> None:
    async with served(broker=broker) as goe, subscriber(goe) as topics:
        goe.box.set_firmware("60.6")
        await goe.advance(20)
        await topics.see_values(mcc=True)
        goe.box.configure({"mce": False})
        await topics.see_values(mcc=False)
        goe.box.configure({"mce": True})
        await topics.see_values(mcc=True)
        goe.box.reboot()
        await topics.see_values(mcc=False)
        await goe.advance(20)
        await topics.see_values(mcc=True)


@pytest.mark.parametrize("broker", BROKERS)
async def test_the_broker_restarts(broker: str) -> None:
    async with served(broker=broker) as goe:
        assert goe.device is not None
        assert goe.broker is not None
        for _ in range(2):
            await goe.broker.stop()
            async with asyncio.timeout(PATIENCE):
                await goe.device.until("waiting")
            mcc, mlr = await goe.status("mcc", "mlr")
            assert (mcc, mlr) == (False, "error_type=TCP_TRANSPORT, connect_return=ACCEPTED")
            goe.simulation.jump(5 * SECOND)
            await goe.broker.start()
            await until(goe.device, "connected")
            async with subscriber(goe) as topics:
                await topics.see_values(car=1, mcc=True)
                assert await topics.set("ids", '{"pGrid":-4000.0}') == "success"
                await goe.advance(2)
                await topics.see_values(pgrid=-4000)


@pytest.mark.parametrize("broker", BROKERS)
async def test_a_client_switches_mqtt_off_and_on(broker: str) -> None:
    async with served(broker=broker) as goe:
        assert goe.device is not None
        assert await goe.ask("/api/set?mce=false") == {"mce": True}
        await until(goe.device, "off")
        assert await goe.status("mcs", "mcc") == [False, False]
        assert await goe.ask("/api/set?mce=true") == {"mce": True}
        await until(goe.device, "connected")
        assert await goe.status("mcs", "mcc") == [True, True]


async def test_the_address_a_client_reads_leads_to_the_broker() -> None:
    async with served(broker="builtin") as goe:
        assert goe.device is not None
        assert goe.broker is not None
        (url,) = await goe.status("mcu")
        assert url == f"mqtt://127.0.0.1:{goe.broker.port}"
        await goe.ask(f"/api/set?mcu=%22{url}%22")
        await until(goe.device, "connected")


# --- Modbus ----------------------------------------------------------------------------------------------------------


async def test_a_charge_by_modbus() -> None:
    async with served() as goe:
        client = AsyncModbusTcpClient("127.0.0.1", port=goe.modbus.port)
        assert await client.connect()

        async def read(address: int, count: int = 1) -> list[int]:
            reply = await client.read_holding_registers(address, count=count, device_id=1)
            assert not reply.isError()
            return list(reply.registers)

        async def number(address: int) -> int:
            kind = client.DATATYPE.UINT32
            value = client.convert_from_registers(await read(address, 2), kind, word_order="little")
            assert isinstance(value, int)
            return value

        try:
            assert await read(100) == [1]
            goe.plug_in()
            await goe.advance(60)
            assert await read(100) == [2]
            assert await number(120) / 100 == pytest.approx(10_700, rel=0.01)
            assert not (await client.write_registers(299, [8], device_id=1)).isError()
            assert not (await client.write_registers(332, [1], device_id=1)).isError()
            await goe.advance(90)
            assert await number(114) / 10 == pytest.approx(7.9, abs=0.2)
            assert await number(116) == 0
            limit = client.convert_to_registers(50_000.0, client.DATATYPE.FLOAT64, word_order="little")
            assert not (await client.write_registers(333, limit, device_id=1)).isError()
            assert await goe.status("amp", "psm", "dwo") == [8, 1, 50_000]
            assert (await client.write_register(299, 8, device_id=1)).exception_code == 1
            assert (await client.write_registers(299, [40], device_id=1)).exception_code == 3
            assert (await client.write_registers(100, [1], device_id=1)).exception_code == 2
            assert (await client.read_input_registers(372, count=1, device_id=1)).exception_code == 2
            assert not (await client.write_registers(337, [1], device_id=1)).isError()
            await goe.advance(30)
            assert (await read(100), await read(200)) == ([4], [0])
            goe.unplug()
            await goe.advance(3)
            assert (await read(100), await read(200), await read(337)) == ([1], [1], [0])
        finally:
            client.close()


# --- all at once -----------------------------------------------------------------------------------------------------


async def test_every_interface_shows_one_state() -> None:
    async with served(broker="builtin") as goe, web_socket(goe) as socket, subscriber(goe) as topics:
        assert await socket.log_in()
        modbus = AsyncModbusTcpClient("127.0.0.1", port=goe.modbus.port)
        assert await modbus.connect()

        async def by_http(amp: int) -> None:
            assert await goe.ask(f"/api/set?amp={amp}") == {"amp": True}

        async def by_v1(amp: int) -> None:
            assert (await goe.ask(f"/mqtt?payload=amx={amp}"))["amp"] == str(amp)

        async def by_mqtt(amp: int) -> None:
            assert await topics.set("amp", str(amp)) == "success"

        async def by_web_socket(amp: int) -> None:
            assert (await socket.set("amp", amp))["success"]

        async def by_modbus(amp: int) -> None:
            assert not (await modbus.write_registers(299, [amp])).isError()

        try:
            for amp, write in enumerate((by_http, by_v1, by_mqtt, by_web_socket, by_modbus), start=7):
                await write(amp)
                assert await goe.status("amp") == [amp]
                assert (await goe.ask("/status"))["amx"] == str(amp)
                assert (await modbus.read_holding_registers(299, count=2)).registers == [amp, amp]
                await goe.advance(1)
                await topics.see_values(amp=amp, acu=amp)
                await socket.see(amp=amp, acu=amp)
        finally:
            modbus.close()


async def test_mdns_names_the_real_port() -> None:
    from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

    async with served() as goe, Announcer() as announcer:
        found = (goe.http.host, goe.http.port)
        async with MdnsServer(Endpoint(goe.box, "mdns"), lambda _: found, announcer):
            async with AsyncZeroconf(interfaces=["127.0.0.1"]) as seeker:
                kind = "_go-e_go-eCharger_V4._tcp.local."
                info = AsyncServiceInfo(kind, f"go-eCharger-123456.{kind}")
                assert await info.async_request(seeker.zeroconf, 5000)
            assert info.port == goe.http.port
            assert info.server == "go-eCharger-123456.local."
            assert info.decoded_properties["serial"] == "123456"
            assert info.decoded_properties["devicetype"] == "go-eCharger_V4"
