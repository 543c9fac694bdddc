"""Changing single values of a JSON message.

The one rule: only the changed place changes; every other byte of the message stays as the vendor wrote it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import Enum
from typing import Final

from ..devices.documents import NotJson, Path, Slot, ends_with, parsed, slots


class Change(Enum):
    """What becomes of a value that gets no new one."""

    HIDE = "hide"
    KEEP = "keep"


HIDE: Final = Change.HIDE
KEEP: Final = Change.KEEP

Edit = Callable[[Path, object], object]
"""(path, present value) to the new value, or `HIDE`, or `KEEP`."""


def edit(text: str, prefix: Path, key: Path, change: Edit) -> str:
    """The text with every value whose path ends with `key` changed; the text itself if none is, or it is no JSON."""
    try:
        found = slots(text, prefix)
    except NotJson:
        return text
    pieces: list[tuple[int, int, str]] = []
    covered = -1
    for slot in found:
        if not ends_with(slot.path, key) or slot.start < covered:
            continue
        new = change(slot.path, parsed(text[slot.start : slot.end]))
        if new is KEEP:
            continue
        covered = slot.end
        if new is HIDE:
            pieces.append((slot.outer_start, slot.outer_end, ""))
        else:
            pieces.append((slot.start, slot.end, _rendered(new)))
    for start, end, new_text in reversed(pieces):
        text = text[:start] + new_text + text[end:]
    return text


def add_member(text: str, owner: Path, prefix: Path, name: str, value: object) -> str:
    """The text with a member added at the end of every object whose path ends with `owner` (empty: the outermost)."""
    try:
        found = slots(text, prefix)
    except NotJson:
        return text
    targets = [slot for slot in found if text[slot.start] == "{" and _is_owner(slot, owner, prefix)]
    for slot in reversed(targets):
        inside = text[slot.start + 1 : slot.end - 1].strip()
        comma = "," if inside else ""
        text = f"{text[: slot.end - 1]}{comma}{json.dumps(name)}:{_rendered(value)}{text[slot.end - 1 :]}"
    return text


def _is_owner(slot: Slot, owner: Path, prefix: Path) -> bool:
    return ends_with(slot.path, owner) if owner else slot.path == prefix


def _rendered(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
