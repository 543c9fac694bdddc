"""The limit a grid operator may order (§14a EnWG).

The one rule: the order is looked at whenever something happens, and stands on a slot of its own.
Source: Tinkerforge esp32-firmware, `modules/p14a_enwg`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ....core.instant import Instant
from ..api.documents import Doc
from ..api.rows import AnyRow, Source
from ..api.schema import BOOL, NULL, U8, U32, Int
from ..api.shapes import Union, obj
from ..evse.controller import Controller
from ..evse.memory import HIGHEST, LOWEST, SlotId
from ..models import WARP2_UP
from ..module import Module
from ..platform import Platform
from ..view import View

FW: Final = Source("fw: modules/p14a_enwg", models=WARP2_UP, since="2.10.0")
CONFIG: Final = "p14a_enwg/config"
STATE: Final = "p14a_enwg/state"
CONTROL: Final = "p14a_enwg/control"
INPUT, EEBUS, API = range(3)


class P14a(Module):
    """The limit of one wallbox."""

    def __init__(self, platform: Platform, controller: Controller) -> None:
        super().__init__(platform)
        self.controller = controller
        self.by_eebus: Callable[[], tuple[bool, int]] = lambda: (False, 0)
        """Whether an energy guard has set a limit, and its W."""

    @property
    def config(self) -> Doc:
        return self.api.doc(CONFIG)

    @property
    def order(self) -> tuple[bool, int]:
        """Whether a limit is in force, and its W."""
        source, details = self.config.variant("source")
        if not self.config.flag("enable"):
            return False, 0
        if source == EEBUS:
            return self.by_eebus()
        if source == INPUT:
            active = self.controller.memory.shutdown_closed == details.flag("limit_on_close")
        else:
            details = self.api.doc(CONTROL)
            active = details.flag("active")
        return active, details.integer("limit_w") if active else 0

    def boot(self) -> None:
        """Put the order on the slot, and show it. Firmwares without the module have no such slot."""
        if CONFIG not in self.api.states:
            return
        active, limit = self.order
        self.api.put(STATE, {"active": active, "limit_w": limit})
        current = HIGHEST
        if active and self.config.flag("limit_charger"):
            phases = self.platform.snapshot().phases
            current = min(HIGHEST, max(LOWEST, limit * 1000 // 230 // phases))
        self.controller.put(SlotId.P14A, current=current)

    def second(self, at: Instant, v: View) -> Instant | None:
        self.boot()
        return None

    def order_by_api(self, doc: Doc) -> None:
        self.api.put(CONTROL, doc.value)
        if self.config.variant("source")[0] == API:
            self.boot()

    def initial(self) -> object:
        """As migrated at the first boot: WARP3 and later come with their shutdown input limiting on close."""
        on = self.platform.generation >= 3
        return {
            "enable": on,
            "source": [INPUT, {"limit_on_close": True, "limit_w": 4200, "input_index": 0}],
            "limit_charger": on,
            "limit_charge_manager": False,
            "limit_heating": False,
            "heating_max_power": 0,
        }


_CONTROL: Final = obj(active=BOOL, limit_w=U32)
ROWS: Final[tuple[AnyRow[P14a], ...]] = (
    FW.config(
        CONFIG,
        obj(
            enable=BOOL,
            source=Union({0: obj(limit_on_close=BOOL, limit_w=Int(32, value=4200), input_index=U8), 1: NULL, 2: NULL}),
            limit_charger=BOOL,
            limit_charge_manager=BOOL,
            limit_heating=BOOL,
            heating_max_power=U32,
        ),
        initial=P14a.initial,
        applied=lambda m, _, __: m.boot(),
    ),
    FW.document(STATE, _CONTROL),
    *FW.kept(CONTROL, _CONTROL, P14a.order_by_api, action=True),
)
