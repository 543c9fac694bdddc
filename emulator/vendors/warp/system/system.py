"""The system module: language, colours, the last reset.

The one rule: nothing of it has an effect here. Source: Tinkerforge esp32-firmware, `modules/system`.
"""

from __future__ import annotations

from typing import Final

from ..api.rows import AnyRow, Source
from ..api.schema import BOOL, U8, Bool, sint, uint
from ..api.shapes import obj
from ..module import Module

FW: Final = Source("fw: modules/system")
ROWS: Final[tuple[AnyRow[Module], ...]] = (
    FW.config(
        "system/i18n_config",
        obj(language=sint(-1, 1, 0, width=8), detect_browser_language=Bool(True)),
        validate=lambda _, doc: "Default is not allowed" if doc.integer("language") == -1 else None,
    ),
    FW.config("system/theme_config", obj(color_scheme=uint(0, 2, width=8))),
    FW.document(
        "system/last_reset",
        obj(reason=U8, show_warning=BOOL),
        initial=lambda m: {"reason": m.platform.reset_reason, "show_warning": False},
        about="1 power-on, 3 restart",
    ),
    FW.command(
        "system/hide_last_reset_warning",
        lambda m, _: m.api.update("system/last_reset", show_warning=False),
        action=True,
    ),
)
