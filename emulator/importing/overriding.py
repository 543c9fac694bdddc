"""What the model cannot explain: the value as the log has it, for as long as the log has it.

The one rule: the last resort; every override names the line it comes from, and the share without them is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ..errors import EmulatorError
from ..language.units import shown
from .agreement import NOTHING, Match
from .sketch import Deed
from .working import Part, Work

EARLY: Final = 1.0
"""s that an override begins before it is first seen."""
MOST: Final = 400
"""Overrides of one box."""
SEVERAL: Final = 3
"""Members of one object or list from which it is replaced as a whole."""


def changes(matches: Sequence[Match]) -> Iterator[tuple[Match, Match | None]]:
    """Runs of misses with one value of one address: the first of each, and the next match or other value."""
    by_address: dict[str, list[Match]] = {}
    for match in matches:
        by_address.setdefault(match.reading.address, []).append(match)
    for found in by_address.values():
        start: Match | None = None
        for match in found:
            if start is not None and (match.ok or match.reading.value != start.reading.value):
                yield start, match
                start = None
            if start is None and not match.ok:
                start = match
        if start is not None:
            yield start, None


@dataclass(frozen=True, slots=True)
class _Span:
    """One value that has to be shown from one time to another."""

    address: str
    value: object
    since: float
    until: float | None
    line: int


def override(work: Work) -> None:
    """Show what nothing explains."""
    for index, part in enumerate(work.parts):
        _, agreements = work.play()
        spans = _grouped(part, _spans(work, agreements[index].matches))
        if len(spans) > MOST:
            spans = spans[:MOST]
        deeds = [_deed(part, span, number) for number, span in enumerate(_named_apart(spans))]
        part.sketch.overrides = _bearable(work, part, deeds)


def _bearable(work: Work, part: Part, deeds: list[Deed]) -> list[Deed]:
    """Those that the scenario language takes."""
    part.sketch.overrides = deeds
    try:
        work.play()
    except EmulatorError:
        kept: list[Deed] = []
        for deed in deeds:
            part.sketch.overrides = [*kept, deed]
            try:
                work.play()
            except EmulatorError:
                continue
            kept.append(deed)
        return kept
    return deeds


def _spans(work: Work, matches: Sequence[Match]) -> Iterator[_Span]:
    for start, end in changes(matches):
        if start.found is NOTHING:
            continue  # there is no such value to be replaced
        since = max(0.0, work.at(start.reading.at) - EARLY)
        until = None if end is None else max(since + 0.1, work.at(end.reading.at) - EARLY)
        yield _Span(start.reading.address, start.reading.value, round(since, 1), until, start.reading.line)


def _grouped(part: Part, spans: Iterable[_Span]) -> list[_Span]:
    """A list or an object of which several members are wrong is replaced as a whole."""
    by_parent: dict[tuple[str, float, float | None], list[_Span]] = {}
    for span in spans:
        parent = "" if span.address.startswith("modbus.") else span.address.rpartition(".")[0]
        by_parent.setdefault((parent, span.since, span.until), []).append(span)
    found: list[_Span] = []
    for (parent, since, until), some in by_parent.items():
        whole = _whole(part, parent, some) if parent and len(some) >= SEVERAL else None
        found += [_Span(parent, whole, since, until, some[0].line)] if whole is not None else some
    return sorted(found, key=lambda span: (span.since, span.line))


def _whole(part: Part, parent: str, some: Sequence[_Span]) -> object | None:
    """The list that the log shows there; None: it is none, or not all of it is known."""
    line = some[0].line
    members = {
        reading.address[len(parent) + 1 :]: reading.value
        for reading in part.box.readings
        if reading.line == line and reading.address.startswith(f"{parent}.")
    }
    if not all(name.isdigit() for name in members) or len(some) * 2 < len(members):
        return None  # most of it comes out right by itself
    return [members[name] for name in sorted(members, key=int)] if len(members) == max(map(int, members)) + 1 else None


def _named_apart(spans: Sequence[_Span]) -> Iterator[tuple[str, _Span]]:
    counts: dict[str, int] = {}
    for span in spans:
        counts[span.address] = counts.get(span.address, 0) + 1
        count = counts[span.address]
        yield f"{span.address} {count}" if count > 1 else span.address, span


def _deed(part: Part, named: tuple[str, _Span], number: int) -> Deed:
    name, span = named
    arguments: dict[str, object] = {"name": name}
    kind, _, register = span.address.partition(".")
    if kind == "modbus" and register.isdigit():
        arguments |= {"on": f"{part.sketch.address}.modbus", "kind": "override", "match": {"register": int(register)}}
    else:
        arguments |= {"on": part.sketch.address, "kind": "override", "match": {"key": span.address}}
    arguments["value"] = span.value
    if span.until is not None:
        arguments["for"] = shown(round(span.until - span.since, 1), "s")
    return Deed(span.since, "fault", arguments, f"line {span.line}", rank=2 + number)
