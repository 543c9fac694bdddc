"""The unmodified `keba-kecontact` client against KEBA boxes on addresses of their own, port 7090 on both sides."""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from pymodbus.client import AsyncModbusTcpClient

from emulator import vendors
from emulator.core import faults
from emulator.core.instant import SECOND
from emulator.core.messages import Disturb, PlugIn, PowerCut, PowerUp, Unplug
from emulator.core.specs import VehicleSpec
from emulator.devices.interfaces import OWNER
from emulator.devices.wallbox import Context, charger_defaults
from emulator.protocols.modbus import ModbusServer
from emulator.protocols.server import Endpoint
from emulator.protocols.udp import UdpServer
from emulator.runtime.clock import Clock
from emulator.runtime.simulation import Simulation
from emulator.vendors.keba.wallbox import Keba

kecontact = pytest.importorskip("keba_kecontact.connection")

EPOCH = datetime(2026, 1, 5, 8, tzinfo=UTC)
NETWORK = f"127.{90 + os.getpid() % 100}.{os.getpid() // 100 % 250}"
"""Port 7090 is fixed on both sides, so every process that runs these tests has addresses of its own."""
CLIENT = f"{NETWORK}.1"
ASKER = f"{NETWORK}.250"
BROADCAST = "127.255.255.255"
PATIENCE = 60.0
CARD = "e3f76b8d00000000"
_numbers = itertools.count(2)


class Box:
    """A box that listens where a real one does, in a world that stands still."""

    def __init__(self, model: str | None = None, *, host: str | None = None, **settings: object) -> None:
        vendor = vendors.vendor("keba")
        profile = vendor.profile(model)
        self.host = host or f"{NETWORK}.{next(_numbers)}"
        self.simulation = Simulation(clock=Clock(0.0), epoch=EPOCH)
        self.simulation.add_charger("garage", charger_defaults(profile))
        box = vendor.create(
            Context(
                vendor=vendor,
                profile=profile,
                simulation=self.simulation,
                charger="garage",
                name="keba",
                serial=f"1761{self.host.rpartition('.')[2]:0>4}",
                settings={**vendor.everything, **settings},
                address=self.host,
            )
        )
        assert isinstance(box, Keba)
        self.box = box
        self.box.start()

    def udp(self, port: int = 7090) -> UdpServer:
        return UdpServer(Endpoint(self.box, "udp", host=self.host, port=port))

    def advance(self, seconds: float) -> None:
        self.simulation.jump(round(seconds * SECOND))

    def charge(self) -> None:
        self.simulation.apply("garage", PlugIn(name="car", vehicle=VehicleSpec(max_current=32.0)))
        self.advance(60)

    def read(self, *keys: str) -> list[object]:
        return [self.box.read(key) for key in keys]

    async def obeys(self, command: Awaitable[object]) -> object:
        """Send a command, and wait until the box has taken it; what the library says about it."""
        heard = asyncio.Event()
        stop = self.box.listen(lambda _: heard.set())
        said = await command
        async with asyncio.timeout(PATIENCE):
            await heard.wait()
        stop()
        return said


@asynccontextmanager
async def client(*boxes: Box) -> AsyncIterator[Any]:
    """The library's connection, with the boxes on the network."""
    kecontact.KebaKeContact._instance = None  # it is a singleton: each test has a program of its own
    async with AsyncExitStack() as stack:
        for box in boxes:
            await stack.enter_async_context(box.udp())
        connection = kecontact.KebaKeContact(asyncio.get_running_loop(), 1)
        await connection.init_socket(CLIENT)
        try:
            yield connection
        finally:
            connection.close()
            kecontact.KebaKeContact._instance = None


async def refreshed(station: Any, last: str = "100") -> dict[str, Any]:
    """All reports, asked for by the library."""
    complete = asyncio.Event()

    def received(_: object, data: dict[str, Any]) -> None:
        if data.get("ID") == last:
            complete.set()

    station.add_callback(received)
    station.data.clear()
    await station.request_data()
    async with asyncio.timeout(PATIENCE):
        await complete.wait()
    return dict(station.get_value())


async def test_discovery_by_broadcast_finds_every_box() -> None:
    boxes = Box(), Box("keba-p30-x-32"), Box("keba-p20")
    async with client(*boxes) as connection:
        found = await connection.discover_devices(BROADCAST)
        assert {box.host for box in boxes} <= set(found)
        stations = [await connection.setup_charging_station(box.host, periodic_request=False) for box in boxes]
        assert [s.device_info.device_id for s in stations] == [box.box.serial for box in boxes]
        assert [s.device_info.model for s in stations] == ["P30", "P30", "P20"]


@pytest.mark.parametrize(
    ("model", "maker", "name", "meter", "logger", "display"),
    [
        ("keba-p30-c-32", "KEBA", "P30", True, True, True),
        ("keba-p30-x-32-socket", "KEBA", "P30", True, True, True),
        ("keba-p30-de", "KEBA", "P30-DE", False, True, False),
        ("keba-p20", "KEBA", "P20", True, False, False),
        ("bmw-wallbox-plus", "BMW", "Wallbox Plus", True, True, False),
        ("bmw-wallbox-plus-socket", "BMW", "Wallbox Plus", True, True, False),
        ("bmw-wallbox-connect", "BMW", "Wallbox Connect", True, True, False),
    ],
)
async def test_models_are_recognised(
    model: str, maker: str, name: str, meter: bool, logger: bool, display: bool
) -> None:
    box = Box(model)
    async with client(box) as connection:
        info = await connection.get_device_info(box.host)
        assert (info.manufacturer, info.model) == (maker, name)
        assert (info.is_meter_integrated(), info.is_data_logger_integrated(), info.has_display()) == (
            meter,
            logger,
            display,
        )
        assert info.sw_version == box.box.build.firmware


async def test_all_values_while_charging() -> None:
    box = Box(whitelist=[CARD])
    async with client(box) as connection:
        station = await connection.setup_charging_station(box.host, periodic_request=False)
        data = await refreshed(station)
        assert (data["State_details"], data["Plug_EV"], data["Authreq"], data["FS_on"]) == (
            "not ready for charging",
            False,
            1,
            False,
        )
        box.box.present_card(CARD)
        box.charge()
        data = await refreshed(station)
        now = box.simulation.observe("garage")
        assert (data["State_on"], data["Plug_locked"], data["Plug_EV"], data["Plug_charging_station"]) == (True,) * 4
        assert data["P"] == pytest.approx(now.power / 1000, abs=1e-5)
        assert [data[k] for k in ("I1", "I2", "I3")] == pytest.approx(now.phase_current, abs=1e-3)
        assert [data[k] for k in ("U1", "U2", "U3")] == pytest.approx(now.phase_voltage, abs=0.5)
        assert data["E pres"] == data["E total"] == pytest.approx(now.session_energy / 1000, abs=1e-4)
        assert (data["Max curr"], data["Curr HW"], data["Curr user"]) == (32.0, 32.0, 63.0)
        assert data["Max curr %"] == pytest.approx(0.0533)
        assert (data["RFID tag"], data["Session ID"], data["uptime_pretty"]) == (CARD, 1, "0:01:00")


async def test_every_command() -> None:
    box = Box(whitelist=[CARD])
    async with client(box) as connection:
        station = await connection.setup_charging_station(box.host, periodic_request=False)
        services = {str(service) for service in station.device_info.available_services()}
        assert {"set_energy", "set_output", "display", "start", "stop", "x2", "x2src", "set_datetime"} <= services
        box.simulation.apply("garage", PlugIn(name="car", vehicle=VehicleSpec(max_current=32.0)))
        box.advance(5)
        await box.obeys(station.start(CARD))
        box.advance(60)
        assert box.read("report2.State", "report100.RFID tag") == [3, CARD]

        await box.obeys(station.set_current_max_permanent(10))
        assert box.read("report2.Curr user") == [10_000]
        await box.obeys(station.set_current(13))
        assert box.read("report2.Curr timer", "report2.Tmo CT") == [13_000, 1]
        box.advance(20)
        assert box.read("report2.Max curr", "report2.Max curr %") == [13_000, 216]
        await box.obeys(station.set_energy(25.5))
        assert box.read("report2.Setenergy") == [255_000]
        await box.obeys(station.set_failsafe(timeout=60, fallback_value=6.0, persist=True))
        assert box.read("report2.Curr FS", "report2.Tmo FS") == [6_000, 60]
        await box.obeys(station.set_failsafe(mode=False, timeout=0, fallback_value=0))
        assert box.read("report2.Curr FS", "report2.Tmo FS") == [0, 0]
        await box.obeys(station.set_output(100))
        assert box.read("report2.Output") == [100]
        await box.obeys(station.display("Hello you"))
        assert box.read("display") == ["Hello you"]
        await box.obeys(station.set_datetime(1_767_600_000))
        assert box.read("report1.timeQ") == [1]
        await box.obeys(station.x2src(4))
        await box.obeys(station.x2(False))
        box.advance(60)
        assert box.read("report2.X2 phaseSwitch source", "report2.X2 phaseSwitch") == [4, 0]
        assert box.simulation.observe("garage").phases == 1

        await refreshed(station)
        assert await box.obeys(station.set_charging_power(2.0)) is True
        assert box.read("report2.Curr timer") == [8_000]
        box.advance(1)

        await box.obeys(station.disable())
        box.advance(10)
        assert box.read("report2.State", "report2.Enable user") == [5, 0]
        await box.obeys(station.unlock_socket())
        await box.obeys(station.enable())
        box.advance(60)
        assert box.read("report2.State") == [3]
        await box.obeys(station.stop(CARD))
        box.advance(10)
        assert box.read("report2.State", "report2.Authreq", "report100.reason") == [1, 1, 10]
        refused = [e.name for e in box.simulation.journal if e.kind == "write" and not e.detail["ok"]]
        assert refused == []


async def test_pushes_reach_the_library() -> None:
    box = Box()
    async with client(box) as connection:
        station = await connection.setup_charging_station(box.host, periodic_request=False)
        seen: dict[str, Any] = {}
        news = asyncio.Event()

        def received(_: object, data: dict[str, Any]) -> None:
            seen.update(data)
            news.set()

        station.add_callback(received)
        box.charge()
        async with asyncio.timeout(PATIENCE):
            while not (seen.get("State_on") and seen.get("Max curr") == 32.0 and seen.get("E pres", 0) > 0.1):
                news.clear()
                await news.wait()
        assert seen["Plug_EV"] is True


async def test_the_library_polls_by_itself() -> None:
    box = Box()
    box.charge()
    async with client(box) as connection:
        station = await connection.setup_charging_station(box.host)
        complete = asyncio.Event()
        station.add_callback(lambda _, data: complete.set() if data.get("ID") == "100" else None)
        async with asyncio.timeout(PATIENCE):
            await complete.wait()
        assert station.get_value("State_on") is True
        assert station.get_value("Session ID") == 1


async def test_a_box_whose_switch_is_off_answers_report_1_only() -> None:
    box = Box(dsw1_3=False)
    async with client(box) as connection:
        station = await connection.setup_charging_station(box.host, periodic_request=False)
        assert station.device_info.device_id == box.box.serial
        found = await connection.discover_devices(BROADCAST)
        assert [host for host in found if host.startswith(f"{NETWORK}.")] == []  # others test at the same time


# --- answers go to port 7090, wherever the question came from --------------------------------------------------------


async def ask(text: bytes, host: str, port: int, *, listen: tuple[str, int], ask_from: tuple[str, int]) -> bytes:
    """Ask from one address and wait for the answer on another, as evcc and ioBroker do."""
    loop = asyncio.get_running_loop()
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth,
    ):
        ear.setblocking(False)
        ear.bind(listen)
        if ask_from == listen:
            ear.sendto(text, (host, port))
        else:
            mouth.bind(ask_from)
            mouth.sendto(text, (host, port))
        async with asyncio.timeout(PATIENCE):
            data, sender = await loop.sock_recvfrom(ear, 1024)
    assert sender == (host, port)
    return data


async def test_who_asks_from_any_port_is_answered_on_7090() -> None:
    box = Box()
    async with box.udp():
        answer = await ask(b"report 1", box.host, 7090, listen=(ASKER, 7090), ask_from=(ASKER, 0))
        assert b'"ID": "1"' in answer


async def test_a_client_on_the_boxs_own_address_is_answered_where_it_asked() -> None:
    box = Box()
    async with box.udp():
        local = (box.host, 41_790)
        assert await ask(b"ena 1", box.host, 7090, listen=local, ask_from=local) == b"TCH-OK :done\n"


# --- Modbus ----------------------------------------------------------------------------------------------------------

READABLE = (
    *(1000, 1004, 1006, 1008, 1010, 1012, 1014, 1016, 1018, 1020, 1036, 1040, 1042, 1044, 1046, 1100, 1110),
    *(1500, 1502, 1550, 1552, 1600, 1602),
)


def _disabled(box: Box) -> None:
    box.charge()
    assert box.box.write("modbus.5014", 0, OWNER).ok
    box.advance(10)


def _error(box: Box) -> None:
    box.charge()
    box.simulation.apply("garage", Disturb(name="rcd", fault=faults.TripRcd()))
    box.advance(5)


def _unplugged(box: Box) -> None:
    box.charge()
    box.simulation.apply("garage", Unplug())
    box.advance(5)


def _booting(box: Box) -> None:
    box.simulation.apply("garage", PowerCut())
    box.advance(5)
    box.simulation.apply("garage", PowerUp())
    box.advance(12)


STATES: tuple[Callable[[Box], None], ...] = (lambda _: None, Box.charge, _disabled, _error, _unplugged, _booting)


@pytest.mark.parametrize("model", ["keba-p30-c-32", "keba-p30-c-32-socket", "keba-p40"])
async def test_pymodbus_reads_every_register_in_every_state(model: str) -> None:
    seen = set()
    for arrange in STATES:
        box = Box(model, host="127.0.0.1")
        arrange(box)
        endpoint = Endpoint(box.box, "modbus")
        async with ModbusServer(endpoint):
            client = AsyncModbusTcpClient("127.0.0.1", port=endpoint.port, timeout=PATIENCE, retries=0)
            assert await client.connect()
            for address in READABLE:
                reply = await client.read_holding_registers(address, count=2, device_id=255)
                assert not reply.isError(), address
                value = client.convert_from_registers(reply.registers, client.DATATYPE.UINT32)
                assert value == box.box.read(f"modbus.{address}")
                if address == 1000:
                    seen.add(value)
            client.close()
    assert seen == {0, 1, 3, 4, 5}


async def test_pymodbus_writes_and_is_refused() -> None:
    box = Box(host="127.0.0.1")
    box.charge()
    endpoint = Endpoint(box.box, "modbus")
    async with ModbusServer(endpoint):
        client = AsyncModbusTcpClient("127.0.0.1", port=endpoint.port, timeout=PATIENCE, retries=0)
        assert await client.connect()
        for address, value in ((5004, 10_000), (5010, 2_000), (5014, 1), (5016, 6_000), (5018, 60), (5020, 1)):
            reply = await client.write_register(address, value, device_id=255)
            assert (reply.isError(), reply.registers) == (False, [value])
        assert (await client.write_register(5004, 0, device_id=255)).exception_code == 3
        assert (await client.read_holding_registers(1000, count=1, device_id=255)).exception_code == 2
        assert (await client.write_registers(5004, [6_000], device_id=255)).exception_code == 1
        assert box.read("report2.Curr user", "report2.Setenergy", "report2.Tmo FS") == [10_000, 200_000, 60]
        client.close()
