"""pymodbus and aiohttp against Bender controllers over real sockets: what evcc does, REST readers, every register.

There is no client library for these controllers; the sequences are those of evcc's driver and of public REST readers.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp
import pytest
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU

from emulator import vendors
from emulator.core import faults
from emulator.core.instant import SECOND
from emulator.core.messages import Disturb, PlugIn, Stimulus, Unplug
from emulator.core.snapshot import Snapshot
from emulator.core.specs import VehicleSpec
from emulator.devices.register_maps.bender import OCPP_STATES
from emulator.devices.registers import Integer, Text
from emulator.devices.wallbox import Context, Wallbox, charger_defaults
from emulator.protocols.http import HttpServer
from emulator.protocols.modbus import ModbusServer
from emulator.protocols.server import Endpoint
from emulator.runtime.clock import Clock
from emulator.runtime.simulation import Simulation
from emulator.vendors.bender.registers import CC_ROWS, ICC_ROWS, ICC_STATES

EPOCH = datetime(2026, 1, 5, 8, tzinfo=UTC)
NO_VALUE = 0xFFFF_FFFF
SEED_HEADERS = {
    "Authorization": "Basic Auth",
    "Username": "operator",
    "Password": "your_password",
    "Content-type": "application/json",
}


class Unit:
    """A controller whose interfaces listen on ports of their own, in a world that stands still."""

    def __init__(self, model: str | None, firmware: str | None, settings: dict[str, object]) -> None:
        vendor = vendors.vendor("bender")
        profile = vendor.profile(model, firmware)
        self.simulation = Simulation(clock=Clock(0.0), epoch=EPOCH)
        self.simulation.add_charger("garage", charger_defaults(profile))
        self.box: Wallbox = vendor.create(
            Context(
                vendor=vendor,
                profile=profile,
                simulation=self.simulation,
                charger="garage",
                name="bender",
                serial=profile.model.serial,
                settings={**vendor.everything, **settings},
            )
        )
        self.box.start()
        self.http = HttpServer(Endpoint(self.box, "http"))
        self.modbus = ModbusServer(Endpoint(self.box, "modbus"))

    @property
    def now(self) -> Snapshot:
        return self.simulation.observe("garage")

    def advance(self, seconds: float) -> None:
        self.simulation.jump(round(seconds * SECOND))

    def apply(self, stimulus: Stimulus) -> None:
        assert self.simulation.apply("garage", stimulus).ok

    def plug_in(self) -> None:
        self.apply(PlugIn(name="car", vehicle=VehicleSpec(max_current=32.0, ramp_up=20.0)))


@dataclass(frozen=True)
class Client:
    """What a client has in its hands."""

    modbus: AsyncModbusTcpClient
    http: aiohttp.ClientSession
    device: int = 255

    async def ask(self, address: int, count: int = 1) -> ModbusPDU:
        return await self.modbus.read_holding_registers(address, count=count, device_id=self.device)

    async def words(self, address: int, count: int = 1) -> list[int]:
        reply = await self.ask(address, count)
        assert not reply.isError(), (address, reply)
        return list(reply.registers)

    async def longs(self, address: int, count: int = 1) -> list[int]:
        words = await self.words(address, 2 * count)
        kind = self.modbus.DATATYPE.UINT32
        return [int(self.modbus.convert_from_registers(words[i : i + 2], kind)) for i in range(0, len(words), 2)]  # type: ignore[arg-type]

    async def text(self, address: int, count: int) -> str:
        data = b"".join(word.to_bytes(2, "big") for word in await self.words(address, count))
        return data.lstrip(b"\0").rstrip(b"\0").decode().strip()

    async def write(self, address: int, *values: int) -> int:
        """The exception code, 0 for none."""
        reply = await self.modbus.write_registers(address, list(values), device_id=self.device)
        return int(reply.exception_code) if reply.isError() else 0

    async def full_state(self) -> dict[str, str]:
        async with self.http.get("/rest/full_state") as reply:
            assert reply.status == 200
            text = await reply.text()
        return {key: value for key, _, value in (line.partition(":") for line in text.splitlines())}


@asynccontextmanager
async def serving(
    model: str | None = None, firmware: str | None = None, **settings: object
) -> AsyncIterator[tuple[Unit, Client]]:
    """A controller that listens, and a client of it."""
    unit = Unit(model, firmware, settings)
    async with unit.http, unit.modbus:
        modbus = AsyncModbusTcpClient("127.0.0.1", port=unit.modbus.endpoint.port, retries=0)
        assert await modbus.connect()
        url = f"http://127.0.0.1:{unit.http.endpoint.port}"
        try:
            async with aiohttp.ClientSession(url) as http:
                yield unit, Client(modbus, http)
        finally:
            modbus.close()


# --- evcc ------------------------------------------------------------------------------------------------------------


@dataclass
class Evcc:
    """What evcc's driver finds out at its start."""

    legacy: bool = False
    meter: bool = False
    voltages: bool = False
    soc: bool = False
    tenths: bool = False
    power_limit: bool = False
    identifies: bool = False

    @classmethod
    async def start(cls, client: Client) -> Evcc:
        found = cls()
        found.legacy = (await client.ask(142, 10)).isError()
        name = "" if found.legacy else await client.text(142, 10)
        icc = "4You" in name or "4Business" in name
        reply = await client.ask(200 if found.legacy else 220, 2)
        found.meter = not reply.isError() and reply.registers != [0xFFFF, 0xFFFF]
        if found.meter:
            reply = await client.ask(222, 2)
            found.voltages = not reply.isError() and any(reply.registers)
            if not found.legacy and not icc:
                found.soc = not (await client.ask(730)).isError()
        found.tenths = not (await client.ask(1001)).isError()
        found.power_limit = not (await client.ask(1002)).isError()
        try:
            await found.identify(client, short=icc or found.legacy)
            found.identifies = True
        except AssertionError:
            found.identifies = False
        return found

    async def identify(self, client: Client, *, short: bool = False) -> str:
        if not short and (await client.words(740))[0]:
            found = await client.text(741, 6)
            if found:
                return found
        elif not short:
            await client.words(741, 6)
        return await client.text(720, 10)


@pytest.mark.parametrize(
    ("model", "firmware", "settings", "expected"),
    [
        (None, None, {}, Evcc(meter=True, voltages=True, soc=True, identifies=True)),
        (None, "5.22", {}, Evcc(meter=True, voltages=True, identifies=True)),
        (None, "5.12", {}, Evcc(legacy=True, meter=True, identifies=True)),
        (None, None, {"ocpp_meter_cfg": "no_meter"}, Evcc(identifies=True)),
        (
            None,
            None,
            {"missing_registers": [222, 224, 226]},
            Evcc(meter=True, soc=True, identifies=True),
        ),
        ("cc612-no-rfid", None, {}, Evcc(meter=True, voltages=True, soc=True)),
        (
            "amtron-4business-710",
            None,
            {},
            Evcc(meter=True, voltages=True, tenths=True, power_limit=True, identifies=True),
        ),
    ],
)
async def test_what_evcc_finds(
    model: str | None, firmware: str | None, settings: dict[str, object], expected: Evcc
) -> None:
    async with serving(model, firmware, **settings) as (_, client):
        assert await Evcc.start(client) == expected


async def test_a_charge_as_evcc_runs_it() -> None:
    async with serving(iso15118=True, evccid="001BDA0C5F2E") as (unit, client):
        assert (await client.words(122), await client.words(1000)) == ([1], [32])
        assert await client.write(1000, 0) == 0  # disable
        unit.plug_in()
        unit.advance(30)
        assert (await client.words(122), await client.words(1000)) == ([2], [0])
        assert (await client.full_state())["ocpp_state"] == "suspendedevse"
        assert await client.write(1000, 6) == 0  # enable
        unit.advance(30)
        assert await client.words(122) == [3]
        assert await client.longs(220) == [round(unit.now.power)]
        assert 3_900 < unit.now.power < 4_140
        assert await client.write(1000, 16) == 0
        unit.advance(600)
        assert await client.longs(212, 3) == [int(i * 1000 + 0.5) for i in unit.now.phase_current]
        assert await client.longs(222, 3) == [int(u + 0.5) for u in unit.now.phase_voltage]
        assert await client.longs(218) == [int(unit.now.total_energy)]
        assert await client.words(740) == [1]
        assert await client.text(741, 6) == "001BDA0C5F2E"
        assert unit.now.vehicle is not None
        assert await client.words(730) == [round(unit.now.vehicle.state_of_charge * 100)]
        assert await client.write(1000, 0) == 0
        unit.advance(30)
        assert (await client.words(122), await client.longs(220)) == ([2], [0])


@pytest.mark.parametrize("address", [730, 740])
async def test_an_icc_hangs_up(address: int) -> None:
    async with serving("amtron-4you-500") as (unit, client):
        assert "4You" in await client.text(142, 10)
        assert await client.words(1001) == [320]
        reader, writer = await asyncio.open_connection("127.0.0.1", unit.modbus.endpoint.port)
        writer.write(b"\0\1\0\0\0\6\1\3" + (122).to_bytes(2, "big") + b"\0\1")
        assert await reader.readexactly(11) == b"\0\1\0\0\0\5\1\3\2\0\1"
        writer.write(b"\0\2\0\0\0\6\1\3" + address.to_bytes(2, "big") + b"\0\1")
        assert await reader.read() == b"\0\2\0\0\0\3\1\x83\2", "exception 2, then the end"
        writer.close()
        assert await client.words(122) == [1]  # others stay


# --- both interfaces agree -------------------------------------------------------------------------------------------


def _plugged(unit: Unit) -> None:
    unit.plug_in()
    unit.advance(60)


def _paused(unit: Unit) -> None:
    unit.box.configure({"hems_current": 0})
    _plugged(unit)


def _waiting(unit: Unit) -> None:
    unit.box.configure({"free_charging": False})
    _plugged(unit)


def _unplugged(unit: Unit) -> None:
    _plugged(unit)
    unit.apply(Unplug())
    unit.advance(10)


def _with(fault: faults.Disturbance) -> Callable[[Unit], None]:
    def make(unit: Unit) -> None:
        _plugged(unit)
        unit.apply(Disturb(name="fault", fault=fault))
        unit.advance(20)

    return make


STATES: dict[str, tuple[Callable[[Unit], None], tuple[str, str, int]]] = {
    "idle": (lambda _: None, ("no_vehicle_connected", "available", 1)),
    "charging": (_plugged, ("vehicle_charging_type2", "charging", 3)),
    "paused": (_paused, ("vehicle_connected_type2", "suspendedevse", 2)),
    "waiting": (_waiting, ("vehicle_connected_type2", "preparing", 2)),
    "unplugged": (_unplugged, ("no_vehicle_connected", "available", 1)),
    "refused": (_with(faults.VehicleRefuses()), ("vehicle_connected_type2", "suspendedev", 2)),
    "short": (_with(faults.CpShort()), ("vehicle_connector_error", "faulted", 5)),
    "leak": (_with(faults.TripRcd(current_type="dc")), ("vehicle_connector_error", "faulted", 5)),
    "meter": (_with(faults.MeterFault()), ("vehicle_charging_type2", "charging", 3)),
    "hot": (_with(faults.Overtemp(temperature=85.0)), ("vehicle_connected_type2", "suspendedevse", 2)),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(
    ("model", "firmware"),
    [("cc612", None), ("cc612-socket", "5.22"), ("cc612", "5.12"), ("amtron-4business-710", None)],
)
async def test_every_register_in_every_state(model: str, firmware: str | None, state: str) -> None:
    """By pymodbus's own decoding against what scenarios read, and against REST where both tell the same."""
    make, (connection, status, vehicle) = STATES[state]
    async with serving(model, firmware) as (unit, client):
        make(unit)
        icc, old = model.startswith("amtron"), firmware == "5.12"
        kinds = client.modbus.DATATYPE
        rows = ICC_ROWS if icc else CC_ROWS
        for row in rows:
            if row.read is None or not row.exists(unit.box.profile):
                continue
            words = await client.words(row.address, row.type.registers)
            expected = unit.box.read(f"modbus.{row.address}")
            if isinstance(row.type, Text):
                data = b"".join(word.to_bytes(2, "big") for word in words)
                assert data.strip(b"\0 ").decode() == expected, row.name
            elif row.name == "error_codes_4" and not icc:
                raw = b"".join(word.to_bytes(2, "big") for word in words)
                assert int.from_bytes(raw, "little") == expected
            else:
                assert isinstance(row.type, Integer)
                kind = kinds.UINT16 if row.type.bits == 16 else kinds.UINT32
                assert client.modbus.convert_from_registers(words, kind) == expected, row.name
        assert await client.words(122) == [vehicle]
        assert await client.words(104) == [(ICC_STATES if icc else OCPP_STATES).index(status)]
        if not icc:
            rest = await client.full_state()
            assert (rest["conn_state"], rest["ocpp_state"]) == (connection, status)
            assert rest["type2_state"] == "abcde"[vehicle - 1]
            assert await client.words(706) == [int(rest["sig_current"])]
            energy = (await client.longs(200 if old else 218))[0]
            if not old:
                power = (await client.longs(220))[0]
                assert int(rest["power_w"]) == (0 if power == NO_VALUE else power)
            assert int(rest["meter_wh"]) == (0 if energy == NO_VALUE else energy)


async def test_a_poller_sees_states_change_together() -> None:
    async with serving() as (unit, client):
        seen: list[str] = []

        async def poll(times: int) -> None:
            for _ in range(times):
                unit.advance(0.5)
                rest = await client.full_state()
                status, vehicle = (await client.words(104))[0], (await client.words(122))[0]
                assert OCPP_STATES[status] == rest["ocpp_state"]
                assert "abcde"[vehicle - 1] == rest["type2_state"]
                if not seen or seen[-1] != rest["ocpp_state"]:
                    seen.append(rest["ocpp_state"])

        await poll(4)
        unit.plug_in()
        await poll(30)
        assert await client.write(1000, 0) == 0
        await poll(30)
        assert await client.write(1000, 10) == 0
        await poll(30)
        unit.apply(Unplug())
        await poll(4)
        assert seen[0] == seen[-1] == "available"
        assert [state for state in seen if state in ("charging", "suspendedevse", "available")] == [
            "available",
            "charging",
            "suspendedevse",
            "charging",
            "available",
        ]


# --- the documents' own examples -------------------------------------------------------------------------------------


async def test_the_request_of_the_seed_document() -> None:
    async with serving(rest="without_uid", rest_auth="headers", operator_password="your_password") as (_, client):
        for path, status in (("/rest/full_state", 200), ("/rest/conn_state", 200), ("/rest/nothing", 404)):
            async with client.http.get(path, headers=SEED_HEADERS) as reply:
                assert reply.status == status
                assert reply.headers["Content-Type"] == "text/plain"
                text = await reply.text()
                if path.endswith("conn_state"):
                    assert text == "no_vehicle_connected"
            async with client.http.get(path) as reply:
                assert reply.status == 401
            async with client.http.get(path, headers=SEED_HEADERS | {"Password": "wrong"}) as reply:
                assert reply.status == 401
        async with client.http.head("/rest/full_state", headers=SEED_HEADERS) as reply:
            assert reply.status == 200
        async with client.http.post("/rest/full_state", headers=SEED_HEADERS) as reply:
            assert reply.status == 405


async def test_a_reader_without_headers() -> None:
    """As the ioBroker adapter: numbers where there are numbers, lists where there are commas."""
    async with serving() as (_, client):
        values: dict[str, object] = {}
        for key, value in (await client.full_state()).items():
            parts = value.split(",")
            values[key] = [float(part) for part in parts] if len(parts) > 1 else value
        assert values["voltage_v"] == [230, 230, 230]
        assert values["rcmb_max_values"] == [0, 0]
        assert float(str(values["ambient_temp"])) == pytest.approx(26, abs=5)
        assert len(values) == 40


async def test_modbus_switched_off_refuses_connections() -> None:
    async with serving() as (unit, client):
        assert await client.words(122) == [1]
        unit.box.configure({"modbus": False})
        await unit.modbus.settle()
        with pytest.raises(ModbusException):
            await client.ask(122)
        assert not await client.modbus.connect()
        unit.box.configure({"modbus": True})
        await unit.modbus.settle()
        again = AsyncModbusTcpClient("127.0.0.1", port=unit.modbus.endpoint.port)
        assert await again.connect()
        assert (await again.read_holding_registers(122, device_id=1)).registers == [1]
        again.close()


async def test_switching_phases_over_semp() -> None:
    async with serving("cubos-c11e") as (unit, client), HttpServer(Endpoint(unit.box, "semp")) as semp:
        unit.plug_in()
        unit.advance(60)
        assert await client.words(140) == [1]
        url = f"http://127.0.0.1:{semp.endpoint.port}/SimpleEnergyManagementProtocol/"
        async with aiohttp.ClientSession() as http:
            async with http.get(url) as reply:
                device = (await reply.text()).partition("<DeviceId>")[2].partition("<")[0]
            message = (
                '<EM2Device xmlns="http://www.sma.de/communication/schema/SEMP/v1"><DeviceControl>'
                f"<DeviceId>{device}</DeviceId><On>true</On>"
                "<RecommendedPowerConsumption>1518</RecommendedPowerConsumption><Timestamp>1</Timestamp>"
                "</DeviceControl></EM2Device>"
            )
            async with http.post(url, data=message, headers={"Content-Type": "application/xml"}) as reply:
                assert reply.status == 200
        unit.advance(60)
        assert await client.words(140) == [5]
        assert unit.now.active_phases == 1
