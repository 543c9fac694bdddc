"""JSON as the device reads and prints it.

The one rule: it reads what the device's parser reads - unquoted keys, missing and superfluous commas, anything behind
the end - and of a text that breaks off it keeps what was complete. Source: cesanta/frozen, frozen.c.
"""

from __future__ import annotations

import json
import math
import re
from typing import Final

MAX_DEPTH: Final = 32
"""ASSUMED; the device has a stack of a few kB."""

MAX_DIGITS: Final = 300
"""Longer numbers are read as floating point, as the device reads all of them."""

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_NUMBER: Final = re.compile(r"-?(?:(0x[0-9a-fA-F]+)|[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?)")
_STRING: Final = re.compile(r'"((?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*)"')
_WORDS: Final[dict[str, object]] = {"true": True, "false": False, "null": None}


class _BrokenError(Exception):
    """The text ends early or is no JSON."""


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0

    def peek(self) -> str:
        """The next character that is no space; empty at the end."""
        space = _SPACE.match(self.text, self.place)
        assert space is not None
        self.place = space.end()
        return self.text[self.place : self.place + 1]

    def skip(self, character: str) -> bool:
        if self.peek() == character:
            self.place += 1
            return True
        return False

    def match(self, pattern: re.Pattern[str]) -> re.Match[str]:
        found = pattern.match(self.text, self.place)
        if found is None:
            raise _BrokenError
        self.place = found.end()
        return found

    def value(self, depth: int) -> object:
        """A complete value."""
        first = self.peek()
        if first == "{":
            made: dict[str, object] = {}
            self.members(made, depth + 1)
            return made
        if first == "[":
            return self.elements(depth + 1)
        if first == '"':
            return self.string()
        for word, meaning in _WORDS.items():
            if self.text.startswith(word, self.place):
                self.place += len(word)
                return meaning
        return self.number()

    def string(self) -> str:
        text = str(json.loads(self.match(_STRING).group(0)))
        return text.encode("utf-8", "replace").decode("utf-8")

    def number(self) -> int | float:
        found = self.match(_NUMBER)
        text = found.group(0)
        if found.group(1):
            return int(text, 16) if len(text) <= MAX_DIGITS else math.inf
        return float(text) if found.group(2) or found.group(3) or len(text) > MAX_DIGITS else int(text)

    def members(self, into: dict[str, object], depth: int) -> None:
        if depth > MAX_DEPTH or not self.skip("{"):
            raise _BrokenError
        while not self.skip("}"):
            name = self.string() if self.peek() == '"' else self.match(_NAME).group(0)
            if not self.skip(":"):
                raise _BrokenError
            into[name] = self.value(depth)
            self.skip(",")

    def elements(self, depth: int) -> list[object]:
        if depth > MAX_DEPTH or not self.skip("["):
            raise _BrokenError
        made: list[object] = []
        while not self.skip("]"):
            made.append(self.value(depth))
            self.skip(",")
        return made


def read_object(text: str) -> tuple[dict[str, object], bool]:
    """The members of an object, and whether it was one and complete. Never raises."""
    members: dict[str, object] = {}
    reader = _Reader(text)
    try:
        if reader.peek() != "{":
            return {}, False
        reader.members(members, 1)
    except _BrokenError:
        return members, False
    return members, True


def number(value: float, decimals: int) -> int | float:
    """A measured value as printed: rounded, and without a point when whole.

    ASSUMED: whether the device prints `0` or `0.0` is not known; clients accept both.
    """
    rounded = round(value, decimals)
    return int(rounded) if rounded == int(rounded) else rounded


dumps: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
