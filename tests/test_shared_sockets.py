"""Fleets whose boxes share listening sockets: each answers as itself, at its own address."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import aiohttp
import pytest

from emulator.errors import EmulatorError
from emulator.protocols.listening import LOOPBACK, bound_everywhere
from emulator.protocols.server import Server
from emulator.scenario.loader import from_data
from emulator.scenario.steps.vocabulary import make_step
from emulator.service.emulator import Emulator, Options
from emulator.service.endpoints import MANY

KINDS: Final[tuple[tuple[str, str | None, tuple[str, ...]], ...]] = (
    ("goe", None, ("http", "modbus")),
    ("warp", None, ("http", "https", "modbus", "ship")),
    ("nrgkick", None, ("http", "modbus")),
    ("lektrico", None, ("http",)),
    ("bender", None, ("http", "semp", "modbus")),
    ("keba", None, ("modbus", "udp")),
    ("keba", "keba-p40", ("rest", "modbus")),
)
ADDRESSES: Final = "127.83"
PATIENCE: Final = 60.0
CLIENTS_PORT: Final = 7090
"""Where a KEBA sends its answers, wherever it listens itself."""


@pytest.fixture
def ports() -> dict[str, int]:
    """Ports that are free on every address."""
    found: dict[str, int] = {}
    taken = []
    for name in ("http", "https", "semp", "rest", "modbus", "ship", "udp"):
        kind = socket.SOCK_DGRAM if name == "udp" else socket.SOCK_STREAM
        sock = socket.socket(socket.AF_INET, kind)
        sock.bind(("0.0.0.0", 0))
        taken.append(sock)
        found[name] = sock.getsockname()[1]
    for sock in taken:
        sock.close()
    return found


def address(number: int) -> str:
    return f"{ADDRESSES}.1.{number + 1}"


def boxes(ports: Mapping[str, int], count: int, shared: object = True, kinds: Any = KINDS) -> dict[str, Any]:
    """A scenario with so many boxes, the kinds in turn."""
    chargers = {}
    for number in range(count):
        vendor, model, interfaces = kinds[number % len(kinds)]
        box: dict[str, object] = {name: ports[name] for name in interfaces}
        box |= {"address": address(number), "serial": f"{910000 + number}"}
        if vendor in ("goe", "warp"):
            box["mqtt"] = False
        if model is not None:
            box["model"] = model
        chargers[f"c{number}"] = {"wallboxes": {vendor: box}}
    return {"chargers": chargers, "shared_sockets": shared, "broker": "none"}


@asynccontextmanager
async def running(data: Mapping[str, Any], **options: object) -> AsyncIterator[Emulator]:
    async with Emulator(from_data(data), Options(speed=0.0, announce=False, **options)) as emulator:  # type: ignore[arg-type]
        yield emulator


async def asked(host: str, port: int, path: str = "/", scheme: str = "http") -> str:
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=False)) as session,
        session.get(f"{scheme}://{host}:{port}{path}") as reply,
    ):
        return await reply.text()


async def register(host: str, port: int) -> bytes:
    """The answer to a Modbus read of one holding register, whichever unit the box is."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        for unit in (1, 255):
            writer.write(struct.pack(">HHHBBHH", 7, 0, 6, unit, 3, 0, 1))
        async with asyncio.timeout(PATIENCE):
            return await reader.read(256)
    finally:
        writer.close()


class Ear(asyncio.DatagramProtocol):
    """A client of KEBA's UDP interface that keeps what it hears, by sender."""

    def __init__(self) -> None:
        self.heard: dict[tuple[str, int], bytes] = {}
        self.more = asyncio.Event()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.heard[addr] = data
        self.more.set()

    async def wait_for(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(self.heard) < count:
                self.more.clear()
                await self.more.wait()


@asynccontextmanager
async def ear() -> AsyncIterator[tuple[asyncio.DatagramTransport, Ear]]:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((f"127.84.{os.getpid() // 250 % 250}.{os.getpid() % 250 + 1}", CLIENTS_PORT))
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(Ear, sock=sock)
    try:
        yield transport, protocol
    finally:
        transport.abort()


async def ends(host: str, port: int) -> str:
    """How a connection ends on which nobody says anything: `refused`, `reset`, `closed`, or `open`."""
    try:
        reader, writer = await asyncio.open_connection(host, port)
    except ConnectionRefusedError:
        return "refused"
    except ConnectionResetError:
        return "reset"
    try:
        async with asyncio.timeout(2.0):
            return "closed" if await reader.read(1) == b"" else "open"
    except ConnectionResetError:
        return "reset"
    except TimeoutError:
        return "open"
    finally:
        writer.close()


async def talk(interface: str, host: str, port: int) -> None:
    """Ask a box something over one of its interfaces."""
    if interface == "modbus":
        assert await register(host, port)
    elif interface == "udp":
        async with ear() as (transport, client):
            transport.sendto(b"i", (host, port))
            await client.wait_for(1)
            assert list(client.heard) == [(host, port)]
    elif interface == "ship":
        with suppress(ConnectionError, ssl.SSLError):  # it shows who it is, and wants to know who asks
            reader, writer = await asyncio.open_connection(host, port, ssl=unverified(), server_hostname="box")
            async with asyncio.timeout(PATIENCE):
                await reader.read()
            writer.close()
    else:
        assert await asked(host, port, scheme="https" if interface in ("https", "rest") else "http")


def unverified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def test_each_answers_as_itself_over_every_protocol(ports: dict[str, int]) -> None:
    count = 35
    async with running(boxes(ports, count)) as emulator:
        journal = emulator.simulation.journal
        for number in range(count):
            for interface in KINDS[number % len(KINDS)][2]:
                since = journal.seq
                await talk(interface, address(number), ports[interface])
                asked_of = {(entry.charger, entry.interface) for entry in journal.after(since) if entry.interface}
                assert asked_of == {(f"c{number}", interface)}
        serial = await asked(address(14), ports["http"], "/api/status?filter=sse")
        assert json.loads(serial) == {"sse": "910014"}


def sockets() -> set[str]:
    """Of this process."""
    found = set()
    for descriptor in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):
            found.add(os.readlink(f"/proc/self/fd/{descriptor}"))
    return {link for link in found if link.startswith("socket:")}


async def test_a_fleet_needs_few_descriptors(ports: dict[str, int]) -> None:
    before = sockets()
    async with running(boxes(ports, 35, shared=False)):
        own = sockets() - before
    before = sockets()
    async with running(boxes(ports, 35)):
        shared = sockets() - before
    assert len(own) > 70
    assert len(shared) <= 10


async def test_a_box_that_is_down_resets_and_the_others_do_not_notice(ports: dict[str, int]) -> None:
    async with running(boxes(ports, 14)) as emulator:
        reader, writer = await asyncio.open_connection(address(7), ports["http"])
        for step in (
            make_step("reboot", emulator.site.names, wallbox="c0.goe"),
            make_step("power_cut", emulator.site.names, charger="c1"),
            make_step("fault", emulator.site.names, name="closed", on="c2.nrgkick.modbus", kind="refuse"),
            make_step("power_cut", emulator.site.names, charger="c5"),
        ):
            (outcome,) = await emulator.apply([step])
            assert outcome.ok
        for number, interface in ((0, "http"), (0, "modbus"), (1, "http"), (1, "ship"), (2, "modbus"), (5, "modbus")):
            assert await ends(address(number), ports[interface]) == "reset"
        await talk("http", address(2), ports["http"])
        writer.write(b"GET /api/status?filter=car HTTP/1.1\r\nHost: a\r\n\r\n")
        async with asyncio.timeout(PATIENCE):
            assert b"200 OK" in await reader.readline()
        writer.close()
        async with ear() as (transport, client):
            transport.sendto(b"i", (address(5), ports["udp"]))
            transport.sendto(b"i", (address(12), ports["udp"]))
            await client.wait_for(1)
            assert list(client.heard) == [(address(12), ports["udp"])]
        await emulator.advance(120_000_000)
        await talk("http", address(0), ports["http"])


async def test_an_address_of_nobody_is_reset(ports: dict[str, int]) -> None:
    async with running(boxes(ports, 7)):
        assert await ends(f"{ADDRESSES}.9.9", ports["http"]) == "reset"
        assert await ends(f"{ADDRESSES}.9.9", ports["modbus"]) == "reset"
        assert await ends(address(0), ports["http"]) == "open"


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_nothing_is_open_beyond_loopback(ports: dict[str, int], kind: socket.SocketKind) -> None:
    with bound_everywhere(kind, ports["ship"], LOOPBACK) as sock:
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16).rstrip(b"\0") == b"lo"


async def test_broadcasts_reach_every_box_and_each_answers_from_its_address(ports: dict[str, int]) -> None:
    kebas = tuple(kind for kind in KINDS if "udp" in kind[2])
    async with running(boxes(ports, 30, kinds=kebas)), ear() as (transport, client):
        transport.sendto(b"i", ("127.255.255.255", ports["udp"]))
        await client.wait_for(30)
        assert set(client.heard) == {(address(number), ports["udp"]) for number in range(30)}


async def test_a_port_that_something_else_has_is_not_shared(
    ports: dict[str, int], caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", ports["http"])), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", ports["udp"]))
        async with running(boxes(ports, 14)):
            for number in range(14):
                for interface in KINDS[number % len(KINDS)][2]:
                    await talk(interface, address(number), ports[interface])
            assert await ends(f"{ADDRESSES}.9.9", ports["http"]) == "refused"
            assert await ends(f"{ADDRESSES}.9.9", ports["modbus"]) == "reset"
    told = [record.message for record in caplog.records if "cannot be shared" in record.message]
    assert len(told) == 2


async def test_a_taken_address_is_an_error_that_names_the_box(ports: dict[str, int]) -> None:
    data = boxes(ports, 2, kinds=KINDS[:1])
    data["chargers"]["c1"]["wallboxes"]["goe"] |= {"address": address(0), "http": 0, "modbus": ports["modbus"]}
    with pytest.raises(EmulatorError, match=r"c1\.goe\.modbus|c1\.goe, interface modbus"):
        async with running(data):
            pass


async def test_every_port_is_still_shared_after_a_reset(ports: dict[str, int]) -> None:
    async with running(boxes(ports, 7)) as emulator:
        for _ in range(3):
            await emulator.reset()
            for number in range(7):
                for interface in KINDS[number % len(KINDS)][2]:
                    await talk(interface, address(number), ports[interface])


async def test_connections_are_limited_for_each_box(ports: dict[str, int]) -> None:
    async with running(boxes(ports, 2, kinds=KINDS[2:3])) as emulator:
        server = emulator.servers["c0.nrgkick.modbus"]
        assert isinstance(server, Server)
        limit = server.interface.max_connections  # type: ignore[attr-defined]
        held = [await asyncio.open_connection(address(0), ports["modbus"]) for _ in range(limit)]
        assert await ends(address(0), ports["modbus"]) in ("closed", "reset")
        await talk("modbus", address(1), ports["modbus"])
        for _, writer in held:
            writer.close()


@pytest.mark.parametrize(("count", "shared", "expected"), [
    (MANY - 1, "auto", False), (MANY, "auto", True), (MANY, False, False), (2, True, True),
])  # fmt: skip
async def test_many_share_and_few_do_not(ports: dict[str, int], count: int, shared: object, expected: bool) -> None:
    async with running(boxes(ports, count, shared, kinds=KINDS[3:4])) as emulator:
        assert emulator.sockets.shares is expected
        assert (await ends(f"{ADDRESSES}.9.9", ports["http"]) == "reset") is expected
