"""Bender: `full_state` of the REST interface, a line for every key."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from ...vendors.bender.models import MODELS, TRAITS
from ..capture import Document, Field, Identity
from ..pieces import Piece
from .format import Format, latest, text

FULL_STATE: Final = "full_state"
_FIRMWARE: Final = re.compile(r"\d+(?:\.\d+)+(?:-\d+)?")
_KEY: Final = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+")


@cache
def _known() -> frozenset[str]:
    from ...vendors.bender.restkeys import KEYS

    return frozenset(name for key in KEYS for name in (key.name, *key.aliases))


def _documents(piece: Piece) -> Sequence[Document]:
    """A line as an object of one member; lines that follow each other become one document."""
    if piece.shape != "pair" or not (piece.label in _known() or _KEY.fullmatch(piece.label)):
        return ()
    value = piece.fields[0]
    whole = Field((), json.dumps({piece.label: value.data}), piece.line)
    member = Field((piece.label,), value.spelled, piece.line)
    return [Document(interface="http", source=FULL_STATE, fields=(whole, member))]


def _identity(found: Sequence[Document]) -> Identity:
    def said(key: str) -> str:
        return text(latest(found, FULL_STATE, key)) or ""

    version = _FIRMWARE.search(said("firmware_ver"))
    return Identity(
        model=_model(said("cp_model"), said("cp_vendor"), said("max_current")),
        firmware=version.group() if version else None,
        serial=said("cc_serial_n").partition("/")[0] or None,
    )


def _model(code: str, maker: str, current: str) -> str | None:
    """The model of this maker with this controller and, if several have it, with the current it is set to."""
    fitting = [model for model in MODELS if TRAITS[model.id].code == code and TRAITS[model.id].maker == maker]
    fitting = fitting or [model for model in MODELS if TRAITS[model.id].code == code]
    rated = [model.id for model in fitting if f"{model.rated_current:g}" == current]
    return next(iter(rated), fitting[0].id if fitting else None)


FORMAT: Final = Format("bender", _documents, _identity, by_line=FULL_STATE)
