"""The Modbus server against an independent client, bare bytes, and garbage."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.client import AsyncModbusTcpClient
from support_modbus import (
    BROKEN,
    PATIENCE,
    REBOOT,
    advance,
    box,
    charge,
    entries,
    power_cut,
    power_up,
    raw,
    serve,
    until,
)

from emulator.devices.interfaces import ModbusReply
from emulator.protocols.modbus import ModbusServer
from emulator.protocols.modbus_answers import Answer
from emulator.protocols.modbus_frames import (
    NAMES,
    Asked,
    Frame,
    Framer,
    Framing,
    decode,
    encode,
    exception,
    pack_bits,
    unpack_bits,
)
from emulator.protocols.server import Endpoint

READ = "03 0064 0001"
"""Register 100, which holds the box's `scratch`."""

# --- framing, without sockets ----------------------------------------------------------------------------------------

FRAMES = st.builds(Frame, st.integers(0, 0xFFFF), st.integers(0, 0xFF), st.binary(min_size=1, max_size=253))


@given(frames=st.lists(FRAMES, max_size=8), data=st.data())
def test_frames_come_out_as_they_went_in_however_they_are_cut(frames: list[Frame], data: st.DataObject) -> None:
    stream = b"".join(frame.encode() for frame in frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    framer, found = Framer(), list[Frame]()
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += framer.feed(stream[start:end])
    assert found == frames
    assert not framer.pending
    assert framer.broken is None


@given(st.lists(st.binary(max_size=600), max_size=20))
def test_garbage_is_framed_or_ends_the_stream_and_is_never_hoarded(parts: list[bytes]) -> None:
    framer = Framer()
    for part in parts:
        for frame in framer.feed(part):
            assert 1 <= len(frame.pdu) <= 253
        assert len(framer._buffer) <= 260
        if framer.broken is not None:
            assert not framer.pending
            assert framer.feed(b"\0\1\0\0\0\2\1\3") == []


@pytest.mark.parametrize(
    ("head", "why"),
    [
        ("0001 0001 0006", "protocol identifier 1"),
        ("0001 0000 0000", "length 0"),
        ("0001 0000 0001", "length 1"),
        ("0001 0000 00FF", "length 255"),
        ("4745 5420 2F20", "protocol identifier 21536"),  # GET /
    ],
)
def test_a_stream_that_is_not_modbus_is_broken(head: str, why: str) -> None:
    framer = Framer()
    before = Frame(1, 1, b"\x03\0\0\0\1")
    assert framer.feed(before.encode() + bytes.fromhex(head)) == [before]
    assert framer.broken == why


def test_a_device_may_take_fewer_lengths() -> None:
    framer = Framer(Framing(shortest=6, longest=253))
    assert framer.feed(Frame(1, 1, bytes.fromhex("2B 0E 01 00")).encode()) == []
    assert framer.broken == "length 5"


# --- decoding --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pdu", "asked", "title"),
    [
        ("01 0010 07D0", Asked(1, 16, 2000), "read coils 16+2000"),
        ("02 0010 0001", Asked(2, 16, 1), "read discrete inputs 16+1"),
        ("03 006C 0002", Asked(3, 108, 2), "read holding 108+2"),
        ("04 006C 007D", Asked(4, 108, 125), "read input 108+125"),
        ("05 03E8 FF00", Asked(5, 1000, 1, (1,)), "write coil 1000"),
        ("05 03E8 0000", Asked(5, 1000, 1, (0,)), "write coil 1000"),
        ("06 00C2 00A0", Asked(6, 194, 1, (160,)), "write holding 194"),
        ("0F 0000 000A 02 01 02", Asked(15, 0, 10, (1, 0, 0, 0, 0, 0, 0, 0, 0, 1)), "write coils 0+10"),
        ("10 00C4 0002 04 2710 0001", Asked(16, 196, 2, (10_000, 1)), "write holding 196+2"),
        ("16 0004 00F2 0025", Asked(22, 4, 1, (0xF2, 0x25)), "mask write holding 4"),
        ("17 0003 0006 000E 0001 02 00FF", Asked(23, 3, 6, (0xFF,)), "read and write holding 3+6"),
        ("2B 0E 01 00", Asked(43), "function 43"),
        ("07", Asked(7), "function 7"),
        ("83 00", Asked(0x83), "function 131"),
    ],
)
def test_requests_are_decoded(pdu: str, asked: Asked, title: str) -> None:
    assert decode(bytes.fromhex(pdu)) == asked
    assert asked.title == title


@pytest.mark.parametrize(
    "pdu",
    [
        "01 0000 0000",
        "01 0000 07D1",
        "02 0000 07D1",
        "03 0000 0000",
        "03 0000 007E",
        "04 0000 FFFF",
        "03 0000",
        "03 0000 0001 00",
        "03",
        "05 0000 0001",
        "05 0000 FF01",
        "06 0000",
        "0F 0000 0000 00",
        "0F 0000 0009 01 FF",
        "0F 0000 0008 02 FF FF",
        "10 0000 0000 00",
        "10 0000 0001 02 00",
        "10 0000 0001 02 00 01 02",
        "10 0000 0001 04 0001 0002",
        "10 0000 007C F8" + 124 * " 0000",
        "16 0000 0000",
        "17 0000 0000 0000 0001 02 0000",
        "17 0000 007E 0000 0001 02 0000",
        "17 0000 0001 0000 0001 04 0000",
    ],
)
def test_contradictions_and_impossible_amounts_are_illegal(pdu: str) -> None:
    assert decode(bytes.fromhex(pdu)) is None


@given(st.binary(min_size=1, max_size=253))
def test_every_request_can_be_refused_and_every_read_answered(pdu: bytes) -> None:
    asked = decode(pdu)
    if asked is None:
        assert pdu[0] in NAMES
        return
    assert encode(pdu, asked, ModbusReply(exception=2)) == exception(pdu[0], 2)
    reply = encode(pdu, asked, ModbusReply(values=(1,) * asked.count))
    assert reply[0] == pdu[0]
    if pdu[0] in (1, 2, 3, 4, 23):
        assert len(reply) == 2 + reply[1] <= 253


@given(st.lists(st.integers(0, 1), min_size=1, max_size=2000))
def test_bits_are_packed_from_the_lowest(bits: list[int]) -> None:
    assert unpack_bits(pack_bits(tuple(bits)), len(bits)) == tuple(bits)


# --- an independent client -------------------------------------------------------------------------------------------


@asynccontextmanager
async def pymodbus(server: ModbusServer) -> AsyncIterator[AsyncModbusTcpClient]:
    client = AsyncModbusTcpClient(
        server.endpoint.host, port=server.endpoint.port, timeout=PATIENCE, retries=0, reconnect_delay=0
    )
    try:
        assert await client.connect()
        yield client
    finally:
        client.close()


async def test_an_independent_client_reads_everything() -> None:
    made = box()
    charge(made)
    async with serve(made) as server, pymodbus(server) as client:
        assert (await client.read_holding_registers(10, count=1, device_id=1)).registers == [160]
        serial = await client.read_holding_registers(11, count=4, device_id=1)
        assert client.convert_from_registers(serial.registers, client.DATATYPE.STRING) == "123456"
        power = await client.read_input_registers(10, count=2, device_id=7)
        watts = client.convert_from_registers(power.registers, client.DATATYPE.INT32)
        assert watts == round(made.snapshot().power * 1000) > 0
        voltage = await client.read_input_registers(12, count=2, device_id=255)
        assert client.convert_from_registers(voltage.registers, client.DATATYPE.FLOAT32) == 230.5
        assert (await client.read_coils(0, count=10, device_id=1)).bits[:10] == [n % 3 == 0 for n in range(10)]
        assert (await client.read_discrete_inputs(3, count=1, device_id=1)).bits[0] is True


async def test_an_independent_client_writes_and_is_refused() -> None:
    made = box()
    async with serve(made) as server, pymodbus(server) as client:
        assert not (await client.write_register(10, 100, device_id=1)).isError()
        assert made.limit == 10.0
        assert not (await client.write_registers(10, [80], device_id=1)).isError()
        assert made.limit == 8.0
        assert (await client.write_register(10, 5, device_id=1)).exception_code == 3
        assert (await client.write_register(11, 5, device_id=1)).exception_code == 2
        assert (await client.write_coil(0, True, device_id=1)).exception_code == 2
        assert (await client.write_coils(0, [True, False], device_id=1)).exception_code == 2
        assert (await client.read_input_registers(500, count=2, device_id=1)).exception_code == 2
        assert (await client.mask_write_register(address=10, device_id=1)).exception_code == 1
        assert (
            await client.readwrite_registers(read_address=10, read_count=1, values=[1], device_id=1)
        ).exception_code == 1
        assert (await client.read_device_information(device_id=1)).exception_code == 1


# --- bare bytes ------------------------------------------------------------------------------------------------------


async def test_several_requests_in_one_segment_are_each_answered() -> None:
    made = box()
    made.scratch = 7
    async with serve(made) as server, raw(server) as client:
        client.send("0001 0000 0006 01", READ, "FFFE 0000 0006 02", READ, "0003 0000 0006 01", "04 01F4 0001")
        await client.expect("0001 0000 0005 01 03 02 0007")
        await client.expect("FFFE 0000 0005 02 03 02 0007")
        await client.expect("0003 0000 0003 01 84 02")


async def test_a_request_may_come_in_pieces() -> None:
    async with serve(box()) as server, raw(server) as client:
        for piece in ("00", "01 0000", "0006", "01 03 00", "64 00", "01 00 02"):
            client.send(piece)
            await asyncio.sleep(0)
        await client.expect("0001 0000 0005 01 03 02 0000")
        client.send("0000 0006 01", READ)
        await client.expect("0002 0000 0005 01 03 02 0000")


@pytest.mark.parametrize(
    ("pdu", "reply"),
    [
        ("03 0000 0000", "83 03"),
        ("04 0000 007E", "84 03"),
        ("01 0000 07D1", "81 03"),
        ("10 000A 0001 04 0050 0050", "90 03"),
        ("05 0063 1234", "85 03"),
        ("2B 0E 01 00", "AB 01"),
        ("07", "87 01"),
        ("00", "80 01"),
        ("90 01 02", "90 01"),
        (f"03 {BROKEN:04X} 0001", "83 04"),
    ],
)
async def test_what_cannot_be_done_is_an_exception(pdu: str, reply: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL + 1)
    async with serve(box()) as server, raw(server) as client:
        data, answer = bytes.fromhex(pdu), bytes.fromhex(reply)
        client.send(Frame(5, 9, data).encode(), Frame(6, 9, bytes.fromhex(READ)).encode())
        await client.expect(Frame(5, 9, answer).encode().hex())
        await client.expect("0006 0000 0005 09 03 02 0000")


async def test_silence_for_one_request_does_not_silence_the_next() -> None:
    made = box()
    async with serve(made) as server, raw(server) as client:
        client.send("0001 0000 0006 0D", READ, "0002 0000 0006 01", READ)
        await client.expect("0002 0000 0005 01 03 02 0000")
    assert entries(made, "request")[0].detail == {"unit": 13, "silent": True}


@pytest.mark.parametrize("bad", ["0001 0001 0006 01 03", "0001 0000 0000", "0001 0000 FFFF", b"GET / HTTP/1.1\r\n\r\n"])
async def test_a_broken_stream_is_closed_after_what_was_right(bad: str | bytes) -> None:
    made = box()
    async with serve(made) as server, raw(server) as client:
        client.send("0009 0000 0006 01", READ, bad)
        assert (await client.ends()).hex() == "00090000000501030200" + "00"
    assert [entry.name for entry in entries(made, "connection")] == ["malformed"]


async def test_a_half_sent_request_is_not_waited_for_for_ever() -> None:
    made = box()
    async with serve(made, half_sent_timeout=0.01) as server, raw(server) as client:
        client.send("0001 0000 0006 01", READ, "0002 0000")
        await client.expect("0001 0000 0005 01 03 02 0000")
        assert await client.ends() == b""
    assert entries(made, "connection", "timeout")


async def test_one_connection_too_many_is_closed_at_once() -> None:
    made = box()
    async with serve(made) as server, raw(server) as one, raw(server) as two, raw(server) as three:
        for client in (one, two, three):
            client.send("0001 0000 0006 01", READ)
            await client.frame()
        async with raw(server) as four:
            assert await four.ends() == b""
        two.writer.close()
        await two.writer.wait_closed()
        one.send("0002 0000 0006 01", READ)
        await one.frame()
        async with raw(server) as four:
            four.send("0001 0000 0006 01", READ)
            await four.frame()
    assert len(entries(made, "connection", "refused")) == 1


async def test_the_client_that_was_quiet_for_longest_makes_room() -> None:
    made = box()
    made.shape("modbus", when_full="evict_oldest")
    async with serve(made) as server, raw(server) as one, raw(server) as two, raw(server) as three:
        for client in (two, three, one):
            client.send("0001 0000 0006 01", READ)
            await client.frame()
        async with raw(server) as four:
            assert await two.ends() == b""
            for client in (one, three, four):
                client.send("0002 0000 0006 01", READ)
                await client.frame()
    assert len(entries(made, "connection", "evicted")) == 1


async def test_nobody_makes_room_who_was_not_quiet_for_long_enough() -> None:
    made = box()
    made.shape("modbus", when_full="evict_oldest", evict_after=3600.0, max_connections=1)
    async with serve(made) as server, raw(server) as one:
        one.send("0001 0000 0006 01", READ)
        await one.frame()
        async with raw(server) as two:
            assert await two.ends() == b""
        one.send("0001 0000 0006 01", READ)
        await one.frame()
    assert len(entries(made, "connection", "refused")) == 1


async def test_a_client_that_asks_nothing_is_dropped_where_the_device_does_so() -> None:
    made = box()
    made.shape("modbus", idle_timeout=1.0)  # it has to ask before
    async with serve(made) as server, raw(server) as client:
        client.send("0001 0000 0006 01", READ)
        await client.frame()
        assert await client.ends() == b""
    assert [entry.detail for entry in entries(made, "connection", "timeout")] == [{"why": "idle"}]


@pytest.mark.parametrize(
    ("pdu", "fits"),
    [
        ("01 0000 0001", True),
        ("04 0000 0001 00", False),
        ("06 0000 0001", True),
        ("05 0000 FF00 00", False),
        ("0F 0000 0001 01 01", True),
        ("0F 0000 0001 01 01 00", False),
        ("0F 0000 0001 00", False),
        ("10 0000 0001 02 0001", True),
        ("10 0000 0002 02 0001", True),
        ("10 0000 0001 02 00", False),
        ("10 0000 0001 01 00", False),
        ("10 0000 0001 03 000000", True),
        ("16 0000 FFFF 0000", True),
        ("16 0000 FFFF 0000 00", False),
        ("07 00 00 00 00", True),
    ],
)
async def test_a_length_that_does_not_fit_the_function(pdu: str, fits: bool) -> None:
    """An exception, unless the device hangs up."""
    request = bytes.fromhex(pdu)
    frame = b"\0\1\0\0" + (len(request) + 1).to_bytes(2, "big") + b"\1" + request
    for exact in (False, True):
        made = box()
        made.shape("modbus", exact_lengths=exact)
        async with serve(made) as server, raw(server) as client:
            client.send(frame, "0002 0000 0006 01", READ)
            if fits or not exact:
                await client.frame()
                assert (await client.frame())[:2] == b"\0\2"
            else:
                assert await client.ends() == b""


async def test_a_client_that_does_not_read_stops_being_served() -> None:
    made = box()
    async with serve(made) as server, raw(server, window=4096) as client:
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await until(lambda: bool(server.connections))
        (connection,) = server.connections
        assert connection._transport is not None
        connection._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        flood = Frame(1, 1, bytes.fromhex("03 0000 007D")).encode() * 100

        def flooded() -> bool:
            client.send(flood)
            return connection._congested

        await until(flooded)
        seen = len(made.requests)
        for _ in range(50):
            client.send(flood)
            await asyncio.sleep(0)
        assert len(made.requests) == seen
        client.writer.transport.abort()


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=6))
def test_garbage_never_disturbs_the_next_client(parts: list[bytes]) -> None:
    async def run() -> None:
        async with serve(box()) as server:
            async with raw(server) as client:
                for part in parts:
                    client.send(part)
                client.writer.write_eof()
                await client.ends()
            async with raw(server) as client:
                client.send("0001 0000 0006 01", READ)
                await client.expect("0001 0000 0005 01 03 02 0000")

    logging.disable(logging.CRITICAL)
    try:
        asyncio.run(run())
    finally:
        logging.disable(logging.NOTSET)


# --- the journal -----------------------------------------------------------------------------------------------------


async def test_a_request_is_the_cause_of_what_it_wrote() -> None:
    made = box()
    async with serve(made) as server, raw(server) as client:
        client.send("0001 0000 0006 01 06 000A 0050")
        await client.frame()
        client.send("0001 0000 0006 01 03 000A 0001")
        await client.frame()
        (peer,) = server.connections
    written, read = entries(made, "request")
    assert (written.name, written.interface, written.client) == ("write holding 10", "modbus", peer.client)
    assert written.detail == {"unit": 1, "limit": 8.0}
    assert read.detail == {"unit": 1, "values": {"limit": 8.0}}
    (write,) = entries(made, "write")
    assert (write.name, write.detail, write.cause) == (
        "modbus.10",
        {"value": 80, "ok": True, "as": {"limit": 8.0}},
        written.seq,
    )
    command = entries(made, "command")[-1]
    assert command.cause == written.seq


# --- replies held back, changed, withheld ----------------------------------------------------------------------------


class Disturbed(ModbusServer):
    """A server whose answers are changed by transaction number."""

    changes: dict[int, dict[str, object]]

    def exchange(self, frame: Frame, client: str | None) -> Answer:
        answer = super().exchange(frame, client)
        return replace(answer, **self.changes.get(frame.transaction, {}))  # type: ignore[arg-type]


@asynccontextmanager
async def disturbed(changes: dict[int, dict[str, object]]) -> AsyncIterator[Disturbed]:
    server = Disturbed(Endpoint(box(), "modbus"))
    server.changes = changes
    async with server:
        yield server


async def test_a_late_reply_keeps_its_number_and_its_turn() -> None:
    async with disturbed({1: {"delay": 0.02}, 3: {"delay": 0.01}}) as server, raw(server) as client:
        client.send("0001 0000 0006 01", READ, "0002 0000 0006 01", READ)
        client.send("0003 0000 0006 01", READ, "0004 0000 0006 01", READ)
        assert [(await client.frame())[1] for _ in range(4)] == [1, 2, 3, 4]


async def test_a_late_reply_reaches_a_client_that_has_finished_sending() -> None:
    async with disturbed({1: {"delay": 0.01}}) as server, raw(server) as client:
        client.send("0001 0000 0006 01", READ)
        client.writer.write_eof()
        assert len(await client.ends()) == 11


async def test_replies_can_be_lost_renumbered_garbled_and_final() -> None:
    wrong = Frame(77, 1, b"\x03\x02\0\0")
    changes: dict[int, dict[str, object]] = {
        1: {"data": b""},
        2: {"data": wrong.encode()},
        3: {"data": b"\0\3\0\0"},
        4: {"then": "close"},
    }
    async with disturbed(changes) as server, raw(server) as client:
        for number in range(1, 6):
            client.send(Frame(number, 1, bytes.fromhex(READ)).encode())
        assert await client.frame() == wrong.encode()
        assert await client.exactly(4) == b"\0\3\0\0"
        assert (await client.ends())[:2] == b"\0\4"


async def test_a_reset_is_a_reset() -> None:
    async with disturbed({1: {"then": "reset", "data": b""}}) as server, raw(server) as client:
        client.send("0001 0000 0006 01", READ)
        with pytest.raises(ConnectionResetError):
            await client.exactly(1)


async def test_no_more_is_read_than_can_be_held_back() -> None:
    late: dict[int, dict[str, object]] = {number: {"delay": 3600.0} for number in range(64)}
    async with disturbed(late) as server, raw(server) as client:
        for number in range(64):
            client.send(Frame(number, 1, bytes.fromhex(READ)).encode())
        await until(lambda: any(len(connection._held) == 64 for connection in server.connections))
        client.send(Frame(64, 1, bytes.fromhex(READ)).encode())
        for _ in range(50):
            await asyncio.sleep(0)
        (connection,) = server.connections
        assert len(connection._held) == 64


# --- the box comes and goes ------------------------------------------------------------------------------------------


async def test_a_box_that_restarts_answers_first_and_is_gone_then() -> None:
    made = box()
    async with serve(made) as server:
        port = server.endpoint.port
        async with raw(server) as client, raw(server) as other:
            other.send("0001 0000 0006 01", READ)
            await other.frame()
            client.send(Frame(1, 1, bytes.fromhex(f"05 {REBOOT:04X} FF00")).encode(), "0002 0000 0006 01", READ)
            await client.expect(Frame(1, 1, bytes.fromhex(f"05 {REBOOT:04X} FF00")).encode().hex())
            assert await client.ends() == b""
            assert await other.ends() == b""
        await server.settle()
        with pytest.raises(ConnectionRefusedError):
            async with raw(server):
                pass
        advance(made, 60)
        await server.settle()
        assert server.endpoint.port == port
        async with raw(server) as client:
            client.send("0001 0000 0006 01", READ)
            await client.frame()


async def test_power_and_settings_decide_who_may_connect() -> None:
    made = box()
    async with serve(made) as server:
        power_cut(made)
        await server.settle()
        assert not server.listening
        power_up(made)
        advance(made, 60)
        await server.settle()
        assert server.listening
        made.configure({"modbus": False})
        await server.settle()
        assert not server.listening


async def test_another_box_takes_over_and_old_connections_end() -> None:
    old, new = box(), box()
    new.scratch = 5
    async with serve(old) as server, raw(server) as client:
        client.send("0001 0000 0006 01", READ)
        await client.frame()
        server.attach(new)
        assert await client.ends() == b""
        async with raw(server) as again:
            again.send("0001 0000 0006 01", READ)
            await again.expect("0001 0000 0005 01 03 02 0005")
