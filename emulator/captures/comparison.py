"""A capture against the emulated wallbox of that model and firmware, field by field.

The one rule: a field counts once, however often it was captured, and agrees or has one difference.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from ..devices.documents import Path
from ..devices.firmware import Profile
from .capture import Capture, Document
from .checks import CHECKS, DifferenceKind, Place
from .emulated import Emulated
from .shapes import Seen, gathered, in_order

ASIDE: Final = re.compile(r"/(?:set|result)$|_update$|^push$")
"""What clients write, what that is answered, and what is told unasked: no documents that a device has."""
WHOLE: Final = 2 / 3
"""Part of the members from which on a reply that clients can filter is taken for a whole one."""
_FILTERED: Final = {"goe": ("/api/status",), "nrgkick": ("/info", "/values")}
"""Replies of which a client chooses the members."""
CUT: Final = 10
"""So many members that are missing at the end of a document of at least twice as many, and nowhere else in it, were cut
off by somebody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field that is not what the emulated wallbox says."""

    kind: DifferenceKind
    source: str
    path: str
    line: int
    """In the capture; 0: it is not there."""
    text: str

    @property
    def name(self) -> str:
        return f"{self.source}.{self.path}" if self.path else self.source


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The result."""

    capture: Capture
    profile: Profile
    fields: int
    """That were compared."""
    differences: tuple[Difference, ...]
    not_captured: tuple[str, ...]
    """Documents, or members of a filtered one, that the emulated wallbox has and nobody asked the device for."""
    notes: tuple[str, ...] = ()
    """How model and firmware were found."""

    @property
    def agreement(self) -> float:
        """[%]"""
        return 100 * (self.fields - len(self.differences)) / self.fields if self.fields else 0.0


@dataclass
class Comparer:
    """Compares, and keeps what it finds."""

    capture: Capture
    emulated: Emulated
    fields: int = 0
    differences: list[Difference] = field(default_factory=list)
    not_captured: list[str] = field(default_factory=list)

    def compare(self, notes: Sequence[str] = ()) -> Comparison:
        by_source: dict[str, list[Document]] = {}
        for document in self.capture.documents:
            if ASIDE.search(document.source):
                continue
            by_source.setdefault(document.source, []).append(document)
        said = self.emulated.sources()
        for source, documents in by_source.items():
            self._document(source, documents)
        self._order_of_documents(list(by_source), said)
        self.not_captured += [source for source in said if source not in by_source]
        return Comparison(
            capture=self.capture,
            profile=self.emulated.profile,
            fields=self.fields,
            differences=tuple(self.differences),
            not_captured=tuple(self.not_captured),
            notes=tuple(notes),
        )

    def _differs(self, kind: DifferenceKind, source: str, path: Path, line: int, text: str) -> None:
        self.differences.append(Difference(kind=kind, source=source, path=".".join(path), line=line, text=text))

    # --- one document ------------------------------------------------------------------------------------------------

    def _document(self, source: str, documents: list[Document]) -> None:
        device = gathered(documents)
        others = self.emulated.of(source)
        if not others:
            self.fields += 1
            self._differs("extra", source, (), documents[0].line, "the emulated wallbox does not say this")
            return
        emulated = gathered(others)
        judged: set[Path] = set()
        moved = set(self._moved(documents, others))
        for path, seen in device.items():
            if _below(path, judged):
                continue
            if not self._comparable(path, seen, emulated):
                judged.add(path)
                continue
            self._place(source, path, seen, emulated, moved, judged)
        self._missing(source, documents, others, device)

    def _comparable(self, path: Path, seen: Seen, emulated: Mapping[Path, Seen]) -> bool:
        """Whether there is anything to compare with: not inside of what the emulated wallbox has empty."""
        parent = emulated.get(path[:-1])
        if path in emulated or parent is None:
            return path in emulated
        return not (path[-1] == "*" or parent.kinds == {"null"} or (parent.lengths == {0}))

    def _place(
        self,
        source: str,
        path: Path,
        seen: Seen,
        emulated: Mapping[Path, Seen],
        moved: set[Path],
        judged: set[Path],
    ) -> None:
        """Judge one place; what is below a difference of type or shape is not looked at."""
        self.fields += 1
        other = emulated.get(path)
        if other is None:
            judged.add(path)
            if not _is_index(path, emulated):
                self._differs("extra", source, path, seen.first.line, f"{seen.first.spelled[:60]}")
            else:
                self.fields -= 1
            return
        name = path[-1] if path and not path[-1].isdigit() else next(iter(path[-2:-1]), self.emulated.name(source))
        place = Place(self.emulated.vendor, source, ".".join(path), name, self.emulated.type(source, path), seen, other)
        for check in CHECKS:
            if (finding := check(place)) is not None:
                self._differs(finding[0], source, path, seen.first.line, finding[1])
                if finding[0] in ("type", "shape"):
                    judged.add(path)
                return
        if path in moved:
            self._differs("order", source, path, seen.first.line, "among its neighbours")

    def _moved(self, documents: Iterable[Document], others: Iterable[Document]) -> Iterator[Path]:
        """Members that stand elsewhere, of every object."""
        device, emulated = _members(documents), _members(others)
        for parent, names in device.items():
            yield from ((*parent, name) for name in in_order(names, emulated.get(parent, [])))

    def _missing(
        self, source: str, documents: list[Document], others: list[Document], device: Mapping[Path, Seen]
    ) -> None:
        """Members that the emulated one has at every look, and the device at none."""
        always = _always(others)
        filtered = source in _FILTERED.get(self.emulated.vendor, ())
        found = {path for path in device if len(path) == 1}
        whole = not filtered or len(found) >= WHOLE * len([path for path in always if len(path) == 1])
        cut = not all(document.complete for document in documents)
        gone: dict[Path, str] = {}
        for path, spelled in always.items():
            parent = device.get(path[:-1])
            if path in device or not path or path[-1] == "*" or _below(path, gone):
                continue
            if parent is not None and "object" in parent.kinds:
                gone[path] = spelled
        cut = cut or _at_the_end(list(gone), list(always))
        for path, spelled in gone.items():
            if cut or (len(path) == 1 and not whole):
                self.not_captured.append(f"{source}.{'.'.join(path)}")
                continue
            self.fields += 1
            self._differs("missing", source, path, 0, spelled)

    # --- documents among each other ----------------------------------------------------------------------------------

    def _order_of_documents(self, found: list[str], said: list[str]) -> None:
        """Where a topic comes that should have come before the one above it. Only in what a device dumps as a whole:
        a broker and a client that asks have an order of their own, and so has whoever sorted a listing.
        """
        if self.capture.interface != "websocket" or self.emulated.vendor != "warp" or found == sorted(found):
            return
        lines = {document.source: document.line for document in reversed(self.capture.documents)}
        wrong = {difference.name for difference in self.differences}
        place = {source: at for at, source in enumerate(said)}
        known = [source for source in found if source in place]
        for before, source in pairwise(known):
            if place[source] < place[before] and source not in wrong:
                self._differs("order", source, (), lines[source], f"behind {before}")


def _at_the_end(gone: Sequence[Path], every: Sequence[Path]) -> bool:
    """Whether the members that are missing are the last ones of a document, and many."""
    top = [path for path in every if len(path) == 1]
    return len(gone) >= CUT and len(top) >= 2 * CUT and set(top[-len(gone) :]) == set(gone)


def _below(path: Path, judged: Collection[Path]) -> bool:
    return any(path[:size] in judged for size in range(len(path)))


def _is_index(path: Path, emulated: Mapping[Path, Seen]) -> bool:
    """Whether it is an element of a list that is shorter in the emulated wallbox: said once, for the list."""
    parent = emulated.get(path[:-1])
    return parent is not None and "list" in parent.kinds


def _members(documents: Iterable[Document]) -> dict[Path, list[str]]:
    """The members of every object in order; one that not all samples have stands behind its neighbour."""
    found: dict[Path, list[str]] = {}
    for document in documents:
        before: dict[Path, int] = {}
        for path in gathered([document]):
            if path and path[-1] != "*" and not path[-1].isdigit():
                names, name = found.setdefault(path[:-1], []), path[-1]
                if name not in names:
                    names.insert(before.get(path[:-1], -1) + 1, name)
                before[path[:-1]] = names.index(name)
    return found


def _always(others: list[Document]) -> dict[Path, str]:
    """Places that every one of these documents has, with how it is spelled."""
    each = [gathered([document]) for document in others]
    return {path: seen.first.spelled[:60] for path, seen in each[0].items() if all(path in one for one in each[1:])}
