"""The power manager of a charger: external control of the phases, and the configurations around it.

The one rule: what the API says of a phase switch is what the controller said at the last whole second.
Source: Tinkerforge esp32-firmware, `modules/power_manager`.
"""

from __future__ import annotations

from typing import Final, Literal

from ....core.instant import MINUTE, SECOND, Instant, grid
from ..api.documents import Doc
from ..api.rows import AnyRow, Command, Source
from ..api.schema import BOOL, I32, U8, U32, Float, Int, uint
from ..api.shapes import many, obj
from ..evse.controller import Controller
from ..evse.memory import SlotId
from ..meters.slots import Meters
from ..models import WARP3_UP
from ..module import Module
from ..platform import Platform
from ..rules import triggers
from ..view import View

FW: Final = Source("fw: modules/power_manager")
AVAILABLE, DISABLED, UNAVAILABLE, SWITCHING = range(4)
TOTAL_POWER: Final = 74
"""Value ID of a meter's active power."""
LIMIT_CURRENT: Final = 14
"""The automation action that limits the current of all chargers."""
DEFAULT_MODE: Final = 4
NO_SLOT: Final = 255
REPEATED: Final = 2 * MINUTE
_IGNORED: Final = "Ignoring external control phase change request: "


class PowerManager(Module):
    """Phase switching on behalf of clients."""

    def __init__(self, platform: Platform, controller: Controller, meters: Meters) -> None:
        super().__init__(platform)
        self.controller = controller
        self.meters = meters
        self.offered = False
        """Feature `phase_switch`, decided at boot."""
        self.enabled = False
        self.most = 0
        """`max_current_limited`: set by a rule [mA]."""
        self._asked_at: Instant | None = None
        self._asked: int | None = None
        self._drawing: bool | None = None

    def boot(self) -> None:
        self._drawing = None
        config = self.api.doc("power_manager/config")
        load = self.api.flag("power_manager/dynamic_load_config", "enabled")
        actions = [task.variant("action")[0] for task in self.api.doc("automation/config").docs("tasks")]
        self.enabled = config.flag("excess_charging_enable") or load or LIMIT_CURRENT in actions
        if self.enabled != config["enabled"]:
            self.api.update("power_manager/config", enabled=self.enabled)
        self._asked_at = self._asked = None
        memory = self.controller.memory
        managed = memory.slots[SlotId.CHARGE_MANAGER].active
        self.offered = (
            self.platform.generation >= 3
            and not self.enabled
            and not managed
            and memory.phases_connected == 3
            and self.controller.answers
        )
        if self.platform.generation >= 3:
            self.api.put("power_manager/external_control", {"phases_wanted": self.platform.snapshot().phases})
        path = "power_manager/external_control_update"
        if self.offered and path not in self.api.commands:
            self.api.add(EXTERNAL_CONTROL, self)
        elif not self.offered:
            self.api.remove(path)

    def external_control(self, v: View) -> int:
        """0 available, 1 disabled, 2 error, 3 switching; as of the last whole second."""
        if not self.offered or v.at < self.platform.booted_at + SECOND:
            return DISABLED
        looked = grid(v.at, SECOND, self.platform.booted_at)
        if self._asked_at is not None and looked <= self._asked_at <= v.at:
            return SWITCHING
        evse = self.controller.polled(looked)
        if evse.error:
            return UNAVAILABLE
        return SWITCHING if evse.phases_state else AVAILABLE

    def refuse(self, wanted: int) -> str | None:
        if wanted not in (1, 3):
            return "Invalid value for phases_wanted! Only 1 or 3 are allowed."
        view = self.platform.view()
        state = self.external_control(view)
        if state == SWITCHING and wanted == self._asked and view.at - (self._asked_at or 0) < REPEATED:
            return None
        why = {
            DISABLED: "External control is not enabled.",
            UNAVAILABLE: "Phase switching in error state.",
            SWITCHING: "Phase switching in progress.",
        }.get(state)
        return None if why is None else _IGNORED + why

    def request(self, wanted: Literal[1, 3]) -> None:
        """Ask the controller for another phase count; what it refuses is only logged."""
        self.api.put("power_manager/external_control", {"phases_wanted": wanted})
        if self.external_control(self.platform.view()) == SWITCHING and wanted == self._asked:
            return
        if wanted == 3 and self.controller.memory.single_phase_vehicle:
            self.log("power_manager", "Requested phase switch but can't switch at the moment.")
            return
        if wanted == self.platform.snapshot().phases_requested:
            return
        self._asked, self._asked_at = wanted, self.platform.at
        self.controller.request_phases(wanted)

    def grid_power(self, v: View) -> float | None:
        """W at the grid's meter, positive when drawn; None: the power manager is off, or the meter says nothing."""
        meters = self.meters
        slot = self.api.active("power_manager/config").integer("meter_slot_grid_power")
        return meters.value(slot, TOTAL_POWER, v) if self.enabled and slot < meters.slots else None

    def _look_at_grid(self, v: View) -> None:
        """Rules hear when power at the grid's meter changes its direction."""
        power = self.grid_power(v)
        if power is None or (power > 0) == self._drawing:
            return
        self._drawing = power > 0
        self.platform.triggers.fire(triggers.GRID_POWER, lambda rule: rule["drawing_power"] == self._drawing)

    def second(self, at: Instant, v: View) -> Instant | None:
        """While something switches, the state may change with every second."""
        self._look_at_grid(v)
        if v.snapshot.phase_switching or (self._asked_at is not None and at - self._asked_at <= 2 * SECOND):
            return at + SECOND
        return None

    def low_level(self, v: View) -> object:
        booted = self.platform.booted_at
        polled = self.controller.polled(max(booted, grid(v.at, SECOND, booted)))
        return {
            "power_at_meter": self.grid_power(v),
            "power_at_battery": None,
            "battery_soc": None,
            "power_available": 0,
            **{name: [0, 0, 0] for name in ("i_meter", "i_pp_max", "i_pp_mavg", "i_pp")},
            "max_current_limited": self.most,
            "is_3phase": polled.snapshot.phases == 3,
            "charging_blocked": 0,
        }

    def problems(self) -> int:
        """`config_error_flags`"""
        return 0

    def initial(self) -> dict[str, object]:
        """`power_manager/config` while nothing was saved."""
        return {"enabled": False, "meter_slot_grid_power": 1}

    def check(self, doc: Doc) -> str | None:
        if doc.flag("excess_charging_enable") and doc["phase_switching_mode"] == 3:
            return "Can't enable excess charging when external control is enabled for phase switching."
        battery = doc["meter_slot_battery_power"]
        if doc["meter_slot_grid_power"] == battery and battery != NO_SLOT and doc.flag("battery_mode"):
            return "Grid and battery storage cannot use the same power meter"
        return None

    def check_load(self, doc: Doc) -> str | None:
        if doc.flag("enabled") and doc.integer("current_limit") < 16000:
            return "Invalid current limit. Must be at least 16A."
        if doc.flag("enabled") and doc.integer("largest_consumer_current") > doc.integer("current_limit"):
            return "Largest consumer current cannot be above current limit."
        return None

    def ask(self, doc: Doc) -> None:
        """External control, by the API."""
        match doc.integer("phases_wanted"):
            case 1:
                self.request(1)
            case 3:
                self.request(3)

    def choose(self, doc: Doc) -> None:
        """A charge mode; 4 stands for the configured one."""
        mode = doc.integer("mode")
        if mode == DEFAULT_MODE:
            mode = self.api.integer("power_manager/config", "default_mode")
        self.api.put("power_manager/charge_mode", {"mode": 0 if mode == DEFAULT_MODE else mode})


CONFIG: Final = obj(
    enabled=BOOL,
    phase_switching_mode=uint(0, 4, width=8),
    excess_charging_enable=BOOL,
    default_mode=uint(0, 9, 4, width=8),
    meter_slot_grid_power=Int(8, value=1),
    meter_slot_battery_power=Int(8, value=255),
    battery_mode=uint(0, 1, width=8),
    battery_target_soc=uint(0, 100, width=8),
    battery_inverted=BOOL,
    battery_deadzone=Int(16, value=100),
    target_power_from_grid=I32,
    guaranteed_power=Int(32, value=1380),
    cloud_filter_mode=uint(0, 3, 2, width=8),
)
MODE: Final = obj(mode=uint(0, 9, width=8))
EXTERNAL_CONTROL: Final[Command[PowerManager]] = FW.command(
    "power_manager/external_control_update",
    PowerManager.ask,
    obj(phases_wanted=uint(0, 3, width=8)),
    validate=lambda m, doc: m.refuse(doc.integer("phases_wanted")),
    action=True,
    models=WARP3_UP,
    about="only with feature phase_switch",
)
ROWS: Final[tuple[AnyRow[PowerManager], ...]] = (
    FW.state(
        "power_manager/state",
        obj(config_error_flags=U32, external_control=U8),
        lambda m, v: {"config_error_flags": m.problems(), "external_control": m.external_control(v)},
    ),
    FW.state(
        "power_manager/low_level_state",
        obj(
            power_at_meter=Float(None),
            power_at_battery=Float(None),
            battery_soc=Float(None),
            power_available=I32,
            i_meter=many(I32, 3),
            i_pp_max=many(I32, 3),
            i_pp_mavg=many(I32, 3),
            i_pp=many(I32, 3),
            max_current_limited=I32,
            is_3phase=BOOL,
            charging_blocked=U32,
        ),
        lambda m, v: m.low_level(v),
        assumed="no grid meter: the management's own values are constant",
    ),
    *FW.kept("power_manager/charge_mode", MODE, PowerManager.choose),
    FW.document("power_manager/external_control", obj(phases_wanted=U8)),
    FW.config(
        "power_manager/config",
        CONFIG,
        initial=lambda m: {**CONFIG.default(), **m.initial()},
        validate=lambda m, doc: m.check(doc),
        about="takes effect at the next boot",
    ),
    FW.config(
        "power_manager/dynamic_load_config",
        obj(
            enabled=BOOL,
            meter_slot_grid_currents=Int(8, value=1),
            current_limit=U32,
            largest_consumer_current=Int(32, value=32000),
            safety_margin_pct=uint(0, 100, width=8),
        ),
        validate=PowerManager.check_load,
        about="takes effect at the next boot",
    ),
)
