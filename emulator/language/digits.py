"""Numbers in paths: the place in a list, the address of a register.

The one rule: `int` is only asked for what it can read: `str.isdigit` also says yes to "²", and too many digits raise.
"""

from __future__ import annotations

from typing import Final

MOST: Final = 15
"""Digits."""


def is_index(text: str) -> bool:
    """Whether a text is a whole number of plain digits."""
    return text.isascii() and text.isdigit() and len(text) <= MOST
