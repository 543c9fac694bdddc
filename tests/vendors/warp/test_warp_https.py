"""A WARP Charger over HTTPS and secure WebSockets as aiohttp sees it: its own certificate, and one of its store."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from support_warp import WarpWorld

from emulator.devices.interfaces import HttpInterface
from emulator.eebus.identity import credentials
from emulator.protocols.http import HttpServer
from emulator.protocols.server import Endpoint

OTHER = credentials(4711, "wallbox.local", "Villa")


def trusting(certificate: bytes) -> ssl.SSLContext:
    """A client that trusts one certificate; names do not matter."""
    context = ssl.create_default_context(cadata=certificate.decode())
    context.check_hostname = False
    return context


def shown(world: WarpWorld) -> bytes:
    """The certificate of a wallbox."""
    interface = world.wallbox.interfaces["https"]
    assert isinstance(interface, HttpInterface)
    assert interface.credentials is not None
    return interface.credentials().certificate


@asynccontextmanager
async def served(world: WarpWorld, certificate: bytes) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    """The HTTPS side of a wallbox, and a client that trusts `certificate`."""
    server = HttpServer(Endpoint(world.wallbox, "https"))
    connector = aiohttp.TCPConnector(ssl=trusting(certificate))
    async with server, aiohttp.ClientSession(connector=connector) as client:
        yield client, f"127.0.0.1:{server.endpoint.port}"


async def test_the_box_proves_who_it_is() -> None:
    world = WarpWorld()
    async with served(world, shown(world)) as (client, where):
        async with client.get(f"https://{where}/evse/state") as reply:
            assert (reply.status, (await reply.json())["charger_state"]) == (200, 0)
        async with client.put(f"https://{where}/evse/external_current", data=b"8000") as reply:
            assert (reply.status, await reply.text()) == (200, "")
        async with client.ws_connect(f"wss://{where}/ws") as socket:
            first = (await socket.receive_str()).splitlines()[0]
            assert json.loads(first)["topic"] == "info/keep_alive"
    assert shown(WarpWorld()) == shown(WarpWorld())
    assert shown(WarpWorld()) != shown(WarpWorld(serial="3xyz"))


async def test_a_client_that_trusts_another_certificate_is_not_served() -> None:
    async with served(WarpWorld(), OTHER.certificate) as (client, where):
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await client.get(f"https://{where}/evse/state")


async def test_only_https_can_be_undone_over_https() -> None:
    world = WarpWorld()
    world.done("network/config/transport_mode", 1)
    assert world.ask("GET", "/evse/state").status == 200
    world.wallbox.reboot()
    world.wait(30)
    assert world.ask("GET", "/evse/state").status == 403
    async with served(world, shown(world)) as (client, where):
        async with client.get(f"https://{where}/evse/state") as reply:
            assert reply.status == 200
        async with client.put(f"https://{where}/network/config/transport_mode", data=b"0") as reply:
            assert reply.status == 200
        world.wallbox.reboot()
        world.wait(30)
        assert not world.wallbox.serves("https")
    assert world.ask("GET", "/evse/state").status == 200


async def test_a_certificate_of_the_store() -> None:
    world = WarpWorld()
    other = credentials(815, "x", "y")
    for number, text in enumerate((OTHER.certificate, OTHER.key, other.key)):
        world.done("certs/add", {"id": number, "name": f"{number}", "cert": text.decode()})
    config = world.json("network/config")
    invalid = (400, "Invalid certificate or key; see event log for details")
    assert world.put("network/config", config | {"cert_id": 0, "key_id": 2}) == invalid
    assert world.put("network/config", config | {"cert_id": 0, "key_id": 5}) == invalid
    world.done("network/config", config | {"cert_id": 0, "key_id": 1})
    world.wallbox.reboot()
    world.wait(30)
    async with served(world, OTHER.certificate) as (client, where), client.get(f"https://{where}/evse/state") as reply:
        assert reply.status == 200


def test_a_warp1_speaks_http_only() -> None:
    assert "https" not in WarpWorld("warp1-pro-11").wallbox.interfaces


async def test_who_leaves_in_the_middle_of_a_request_is_nothing_to_log(caplog: pytest.LogCaptureFixture) -> None:
    world = WarpWorld()
    async with HttpServer(Endpoint(world.wallbox, "https")) as server:
        tls = trusting(shown(world))
        reader, writer = await asyncio.open_connection("127.0.0.1", server.endpoint.port, ssl=tls)
        writer.write(b"PUT /evse/external_current HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n80")
        writer.close()
        assert await reader.read() == b""
    assert not caplog.records
