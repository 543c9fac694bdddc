"""Eco: charge plans, which have no effect here.

The one rule: what has no effect is stored, checked and shown as in the device.
Source: Tinkerforge esp32-firmware, `modules/eco`.
"""

from __future__ import annotations

from typing import Final

from ..api.rows import AnyRow, Source
from ..api.schema import BOOL, U8, U16, U32, Int, Str, uint
from ..api.shapes import Arr, obj
from ..models import WARP2_UP
from ..module import Module

FW: Final = Source("fw: modules/eco", models=WARP2_UP)
_PLAN: Final = obj(
    enable=BOOL, departure=uint(0, 2, 2, width=8), time=uint(0, 1439, 480, width=16), amount=uint(0, 48, 4, width=8)
)
ROWS: Final[tuple[AnyRow[Module], ...]] = (
    FW.config(
        "eco/config",
        obj(
            enable=BOOL,
            park_time=BOOL,
            park_time_duration=uint(1, 48, 8, width=8),
            charge_below=BOOL,
            charge_below_threshold=Int(16, True),
            block_above=BOOL,
            block_above_threshold=Int(16, True, value=20),
            yield_forecast=BOOL,
            yield_forecast_threshold=U16,
        ),
    ),
    *FW.kept("eco/charge_plan", _PLAN, lambda m, doc: m.api.put("eco/charge_plan", doc.value)),
    FW.document(
        "eco/state", obj(last_save=U32, chargers=Arr(obj(start=U32, amount=U8, chart=Str(0, 512)), 64)), live=False
    ),
)
