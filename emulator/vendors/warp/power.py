"""The power manager of a charger: external control of the phases, and the configurations around it; §14a EnWG.

The one rule: what the API says of a phase switch is what the controller said at the last whole second.
Source: Tinkerforge esp32-firmware, `modules/power_manager`, `modules/p14a_enwg`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, cast

from ...core.instant import MINUTE, SECOND, Instant, grid
from ...devices.interfaces import Origin
from .controller import HIGHEST, LOWEST, SlotId
from .models import WARP2_UP, WARP3_UP
from .rows import AnyRow, Command, Config, Document, State
from .schema import BOOL, I32, NULL, U8, U32, Float, Int, Union, many, obj, uint

if TYPE_CHECKING:
    from .view import View
    from .wallbox import Warp

FW: Final = "fw: modules/power_manager"
AVAILABLE, DISABLED, UNAVAILABLE, SWITCHING = range(4)
GRID_POWER: Final = 17
"""The automation trigger."""
TOTAL_POWER: Final = 74
"""Value ID of a meter's active power."""
REPEATED: Final = 2 * MINUTE
_IGNORED: Final = "Ignoring external control phase change request: "


class PowerManager:
    """Phase switching on behalf of clients."""

    def __init__(self, box: Warp) -> None:
        self._box = box
        self.offered = False
        """Feature `phase_switch`, decided at boot."""
        self.enabled = False
        self._asked_at: Instant | None = None
        self._asked: int | None = None
        self._drawing: bool | None = None

    def boot(self) -> None:
        box = self._box
        self._drawing = None
        config = cast("dict[str, Any]", box.api.document("power_manager/config"))
        load = box.api.flag("power_manager/dynamic_load_config", "enabled")
        tasks = cast("list[dict[str, Any]]", cast("dict[str, Any]", box.api.document("automation/config"))["tasks"])
        limits = any(task["action"][0] == 14 for task in tasks)
        self.enabled = bool(config["excess_charging_enable"]) or load or limits
        if self.enabled != config["enabled"]:
            box.api.update("power_manager/config", enabled=self.enabled)
        self._asked_at = self._asked = None
        memory = box.controller.memory
        managed = memory.slots[SlotId.CHARGE_MANAGER].active
        self.offered = (
            box.generation >= 3
            and not self.enabled
            and not managed
            and memory.phases_connected == 3
            and box.controller.answers
        )
        if box.generation >= 3:
            box.api.put("power_manager/external_control", {"phases_wanted": box.snapshot().phases})
        path = "power_manager/external_control_update"
        if self.offered and path not in box.api.commands:
            box.api.add(EXTERNAL_CONTROL)
        elif not self.offered:
            box.api.remove(path)

    def external_control(self, v: View) -> int:
        """0 available, 1 disabled, 2 error, 3 switching; as of the last whole second."""
        box = self._box
        if not self.offered or v.at < box.booted_at + SECOND:
            return DISABLED
        looked = grid(v.at, SECOND, box.booted_at)
        if self._asked_at is not None and looked <= self._asked_at <= v.at:
            return SWITCHING
        evse = box.controller.polled(looked)
        if evse.error:
            return UNAVAILABLE
        return SWITCHING if evse.phases_state else AVAILABLE

    def refuse(self, wanted: int) -> str | None:
        if wanted not in (1, 3):
            return "Invalid value for phases_wanted! Only 1 or 3 are allowed."
        view = self._box.view()
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
        box = self._box
        box.api.put("power_manager/external_control", {"phases_wanted": wanted})
        if self.external_control(box.view()) == SWITCHING and wanted == self._asked:
            return
        if wanted == 3 and box.controller.memory.single_phase_vehicle:
            box.log("power_manager", "Requested phase switch but can't switch at the moment.")
            return
        if wanted == box.snapshot().phases_requested:
            return
        self._asked, self._asked_at = wanted, box.simulation.at
        box.controller.request_phases(wanted)

    def grid_power(self, v: View) -> float | None:
        """W at the grid's meter, positive when drawn; None: the power manager is off, or the meter says nothing."""
        meters = self._box.meters
        slot = cast("dict[str, Any]", self._box.api.active("power_manager/config"))["meter_slot_grid_power"]
        return meters.value(slot, TOTAL_POWER, v) if self.enabled and slot < meters.slots else None

    def _look_at_grid(self, v: View) -> None:
        """Rules hear when power at the grid's meter changes its direction."""
        power = self.grid_power(v)
        if power is None or (power > 0) == self._drawing:
            return
        self._drawing = power > 0
        self._box.automation.fire(GRID_POWER, lambda rule: rule["drawing_power"] == self._drawing)

    def second(self, at: Instant, v: View) -> Instant | None:
        """While something switches, the state may change with every second."""
        self._look_at_grid(v)
        if v.snapshot.phase_switching or (self._asked_at is not None and at - self._asked_at <= 2 * SECOND):
            return at + SECOND
        return None


def _three_phase(v: View) -> bool:
    return v.box.controller.polled(max(v.box.booted_at, grid(v.at, SECOND, v.box.booted_at))).snapshot.phases == 3


def _low_level(v: View) -> object:
    return {
        "power_at_meter": v.box.power.grid_power(v),
        "power_at_battery": None,
        "battery_soc": None,
        "power_available": 0,
        "i_meter": [0, 0, 0],
        "i_pp_max": [0, 0, 0],
        "i_pp_mavg": [0, 0, 0],
        "i_pp": [0, 0, 0],
        "max_current_limited": v.box.max_current_limited,
        "is_3phase": _three_phase(v),
        "charging_blocked": 0,
    }


def _validate(box: Warp, value: object) -> str | None:
    config = cast("dict[str, Any]", value)
    if config["excess_charging_enable"] and config["phase_switching_mode"] == 3:
        return "Can't enable excess charging when external control is enabled for phase switching."
    grid_slot, battery_slot = config["meter_slot_grid_power"], config["meter_slot_battery_power"]
    if grid_slot == battery_slot and battery_slot != 255 and config["battery_mode"]:
        return "Grid and battery storage cannot use the same power meter"
    return None


def _validate_load(box: Warp, value: object) -> str | None:
    config = cast("dict[str, Any]", value)
    if config["enabled"] and config["current_limit"] < 16000:
        return "Invalid current limit. Must be at least 16A."
    if config["enabled"] and config["largest_consumer_current"] > config["current_limit"]:
        return "Largest consumer current cannot be above current limit."
    return None


def _request(box: Warp, value: object, _: Origin) -> str | None:
    box.power.request(cast("dict[str, Literal[1, 3]]", value)["phases_wanted"])
    return None


def _charge_mode(box: Warp, value: object, _: Origin) -> str | None:
    mode = cast("dict[str, int]", value)["mode"]
    default = box.api.integer("power_manager/config", "default_mode")
    box.api.put("power_manager/charge_mode", {"mode": (0 if default == 4 else default) if mode == 4 else mode})
    return None


MODE: Final = obj(mode=uint(0, 9, width=8))
EXTERNAL_CONTROL: Final = Command(
    name="power_manager/external_control_update",
    schema=obj(phases_wanted=uint(0, 3, width=8)),
    run=_request,
    validate=lambda box, value: box.power.refuse(cast("dict[str, int]", value)["phases_wanted"]),
    action=True,
    models=WARP3_UP,
    source=FW,
    about="only with feature phase_switch",
)
ROWS: Final[tuple[AnyRow, ...]] = (
    State(
        name="power_manager/state",
        schema=obj(config_error_flags=U32, external_control=U8),
        read=lambda v: {"config_error_flags": 0, "external_control": v.box.power.external_control(v)},
        source=FW,
    ),
    State(
        name="power_manager/low_level_state",
        schema=obj(
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
        read=_low_level,
        source=FW,
        assumed="no grid meter: the management's own values are constant",
    ),
    Document(name="power_manager/charge_mode", schema=MODE, source=FW),
    Command(
        name="power_manager/charge_mode_update",
        schema=MODE,
        run=_charge_mode,
        current=lambda box: box.api.document("power_manager/charge_mode"),
        source=FW,
    ),
    Document(name="power_manager/external_control", schema=obj(phases_wanted=U8), source=FW),
    Config(
        name="power_manager/config",
        schema=obj(
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
        ),
        validate=_validate,
        source=FW,
        about="takes effect at the next boot",
    ),
    Config(
        name="power_manager/dynamic_load_config",
        schema=obj(
            enabled=BOOL,
            meter_slot_grid_currents=Int(8, value=1),
            current_limit=U32,
            largest_consumer_current=Int(32, value=32000),
            safety_margin_pct=uint(0, 100, width=8),
        ),
        validate=_validate_load,
        source=FW,
        about="takes effect at the next boot",
    ),
)

# --- §14a EnWG -------------------------------------------------------------------------------------------------------

P14A_FW: Final = "fw: modules/p14a_enwg"
INPUT, EEBUS, API = range(3)


class P14a:
    """The limit a grid operator may order."""

    def __init__(self, box: Warp) -> None:
        self._box = box

    @property
    def config(self) -> dict[str, Any]:
        return cast("dict[str, Any]", self._box.api.document("p14a_enwg/config"))

    @property
    def order(self) -> tuple[bool, int]:
        """Whether a limit is in force, and its W."""
        config = self.config
        if not config["enable"]:
            return False, 0
        source, details = config["source"]
        if source == INPUT:
            active = self._box.controller.memory.shutdown_closed == details["limit_on_close"]
            return active, details["limit_w"] if active else 0
        if source == API:
            control = cast("dict[str, Any]", self._box.api.document("p14a_enwg/control"))
            return control["active"], control["limit_w"] if control["active"] else 0
        return False, 0

    def apply(self) -> None:
        """Put the order on the slot, and show it."""
        if not self._box.has_p14a:
            return
        active, limit = self.order
        self._box.api.put("p14a_enwg/state", {"active": active, "limit_w": limit})
        current = HIGHEST
        if active and self.config["limit_charger"]:
            phases = self._box.snapshot().phases
            current = min(HIGHEST, max(LOWEST, limit * 1000 // 230 // phases))
        self._box.controller.put(SlotId.P14A, current=current)

    def second(self, at: Instant, v: View) -> Instant | None:
        self.apply()
        return None


def _p14a_changed(box: Warp, _: object, __: object) -> None:
    box.p14a.apply()


def _control(box: Warp, value: object, _: Origin) -> str | None:
    box.api.put("p14a_enwg/control", value)
    if box.p14a.config["source"][0] == API:
        box.p14a.apply()
    return None


def _p14a_initial(box: Warp) -> object:
    """As migrated at the first boot: WARP3 and later come with their shutdown input limiting on close."""
    on = box.generation >= 3
    return {
        "enable": on,
        "source": [0, {"limit_on_close": True, "limit_w": 4200, "input_index": 0}],
        "limit_charger": on,
        "limit_charge_manager": False,
        "limit_heating": False,
        "heating_max_power": 0,
    }


_CONTROL: Final = obj(active=BOOL, limit_w=U32)
P14A_ROWS: Final[tuple[AnyRow, ...]] = (
    Config(
        name="p14a_enwg/config",
        schema=obj(
            enable=BOOL,
            source=Union({0: obj(limit_on_close=BOOL, limit_w=Int(32, value=4200), input_index=U8), 1: NULL, 2: NULL}),
            limit_charger=BOOL,
            limit_charge_manager=BOOL,
            limit_heating=BOOL,
            heating_max_power=U32,
        ),
        initial=_p14a_initial,
        applied=_p14a_changed,
        models=WARP2_UP,
        since="2.10.0",
        source=P14A_FW,
    ),
    Document(name="p14a_enwg/state", schema=_CONTROL, models=WARP2_UP, since="2.10.0", source=P14A_FW),
    Document(name="p14a_enwg/control", schema=_CONTROL, models=WARP2_UP, since="2.10.0", source=P14A_FW),
    Command(
        name="p14a_enwg/control_update",
        schema=_CONTROL,
        run=_control,
        current=lambda box: box.api.document("p14a_enwg/control"),
        action=True,
        models=WARP2_UP,
        since="2.10.0",
        source=P14A_FW,
    ),
)
