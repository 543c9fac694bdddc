"""Battery control: rules for batteries of the house, of which there is none here.

The one rule: rules are stored and checked like on the device; without a battery none of them ever acts.
Source: Tinkerforge esp32-firmware, `modules/batteries`, `modules/battery_control`.
"""

from __future__ import annotations

from typing import Final

from ..api.rows import AnyRow, Config, Source
from ..api.schema import BOOL, I16, NULL, U8, U16, Int, Null, Str, uint
from ..api.shapes import Arr, Union, obj
from ..module import Module

BATTERIES: Final = Source("fw: modules/batteries")
FW: Final = Source("fw: modules/battery_control")
RULES: Final = 32
QUARTERS: Final = 96
_CONDITION: Final = uint(0, 2, width=8)
"""0 ignored, 1 below, 2 above."""
_RULE: Final = obj(
    desc=Str(0, 32),
    soc_cond=_CONDITION,
    soc_th=uint(0, 100, width=8),
    price_cond=_CONDITION,
    price_th=I16,
    forecast_cond=_CONDITION,
    forecast_th=U16,
    schedule_cond=uint(0, 4, width=8),
)


def _rules(what: str) -> Config[Module]:
    return FW.config(
        f"battery_control/rules_{what}",
        Arr(_RULE, RULES),
        assumed="schedule_cond up to 4",
        about="percent, ct/10 per kWh, kWh; needs a restart",
    )


ROWS: Final[tuple[AnyRow[Module], ...]] = (
    BATTERIES.config("batteries/config", obj(enabled=BOOL)),
    BATTERIES.config("batteries/0/config", Union({0: NULL})),
    BATTERIES.state("batteries/0/state", Null(), lambda m, v: None, live=False),
    BATTERIES.state("batteries/0/errors", Null(), lambda m, v: None, live=False),
    Source("capture: 2.9.0").document(
        "batteries_modbus_tcp/test_state",
        obj(slot=U8, mode=Int(8, True, value=-1)),
        live=False,
        assumed="firmwares after 2.9.0",
        about="no test is running",
    ),
    FW.config(
        "battery_control/config",
        obj(
            forbid_discharge_during_fast_charge=BOOL,
            cheap_tariff_quarters=uint(0, QUARTERS, width=8),
            expensive_tariff_quarters=uint(0, QUARTERS, width=8),
        ),
        assumed="a schedule of 96 quarters of an hour",
    ),
    _rules("permit_grid_charge"),
    _rules("forbid_discharge"),
    _rules("forbid_charge"),
    FW.config("battery_control/low_level_config", obj(rewrite_period=uint(5, 99999, 60))),
    FW.document(
        "battery_control/state",
        obj(grid_charge_permitted=BOOL, discharge_forbidden=BOOL, charge_forbidden=BOOL),
        live=False,
        about="there is no battery",
    ),
)
