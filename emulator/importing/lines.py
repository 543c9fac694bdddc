"""What a pasted log is wrapped in: taken off line by line, and the number of the line is kept.

The one rule: a wrapper is recognised by its shape and nothing is guessed; what is inside is somebody else's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from .stamps import Stamp, read_stamp

NARROWEST: Final = 60
"""Characters of a line on the narrowest screen."""
LONGEST: Final = 200_000
"""Characters of a line that are read."""
_ANSI: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b")
_LOST_ANSI: Final = re.compile(r"^(?:\d{1,2}(?:;\d{1,2})*m)+(?=[\[\d])|(?<=\S)\[0m$")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u2028\u2029\ufeff]")
_QUOTE: Final = re.compile(r"^(?:\s{0,3}>\s?)+")
_FENCE: Final = re.compile(r"^\s*(?:`{3,}|~{3,})\s*[\w-]*\s*$")
_CSV: Final = re.compile(r'^"?(?P<stamp>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?)"?,"?(?:stdout|stderr)"?,')
_JOURNALD: Final = re.compile(
    r"^(?P<stamp>[A-Za-zÀ-ÿ]{3,5}\.? +\d{1,2} \d\d:\d\d:\d\d(?:\.\d+)?) [\w.-]+ [\w./@-]+(?:\[\d+\])?: ?"
)
_JOURNALD_ISO: Final = re.compile(
    r"^(?P<stamp>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?) [\w.-]+ [\w./@-]+\[\d+\]: ?"
)
_COMPOSE: Final = re.compile(r"^[\w.-]{1,40}\s+\| (?=\S)|^[\w.-]{1,40}\s+\|$")
_SHELL: Final = re.compile(r"^(?:[\w.-]+@[\w.-]+:?[^\s]*\s?[#$%]|[$#%])\s")
_NEW: Final = re.compile(r"\s*(?:$|\[|#|\d{4}[-/]\d\d|\d\d:\d\d:\d\d|/?[\w-]+(?:/[\w-]+)+ \S)")
"""How a line begins that does not go on with the one before."""
_ENTITIES: Final = {"&quot;": '"', "&lt;": "<", "&gt;": ">", "&#39;": "'", "&amp;": "&", "\u00a0": " "}
_BREAK: Final = re.compile(r"<br\s*/?>\s*$|^\s*<br\s*/?>")
_SMART: Final = str.maketrans({"“": '"', "”": '"', "„": '"', "’": "'", "‘": "'"})


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its wrappers."""

    number: int
    """Counted from 1."""
    text: str
    outer: Stamp | None = None
    """The stamp of a wrapper."""


def lines_of(text: str) -> list[Line]:
    """The lines of a pasted text in its order; what was broken at a fixed width is whole again."""
    found = list(_unwrapped(enumerate(text.splitlines(), 1)))
    width = _width(found)
    return found if width is None else list(_rejoined(found, width))


def _width(lines: Sequence[Line]) -> int | None:
    """The width at which a screen broke every longer line; None: none did."""
    longest = max((len(line.text) for line in lines), default=0)
    behind = [after.text for line, after in pairwise(lines) if len(line.text) == longest]
    going_on = sum(_NEW.match(text) is None for text in behind)
    many = len(behind) >= 3 and len(behind) * 12 >= len(lines) and going_on * 3 >= len(behind) * 2
    return longest if many and longest >= NARROWEST else None


def _rejoined(lines: Iterable[Line], width: int) -> Iterator[Line]:
    whole: Line | None = None
    goes_on = False
    for line in lines:
        if whole is not None and goes_on:
            whole = replace(whole, text=whole.text + line.text)
        else:
            if whole is not None:
                yield whole
            whole = line
        goes_on = len(line.text) == width
    if whole is not None:
        yield whole


def _unwrapped(numbered: Iterable[tuple[int, str]]) -> Iterator[Line]:
    for number, raw in numbered:
        if _FENCE.match(raw) or _SHELL.match(raw):
            continue
        outer, text = _peeled(_clean(raw))
        yield Line(number, text, outer)


def _clean(raw: str) -> str:
    text = raw[:LONGEST]
    for entity, meant in _ENTITIES.items():
        if entity in text:
            text = text.replace(entity, meant)
    text = _CONTROL.sub("", _ANSI.sub("", text))
    text = _BREAK.sub("", text)
    text = _LOST_ANSI.sub("", text.rstrip())
    return text.translate(_SMART)


def _peeled(text: str) -> tuple[Stamp | None, str]:
    """Wrappers stand in each other: a quoted journald line, a fenced listing of docker compose."""
    outer: Stamp | None = None
    for _ in range(6):
        before = text
        text = _QUOTE.sub("", text) if text.lstrip().startswith(">") else text
        for wrapper in (_CSV, _JOURNALD, _JOURNALD_ISO):
            if found := wrapper.match(text):
                outer = read_stamp(found["stamp"]) or outer
                text = text[found.end() :]
                text = text[:-1].replace('""', '"') if wrapper is _CSV and text.endswith('"') else text
        if found := _COMPOSE.match(text):
            text = text[found.end() :]
        if text.startswith("`") and not text.startswith("```"):
            text = text[1:].removesuffix("`")
        if text == before:
            break
    if text.startswith("    ") and text.strip()[:1] in "[{" and text.strip().count("] ") > 0:
        text = text.strip()
    return outer, text
