"""SHIP nodes find each other by mDNS on loopback, and a scan of WARP shows whom it has found."""

from __future__ import annotations

import asyncio
import socket

import pytest

pytest.importorskip("OpenSSL", reason="TLS of both sides needs pyOpenSSL")

from support_eebus import run
from test_eebus_faults import Street
from test_warp_control_box import House

from emulator.protocols.mdns import Announcer, MdnsServer
from emulator.protocols.server import Endpoint
from emulator.protocols.ship import ShipServer
from emulator.protocols.ship_discovery import discovered

PATIENCE = 60.0
TXT: dict[str, str | None] = {"txtvers": "1", "id": "x", "path": "/ship/", "ski": "AB" * 20, "register": "true"}


def test_what_lacks_a_record_is_no_node() -> None:
    found = discovered("10.0.0.1", 4712, TXT)
    assert found is not None
    assert (found.ski, found.register, found.brand) == ("ab" * 20, True, "")
    for name in TXT:
        assert discovered("10.0.0.1", 4712, {**TXT, name: None}) is None
    assert discovered("10.0.0.1", 0, TXT) is None


def needs_multicast() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            member = socket.inet_aton("224.0.0.251") + socket.inet_aton("127.0.0.1")
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
            sock.sendto(b"", ("224.0.0.251", 5353))
        except OSError as error:
            pytest.skip(f"no multicast on loopback here: {error}")


async def test_a_scan_finds_the_generic_wallbox_and_pairs_with_it() -> None:
    needs_multicast()
    house = House()
    other = Street("wallbox: {vendor: eebus, ship: 0, settings: {auto_accept: true}}").site.wallboxes["charger.eebus"]
    ski = str(other.read("ski"))
    node, news = house.node, asyncio.Event()
    node.on_change = news.set
    async with Announcer() as announcer, ShipServer(Endpoint(other, "ship")) as theirs:
        where = (theirs.endpoint.host, theirs.endpoint.port)
        async with (
            MdnsServer(Endpoint(other, "mdns"), lambda _name: where, announcer),
            ShipServer(Endpoint(house.warp, "ship"), announcer),
        ):
            async with asyncio.timeout(PATIENCE):
                while ski not in node.found:
                    news.clear()
                    await news.wait()
            assert house.warp.api.call("eebus/scan", None, house.origin) is None
            run(house.world, 10)
            peers = house.warp.read("eebus/state.peers")
            assert isinstance(peers, list)
            (found,) = [peer for peer in peers if peer["ski"] == ski]
            assert (found["state"], found["port"], found["autoregister"]) == (1, where[1], True)
            assert found["model_type"] == "ChargingStation"
