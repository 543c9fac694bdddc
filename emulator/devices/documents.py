"""What a JSON message says, place by place, without knowing any vendor.

The one rule: a place is named by its path, and by where its text stands.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final

from ..core.values import terse

_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_WORDS: Final = ("true", "false", "null", "NaN")
_BLANK: Final = re.compile(r"[ \t\r\n]*")
_STRINGS: Final = json.JSONDecoder(strict=False)
_BARE_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_ ]*")

Path = tuple[str, ...]


@terse
class Slot:
    """One value in a JSON text: where it stands, and where the member or element it belongs to begins and ends."""

    path: Path
    start: int
    end: int
    outer_start: int
    outer_end: int
    """With the comma that separates it from its neighbour; what is cut when the value is hidden."""


class NotJson(ValueError):  # noqa: N818 - an answer
    """The text is no sequence of JSON values."""


class _Scanner:
    """Walks a text of one or several JSON values and notes every place."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.slots: list[Slot] = []

    def run(self, prefix: Path) -> list[Slot]:
        at = self._skip(0)
        if at == len(self.text):
            raise NotJson
        while at < len(self.text):
            at = self._skip(self._value(at, prefix, at))
        return self.slots

    def _skip(self, at: int) -> int:
        found = _BLANK.match(self.text, at)
        return found.end() if found else at

    def _value(self, at: int, path: Path, outer: int) -> int:
        index = len(self.slots)
        self.slots.append(Slot(path, at, at, outer, at))
        end = self._scan(at, path)
        self.slots[index] = Slot(path, at, end, outer, end)
        return end

    def _scan(self, at: int, path: Path) -> int:
        text = self.text
        if at >= len(text):
            raise NotJson
        match text[at]:
            case "{":
                return self._members(at, path, "}")
            case "[":
                return self._members(at, path, "]")
            case '"':
                return self._string(at)[1]
        for word in _WORDS:
            if text.startswith(word, at):
                return at + len(word)
        if found := _NUMBER.match(text, at):
            return found.end()
        raise NotJson

    def _string(self, at: int) -> tuple[str, int]:
        try:
            value, end = _STRINGS.raw_decode(self.text, at)
        except ValueError:
            raise NotJson from None
        return str(value), end

    def _members(self, at: int, path: Path, closing: str) -> int:
        """The members of an object or the elements of an array; returns what is behind the closing bracket."""
        children: list[int] = []
        at = self._skip(at + 1)
        while at < len(self.text) and self.text[at] != closing:
            outer, name, at = at, str(len(children)), at
            if closing == "}":
                name, at = self._name(at)
            children.append(len(self.slots))
            at = self._skip(self._value(at, (*path, name), outer))
            if at < len(self.text) and self.text[at] == ",":
                self._extend(children[-1], at + 1)
                at = self._skip(at + 1)
        if at >= len(self.text):
            raise NotJson
        self._mend_last(children)
        return at + 1

    def _name(self, at: int) -> tuple[str, int]:
        name, at = self._string(at) if self.text[at : at + 1] == '"' else self._bare(at)
        at = self._skip(at)
        if self.text[at : at + 1] != ":":
            raise NotJson
        return name, self._skip(at + 1)

    def _bare(self, at: int) -> tuple[str, int]:
        found = _BARE_KEY.match(self.text, at)
        if found is None:
            raise NotJson
        return found.group(), found.end()

    def _extend(self, index: int, end: int) -> None:
        slot = self.slots[index]
        self.slots[index] = Slot(slot.path, slot.start, slot.end, slot.outer_start, end)

    def _mend_last(self, children: Sequence[int]) -> None:
        """The last of several takes the comma before it along."""
        if len(children) > 1:
            last, before = self.slots[children[-1]], self.slots[children[-2]]
            self.slots[children[-1]] = Slot(last.path, last.start, last.end, before.end, last.outer_end)


def places(text: str, prefix: Path = ()) -> list[Slot]:
    """Every value of a JSON text (or of several, one after another); NotJson if it is none."""
    return _Scanner(text).run(prefix)


def slots(text: str, prefix: Path = ()) -> list[Slot]:
    """As `places`, for what devices send in one message.

    What is inside a `payload` beside a `topic` has the topic's parts as its path; the payload itself stands for the
    whole line.
    """
    found = places(text, prefix)
    return _with_topics(text, found) if '"topic"' in text else found


def _with_topics(text: str, found: list[Slot]) -> list[Slot]:
    owners: dict[Path, Slot] = {}
    topics: dict[Path, Path] = {}
    renamed: list[Slot] = []
    for slot in found:
        owner, name = slot.path[:-1], slot.path[-1:]
        if text[slot.start] == "{":
            owners[slot.path] = slot
        if name == ("topic",) and text[slot.start] == '"':
            topics[owner] = address(str(parsed(text[slot.start : slot.end])))
        for outer, topic in topics.items():
            if slot.path[: len(outer) + 1] == (*outer, "payload"):
                own = replace(slot, path=(*topic, *slot.path[len(outer) + 1 :]))
                if owner == outer and outer in owners:
                    line = owners[outer]
                    end = line.outer_end + (text[line.outer_end : line.outer_end + 1] == "\n")
                    own = replace(own, outer_start=line.outer_start, outer_end=end)
                slot = own
                break
        renamed.append(slot)
    return renamed


@lru_cache(maxsize=1024)
def address(text: str) -> Path:
    """A path as people write it: `evse/state.charger_state`, `powerflow.total_active_power`, `nrg.11`."""
    return tuple(part for part in re.split(r"[./]", text) if part)


_WILD: Final = re.compile(r"[*?\[]")


def ends_with(path: Path, key: Path) -> bool:
    """Whether a path ends with a key, in which `*` stands for one part, or for some of one."""
    if len(key) > len(path) or (key and path[-1] != key[-1] and not _WILD.search(key[-1])):
        return False
    tail = path[len(path) - len(key) :]
    return tail == key or all(fnmatchcase(found, part) for found, part in zip(tail, key, strict=True))


def parsed(text: str) -> object:
    """The value of a JSON text; the text itself if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
