"""Central systems behind TLS, and one that does not answer pings."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from support_ocpp import PATIENCE, World, served, travel
from websockets.asyncio.server import ServerConnection, serve

from emulator.eebus.identity import credentials

LOCAL = credentials(4711, "localhost", "Villa")


@asynccontextmanager
async def secure_server(folder: Path) -> AsyncIterator[str]:
    """A server that takes whatever is said and says nothing."""
    for name, text in (("certificate.pem", LOCAL.certificate), ("key.pem", LOCAL.key)):
        (folder / name).write_bytes(text)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    async with serve(listen, "127.0.0.1", 0, ssl=context, subprotocols=["ocpp1.6"]) as server:  # type: ignore[list-item]
        yield f"wss://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/box"


async def listen(connection: ServerConnection) -> None:
    async for _ in connection:
        pass


@pytest.mark.parametrize(
    ("how", "connects"),
    [
        ({}, False),
        ({"verify": False}, True),
        ({"authorities": LOCAL.certificate.decode()}, False),
        ({"authorities": LOCAL.certificate.decode(), "check_host": False}, True),
    ],
    ids=["unknown", "unchecked", "another host", "any host"],
)
async def test_certificates(tmp_path: Path, how: dict[str, object], connects: bool) -> None:
    world = World()
    async with secure_server(tmp_path) as url:
        world.box.url = url
        world.box.tls = how
        async with served(world) as device:
            async with asyncio.timeout(PATIENCE):
                await device.until("connected" if connects else "waiting")
    failed = [str(entry.detail["reason"]) for entry in world.simulation.journal if entry.name == "failed"]
    assert not failed if connects else "certificate verify failed" in failed[0]


async def test_a_server_that_does_not_answer_pings_is_left() -> None:
    world = World()
    over, left = asyncio.Event(), asyncio.Event()

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Shakes hands, and never again reads anything."""
        request = await reader.readuntil(b"\r\n\r\n")
        writer.write(accepted(request))
        await over.wait()
        writer.close()
        await writer.wait_closed()
        left.set()

    async with await asyncio.start_server(deaf, "127.0.0.1", 0) as server:
        world.box.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/box"
        world.point.configuration.put("WebSocketPingInterval", "1")
        async with served(world) as device, asyncio.timeout(PATIENCE + 5):
            await device.until("connected")
            await device.until("waiting")
            await travel(world, device, 1)
        over.set()
        await left.wait()
    (lost,) = [entry for entry in world.simulation.journal if entry.name == "lost"]
    assert lost.detail == {"reason": "no pong"}


def accepted(request: bytes) -> bytes:
    """The answer to a handshake."""
    key = next(line.split(b": ")[1] for line in request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key"))
    digest = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    return head + b"Sec-WebSocket-Protocol: ocpp1.6\r\nSec-WebSocket-Accept: " + digest + b"\r\n\r\n"
