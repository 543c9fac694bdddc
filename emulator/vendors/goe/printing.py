"""How the device prints its values as JSON.

The one rule: numbers follow ArduinoJson. A float has at most D decimals, one less for every digit before the point
beyond the first; D is 6 on older firmware and 9 from 57.1 on, where keys of type float also show the digits of their
32-bit value (225.37 prints as 225.3699951).
Source: 17 numbers captured from devices with firmware 53 to 60, all reproduced; ArduinoJson `FloatParts`.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from json.encoder import encode_basestring
from typing import Final

SIX, NINE = 6, 9
"""D of the rule above."""

Render = Callable[[object], str]
_SINGLE: Final = struct.Struct("<f")
_LARGE: Final = 1e7
_SMALL: Final = 1e-5


def single(value: float) -> float:
    """`value` as a 32-bit float holds it."""
    try:
        return float(_SINGLE.unpack(_SINGLE.pack(value))[0])
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def number(value: float, digits: int) -> str:
    """A float with `digits` as D of the rule above; not finite: null."""
    if not math.isfinite(value):
        return "null"
    if value < 0:
        return "-" + number(-value, digits)
    if value == 0:
        return "0"
    if _SMALL < value < _LARGE:
        return _decimals(value, digits)
    mantissa, _, exponent = f"{value:.{digits}e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def _decimals(value: float, digits: int) -> str:
    places = digits + 1 - len(str(int(value)))
    text = f"{value:.{places}f}" if places > 0 else f"{value:.0f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def printer(digits: int, *, is_single: bool) -> Render:
    """A function that prints any JSON value compactly, members in their order."""

    def render(value: object) -> str:
        if value is None:
            return "null"
        if value is True:
            return "true"
        if value is False:
            return "false"
        if isinstance(value, str):
            return encode_basestring(value)
        if isinstance(value, int):
            return str(int(value))
        if isinstance(value, float):
            return number(single(value) if is_single and digits > 6 else value, digits)
        if isinstance(value, dict):
            return "{" + ",".join([f"{encode_basestring(k)}:{render(v)}" for k, v in value.items()]) + "}"
        if isinstance(value, list | tuple):
            return "[" + ",".join([render(item) for item in value]) + "]"
        raise TypeError(f"{value!r} is no JSON value")

    return render
