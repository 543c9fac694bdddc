"""The system module: language, colours, the last reset.

The one rule: nothing of it has an effect here. Source: Tinkerforge esp32-firmware, `modules/system`.
"""

from __future__ import annotations

from typing import Final

from ..api.rows import AnyRow, Command, Config, Document
from ..api.schema import BOOL, Bool, Int, sint, uint
from ..api.shapes import obj
from ..module import Module

FW: Final = "fw: modules/system"
ROWS: Final[tuple[AnyRow[Module], ...]] = (
    Config(
        name="system/i18n_config",
        schema=obj(language=sint(-1, 1, 0, width=8), detect_browser_language=Bool(True)),
        validate=lambda _, doc: "Default is not allowed" if doc.integer("language") == -1 else None,
        source=FW,
    ),
    Config(name="system/theme_config", schema=obj(color_scheme=uint(0, 2, width=8)), source=FW),
    Document(
        name="system/last_reset",
        schema=obj(reason=Int(8, value=1), show_warning=BOOL),
        source=FW,
    ),
    Command(
        name="system/hide_last_reset_warning",
        run=lambda m, _: m.api.update("system/last_reset", show_warning=False),
        action=True,
        source=FW,
    ),
)
