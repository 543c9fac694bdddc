"""The WebSocket endpoints: independent clients, bare bytes, and clients that do not read."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import PATIENCE, Box, Raw, advance, box, entries, plug_in, power_cut, raw, serve, url, when
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from emulator.core.instant import HOUR
from emulator.devices.interfaces import Close, HttpReply
from emulator.protocols.frames import FrameError, FrameReader, Message, Opcode, encode_close, encode_frame, unmask
from emulator.protocols.http import HttpServer
from emulator.protocols.quick import Quick

UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: box\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
FIRST = ["hello", "limit 16 power 0"]


def masked(first: int, payload: bytes, *, mask: bytes = b"\x01\x02\x03\x04") -> bytes:
    """One frame as a client sends it; `first`: its first byte."""
    size = len(payload)
    length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    if size >= 65_536:
        length = b"\xff" + size.to_bytes(8, "big")
    return bytes((first,)) + length + mask + unmask(payload, mask)


@asynccontextmanager
async def client(server: HttpServer, **options: object) -> AsyncIterator[ClientConnection]:
    """An independent client that has heard the greeting."""
    async with connect(url(server, "ws", "/ws"), **options) as connected:  # type: ignore[arg-type]
        assert [await hear(connected) for _ in FIRST] == FIRST
        yield connected


async def hear(connected: ClientConnection) -> str | bytes:
    async with asyncio.timeout(PATIENCE):
        return await connected.recv()


async def hang_up(connected: ClientConnection) -> tuple[int | None, str]:
    """How the connection ended: the close code that was received, or None when it just broke."""
    try:
        while True:
            await hear(connected)
    except ConnectionClosed as end:
        return (None, "") if end.rcvd is None else (end.rcvd.code, end.rcvd.reason)


@asynccontextmanager
async def opened(server: HttpServer) -> AsyncIterator[Raw]:
    """Bare bytes after the handshake."""
    async with raw(server, limit=1 << 24) as connected:
        connected.send(UPGRADE)
        await connected.until(b"\r\n\r\n")
        yield connected


# --- the handshake ---------------------------------------------------------------------------------------------------


async def test_the_handshake_byte_for_byte() -> None:
    async with serve(box()) as server, raw(server) as connected:
        connected.send(UPGRADE)
        assert await connected.until(b"\r\n\r\n") == (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
        )
        assert await connected.exactly(7) == b"\x81\x05hello"


async def test_frames_right_behind_the_handshake_are_heard() -> None:
    async with serve(box()) as server, raw(server) as connected:
        connected.send(UPGRADE + masked(0x81, b"hi"))
        await connected.until(b"\x81\x07echo hi")


async def test_an_upgrade_in_pieces_becomes_the_same_web_socket() -> None:
    made = box()
    async with serve(made) as server, raw(server) as connected:
        connected.send(UPGRADE[:30])
        await when(lambda: any(not isinstance(each, Quick) for each in server.connections))
        connected.send(UPGRADE[30:])
        await connected.until(b"\x81\x05hello")
        assert dict(server.clients) == {"http": 0, "websocket": 1}
        connected.send(masked(0x81, b"hi"))
        await connected.until(b"\x81\x07echo hi")
        connected.writer.close()
        await when(lambda: not server.connections)
    assert made.talks[0].over


async def test_frames_before_a_late_handshake_are_heard_after_it() -> None:
    made = box()
    made.shape_websocket(before=lambda _: HttpReply(status=101, delay=0.05))
    async with serve(made) as server, raw(server) as connected:
        connected.send(UPGRADE)
        await when(lambda: bool(entries(made, "request", "GET /ws")))
        connected.send(masked(0x81, b"hi"))
        assert (await connected.until(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        await connected.until(b"\x81\x07echo hi")


async def test_the_box_may_refuse_the_upgrade() -> None:
    made = box()
    made.shape_websocket(before=lambda _: HttpReply(status=403, body=b"no"))
    async with serve(made) as server:
        with pytest.raises(InvalidStatus, match="403"):
            await connect(url(server, "ws", "/ws"))
        made.shape(before=lambda _: HttpReply(status=401, headers=(("WWW-Authenticate", "Digest"),)))
        with pytest.raises(InvalidStatus, match="401"):
            await connect(url(server, "ws", "/ws"))
    assert [entry.detail["status"] for entry in entries(made, "request", "GET /ws")] == [403, 401]


async def test_a_refused_upgrade_leaves_the_connection_usable() -> None:
    made = box()
    made.shape_websocket(before=lambda _: HttpReply(status=401))
    async with serve(made) as server, raw(server) as connected:
        for _ in range(2):
            connected.send(UPGRADE)
            assert (await connected.reply())[0] == 401
        connected.send(b"GET /status HTTP/1.1\r\nHost: box\r\n\r\n")
        assert (await connected.reply())[0] == 200


async def test_other_paths_and_plain_requests_are_ordinary() -> None:
    async with serve(box()) as server, raw(server) as connected:
        connected.send(UPGRADE.replace(b"/ws", b"/status"))
        assert (await connected.reply())[0] == 200
        connected.send(b"GET /ws HTTP/1.1\r\nHost: box\r\n\r\n")
        assert (await connected.reply())[0] == 404


# --- conversations ---------------------------------------------------------------------------------------------------


async def test_a_conversation_with_an_independent_client() -> None:
    made = box()
    async with serve(made) as server, client(server) as connected:
        await connected.send("a")
        await connected.send(b"\x00\xff" * 32_768)
        await connected.send(["frag", "ment", "ed"])
        assert await hear(connected) == "echo a"
        assert await hear(connected) == b"\x00\xff" * 32_768
        assert await hear(connected) == "echo fragmented"
        async with asyncio.timeout(PATIENCE):
            await (await connected.ping())
    await when(lambda: made.talks[0].over)


async def test_a_conversation_with_aiohttp() -> None:
    async with serve(box()) as server, aiohttp.ClientSession() as http, http.ws_connect(url(server, path="/ws")) as ws:
        await ws.receive_str()
        await ws.receive_str()
        await ws.send_str("a")
        assert await ws.receive_str() == "echo a"
        await ws.close(code=4005)
        assert ws.close_code == 4005


async def test_a_write_is_answered_before_what_it_changed_is_announced() -> None:
    made = box()
    async with serve(made) as server, client(server) as one, client(server) as other:
        await one.send("set 10")
        assert await hear(one) == "response True"
        assert await hear(one) == "0 limit 10 power 0"
        assert await hear(other) == "0 limit 10 power 0"
    [request] = entries(made, "request", "/ws received")
    assert request.interface == "websocket"
    assert request.detail == {"size": 6, "frame": "set 10", "replies": ["response True"]}
    assert [entry.cause for entry in entries(made, "command", "set_limit")][-1] == request.seq
    assert {entry.cause for entry in entries(made, "push")} <= {None, request.seq, request.seq + 1, request.seq + 2}


async def test_the_box_ends_a_conversation() -> None:
    async with serve(box()) as server, client(server) as connected:
        await connected.send("bye")
        assert await hear(connected) == "last"
        assert await hang_up(connected) == (4001, "as you wish")


async def test_a_mistake_of_ours_ends_one_connection_only(caplog: pytest.LogCaptureFixture) -> None:
    async with serve(box()) as server, client(server) as one, client(server) as other:
        with caplog.at_level(logging.ERROR):
            await one.send("break")
            assert await hang_up(one) == (None, "")
        await other.send("a")
        assert await hear(other) == "echo a"
    assert "a mistake of ours" in caplog.text


# --- publications ----------------------------------------------------------------------------------------------------


async def test_changes_are_pushed_with_their_instants_during_a_jump() -> None:
    made = box()
    async with serve(made) as server, client(server) as connected:
        plug_in(made)
        advance(made, 3600.0)
        heard = [str(await hear(connected))]
        while not heard[-1].startswith(str(HOUR)):
            heard.append(str(await hear(connected)))
    instants = [int(line.partition(" ")[0]) for line in heard]
    assert instants == sorted(instants)
    assert any(not line.endswith("power 0") for line in heard)
    assert len(heard) <= len(made.published)
    [opened_entry] = entries(made, "connection", "/ws opened")
    assert opened_entry.at == 0
    assert any(entry.cause is not None for entry in entries(made, "push"))


async def test_clients_that_come_later_are_told_only_what_is_new() -> None:
    made = box()
    async with serve(made) as server, client(server):
        advance(made, 100.0)
        async with client(server) as late:
            made.write("limit", 8.0, server.endpoint.origin(None))
            assert await hear(late) == "100000000 limit 8 power 0"


async def test_nobody_is_asked_when_nobody_listens() -> None:
    made = box()
    async with serve(made) as server:
        async with client(server):
            advance(made, 10.0)
        await when(lambda: made.talks[0].over)
        asked = len(made.published)
        advance(made, 3600.0)
    assert len(made.published) == asked


# --- slow, broken and silent clients ---------------------------------------------------------------------------------


@asynccontextmanager
async def deaf(made: Box, server: HttpServer) -> AsyncIterator[socket.socket]:
    """A client that has opened a WebSocket and reads nothing."""
    loop = asyncio.get_running_loop()
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.setblocking(False)
        await loop.sock_connect(sock, (server.endpoint.host, server.endpoint.port))
        await loop.sock_sendall(sock, UPGRADE)
        await when(lambda: bool(made.talks))
        yield sock


async def flood(made: Box, condition: Callable[[], bool]) -> None:
    """Changes, until the condition holds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            made.changed()
            await asyncio.sleep(0)


async def test_a_client_that_does_not_read_gets_merged_news_and_costs_little() -> None:
    made = box()
    made.chatty, made.padding = True, 10_000
    made.shape_websocket(send_queue=16, stall_timeout=1000.0)
    async with serve(made) as server, deaf(made, server) as sock:
        [connection] = server.connections
        transport = connection.transport
        assert transport is not None
        await flood(made, lambda: transport.get_write_buffer_size() > 0)
        for _ in range(1000):
            made.changed()
        assert transport.get_write_buffer_size() < 40 * 10_000
        told = len(made.published)
        advance(made, 50.0)
        assert len(made.published) == told
        reader, writer = await asyncio.open_connection(sock=sock, limit=1 << 24)
        await Raw(reader, writer).until(b"%d limit" % 50_000_000)
        assert len(made.published) == told + 1
        writer.close()
        await writer.wait_closed()


async def test_a_client_that_never_reads_is_dropped_without_disturbing_others() -> None:
    made = box()
    made.chatty, made.padding = True, 10_000
    made.shape_websocket(send_queue=16, stall_timeout=1.0)  # longer than the other one may be held up
    async with serve(made) as server, deaf(made, server), client(server, max_queue=None) as connected:
        await flood(made, lambda: made.talks[0].over)
        await connected.send("still here")
        while await hear(connected) != "echo still here":
            pass
    assert [entry.detail for entry in entries(made, "connection", "/ws dropped")] == [{"why": "reads too slowly"}]


async def test_a_client_that_asks_but_does_not_read_is_not_served_further() -> None:
    made = box()
    made.shape_websocket(send_queue=16, stall_timeout=0.05)
    async with serve(made) as server, deaf(made, server) as sock:
        with suppress(ConnectionError):
            async with asyncio.timeout(PATIENCE):
                while True:
                    await asyncio.get_running_loop().sock_sendall(sock, masked(0x81, b"many 100") * 10)
        await when(lambda: made.talks[0].over)
    assert len(entries(made, "request", "/ws received")) < 1000


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x81\x02hi", 1002),  # not masked
        (masked(0xC1, b"hi"), 1002),  # reserved bit
        (masked(0x83, b"hi"), 1002),  # unknown opcode
        (masked(0x80, b"hi"), 1002),  # continues nothing
        (masked(0x01, b"hi") + masked(0x81, b"hi"), 1002),  # a new message within one
        (masked(0x09, b""), 1002),  # a fragmented ping
        (masked(0x89, b"x" * 126), 1002),  # a long ping
        (masked(0x81, b"\xff"), 1007),
        (masked(0x81, b"x" * 1001), 1009),
        (masked(0x01, b"x" * 600) + masked(0x80, b"x" * 600), 1009),
        (b"\x81\xff" + b"\xff" * 12, 1009),
    ],
)
async def test_broken_frames_are_closed_with_their_code(data: bytes, code: int) -> None:
    made = box()
    made.shape_websocket(max_message=1000)
    async with serve(made) as server, client(server) as other, opened(server) as connected:
        connected.send(data)
        await connected.until(b"\x88")
        size = (await connected.exactly(1))[0]
        assert int.from_bytes((await connected.exactly(size))[:2], "big") == code
        await other.send("a")
        assert await hear(other) == "echo a"


@settings(max_examples=50, deadline=None)
@given(
    chunks=st.lists(
        st.one_of(
            st.binary(max_size=100), st.sampled_from([masked(0x81, b"x"), masked(0x81, b"abc")[:-1], b"\x88\x80"])
        ),
        max_size=6,
    )
)
def test_no_bytes_disturb_another_client(chunks: list[bytes]) -> None:
    async def play() -> None:
        made = box()
        async with serve(made) as server, client(server) as other, opened(server) as connected:
            for chunk in chunks:
                connected.send(chunk)
            await other.send("a")
            assert await hear(other) == "echo a"
            connected.send(b"", end=True)
            await connected.rest()
            await other.send("b")
            assert await hear(other) == "echo b"
            await when(lambda: made.talks[1].over)

    asyncio.run(play())


async def test_many_messages_at_once_let_others_have_their_turn() -> None:
    made = box()
    async with serve(made) as server, client(server) as other, opened(server) as connected:
        connected.send(masked(0x81, b"x") * 2000)
        await other.send("a")
        while await hear(other) != "echo a":
            pass
        assert len(entries(made, "request", "/ws received")) < 2000
        connected.send(masked(0x81, b"end"))
        await connected.until(b"echo end")
    assert len(entries(made, "request", "/ws received")) == 2002


async def test_what_follows_a_broken_frame_is_thrown_away() -> None:
    made = box()
    async with serve(made) as server, opened(server) as connected:
        connected.send(masked(0x83, b""))
        await connected.until(b"\x88")
        for _ in range(10):
            connected.send(b"\x81" * 10_000)
            await connected.writer.drain()
    assert len(entries(made, "connection", "/ws broken")) == 1


async def test_half_sent_frames_time_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.protocols.channel.HALF_SENT", 0.02)
    async with serve(box()) as server, client(server) as other, opened(server) as connected:
        connected.send(masked(0x81, b"hello")[:-1])
        await connected.rest()
        await other.send("a")
        assert await hear(other) == "echo a"


async def test_a_client_that_does_not_answer_a_close_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.protocols.channel.CLOSE_GRACE", 0.02)
    async with serve(box()) as server, opened(server) as connected:
        connected.send(masked(0x81, b"bye"))
        assert (await connected.rest()).endswith(b"\x81\x04last" + encode_close(4001, "as you wish"))


# --- pings -----------------------------------------------------------------------------------------------------------


async def test_pings_run_on_wall_time_even_while_the_clock_is_frozen() -> None:
    made = box()
    made.shape_websocket(ping=0.02, pong_timeout=3.0)  # longer than the one that is alive may be held up
    async with serve(made) as server, client(server) as alive, opened(server) as dead:
        assert (await dead.rest()).count(b"\x89\x00") >= 1
        await alive.send("a")
        assert await hear(alive) == "echo a"
    assert [entry.detail for entry in entries(made, "connection", "/ws dropped")] == [{"why": "no pong"}]


# --- many clients ----------------------------------------------------------------------------------------------------


async def test_one_client_too_many_is_refused() -> None:
    made = box()
    made.shape_websocket(max_clients=2)
    async with serve(made) as server, client(server), client(server):
        with pytest.raises(InvalidStatus, match="503"):
            await connect(url(server, "ws", "/ws"))


async def test_or_takes_the_place_of_the_one_that_was_silent_for_longest() -> None:
    made = box()
    made.shape_websocket(max_clients=2, when_full="evict_oldest")
    async with serve(made) as server, client(server) as first, client(server) as second:
        await first.pong()
        await first.send("a")
        assert await hear(first) == "echo a"
        async with client(server) as third:
            assert await hang_up(second) == (None, "")
            for connected in (first, third):
                await connected.send("a")
                assert await hear(connected) == "echo a"
    assert len(entries(made, "connection", "/ws evicted")) == 1


# --- the box's life --------------------------------------------------------------------------------------------------


async def test_a_power_cut_breaks_connections() -> None:
    made = box()
    async with serve(made) as server, client(server) as connected:
        power_cut(made)
        assert await hang_up(connected) == (None, "")
        assert made.talks[0].over


async def test_a_box_may_say_farewell() -> None:
    made = box()
    made.shape_websocket(farewell=lambda: Close(1001, "ESP reboot"))
    async with serve(made) as server, client(server) as connected:
        await connected.send("reboot")
        assert await hear(connected) == "rebooting"
        assert await hang_up(connected) == (1001, "ESP reboot")


async def test_closing_the_server_ends_conversations() -> None:
    made = box()
    async with serve(made) as server:
        connected = await connect(url(server, "ws", "/ws"))
    assert await hang_up(connected) == (None, "")
    assert made.talks[0].over


async def test_after_a_reset_the_new_world_knows_nothing_of_old_connections() -> None:
    old, new = box(), box()
    async with serve(old) as server, client(server) as connected:
        server.attach(new)
        assert await hang_up(connected) == (None, "")
        assert list(new.simulation.journal) == entries(new, "command")
        async with client(server) as again:
            new.write("limit", 7.0, server.endpoint.origin(None))
            assert await hear(again) == "0 limit 7 power 0"


# --- frames without a socket -----------------------------------------------------------------------------------------


@given(payloads=st.lists(st.binary(max_size=300), max_size=5), cuts=st.lists(st.integers(1, 50)))
def test_frames_come_out_as_they_went_in_however_they_are_cut(payloads: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(masked(0x82, payload) for payload in payloads)
    reader = FrameReader(1000)
    found: list[Message] = []
    for cut in [*cuts, len(stream)]:
        piece, stream = stream[:cut], stream[cut:]
        reader.feed(piece)
        while (message := reader.next()) is not None:
            found.append(message)
    assert found == [Message(Opcode.BINARY, payload) for payload in payloads]
    assert reader.buffered == 0


@given(data=st.binary(max_size=500))
def test_a_reader_takes_any_bytes(data: bytes) -> None:
    reader = FrameReader(100)
    reader.feed(data)
    with suppress(FrameError):
        while reader.next() is not None:
            pass


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_frames_of_every_length_form(size: int) -> None:
    frame = encode_frame(Opcode.TEXT, b"x" * size)
    assert len(frame) == size + (2 if size < 126 else 4 if size < 65_536 else 10)
    assert frame.endswith(b"x" * size)


def test_a_close_reason_is_cut_at_a_whole_character() -> None:
    assert len(encode_close(1000, "ä" * 100)) == 2 + 2 + 122
