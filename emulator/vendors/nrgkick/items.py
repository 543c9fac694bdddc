"""Everything the unit tells: every register 0..263, each with its JSON key, in the order of both tables.

The one rule: one row per item. JSON keys are sent in this order, registers have no gaps on a unit with all hardware.
Source: seed document (registers, factors, types), vendor page (order and texts of JSON).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, Unpack

from ...core.snapshot import Phases
from ...devices.points import Facts
from ...devices.registers import F32, S16, S32, U16, U32, U64, Text, WireType
from . import enums, readings, settings
from .controls import CONTROLS, NumberControl
from .enums import Texts
from .item import Item
from .models import VERSIONS, WITH_CELLULAR
from .readings import Read, View

SEED: Final = "seed document"
CAPTURE: Final = "seed document; vendor page, captures of clients"


def _row(
    name: str,
    address: int,
    kind: WireType,
    read: Read,
    scale: float = 1,
    *,
    texts: Texts | None = None,
    early_key: str | None = None,
    source: str = SEED,
    **facts: Unpack[Facts],
) -> Item:
    return Item(name, address, kind, scale=scale, read=read, texts=texts, early_key=early_key, source=source, **facts)


def _cellular(name: str, address: int, kind: WireType, read: Read, *, texts: Texts | None = None) -> Item:
    """A row of units with a cellular module."""
    return _row(name, address, kind, read, texts=texts, models=WITH_CELLULAR)


def _version(index: int, name: str) -> Item:
    read: Read = (lambda v: v.firmware) if name == "sw_sm" else (lambda _: VERSIONS[name])
    return _row(f"info.versions.{name}", 122 + 8 * index, Text(8), read, live=name == "sw_sm")


_SERIAL_ONLY: Final = ("sw_sm", "hw_sm", "sw_ma", "hw_ma", "sw_to", "hw_to", "sw_st", "hw_st")
_FLOAT: Final = F32.low_first
_S32: Final = S32.low_first
_U32: Final = U32.low_first
_setting = readings.setting

INFO: Final = (
    _row("info.general.serial_number", 0, Text(11), lambda v: v.unit.serial, live=False),
    _row("info.general.model_type", 11, Text(16), lambda v: v.unit.traits.model_type, live=False),
    _row("info.general.device_name", 27, Text(8), _setting(settings.DEVICE_NAME),
        assumed="a longer name is cut at 16 bytes over Modbus only"),
    _row("info.general.rated_current", 35, U16, lambda v: v.unit.rated_current, live=False),
    _row("info.connector.phase_count", 36, U16, lambda v: v.attachment.phases),
    _row("info.connector.max_current", 37, U16, lambda v: v.attachment.current, 10, early_key="max_current:"),
    _row("info.connector.type", 38, U16, lambda v: v.attachment.type, texts=enums.CONNECTOR_TYPE),
    _row("info.connector.serial", 39, Text(4), readings.connector_serial),
    _row("info.grid.voltage", 43, U16, lambda v: v.logic.grid.voltage, assumed="bands of detection"),
    _row("info.grid.frequency", 44, U16, lambda v: v.logic.grid.frequency, early_key="frequency:"),
    _row("info.grid.phases", 45, U16, readings.grid_phases, texts=enums.GRID_PHASES),
    _row("info.network.ip_address", 46, Text(8), lambda v: v.unit.ip_address),
    _row("info.network.mac_address", 54, Text(9), lambda v: v.unit.mac_address, live=False),
    _row("info.network.ssid", 63, Text(16), _setting(settings.SSID)),
    _row("info.network.rssi", 79, S16, _setting(settings.RSSI)),
    _cellular("info.cellular.imei", 80, Text(8), _setting(settings.IMEI)),
    _cellular("info.cellular.imsi", 88, Text(8), _setting(settings.IMSI)),
    _cellular("info.cellular.operator", 96, Text(16), _setting(settings.OPERATOR)),
    _cellular("info.cellular.rssi", 112, S16, _setting(settings.CELLULAR_RSSI)),
    _cellular("info.cellular.mode", 113, U16, _setting(settings.CELLULAR_MODE), texts=enums.CELLULAR_MODE),
    _cellular("info.gps.latitude", 114, _FLOAT, readings.gps(settings.LATITUDE)),
    _cellular("info.gps.longitude", 116, _FLOAT, readings.gps(settings.LONGITUDE)),
    _cellular("info.gps.altitude", 118, _FLOAT, readings.gps_extra(settings.ALTITUDE)),
    _cellular("info.gps.accuracy", 120, _FLOAT, readings.gps_extra(settings.ACCURACY)),
    *(_version(index, name) for index, name in enumerate(_SERIAL_ONLY)),
    _cellular("info.versions.sw_cm", 186, Text(8), _setting(settings.SW_CM)),
)  # fmt: skip


def _control(control: NumberControl) -> Item:
    return Item(
        f"control.{control.key}",
        control.address,
        control.type,
        scale=control.scale,
        read=lambda v: v.controls.shown(control, v.now),
        write=control.write,
        functions=control.functions,
        control=control,
        source=CAPTURE,
        assumed="survives reboot and unplugging",
    )


CONTROL: Final = tuple(_control(control) for control in CONTROLS)


def _lines(
    name: str,
    address: int,
    kind: WireType,
    quantity: Callable[[View], Phases],
    scale: float,
    early_key: str | None = None,
) -> list[Item]:
    """One row for each of L1, L2, L3."""

    def line(index: int) -> Item:
        place, where = f"values.powerflow.l{index + 1}.{name}", address + index * kind.registers
        return _row(place, where, kind, lambda v: quantity(v)[index], scale, early_key=early_key)

    return [line(index) for index in range(3)]


VALUES: Final = (
    _row("values.energy.total_charged_energy", 199, U64.low_first, readings.total_energy),
    _row("values.energy.charged_energy", 203, _U32, readings.session_energy),
    _row("values.powerflow.charging_voltage", 205, U16, readings.mean_voltage, 100, source=CAPTURE),
    _row("values.powerflow.charging_current", 206, U16, readings.signalled_current, 10, source=CAPTURE,
        assumed="while paused: what would be signalled"),
    _row("values.powerflow.grid_frequency", 207, U16, lambda v: v.now.frequency, 100),
    _row("values.powerflow.peak_power", 208, _S32, readings.peak_power, 1000),
    _row("values.powerflow.total_active_power", 210, _S32, lambda v: math.fsum(v.active), 1000),
    _row("values.powerflow.total_reactive_power", 212, _S32, lambda v: math.fsum(v.reactive), 1000),
    _row("values.powerflow.total_apparent_power", 214, _U32, lambda v: v.total_apparent, 1000, assumed="vector sum"),
    _row("values.powerflow.total_power_factor", 216, S16, readings.total_factor, 1000, source=CAPTURE),
    *_lines("voltage", 217, U16, lambda v: v.voltage, 100, early_key="voltage:"),
    *_lines("current", 220, U16, lambda v: v.current, 1000),
    _row("values.powerflow.n.current", 223, U16, readings.neutral_current, 1000),
    *_lines("active_power", 224, _S32, lambda v: v.active, 1000),
    *_lines("reactive_power", 230, _S32, lambda v: v.reactive, 1000),
    *_lines("apparent_power", 236, _U32, lambda v: v.apparent, 1000),
    *_lines("power_factor", 242, S16, lambda v: v.power_factor, 1000),
    _row("values.general.charging_rate", 245, _FLOAT, readings.charging_rate, assumed="rounded to 0.01 km/h"),
    _row("values.general.vehicle_connect_time", 247, _U32, readings.connect_time),
    _row("values.general.vehicle_charging_time", 249, _U32, readings.charging_time),
    _row("values.general.status", 251, U16, readings.status, texts=enums.STATUS, source=CAPTURE),
    _row("values.general.charge_permitted", 252, U16, readings.charge_permitted, assumed="1 while current is offered"),
    _row("values.general.relay_state", 253, U16, readings.relay_state, texts=enums.RELAY_STATE),
    _row("values.general.charge_count", 254, U16, _setting(settings.CHARGE_COUNT)),
    _row("values.general.rcd_trigger", 255, U16, lambda v: v.codes.rcd, texts=enums.RCD_TRIGGER),
    _row("values.general.warning_code", 256, U16, lambda v: v.codes.warning, texts=enums.WARNING,
        assumed="which situation gives which code"),
    _row("values.general.error_code", 257, U16, lambda v: v.codes.error, texts=enums.ERROR,
        assumed="which fault gives which code"),
    _row("values.temperatures.housing", 258, S16, readings.temperature("housing"), 100),
    _row("values.temperatures.connector_l1", 259, S16, readings.temperature("connector_l1"), 100),
    _row("values.temperatures.connector_l2", 260, S16, readings.temperature("connector_l2"), 100),
    _row("values.temperatures.connector_l3", 261, S16, readings.temperature("connector_l3"), 100),
    _row("values.temperatures.domestic_plug_1", 262, S16, readings.domestic_temperature, 100),
    _row("values.temperatures.domestic_plug_2", 263, S16, readings.domestic_temperature, 100),
)  # fmt: skip

ITEMS: Final = (*INFO, *CONTROL, *VALUES)
"""By register."""

_KEY_ORDER: Final = ("voltage", "current", "active_power", "reactive_power", "apparent_power", "power_factor")


def _json_place(item: Item) -> tuple[int, int, int]:
    """Registers of the three phases are grouped by quantity, JSON keys by phase."""
    if item.path[0] == "powerflow" and len(item.path) == 3:
        return (217, ("l1", "l2", "l3", "n").index(item.path[1]), _KEY_ORDER.index(item.path[2]))
    return (item.address, 0, 0)


IN_JSON_ORDER: Final = tuple(sorted(ITEMS, key=_json_place))
