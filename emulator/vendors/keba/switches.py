"""The DIP switches of a P20 or P30, as reports and the REST API show them.

The one rule: DSW1.1 is the highest bit of the first number, DSW1.8 the lowest.
Source: OpenEMS, captures, evcc#10530; a capture with UDP on and 32 A shows 0x25, one with DSW2.5 shows 0x08.
"""

from __future__ import annotations

from typing import Final

from .readings import View
from .settings import DSW1_1, DSW1_2, DSW1_3, DSW2_5

CURRENTS: Final = {10: 0b000, 13: 0b100, 16: 0b010, 20: 0b110, 25: 0b001, 32: 0b101}
"""DSW1.6 to DSW1.8 by current [A]."""


def first(v: View) -> int:
    """DSW1.1 to DSW1.8."""
    bits = CURRENTS.get(int(v.build.rated_current), 0)
    for bit, setting in ((7, DSW1_1), (6, DSW1_2), (5, DSW1_3)):
        bits |= v.settings[setting] << bit
    return bits


def second(v: View) -> int:
    """DSW2.1 to DSW2.8. ASSUMED: the others are off."""
    return v.settings[DSW2_5] << 3


def switches(v: View) -> list[bool]:
    """All sixteen, DSW1.1 first."""
    bits = first(v) << 8 | second(v)
    return [bool(bits >> place & 1) for place in reversed(range(16))]
