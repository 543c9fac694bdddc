"""pymodbus against WARP's Modbus server over real sockets: all three tables, its limits, and what the others see.

The sequences are those of the reader in the firmware's repository, of evcc's `keba-modbus` and `bender` drivers, and of
WARP's own meter client.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU

from emulator import vendors
from emulator.core.instant import SECOND
from emulator.core.messages import PlugIn, Unplug
from emulator.core.snapshot import Snapshot
from emulator.core.specs import VehicleSpec
from emulator.devices.wallbox import Context, Wallbox, charger_defaults
from emulator.protocols.http import HttpServer
from emulator.protocols.modbus import ModbusServer
from emulator.protocols.server import Endpoint
from emulator.runtime.clock import Clock
from emulator.runtime.simulation import Simulation

EPOCH = datetime(2026, 1, 5, 8, tzinfo=UTC)
PATIENCE = 60.0
NONE = 0xFFFF_FFFF
OWN, BENDER, KEBA = range(3)


class Site:
    """One charger with a WARP and, if asked for, a go-e on it; the world stands still."""

    def __init__(self, table: int, *, goe: bool = False, **config: object) -> None:
        warp = vendors.vendor("warp")
        profile = warp.profile("warp3-pro-22")
        self.simulation = Simulation(clock=Clock(0.0), epoch=EPOCH)
        self.simulation.add_charger("garage", charger_defaults(profile))
        modbus = {"enable": True, "table": table, **config}
        self.warp = self._box("warp", "warp3-pro-22", {"modbus_tcp/config": modbus}, "X8A")
        self.goe = self._box("goe", None, {}, None) if goe else None
        for wallbox in filter(None, (self.warp, self.goe)):
            wallbox.start()

    def _box(self, name: str, model: str | None, settings: dict[str, object], serial: str | None) -> Wallbox:
        vendor = vendors.vendor(name)
        profile = vendor.profile(model)
        return vendor.create(
            Context(
                vendor=vendor,
                profile=profile,
                simulation=self.simulation,
                charger="garage",
                name=name,
                serial=serial or profile.model.serial,
                settings={**vendor.everything, **settings},
            )
        )

    @property
    def now(self) -> Snapshot:
        return self.simulation.observe("garage")

    def advance(self, seconds: float) -> None:
        self.simulation.jump(round(seconds * SECOND))

    def plug_in(self) -> None:
        vehicle = VehicleSpec(max_current=32.0, ramp_up=20.0)
        assert self.simulation.apply("garage", PlugIn(name="car", vehicle=vehicle)).ok


class Client:
    """pymodbus and HTTP, both connected to one WARP."""

    def __init__(self, site: Site, modbus: AsyncModbusTcpClient, http: aiohttp.ClientSession, port: int) -> None:
        self.world = site
        self.modbus = modbus
        self.http = http
        self.port = port

    async def json(self, path: str) -> Any:
        async with self.http.get(f"/{path}") as reply:
            assert reply.status == 200, path
            return await reply.json(content_type=None)

    async def put(self, path: str, value: object) -> None:
        async with self.http.put(f"/{path}", json=value) as reply:
            assert (reply.status, await reply.text()) == (200, ""), path
        self.world.advance(0.25)

    async def ask(self, address: int, count: int = 1, function: int = 3) -> ModbusPDU:
        read = {
            1: self.modbus.read_coils,
            2: self.modbus.read_discrete_inputs,
            3: self.modbus.read_holding_registers,
            4: self.modbus.read_input_registers,
        }[function]
        return await read(address, count=count, device_id=1)

    async def words(self, address: int, count: int = 1, function: int = 3) -> list[int]:
        reply = await self.ask(address, count, function)
        assert not reply.isError(), (address, reply)
        assert len(reply.registers) == count
        return list(reply.registers)

    async def bits(self, address: int, count: int, function: int) -> list[bool]:
        reply = await self.ask(address, count, function)
        assert not reply.isError(), (address, reply)
        return list(reply.bits[:count])

    async def number(self, address: int, function: int = 3, *, real: bool = False) -> Any:
        kind = self.modbus.DATATYPE.FLOAT32 if real else self.modbus.DATATYPE.UINT32
        return self.modbus.convert_from_registers(await self.words(address, 2, function), kind)

    async def write(self, address: int, *values: int) -> int:
        """The exception code, 0 for none; then time for the wallbox to see it."""
        if len(values) == 1:
            reply = await self.modbus.write_register(address, values[0], device_id=1)
        else:
            reply = await self.modbus.write_registers(address, list(values), device_id=1)
        self.world.advance(0.25)
        return int(reply.exception_code) if reply.isError() else 0

    async def coil(self, address: int, value: bool) -> int:
        reply = await self.modbus.write_coil(address, value, device_id=1)
        self.world.advance(0.25)
        return int(reply.exception_code) if reply.isError() else 0

    async def raw(self, request: str) -> str:
        """Bytes as they are, hexadecimal; what comes back, empty when the connection ends without an answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(bytes.fromhex(request))
            async with asyncio.timeout(PATIENCE):
                return (await reader.read(512)).hex(" ").upper()
        finally:
            writer.close()


@asynccontextmanager
async def serving(table: int = OWN, *, goe: bool = False, **config: object) -> AsyncIterator[Client]:
    site = Site(table, goe=goe, **config)
    async with AsyncExitStack() as stack:
        web = await stack.enter_async_context(HttpServer(Endpoint(site.warp, "http")))
        server = await stack.enter_async_context(ModbusServer(Endpoint(site.warp, "modbus")))
        modbus = AsyncModbusTcpClient("127.0.0.1", port=server.endpoint.port, retries=0)
        assert await modbus.connect()
        stack.callback(modbus.close)
        http = aiohttp.ClientSession(f"http://127.0.0.1:{web.endpoint.port}")
        yield Client(site, modbus, await stack.enter_async_context(http), server.endpoint.port)


# --- the charger's own table -----------------------------------------------------------------------------------------

BLOCKS = [(4, 0, 14), (4, 1000, 52), (4, 2000, 10), (4, 2100, 124), (4, 2224, 46), (4, 3100, 4), (4, 4000, 12)]
BLOCKS += [(3, 0, 2), (3, 1000, 8), (3, 2000, 2), (3, 3100, 2)]


async def test_the_reader_of_the_firmware() -> None:
    async with serving() as client:
        client.world.plug_in()
        client.world.advance(60)
        for function, address, count in BLOCKS:
            assert len(await client.words(address, count, function)) == count
        assert await client.bits(0, 6, 2) == [True] * 6
        assert await client.bits(2100, 6, 2) == [True] * 6
        assert await client.bits(1000, 2, 1) == [True, True]
        assert await client.number(10, 4) == 185_460


async def test_the_meter_client_of_another_box() -> None:
    async with serving() as client:
        client.world.plug_in()
        client.world.advance(600)
        shown = await client.json("meter/all_values")
        for k, value in enumerate(shown):
            found = await client.number(2100 + 2 * k, 4, real=True)
            assert math.isnan(found) if value is None else found == pytest.approx(value, rel=1e-6, abs=1e-9), k
        assert shown[24] > 20_000


async def test_a_charge() -> None:
    async with serving() as client:
        site = client.world
        site.plug_in()
        site.advance(60)
        assert [await client.number(address, 4) for address in (1000, 1002, 1010)] == [2, 3, 32000]
        assert await client.write(1002, 0, 16000) == 0
        site.advance(10)
        assert site.now.phase_current == pytest.approx((16, 16, 16), rel=0.03)
        assert (await client.json("evse/slots"))[9]["max_current"] == 16000
        assert (await client.json("evse/state"))["allowed_charging_current"] == await client.number(1010, 4) == 16000
        assert await client.coil(1000, False) == 0
        site.advance(10)
        assert site.now.phase_current == (0, 0, 0)
        assert (await client.json("evse/state"))["charger_state"] == await client.number(1002, 4) == 1
        await client.put("evse/modbus_tcp_enabled", {"enabled": False})
        site.advance(30)
        assert site.now.phase_current == pytest.approx((32, 32, 32), rel=0.03)


async def test_http_and_modbus_agree() -> None:
    async with serving() as client:
        site = client.world
        site.plug_in()
        site.advance(300)
        await client.put("evse/external_current", {"current": 10000})
        site.advance(300)
        slots = await client.json("evse/slots")
        for n, slot in enumerate(slots):
            assert await client.number(1012 + 2 * n, 4) == (slot["max_current"] if slot["active"] else NONE), n
        values = await client.json("meter/values")
        for address, name in ((2002, "power"), (2004, "energy_abs"), (2006, "energy_rel")):
            assert await client.number(address, 4, real=True) == pytest.approx(values[name], rel=1e-6)
        state = await client.json("evse/state")
        assert await client.number(1000, 4) == state["iec61851_state"]
        assert await client.coil(1001, False) == 0
        site.advance(5)
        assert (await client.json("evse/slots"))[4]["max_current"] == 0
        assert (await client.json("evse/state"))["charger_state"] == 1


@pytest.mark.parametrize(
    ("request_bytes", "reply"),
    [
        ("00 02 00 00 00 0B 01 10 03 EA 00 02 04 00 00 3E 80", "00 02 00 00 00 06 01 10 03 EA 00 02"),
        ("00 03 00 00 00 06 FF 04 00 00 00 02", "00 03 00 00 00 07 FF 04 04 00 00 00 04"),
        ("00 03 00 00 00 06 01 04 00 0E 00 01", "00 03 00 00 00 03 01 84 02"),
        ("00 03 00 00 00 06 01 04 00 00 00 00", "00 03 00 00 00 03 01 84 03"),
        ("00 03 00 00 00 06 01 04 00 00 00 7E", "00 03 00 00 00 03 01 84 03"),
        ("00 03 00 00 00 06 01 05 03 E8 12 34", "00 03 00 00 00 03 01 85 03"),
        ("00 03 00 00 00 06 01 05 03 E8 FF 00", "00 03 00 00 00 06 01 05 03 E8 FF 00"),
        ("00 03 00 00 00 08 01 16 03 E8 00 00 00 00", "00 03 00 00 00 03 01 96 01"),
        ("00 03 00 00 00 06 01 08 00 00 12 34", "00 03 00 00 00 03 01 88 01"),
        ("00 03 00 00 00 06 01 02 00 06 00 01", "00 03 00 00 00 04 01 02 01 01"),
        ("00 03 00 00 00 06 01 02 00 00 00 08", "00 03 00 00 00 04 01 02 01 00"),
        ("00 03 00 00 00 05 01 2B 0E 01 00", ""),
        ("00 03 00 00 00 02 01 07", ""),
        ("00 03 00 00 00 02 01 11", ""),
        ("00 03 00 01 00 06 01 04 00 00 00 02", ""),
        ("00 03 00 00 00 FE 01 04", ""),
        ("00 03 00 00 00 07 01 04 00 00 00 02 00", ""),
        ("00 03 00 00 00 0C 01 10 03 EA 00 02 04 00 00 3E 80 00", ""),
    ],
)
async def test_on_the_wire(request_bytes: str, reply: str) -> None:
    async with serving() as client:
        assert await client.raw(request_bytes) == reply


async def test_power_on_the_wire() -> None:
    async with serving() as client:
        client.world.plug_in()
        client.world.advance(60)
        power = await client.number(2002, 4, real=True)
        reply = await client.raw("00 01 00 00 00 06 01 04 07 D2 00 02")
        assert reply.startswith("00 01 00 00 00 07 01 04 04 ")
        assert reply.split(" ")[9:] == [
            f"{byte:02X}" for word in await client.words(2002, 2, 4) for byte in word.to_bytes(2, "big")
        ]
        assert power > 20_000


async def test_read_only() -> None:
    async with serving() as client:
        await client.put("evse/modbus_tcp_enabled", {"enabled": False})
        assert await client.raw("00 02 00 00 00 0B 01 10 03 EA 00 02 04 00 00 3E 80") == "00 02 00 00 00 03 01 90 01"
        counters = await client.json("modbus_tcp/error_counters")
        assert counters == {"illegal_data_address": 0, "illegal_function": 1, "ignored_write": 0}


async def test_a_change_of_the_configuration_drops_every_client() -> None:
    async with serving() as client:
        assert await client.number(0, 4) == 4
        config = await client.json("modbus_tcp/config")
        await client.put("modbus_tcp/config", config | {"table": KEBA})
        with pytest.raises(ModbusException):
            await client.ask(0, 2, 4)
        client.modbus.close()
        assert await client.modbus.connect()
        assert await client.number(1018) == 50_993_920
        await client.put("modbus_tcp/config", config | {"enable": False})
        client.modbus.close()
        for _ in range(1000):  # the socket closes on the server's next turn
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", client.port)
            except ConnectionRefusedError:
                break
            writer.close()
        else:
            pytest.fail("still listening")
        await client.put("modbus_tcp/config", config)
        assert await client.json("modbus_tcp/config") == config


async def test_eight_clients() -> None:
    async with serving() as client:
        others = [AsyncModbusTcpClient("127.0.0.1", port=client.port, retries=0) for _ in range(7)]
        try:
            for other in others:
                assert await other.connect()
                assert not (await other.read_input_registers(0, count=2)).isError()
            assert await client.raw("00 03 00 00 00 06 01 04 00 00 00 02") == ""
            assert await client.number(0, 4) == 4
        finally:
            for other in others:
                other.close()


# --- Bender ----------------------------------------------------------------------------------------------------------


async def test_a_client_of_bender() -> None:
    async with serving(BENDER) as client:
        site = client.world
        assert bytes(b for w in await client.words(100, 2) for b in w.to_bytes(2, "big")) == b"4.40"
        assert await client.words(122) == [1]
        site.plug_in()
        site.advance(300)
        assert await client.words(122) == [3]
        assert await client.words(104) == [1]
        values = await client.json("meter/values")
        assert await client.number(220) == int(values["power"])
        assert await client.number(218) == pytest.approx(values["energy_abs"] * 1000, abs=1)
        assert await client.write(1000, 10) == 0
        site.advance(10)
        assert site.now.phase_current == pytest.approx((10, 10, 10), rel=0.03)
        assert await client.words(706, 2) == [0, 10]
        assert await client.write(1000, 5) == 0
        assert (await client.json("evse/slots"))[9]["max_current"] == 10000
        assert await client.write(124, 1) == 0
        site.advance(10)
        assert site.now.phase_current == (0, 0, 0)
        assert await client.words(124) == [1]
        assert (await client.ask(100, 1, 4)).exception_code == 1


async def test_evcc_with_bender() -> None:
    """Its probes succeed, so it writes where nothing is."""
    async with serving(BENDER) as client:
        assert not (await client.ask(142, 10)).isError()
        assert not any(await client.words(142, 10))
        assert [(await client.ask(address)).isError() for address in (1001, 1002)] == [False, False]
        assert await client.words(1001) == [0]
        assert await client.write(1001, 160) == 2


# --- KEBA ------------------------------------------------------------------------------------------------------------


async def test_evcc_with_keba() -> None:
    async with serving(KEBA) as client:
        site = client.world
        code = str(await client.number(1016))
        assert (code, code[4], code[5]) == ("314121", "2", "1")
        assert await client.number(1602) == 0  # no heartbeat
        assert await client.number(1550) == 0  # no phase switching
        assert await client.number(1000) == 1  # "disabled", as nothing is plugged
        site.plug_in()
        site.advance(300)
        assert await client.number(1000) == 3
        assert await client.number(1004) == 7
        values = await client.json("meter/values")
        assert await client.number(1020) == pytest.approx(values["power"] * 1000, abs=2)
        assert await client.number(1036) == pytest.approx(values["energy_abs"] * 10_000, abs=2)
        for address in (1008, 1010, 1012):
            assert await client.number(address) == pytest.approx(31_500, rel=0.03)
        assert await client.write(5004, 8000) == 0
        site.advance(10)
        assert site.now.phase_current == pytest.approx((8, 8, 8), rel=0.03)
        assert await client.number(1100) == 8000
        assert await client.write(5014, 0) == 0
        site.advance(10)
        assert await client.number(1000) == 5
        assert site.now.phase_current == (0, 0, 0)
        assert await client.write(5014, 1) == 0
        assert await client.number(1550) == 3  # noticed by now
        assert await client.write(5004, 63000) == 0
        assert await client.number(1100) == 8000
        assert await client.write(5052, 0) == 0
        site.advance(180)
        assert await client.number(1552) == 1
        assert site.now.phase_current[1:] == (0, 0)
        assert (await client.ask(5004)).exception_code == 2
        assert await client.write(5004, *[6000] * 17) == 2
        assert await client.number(1100) == 6000


# --- two wallboxes on one charger ----------------------------------------------------------------------------------


async def test_go_e_on_the_same_charger() -> None:
    async with serving(goe=True) as client:
        site = client.world
        assert site.goe is not None
        async with HttpServer(Endpoint(site.goe, "http")) as web:
            url = f"http://127.0.0.1:{web.endpoint.port}"
            async with aiohttp.ClientSession(url) as http:

                async def status() -> dict[str, Any]:
                    async with http.get("/api/status", params={"filter": "car,amp,nrg,wh,eto"}) as reply:
                        found: dict[str, Any] = await reply.json(content_type=None)
                        return found

                site.plug_in()
                site.advance(300)
                offered = site.now.offered_current
                assert await client.write(1002, 0, 8000) == 0
                site.advance(10)
                shown = await status()
                assert shown["car"] == 2
                assert shown["nrg"][4:7] == pytest.approx([7.9, 7.9, 7.9], abs=0.2)
                assert offered > site.now.offered_current == pytest.approx(8, abs=0.1)
                assert await client.number(2002, 4, real=True) == pytest.approx(shown["nrg"][11], rel=0.01)
                async with http.get("/api/set", params={"amp": 6}) as reply:
                    assert reply.status == 200
                site.advance(10)
                assert await client.number(2106, 4, real=True) == pytest.approx(5.9, abs=0.2)
                assert (await status())["nrg"][4] == pytest.approx(await client.number(2106, 4, real=True), abs=0.05)
                assert await client.number(1010, 4) == 8000  # its own slots only
                assert await client.coil(1000, False) == 0
                site.advance(10)
                assert (await status())["nrg"][11] == 0
                assert await client.number(2002, 4, real=True) == 0
                total = (await status())["eto"]
                assert await client.number(2004, 4, real=True) * 1000 == pytest.approx(total, abs=2)
                site.simulation.apply("garage", Unplug())
                site.advance(2)
                assert (await status())["car"] == 1
                assert await client.number(1000, 4) == 0
