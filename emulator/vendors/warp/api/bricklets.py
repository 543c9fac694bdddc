"""Documents that several modules take or show: the LED's indication, the identity of a bricklet.

The one rule: nothing here knows who shows them.
"""

from __future__ import annotations

from typing import Final

from .documents import Doc
from .schema import U8, U16, Str, sint, uint
from .shapes import obj

LED: Final = obj(indication=sint(-1, 2010, -1), duration=U16, color_h=uint(0, 360, width=16), color_s=U8, color_v=U8)
IDENTITY: Final = obj(
    uid=Str(0, 8),
    connected_uid=Str(0, 8),
    position=Str(1, 1),
    hw_version=Str(0, 12),
    fw_version=Str(0, 12),
    device_identifier=U16,
)
"""Of a bricklet."""


def led_of(doc: Doc) -> tuple[int, int, tuple[int, int, int]]:
    """Indication, duration [ms] and colour of a document for the LED."""
    colour = (doc.integer("color_h"), doc.integer("color_s"), doc.integer("color_v"))
    return doc.integer("indication"), doc.integer("duration"), colour
