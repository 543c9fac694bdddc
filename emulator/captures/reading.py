"""Reading a capture: from a file or a text to the documents of one device.

The one rule: what is there is read, and what was not understood is said with its line; nothing raises but a capture
in which nothing was found.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from ..errors import EmulatorError, did_you_mean
from .capture import Capture, Document, Field, Remark
from .formats import FORMATS
from .formats.format import Format
from .journal import as_capture
from .pieces import Piece, Pieces

LONGEST: Final = 32 * 1024 * 1024
"""Largest file that is read [bytes]."""
KINDS: Final = (
    "go-e status JSON (API v1 or v2) or MQTT listing, WARP dump or debug report, NRGkick JSON, Lektrico JSON, "
    "Bender full_state, KEBA reports, or a listing of Modbus registers (address and value a line)"
)


def read(source: Path | str, *, vendor: str | None = None) -> Capture:
    """The capture in a file (a `Path`) or in a text.

    `vendor`: whose it is; None: whoever most of it fits. EmulatorError if the file cannot be read, or nothing in it is
    what a wallbox says.
    """
    name, text = (source.name, text_of(source)) if isinstance(source, Path) else ("capture", source)
    if not text.strip():
        raise EmulatorError(f"{name}: is empty")
    pieces = Pieces(as_capture(text))
    every = list(pieces)
    form, documents = _best(every, vendor)
    if form is None or not documents:
        whose = f" of {vendor}" if vendor else ""
        raise EmulatorError(f"{name}: nothing in it is a capture{whose}; expected {KINDS}")
    return Capture(
        name=name,
        vendor=form.vendor,
        identity=form.identity(documents),
        documents=documents,
        remarks=sorted([*pieces.remarks, *_foreign(every, form)], key=lambda remark: remark.line),
    )


def text_of(path: Path, *, zeros: bool = False) -> str:
    """The text in a file. EmulatorError if it cannot be read, is no text, or is too large.

    `zeros`: some bytes 0 among text, as a damaged disk leaves them, are passed over.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LONGEST + 1)
    except OSError as error:
        raise EmulatorError(f"{path}: {error.strerror or error}") from None
    if len(data) > LONGEST:
        raise EmulatorError(f"{path}: is larger than {LONGEST // 1024**2} MiB")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    if zeros and data.count(0) * 10 < len(data):
        data = data.replace(b"\0", b"")
    if b"\0" in data:
        raise EmulatorError(f"{path}: is no text (byte 0 at offset {data.index(0)}); expected {KINDS}")
    return data.decode("utf-8-sig", "replace")


def _best(pieces: Sequence[Piece], vendor: str | None) -> tuple[Format | None, tuple[Document, ...]]:
    """The format that makes most of the pieces, and its documents."""
    forms = [form for form in FORMATS if vendor in (None, form.vendor)]
    if vendor is not None and not forms:
        raise EmulatorError(f'there are no captures of "{vendor}"{did_you_mean(vendor, [f.vendor for f in FORMATS])}')
    best: tuple[Format | None, list[Document]] = (None, [])
    for form in forms:
        documents = [document for piece in pieces for document in form.documents(piece)]
        if _size(documents) > _size(best[1]):
            best = (form, documents)
    chosen, found = best
    return chosen, tuple(found if chosen is None or chosen.by_line is None else _joined(found, chosen.by_line))


def _size(documents: Iterable[Document]) -> int:
    return sum(len(document.fields) for document in documents)


def _joined(documents: Iterable[Document], source: str) -> Iterable[Document]:
    """Documents of one line each, as one until a name comes again."""
    before: Document | None = None
    for document in documents:
        if before is None or document.source != source or set(before.members()) & set(document.members()):
            if before is not None:
                yield before
            before = document
            continue
        whole = Field((), json.dumps({**_object(before), **_object(document)}), before.line)
        before = replace(before, fields=(whole, *before.fields[1:], *document.fields[1:]))
    if before is not None:
        yield before


def _object(document: Document) -> dict[str, object]:
    found = document.data
    return found if isinstance(found, dict) else {}


def _foreign(pieces: Sequence[Piece], form: Format) -> Iterable[Remark]:
    """Pieces that are not this vendor's."""
    for piece in pieces:
        if not form.documents(piece):
            what = piece.label or piece.fields[0].spelled[:40]
            yield Remark(piece.line, f"not understood: {what}")
