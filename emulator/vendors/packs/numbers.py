"""Numbers as register tables write them."""

from __future__ import annotations

import re
from typing import Final

HEXADECIMAL: Final = re.compile(r"0x[0-9a-fA-F]{1,16}")


def number_in(value: object) -> object:
    """What was written as `0x1F` is a number."""
    return int(value, 16) if isinstance(value, str) and HEXADECIMAL.fullmatch(value) else value
