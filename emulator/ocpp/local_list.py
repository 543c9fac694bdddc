"""The local authorisation list: what SendLocalList makes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NotRequired, TypedDict

from .messages import folded
from .station import Known, known_of


class Entry(TypedDict):
    """An `AuthorizationData` as it is sent; without `idTagInfo` it removes the tag."""

    idTag: str
    idTagInfo: NotRequired[Mapping[str, object]]


def updated(before: Mapping[str, Known], entries: Iterable[Entry]) -> dict[str, Known]:
    """The list after these entries."""
    tags = dict(before)
    for entry in entries:
        info = entry.get("idTagInfo")
        if info is None:
            tags.pop(folded(entry["idTag"]), None)
        else:
            tags[folded(entry["idTag"])] = known_of(info)
    return tags
