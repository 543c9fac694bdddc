"""The UDP server: who is answered where, when, and what is not answered at all."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support_modbus import PATIENCE, Box, advance, box, charge, entries, power_cut, power_up

from emulator.devices.interfaces import Datagram
from emulator.errors import PortTaken
from emulator.protocols.push import moved
from emulator.protocols.server import Endpoint
from emulator.protocols.udp import UdpServer, readable


class Client(asyncio.DatagramProtocol):
    """A client's socket."""

    def __init__(self) -> None:
        self.inbox: asyncio.Queue[tuple[bytes, tuple[str, int]]] = asyncio.Queue()
        self.transport: asyncio.DatagramTransport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.inbox.put_nowait((data, addr))

    @property
    def port(self) -> int:
        port: int = self.transport.get_extra_info("sockname")[1]
        return port

    def send(self, data: bytes, server: UdpServer, *, host: str | None = None) -> None:
        self.transport.sendto(data, (host or server.endpoint.host, server.endpoint.port))

    async def receive(self) -> tuple[bytes, tuple[str, int]]:
        async with asyncio.timeout(PATIENCE):
            return await self.inbox.get()


@asynccontextmanager
async def client(host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Client]:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(
        Client, local_addr=(host, port), allow_broadcast=True, family=socket.AF_INET
    )
    protocol.transport = transport
    try:
        yield protocol
    finally:
        transport.close()
        await asyncio.sleep(0)


@asynccontextmanager
async def serve(made: Box, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[UdpServer]:
    async with UdpServer(Endpoint(made, "udp", host=host, port=port)) as server:
        yield server


async def test_the_sender_is_answered_from_the_port_it_asked() -> None:
    made = box()
    async with serve(made) as server, client() as asker:
        asker.send(b"report 1", server)
        assert await asker.receive() == (b"echo report 1", ("127.0.0.1", server.endpoint.port))
        ((data, origin),) = made.datagrams
        assert data == b"report 1"
        assert origin.client == f"127.0.0.1:{asker.port}"
    (entry,) = entries(made, "request")
    assert (entry.name, entry.interface, entry.seq) == ("report 1", "udp", origin.cause)
    assert entry.detail == {"data": "report 1", "replies": ["echo report 1"]}


async def test_a_reply_can_go_to_another_port_of_the_sender() -> None:
    made = box()
    async with serve(made, "127.0.1.7") as server:
        port = server.endpoint.port
        async with client("127.0.0.1", port) as listener, client("127.0.0.1") as asker:
            made.replies = [Datagram(data=b"there", port=port)]
            asker.send(b"i", server)
            assert await listener.receive() == (b"there", ("127.0.1.7", port))
            assert asker.inbox.empty()


async def test_a_reply_can_go_to_another_host_and_be_one_of_many() -> None:
    made = box()
    async with serve(made) as server, client() as asker, client("127.0.0.9") as other:
        made.replies = [Datagram(data=b"one"), Datagram(data=b"two", host="127.0.0.9", port=other.port)]
        asker.send(b"i", server)
        assert (await asker.receive())[0] == b"one"
        assert (await other.receive())[0] == b"two"


async def test_a_late_reply_is_overtaken() -> None:
    made = box()
    async with serve(made) as server, client() as asker:
        made.replies = [Datagram(data=b"late", delay=0.02), Datagram(data=b"soon", delay=0.01), Datagram(data=b"now")]
        asker.send(b"i", server)
        assert [(await asker.receive())[0] for _ in range(3)] == [b"now", b"soon", b"late"]


async def test_what_is_late_dies_with_the_box() -> None:
    made = box()
    async with serve(made) as server, client() as asker:
        made.replies = [Datagram(data=b"late", delay=3600.0), Datagram(data=b"now")]
        asker.send(b"i", server)
        await asker.receive()
        power_cut(made)
        assert not server._late
        await server.settle()
        assert not server.listening
        port = server.endpoint.port
        power_up(made)
        advance(made, 60)
        await server.settle()
        assert server.endpoint.port == port
        made.replies = []
        asker.send(b"again", server)
        assert (await asker.receive())[0] == b"echo again"


async def test_our_mistake_is_silence(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL + 1)
    async with serve(box()) as server, client() as asker:
        asker.send(b"break", server)
        asker.send(b"fine", server)
        assert (await asker.receive())[0] == b"echo fine"


async def test_what_cannot_be_sent_is_lost(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL + 1)
    made = box()
    async with serve(made) as server, client() as asker:
        made.replies = [Datagram(data=b"x" * 70_000), Datagram(data=b"x", port=70_000), Datagram(data=b"fits")]
        asker.send(b"i", server)
        assert (await asker.receive())[0] == b"fits"


async def test_pushes_follow_changes_and_the_period() -> None:
    made = box()
    async with serve(made) as server, client() as listener:
        made.pushes = [Datagram(data=b'{"State": 3}', host="127.0.0.1", port=listener.port)]
        made.changed()
        assert await listener.receive() == (b'{"State": 3}', ("127.0.0.1", server.endpoint.port))
        before = len(entries(made, "push"))
        advance(made, 10)
        moved(made.simulation)
        assert (await listener.receive())[0] == b'{"State": 3}'
        assert len(entries(made, "push")) == before + 1
        assert entries(made, "push")[-1].client == f"127.0.0.1:{listener.port}"


async def test_a_push_without_a_host_goes_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL + 1)
    made = box()
    async with serve(made):
        made.pushes = [Datagram(data=b"lost")]
        made.changed()
    assert not entries(made, "push")


async def test_broadcasts_reach_every_box_and_each_answers_for_itself() -> None:
    one = box()
    two = box("carport", one.simulation)
    for made in (one, two):
        made.shape("udp", broadcast=True)
    async with serve(one, "127.0.1.7") as first, client() as asker, serve(two, "127.0.1.8", first.endpoint.port):
        asker.send(b"i", first, host="127.255.255.255")
        senders = {(await asker.receive())[1][0] for _ in range(2)}
    assert senders == {"127.0.1.7", "127.0.1.8"}


async def test_a_taken_port_is_a_clear_error() -> None:
    async with serve(box()) as server:
        with pytest.raises(PortTaken, match="interface udp"):
            async with serve(box(), port=server.endpoint.port):
                pass


async def test_another_box_takes_over() -> None:
    old, new = box(), box()
    charge(new)
    async with serve(old) as server, client() as asker:
        port = server.endpoint.port
        server.attach(new)
        await server.settle()
        assert server.endpoint.port == port
        asker.send(b"i", server)
        await asker.receive()
    assert not old.datagrams
    assert new.datagrams


async def test_an_empty_datagram_is_a_datagram() -> None:
    made = box()
    async with serve(made) as server, client() as asker:
        with socket.socket(type=socket.SOCK_DGRAM) as sock:
            sock.sendto(b"", (server.endpoint.host, server.endpoint.port))
        asker.send(b"i", server)
        await asker.receive()
    assert [data for data, _ in made.datagrams] == [b"", b"i"]


@given(st.lists(st.binary(min_size=1, max_size=2000), max_size=10))
def test_garbage_never_raises(parts: list[bytes]) -> None:
    async def run() -> None:
        async with serve(box()) as server, client() as asker:
            for part in parts:
                asker.send(part, server)
                assert (await asker.receive())[0] == b"echo " + part

    asyncio.run(run())


@settings(deadline=None)
@given(st.binary(max_size=100))
def test_the_journal_can_name_any_bytes(data: bytes) -> None:
    assert readable(data).isprintable()
