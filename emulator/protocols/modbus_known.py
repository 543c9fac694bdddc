"""What a Modbus request says, read once: clients ask the same few things for ever.

The one rule: only what reads is kept, and only so much of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from .modbus_frames import (
    ILLEGAL_VALUE,
    READ_COILS,
    READ_DISCRETE,
    READ_HOLDING,
    READ_INPUT,
    Asked,
    Frame,
    decode,
    fits,
)

KEPT: Final = frozenset((READ_COILS, READ_DISCRETE, READ_HOLDING, READ_INPUT))
"""Functions of which requests are kept."""
MOST: Final = 256
"""Requests that a server keeps."""

Form = tuple[int, bytes]
"""Unit and payload."""


class Known(NamedTuple):
    """What a request says."""

    asked: Asked | None
    """None: it contradicts itself."""
    fits: bool
    """It is as long as its function says."""
    told: Mapping[str, object]
    """For its entry."""
    form: Form | None = None
    """What it is kept by; None: it is not."""


def understood(frame: Frame, kept: dict[Form, Known]) -> Known:
    """What a request says that is not kept yet."""
    asked, told = decode(frame.pdu), {"unit": frame.unit}
    if asked is None:
        illegal = {"payload": frame.pdu[1:].hex(), "exception": ILLEGAL_VALUE}
        return Known(None, fits(frame.pdu), {**told, **illegal})
    if asked.function not in KEPT:
        return Known(asked, fits(frame.pdu), told)
    if len(kept) >= MOST:
        kept.clear()
    form = frame.unit, frame.pdu
    known = kept[form] = Known(asked, fits(frame.pdu), told, form)
    return known
