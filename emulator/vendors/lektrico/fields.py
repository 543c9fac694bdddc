"""The members of the replies that only read.

The one rule: a row reads a view; members are in the order of the device's reply.
Source: Charger local API, chapter 5; captured replies of firmware 1.47 for order and decimals.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Unpack

from ...devices.firmware import Profile
from ...devices.points import Fidelity, Point, unique
from .config import FULL_SINCE
from .facts import Facts
from .json import number
from .models import BUILDS
from .readings import View

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
        return Fidelity(
            table=method,
            name=f"{method.lower()}.{self.name}",
            type=self.type,
            readable=True,
            settable=False,
            live=self.live,
            source=self.source,
            since=self.since,
            until=self.until,
            models=self.models,
            assumed=self.assumed,
            about=self.about,
        )


def _int(name: str, read: Read, source: str, *, hidden: Hidden | None = None, **facts: Unpack[Facts]) -> Field:
    return Field(name=name, type="int", read=read, source=source, hidden=hidden, **facts)


def _bool(name: str, read: Read, source: str, **facts: Unpack[Facts]) -> Field:
    return Field(name=name, type="bool", read=read, source=source, **facts)


def _text(name: str, read: Read, source: str, **facts: Unpack[Facts]) -> Field:
    return Field(name=name, type="string", read=read, source=source, **facts)


def _real(name: str, decimals: int, read: Callable[[View], float], source: str, **facts: Unpack[Facts]) -> Field:
    def rounded(v: View) -> object:
        return number(read(v), decimals)

    return Field(name=name, type="double", read=rounded, source=source, **facts)


def _lines(
    name: str, decimals: int, read: Callable[[View], tuple[float, float, float]], source: str, **facts: Unpack[Facts]
) -> Field:
    """Always three entries: clients count on them."""

    def rounded(v: View) -> object:
        return [number(value, decimals) for value in read(v)]

    return Field(name=name, type="array<double>[3]", read=rounded, source=source, **facts)


def stored(name: str) -> Read:
    return lambda v: v.settings[name]


_INFO: Final = API + "5"

CHARGER_INFO: Final = (
    _text("charger_state", lambda v: v.letter, _INFO, about="one letter, A to F"),
    _real("session_energy", 2, lambda v: v.session_energy, _INFO, about="Wh"),
    _int("charging_time", lambda v: int(v.sample.charging_for), _INFO, about="s of this session",
         assumed="counts while current flows"),
    _int("session_id", stored("session_id"), _INFO),
    _real("instant_power", 2, lambda v: v.power, _INFO, about="W"),
    _real("current", 3, lambda v: v.currents[0], _INFO, about="A, L1"),
    _lines("currents", 3, lambda v: v.currents, _INFO, about="A"),
    _int("current_limit_reason", lambda v: v.limit_reason, _INFO, since=FULL_SINCE,
         hidden=lambda v: v.settings.flag("hide_limit_reason"),
         assumed="of equal limits the lowest number; 10 and 11 are never given, nobody knows what causes them"),
    _real("voltage", 2, lambda v: v.voltage, _INFO, about="V, L1"),
    _lines("voltages", 2, lambda v: v.voltages, _INFO, about="V"),
    _real("temperature", 1, lambda v: v.temperature, _INFO, about="°C of the board"),
    _real("energy_index", 2, lambda v: v.session_energy, _INFO, about="as session_energy"),
    _real("total_charged_energy", 3, lambda v: v.total_energy / 1000, _INFO, about="kWh"),
    _bool("headless", stored("headless"), _INFO),
    _int("led_max_brightness", stored("led_max_brightness"), _INFO, about="%"),
    _int("install_current", stored("install_current"), _INFO, about="A"),
    _int("dynamic_current", stored("dynamic_current"), _INFO, about="A"),
    _int("relay_mode", lambda v: v.box.relay_mode, "evcc charger/lektrico.go", since="1.51",
         assumed="its place in the reply"),
    _int("em_current", stored("em_current"), CAPTURE, since="1.47", about="A"),
    _text("fw_version", lambda v: v.box.profile.firmware.text, _INFO, live=False),
    _text("extended_charger_state", lambda v: v.extended, _INFO, assumed="which state wins where several apply"),
    _bool("has_active_errors", lambda v: bool(v.active_errors), _INFO),
    _bool("charger_is_paused", lambda v: v.paused, _INFO),
    _int("heap_free", lambda _: 30180, _INFO, live=False, assumed="constant"),
    _int("pwm_current", lambda v: v.pwm_current, _INFO, about="A"),
)  # fmt: skip

SW_VERSION: Final = (
    _text("fw_version", lambda v: v.box.profile.firmware.text, API + "6", live=False),
    _text("fw_id", lambda v: v.box.firmware_id, API + "6", live=False),
)

WIFI_STATUS: Final = (
    _bool("connected", stored("wifi"), API + "11"),
    _text("sta_ip", lambda v: v.box.context.address, API + "11"),
    _text("sta_name", stored("wifi_ssid"), API + "11", assumed="name of the network"),
    _int("rssi", stored("wifi_rssi"), API + "11", about="dBm"),
    _text("bssid", stored("wifi_bssid"), API + "11"),
)

SYSTEM_CURRENTS: Final = (
    _int("cable_current", lambda v: v.cable_current, API + "12", about="A; 0: no cable"),
    _int("install_current", stored("install_current"), API + "12", about="A"),
    _int("dynamic_current", stored("dynamic_current"), API + "12", about="A"),
    _int("user_current", stored("user_current"), API + "12", about="A"),
    _int("charging_current", lambda v: v.pwm_current, API + "12", about="A", assumed="the effective limit"),
    _int("system_max_current", lambda v: v.system_max_current, API + "12", live=False, about="A"),
    _int("schedule_current", lambda v: v.schedule_current, API + "12", about="A", assumed="32 outside the schedule"),
    _int("ocpp_current", stored("ocpp_current"), API + "12", about="A"),
    _int("em_current", stored("em_current"), API + "12", about="A"),
)

COUNTERS: Final = (
    _int("total_charged_time", lambda v: int(v.charged_time // 60), API + "13", about="min"),
    _int("total_charged_sessions", stored("total_charged_sessions"), API + "13"),
    _int("total_charged_energy", lambda v: int(v.total_energy // 1000), API + "13", about="kWh"),
    _int("reset_counter", stored("reset_counter"), API + "13"),
    _int("last_session_energy", stored("last_session_energy"), API + "13", about="Wh"),
)

DEVICE_INFO: Final = (
    _text("device_id", lambda v: v.box.device_id, API + "19", live=False),
    _int("connected_phase", stored("connected_phase"), API + "19"),
    _text("fw_version", lambda v: v.box.profile.firmware.text, API + "19", live=False),
    _text("charger_alias", stored("charger_alias"), API + "19"),
)


def _spelled_otherwise(name: str) -> Hidden:
    return lambda v: v.settings["em_current_key"] != name


EM_CURRENT: Final = tuple(
    _int(name, stored("em_current"), API + "24", about="A", assumed="spelling", hidden=_spelled_otherwise(name))
    for name in ("EM_current", "em_current")
)

EM_STATUS: Final = (_bool("em_offline", lambda v: v.charging.em_offline, API + "25"),)

_CLIENTS: Final = "lektricowifi 0.1"

DYNAMIC_CURRENT: Final = (
    _int("dynamic_current", stored("dynamic_current"), _CLIENTS, about="A",
         hidden=lambda v: v.settings.flag("hide_dynamic_current")),
    _int("relay_mode", lambda v: v.box.relay_mode, _CLIENTS, since="1.47", about="1: L1 only, 3: all lines",
         assumed="0 on a single-phase charger"),
)  # fmt: skip

DEVICE_ID: Final = (_text("device_id", lambda v: v.box.device_id, _CLIENTS, live=False),)

DEVICE_CONFIG: Final = (
    _int("serial_number", lambda v: v.box.serial_number, _CLIENTS, live=False),
    _text("board_revision", lambda v: v.box.trait("board_revision"), _CLIENTS, live=False),
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


def members(rows: tuple[Field, ...], view: View) -> dict[str, object]:
    """The object of a reply."""
    return {row.name: row.read(view) for row in rows if row.hidden is None or not row.hidden(view)}


def firmware_id(version: str) -> str:
    """`fw_id` of a version. ASSUMED: the form for versions without a captured one."""
    return BUILDS.get(version, f"20250101-000000/v{version}-0-g0000000-master")
