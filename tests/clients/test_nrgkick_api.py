"""The unmodified `nrgkick-api` client against an NRGkick over a real socket, through a whole charge."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

import aiohttp
import pytest
from nrgkick_api import (
    NRGkickAPI,
    NRGkickAPIDisabledError,
    NRGkickAuthenticationError,
    NRGkickCommandRejectedError,
    NRGkickConnectionError,
    enums,
)
from pymodbus.client import AsyncModbusTcpClient
from yarl import URL

from emulator import vendors
from emulator.core.faults import TripRcd
from emulator.core.instant import SECOND
from emulator.core.messages import Disturb, PlugIn, Unplug
from emulator.core.snapshot import Snapshot
from emulator.core.specs import VehicleSpec
from emulator.devices.registers import Floating, Text
from emulator.devices.wallbox import Context, Wallbox, charger_defaults
from emulator.protocols.http import HttpServer
from emulator.protocols.mdns import Announcer, MdnsServer
from emulator.protocols.modbus import ModbusServer
from emulator.protocols.server import Endpoint
from emulator.runtime.clock import Clock
from emulator.runtime.simulation import Simulation
from emulator.vendors.nrgkick import enums as texts
from emulator.vendors.nrgkick.items import ITEMS

EPOCH = datetime(2026, 1, 5, 8, tzinfo=UTC)


class Unit:
    """A unit whose interfaces listen on ports of their own, in a world that stands still."""

    def __init__(self, model: str | None, settings: dict[str, object]) -> None:
        vendor = vendors.vendor("nrgkick")
        profile = vendor.profile(model)
        self.simulation = Simulation(clock=Clock(0.0), epoch=EPOCH)
        self.simulation.add_charger("garage", charger_defaults(profile))
        self.box: Wallbox = vendor.create(
            Context(
                vendor=vendor,
                profile=profile,
                simulation=self.simulation,
                charger="garage",
                name="nrgkick",
                serial=profile.model.serial,
                settings={**vendor.everything, **settings},
            )
        )
        self.box.start()
        self.http = HttpServer(Endpoint(self.box, "http"))
        self.modbus = ModbusServer(Endpoint(self.box, "modbus"))

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.http.endpoint.port}"

    @property
    def now(self) -> Snapshot:
        return self.simulation.observe("garage")

    def advance(self, seconds: float) -> None:
        self.simulation.jump(round(seconds * SECOND))

    def plug_in(self) -> None:
        vehicle = VehicleSpec(max_current=32.0, reactive_current=1.0)
        assert self.simulation.apply("garage", PlugIn(name="car", vehicle=vehicle)).ok

    def unplug(self) -> None:
        assert self.simulation.apply("garage", Unplug()).ok


@asynccontextmanager
async def serving(model: str | None = None, **settings: object) -> AsyncIterator[tuple[Unit, NRGkickAPI]]:
    """A unit that listens, and a client of it without credentials."""
    unit = Unit(model, settings)
    async with unit.http, unit.modbus, aiohttp.ClientSession() as session:
        yield unit, NRGkickAPI(unit.host, session=session)


async def test_a_whole_charge() -> None:
    async with serving() as (unit, api):
        assert await api.test_connection()
        info = await api.get_info(["general", "connector"])
        assert list(info) == ["general", "connector"]
        assert info["general"]["rated_current"] == 32
        assert (await api.get_info(["connector"], raw=True))["connector"]["type"] == enums.ConnectorType.CEE

        async def status() -> int:
            return int((await api.get_values(["general"], raw=True))["general"]["status"])

        async def power() -> float:
            return float((await api.get_values(["powerflow"]))["powerflow"]["total_active_power"])

        assert await status() == enums.ChargingStatus.STANDBY
        assert await api.set_charge_pause(True) == 1
        unit.plug_in()
        unit.advance(30)
        assert await status() == enums.ChargingStatus.CONNECTED
        assert await power() == 0

        assert await api.set_charge_pause(False) == 0
        unit.advance(30)
        assert await status() == enums.ChargingStatus.CHARGING
        assert 20_000 < await power() < 22_000

        assert await api.set_current(16.0) == 16.0
        unit.advance(30)
        assert 10_500 < await power() < 11_100
        assert await api.set_current(6.1) == 6.1
        assert unit.now.offered_current == 6.1

        assert await api.set_current(16) == 16
        assert await api.set_phase_count(1) == 1
        unit.advance(4)
        assert (await api.get_control())["phase_count"] == 0
        assert await status() == enums.ChargingStatus.CONNECTED
        unit.advance(40)
        assert await api.get_control() == {"current_set": 16, "charge_pause": 0, "energy_limit": 0, "phase_count": 1}
        assert 3_400 < await power() < 3_700
        assert (await api.get_values())["general"]["relay_state"] == "N, L1"
        assert await api.set_phase_count(2) == 2
        unit.advance(45)
        assert (await api.get_values())["general"]["relay_state"] == "N, L1, L2"
        assert await api.set_phase_count(3) == 3
        unit.advance(45)

        assert unit.simulation.apply("garage", Disturb(name="leak", fault=TripRcd(residual_current=0.08))).ok
        unit.advance(5)
        general = (await api.get_values(raw=True))["general"]
        assert general["status"] == enums.ChargingStatus.ERROR
        assert general["rcd_trigger"] == enums.RcdTriggerStatus.AC_60MA_FAULT
        assert general["error_code"] == enums.ErrorCode.RESIDUAL_CURRENT_DETECTED
        assert await power() == 0
        unit.unplug()
        unit.advance(40)
        assert await status() == enums.ChargingStatus.STANDBY

        unit.plug_in()
        unit.advance(40)
        assert await status() == enums.ChargingStatus.CHARGING
        charged = (await api.get_values(["energy"]))["energy"]["charged_energy"]
        assert await api.set_energy_limit(charged + 1000) == charged + 1000
        unit.advance(900)
        values = await api.get_values()
        assert values["general"]["warning_code"] == "ENERGY_LIMIT_REACHED"
        assert values["energy"]["charged_energy"] >= charged + 1000
        assert values["general"]["charge_count"] == 2
        assert await api.set_energy_limit(0) == 0


async def test_refusals() -> None:
    async with serving() as (unit, api):
        for call, reason in (
            (api.set_current(33.0), "Invalid current entered, allowed 6.0A - 32.0A"),
            (api.set_current(6.1000000000000005), "Invalid current entered, allowed 6.0A - 32.0A"),
            (api.set_energy_limit(1_000_001), "Invalid limit entered"),
            (api.set_phase_count(4), "Invalid phases entered, allowed 1 - 3"),
        ):
            with pytest.raises(NRGkickCommandRejectedError, match=reason):
                await call
        unit.box.configure({"solar_charging": True})
        for call, reason in (
            (api.set_charge_pause(True), "Charging pause is blocked by solar-charging"),
            (api.set_phase_count(1), "Phase count change is blocked by solar-charging"),
            (api.set_current(8.0), "Current change blocked by solar-charging"),
        ):
            with pytest.raises(NRGkickCommandRejectedError, match=reason):
                await call
        unit.box.configure({"solar_charging": False, "phase_switching": False})
        with pytest.raises(NRGkickCommandRejectedError, match="Phase-switch must be enabled"):
            await api.set_phase_count(1)
        assert await api.get_control() == {"current_set": 32, "charge_pause": 0, "energy_limit": 0, "phase_count": 3}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the client
async def test_access() -> None:
    async with serving(authentication=True, username="admin", password="secret") as (unit, api):
        with pytest.raises(NRGkickAuthenticationError):
            await api.test_connection()
        api.username, api.password = "admin", "wrong"
        with pytest.raises(NRGkickAuthenticationError):
            await api.set_charge_pause(True)
        api.password = "secret"
        assert await api.test_connection()
        unit.box.configure({"json_api": False})
        for call in (api.get_info(), api.get_values(raw=True), api.get_control(), api.set_current(8.0)):
            with pytest.raises(NRGkickAPIDisabledError):
                await call


async def test_every_section_in_both_modes() -> None:
    async with serving("nrgkick-sim-16") as (_, api):
        for section in ("general", "connector", "grid", "network", "cellular", "gps", "versions"):
            for raw in (False, True):
                assert list(await api.get_info([section], raw=raw)) == [section]
        for section in ("energy", "powerflow", "general", "temperatures"):
            for raw in (False, True):
                assert list(await api.get_values([section], raw=raw)) == [section]
        assert len(await api.get_values(["status"])) == 4
        with pytest.raises(NRGkickConnectionError):
            await api._request("/")  # the page is no JSON, and the client says so


def test_the_client_knows_the_same_numbers() -> None:
    for ours, theirs in (
        (texts.STATUS, enums.ChargingStatus),
        (texts.ERROR, enums.ErrorCode),
        (texts.WARNING, enums.WarningCode),
        (texts.RCD_TRIGGER, enums.RcdTriggerStatus),
        (texts.CONNECTOR_TYPE, enums.ConnectorType),
        (texts.CELLULAR_MODE, enums.CellularMode),
        (texts.GRID_PHASES, enums.GridPhases),
        (texts.RELAY_STATE, enums.RelayState),
    ):
        assert set(ours) == {int(member) for member in theirs}


# --- pymodbus --------------------------------------------------------------------------------------------------------


async def compare(client: AsyncModbusTcpClient, api: NRGkickAPI) -> int:
    """Every register by pymodbus's own decoding against JSON; how many there were."""
    documents = {
        "info": await api.get_info(raw=True),
        "values": await api.get_values(raw=True),
        "control": await api.get_control(),
    }
    seen = 0
    for item in ITEMS:
        reply = await client.read_holding_registers(item.address, count=item.type.registers, device_id=1)
        document: object = documents[item.endpoint]
        try:
            for key in item.path:
                document = document[key]  # type: ignore[index]
        except KeyError:
            assert reply.isError()
            assert reply.exception_code == 2
            continue
        assert not reply.isError(), item.name
        kinds = client.DATATYPE
        if isinstance(item.type, Text):
            assert client.convert_from_registers(reply.registers, kinds.STRING) == document
        elif isinstance(item.type, Floating):
            value = client.convert_from_registers(reply.registers, kinds.FLOAT32, word_order="little")
            assert value == pytest.approx(document, rel=1e-6)
        else:
            kind = kinds[item.type.title.partition(",")[0].upper()]
            value = client.convert_from_registers(reply.registers, kind, word_order="little")
            assert value / item.scale == document, item.name  # type: ignore[operator]
        seen += 1
    return seen


@pytest.mark.parametrize(("model", "count"), [("nrgkick-32", 72), ("nrgkick-sim-16", 82)])
async def test_every_register_by_pymodbus(model: str, count: int) -> None:
    async with serving(model) as (unit, api), AsyncExitStack() as stack:
        client = AsyncModbusTcpClient("127.0.0.1", port=unit.modbus.endpoint.port)
        assert await client.connect()
        stack.callback(client.close)
        assert await compare(client, api) == count
        unit.plug_in()
        unit.advance(40)
        assert await compare(client, api) == count
        power = await client.read_holding_registers(210, count=2, device_id=1)
        assert client.convert_from_registers(
            power.registers, client.DATATYPE.INT32, word_order="little"
        ) == pytest.approx(unit.now.power * 1000, abs=1)
        assert not (await client.write_register(194, 100, device_id=1)).isError()
        assert not (await client.write_registers(196, [5000, 0], device_id=1)).isError()
        assert await api.get_control() == {"current_set": 10, "charge_pause": 0, "energy_limit": 5000, "phase_count": 3}
        assert (await client.write_register(196, 1, device_id=1)).exception_code == 2
        assert (await client.write_register(198, 4, device_id=1)).exception_code == 3
        assert (await client.read_input_registers(251, device_id=1)).exception_code == 1
        assert not (await client.write_register(198, 1, device_id=1)).isError()
        unit.advance(4)
        assert await compare(client, api) == count
        unit.advance(40)
        assert await compare(client, api) == count
        unit.simulation.apply("garage", Disturb(name="leak", fault=TripRcd(current_type="dc", residual_current=-0.05)))
        unit.advance(10)
        assert (await client.read_holding_registers(255, count=3, device_id=1)).registers == [5, 0, 16]
        assert await compare(client, api) == count


async def test_modbus_switched_off_refuses_connections() -> None:
    async with serving(modbus_api=False) as (unit, _):
        client = AsyncModbusTcpClient("127.0.0.1", port=unit.modbus.endpoint.port or 1, retries=0)
        assert not await client.connect()
        client.close()
        unit.box.configure({"modbus_api": True})
        await unit.modbus.settle()
        client = AsyncModbusTcpClient("127.0.0.1", port=unit.modbus.endpoint.port)
        assert await client.connect()
        assert (await client.read_holding_registers(251, device_id=1)).registers == [1]
        client.close()


# --- the documents' own examples, and bare bytes ---------------------------------------------------------------------


async def test_requests_as_the_documents_print_them() -> None:
    async with serving() as (unit, _), aiohttp.ClientSession(f"http://{unit.host}") as http:

        async def get(target: str) -> str:
            async with http.get(URL(target, encoded=True)) as reply:
                assert reply.status == 200
                assert reply.headers["Content-Type"] == "application/json"
                return await reply.text()

        assert await get("/api") == '{"json":1,"modbus":1}'
        assert await get("/info?raw&connector") == (
            '{"connector":{"phase_count":3,"max_current":32,"type":1,"serial":"A1234567"}}'
        )
        assert (await get("/info")).startswith('{"general":{"serial_number":"T2332500000000000S1D2",')
        assert (await get("/values")).startswith('{"energy":{"total_charged_energy":0,"charged_energy":0},')
        assert await get("/control?") == '{"current_set":32,"charge_pause":0,"energy_limit":0,"phase_count":3}'
        assert await get("/control?current_set=10.5") == '{"current_set":10.5}'
        assert await get("/control?charge_pause=1") == '{"charge_pause":1}'
        assert await get("/control") == '{"current_set":10.5,"charge_pause":1,"energy_limit":0,"phase_count":3}'


async def test_worked_frames() -> None:
    async with serving(current_set=16.0) as (unit, _):
        unit.plug_in()
        unit.advance(40)
        reader, writer = await asyncio.open_connection("127.0.0.1", unit.modbus.endpoint.port)
        for request, expected in (
            ("00 01 00 00 00 06 01 03 00 FB 00 01", "00 01 00 00 00 05 01 03 02 00 03"),
            ("00 02 00 00 00 06 01 03 00 C2 00 01", "00 02 00 00 00 05 01 03 02 00 A0"),
            ("00 04 00 00 00 06 01 06 00 C3 00 01", "00 04 00 00 00 06 01 06 00 C3 00 01"),
            ("00 05 00 00 00 0B 01 10 00 C4 00 02 04 27 10 00 00", "00 05 00 00 00 06 01 10 00 C4 00 02"),
            ("00 06 00 00 00 06 01 03 00 D3 00 01", "00 06 00 00 00 03 01 83 02"),
        ):
            writer.write(bytes.fromhex(request))
            wanted = bytes.fromhex(expected)
            async with asyncio.timeout(60):
                assert await reader.readexactly(len(wanted)) == wanted
        writer.close()
        await writer.wait_closed()


async def test_announced_with_the_port_it_listens_on() -> None:
    async with serving(device_name="Garage") as (unit, _), Announcer() as announcer:
        ports = {"http": ("127.0.0.1", unit.http.endpoint.port)}
        try:
            async with MdnsServer(Endpoint(unit.box, "mdns"), ports.get, announcer) as server:
                (announced,) = server.announced
                assert announced.port == unit.http.endpoint.port
                assert announced.service.type == "_nrgkick._tcp"
                assert dict(announced.service.txt)["json_api_enabled"] == "1"
                unit.box.configure({"json_api": False})
                await server.settle()
                (announced,) = server.announced
                assert dict(announced.service.txt)["json_api_enabled"] == "0"
        except OSError as error:
            pytest.skip(f"no multicast here: {error}")
