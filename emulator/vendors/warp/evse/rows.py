"""Paths of the charge controller's module.

The one rule: rows in the order in which the firmware registers them.
Source: Tinkerforge esp32-firmware, `modules/evse_common`, `evse_v2`, `evse_led`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from ..api.bricklets import IDENTITY, LED
from ..api.documents import Doc
from ..api.rows import AnyRow, Command, Read, Source, State
from ..api.schema import BOOL, I16, NULL, U8, U16, U32, Int, Schema, Str, uint
from ..api.shapes import Arr, Obj, many, obj
from ..models import WARP1, WARP2, WARP2_UP
from . import flash
from .flash import Stored
from .memory import Memory, SlotId
from .module import Evse

FW: Final = Source("fw: modules/evse_common")
SLOT: Final = obj(max_current=U16, active=BOOL, clear_on_disconnect=BOOL)
CURRENT: Final = obj(current=Int(16, value=32000))
ENABLED: Final = obj(enabled=BOOL)
_STATE: Final = {
    "iec61851_state": U8,
    "charger_state": U8,
    "contactor_state": U8,
    "contactor_error": U8,
    "allowed_charging_current": U16,
    "error_state": U8,
    "lock_state": U8,
}
_LOW_LEVEL_1: Final = {
    "led_state": U8,
    "cp_pwm_duty_cycle": U16,
    "adc_values": many(U16, 2),
    "voltages": many(I16, 3),
    "resistances": many(U32, 2),
    "gpio": many(BOOL, 5),
    "charging_time": U32,
    "time_since_state_change": U32,
    "uptime": U32,
    "phases_current": U16,
    "phases_requested": U16,
    "phases_state": U16,
    "phases_info": U16,
}
_LOW_LEVEL: Final = {
    "led_state": U8,
    "cp_pwm_duty_cycle": U16,
    "adc_values": many(U16, 7),
    "voltages": many(I16, 7),
    "resistances": many(U32, 2),
    "gpio": many(BOOL, 24),
    "charging_time": U32,
    "time_since_state_change": U32,
    "uptime": U32,
    "time_since_dc_fault_check": U32,
    "temperature": I16,
    "phases_current": U16,
    "phases_requested": U16,
    "phases_state": U16,
    "phases_info": U16,
    "dc_fault_pins": U8,
    "dc_fault_sensor_type": U8,
}


_USER_CALIBRATION: Final = obj(
    user_calibration_active=BOOL,
    voltage_diff=I16,
    voltage_mul=I16,
    voltage_div=I16,
    resistance_2700=I16,
    resistance_880=many(I16, 14),
)


Act = Callable[[Evse, Doc], None]


def _pair(
    name: str,
    schema: Schema,
    read: Read[Evse],
    act: Act,
    *,
    action: bool = False,
    models: tuple[str, ...] | None = None,
    since: str | None = None,
) -> Iterable[AnyRow[Evse]]:
    """A state of the controller and the command that writes it."""
    follows: Final = "everything" if name == "evse/indicator_led" else "memory"
    yield FW.state(name, schema, read, follows=follows, models=models, since=since)
    yield FW.command(f"{name}_update", act, schema, action=action, models=models, since=since)


def _memory(member: str, read: Callable[[Memory], object]) -> Read[Evse]:
    return lambda m, v: {member: read(v.memory)}


def _current(slot: SlotId) -> Read[Evse]:
    return _memory("current", lambda memory: memory.slots[slot].current)


def _one(
    name: str,
    member: str,
    schema: Schema,
    read: Callable[[Memory], object],
    act: Act,
    models: tuple[str, ...] = WARP2_UP,
) -> Iterable[AnyRow[Evse]]:
    """A setting of the controller with one member."""
    return _pair(name, Obj({member: schema}), _memory(member, read), act, action=True, models=models)


def _switch(stored: Stored, slot: SlotId, since: str | None = None) -> Iterable[AnyRow[Evse]]:
    read = _memory("enabled", lambda memory: memory.slots[slot].active)
    return _pair(stored.path, ENABLED, read, lambda m, doc: m.switch(stored, slot, doc), since=since)


def _shown_current(name: str, slot: SlotId) -> State[Evse]:
    return FW.state(name, CURRENT, _current(slot), follows="memory")


def _order(name: str, act: Act, models: tuple[str, ...] | None = None, about: str = "") -> Command[Evse]:
    """A command without a document."""
    return FW.command(name, act, NULL, action=True, models=models, about=about)


def _low_level(members: dict[str, Schema], models: tuple[str, ...], assumed: str) -> State[Evse]:
    return FW.state(
        "evse/low_level_state", Obj(members), Evse.low_level, follows="poll", models=models, assumed=assumed
    )


_HARDWARE: Final = {"jumper_configuration": U8, "has_lock_switch": BOOL, "evse_version": U8}
ROWS: Final[tuple[AnyRow[Evse], ...]] = (
    FW.state(
        "evse/state",
        Obj(_STATE | {"dc_fault_current_state": U8}),
        Evse.state,
        follows="poll",
        models=WARP2_UP,
        about="states, errors and the allowed current",
    ),
    FW.state("evse/state", Obj(_STATE), Evse.state, follows="poll", models=WARP1),
    FW.state(
        "evse/hardware_configuration", Obj({**_HARDWARE, "energy_meter_type": U8}), Evse.hardware, models=WARP2_UP
    ),
    FW.state("evse/hardware_configuration", Obj(_HARDWARE), Evse.hardware, models=WARP1),
    FW.state("evse/slots", Arr(SLOT, 20), Evse.slots, follows="memory"),
    *_pair("evse/external_current", CURRENT, _current(SlotId.EXTERNAL), Evse.external_current),
    *_pair(
        "evse/external_enabled",
        ENABLED,
        _memory("enabled", lambda memory: memory.slots[SlotId.EXTERNAL].active),
        Evse.external_enabled,
    ),
    *_pair(
        "evse/external_clear_on_disconnect",
        obj(clear_on_disconnect=BOOL),
        _memory("clear_on_disconnect", lambda memory: memory.slots[SlotId.EXTERNAL].clear),
        lambda m, doc: m.controller.put(SlotId.EXTERNAL, clear=doc.flag("clear_on_disconnect")),
    ),
    *_pair(
        "evse/external_defaults",
        obj(current=Int(16, value=32000), clear_on_disconnect=BOOL),
        lambda m, v: {
            "current": v.memory.external_default,
            "clear_on_disconnect": v.memory.external_default_clear,
        },
        Evse.external_defaults,
    ),
    *_pair("evse/global_current", CURRENT, _current(SlotId.GLOBAL), Evse.global_current),
    *_switch(flash.MANAGEMENT_ENABLED, SlotId.CHARGE_MANAGER),
    _shown_current("evse/management_current", SlotId.CHARGE_MANAGER),
    FW.document(
        "evse/management_state",
        obj(central_user_management_enabled=BOOL, manager_ip=Str(0, 15, "0.0.0.0")),
        live=False,
        about="nobody manages this wallbox",
    ),
    *_switch(flash.USER_ENABLED, SlotId.USER),
    _shown_current("evse/user_current", SlotId.USER),
    *_switch(flash.MODBUS_ENABLED, SlotId.MODBUS_CURRENT),
    *_switch(flash.OCPP_ENABLED, SlotId.OCPP),
    *_switch(flash.EEBUS_ENABLED, SlotId.EEBUS, since="2.10.0"),
    *_switch(flash.P14A_ENABLED, SlotId.P14A, since="2.10.0"),
    *_pair(
        "evse/automation_current",
        CURRENT,
        _current(SlotId.AUTOMATION),
        lambda m, doc: m.controller.put(SlotId.AUTOMATION, current=doc.integer("current")),
    ),
    *_pair(
        "evse/auto_start_charging",
        obj(auto_start_charging=BOOL),
        _memory("auto_start_charging", lambda memory: memory.auto_start),
        lambda m, doc: m.controller.auto_start(doc.flag("auto_start_charging")),
    ),
    _order("evse/start_charging", lambda m, _: m.controller.start_charging(), about="slot 4 to 32 A, not in state A"),
    _order("evse/stop_charging", lambda m, _: m.controller.stop_charging(), about="slot 4 to 0, not in state A"),
    *_pair("evse/boost_mode", ENABLED, _memory("enabled", lambda memory: memory.boost), Evse.boost, action=True),
    FW.state(
        "evse/button_state",
        obj(button_press_time=U32, button_release_time=U32, button_pressed=BOOL),
        Evse.button,
        follows="memory",
        low_latency=True,
    ),
    *_pair("evse/indicator_led", LED, Evse.indicator, Evse.led, action=True),
    Source("fw: modules/evse_led").config("evse/led_configuration", obj(enable_api=BOOL)),
    _low_level(_LOW_LEVEL, WARP2_UP, "voltages in state A, most pins"),
    _low_level(_LOW_LEVEL_1, WARP1, "values on WARP1"),
    FW.config("evse/meter_config", obj(slot=uint(0, 4, width=8))),
    *FW.kept(
        "evse/charge_mode",
        obj(mode=uint(0, 9, 4, width=8)),
        lambda m, doc: m.api.put("evse/charge_mode", doc.value),
        assumed="without a manager the request stays",
    ),
    FW.document("evse/supported_charge_modes", Arr(U8, 10), about="filled by a charge manager"),
    FW.state(
        "evse/enumerate_value",
        obj(value=U8, value_change_time=U32),
        lambda m, v: {"value": 0, "value_change_time": 0},
        live=False,
    ),
    Source("fw: bindings").state("evse/identity", IDENTITY, Evse.identity, live=False, assumed="hw_version, position"),
    _order("evse/reset", lambda m, _: m.controller.restart()),
    _order("evse/reflash", lambda m, _: m.controller.restart()),
    *_pair(
        flash.GPIO.path,
        obj(shutdown_input=U8, input=U8, output=Int(8, value=1)),
        lambda m, v: {
            "shutdown_input": v.memory.shutdown_input,
            "input": v.memory.input,
            "output": v.memory.output,
        },
        Evse.gpio,
        action=True,
        models=WARP2_UP,
    ),
    *_one(flash.BUTTON.path, "button", Int(8, value=2), lambda memory: memory.button, Evse.configure_button),
    *_one(flash.EV_WAKEUP.path, "enabled", BOOL, lambda memory: memory.ev_wakeup, Evse.enable_wakeup),
    *_one(flash.AUTO_SWITCH.path, "enabled", BOOL, lambda memory: memory.auto_switch, Evse.enable_auto_switch),
    *_one(
        flash.PHASES_CONNECTED.path,
        "phases",
        Int(8, value=3),
        lambda memory: memory.phases_connected,
        Evse.connect_phases,
    ),
    *_one(
        "evse/control_pilot_disconnect",
        "disconnect",
        BOOL,
        lambda memory: memory.disconnected,
        Evse.disconnect_pilot,
    ),
    *_one(flash.WAIT_TIME.path, "time", U8, lambda memory: memory.wait_time, Evse.wait),
    Source("fw: modules/evse_v2").command(
        "evse/reset_dc_fault_current_state",
        Evse.reset_dc,
        obj(password=U32),
        action=True,
        models=WARP2_UP,
        about="needs the password 0xDC42FA23; a wrong one is taken silently",
    ),
    _order("evse/trigger_dc_fault_test", Evse.start_dc_test, WARP2_UP),
    *_one(
        "evse/gp_output",
        "gp_output",
        uint(0, 1, 1, width=8),
        lambda memory: memory.gp_output,
        Evse.output,
        models=WARP2,
    ),
    Source("fw: modules/evse").document("evse/user_calibration", _USER_CALIBRATION, models=WARP1),
    Source("fw: modules/evse").command(
        "evse/user_calibration_update",
        lambda m, doc: m.api.put("evse/user_calibration", doc.value),
        _USER_CALIBRATION,
        action=True,
        models=WARP1,
    ),
)
