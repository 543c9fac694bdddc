"""SHIP over real TLS sockets: our control box and our WARP, whoever connects, and who is turned away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

pytest.importorskip("OpenSSL", reason="TLS of both sides needs pyOpenSSL")

from support_eebus import run
from test_warp_control_box import FULL, House

from emulator.devices.interfaces.ship import ShipTarget
from emulator.eebus.node import PeerState
from emulator.protocols.server import Endpoint
from emulator.protocols.ship import ShipServer
from emulator.protocols.ship_sockets import ShipSockets

PATIENCE = 60.0


@asynccontextmanager
async def connected(house: House) -> AsyncIterator[tuple[ShipServer, ShipSockets, int]]:
    """The WARP and the control box, each on sockets of their own; the control box's port."""
    box = ShipSockets(house.world, house.box.node)
    port = await box.open("127.0.0.1", 0)
    try:
        async with ShipServer(Endpoint(house.warp, "ship")) as server:
            yield server, box, port
    finally:
        await box.close()


async def until(condition: Callable[[], bool], *sockets: ShipSockets) -> None:
    """Until it holds, looking whenever something has happened."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            waits = [asyncio.ensure_future(each.stirred()) for each in sockets]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()


async def test_the_box_connects_and_limits() -> None:
    house = House()
    house.plug_in()
    async with connected(house) as (server, box, _):
        house.add(house.box.node.credentials().ski)
        house.box.node.targets[house.ski] = ShipTarget(host="127.0.0.1", port=server.endpoint.port, ski=house.ski)
        house.box.node.decide(house.ski, True)
        house.box.node.connect_in(0)
        run(house.world, 1)
        await until(lambda: house.box.guarded == 1, box)
        house.box.limit(4200, 3600)
        await until(lambda: house.box.results == [0], box)
        run(house.world, 30)
        assert house.current == pytest.approx(6, abs=0.1)
        assert house.warp.read("eebus/state.peers.0.state") == PeerState.ACTIVE
        house.box.node.connections[house.ski].close()
        assert server.sockets is not None
        await until(lambda: house.warp.read("eebus/state.peers.0.state") != PeerState.ACTIVE, server.sockets)
    entries = [(entry.kind, entry.name) for entry in house.world.journal if entry.interface == "ship"]
    assert entries[0] == ("connection", "connected")
    assert ("request", "connectionHello ready") in entries
    assert ("request", "write loadControlLimitListData") in entries
    assert ("push", "result resultData") in entries
    assert entries[-1] == ("connection", "disconnected")


async def test_the_wallbox_connects_by_its_local_api() -> None:
    house = House()
    house.plug_in()
    async with connected(house) as (server, box, port):
        house.box.node.decide(house.ski, True)
        peer = {
            "ip": "127.0.0.1",
            "port": port,
            "dns_name": "",
            "wss_path": "/ship/",
            "ski": house.box.node.credentials().ski,
            "trusted": True,
            "persistent": True,
        }
        assert house.warp.api.call("eebus/add", peer, house.origin) is None
        run(house.world, 1)
        await until(lambda: house.box.guarded == 1, box)
        assert house.box.node.connections[house.ski].role == "server"
        assert house.current == FULL
        assert server.endpoint.port


async def test_somebody_else_at_the_address_is_let_go() -> None:
    house = House()
    async with connected(house) as (server, box, _):
        wrong = "ab" * 20
        house.box.node.targets[wrong] = ShipTarget(host="127.0.0.1", port=server.endpoint.port, ski=wrong)
        house.box.node.decide(wrong, True)
        house.box.node.connect_in(0)
        run(house.world, 1)
        await box.stirred()
        assert not house.box.node.connections


async def test_nobody_listens_while_eebus_is_off() -> None:
    house = House({})
    async with connected(house) as (server, _, _):
        assert server.sockets is None
        assert house.warp.api.call("eebus/config_update", {"enable": True, "peers": []}, house.origin) is None
        await server.settle()
        assert server.sockets is not None
        house.warp.reboot()
        await server.settle()
        assert server.sockets is None
        run(house.world, 60)
        await server.settle()
        assert server.sockets is not None


async def test_who_speaks_no_tls_is_recorded_and_let_go() -> None:
    house = House()
    async with connected(house) as (server, _, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.endpoint.port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        await reader.read()
        writer.close()
    names = [entry.name for entry in house.world.journal if entry.kind == "connection"]
    assert names == ["refused"]


async def test_who_never_finishes_the_handshake_is_let_go_with_the_server() -> None:
    house = House()
    async with connected(house) as (server, _, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.endpoint.port)
        async with asyncio.timeout(PATIENCE):
            while not server.sockets or not server.sockets.pending:  # noqa: ASYNC110 - nothing tells of an acceptance
                await asyncio.sleep(0)
    with suppress(ConnectionError):
        assert await reader.read() == b""
    writer.close()
