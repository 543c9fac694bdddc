"""Core dumps: there are none, because this firmware never crashed.

The one rule: nothing is ever kept. Source: Tinkerforge esp32-firmware, `modules/coredump`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..api.rows import AnyRow, Source
from ..api.schema import BOOL
from ..api.shapes import obj
from ..module import Module
from ..platform import Handlers
from ..web.replies import text

FW: Final = Source("fw: modules/coredump")


class Coredump(Module):
    """The dumps of one wallbox."""

    def routes(self) -> Mapping[str, Handlers]:
        return {
            "/coredump/coredump.elf": {"GET": lambda _: text("No core dump available", 404)},
            "/coredump/erase": {"GET": lambda _: text("")},
        }


ROWS: Final[tuple[AnyRow[Coredump], ...]] = (
    FW.document("coredump/state", obj(coredump_available=BOOL), live=False, about="this firmware never crashed"),
)
