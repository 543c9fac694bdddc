"""A WARP Charger on MQTT over TLS, WebSocket and both: whom it trusts, and how it proves who it is."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import aiomqtt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from test_warp_mqtt import PATIENCE, Garage
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from emulator.core.messages import PlugIn
from emulator.core.specs import VehicleSpec
from emulator.devices.interfaces import HttpInterface, HttpRequest
from emulator.protocols.broker import Broker

TLS, WEBSOCKET, BOTH = 1, 2, 3
ROOT, CLIENT, KEY = 0, 1, 2
"""Places in the store of the wallbox."""


def signed_by_itself(name: str) -> tuple[str, str]:
    """Certificate and key for this machine, PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


BROKER, WALLBOX, STRANGER = (signed_by_itself(name) for name in ("broker", "wallbox", "stranger"))


def of_broker(directory: Path, *, asks: bool) -> ssl.SSLContext:
    """The broker's side; `asks`: for the wallbox's certificate."""
    (directory / "broker.pem").write_text("\n".join(BROKER))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "broker.pem")
    if asks:
        context.load_verify_locations(cadata=WALLBOX[0])
        context.verify_mode = ssl.CERT_REQUIRED
    return context


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def relay(broker: Broker, protocol: int, context: ssl.SSLContext | None) -> AsyncIterator[tuple[int, list[str]]]:
    """A port of the broker with another transport; and the paths that WebSockets asked for."""
    paths: list[str] = []

    async def of_tcp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inside = await asyncio.open_connection(broker.host, broker.port)
        async with asyncio.TaskGroup() as both:
            both.create_task(copy(reader, inside[1]))
            both.create_task(copy(inside[0], writer))

    async def of_websocket(socket: ServerConnection) -> None:
        assert socket.request is not None
        paths.append(socket.request.path)
        reader, writer = await asyncio.open_connection(broker.host, broker.port)

        async def outwards() -> None:
            while data := await reader.read(7):  # messages end anywhere
                await socket.send(data)

        answering = asyncio.create_task(outwards())
        async for message in socket:
            assert isinstance(message, bytes)
            writer.write(message)
        writer.close()
        answering.cancel()

    if protocol == TLS:
        async with await asyncio.start_server(of_tcp, "127.0.0.1", 0, ssl=context) as server:
            yield server.sockets[0].getsockname()[1], paths
    else:
        mqtt = [Subprotocol("mqtt")]
        async with serve(of_websocket, "127.0.0.1", 0, ssl=context, subprotocols=mqtt) as sockets:
            yield next(iter(sockets.sockets)).getsockname()[1], paths


def certificates(root: tuple[str, str]) -> dict[str, tuple[str, str]]:
    return {str(number): (f"text {number}", text) for number, text in enumerate((root[0], WALLBOX[0], WALLBOX[1]))}


def settings(port: int, protocol: int, root: tuple[str, str] = BROKER, **config: object) -> dict[str, object]:
    mqtt = {"enable_mqtt": True, "broker_host": "127.0.0.1", "broker_port": port, "protocol": protocol, **config}
    return {"mqtt/config": mqtt, "certificates": certificates(root)}


def log(box: Garage) -> str:
    http = box.box.interfaces["http"]
    assert isinstance(http, HttpInterface)
    return http.answer(HttpRequest(method="GET", target="/event_log", headers={})).body.decode()


@pytest.mark.parametrize(
    ("protocol", "asks"), [(TLS, False), (TLS, True), (WEBSOCKET, False), (BOTH, False), (BOTH, True)]
)
async def test_it_connects_where_the_certificate_is_right(tmp_path: Path, protocol: int, asks: bool) -> None:
    context = None if protocol == WEBSOCKET else of_broker(tmp_path, asks=asks)
    async with Broker.open("builtin", port=0) as broker, relay(broker, protocol, context) as (port, paths):
        config: dict[str, object] = {"path": "/some/where"}
        config |= {"client_cert_id": CLIENT, "client_key_id": KEY} if asks else {}
        config |= {} if protocol == WEBSOCKET else {"cert_id": ROOT}
        box = Garage(broker, settings(port, protocol, BROKER, **config), "warp3-pro-11")
        async with box.device, aiomqtt.Client(broker.host, broker.port) as client, asyncio.timeout(PATIENCE):
            await box.device.until("connected")
            assert box.box.read("mqtt/state.connection_state") == 2
            await client.subscribe("warp3/2abC/evse/state")
            await anext(client.messages)
            assert box.simulation.apply("garage", PlugIn(name="car", vehicle=VehicleSpec())).ok
            await box.wait(5)
            assert b'"charger_state":0' not in bytes((await anext(client.messages)).payload)
            await client.publish("warp3/2abC/evse/external_current_update", "6000")
            while box.box.read("evse/external_current.current") != 6000:
                await box.wait(1)
                await asyncio.sleep(0)
        scheme = ("mqtts", "ws", "wss")[protocol - 1]
        shown = "/some/where" if protocol != TLS else ""
        assert f"Connected to broker at {scheme}://127.0.0.1:{port}{shown}." in log(box)
        assert paths == ([] if protocol == TLS else ["/some/where"])


@pytest.mark.parametrize("trust", [{"cert_id": -1}, {"cert_id": CLIENT}, {"cert_id": ROOT}])
@pytest.mark.parametrize("protocol", [TLS, BOTH])
async def test_it_does_not_connect_where_it_is_wrong(tmp_path: Path, protocol: int, trust: dict[str, int]) -> None:
    """-1: the public authorities have not signed it; else a certificate of somebody else."""
    context = of_broker(tmp_path, asks=False)
    async with Broker.open("builtin", port=0) as broker, relay(broker, protocol, context) as (port, _):
        box = Garage(broker, settings(port, protocol, STRANGER, **trust), "warp3-pro-11")
        async with box.device, asyncio.timeout(PATIENCE):
            await box.device.until("waiting")
            assert box.box.read("mqtt/state.connection_state") == 1
        assert "Failed to connect to broker." in log(box)


async def test_without_the_certificate_it_does_not_even_try() -> None:
    async with Broker.open("builtin", port=0) as broker:
        box = Garage(broker, settings(broker.port, TLS, cert_id=5), "warp3-pro-11")
        async with box.device, asyncio.timeout(PATIENCE):
            await box.device.until("off")
        assert box.box.read("mqtt/state.connection_state") == 1
        assert "Certificate with ID 5 is not available" in log(box)


async def test_a_broker_that_is_no_websocket() -> None:
    async with Broker.open("builtin", port=0) as broker:
        box = Garage(broker, settings(broker.port, WEBSOCKET), "warp3-pro-11")
        async with box.device, asyncio.timeout(PATIENCE):
            await box.device.until("waiting")
        assert box.box.read("mqtt/state.connection_state") == 1
