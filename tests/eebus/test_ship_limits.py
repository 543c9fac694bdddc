"""What strangers can use up of a SHIP node's sockets, and what a hostile server does to a node that connects to it."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest

pytest.importorskip("OpenSSL", reason="TLS of both sides needs pyOpenSSL")

from support_eebus import HIGH, LOW, node, run, simulation
from test_ship_sockets import PATIENCE, connected
from test_warp_control_box import House

from emulator.devices.interfaces.ship import ShipTarget
from emulator.eebus.coding import Data, encode
from emulator.eebus.identity import credentials
from emulator.eebus.node import Node
from emulator.protocols import ship_sockets, websocket_wire
from emulator.protocols.pem import prove
from emulator.protocols.server import Server
from emulator.protocols.ship import ShipServer
from emulator.protocols.ship_sockets import MOST_CONNECTIONS, ShipSockets
from emulator.protocols.turns import HELPING
from emulator.runtime.simulation import Simulation
from emulator.scenario.loader import loads
from emulator.service.emulator import Emulator, Options

UPGRADE = (
    b"GET /ship/ HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: ship\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
HANDSHAKE = (
    b"\x00\x00",
    b"\x01" + encode({"connectionHello": {"phase": "ready"}}),
    b"\x01" + encode({"messageProtocolHandshake": {"handshakeType": "announceMax"}}),
    b"\x01" + encode({"messageProtocolHandshake": {"handshakeType": "select"}}),
    b"\x01" + encode({"connectionPinState": {"pinState": "none"}}),
    b"\x01" + encode({"accessMethods": {"id": "x"}}),
)
PEER = credentials(815, "peer", "Nobody")


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - passes of the loop are what is waited for
            await asyncio.sleep(0)


def framed(message: bytes) -> bytes:
    """A frame of a client."""
    return bytes((0x82, 0xFE)) + len(message).to_bytes(2) + bytes(4) + message


def datagram(number: int) -> bytes:
    """A question whose answer is long."""
    places = {"addressSource": {"entity": [1], "feature": 1}, "addressDestination": {"entity": [0], "feature": 0}}
    header = {**places, "msgCounter": number, "cmdClassifier": "read"}
    asked: Data = {"cmd": [{"nodeManagementDetailedDiscoveryData": {}}]}
    payload = {"datagram": {"header": header, "payload": asked}}
    return framed(b"\x02" + encode({"data": {"header": {"protocolId": "ee1.0"}, "payload": payload}}))


def showing() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    prove(context, PEER)
    return context


@asynccontextmanager
async def peer(house: House, server: ShipServer) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A trusted client in the data phase."""
    house.add(PEER.ski)
    little = socket.socket()
    little.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    little.connect(("127.0.0.1", server.endpoint.port))
    little.setblocking(False)
    reader, writer = await asyncio.open_connection(sock=little, ssl=showing(), server_hostname="x", limit=2**10)
    writer.write(UPGRADE + b"".join(map(framed, HANDSHAKE)))
    assert server.sockets is not None
    node = house.node
    await until(lambda: PEER.ski in node.connections and node.connections[PEER.ski].open)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def test_one_connection_too_many_takes_the_place_of_a_stranger() -> None:
    house = House()
    async with connected(house) as (server, _, _), peer(house, server):
        silent = [await asyncio.open_connection("127.0.0.1", server.endpoint.port) for _ in range(MOST_CONNECTIONS + 4)]
        for reader, _ in silent[:5]:
            assert await reader.read() == b""
        assert server.sockets is not None
        assert server.sockets.pending <= MOST_CONNECTIONS
        assert house.node.connections[PEER.ski].open
        for _, writer in silent:
            writer.transport.abort()
    reasons = [entry.detail.get("reason") for entry in house.world.journal if entry.name == "refused"]
    assert reasons.count("too many connections") == 5


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01", UPGRADE[:60]])
async def test_a_handshake_has_its_time(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    monkeypatch.setattr(ship_sockets, "HANDSHAKE_TIME", 0.1)
    house = House()
    async with connected(house) as (server, _, _):
        tls = showing() if said.startswith(b"GET") else None
        reader, writer = await asyncio.open_connection("127.0.0.1", server.endpoint.port, ssl=tls)
        writer.write(said)
        assert await reader.read() == b""
        assert server.sockets is not None
        await until(lambda: not server.sockets or not server.sockets.pending)
        writer.transport.abort()


async def test_half_a_message_has_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket_wire, "HALF_SENT", 0.1)
    house = House()
    async with connected(house) as (server, _, _), peer(house, server) as (_, writer):
        assert server.sockets is not None
        writer.write(datagram(1)[:-5])
        await until(lambda: PEER.ski not in house.node.connections)


async def test_a_peer_that_never_reads_is_not_heard_and_then_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket_wire, "SLOW_READER", 0.1)
    monkeypatch.setattr(websocket_wire, "MOST_UNREAD", 2**16)
    house = House()
    async with connected(house) as (server, _, _), peer(house, server) as (_, writer):
        assert server.sockets is not None
        (link,) = server.sockets._links
        writer.write(b"".join(map(datagram, range(3000))))
        transport, most = link.wire._transport, 0
        assert transport is not None

        def let_go() -> bool:
            nonlocal most
            most = max(most, transport.get_write_buffer_size())
            return PEER.ski not in house.node.connections

        await until(let_go)
        assert 0 < most < 3 * websocket_wire.MOST_UNREAD


@asynccontextmanager
async def dialling(world: Simulation, target: ShipTarget) -> AsyncIterator[tuple[Node, ShipSockets]]:
    """A node that connects to somebody."""
    ours = node(world, HIGH)
    ours._identity = lambda _other: PEER
    sockets = ShipSockets(world, ours)
    await sockets.open("127.0.0.1", 0)
    ours.targets[LOW] = target
    ours.decide(LOW, True)
    ours.connect_in(0)
    run(world, 1)
    try:
        yield ours, sockets
    finally:
        await sockets.close()


async def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ship_sockets, "CONNECT_TIMEOUT", 0.1)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        target = ShipTarget(host="127.0.0.1", port=server.sockets[0].getsockname()[1], ski=LOW)
        async with dialling(simulation(), target) as (ours, sockets):
            assert target in ours._dialling
            await until(lambda: target not in ours._dialling)
            assert not sockets._links


@pytest.mark.parametrize(
    "target",
    [
        ShipTarget(host="a..b", ski=LOW),
        ShipTarget(host="\0", ski=LOW),
        ShipTarget(host="x" * 100, ski=LOW),
        ShipTarget(host="a/b@c", ski=LOW),
        ShipTarget(host="127.0.0.1", port=0, ski=LOW),
        ShipTarget(host="127.0.0.1", port=70_000, ski=LOW),
    ],
)
async def test_places_that_are_none(target: ShipTarget) -> None:
    world = simulation()
    async with dialling(world, target) as (ours, _):
        await until(lambda: target not in ours._dialling)
    assert not world.bugs.count


async def test_a_neighbour_has_its_turn() -> None:
    scenario = loads("wallboxes: [warp, {eebus: {settings: {auto_accept: true}}}]\nbroker: none")
    async with (
        Emulator(scenario, Options(any_port=True, speed=0.0, announce=False)) as emulator,
        aiohttp.ClientSession() as http,
    ):
        places = {name: server.endpoint for name, server in emulator.servers.items() if isinstance(server, Server)}
        url = f"http://127.0.0.1:{places['charger.warp.http'].port}/evse/state"
        async with http.get(url) as reply:  # a connection is there
            await reply.read()
        _, writer = await asyncio.open_connection("127.0.0.1", places["charger.eebus.ship"].port, ssl=showing())
        journal, heard = emulator.simulation.journal, 0
        writer.write(UPGRADE + b"".join(map(framed, HANDSHAKE)) + b"".join(map(datagram, range(2000))))
        await until(lambda: any(entry.name.startswith("read nodeM") for entry in journal))
        for _ in range(5):
            before = journal.seq
            async with http.get(url) as reply:
                assert (await reply.json())["iec61851_state"] == 0
            assert journal.seq - before < 2 * 12 * HELPING, "of a frame and its answer"
            heard += journal.seq - before
        assert heard > 20, "the other one has its turn as well"
        assert not emulator.bugs.count
        writer.transport.abort()
