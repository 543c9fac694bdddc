"""The confirmation that commands without a way back ask for.

The one rule: what is not confirmed is refused, with the module's own words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .documents import Doc
from .schema import BOOL
from .shapes import CONFIRM, Obj

CONFIRMATION: Final = Obj({CONFIRM: BOOL})


def unsure(text: str) -> Callable[[object, Doc], str | None]:
    """`text`: what the client is told if it did not confirm."""
    return lambda _, doc: None if doc.flag(CONFIRM) else text
