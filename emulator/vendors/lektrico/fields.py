"""The members of the replies that only read.

The one rule: a row reads a view; members are in the order of the device's reply.
Source: Charger local API, chapter 5; captured replies of firmware 1.47 for order and decimals.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Unpack

from ...core.snapshot import Phases
from ...devices.firmware import Profile
from ...devices.points import Facts, Fidelity, Point, unique
from ...devices.rendering import Fragment
from ...devices.settings import Setting
from . import config, json, settings
from .json import number
from .models import FULL_SINCE
from .readings import View
from .stored import Stored

API: Final = "Charger local API, 5."
CAPTURE: Final = "captured reply of firmware 1.47"
Read = Callable[[View], object]
Hidden = Callable[[View], bool]
"""Whether a quirk leaves a member out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(Point):
    """One member. `read` gives it as a client decodes it."""

    type: str
    read: Read
    hidden: Hidden | None = None

    def fidelity(self, method: str) -> Fidelity:
        return self.documented(method, self.type, settable=False, name=f"{method.lower()}.{self.name}")


def _field(
    kind: str, name: str, read: Read, source: str, *, hidden: Hidden | None = None, **facts: Unpack[Facts]
) -> Field:
    return Field(name, type=kind, read=read, source=source, hidden=hidden, **facts)


_int: Final = partial(_field, "int")
_bool: Final = partial(_field, "bool")
_text: Final = partial(_field, "string")


def _real(name: str, decimals: int, read: Callable[[View], float], source: str, **facts: Unpack[Facts]) -> Field:
    return _field("double", name, lambda v: number(read(v), decimals), source, **facts)


def lines(name: str, decimals: int, read: Callable[[View], Phases], source: str, **facts: Unpack[Facts]) -> Field:
    """Always three entries: clients count on them."""

    def rounded(v: View) -> object:
        return [number(value, decimals) for value in read(v)]

    return _field("array<double>[3]", name, rounded, source, **facts)


def _stored(handle: Setting[object] | Stored[object]) -> Read:
    setting = handle.setting if isinstance(handle, Stored) else handle
    return lambda v: v.settings[setting]


_INFO: Final = API + "5"

CHARGER_INFO: Final = (
    _text("charger_state", lambda v: v.letter, _INFO, about="one letter, A to F"),
    _real("session_energy", 2, lambda v: v.session_energy, _INFO, about="Wh"),
    _int("charging_time", lambda v: v.charging.session_time(v.now), _INFO, about="s of this session",
         assumed="from plug-in to unplug, pauses included (one capture)"),
    _int("session_id", _stored(settings.SESSION_ID), _INFO),
    _real("instant_power", 2, lambda v: v.power, _INFO, about="W"),
    _real("current", 3, lambda v: v.currents[0], _INFO, about="A, L1"),
    lines("currents", 3, lambda v: v.currents, _INFO, about="A"),
    _int("current_limit_reason", lambda v: v.limit_reason, _INFO, since=FULL_SINCE,
         hidden=lambda v: v.settings[settings.HIDE_LIMIT_REASON],
         assumed="of equal limits the lowest number; 10 and 11 are never given, nobody knows what causes them"),
    _real("voltage", 2, lambda v: v.voltage, _INFO, about="V, L1"),
    lines("voltages", 2, lambda v: v.voltages, _INFO, about="V"),
    _real("temperature", 1, lambda v: v.temperature, _INFO, about="°C of the board"),
    _real("energy_index", 2, lambda v: v.session_energy, _INFO, about="as session_energy"),
    _real("total_charged_energy", 3, lambda v: v.total_energy / 1000, _INFO, about="kWh"),
    _bool("headless", _stored(config.HEADLESS), _INFO),
    _int("led_max_brightness", _stored(config.LED_MAX_BRIGHTNESS), _INFO, about="%"),
    _int("install_current", _stored(config.INSTALL_CURRENT), _INFO, about="A"),
    _int("dynamic_current", _stored(settings.DYNAMIC_CURRENT), _INFO, about="A"),
    _int("relay_mode", lambda v: v.device.relay_mode, "evcc charger/lektrico.go", since="1.51",
         assumed="its place in the reply"),
    _int("em_current", _stored(settings.EM_CURRENT), CAPTURE, since="1.47", about="A"),
    _text("fw_version", lambda v: v.device.firmware, _INFO, live=False),
    _text("extended_charger_state", lambda v: v.extended, _INFO, assumed="which state wins where several apply"),
    _bool("has_active_errors", lambda v: bool(v.active_errors), _INFO),
    _bool("charger_is_paused", lambda v: v.paused, _INFO),
    _int("heap_free", lambda v: v.heap_free, CAPTURE, about="bytes", assumed="how it moves"),
    _int("pwm_current", lambda v: v.pwm_current, _INFO, about="A"),
)  # fmt: skip

SW_VERSION: Final = (
    _text("fw_version", lambda v: v.device.firmware, API + "6", live=False),
    _text("fw_id", lambda v: v.device.firmware_id, API + "6", live=False),
)

WIFI_STATUS: Final = (
    _bool("connected", _stored(settings.WIFI), API + "11"),
    _text("sta_ip", lambda v: v.device.ip_address, API + "11"),
    _text("sta_name", _stored(settings.WIFI_SSID), API + "11", assumed="name of the network"),
    _int("rssi", _stored(settings.WIFI_RSSI), API + "11", about="dBm"),
    _text("bssid", _stored(settings.WIFI_BSSID), API + "11"),
)

SYSTEM_CURRENTS: Final = (
    _int("cable_current", lambda v: v.cable_current, API + "12", about="A; 0: no cable"),
    _int("install_current", _stored(config.INSTALL_CURRENT), API + "12", about="A"),
    _int("dynamic_current", _stored(settings.DYNAMIC_CURRENT), API + "12", about="A"),
    _int("user_current", _stored(config.USER_CURRENT), API + "12", about="A"),
    _int("charging_current", lambda v: v.pwm_current, API + "12", about="A", assumed="the effective limit"),
    _int("system_max_current", lambda v: v.system_max_current, API + "12", about="A", assumed="lower while it is hot"),
    _int("schedule_current", lambda v: v.schedule_current, API + "12", about="A", assumed="32 outside the schedule"),
    _int("ocpp_current", _stored(settings.OCPP_CURRENT), API + "12", about="A"),
    _int("em_current", _stored(settings.EM_CURRENT), API + "12", about="A"),
)

COUNTERS: Final = (
    _int("total_charged_time", lambda v: int(v.charged_time // 60), API + "13", about="min"),
    _int("total_charged_sessions", _stored(settings.TOTAL_CHARGED_SESSIONS), API + "13"),
    _int("total_charged_energy", lambda v: int(v.total_energy // 1000), API + "13", about="kWh"),
    _int("reset_counter", _stored(settings.RESET_COUNTER), API + "13"),
    _int("last_session_energy", _stored(settings.LAST_SESSION_ENERGY), API + "13", about="Wh"),
)

DEVICE_INFO: Final = (
    _text("device_id", lambda v: v.device.device_id, API + "19", live=False),
    _int("connected_phase", _stored(config.CONNECTED_PHASE), API + "19"),
    _text("fw_version", lambda v: v.device.firmware, API + "19", live=False),
    _text("charger_alias", _stored(config.CHARGER_ALIAS), API + "19"),
)


def _spelled_otherwise(name: str) -> Hidden:
    return lambda v: v.settings[settings.EM_CURRENT_KEY] != name


EM_CURRENT: Final = tuple(
    _int(name, _stored(settings.EM_CURRENT), API + "24", about="A", assumed="spelling", hidden=_spelled_otherwise(name))
    for name in ("EM_current", "em_current")
)

EM_STATUS: Final = (_bool("em_offline", lambda v: v.charging.em_offline, API + "25"),)

_CLIENTS: Final = "lektricowifi 0.1"

DYNAMIC_CURRENT: Final = (
    _int("dynamic_current", _stored(settings.DYNAMIC_CURRENT), _CLIENTS, about="A",
         hidden=lambda v: v.settings[settings.HIDE_DYNAMIC_CURRENT]),
    _int("relay_mode", lambda v: v.device.relay_mode, _CLIENTS, since="1.47", about="1: L1 only, 3: all lines",
         assumed="0 on a single-phase charger"),
)  # fmt: skip

DEVICE_ID: Final = (_text("device_id", lambda v: v.device.device_id, _CLIENTS, live=False),)

DEVICE_CONFIG: Final = (
    _int("serial_number", lambda v: v.device.serial_number, _CLIENTS, live=False),
    _text("board_revision", lambda v: v.device.traits.board_revision, _CLIENTS, live=False),
)

TABLES: Final[dict[str, tuple[Field, ...]]] = {
    "Charger_info.Get": CHARGER_INFO,
    "Sw_version.Get": SW_VERSION,
    "Wifi_status.Get": WIFI_STATUS,
    "System_currents.Get": SYSTEM_CURRENTS,
    "Counters_config.Get": COUNTERS,
    "Device_info.Get": DEVICE_INFO,
    "EM_current.Get": EM_CURRENT,
    "EM_status.Get": EM_STATUS,
    "Dynamic_current.Get": DYNAMIC_CURRENT,
    "Device_id.Get": DEVICE_ID,
    "Charger_config.Get": DEVICE_CONFIG,
    "M2w_config.Get": DEVICE_CONFIG,
}
for _rows in TABLES.values():
    unique(_rows)


def served(rows: tuple[Field, ...], profile: Profile) -> tuple[Field, ...]:
    return tuple(row for row in rows if row.exists(profile))


def fragments(rows: tuple[Field, ...]) -> list[Fragment[View]]:
    """The members of a reply, as they are printed; empty where one is left out."""
    return [_fragment(row) for row in rows]


def _fragment(row: Field) -> Fragment[View]:
    prefix = json.dumps(row.name) + ":"

    def read(view: View) -> object:
        return _HIDDEN if row.hidden is not None and row.hidden(view) else row.read(view)

    def printed(value: object) -> bytes:
        return b"" if value is _HIDDEN else (prefix + json.dumps(value)).encode("utf-8", "replace")

    return Fragment(read, printed)


_HIDDEN: Final = object()


def members(rows: tuple[Field, ...], view: View) -> dict[str, object]:
    """The object of a reply."""
    return {row.name: row.read(view) for row in rows if row.hidden is None or not row.hidden(view)}
