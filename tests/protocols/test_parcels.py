"""What goes to many clients is made once, and what one of them has not taken yet is counted."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from support import box

from emulator.devices.interfaces import Close, Frame, HttpInterface, WebSocketEndpoint
from emulator.protocols.frames import Opcode, encode_frame
from emulator.protocols.line import Line
from emulator.protocols.parcels import Packer, beat

FRAMES: Sequence[Frame] = ("one", b"two", "three")


def spec() -> WebSocketEndpoint:
    interface = box().interfaces["http"]
    assert isinstance(interface, HttpInterface)
    return replace(interface.websockets["/ws"], values_in=lambda frame: [f"told by {len(frame)}"])


def test_the_very_same_frames_are_packed_once() -> None:
    packer = Packer(spec())
    parcel = packer.pack(FRAMES, None)
    assert parcel is not None
    assert packer.pack(FRAMES, None) is parcel
    assert packer.pack(FRAMES, 1_500_000) is not parcel
    again = packer.pack(("one", b"two", "three"), None)
    assert again is not None
    assert again is not parcel
    assert again == parcel


def test_a_parcel_is_its_frames_in_their_order() -> None:
    parcel = Packer(spec()).pack(FRAMES, 1_500_000)
    assert parcel is not None
    wires = [
        encode_frame(Opcode.TEXT, b"one"),
        encode_frame(Opcode.BINARY, b"two"),
        encode_frame(Opcode.TEXT, b"three"),
    ]
    for count in range(len(FRAMES) + 1):
        first = parcel.first(count)
        assert (first.data, list(first.sizes)) == (b"".join(wires[:count]), [len(wire) for wire in wires[:count]])
    assert parcel.details[2] == {"size": 5, "frame": "three", "reads": ["told by 5"], "of": 1.5}


def test_what_ends_a_connection_is_no_parcel() -> None:
    assert Packer(spec()).pack(("one", Close()), None) is None


def test_a_sign_of_life_leaves_in_one_piece() -> None:
    data, sizes = beat(replace(spec(), heartbeat=lambda: "still here"))
    assert data == b"\x89\x00\x81\x0astill here"
    assert list(sizes) == [2, 12]
    assert beat(spec()) == (b"\x89\x00", [2])


class Told(asyncio.Protocol):
    def __init__(self) -> None:
        self.line: Line | None = None

    def pause_writing(self) -> None:
        assert self.line is not None
        self.line.congested = True


@asynccontextmanager
async def deaf_line(most: int) -> AsyncIterator[Line]:
    """To somebody who reads nothing."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        transport, told = await asyncio.get_running_loop().create_connection(Told, sock=ours)
        line = told.line = Line(transport, most)
        line.begin(told, congested=False)
        yield line
        line.abort()
        await asyncio.sleep(0)


@pytest.mark.parametrize("most", range(1, 9))
async def test_frames_written_together_are_counted_one_by_one(most: int) -> None:
    """A frame waits for the client unless all of it has left."""
    frames = [encode_frame(Opcode.BINARY, bytes(3000 + number)) for number in range(6)]
    async with deaf_line(most) as line:
        for _ in range(2):
            line.frames(b"".join(frames), [len(frame) for frame in frames])
        assert line.transport is not None
        left, waiting = line.transport.get_write_buffer_size(), 0
        for frame in reversed(frames * 2):
            waiting += left > 0
            left -= len(frame)
        assert waiting > 6
        assert line.crowded == (waiting >= most)
        line.drained()
        assert not line.crowded
