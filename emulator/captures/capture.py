"""A capture: which device it is from, and what the device said, value by value, as it was spelled.

The one rule: nothing is converted here; a value keeps its spelling and the line it stands on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ..devices.documents import Path

Kind = Literal["object", "list", "text", "number", "boolean", "null"]

_KINDS: Final[dict[str, Kind]] = {"{": "object", "[": "list", '"': "text", "t": "boolean", "f": "boolean", "n": "null"}


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a document, at any depth."""

    path: Path
    """Within its document; `()` is the document itself."""
    spelled: str
    """As the device wrote it, quotes included; a value without any, in lines of `key:value`, has got them."""
    line: int
    """In the file, counted from 1."""

    @property
    def kind(self) -> Kind:
        return _KINDS.get(self.spelled[:1], "number")

    @property
    def data(self) -> object:
        """Its value in Python."""
        return json.loads(self.spelled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One message of a device: a reply, a topic's payload, a report, a register."""

    interface: str
    """As the emulated wallbox calls it: `http`, `mqtt`, `websocket`, `udp`, `modbus`."""
    source: str
    """Path, topic without its prefix, report or register: `/api/status`, `evse/state`, `report 2`, `1000`."""
    fields: tuple[Field, ...]
    """The document itself, then everything in it, in the order of the text."""
    complete: bool = True
    """False: its end is missing."""

    @property
    def line(self) -> int:
        """Where it begins."""
        return self.fields[0].line

    @property
    def data(self) -> object:
        return self.fields[0].data

    def get(self, *path: str) -> object:
        """The value at a path; None if it is not there, or null."""
        return next((field.data for field in self.fields if field.path == path), None)

    def part(self, *path: str) -> tuple[Field, ...]:
        """What is at and below a path, as fields of a document of its own."""
        size = len(path)
        return tuple(
            Field(field.path[size:], field.spelled, field.line) for field in self.fields if field.path[:size] == path
        )

    def members(self) -> Iterator[str]:
        """Names of the members of the object, or the places of the list, in order."""
        return (field.path[0] for field in self.fields if len(field.path) == 1)


@dataclass(frozen=True, slots=True)
class Remark:
    """A line that was not understood, or not completely."""

    line: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a capture says about the device it is from."""

    model: str | None = None
    """Id of the emulated model that fits; None: it does not say."""
    firmware: str | None = None
    serial: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """Everything that was read from one file."""

    name: str
    """Of the file."""
    vendor: str
    identity: Identity
    documents: tuple[Document, ...]
    """In the order of the file; the same source may occur more than once."""
    remarks: Sequence[Remark] = ()

    @property
    def interface(self) -> str:
        """Of most of its documents."""
        interfaces = [document.interface for document in self.documents]
        return max(dict.fromkeys(interfaces), key=interfaces.count)
