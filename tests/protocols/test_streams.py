"""A stream is to a protocol what a transport of asyncio's is: the same story is played on both."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import pytest

from emulator.protocols.listening import Listening, listen
from emulator.protocols.streams import Stream

LARGE: Final = bytes(range(256)) * 40_000
"""More than the buffers of both ends take."""


class Witness(asyncio.Protocol):
    """Writes down what it is told."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.told: list[object] = []
        self.begun = asyncio.Event()
        self.over = asyncio.Event()
        self.paused = asyncio.Event()
        self.ended = asyncio.Event()
        self.stays_half_open = False
        self.fails = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.told.append("made")
        self.begun.set()

    def data_received(self, data: bytes) -> None:
        self.told.append(data)
        if self.fails:
            raise LookupError("of ours")
        if data == b"bye":
            self.transport.write(b"good")
            self.transport.close()
            self.transport.write(b"never said")
            self.told.append(("closing", self.transport.is_closing()))

    def eof_received(self) -> bool:
        self.told.append("end")
        self.ended.set()
        return self.stays_half_open

    def pause_writing(self) -> None:
        self.told.append("pause")
        self.paused.set()

    def resume_writing(self) -> None:
        self.told.append("resume")

    def connection_lost(self, exc: Exception | None) -> None:
        self.told.append(("lost", type(exc)))
        self.over.set()


Story = Callable[[Witness, socket.socket], Awaitable[object]]


async def everything(client: socket.socket) -> bytes:
    """What the client reads until the end; what it read until then if that is a reset."""
    loop, found = asyncio.get_running_loop(), bytearray()
    with suppress(ConnectionResetError):
        while data := await loop.sock_recv(client, 1 << 16):
            found += data
    return bytes(found)


async def said(client: socket.socket, data: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(client, data)


async def a_question(witness: Witness, client: socket.socket) -> object:
    await said(client, b"bye")
    return await everything(client)


async def a_client_that_leaves(witness: Witness, client: socket.socket) -> object:
    await said(client, b"hello")
    client.shutdown(socket.SHUT_WR)
    return await everything(client)


async def half_a_connection(witness: Witness, client: socket.socket) -> object:
    witness.stays_half_open = True
    client.shutdown(socket.SHUT_WR)
    await witness.ended.wait()
    witness.transport.write(b"still here")
    witness.transport.close()
    return await everything(client)


async def a_slow_reader(witness: Witness, client: socket.socket) -> object:
    witness.transport.write(LARGE)
    waits = witness.transport.get_write_buffer_size() > 0
    witness.transport.close()
    return waits, await everything(client) == LARGE


async def a_large_reply(witness: Witness, client: socket.socket) -> object:
    witness.transport.set_write_buffer_limits(high=1000)
    witness.transport.writelines([LARGE, b"!"])
    got = bytearray()
    while len(got) <= len(LARGE):
        got += await asyncio.get_running_loop().sock_recv(client, 1 << 16)
    witness.transport.close()
    return len(got), await everything(client)


async def a_last_word(witness: Witness, client: socket.socket) -> object:
    witness.transport.write(LARGE)
    witness.transport.write_eof()
    found = len(await everything(client))
    client.shutdown(socket.SHUT_WR)
    return found


async def an_abort_while_writing(witness: Witness, client: socket.socket) -> object:
    witness.transport.write(LARGE)
    await witness.paused.wait()
    witness.transport.abort()
    witness.transport.abort()
    return witness.transport.get_write_buffer_size()


async def a_pause(witness: Witness, client: socket.socket) -> object:
    witness.transport.pause_reading()
    await said(client, b"bye")
    reading = witness.transport.is_reading()
    await asyncio.get_running_loop().run_in_executor(None, client.fileno)  # some passes of the loop
    witness.told.append("goes on")
    witness.transport.resume_reading()
    return reading, await everything(client)


async def another_protocol(witness: Witness, client: socket.socket) -> object:
    other = Witness()
    other.transport = witness.transport
    witness.transport.set_protocol(other)
    taken = witness.transport.get_protocol() is other
    await said(client, b"bye")
    found = await everything(client)
    await other.over.wait()
    witness.over.set()
    return found, other.told, taken


async def a_mistake_of_ours(witness: Witness, client: socket.socket) -> object:
    heard: list[type] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, told: heard.append(type(told["exception"])))
    witness.fails = True
    await said(client, b"bye")
    found = await everything(client)
    await witness.over.wait()
    return found, heard


async def a_reset(witness: Witness, client: socket.socket) -> object:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()
    return None


async def where_it_is(witness: Witness, client: socket.socket) -> object:
    about = witness.transport.get_extra_info
    found = about("peername") == client.getsockname(), about("sockname") == client.getpeername(), about("nothing", 5)
    nodelay = about("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
    witness.transport.abort()
    return found, nodelay, about("sslcontext")


STORIES: Final = (
    a_question,
    a_client_that_leaves,
    half_a_connection,
    a_slow_reader,
    a_large_reply,
    a_last_word,
    an_abort_while_writing,
    a_pause,
    another_protocol,
    a_mistake_of_ours,
    a_reset,
    where_it_is,
)


async def played(story: Story, *, ours: bool) -> tuple[object, list[object]]:
    """What a story comes to, and what the protocol was told."""
    witness = Witness()
    loop = asyncio.get_running_loop()
    listening: Listening | asyncio.Server
    if ours:
        listening = mine = await listen(lambda: witness, "127.0.0.1", 0)
        port = mine.port
    else:
        listening = theirs = await loop.create_server(lambda: witness, "127.0.0.1", 0)
        port = theirs.sockets[0].getsockname()[1]
    try:
        with socket.socket() as client:
            client.setblocking(False)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)  # else it grows with what comes
            await loop.sock_connect(client, ("127.0.0.1", port))
            await witness.begun.wait()
            assert isinstance(witness.transport, Stream) is ours
            found = await story(witness, client)
            await witness.over.wait()
    finally:
        listening.close()
        loop.set_exception_handler(None)
    return found, witness.told


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
async def test_a_stream_is_as_a_transport_of_asyncio(story: Story) -> None:
    assert await played(story, ours=True) == await played(story, ours=False)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
async def test_every_address_of_a_host_is_listened_at(host: str) -> None:
    if host == "::1" and not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    listening = await listen(Witness, host, 0)
    with socket.create_connection((host, listening.port)):
        listening.close()


async def test_a_port_that_is_taken_is_said_and_nothing_is_left() -> None:
    listening = await listen(Witness, "127.0.0.1", 0)
    with pytest.raises(OSError, match="in use"):
        await listen(Witness, "127.0.0.1", listening.port)
    listening.close()
    (await listen(Witness, "127.0.0.1", listening.port)).close()
