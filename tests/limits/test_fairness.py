"""One client that sends as much as it can, and a neighbour that asks one thing at a time.

No wall clock is looked at: what counts is how many of the greedy client's messages come between a question of the
neighbour and its answer.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import pairwise
from typing import Any

import aiohttp
import pytest

from emulator.protocols.broker_builtin import BuiltinBroker
from emulator.protocols.modbus_frames import Frame
from emulator.protocols.mqtt_exchange import MOST_SUBSCRIPTIONS
from emulator.protocols.mqtt_packets import Connect, Decoder, Message, Packet, Suback, Subscribe, encode
from emulator.protocols.mqtt_session import MOST_HELD, MOST_HELD_IN_ALL
from emulator.protocols.server import Server
from emulator.protocols.turns import HELPING, Turn
from emulator.scenario.loader import loads
from emulator.service.emulator import Emulator, Options

MANY = 4000
"""Messages of the greedy client."""
BETWEEN = 12 * HELPING
"""Of these may come between a question and its answer: the question passes several callbacks of the event loop."""


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    scenario = loads("wallboxes: [warp, goe, {nrgkick: {interfaces: all}}]\nbroker: none")
    async with Emulator(scenario, Options(any_port=True, speed=0.0, announce=False)) as running:
        yield running


def where(emulator: Emulator, name: str) -> tuple[str, int]:
    server = emulator.servers[f"charger.{name}"]
    assert isinstance(server, Server)
    return server.endpoint.host, server.endpoint.port


@asynccontextmanager
async def greedy(where: tuple[str, int], first: bytes, data: bytes) -> AsyncIterator[asyncio.StreamReader]:
    """A client that has just sent `data` in one go, and goes on as fast as it is read."""
    reader, writer = await asyncio.open_connection(*where)
    writer.write(first)
    if first:
        await reader.readuntil(b"\r\n\r\n")
    writer.write(data)
    try:
        yield reader
    finally:
        writer.transport.abort()


def masked(text: bytes) -> bytes:
    return bytes((0x81, 0x80 | len(text), 0, 0, 0, 0)) + text


UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
GREEDY: dict[str, tuple[str, bytes, bytes]] = {
    "modbus": ("nrgkick.modbus", b"", Frame(1, 1, bytes.fromhex("0300C20001")).encode() * MANY),
    "http": ("goe.http", b"", b"GET /api/status?filter=amp HTTP/1.1\r\nHost: x\r\n\r\n" * MANY),
    "websocket": ("goe.http", UPGRADE, masked(b"{}") * MANY),
}


@pytest.mark.parametrize("protocol", GREEDY)
async def test_who_comes_new_is_answered_as_soon_as_it_is_taken_in(emulator: Emulator, protocol: str) -> None:
    name, first, data = GREEDY[protocol]
    async with greedy(where(emulator, name), first, data), greedy(where(emulator, name), first, data):
        for _ in range(20):
            with socket.create_connection(where(emulator, "goe.http")) as fresh:
                fresh.sendall(b"GET /api/status?filter=amp HTTP/1.1\r\nHost: x\r\n\r\n")
                fresh.setblocking(False)
                await asyncio.sleep(0)  # this pass of the loop has looked at its sockets already,
                await asyncio.sleep(0)  # and the next one sees that somebody has come
                assert fresh.recv(1000).startswith(b"HTTP/1.1 ")


async def test_a_storm_of_new_clients_is_taken_in_a_helping_at_a_time(emulator: Emulator) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(3 * HELPING):
            fresh = stack.enter_context(socket.create_connection(where(emulator, "goe.http")))
            fresh.sendall(b"GET /api/status?filter=amp HTTP/1.1\r\nHost: x\r\n\r\n")
        journal = emulator.simulation.journal
        counts = [journal.seq]
        while counts[-1] < counts[0] + 3 * HELPING:
            await asyncio.sleep(0)
            counts.append(journal.seq)
    assert max(after - before for before, after in pairwise(counts)) <= HELPING


@pytest.mark.parametrize("protocol", GREEDY)
async def test_a_neighbour_has_its_turn(emulator: Emulator, protocol: str) -> None:
    name, first, data = GREEDY[protocol]
    journal = emulator.simulation.journal
    async with aiohttp.ClientSession() as http:
        url = f"http://{':'.join(map(str, where(emulator, 'warp.http')))}/evse/external_current"
        async with http.get(url) as reply:  # a connection is there
            await reply.read()
        async with greedy(where(emulator, name), first, data):
            asked = 0
            while asked < 5:
                before = journal.seq
                async with http.get(url) as reply:
                    assert reply.status == 200
                asked += 1
                assert journal.seq - before < BETWEEN
    assert emulator.bugs.count == 0


async def test_nothing_is_lost_or_out_of_order(emulator: Emulator) -> None:
    frames = b"".join(Frame(number, 1, bytes.fromhex("0300C20001")).encode() for number in range(1000))
    reader, writer = await asyncio.open_connection(*where(emulator, "nrgkick.modbus"))
    writer.write(frames)
    writer.write_eof()
    answers = await reader.read()
    writer.close()
    assert [int.from_bytes(answers[at : at + 2]) for at in range(0, len(answers), 11)] == list(range(1000))


async def test_one_queue_for_all() -> None:
    order: list[str] = []

    def endless(name: str) -> Callable[[], bool]:
        def take() -> bool:
            order.append(name)
            return len(order) < 20 * HELPING

        return take

    turns = [Turn(endless(name)) for name in "abc"]
    for turn in turns:
        turn.go()
    while any(turn.waiting for turn in turns):  # noqa: ASYNC110 - passes of the loop are what is waited for
        await asyncio.sleep(0)
    heard = [name for name, before in zip(order, [None, *order], strict=False) if name != before]
    assert "".join(heard[:9]) == "abc" * 3


# --- the broker ------------------------------------------------------------------------------------------------------


class Client:
    """A client of the broker that says what it wants."""

    def __init__(self, broker: BuiltinBroker, **connect: Any) -> None:
        self._broker = broker
        self._connect = connect

    async def __aenter__(self) -> Client:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self._broker.port)
        self._decoder = Decoder()
        self._packets: list[Packet] = []
        self.send(Connect(**self._connect))
        await self.receive()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.transport.abort()

    def send(self, *packets: Packet) -> None:
        self.writer.write(b"".join(map(encode, packets)))

    async def receive(self) -> Packet:
        while not self._packets:
            self._packets += self._decoder.feed(await self.reader.read(65536))
        return self._packets.pop(0)


@pytest.fixture
async def broker() -> AsyncIterator[BuiltinBroker]:
    async with BuiltinBroker("127.0.0.1", 0) as running:
        for number in range(1500):
            running.exchange.publish(Message(topic=f"warp/{number}", payload=b"x" * 50, retain=True))
        yield running


@pytest.mark.parametrize("filters", [("#",) * 5000, tuple(f"+/{number}/#" for number in range(3000))])
async def test_many_filters_hold_up_nobody(broker: BuiltinBroker, filters: tuple[str, ...]) -> None:
    async with Client(broker, client_id="greedy") as one, Client(broker, client_id="neighbour") as other:
        passes = 0

        def count() -> None:
            nonlocal passes
            passes += 1
            loop.call_soon(count)

        loop = asyncio.get_running_loop()
        loop.call_soon(count)
        one.send(Subscribe(1, tuple((name, 0) for name in filters)))
        other.send(Subscribe(1, (("to/me", 0),)), Message(topic="to/me"))
        assert isinstance(await other.receive(), Suback)
        assert isinstance(await other.receive(), Message)
        assert 0 < passes < 200
        granted = await one.receive()
        assert isinstance(granted, Suback)
        distinct = len(set(filters))
        assert sum(code != 0x80 for code in granted.codes) == (5000 if distinct == 1 else MOST_SUBSCRIPTIONS)


@pytest.mark.parametrize("clean", [True, False])
async def test_a_subscriber_that_never_reads_costs_little(broker: BuiltinBroker, clean: bool) -> None:
    exchange = broker.exchange
    async with Client(broker, client_id="deaf", clean=clean) as deaf, Client(broker, client_id="loud") as loud:
        deaf.send(Subscribe(1, (("loud", 1),)))
        await deaf.receive()
        for number in range(400):
            loud.send(Message(topic="loud", payload=bytes(100_000), qos=1, packet_id=number + 1))
            await loud.receive()
        session = exchange.sessions["deaf"]
        assert 0 < session.held.used <= MOST_HELD
        assert session.together.used == session.held.used
        assert all(wire._transport.get_write_buffer_size() < 3_000_000 for wire in broker.wires)
    while broker.wires:  # noqa: ASYNC110 - passes of the loop are what is waited for
        await asyncio.sleep(0)
    assert session.together.used == (0 if clean else session.held.used)


async def test_what_is_retained_is_bounded(broker: BuiltinBroker) -> None:
    exchange = broker.exchange
    for number in range(2000):
        exchange.publish(Message(topic=f"{number}/" + "/" * 150, payload=bytes(100_000), retain=True))
    assert exchange._stored.used <= MOST_HELD_IN_ALL
    for number in range(2000):
        exchange.publish(Message(topic=f"{number}/" + "/" * 150, retain=True))
    for number in range(1500):
        exchange.publish(Message(topic=f"warp/{number}", retain=True))
    assert exchange._stored.used == 0


async def test_sessions_of_clients_that_are_away_are_bounded(broker: BuiltinBroker) -> None:
    for number in range(1100):
        async with Client(broker, client_id=f"away-{number}", clean=False):
            pass
    while broker.wires:  # noqa: ASYNC110 - passes of the loop are what is waited for
        await asyncio.sleep(0)
    assert list(broker.exchange.sessions) == [f"away-{number}" for number in range(100, 1100)]


async def test_a_client_that_never_reads_is_not_heard(broker: BuiltinBroker) -> None:
    async with Client(broker, client_id="deaf") as deaf:
        deaf.send(Subscribe(1, (("echo", 0),)))
        await deaf.receive()
        deaf.writer.write(encode(Message(topic="echo", payload=bytes(100_000))) * 400)
        wire = next(iter(broker.wires))
        while not wire.congested:  # noqa: ASYNC110 - passes of the loop are what is waited for
            await asyncio.sleep(0)
        assert not wire._transport.is_reading()
        assert wire._transport.get_write_buffer_size() < 2_000_000
        while not wire._transport.is_reading():  # it reads after all
            await deaf.receive()
