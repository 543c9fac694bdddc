"""How this firmware prints numbers and names its units: float32 texts, base58 and z-base-32 numbers.

The one rule: pure functions of their arguments.
"""

from __future__ import annotations

import math
import struct
from functools import lru_cache
from typing import Final

BASE58: Final = "123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"
ZBASE32: Final = "ybndrfg8ejkmcpqxot1uwisza345h769"
LAST_BASE58: Final = 257_899
"""Highest device number that is printed as base58; newer ones are z-base-32."""


def float32(value: float) -> float:
    """The nearest float32; infinite where it is out of range."""
    try:
        found: float = struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    return found


@lru_cache(maxsize=4096)
def f32(value: float | None) -> str:
    """A float32 as the device's serializer prints it: up to 10 significant digits, no trailing zeros.

    None and what is not finite become `null`. Exponents only below 1e-5 and from 1e7 on.
    """
    if value is None:
        return "null"
    number = float32(value)
    if not math.isfinite(number):
        return "null"
    sign = "-" if number < 0 else ""
    return sign + _positive(abs(number))


def _positive(number: float) -> str:
    exponent = 0
    if number >= 1e7 or 0 < number < 1e-5:
        exponent = math.floor(math.log10(number))
        number = number / 10.0**exponent
    whole = int(number)
    places = max(0, 9 - (len(str(whole)) - 1))
    fraction = int((number - whole) * 10**places + 0.5)
    if fraction >= 10**places:
        whole, fraction = whole + 1, fraction - 10**places
    text = str(whole)
    if fraction:
        text += "." + str(fraction).rjust(places, "0").rstrip("0")
    return f"{text}e{exponent}" if exponent else text


def uid_text(number: int) -> str:
    """A device number as it is printed on the housing: `2jEx`, or `855c` in the newer alphabet."""
    alphabet = BASE58 if number <= LAST_BASE58 else ZBASE32
    digits = ""
    while number:
        number, digit = divmod(number, len(alphabet))
        digits = alphabet[digit] + digits
    return digits or alphabet[0]


def uid_number(text: str) -> int:
    """The device number behind a printed one. ValueError if it is neither base58 nor z-base-32."""
    newer = len(text) >= 4 and all(letter in ZBASE32 for letter in text)
    alphabet = ZBASE32 if newer else BASE58
    number = 0
    for letter in text:
        number = number * len(alphabet) + alphabet.index(letter)
    return number
