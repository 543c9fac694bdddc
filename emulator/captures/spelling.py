"""JSON in a paste: where a value ends, and what is left of one whose end is missing.

The one rule: a document that was cut off is read up to its last complete value; nothing is made up.
"""

from __future__ import annotations

import json
import re
from typing import Final

from ..devices.documents import NotJson, places
from .capture import Field

_CLOSING: Final = {"{": "}", "[": "]"}
_SCALAR: Final = re.compile(r'-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null|"(?:[^"\\]|\\.)*"')
_DEEPEST: Final = 64
"""Levels of nesting that are read; no device sends more."""


class Brackets:
    """How far a JSON value has been read: feed it the text piece by piece."""

    def __init__(self) -> None:
        self.open: list[str] = []
        self._in_text = False
        self._escaped = False
        self.too_deep = False

    def feed(self, text: str) -> int | None:
        """Offset in `text` behind the end of the value; None: it goes on."""
        for at, char in enumerate(text):
            if self._in_text:
                self._inside(char)
            elif char == '"':
                self._in_text = True
            elif char in _CLOSING:
                self.open.append(char)
                self.too_deep |= len(self.open) > _DEEPEST
            elif char in "}]" and self.open:
                self.open.pop()
                if not self.open:
                    return at + 1
        return None

    def _inside(self, char: str) -> None:
        if self._escaped:
            self._escaped = False
        elif char == "\\":
            self._escaped = True
        elif char == '"':
            self._in_text = False


def is_scalar(text: str) -> bool:
    """Whether a text is one JSON number, string, truth value or null."""
    return _SCALAR.fullmatch(text) is not None and _valid(text)


def mended(text: str) -> str | None:
    """A text that was cut off, ended behind its last complete member or element; None if nothing is left."""
    cuts = [at for at, char in enumerate(text) if char in ",}]"]
    for cut in reversed(cuts[-400:]):
        head = text[:cut] if text[cut] == "," else text[: cut + 1]
        brackets = Brackets()
        if brackets.feed(head) is None and brackets.open:
            candidate = head + "".join(_CLOSING[char] for char in reversed(brackets.open))
            if _valid(candidate):
                return candidate
    return None


def _valid(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def fields(text: str, line: int) -> tuple[Field, ...]:
    """Every value in a JSON text that begins on `line`. NotJson if it is none."""
    if not _valid(text):
        raise NotJson
    return tuple(
        Field(slot.path, text[slot.start : slot.end], line + text.count("\n", 0, slot.start)) for slot in places(text)
    )
