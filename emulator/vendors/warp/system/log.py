"""The module of the event log.

The one rule: its lines are kept by the platform. Source: Tinkerforge esp32-firmware, `modules/event_log`.
"""

from __future__ import annotations

from typing import Final

from ..api.rows import AnyRow, Source
from ..api.schema import U32
from ..api.shapes import obj
from ..module import Module

ROWS: Final[tuple[AnyRow[Module], ...]] = (
    Source("fw: modules/event_log").document(
        "event_log/boot_id", obj(boot_id=U32), initial=lambda m: {"boot_id": m.platform.random32("boot_id")}
    ),
)
