"""What an Energy Manager says of its hardware.

The one rule: as its board tells it every 250 ms. Source: Tinkerforge esp32-firmware, `modules/em_v1`, `em_common`.
"""

from __future__ import annotations

from typing import Final

from ....core.instant import MILLISECOND
from ..api.rows import AnyRow, Source
from ..api.schema import BOOL, U8, U16, U32
from ..api.shapes import many, obj
from ..module import Module
from ..platform import Platform
from ..settings import CONTACTOR_STUCK, EM_INPUT_3, EM_INPUT_4
from ..view import View
from .contactor import Contactor
from .power import ManagerPower

FW: Final = Source("fw: modules/em_v1")
CONTACTOR_ERROR: Final = 1 << 16
BAD_CONFIG: Final = 1 << 31
GREEN: Final = [0, 255, 0]
SUPPLY: Final = 12_000
"""mV"""


class EnergyManager(Module):
    """The board of one Energy Manager."""

    def __init__(self, platform: Platform, contactor: Contactor, power: ManagerPower) -> None:
        super().__init__(platform)
        self.contactor = contactor
        self.power = power

    def errors(self) -> int:
        found = CONTACTOR_ERROR if self.power.tripped else 0
        return found | (BAD_CONFIG if self.power.problems() else 0)

    def state(self, _: View) -> object:
        settings = self.settings
        return {
            "error_flags": self.errors(),
            "config_error_flags": 0,
            "em_version": 1,
            "phases_switched": self.contactor.phases,
            "input3_state": settings[EM_INPUT_3],
            "input4_state": settings[EM_INPUT_4],
            "relay_state": False,
        }

    def low_level(self, v: View) -> object:
        return {
            "consecutive_bricklet_errors": 0,
            "input_voltage": SUPPLY,
            "uptime": (v.at & 0xFFFFFFFF_FFFF) // MILLISECOND & 0xFFFFFFFF,
            "contactor": self.contactor.closed,
            "contactor_check_state": 0 if self.settings[CONTACTOR_STUCK] else 1,
            "led_rgb": GREEN,
        }


ROWS: Final[tuple[AnyRow[EnergyManager], ...]] = (
    FW.state(
        "energy_manager/state",
        obj(
            error_flags=U32,
            config_error_flags=U32,
            em_version=U8,
            phases_switched=U8,
            input3_state=BOOL,
            input4_state=BOOL,
            relay_state=BOOL,
        ),
        EnergyManager.state,
        assumed="the relay is never closed: no rule of its own switches it",
    ),
    FW.config("energy_manager/config", obj(contactor_installed=BOOL), about="takes effect at the next boot"),
    FW.state(
        "energy_manager/low_level_state",
        obj(
            consecutive_bricklet_errors=U32,
            input_voltage=U16,
            uptime=U32,
            contactor=BOOL,
            contactor_check_state=U8,
            led_rgb=many(U8, 3),
        ),
        EnergyManager.low_level,
        assumed="voltage and LED",
    ),
)
