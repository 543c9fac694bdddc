"""JSON as it is found in pastes: cut off, wrapped, masked.

The one rule: what is whole is taken, what is not is left out; nothing is completed.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from typing import Final

_RUNS: Final = re.compile(r" {8,}")
_TRAILING: Final = re.compile(r",\s*(?=[}\]])")
_DEEPEST: Final = 40
_NAME: Final = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*:\s*')
_LITERAL: Final = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?=\s*[,}\]])|true|false|null')
_DECODER: Final = json.JSONDecoder(strict=False)


class Missing:
    """Stands for a value that cannot be read."""


MISSING: Final = Missing()


def document(text: str) -> object:
    """The value of a text; of an object or a list that is damaged, what of it is whole; `MISSING`: nothing is."""
    text = text.strip()
    for candidate in (text, _RUNS.sub(" ", text), _RUNS.sub("", text), _TRAILING.sub("", text)):
        try:
            return json.loads(candidate, strict=False)
        except (ValueError, RecursionError):
            continue
    if text[:1] not in ("{", "["):
        return _bare(text)
    found, _ = _salvage(text, 0, 0)
    return MISSING if found in ({}, []) else found


def _bare(text: str) -> object:
    """Python's notation, and words."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return MISSING
    return value if isinstance(value, str | int | float | bool | list | dict | None) else MISSING


def _salvage(text: str, at: int, depth: int) -> tuple[object, int]:
    """A value that begins at `at`, and where it ends."""
    try:
        value, end = _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        pass
    else:
        if not isinstance(value, int | float) or isinstance(value, bool) or _ends(text, end):
            return value, end
        return MISSING, _next(text, at)
    if depth < _DEEPEST and text[at : at + 1] == "{":
        return _members(text, at + 1, depth)
    if depth < _DEEPEST and text[at : at + 1] == "[":
        return MISSING, _closing(text, at)
    return MISSING, _next(text, at)


def _members(text: str, at: int, depth: int) -> tuple[object, int]:
    found: dict[str, object] = {}
    while at < len(text):
        name = _NAME.match(text, at)
        if name is None:
            closing = re.compile(r"\s*\}").match(text, at)
            if closing is not None:
                return found, closing.end()
            following = text.find(",", at)
            if following < 0:
                return found, len(text)
            at = following + 1
            continue
        value, at = _salvage(text, name.end(), depth + 1)
        if value is not MISSING:
            found[name[1]] = value
        comma = re.compile(r"\s*,").match(text, at)
        at = comma.end() if comma is not None else at
    return found, at


def _ends(text: str, at: int) -> bool:
    """Whether a number is whole: something ends it, and the text was not cut inside it."""
    return re.compile(r"\s*[,}\]]").match(text, at) is not None


def _next(text: str, at: int) -> int:
    found = re.compile(r"[,}]").search(text, at)
    return found.start() if found is not None else len(text)


def _closing(text: str, at: int) -> int:
    """Behind the bracket that closes the one at `at`; the end if there is none."""
    open_ = 0
    for index in range(at, len(text)):
        open_ += {"[": 1, "]": -1}.get(text[index], 0)
        if open_ == 0:
            return index + 1
    return len(text)


def objects_in(text: str) -> list[dict[str, object]]:
    """Every object that stands in a text, whatever stands between them."""
    found: list[dict[str, object]] = []
    at = text.find("{")
    while 0 <= at < len(text) and len(found) < 10_000:
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            value, end = _salvage(text, at, 0)
        if isinstance(value, Mapping) and value:
            found.append(dict(value))
        at = text.find("{", max(end, at + 1))
    return found


def body_of(text: str) -> str:
    """What stands in a body between the lengths of its chunks."""
    kept = [line for line in text.splitlines() if not re.fullmatch(r"\s*[0-9a-fA-F]{1,6}\s*", line)]
    return "\n".join(kept).strip()
