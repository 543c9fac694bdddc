"""The module of the event log.

The one rule: its lines are kept by the platform. Source: Tinkerforge esp32-firmware, `modules/event_log`.
"""

from __future__ import annotations

from typing import Final

from ..api.rows import AnyRow, Document
from ..api.schema import U32
from ..api.shapes import obj
from ..module import Module

ROWS: Final[tuple[AnyRow[Module], ...]] = (
    Document(
        name="event_log/boot_id",
        schema=obj(boot_id=U32),
        initial=lambda m: {"boot_id": m.platform.random32("boot_id")},
        source="fw: modules/event_log",
    ),
)
