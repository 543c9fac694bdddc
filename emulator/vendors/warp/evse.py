"""The `evse/*` part of the API: what the charge controller shows and takes.

The one rule: a state shows the controller as polled last, a command writes to it now; neither keeps anything itself.
Source: Tinkerforge esp32-firmware, `modules/evse_common`, `evse_v2`, `evse_led`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from ...core.instant import MILLISECOND
from ...devices.interfaces import Origin
from .controller import SlotId
from .evseview import Iec
from .models import WARP1, WARP2, WARP2_UP
from .rows import AnyRow, Command, Config, Document, Read, State
from .schema import BOOL, I16, NULL, U8, U16, U32, Arr, Int, Obj, Schema, Str, many, obj, sint, uint

if TYPE_CHECKING:
    from .view import View
    from .wallbox import Warp

FW: Final = "fw: modules/evse_common"
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
LED: Final = obj(
    indication=sint(-1, 2010, -1),
    duration=U16,
    color_h=uint(0, 360, width=16),
    color_s=U8,
    color_v=U8,
)


def _state(v: View) -> object:
    evse = v.evse
    return {
        "iec61851_state": int(evse.iec),
        "charger_state": evse.charger_state,
        "contactor_state": evse.contactor_state,
        "contactor_error": evse.contactor_error,
        "allowed_charging_current": evse.allowed,
        "error_state": int(evse.error),
        "lock_state": 0,
        "dc_fault_current_state": evse.dc_fault,
    }


def _hardware(v: View) -> object:
    rated = v.box.controller.rated
    jumpers = {6: 0, 10: 1, 13: 2, 16: 3, 20: 4, 25: 5, 32: 6}
    unset = "switch_unconfigured" in v.evse.snapshot.faults
    return {
        "jumper_configuration": 8 if unset else jumpers.get(rated, 7),
        "has_lock_switch": False,
        "evse_version": {1: 15, 2: 20, 3: 30, 4: 40}[v.box.generation],
        "energy_meter_type": v.box.meters.type_at(v.at),
    }


def _slots(v: View) -> object:
    shown = v.box.profile.model.traits["slots"] if v.box.profile.has(since="2.10.0") else 15
    assert isinstance(shown, int)
    return [
        {"max_current": slot.current, "active": slot.active, "clear_on_disconnect": slot.clear}
        for slot in v.evse.memory.slots[:shown]
    ]


def _low_level(v: View) -> object:
    controller = v.box.controller
    return v.evse.low_level(rated=controller.rated, cable=controller.cable)


def _indicator(v: View) -> object:
    memory = v.evse.memory
    left = (memory.indicator_ends - v.at) // MILLISECOND
    indication, hue, saturation, value = memory.indicator if left > 0 else (-1, 0, 0, 0)
    return {
        "indication": indication,
        "duration": max(0, left),
        "color_h": hue,
        "color_s": saturation,
        "color_v": value,
    }


def _button(v: View) -> object:
    memory = v.evse.memory
    return {
        "button_press_time": _since(memory.pressed_at, memory.started),
        "button_release_time": _since(memory.released_at, memory.started),
        "button_pressed": memory.pressed,
    }


def _since(at: int, started: int) -> int:
    return max(0, at - started) // MILLISECOND


def _identity(v: View) -> object:
    box = v.box
    version = str(box.profile.model.traits["controller_firmware"])
    return {
        "uid": box.evse_uid,
        "connected_uid": box.serial,
        "position": "a",
        "hw_version": {1: "1.5.0", 2: "2.0.0", 3: "3.0.0", 4: "4.0.0"}[box.generation],
        "fw_version": version,
        "device_identifier": 2159 if box.generation == 1 else 2167,
    }


def _slot_current(index: SlotId) -> Read:
    return lambda v: {"current": v.evse.memory.slots[index].current}


def _slot_active(index: SlotId) -> Read:
    return lambda v: {"enabled": v.evse.memory.slots[index].active}


def _memory(field: str, member: str) -> Read:
    return lambda v: {member: getattr(v.evse.memory, field)}


Act = Callable[["Warp", dict[str, Any]], None]


def _pair(
    name: str,
    schema: Schema,
    read: Read,
    act: Act,
    *,
    action: bool = False,
    models: tuple[str, ...] | None = None,
    about: str = "",
    since: str | None = None,
) -> tuple[AnyRow, ...]:
    """A state of the controller and the command that writes it."""

    def run(box: Warp, value: object, _: Origin) -> str | None:
        assert isinstance(value, dict)
        act(box, value)
        return None

    return (
        State(
            name=name,
            schema=schema,
            read=read,
            follows="everything" if name == "evse/indicator_led" else "poll",
            models=models,
            source=FW,
            about=about,
            since=since,
        ),
        Command(
            name=f"{name}_update",
            schema=schema,
            run=run,
            action=action,
            models=models,
            source=FW,
            about=about,
            since=since,
        ),
    )


def _command(name: str, act: Callable[[Warp], None], models: tuple[str, ...] | None = None, about: str = "") -> Command:
    def run(box: Warp, _: object, __: Origin) -> str | None:
        act(box)
        return None

    return Command(name=name, schema=NULL, run=run, action=True, models=models, source=FW, about=about)


# --- what the commands do --------------------------------------------------------------------------------------------


def _external_current(box: Warp, value: dict[str, Any]) -> None:
    from .controller import valid

    box.controller.put(SlotId.EXTERNAL, current=value["current"])
    if valid(value["current"]):
        box.external_watchdog.feed()


def _external_enabled(box: Warp, value: dict[str, Any]) -> None:
    if not value["enabled"]:
        box.controller.put(SlotId.EXTERNAL, current=32000, active=True, clear=False)
        _external_defaults(box, {"current": 32000, "clear_on_disconnect": False})


def _external_defaults(box: Warp, value: dict[str, Any]) -> None:
    if value["current"] == 0 or 6000 <= value["current"] <= 32000:
        box.store("evse/external_defaults", value)
        box.controller.change(external_default=value["current"], external_default_clear=value["clear_on_disconnect"])


def _global_current(box: Warp, value: dict[str, Any]) -> None:
    from .controller import valid

    if valid(value["current"]):
        box.store("evse/global_current", value["current"])
        box.controller.put(SlotId.GLOBAL, current=value["current"])


def _switch(path: str) -> Act:
    def act(box: Warp, value: dict[str, Any]) -> None:
        index = _SWITCH_SLOT[path]
        if box.controller.slot(index).active == value["enabled"]:
            return
        if path == "evse/user_enabled" and value["enabled"]:
            box.tracker.end()
        box.controller.enable(path, value["enabled"])
        box.controller_switch_changed(path)

    return act


_SWITCH_SLOT: Final = {
    "evse/user_enabled": SlotId.USER,
    "evse/management_enabled": SlotId.CHARGE_MANAGER,
    "evse/modbus_tcp_enabled": SlotId.MODBUS_CURRENT,
    "evse/ocpp_enabled": SlotId.OCPP,
    "evse/eebus_enabled": SlotId.EEBUS,
    "evse/p14a_enwg_enabled": SlotId.P14A,
}


def _boost(box: Warp, value: dict[str, Any]) -> None:
    box.store("evse/boost_mode", value["enabled"])
    box.controller.change(boost=value["enabled"])
    box.controller.apply()


def _led(box: Warp, value: dict[str, Any]) -> None:
    if box.api.flag("evse/led_configuration", "enable_api"):
        colour = (value["color_h"], value["color_s"], value["color_v"])
        box.controller.indicate(value["indication"], value["duration"], colour)


def _gpio(box: Warp, value: dict[str, Any]) -> None:
    if value["shutdown_input"] > 4 or value["input"] > 16 or value["output"] > 1:
        return
    box.store("evse/gpio_configuration", value)
    box.controller.change(**value)
    box.controller.inputs_changed()


def _button_configuration(box: Warp, value: dict[str, Any]) -> None:
    if value["button"] <= 4:
        box.store("evse/button_configuration", value["button"])
        box.controller.change(button=value["button"])


def _flag(path: str, field: str) -> Act:
    def act(box: Warp, value: dict[str, Any]) -> None:
        box.store(path, value["enabled"])
        box.controller.change(**{field: value["enabled"]})
        box.controller.apply()
        box.wakeup.look()

    return act


def _phases_connected(box: Warp, value: dict[str, Any]) -> None:
    if value["phases"] in (1, 3):
        box.controller.connect_phases(value["phases"])


def _wait_time(box: Warp, value: dict[str, Any]) -> None:
    if value["time"] <= 22 and box.generation >= 3:
        box.store("evse/phase_switch_wait_time", value["time"])
        box.controller.change(wait_time=value["time"])
        box.controller.apply()


def _pilot(box: Warp, value: dict[str, Any]) -> None:
    if box.controller.slot(SlotId.CHARGE_MANAGER).active:
        box.log("evse_v2", "Control pilot cannot be (dis)connected by API while charge management is enabled.")
        return
    if box.wakeup.cutting and not value["disconnect"]:
        return
    box.controller.disconnect_pilot(value["disconnect"])


def _reset_dc(box: Warp, value: object, _: Origin) -> str | None:
    assert isinstance(value, dict)
    box.controller.reset_dc_fault(value["password"])
    return None


def _test_dc(box: Warp) -> None:
    if box.controller.now().iec is Iec.A:
        box.controller.test_dc_fault()
    else:
        box.log("evse_v2", "Tried to start a DC fault test but the charger is not in state A.")


def _gp_output(box: Warp, value: dict[str, Any]) -> None:
    box.controller.change(gp_output=value["gp_output"])


def _charge_mode(box: Warp, value: object, _: Origin) -> str | None:
    box.api.put("evse/charge_mode", value)
    return None


_USER_CALIBRATION: Final = obj(
    user_calibration_active=BOOL,
    voltage_diff=I16,
    voltage_mul=I16,
    voltage_div=I16,
    resistance_2700=I16,
    resistance_880=many(I16, 14),
)


def _calibrate(box: Warp, value: object, _: Origin) -> str | None:
    box.api.put("evse/user_calibration", value)
    return None


ROWS: Final[tuple[AnyRow, ...]] = (
    State(
        name="evse/state",
        schema=Obj(_STATE | {"dc_fault_current_state": U8}),
        read=_state,
        follows="poll",
        models=WARP2_UP,
        source=FW,
        about="states, errors and the allowed current",
    ),
    State(name="evse/state", schema=Obj(_STATE), read=_state, follows="poll", models=WARP1, source=FW),
    State(
        name="evse/hardware_configuration",
        schema=obj(jumper_configuration=U8, has_lock_switch=BOOL, evse_version=U8, energy_meter_type=U8),
        read=_hardware,
        models=WARP2_UP,
        source=FW,
    ),
    State(
        name="evse/hardware_configuration",
        schema=obj(jumper_configuration=U8, has_lock_switch=BOOL, evse_version=U8),
        read=_hardware,
        models=WARP1,
        source=FW,
    ),
    State(name="evse/slots", schema=Arr(SLOT, 20), read=_slots, follows="poll", source=FW),
    *_pair("evse/external_current", CURRENT, _slot_current(SlotId.EXTERNAL), _external_current),
    *_pair("evse/external_enabled", obj(enabled=BOOL), _slot_active(SlotId.EXTERNAL), _external_enabled),
    *_pair(
        "evse/external_clear_on_disconnect",
        obj(clear_on_disconnect=BOOL),
        lambda v: {"clear_on_disconnect": v.evse.memory.slots[SlotId.EXTERNAL].clear},
        lambda box, value: box.controller.put(SlotId.EXTERNAL, clear=value["clear_on_disconnect"]),
    ),
    *_pair(
        "evse/external_defaults",
        obj(current=Int(16, value=32000), clear_on_disconnect=BOOL),
        lambda v: {
            "current": v.evse.memory.external_default,
            "clear_on_disconnect": v.evse.memory.external_default_clear,
        },
        _external_defaults,
    ),
    *_pair("evse/global_current", CURRENT, _slot_current(SlotId.GLOBAL), _global_current),
    *_pair("evse/management_enabled", ENABLED, _slot_active(SlotId.CHARGE_MANAGER), _switch("evse/management_enabled")),
    State(
        name="evse/management_current",
        schema=CURRENT,
        read=_slot_current(SlotId.CHARGE_MANAGER),
        follows="poll",
        source=FW,
    ),
    Document(
        name="evse/management_state",
        schema=obj(central_user_management_enabled=BOOL, manager_ip=Str(0, 15, "0.0.0.0")),
        source=FW,
        live=False,
        about="nobody manages this box",
    ),
    *_pair("evse/user_enabled", ENABLED, _slot_active(SlotId.USER), _switch("evse/user_enabled")),
    State(name="evse/user_current", schema=CURRENT, read=_slot_current(SlotId.USER), follows="poll", source=FW),
    *_pair("evse/modbus_tcp_enabled", ENABLED, _slot_active(SlotId.MODBUS_CURRENT), _switch("evse/modbus_tcp_enabled")),
    *_pair("evse/ocpp_enabled", ENABLED, _slot_active(SlotId.OCPP), _switch("evse/ocpp_enabled")),
    *_pair("evse/eebus_enabled", ENABLED, _slot_active(SlotId.EEBUS), _switch("evse/eebus_enabled"), since="2.10.0"),
    *_pair(
        "evse/p14a_enwg_enabled",
        ENABLED,
        _slot_active(SlotId.P14A),
        _switch("evse/p14a_enwg_enabled"),
        since="2.10.0",
    ),
    *_pair(
        "evse/automation_current",
        CURRENT,
        _slot_current(SlotId.AUTOMATION),
        lambda box, value: box.controller.put(SlotId.AUTOMATION, current=value["current"]),
    ),
    *_pair(
        "evse/auto_start_charging",
        obj(auto_start_charging=BOOL),
        _memory("auto_start", "auto_start_charging"),
        lambda box, value: box.controller.auto_start(value["auto_start_charging"]),
    ),
    _command(
        "evse/start_charging", lambda box: box.controller.start_charging(), about="slot 4 to 32 A, not in state A"
    ),
    _command("evse/stop_charging", lambda box: box.controller.stop_charging(), about="slot 4 to 0, not in state A"),
    *_pair("evse/boost_mode", ENABLED, _memory("boost", "enabled"), _boost, action=True),
    State(
        name="evse/button_state",
        schema=obj(button_press_time=U32, button_release_time=U32, button_pressed=BOOL),
        read=_button,
        follows="poll",
        low_latency=True,
        source=FW,
    ),
    *_pair("evse/indicator_led", LED, _indicator, _led, action=True),
    Config(name="evse/led_configuration", schema=obj(enable_api=BOOL), source="fw: modules/evse_led"),
    State(
        name="evse/low_level_state",
        schema=Obj(_LOW_LEVEL),
        read=_low_level,
        follows="poll",
        models=WARP2_UP,
        source=FW,
        assumed="voltages in state A, most pins",
    ),
    State(
        name="evse/low_level_state",
        schema=Obj(_LOW_LEVEL_1),
        read=_low_level,
        follows="poll",
        models=WARP1,
        source=FW,
        assumed="values on WARP1",
    ),
    Config(name="evse/meter_config", schema=obj(slot=uint(0, 4, width=8)), source=FW),
    Document(name="evse/charge_mode", schema=obj(mode=uint(0, 9, 4, width=8)), source=FW),
    Command(
        name="evse/charge_mode_update",
        schema=obj(mode=uint(0, 9, 4, width=8)),
        run=_charge_mode,
        current=lambda box: box.api.document("evse/charge_mode"),
        source=FW,
        assumed="without a manager the request stays",
    ),
    Document(name="evse/supported_charge_modes", schema=Arr(U8, 10), source=FW, about="filled by a charge manager"),
    State(
        name="evse/enumerate_value",
        schema=obj(value=U8, value_change_time=U32),
        read=lambda _: {"value": 0, "value_change_time": 0},
        source=FW,
        live=False,
    ),
    State(
        name="evse/identity",
        schema=obj(
            uid=Str(0, 8),
            connected_uid=Str(0, 8),
            position=Str(1, 1),
            hw_version=Str(0, 12),
            fw_version=Str(0, 12),
            device_identifier=U16,
        ),
        read=_identity,
        live=False,
        source="fw: bindings",
        assumed="hw_version",
    ),
    _command("evse/reset", lambda box: box.controller.restart()),
    _command("evse/reflash", lambda box: box.controller.restart()),
    *_pair(
        "evse/gpio_configuration",
        obj(shutdown_input=U8, input=U8, output=Int(8, value=1)),
        lambda v: {
            "shutdown_input": v.evse.memory.shutdown_input,
            "input": v.evse.memory.input,
            "output": v.evse.memory.output,
        },
        _gpio,
        action=True,
        models=WARP2_UP,
    ),
    *_pair(
        "evse/button_configuration",
        obj(button=Int(8, value=2)),
        _memory("button", "button"),
        _button_configuration,
        action=True,
        models=WARP2_UP,
    ),
    *_pair(
        "evse/ev_wakeup",
        ENABLED,
        _memory("ev_wakeup", "enabled"),
        _flag("evse/ev_wakeup", "ev_wakeup"),
        action=True,
        models=WARP2_UP,
    ),
    *_pair(
        "evse/phase_auto_switch",
        ENABLED,
        _memory("auto_switch", "enabled"),
        _flag("evse/phase_auto_switch", "auto_switch"),
        action=True,
        models=WARP2_UP,
    ),
    *_pair(
        "evse/phases_connected",
        obj(phases=Int(8, value=3)),
        _memory("phases_connected", "phases"),
        _phases_connected,
        action=True,
        models=WARP2_UP,
    ),
    *_pair(
        "evse/control_pilot_disconnect",
        obj(disconnect=BOOL),
        _memory("disconnected", "disconnect"),
        _pilot,
        action=True,
        models=WARP2_UP,
    ),
    *_pair(
        "evse/phase_switch_wait_time",
        obj(time=U8),
        _memory("wait_time", "time"),
        _wait_time,
        action=True,
        models=WARP2_UP,
    ),
    Command(
        name="evse/reset_dc_fault_current_state",
        schema=obj(password=U32),
        run=_reset_dc,
        action=True,
        models=WARP2_UP,
        source="fw: modules/evse_v2",
        about="needs the password 0xDC42FA23; a wrong one is taken silently",
    ),
    _command("evse/trigger_dc_fault_test", _test_dc, WARP2_UP),
    *_pair(
        "evse/gp_output",
        obj(gp_output=uint(0, 1, 1, width=8)),
        _memory("gp_output", "gp_output"),
        _gp_output,
        action=True,
        models=WARP2,
    ),
    Document(name="evse/user_calibration", schema=_USER_CALIBRATION, models=WARP1, source="fw: modules/evse"),
    Command(
        name="evse/user_calibration_update",
        schema=_USER_CALIBRATION,
        run=_calibrate,
        action=True,
        models=WARP1,
        source="fw: modules/evse",
    ),
)
