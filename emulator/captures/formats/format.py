"""How one vendor's captures are recognised and read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..capture import Document, Field, Identity
from ..pieces import Piece


@dataclass(frozen=True, slots=True)
class Format:
    """One vendor's."""

    vendor: str
    documents: Callable[[Piece], Sequence[Document]]
    """What a piece is; nothing: it is not this vendor's."""
    identity: Callable[[Sequence[Document]], Identity]
    """Which device these documents are from."""
    by_line: str | None = None
    """Source whose lines come as documents of their own and are one."""


def document(interface: str, source: str, piece: Piece) -> Document:
    """The whole piece."""
    return Document(interface=interface, source=source, fields=piece.fields, complete=piece.complete)


def documents(interface: str, parts: Sequence[tuple[str, tuple[Field, ...]]], piece: Piece) -> list[Document]:
    """Parts of a piece, by source."""
    return [
        Document(interface=interface, source=source, fields=fields, complete=piece.complete)
        for source, fields in parts
        if fields
    ]


def text(found: object) -> str | None:
    """A value that has to be a text."""
    return found if isinstance(found, str) and found else None


def latest(found: Sequence[Document], source: str, *path: str) -> object:
    """The value at a path of the last document of that source which has it."""
    values = (document.get(*path) for document in reversed(found) if document.source == source)
    return next((value for value in values if value is not None), None)
