"""What was seen at one place of a document, over all its samples: kinds, spellings, lengths.

The one rule: elements of a list of objects are one place (`*`), elements of a list of numbers a place each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from ..devices.documents import Path
from .capture import Document, Field, Kind

ANY: Final = "*"
_NUMBER: Final = r"(?:[+-]?(?:0|[1-9]\d*)(?:\.\d+)?|\d+)"
_QUANTITY: Final = re.compile(r"[+-]?(?:0|[1-9]\d*)(?:\.\d+)?")
"""A number that is no serial number or stamp: those may begin with 0."""
_FORMS: Final = (
    ("number", re.compile(_NUMBER)),
    ("list of numbers", re.compile(rf" ?{_NUMBER}(?:, ?{_NUMBER})+")),
    ("hexadecimal number", re.compile(r"0x[0-9a-fA-F]+")),
    ("colour", re.compile(r"#[0-9a-fA-F]{6}")),
    ("time", re.compile(r"\d{4}-\d\d-\d\dT.*")),
)
"""What a text can be that programs read."""


@dataclass
class Seen:
    """Everything that was seen at one place."""

    fields: list[Field] = field(default_factory=list)
    lengths: set[int] = field(default_factory=set)
    """Of the list that it is."""

    @cached_property
    def kinds(self) -> frozenset[Kind]:
        return frozenset(found.kind for found in self.fields)

    @cached_property
    def numbers(self) -> list[str]:
        """Spellings of the numbers; of numbers in texts as well."""
        spelled = [found.spelled for found in self.fields if found.kind == "number"]
        return spelled or [text for text in self.texts if _QUANTITY.fullmatch(text)]

    @cached_property
    def texts(self) -> list[str]:
        return [str(found.data) for found in self.fields if found.kind == "text"]

    @property
    def first(self) -> Field:
        return self.fields[0]


def form_of(text: str) -> str | None:
    """What programs read in a text; None: words."""
    return next((name for name, form in _FORMS if form.fullmatch(text)), None)


def decimals(spelled: str) -> int:
    """Digits behind the point."""
    return len(spelled.partition(".")[2].partition("e")[0]) if "." in spelled else 0


def gathered(documents: Iterable[Document]) -> dict[Path, Seen]:
    """What was seen at each place of these documents, in the order of the text."""
    places: dict[Path, Seen] = {}
    for document in documents:
        for found, path, length in _placed(document.fields):
            seen = places.setdefault(path, Seen())
            seen.fields.append(found)
            if length is not None:
                seen.lengths.add(length)
    return places


def _placed(fields: Sequence[Field]) -> Iterator[tuple[Field, Path, int | None]]:
    """Every field with its place, and the length of the list it is."""
    lists = {found.path: 0 for found in fields if found.kind == "list"}
    open_lists = set()
    for found in fields:
        parent = found.path[:-1]
        if found.path and parent in lists:
            lists[parent] += 1
            if found.kind in ("object", "text"):
                open_lists.add(parent)
    for found in fields:
        path = tuple(ANY if found.path[:at] in open_lists else part for at, part in enumerate(found.path))
        yield found, path, lists.get(found.path) if found.path not in open_lists else None


def in_order(found: Sequence[str], expected: Sequence[str]) -> list[str]:
    """Which of `found` stand elsewhere than in `expected`: the fewest that have to move."""
    place = {name: at for at, name in enumerate(expected)}
    common = [name for name in found if name in place]
    longest = _longest([place[name] for name in common])
    return [name for at, name in enumerate(common) if at not in longest]


def _longest(values: Sequence[int]) -> set[int]:
    """Places of a longest increasing run."""
    from bisect import bisect_left

    ends: list[int] = []
    at_end: list[int] = []
    before: list[int] = []
    for at, value in enumerate(values):
        length = bisect_left(ends, value)
        before.append(at_end[length - 1] if length else -1)
        if length == len(ends):
            ends.append(value)
            at_end.append(at)
        else:
            ends[length], at_end[length] = value, at
    found, at = set(), at_end[-1] if at_end else -1
    while at >= 0:
        found.add(at)
        at = before[at]
    return found
