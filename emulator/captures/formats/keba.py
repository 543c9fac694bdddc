"""KEBA: UDP reports, each told by its `ID`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from ...vendors.keba.models import TRAITS
from ..capture import Document, Identity
from ..pieces import Piece
from .format import Format, document, latest, text

_FIRMWARE: Final = re.compile(r"(?:v\s*)?(\d+\.\w+(?:\.\w+)*)")
_PUSHED: Final = frozenset({"State", "Plug", "Input", "Enable sys", "Max curr", "E pres"})


def _documents(piece: Piece) -> Sequence[Document]:
    if piece.shape != "json":
        return ()
    number = next((field.data for field in piece.fields if field.path == ("ID",)), None)
    if isinstance(number, str | int) and {"Serial", "Sec", "Product"} & piece.names():
        return [document("udp", f"report {number}", piece)]
    if len(piece.names()) == 1 and piece.names() <= _PUSHED:
        return [document("udp", "push", piece)]
    return ()


def _identity(found: Sequence[Document]) -> Identity:
    version = _FIRMWARE.search(_after_name(text(latest(found, "report 1", "Firmware")) or ""))
    serials = (text(latest(found, f"report {number}", "Serial")) for number in (1, 2, 3, 100))
    return Identity(
        model=_model(found), firmware=version[1] if version else None, serial=next(filter(None, serials), None)
    )


def _after_name(text_of_firmware: str) -> str:
    """`P30 v 3.10.57 (...)` without the name of the model."""
    return re.sub(r"^P\d0\s+", "", text_of_firmware)


def _model(found: Sequence[Document]) -> str | None:
    product = (text(latest(found, "report 1", "Product")) or "").strip()
    exact = [name for name, traits in TRAITS.items() if product and traits.product.strip() == product]
    if exact or product:
        return exact[0] if exact else _alike(product)
    hardware = latest(found, "report 2", "Curr HW")
    return {16000: "keba-p30-c-16", 32000: "keba-p30-c-32"}.get(hardware) if isinstance(hardware, int) else None


def _alike(product: str) -> str | None:
    """The model whose product text begins in the same way for the longest."""

    def common(name: str) -> int:
        other = TRAITS[name].product
        return next((at for at, (a, b) in enumerate(zip(product, other, strict=False)) if a != b), len(other))

    best = max(TRAITS, key=common)
    return best if common(best) >= len("KC-P30-EC") else None


FORMAT: Final = Format("keba", _documents, _identity)
