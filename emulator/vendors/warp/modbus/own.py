"""The charger's own register table, version 4.

The one rule: one row per value, at the addresses of the firmware; what spans several registers and acts as a whole
(LED, injected tag) is in `modbus_groups`. Source: Tinkerforge esp32-firmware, `modules/modbus_tcp`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, Unpack

from ....core.messages import DONE, Outcome, Reason
from ....devices.interfaces import Origin
from ....devices.registers import BIT, F32, U32, Bank, Layout, Octets, RegisterFacts, WireType, Writes
from ..evse.memory import SlotId
from ..models import build_of
from ..system.features import ALL_VALUES, EVSE, METER, NFC, PHASES, SWITCH
from . import groups as groups
from .view import (
    FW,
    NONE,
    SILENTLY,
    UNDEFINED,
    Read,
    Row,
    Seen,
    Server,
    Write,
    constant,
    enabled,
    gated,
    needs,
    number,
    phases,
    set_current,
    set_enabled,
    switch_phases,
)

VERSION: Final = 4
BINARY_TAG_SINCE: Final = "2.10.0"
SLOTS: Final = 20
LABELS: Final = (
    *(f"voltage_l{k} V" for k in (1, 2, 3)),
    *(f"current_l{k} A" for k in (1, 2, 3)),
    *(f"power_l{k} W" for k in (1, 2, 3)),
    *(f"apparent_power_l{k} VA" for k in (1, 2, 3)),
    *(f"reactive_power_l{k} var" for k in (1, 2, 3)),
    *(f"power_factor_l{k} " for k in (1, 2, 3)),
    *(f"phase_angle_l{k} °" for k in (1, 2, 3)),
    "average_voltage V",
    "average_current A",
    "sum_current A",
    "total_power W",
    "total_apparent_power VA",
    "total_reactive_power var",
    "total_power_factor ",
    "total_phase_angle °",
    "frequency Hz",
    "total_import kWh",
    "total_export kWh",
    "total_import_reactive kvarh",
    "total_export_reactive kvarh",
    "total_apparent_energy kVAh",
    "total_charge Ah",
    "power_demand W",
    "max_power_demand W",
    "apparent_power_demand VA",
    "max_apparent_power_demand VA",
    "neutral_current_demand A",
    "max_neutral_current_demand A",
    "voltage_l1_l2 V",
    "voltage_l2_l3 V",
    "voltage_l3_l1 V",
    "average_line_voltage V",
    "neutral_current A",
    *(f"voltage_distortion_l{k} %" for k in (1, 2, 3)),
    *(f"current_distortion_l{k} %" for k in (1, 2, 3)),
    "average_voltage_distortion %",
    "average_current_distortion %",
    *(f"current_demand_l{k} A" for k in (1, 2, 3)),
    *(f"max_current_demand_l{k} A" for k in (1, 2, 3)),
    *(f"line_voltage_distortion_{k} %" for k in ("l1_l2", "l2_l3", "l3_l1")),
    "average_line_voltage_distortion %",
    "total_energy kWh",
    "total_reactive_energy kvarh",
    *(f"import_l{k} kWh" for k in (1, 2, 3)),
    *(f"export_l{k} kWh" for k in (1, 2, 3)),
    *(f"energy_l{k} kWh" for k in (1, 2, 3)),
    *(f"import_reactive_l{k} kvarh" for k in (1, 2, 3)),
    *(f"export_reactive_l{k} kvarh" for k in (1, 2, 3)),
    *(f"reactive_energy_l{k} kvarh" for k in (1, 2, 3)),
)
"""Name and unit of each entry of `meter/all_values`."""


def _row(
    address: int,
    name: str,
    read: Read | None,
    write: Write | None = None,
    *,
    kind: WireType = U32,
    **facts: Unpack[RegisterFacts],
) -> Row:
    return Row(name, address, kind, read=read, write=write, source=FW, **facts)


def _bit(address: int, name: str, read: Read, write: Write | None = None, **facts: Unpack[RegisterFacts]) -> Row:
    return _row(address, name, read, write, kind=BIT, **facts)


# --- input registers -------------------------------------------------------------------------------------------------


def _firmware(part: int) -> Read:
    return lambda s: (*s.platform.profile.firmware.numbers, 0, 0, 0)[part]


def _slot(index: int) -> Read:
    def read(s: Seen) -> object:
        slot = s.slot(index) if index < len(SlotId) else None
        return slot.current if slot is not None and slot.active else NONE

    return gated(EVSE, read)


def _charge(member: str, idle: int) -> Read:
    return lambda s: idle if s.charge is None else s.charge[member]


def _charge_time(s: Seen) -> object:
    """Documented as seconds."""
    return s.charge_time if s.defects else s.charge_time // 1000


def _tag(read: Read) -> Read:
    """Bytes, empty (zeros on the wire) until the reader has been noticed."""
    return lambda s: read(s) if NFC in s.features else b""


def _button(member: str) -> Read:
    return gated(EVSE, lambda s: s.reach.evse.button(s.view)[member])


def _meter(name: str) -> Read:
    return gated(METER, lambda s: s.meter[name])


def _all_value(k: int) -> Row:
    name, unit = LABELS[k].split(" ")
    read = gated(ALL_VALUES, lambda s: s.measured(k))
    about = unit + (", though it is radians" if unit == "°" else "")
    return _row(2100 + 2 * k, name, read, kind=F32, about=f"{about}; NaN: unknown" if about else "NaN: unknown")


INPUTS: Final[tuple[Row, ...]] = (
    _row(0, "table_version", constant(VERSION), live=False),
    _row(2, "firmware_major", _firmware(0), live=False),
    _row(4, "firmware_minor", _firmware(1), live=False),
    _row(6, "firmware_patch", _firmware(2), live=False),
    _row(8, "firmware_build", lambda s: int(build_of(s.platform.profile), 16), live=False, about="Unix time, s"),
    _row(10, "charger_id", lambda s: s.platform.device_number, live=False, about="number behind the name"),
    _row(12, "uptime", lambda s: s.view.uptime // 1000, about="s"),
    _row(1000, "iec61851_state", gated(EVSE, lambda s: int(s.evse.iec)), about="0 A .. 3 D, 4 E/F"),
    _row(1002, "charger_state", gated(EVSE, lambda s: s.evse.charger_state)),
    _row(1004, "user_id", _charge("user_id", NONE), about="0xFFFFFFFF: no charge"),
    _row(1006, "charge_start", _charge("timestamp_minutes", 0), about="Unix time in minutes"),
    _row(1008, "charge_time", gated(EVSE, _charge_time), about="ms; documented as s"),
    _row(1010, "allowed_current", gated(EVSE, lambda s: s.evse.allowed), about="mA"),
    *(
        _row(1012 + 2 * n, f"slot_{n}", _slot(n), live=n < len(SlotId), about="mA; 0xFFFFFFFF: inactive")
        for n in range(SLOTS)
    ),
    _row(1100, "button_pressed_at", _button("button_press_time"), about="ms of the controller's uptime"),
    _row(1102, "button_released_at", _button("button_release_time"), about="ms of the controller's uptime"),
    _row(2000, "meter_type", gated(METER, lambda s: s.reach.meters.type)),
    _row(2002, "power", _meter("power"), kind=F32, about="W"),
    _row(2004, "energy_absolute", _meter("energy_abs"), kind=F32, about="kWh"),
    _row(2006, "energy_relative", _meter("energy_rel"), kind=F32, about="kWh since the reset"),
    _row(2008, "energy_of_charge", gated(METER, lambda s: s.charge_energy), kind=F32, about="kWh"),
    *(_all_value(k) for k in range(len(LABELS))),
    _row(3100, "phases", phases, about="0: nothing switches them"),
    _row(3102, "phase_switch_state", gated(SWITCH, lambda s: s.reach.power.external_control(s.view))),
    _row(4000, "tag_id", _tag(groups.tag_text), kind=Octets(10), about="hexadecimal digits in ASCII"),
    _row(4010, "tag_age", gated(NFC, groups.tag_age), about="ms; 0: none"),
    _row(4012, "tag_type", _tag(groups.tag_type), kind=Octets(2), about="ASCII, 0000 .. 0005"),
    _row(
        4020,
        "tag_id_binary",
        _tag(groups.tag_binary),
        kind=Octets(6),
        since=BINARY_TAG_SINCE,
        assumed="first firmware",
        about="for 60 s",
    ),
)


# --- holding registers -----------------------------------------------------------------------------------------------


def _enable(server: Server, value: object, _: Origin) -> Outcome:
    return set_enabled(server, bool(value))


def _current(server: Server, value: object, _: Origin) -> Outcome:
    return set_current(server, number(value) & 0xFFFF)


def _wanted_phases(server: Server, value: object, _: Origin) -> Outcome:
    if value not in (1, 3):
        return Outcome(refused=Reason.OUT_OF_RANGE, message="1 or 3")
    return switch_phases(server, 3 if value == 3 else 1)


def _asked_phases(s: Seen) -> object:
    return s.platform.api.integer("power_manager/external_control", "phases_wanted")


def _led(member: str) -> Read:
    return gated(EVSE, lambda s: groups.led(s)[member] & NONE)


def _inject(address: int, name: str, registers: int, about: str) -> Row:
    read = _tag(groups.injecting(address, 2 * registers))
    return _row(address, name, read, needs(NFC, groups.inject(address)), kind=Octets(registers), about=about)


def _holding(*, strict: bool) -> tuple[Row, ...]:
    """`strict`: what cannot be read is refused; otherwise it is 0."""
    unreadable = None if strict else constant(0)
    colours = zip(groups.LED_COLOUR, ("led_hue", "led_saturation", "led_value"), strict=True)
    return (
        _row(0, "reboot", constant(0), groups.reboot, live=False, about="0x012EB007", assumed="after 1 s"),
        _row(1000, "enable_charging", _slot(SlotId.MODBUS_ENABLE), needs(EVSE, _enable), about="use coil 1000"),
        _row(1002, "charging_current", _slot(SlotId.MODBUS_CURRENT), needs(EVSE, _current), about="mA; low 16 bits"),
        _row(groups.LED, "led_pattern", _led("indication"), needs(EVSE, groups.show), assumed="unknown patterns"),
        _row(groups.LED_DURATION, "led_duration", _led("duration"), needs(EVSE, groups.duration), about="ms"),
        *(_row(at, name, unreadable, needs(EVSE, groups.colour), assumed="hue above 359") for at, name in colours),
        _row(2000, "reset_meter", constant(0), needs(METER, groups.reset_meter), live=False, about="0x3E12E5E7"),
        _row(3100, "phases_wanted", gated(SWITCH, _asked_phases), needs(SWITCH, _wanted_phases), about="1 or 3"),
        _inject(groups.INJECT, "inject_tag_id", 10, "hexadecimal digits in ASCII"),
        _inject(groups.INJECT_ACTION, "inject_action", 2, "1 start, 2 stop, else both"),
        _inject(groups.INJECT_TYPE, "inject_type", 2, "0 .. 5; injects the tag"),
    )


# --- discrete inputs and coils ---------------------------------------------------------------------------------------


def _has(feature: str) -> Read:
    return lambda s: feature in s.features


def _phase(member: str, k: int) -> Read:
    return gated(PHASES, lambda s: s.meter_phases[member][k])


def _open_input(s: Seen) -> object:
    return s.generation >= 2 and not s.evse.memory.shutdown_closed


DISCRETE: Final[tuple[Row, ...]] = (
    *(_bit(n, f"feature_{name}", _has(name)) for n, name in enumerate((EVSE, METER, PHASES, ALL_VALUES, SWITCH, NFC))),
    _bit(6, "has_shutdown_input", lambda s: s.generation >= 2, live=False),
    _bit(7, "has_input", lambda s: s.generation == 2, live=False),
    _bit(8, "has_output", lambda s: s.generation == 2, live=False),
    _bit(1100, "shutdown_input_open", gated(EVSE, _open_input)),
    _bit(1101, "input_open", gated(EVSE, lambda s: s.generation == 2 and not s.evse.memory.input_closed)),
    _bit(1102, "button_pressed", _button("button_pressed")),
    *(_bit(2100 + k, f"connected_l{k + 1}", _phase("phases_connected", k)) for k in range(3)),
    *(_bit(2103 + k, f"active_l{k + 1}", _phase("phases_active", k)) for k in range(3)),
)


def _released(s: Seen) -> object:
    slot = s.slot(SlotId.AUTOSTART)
    return not slot.active or slot.current > 0


def _start(server: Server, value: object, _: Origin) -> Outcome:
    if value:
        server.reach.controller.start_charging()
    else:
        server.reach.controller.stop_charging()
    return DONE


def _output(server: Server, value: object, _: Origin) -> Outcome:
    if server.reach.platform.generation != 2:
        server.log("Failed to set GP output: not supported by this hardware")
        return Outcome(refused=Reason.NOT_FITTED, message="no such output")
    controller = server.reach.controller
    controller.write(replace(controller.memory, gp_output=int(bool(value))))
    return DONE


def _output_open(s: Seen) -> object:
    return s.generation == 2 and s.evse.memory.gp_output > 0


COILS: Final[tuple[Row, ...]] = (
    _bit(1000, "enabled", gated(EVSE, enabled), needs(EVSE, _enable)),
    _bit(1001, "released", gated(EVSE, _released), needs(EVSE, _start), about="1 start, 0 stop; nothing in state A"),
    _bit(1100, "output", gated(EVSE, _output_open), needs(EVSE, _output), about="1 high impedance"),
)


# --- the table -------------------------------------------------------------------------------------------------------

_READ: Final = {EVSE, METER, NFC}
_COILS: Final = frozenset({EVSE})
_WRITE: Final = frozenset(_READ | {SWITCH})
NOTICED: Final[Mapping[int, frozenset[str]]] = {
    1: _COILS,
    2: frozenset(_READ | {PHASES, ALL_VALUES}),
    3: frozenset(_READ),
    4: frozenset(_READ | {ALL_VALUES, SWITCH}),
    5: _COILS,
    6: _WRITE,
    15: _COILS,
    16: _WRITE,
}
"""Features that the handler of each function looks for."""


def layout(*, strict: bool, defects: bool) -> Layout[Seen, Server]:
    """`strict`: undefined addresses are refused. The defects are in the rows' values, not in their places."""
    fill = None if strict else 0
    refusals = SILENTLY if strict else {**SILENTLY, **UNDEFINED}
    every = Writes(order="every", partial="merge", undefined="refuse" if strict else "ignore")
    stops = Writes(order="until_refused", partial="merge", undefined="refuse" if strict else "ignore")
    coils = Bank("Modbus coils", COILS, fill=fill, writes=stops, refusals=refusals)
    discrete = Bank("Modbus discrete inputs", DISCRETE, fill=fill)
    inputs = Bank("Modbus input registers", INPUTS, fill=fill)
    holding = Bank("Modbus holding registers", _holding(strict=strict), fill=fill, writes=every, refusals=refusals)
    return Layout(
        {
            1: (coils,),
            2: (discrete,),
            3: (holding,),
            4: (inputs,),
            5: (coils,),
            6: (holding,),
            15: (coils,),
            16: (holding,),
        }
    )
