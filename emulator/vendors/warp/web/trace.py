"""The trace log: one block per module that keeps one, plain or compressed.

The one rule: nothing here ever traces anything, so the blocks are empty. A WARP1 has no memory for them.
Source: Tinkerforge esp32-firmware, `modules/event_log`.
"""

from __future__ import annotations

import gzip
import re
from typing import Final

from ....devices.interfaces import HttpReply
from ..platform import Platform
from .replies import TEXT, text

BLOCKS: Final = (
    "charge_manager", "meters_modbus_tcp", "meters_sun_spec", "batteries_modbus_tcp", "battery_control", "eco",
)  # fmt: skip
"""ASSUMED: which modules there are besides those seen in the source, and their order."""
VEHICLE_BLOCKS: Final = ("iso15118", "iso15118_ll")
"""Of WARP4."""
GREEDY: Final = 10_000
STATIC: Final = 100_000
"""Flags of the compressor on top of its level."""
BEST: Final = 4095
BAD_LEVEL: Final = "Compression level out of range [0,4095] and [10000,14095]"


def blocks(platform: Platform) -> tuple[str, ...]:
    """Names of the blocks."""
    if platform.generation == 1:
        return ()
    return (*BLOCKS, *VEHICLE_BLOCKS) if platform.generation == 4 else BLOCKS


def trace_log(platform: Platform) -> HttpReply:
    """Every block between its marks."""
    return HttpReply(body=_body(platform), content_type=TEXT, chunked=True)


def compressed(platform: Platform, level: str) -> HttpReply:
    """The same as gzip. `level`: as C reads a number."""
    if platform.generation == 1:
        return text("")
    found = re.match(r"\s*([+-]?\d+)", level)
    probes = int(found[1]) if found is not None else 0
    for flag in (STATIC, GREEDY):
        if probes > flag:
            probes -= flag
    if not 0 <= probes <= BEST:
        return text(BAD_LEVEL, 400)
    body = gzip.compress(_body(platform), mtime=0)
    return HttpReply(body=body, content_type=TEXT, headers=(("Content-Encoding", "gzip"),), chunked=True)


def _body(platform: Platform) -> bytes:
    return "".join(f"__begin_{name}__\n__end_{name}__\n" for name in blocks(platform)).encode()
