"""Values that stand for "no value", as devices send them by mistake."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from enum import Enum

from ..devices.wire_types import Registers


class Sentinel(Enum):
    """A value that is none, in the form of whatever it stands in for."""

    ONES = "ones"
    """Every bit set: 0xFFFF, 0xFFFFFFFF."""
    NAN = "nan"
    NULL = "null"
    """null in JSON; in registers whatever the device sends for "no value"."""
    ZEROS = "zeros"

    def words(self, blank: Registers) -> Registers:
        """In so many registers."""
        if self is Sentinel.NULL:
            return blank
        if self is Sentinel.NAN:
            packed = struct.pack(">d" if len(blank) == 4 else ">f", math.nan)
            words = struct.unpack(f">{len(packed) // 2}H", packed)
            return words if len(words) == len(blank) else (0xFFFF,) * len(blank)
        return ((0xFFFF if self is Sentinel.ONES else 0),) * len(blank)

    def plain(self, old: object) -> object:
        """In JSON, in place of `old`."""
        if self is Sentinel.NULL:
            return None
        if isinstance(old, list):
            return [self.plain(item) for item in old]
        if isinstance(old, Mapping):
            return {name: self.plain(item) for name, item in old.items()}
        if isinstance(old, str):
            return ""
        if self is Sentinel.NAN:
            return math.nan
        if isinstance(old, bool):
            return self is Sentinel.ONES
        number = 0xFFFFFFFF if self is Sentinel.ONES else 0
        return float(number) if isinstance(old, float) else number
