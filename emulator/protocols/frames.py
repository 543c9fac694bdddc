"""WebSocket frames as bytes (RFC 6455 section 5), without a socket.

The one rule: a reader holds at most one message and what it was fed last; what breaks the protocol is one exception.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Final

MAX_CONTROL: Final = 125
"""Bytes of a control frame's payload (section 5.5)."""


class Opcode(IntEnum):
    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


@dataclass(frozen=True, slots=True)
class Message:
    """One complete message, or a control frame."""

    opcode: Opcode
    payload: bytes

    @property
    def text(self) -> str | bytes:
        """What it says: text, or the bytes of a binary one. FrameError if it is not UTF-8."""
        if self.opcode != Opcode.TEXT:
            return self.payload
        try:
            return self.payload.decode()
        except UnicodeDecodeError:
            raise FrameError(1007, "not UTF-8") from None


class FrameError(Exception):
    """The client broke the protocol; `code` is what the close frame says (section 7.4.1)."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@lru_cache(maxsize=64)
def encode_frame(opcode: Opcode, payload: bytes) -> bytes:
    """One unmasked frame, as servers send them."""
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, size)) + payload
    if size < 65_536:
        return bytes((0x80 | opcode, 126)) + size.to_bytes(2, "big") + payload
    return bytes((0x80 | opcode, 127)) + size.to_bytes(8, "big") + payload


def encode_close(code: int, reason: str = "") -> bytes:
    """A close frame; the reason is cut where it does not fit."""
    text = reason.encode()[: MAX_CONTROL - 2].decode("utf-8", "ignore").encode()
    return encode_frame(Opcode.CLOSE, code.to_bytes(2, "big") + text)


def answer_close(payload: bytes) -> bytes:
    """The answer to a close frame: the same code, if it is one."""
    code = int.from_bytes(payload[:2], "big") if len(payload) >= 2 else 1000
    return encode_close(code if code in range(1000, 5000) else 1002)


def unmask(payload: bytes, mask: bytes) -> bytes:
    """Apply the client's mask (section 5.3)."""
    size = len(payload)
    whole = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(whole, "big")).to_bytes(size, "big")


class FrameReader:
    """Takes bytes, gives messages. After a FrameError it must not be used any more."""

    __slots__ = ("_buffer", "_fragments", "_kind", "_max_message")

    def __init__(self, max_message: int) -> None:
        self._max_message = max_message
        self._buffer = bytearray()
        self._fragments = bytearray()
        self._kind: Opcode | None = None

    def feed(self, data: bytes) -> None:
        self._buffer += data

    @property
    def buffered(self) -> int:
        """Bytes that are no complete message yet, or not asked for."""
        return len(self._buffer) + len(self._fragments)

    def next(self) -> Message | None:
        """The next complete message, or None until more bytes come. FrameError if there cannot be one."""
        while (frame := self._frame()) is not None:
            final, opcode, payload = frame
            if opcode >= Opcode.CLOSE:
                return Message(opcode, payload)
            if (message := self._join(final, opcode, payload)) is not None:
                return message
        return None

    def _frame(self) -> tuple[bool, Opcode, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        final, opcode = self._first(buffer[0])
        size, offset = buffer[1] & 0x7F, 2
        if opcode >= Opcode.CLOSE and (size > MAX_CONTROL or not final):
            raise FrameError(1002, "bad control frame")
        if not buffer[1] & 0x80:
            raise FrameError(1002, "not masked")
        if size >= 126:
            offset = 4 if size == 126 else 10
            if len(buffer) < offset:
                return None
            size = int.from_bytes(buffer[2:offset], "big")
        if size + len(self._fragments) > self._max_message and opcode < Opcode.CLOSE:
            raise FrameError(1009, "message too big")
        start = offset + 4
        if len(buffer) < start + size:
            return None
        payload = unmask(bytes(buffer[start : start + size]), bytes(buffer[offset:start]))
        del buffer[: start + size]
        return final, opcode, payload

    @staticmethod
    def _first(byte: int) -> tuple[bool, Opcode]:
        if byte & 0x70:
            raise FrameError(1002, "reserved bits")
        try:
            return bool(byte & 0x80), Opcode(byte & 0x0F)
        except ValueError:
            raise FrameError(1002, "unknown opcode") from None

    def _join(self, final: bool, opcode: Opcode, payload: bytes) -> Message | None:
        if (opcode == Opcode.CONTINUATION) == (self._kind is None):
            raise FrameError(1002, "fragments out of order")
        if opcode != Opcode.CONTINUATION:
            self._kind = opcode
        self._fragments += payload
        if not final or self._kind is None:
            return None
        message = Message(self._kind, bytes(self._fragments))
        self._kind = None
        self._fragments.clear()
        return message
