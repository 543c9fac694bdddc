"""What push clients are sent, framed and described once for all who are sent the same.

The one rule: a parcel is the frames in their order and nothing else; who gets it, and what becomes of it on the way, is
the channel's affair.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from ..core.instant import Instant, seconds
from ..devices.interfaces import Close, Frame, WebSocketEndpoint
from .frames import Opcode, encode_frame
from .wire import excerpt

PING: Final = encode_frame(Opcode.PING, b"")
MOST_REPLIES: Final = 8
"""Answers to one message that go into the journal."""


class Parcel(NamedTuple):
    """Frames that leave together."""

    frames: Sequence[str | bytes]
    details: Sequence[dict[str, object]]
    """What the journal says of each. Not to be changed."""
    data: bytes
    sizes: Sequence[int]
    """Bytes of each."""

    def first(self, count: int) -> Parcel:
        """Some of them, from the first on."""
        if count == len(self.frames):
            return self
        sizes = self.sizes[:count]
        return Parcel(self.frames[:count], self.details[:count], self.data[: sum(sizes)], sizes)


def described(spec: WebSocketEndpoint, frame: str | bytes, size: int, of: Instant | None) -> dict[str, object]:
    """What the journal says of a push. `of`: the instant it tells of, if that is not the present."""
    detail: dict[str, object] = {"size": size, "frame": excerpt(frame)}
    if told := spec.told_by(frame):
        detail["reads"] = told
    if of is not None:
        detail["of"] = round(seconds(of), 6)
    return detail


def add_reply(detail: dict[str, object], spec: WebSocketEndpoint, frame: str | bytes) -> None:
    """Complete what the journal says of a message by an answer to it."""
    if told := spec.told_by(frame):
        read = detail.setdefault("reads", [])
        assert isinstance(read, list)
        read += told
    shown = detail.setdefault("replies", [])
    assert isinstance(shown, list)
    if len(shown) < MOST_REPLIES:
        shown.append(excerpt(frame))


def framed(frame: str | bytes) -> tuple[bytes, int]:
    """A frame on the wire, and the size of its payload."""
    if isinstance(frame, str):
        payload, opcode = frame.encode(), Opcode.TEXT
    else:
        payload, opcode = frame, Opcode.BINARY
    return encode_frame(opcode, payload), len(payload)


def packed(spec: WebSocketEndpoint, frames: Sequence[Frame], of: Instant | None) -> Parcel | None:
    """None: one of them ends the connection. `of`: see `described`."""
    wires: list[bytes] = []
    details = []
    plain = [frame for frame in frames if not isinstance(frame, Close)]
    if len(plain) < len(frames):
        return None
    for frame in plain:
        wire, size = framed(frame)
        wires.append(wire)
        details.append(described(spec, frame, size, of))
    return Parcel(plain, details, b"".join(wires), [len(wire) for wire in wires])


def beat(spec: WebSocketEndpoint) -> tuple[bytes, Sequence[int]]:
    """A ping, and what the device says with it; the bytes of each."""
    said = () if spec.heartbeat is None else (framed(spec.heartbeat())[0],)
    frames = (PING, *said)
    return b"".join(frames), [len(frame) for frame in frames]


class Packer:
    """Makes parcels for the clients of one endpoint; the same one as long as they are sent the very same frames."""

    def __init__(self, spec: WebSocketEndpoint) -> None:
        self._spec: Final = spec
        self._last: tuple[Sequence[Frame], Instant | None, Parcel] | None = None

    def pack(self, frames: Sequence[Frame], of: Instant | None) -> Parcel | None:
        """See `packed`."""
        last = self._last
        if last is not None and last[0] is frames and last[1] == of:
            return last[2]
        parcel = packed(self._spec, frames, of)
        self._last = None if parcel is None else (frames, of, parcel)
        return parcel
