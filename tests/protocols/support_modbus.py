"""A small real wallbox on a real charger with a Modbus server, a UDP service and an announcement."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from emulator.core.instant import later
from emulator.core.messages import Event, Outcome, PlugIn, PowerCut, PowerUp, Reason, SetLimit
from emulator.core.snapshot import Snapshot
from emulator.core.specs import ChargerSpec, VehicleSpec
from emulator.devices.firmware import Model
from emulator.devices.interfaces import (
    Datagram,
    HttpInterface,
    Interface,
    MdnsInterface,
    MdnsService,
    ModbusInterface,
    ModbusReply,
    ModbusRequest,
    Origin,
    UdpInterface,
)
from emulator.devices.points import Fidelity
from emulator.devices.register_table import RegisterTable
from emulator.devices.registers import BIT, F32, S32, U16, U32, Bank, Layout, Register, Text
from emulator.devices.settings import Setting, boolean, text
from emulator.devices.vendor import Vendor
from emulator.devices.wallbox import Context, Wallbox
from emulator.protocols.modbus import ModbusServer
from emulator.protocols.server import Endpoint
from emulator.runtime.clock import Clock
from emulator.runtime.journal import Entry
from emulator.runtime.simulation import Simulation

PATIENCE: Final = 60.0
"""Wall seconds after which a test that waits for something has failed."""
EPOCH: Final = datetime(2026, 1, 5, 12, tzinfo=UTC)
REBOOT: Final = 99
"""Coil that restarts the box."""
BROKEN: Final = 666
"""Register whose handler makes a mistake."""


@dataclass(frozen=True, slots=True)
class View:
    snapshot: Snapshot
    box: Box


def set_limit(box: Box, value: object, origin: Origin) -> Outcome:
    assert isinstance(value, int | float)
    if not 6 <= value <= 32:
        return Outcome(refused=Reason.OUT_OF_RANGE)
    box.limit = value
    return box.submit(SetLimit(owner="box", current=value))


def reboot(box: Box, value: object, origin: Origin) -> Outcome:
    box.reboot()
    return Outcome()


def broken(view: View) -> object:
    raise RuntimeError("a mistake of ours")


def every_third(number: int) -> Callable[[View], bool]:
    return lambda _view: number % 3 == 0


Row = Register["View", "Box"]
HOLDING: Bank[View, Box] = Bank(
    "Modbus holding registers",
    (
        Row("limit", 10, U16, scale=10, read=lambda v: v.box.limit, write=set_limit, source="test"),
        Row("serial", 11, Text(4), read=lambda v: v.box.serial, source="test"),
        Row("scratch", 100, U16, read=lambda v: v.box.scratch, source="test"),
        Row("broken", BROKEN, U16, read=broken, source="test"),
    ),
    fill=0xFFFF,
    fill_within=(range(200),),
)
INPUT: Bank[View, Box] = Bank(
    "Modbus input registers",
    (
        Row("power", 10, S32, scale=1000, read=lambda v: v.snapshot.power, source="test"),
        Row("voltage", 12, F32, read=lambda v: 230.5, source="test"),
        Row("uptime", 14, U32, read=lambda v: v.box.uptime(v.snapshot.at), source="test"),
    ),
)
COILS: Bank[View, Box] = Bank(
    "Coils",
    (
        *(Row(f"bit_{n}", n, BIT, read=every_third(n), source="test") for n in range(20)),
        Row("reboot", REBOOT, BIT, read=lambda v: False, write=reboot, source="test"),
    ),
)
LAYOUT: Layout[View, Box] = Layout(
    {1: (COILS,), 2: (COILS,), 3: (HOLDING,), 4: (INPUT,), 5: (COILS,), 6: (HOLDING,), 15: (COILS,), 16: (HOLDING,)},
)


MODBUS: Final = Setting("modbus", True, boolean)
MDNS: Final = Setting("mdns", True, boolean)
NAME: Final = Setting("name", "Emulated", text())


class Box(Wallbox):
    """A wallbox with a register table. Unit 13 is never answered; a UDP datagram is answered as the box is told."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.limit: float = 16.0
        self.scratch: int = 0
        self.requests: list[ModbusRequest] = []
        self.datagrams: list[tuple[bytes, Origin]] = []
        self.replies: list[Datagram] = []
        self.pushes: list[Datagram] = []
        self.table = RegisterTable(LAYOUT, self.profile)
        self.interfaces: Mapping[str, Interface] = {
            "http": HttpInterface(routes=()),
            "modbus": ModbusInterface(handle=self._serve, enabled=lambda: self.settings[MODBUS], max_connections=3),
            "udp": UdpInterface(port=7090, handle=self._datagram, published=lambda at: self.pushes),
            "mdns": MdnsInterface(services=self._services, enabled=lambda: self.settings[MDNS]),
        }

    def shape(self, name: str, **changes: object) -> None:
        """Change the declaration of an interface; before it is served."""
        self.interfaces = {**self.interfaces, name: replace(self.interfaces[name], **changes)}  # type: ignore[arg-type]

    def view(self) -> View:
        return View(self.snapshot(), self)

    def _serve(self, request: ModbusRequest) -> ModbusReply | None:
        self.requests.append(request)
        return None if request.unit == 13 else self.table.serve(request, self.view, self)

    def _datagram(self, data: bytes, origin: Origin) -> Iterable[Datagram]:
        self.datagrams.append((data, origin))
        if data == b"break":
            raise RuntimeError("a mistake of ours")
        return self.replies or (Datagram(data=b"echo " + data),)

    def _services(self) -> tuple[MdnsService, ...]:
        name = self.settings[NAME]
        return (
            MdnsService(type="_emutest._tcp", instance=name, host="emutest", txt=(("serial", self.serial),)),
            MdnsService(type="_emumodbus._tcp", instance=name, host="emutest", interface="modbus"),
        )

    def power_on(self) -> None:
        self.submit(SetLimit(owner="box", current=self.limit))

    def handle(self, event: Event) -> None:
        pass

    def read(self, address: str) -> object:
        return self.table.read_address(self.view(), address)

    def write(self, address: str, value: object, origin: Origin) -> Outcome:
        return self.table.write_address(self, address, value, origin)

    def addresses(self) -> Iterable[str]:
        return self.table.addresses()

    def fidelity(self) -> Iterable[Fidelity]:
        return self.table.fidelity()


VENDOR = Vendor(
    id="box",
    title="Box",
    models=(Model(id="box", title="Box", firmwares=("1.0",), default_firmware="1.0"),),
    default_model="box",
    ports={"modbus": 0, "udp": 0},
    real_ports={"modbus": 502, "udp": 7090},
    settings=(MODBUS, MDNS, NAME),
    create=Box,
)


def box(charger: str = "garage", simulation: Simulation | None = None, serial: str = "123456") -> Box:
    """A box on a charger of its own, in a world of its own unless there is one; the clock is frozen."""
    world = simulation or Simulation(clock=Clock(0.0), epoch=EPOCH)
    world.add_charger(charger, ChargerSpec())
    made = Box(
        Context(vendor=VENDOR, profile=VENDOR.profile(), simulation=world, charger=charger, name="box", serial=serial)
    )
    made.start()
    return made


def advance(made: Box, seconds: float) -> None:
    made.simulation.jump(later(0, seconds))


def charge(made: Box) -> None:
    """A car is plugged in and takes what it gets."""
    made.simulation.apply(made.charger, PlugIn(name="car", vehicle=VehicleSpec(), state_of_charge=0.2))
    advance(made, 60)


def power_cut(made: Box) -> None:
    made.simulation.apply(made.charger, PowerCut())


def power_up(made: Box) -> None:
    made.simulation.apply(made.charger, PowerUp())


def entries(made: Box, kind: str, name: str | None = None) -> list[Entry]:
    """Entries of one kind (and name) in the journal, oldest first."""
    return [entry for entry in made.simulation.journal if entry.kind == kind and name in (None, entry.name)]


async def until(condition: Callable[[], bool]) -> None:
    """Let the event loop run until something is so."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - nobody can set an event about what a server has in its buffers
            await asyncio.sleep(0)


@asynccontextmanager
async def serve(made: Box, **options: float) -> AsyncIterator[ModbusServer]:
    """The box's Modbus server on a free port."""
    async with ModbusServer(Endpoint(made, "modbus"), **options) as server:
        yield server


class Raw:
    """A client of bare bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, *parts: bytes | str) -> None:
        """Bytes, or hexadecimal text, in one segment."""
        self.writer.write(b"".join(part if isinstance(part, bytes) else bytes.fromhex(part) for part in parts))

    async def exactly(self, count: int) -> bytes:
        async with asyncio.timeout(PATIENCE):
            return await self.reader.readexactly(count)

    async def frame(self) -> bytes:
        head = await self.exactly(6)
        return head + await self.exactly(int.from_bytes(head[4:], "big"))

    async def expect(self, reply: str) -> None:
        """The next frame is this one, in hexadecimal."""
        found = await self.frame()
        assert found.hex(" ") == bytes.fromhex(reply).hex(" ")

    async def ends(self) -> bytes:
        """What comes before the end of the connection, orderly or not."""
        data = bytearray()
        async with asyncio.timeout(PATIENCE):
            with suppress(ConnectionError):
                while part := await self.reader.read(65_536):
                    data += part
        return bytes(data)


@asynccontextmanager
async def raw(server: ModbusServer, *, window: int | None = None) -> AsyncIterator[Raw]:
    """A connection of bare bytes to the server. `window`: bytes its system keeps for it."""
    sock = socket.socket()
    if window is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    sock.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(sock, (server.endpoint.host, server.endpoint.port))
    except OSError:
        sock.close()
        raise
    reader, writer = await asyncio.open_connection(sock=sock)
    try:
        yield Raw(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
