"""Modbus/TCP without sockets: bytes to frames, frames to requests, replies to bytes.

The one rule: no input raises and no input makes a buffer grow; what the standard calls an illegal value is answered
here, what only a device can know is asked of its handler.

Sources: MODBUS Messaging on TCP/IP Implementation Guide V1.0b (MBAP), MODBUS Application Protocol V1.1b3 (functions).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from ..devices.interfaces import ModbusReply, ModbusRequest, Origin

READ_COILS: Final = 1
READ_DISCRETE: Final = 2
READ_HOLDING: Final = 3
READ_INPUT: Final = 4
WRITE_COIL: Final = 5
WRITE_REGISTER: Final = 6
WRITE_COILS: Final = 15
WRITE_REGISTERS: Final = 16
MASK_WRITE: Final = 22
READ_WRITE: Final = 23
REGISTERS: Final = frozenset((READ_HOLDING, READ_INPUT, READ_WRITE))
"""Functions that are answered with registers."""

ILLEGAL_FUNCTION: Final = 1
ILLEGAL_VALUE: Final = 3
DEVICE_FAILURE: Final = 4

MAX_READ_BITS: Final = 2000
MAX_READ_REGISTERS: Final = 125
MAX_WRITE_BITS: Final = 1968
MAX_WRITE_REGISTERS: Final = 123
MAX_BOTH_REGISTERS: Final = 121
"""Registers that function 23 may write."""

NAMES: Final = {
    READ_COILS: "read coils",
    READ_DISCRETE: "read discrete inputs",
    READ_HOLDING: "read holding",
    READ_INPUT: "read input",
    WRITE_COIL: "write coil",
    WRITE_REGISTER: "write holding",
    WRITE_COILS: "write coils",
    WRITE_REGISTERS: "write holding",
    MASK_WRITE: "mask write holding",
    READ_WRITE: "read and write holding",
}

# --- frames ----------------------------------------------------------------------------------------------------------

HEAD: Final = struct.Struct(">HHH")
"""Transaction, protocol (0), length of what follows; then the unit."""
BEGIN: Final = struct.Struct(">HHHB")
"""The same and the unit."""
PAIR: Final = struct.Struct("BB")
"""Function code, and bytes that follow."""


def framed(transaction: int, unit: int, pdu: bytes) -> bytes:
    """A message as it goes over the wire."""
    return BEGIN.pack(transaction, 0, len(pdu) + 1, unit) + pdu


@dataclass(slots=True)
class Frame:
    """One message in either direction."""

    transaction: int
    unit: int
    pdu: bytes
    """Function code and data."""

    def encode(self) -> bytes:
        return framed(self.transaction, self.unit, self.pdu)


@dataclass(frozen=True, slots=True)
class Framing:
    """Which values of the length field a device goes along with; the standard's own limits by default.

    Devices close the connection on others, as on a wrong protocol identifier: there is no way to find the next frame.
    Source: tfnetwork TFModbusTCPServer (which refuses everything outside 6..253), libmodbus, go-e and NRGkick ASSUMED.
    """

    shortest: int = 2
    longest: int = 254


@dataclass(slots=True)
class Framer:
    """Cuts a stream of bytes into frames. Holds less than one frame between two calls."""

    framing: Framing = Framing()
    broken: str | None = None
    """Why nothing more can be made of this stream; the connection is to be closed."""
    _buffer: bytearray = field(default_factory=bytearray)

    @property
    def pending(self) -> bool:
        """A frame has begun and is not complete."""
        return bool(self._buffer)

    def whole(self, data: bytes) -> Frame | None:
        """The frame that `data` is, if it is exactly one and nothing has begun: so most clients ask."""
        size = len(data)
        if size < 8 or self._buffer or self.broken is not None:
            return None
        transaction, protocol, length, unit = BEGIN.unpack_from(data)
        if protocol or length != size - 6 or not self.framing.shortest <= length <= self.framing.longest:
            return None
        return Frame(transaction, unit, data[7:])

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes, in order: also those before the place where the stream is broken."""
        frames: list[Frame] = []
        if self.broken is not None:
            return frames
        buffer = self._buffer
        buffer += data
        start = 0
        while len(buffer) - start >= 6:
            transaction, protocol, length = HEAD.unpack_from(buffer, start)
            self.broken = self._problem(protocol, length)
            if self.broken is not None:
                start = len(buffer)
                break
            end = start + 6 + length
            if end > len(buffer):
                break
            frames.append(Frame(transaction, buffer[start + 6], bytes(buffer[start + 7 : end])))
            start = end
        del buffer[:start]
        return frames

    def _problem(self, protocol: int, length: int) -> str | None:
        if protocol != 0:
            return f"protocol identifier {protocol}"
        if not self.framing.shortest <= length <= self.framing.longest:
            return f"length {length}"
        return None


# --- requests --------------------------------------------------------------------------------------------------------


class _IllegalValueError(Exception):
    """The request contradicts itself or asks for an impossible amount. Never leaves this module."""


@dataclass(slots=True)
class Asked:
    """The fields of a request. For 22 the values are the AND and the OR mask; for 23 address and count of the read."""

    function: int
    address: int = 0
    count: int = 0
    values: tuple[int, ...] = ()
    title: str = field(init=False)
    """In words: `read holding 108+2`."""

    def __post_init__(self) -> None:
        name = NAMES.get(self.function)
        if name is None:
            self.title = f"function {self.function}"
        elif self.function in (WRITE_COIL, WRITE_REGISTER, MASK_WRITE):
            self.title = f"{name} {self.address}"
        else:
            self.title = f"{name} {self.address}+{self.count}"


def decode(pdu: bytes) -> Asked | None:
    """The fields of a request; None if they contradict each other or ask for an impossible amount (exception 3)."""
    try:
        return Asked(pdu[0], *_decode(pdu[0], pdu[1:]))
    except _IllegalValueError:
        return None


def fits(pdu: bytes) -> bool:
    """Whether a request is as long as its function (and the byte count in it) says; True for other functions."""
    function, size = pdu[0], len(pdu)
    if READ_COILS <= function <= WRITE_REGISTER:
        return size == 5
    if function == MASK_WRITE:
        return size == 7
    if function in (WRITE_COILS, WRITE_REGISTERS):
        return size > (6 if function == WRITE_COILS else 7) and size == 6 + pdu[5]
    return True


def request(frame: Frame, asked: Asked, origin: Origin) -> ModbusRequest:
    """What the device's handler is given. Functions this module cannot decode come with their payload, 23 with both."""
    return ModbusRequest(
        frame.unit,
        asked.function,
        asked.address,
        asked.count,
        asked.values,
        b"" if asked.function in NAMES and asked.function != READ_WRITE else frame.pdu[1:],
        origin,
    )


def _decode(function: int, data: bytes) -> tuple[int, int, tuple[int, ...]]:
    """Address, count, values."""
    if function in (READ_COILS, READ_DISCRETE):
        return *_pair(data, MAX_READ_BITS), ()
    if function in (READ_HOLDING, READ_INPUT):
        return *_pair(data, MAX_READ_REGISTERS), ()
    if function == WRITE_COIL:
        address, value = _pair(data)
        if value not in (0x0000, 0xFF00):
            raise _IllegalValueError
        return address, 1, (1 if value else 0,)
    if function == WRITE_REGISTER:
        address, value = _pair(data)
        return address, 1, (value,)
    if function == WRITE_COILS:
        address, count = _pair(data[:4], MAX_WRITE_BITS)
        return address, count, unpack_bits(_body(data[4:], (count + 7) // 8), count)
    if function == WRITE_REGISTERS:
        address, count = _pair(data[:4], MAX_WRITE_REGISTERS)
        return address, count, unpack_registers(_body(data[4:], 2 * count))
    if function == MASK_WRITE:
        if len(data) != 6:
            raise _IllegalValueError
        address, both, either = unpack_registers(data)
        return address, 1, (both, either)
    if function == READ_WRITE:
        address, count = _pair(data[:4], MAX_READ_REGISTERS)
        _, written = _pair(data[4:8], MAX_BOTH_REGISTERS)
        return address, count, unpack_registers(_body(data[8:], 2 * written))
    return 0, 0, ()


def _pair(data: bytes, most: int | None = None) -> tuple[int, int]:
    """Address and count (or value) and nothing else; the count from 1 to `most`."""
    if len(data) != 4:
        raise _IllegalValueError
    address, count = data[0] << 8 | data[1], data[2] << 8 | data[3]
    if most is not None and not 1 <= count <= most:
        raise _IllegalValueError
    return address, count


def _body(data: bytes, size: int) -> bytes:
    """What follows a byte count that must be right."""
    if len(data) != size + 1 or data[0] != size:
        raise _IllegalValueError
    return data[1:]


# --- replies ---------------------------------------------------------------------------------------------------------


def exception(function: int, code: int) -> bytes:
    return bytes((function & 0x7F | 0x80, code))


def encode(pdu: bytes, asked: Asked, reply: ModbusReply) -> bytes:
    """The PDU that answers the request `pdu`. ValueError if the reply does not fit it."""
    function, packed = asked.function, reply.packed
    if packed is not None and function in REGISTERS and len(packed) == 2 * asked.count and reply.exception is None:
        return PAIR.pack(function, len(packed)) + packed
    if reply.exception is not None:
        return exception(function, reply.exception)
    if function not in NAMES:  # a device's own function: the values are the bytes after the function code
        return bytes((function, *reply.values))
    if function in (WRITE_COIL, WRITE_REGISTER, MASK_WRITE):
        return pdu
    if function in (WRITE_COILS, WRITE_REGISTERS):
        return pdu[:5]
    if len(reply.values) != asked.count:
        raise ValueError(f"{asked.title}: {len(reply.values)} values")
    if function in (READ_COILS, READ_DISCRETE):
        body = pack_bits(reply.values)
    else:
        body = struct.pack(f">{asked.count}H", *reply.values)
    return bytes((function, len(body))) + body


def pack_bits(values: Sequence[int]) -> bytes:
    """Bits to bytes, the first one in the lowest bit."""
    packed = bytearray((len(values) + 7) // 8)
    for index, value in enumerate(values):
        if value:
            packed[index >> 3] |= 1 << (index & 7)
    return bytes(packed)


def unpack_bits(data: bytes, count: int) -> tuple[int, ...]:
    return tuple(data[index >> 3] >> (index & 7) & 1 for index in range(count))


def unpack_registers(data: bytes) -> tuple[int, ...]:
    return struct.unpack(f">{len(data) // 2}H", data)
