"""The records of a log: who wrote what when, whichever program kept it.

The one rule: a line that begins no record belongs to the record before it; what a text means is not asked here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import Final

from .lines import Line
from .stamps import Calendar, Stamp, read_stamp

_STAMP: Final = r"(?P<stamp>(?:\d{4}[-/]\d\d[-/]\d\d[ T])?\d\d:\d\d:\d\d(?:[.,]\d+)?)"
"""The date is cut off by some."""
HEADS: Final = (
    # evcc; the first line of a paste often lacks the bracket
    re.compile(
        r"^\s*\[?(?P<area>[\w .:-]{1,40}?)\s*\]\s*(?P<level>TRACE|DEBUG|INFO|WARN(?:ING)?|ERROR|FATAL)\s+"
        + _STAMP
        + r" ?(?P<text>.*)$"
    ),
    # Home Assistant
    re.compile(rf"^{_STAMP}\s+(?P<level>[A-Z]+)\s+\((?P<thread>[^)]*)\)\s+\[(?P<area>[\w.*-]+)\]\s?(?P<text>.*)$"),
    # ioBroker: file, then the admin page in one line
    re.compile(rf"^{_STAMP}\s+-\s+(?P<level>\w+):\s+(?P<area>[\w-]+\.\d+)\s+(?:\(\d+\)\s+)?(?P<text>.*)$"),
    re.compile(rf"^(?P<area>[\w-]+\.\d+)\s*[|\t]\s*{_STAMP}\s*[|\t]\s*(?P<level>\w+)\s*[|\t]\s*(?P<text>.*)$"),
    re.compile(rf"^{_STAMP}\s*\t(?P<level>\w+)\t(?P<text>.*)$"),
    # openHAB, openWB
    re.compile(rf"^{_STAMP}\s+\[(?P<level>\w+)\s*\]\s+\[(?P<area>[^\]]*)\]\s+-\s?(?P<text>.*)$"),
    re.compile(rf"^{_STAMP}\s+-\s+\{{(?P<area>[^}}]*)\}}\s+-\s+\{{(?P<level>[^}}]*)\}}\s+-\s?(?P<text>.*)$"),
)
_PLAIN: Final = re.compile(r"^\W{0,3}\d")
_ADAPTER: Final = re.compile(r"[a-z][\w-]*\.\d+")
"""Stands alone above the records of ioBroker's admin page."""
_STRINGS: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_MOST_LINES: Final = 4_000
"""Lines of one record."""


@dataclass(slots=True)
class Record:
    """One record of a log."""

    line: int
    """Where it begins."""
    stamp: Stamp | None
    """The best stamp it has."""
    area: str
    """Who wrote it: evcc's area, a logger, an adapter; empty: not known."""
    head: bool
    """It began with a stamp of its own."""
    wrapped: bool = False
    """It stood in a wrapper with a stamp."""
    parts: list[str] = field(default_factory=list)
    at: float | None = None
    """s of any epoch; None: no stamp."""

    @property
    def text(self) -> str:
        """Its whole text, line by line."""
        return "\n".join(self.parts)


def records_of(lines: Iterable[Line]) -> list[Record]:
    """The records of a log, the oldest first; a part that begins with its newest is turned round."""
    found: list[Record] = []
    for _, part in groupby(_records(lines), key=lambda record: record.wrapped):
        records = list(part)
        found += records[::-1] if _newest_first(records) else records
    calendar = Calendar()
    for record in found:
        record.at = calendar.seconds(record.stamp)
    return found


def _newest_first(records: Sequence[Record]) -> bool:
    """Whether the stamps go backwards, most of the time."""
    stamps = [record.stamp.comparable for record in records if record.stamp is not None]
    steps = [(one, other) for one, other in pairwise(stamps) if one != other]
    backwards = sum(one > other for one, other in steps)
    return backwards > len(steps) - backwards


def _records(lines: Iterable[Line]) -> Iterator[Record]:
    current: Record | None = None
    adapter = ""
    for line in lines:
        text = line.text
        if not text.strip() and (current is None or not current.head):
            continue
        if _ADAPTER.fullmatch(text.strip()):
            adapter = text.strip()
            continue
        found = _head(text)
        if found is None and current is not None and _continues(text, line, current):
            if len(current.parts) < _MOST_LINES:
                current.parts.append(text)
            continue
        if current is not None:
            yield current
        current = _with_head(found, line, adapter) if found is not None else _without_head(line)
    if current is not None:
        yield current


def _with_head(found: re.Match[str], line: Line, adapter: str) -> Record:
    stamp = read_stamp(found["stamp"])
    area = (found.groupdict().get("area") or adapter).strip()
    return Record(line.number, stamp, area, True, line.outer is not None, [found["text"]])


def _without_head(line: Line) -> Record:
    stamp = read_stamp(line.text) if _PLAIN.match(line.text) else None
    rest = line.text[stamp.end :].lstrip(" \t|,;]-") if stamp is not None else line.text
    return Record(line.number, stamp or line.outer, "", stamp is not None, line.outer is not None, [rest])


def _head(text: str) -> re.Match[str] | None:
    return next((found for pattern in HEADS if (found := pattern.match(text)) is not None), None)


def _continues(text: str, line: Line, record: Record) -> bool:
    """Whether a line without a head belongs to the record before it."""
    if _PLAIN.match(text) and read_stamp(text[:32]) is not None and not text.lstrip().startswith(('"', "{")):
        return False
    return record.head or _open(record.text)


def _open(text: str) -> bool:
    """Whether a document begins that has not ended."""
    begun = text.lstrip()
    return begun[:1] in ("{", "[") and _depth(begun) > 0


def _depth(text: str) -> int:
    bare = _STRINGS.sub("", text)
    return bare.count("{") + bare.count("[") - bare.count("}") - bare.count("]")
