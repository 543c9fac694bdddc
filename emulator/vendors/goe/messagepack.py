"""JSON values as MessagePack, as newer devices send them in binary frames.

The one rule: the shortest form of every value; floats have 64 bits. Source: the MessagePack specification.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping


def pack(value: object) -> bytes:
    """A value as decoded from JSON. TypeError for anything else."""
    match value:
        case None:
            return b"\xc0"
        case bool():
            return b"\xc3" if value else b"\xc2"
        case int():
            return _integer(value)
        case float():
            return struct.pack(">Bd", 0xCB, value)
        case str():
            data = value.encode()
            return _head(len(data), 0xA0, 31, (0xD9, 0xDA, 0xDB)) + data
        case list() | tuple():
            return _head(len(value), 0x90, 15, (None, 0xDC, 0xDD)) + b"".join(map(pack, value))
        case Mapping():
            inner = b"".join(pack(key) + pack(item) for key, item in value.items())
            return _head(len(value), 0x80, 15, (None, 0xDE, 0xDF)) + inner
    raise TypeError(f"{value!r} is no JSON value")


def _head(size: int, short: int, longest: int, codes: tuple[int | None, int, int]) -> bytes:
    if size <= longest:
        return bytes((short | size,))
    byte, word, double = codes
    if byte is not None and size < 1 << 8:
        return bytes((byte, size))
    return struct.pack(">BH", word, size) if size < 1 << 16 else struct.pack(">BI", double, size)


def _integer(value: int) -> bytes:
    if 0 <= value < 128 or -32 <= value < 0:
        return struct.pack("b", value)
    if value >= 0:
        for limit, code, form in ((8, 0xCC, ">BB"), (16, 0xCD, ">BH"), (32, 0xCE, ">BI"), (64, 0xCF, ">BQ")):
            if value < 1 << limit:
                return struct.pack(form, code, value)
    for limit, code, form in ((8, 0xD0, ">Bb"), (16, 0xD1, ">Bh"), (32, 0xD2, ">Bi"), (64, 0xD3, ">Bq")):
        if -(1 << limit - 1) <= value < 0:
            return struct.pack(form, code, value)
    return pack(float(value))
