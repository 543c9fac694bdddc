"""Whoever has more to say when its connection is gone says nothing: asyncio would only log it."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable

import pytest

from emulator.devices.interfaces import BrokerAccess, Publish
from emulator.protocols import mqtt_client
from emulator.protocols.broker_builtin import BuiltinBroker
from emulator.protocols.mqtt_packets import Connack, Message, encode
from emulator.protocols.websocket_wire import client_of

MANY = 20


class Listener:
    """Who is told what happens on a connection."""

    def __init__(self) -> None:
        self.there = asyncio.Event()
        self.gone = asyncio.Event()

    def accepted(self) -> None:
        self.there.set()

    def opened(self) -> None:
        self.there.set()

    def received(self, message: object) -> None:
        pass

    def lost(self, reason: str) -> None:
        self.gone.set()


def cut(transport: asyncio.BaseTransport | None) -> None:
    """The network is gone: what is written from now on fails."""
    assert transport is not None
    transport.get_extra_info("socket").shutdown(socket.SHUT_RDWR)


def repeatedly(say: Callable[[], object], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "asyncio"):
        for _ in range(MANY):
            say()
    assert not caplog.records


async def test_mqtt(caplog: pytest.LogCaptureFixture) -> None:
    async with BuiltinBroker("127.0.0.1", 0) as broker:
        listener = Listener()
        connection = mqtt_client.Connection(BrokerAccess(host="127.0.0.1", port=broker.port), listener)
        await connection.open()
        await listener.there.wait()
        cut(connection._transport)
        repeatedly(lambda: connection.publish([Publish(topic="a", payload=b"b")]), caplog)
        await listener.gone.wait()
        await connection.over


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Any WebSocket's client is let in."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: %s\r\n\r\n" % ACCEPT
    )
    await reader.read()
    writer.close()


ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


@pytest.mark.parametrize("raw", [False, True])
async def test_websocket(caplog: pytest.LogCaptureFixture, raw: bool) -> None:
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        listener = Listener()
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        wire, where = client_of(url, (), {}, listener)
        assert wire.handshake is not None
        wire.handshake.headers["Sec-WebSocket-Key"] = "dGhlIHNhbXBsZSBub25jZQ=="
        wire.protocol.key = "dGhlIHNhbXBsZSBub25jZQ=="  # type: ignore[union-attr]
        await asyncio.get_running_loop().create_connection(lambda: wire, where.host, where.port)
        await listener.there.wait()
        cut(wire._transport)
        repeatedly(lambda: wire.send_bytes(b"x") if raw else wire.send("x"), caplog)
        await listener.gone.wait()
        await wire.over


async def test_a_broker_that_never_reads_is_not_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_client, "MAX_BUFFERED", 2**14)
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    listening.bind(("127.0.0.1", 0))

    async def deaf(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(encode(Connack()))
        flood = b"".join(encode(Message(topic="a", payload=b"b", qos=1, packet_id=number)) for number in range(1, 5000))
        try:
            while True:
                writer.write(flood)
                await writer.drain()
        except ConnectionError:
            writer.close()

    async with await asyncio.start_server(deaf, sock=listening, limit=2**10):
        listener = Listener()
        access = BrokerAccess(host="127.0.0.1", port=listening.getsockname()[1])
        connection = mqtt_client.Connection(access, listener)
        await connection.open()
        transport = connection._transport
        assert transport is not None
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        async with asyncio.timeout(30):
            while transport.is_reading() or not connection._paused:  # noqa: ASYNC110 - passes of the loop are waited for
                await asyncio.sleep(0)
        for _ in range(200):
            await asyncio.sleep(0)
        assert transport.get_write_buffer_size() < 2**17
        connection.abort()
        await connection.over
