"""From the JSON of a client to the value that is stored, or to the refusal.

The one rule: what is taken from clients is taken from the owner as well.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TypeVar

from ...devices.settings import takes
from .refusals import LENGTH, RANGE, TYPE, Refusal

T = TypeVar("T")
Convert = Callable[[object], T | Refusal]
"""The value to store, or why it is not taken."""


def as_integer(lowest: int, highest: int) -> Convert[int]:
    """A whole number, also as a string. ASSUMED: one printed with a point counts as whole when it is."""

    @takes({"type": ["integer", "string"], "minimum": lowest, "maximum": highest})
    def convert(value: object) -> int | Refusal:
        if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,12}", value):
            value = int(value)
        if isinstance(value, float) and math.isfinite(value) and value == int(value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            return TYPE
        return value if lowest <= value <= highest else RANGE

    return convert


@takes({"type": ["integer", "string"], "minimum": 0, "maximum": 32})
def as_current(value: object) -> int | Refusal:
    """A current as the energy manager or a client states it: 0, or 6 to 32 A."""
    found = as_integer(0, 32)(value)
    return RANGE if isinstance(found, int) and 0 < found < 6 else found


@takes({"enum": [0, 1, 3, "0", "1", "3"]})
def as_relay_mode(value: object) -> int | Refusal:
    """1: one phase, 3: all; 0 on a single-phase charger."""
    found = as_integer(0, 3)(value)
    return RANGE if found == 2 else found


@takes({"enum": [True, False, "true", "false"]})
def as_boolean(value: object) -> bool | Refusal:
    """`true` or `"true"`."""
    if isinstance(value, str):
        value = {"true": True, "false": False}.get(value)
    return value if isinstance(value, bool) else TYPE


@takes({"type": "string"})
def as_text(value: object) -> str | Refusal:
    return value if isinstance(value, str) else TYPE


@takes({"type": "string", "maxLength": 63})
def as_password(value: object) -> str | Refusal:
    """Empty: an open access point. ASSUMED: the code for a wrong length."""
    if not isinstance(value, str):
        return TYPE
    return value if not value or 8 <= len(value.encode()) <= 63 else LENGTH


@takes({"type": ["number", "string"]})
def as_double(value: object) -> float | Refusal:
    """A number, also as a string."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,15})?", value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return TYPE
    return float(value) if abs(value) < 1e15 else RANGE


@takes({"type": "string", "examples": ["255,0,0, 0,255,0, 0,0,255, 9,9,9"]})
def as_led_template(value: object) -> str | Refusal:
    """Twelve numbers 0..255 with commas between them; empty for none. ASSUMED: the code of each mistake."""
    if not isinstance(value, str):
        return TYPE
    parts = value.split(",") if value else []
    if len(parts) not in (0, 12):
        return LENGTH
    if not all(re.fullmatch(r" *[0-9]{1,9} *", part) for part in parts):
        return TYPE
    return value if all(int(part) <= 255 for part in parts) else RANGE
