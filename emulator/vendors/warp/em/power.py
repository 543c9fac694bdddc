"""The power manager of an Energy Manager: it hands out current and lets clients choose the phases.

The one rule: with external control, the phases are the client's wish; the manager only carries it out.
Source: Tinkerforge esp32-firmware, `modules/power_manager`. ASSUMED: without a model of the house, charging from
surplus hands out what the charger may have at most.
"""

from __future__ import annotations

from typing import Final, Literal

from ....core.instant import SECOND, Instant
from ..api.documents import Doc
from ..evse.controller import Controller
from ..house.power import AVAILABLE, DISABLED, EXTERNAL_CONTROL, SWITCHING, UNAVAILABLE, PowerManager
from ..meters.slots import Meters
from ..platform import Platform
from ..settings import CONTACTOR_STUCK
from ..view import View
from .contactor import Contactor
from .switcher import PhaseSwitcher

ALWAYS_1, ALWAYS_3, EXTERNAL = 1, 2, 3
"""`phase_switching_mode`; 0: automatic. ASSUMED: which of 1 and 2 is which."""
CANNOT_SWITCH, NO_CURRENT, NO_CHARGERS, NO_METER = 1, 2, 4, 8
"""`config_error_flags`"""
OFF: Final = 1
"""`charge_mode.mode`"""
_IGNORED: Final = "Ignoring external control phase change request: "


class ManagerPower(PowerManager):
    """The power manager of one Energy Manager."""

    def __init__(
        self,
        platform: Platform,
        controller: Controller,
        meters: Meters,
        contactor: Contactor,
        switcher: PhaseSwitcher,
    ) -> None:
        super().__init__(platform, controller, meters)
        self.contactor = contactor
        self.switcher = switcher
        self.tripped = False
        """The contactor did not follow; until the next boot."""

    @property
    def mode(self) -> int:
        return self.api.active("power_manager/config").integer("phase_switching_mode")

    def boot(self) -> None:
        self._drawing = None
        self.enabled = self.api.flag("power_manager/config", "enabled")
        self.offered = self.enabled and self.mode == EXTERNAL
        self.most = self.api.active("charge_manager/config").integer("maximum_available_current")
        self.tripped = False
        self._watch()
        if EXTERNAL_CONTROL.name not in self.api.commands:
            self.api.add(EXTERNAL_CONTROL, self)
        if self.offered:
            self.api.put("power_manager/external_control", {"phases_wanted": self.contactor.phases})
        for module, text in self._complaints():
            self.log(module, text)

    def problems(self) -> int:
        """`config_error_flags`"""
        if not self.enabled:
            return 0
        manager = self.api.active("charge_manager/config")
        unable = not self.switcher.fitted and self.mode not in (ALWAYS_1, ALWAYS_3)
        metered = self.grid_power(self.platform.view()) is not None
        surplus = self.api.active("power_manager/config").flag("excess_charging_enable")
        found = CANNOT_SWITCH if unable else 0
        found |= NO_CURRENT if manager.integer("maximum_available_current") == 0 else 0
        found |= NO_CHARGERS if not manager.docs("chargers") else 0
        return found | (NO_METER if surplus and not metered else 0)

    def _complaints(self) -> list[tuple[str, str]]:
        problems = self.problems()
        texts = {
            CANNOT_SWITCH: "Invalid configuration: Phase switching enabled but no contactor installed.",
            NO_CURRENT: "No maximum current configured for chargers. Disabling energy distribution.",
            NO_CHARGERS: "No chargers configured. Won't try to distribute energy.",
            NO_METER: "Excess charging enabled but configured meter can't provide power values.",
        }
        return [("power_manager", text) for flag, text in texts.items() if problems & flag]

    def _watch(self) -> None:
        """A contactor that does not follow is noticed; the error stays."""
        if self.switcher.fitted and self.settings[CONTACTOR_STUCK] and not self.tripped:
            self.tripped = True
            self.log("em_v1", "Contactor check tripped. Check contactor.")

    def external_control(self, v: View) -> int:
        if not self.offered:
            return DISABLED
        if self.problems() or self.tripped or v.at < self.platform.booted_at + SECOND:
            return UNAVAILABLE
        return SWITCHING if self.switcher.busy else AVAILABLE

    def refuse(self, wanted: int) -> str | None:
        if wanted not in (1, 3):
            return "Invalid value for phases_wanted! Only 1 or 3 are allowed."
        why = {
            DISABLED: "External control is not enabled.",
            UNAVAILABLE: "Phase switching is currently unavailable.",
            SWITCHING: "Phase switching in progress.",
        }.get(self.external_control(self.platform.view()))
        if why is not None:
            self.log("power_manager", _IGNORED + why)
        return None

    def request(self, wanted: Literal[1, 3]) -> None:
        """Have the switcher change over; what it cannot do now is only logged."""
        if self.external_control(self.platform.view()) != AVAILABLE:
            return
        old = self.api.integer("power_manager/external_control", "phases_wanted")
        if wanted == old:
            self.log("power_manager", f"{_IGNORED}Value is already {wanted}.")
            return
        self.api.put("power_manager/external_control", {"phases_wanted": wanted})
        self.log("power_manager", f"External control phase change request: switching from {old} to {wanted}")
        self.switcher.wanted = wanted
        self.platform.wake()

    def second(self, at: Instant, v: View) -> Instant | None:
        """What the charger may have; and the phases, where no client chooses them."""
        self._look_at_grid(v)
        self._watch()
        if self.enabled and self.switcher.fitted and self.mode in (ALWAYS_1, ALWAYS_3):
            self.switcher.wanted = 3 if self.mode == ALWAYS_3 else 1
        charger = self.switcher.charger()
        stopped = not self.enabled or self.problems() or self.tripped or self._mode_is_off()
        self.switcher.offer = 0 if charger is None or stopped else min(self.most, charger.most)
        return None

    def _mode_is_off(self) -> bool:
        return self.api.integer("power_manager/charge_mode", "mode") == OFF

    def low_level(self, v: View) -> object:
        return {
            "power_at_meter": self.grid_power(v),
            "power_at_battery": None,
            "battery_soc": None,
            "power_available": 0,
            **{name: [0, 0, 0] for name in ("i_meter", "i_pp_max", "i_pp_mavg", "i_pp")},
            "max_current_limited": self.most,
            "is_3phase": self.contactor.closed,
            "charging_blocked": 0,
        }

    def initial(self) -> dict[str, object]:
        return {"enabled": True, "meter_slot_grid_power": 0}

    def check(self, doc: Doc) -> str | None:
        found = super().check(doc)
        if found is None and doc["phase_switching_mode"] == EXTERNAL and doc["default_mode"] not in (0, 4):
            return "Can't select any charging mode besides 'Fast' when external control is enabled for phase switching."
        return found
