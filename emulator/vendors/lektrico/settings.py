"""What the device stores: one setting for every configuration key, and what no key shows.

The one rule: what survives a restart is persistent here; nothing else remembers anything over one.
"""

from __future__ import annotations

from typing import Final

from ...devices.settings import Setting, boolean, declared, integer, number, one_of, optional, takes, text
from .config import KEYS
from .conversions import as_current, as_password, as_relay_mode
from .quirks import QUIRKS
from .schedule import as_schedule
from .stored import Stored

_API: Final = "Charger local API, 5."
_COUNT: Final = integer(0, 2**31 - 1)


_TEXTS: Final = {"type": "array", "items": {"type": "string"}}


@takes(_TEXTS)
def _tags(value: object) -> tuple[str, ...]:
    return tuple(tag.lower() for tag in _names(value))


@takes(_TEXTS)
def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError("expected a list of texts")
    return tuple(text()(name) for name in value)


@takes({"type": "array", "items": {"type": "number", "minimum": -1e6, "maximum": 1e6}, "minItems": 3, "maxItems": 3})
def _three(value: object) -> tuple[float, float, float]:
    if not isinstance(value, list | tuple) or len(value) != 3:
        raise ValueError("expected three numbers")
    first, second, third = (number(-1e6, 1e6)(item) for item in value)
    return (first, second, third)


def _volatile(name: str, about: str) -> Stored[int]:
    """A current that clients set. ASSUMED: a restart forgets it."""
    return Stored(name, type="int", default=32, convert=as_current, persistent=False, source=_API + "12", about=about)


DYNAMIC_CURRENT: Final = _volatile("dynamic_current", "A; 0 pauses")
EM_CURRENT: Final = _volatile("em_current", "A; 0 pauses")
OCPP_CURRENT: Final = _volatile("ocpp_current", "limit of a central system, A")
RELAY_MODE: Final = Stored(
    "relay_mode",
    type="int",
    default=3,
    convert=as_relay_mode,
    persistent=False,
    source="ha_lektrico README",
    about="phases: 1, or 3",
)
CHARGING_SCHEDULE: Final[Stored[list[dict[str, int]]]] = Stored(
    "charging_schedule",
    type="array",
    default=[],
    convert=as_schedule,
    source=_API + "20",
    about="intervals as in Charging_schedule.Set",
)
AP_PASSWORD: Final = Stored(
    "ap_password",
    type="string",
    default="",
    convert=as_password,
    source=_API + "16",
    about="of the device's own access point; empty: open",
)

LOGGED_ERRORS: Final[Setting[tuple[str, ...]]] = Setting(
    "logged_errors", (), _names, "flags since the last Logged_errors.Reset"
)
SESSION_ID: Final = Setting("session_id", 0, _COUNT, "number of the last session")
SESSION_OPEN: Final = Setting("session_open", False, boolean, "a session runs: a start without it counts it")
TOTAL_CHARGED_TIME: Final = Setting("total_charged_time", 0.0, number(0, 2**31 - 1), "s of all ended sessions")
TOTAL_CHARGED_SESSIONS: Final = Setting("total_charged_sessions", 0, _COUNT, "sessions that ended")
LAST_SESSION_ENERGY: Final = Setting("last_session_energy", 0, _COUNT, "Wh")
RESET_COUNTER: Final = Setting("reset_counter", 0, _COUNT, "restarts of the device")
WIFI: Final = Setting("wifi", True, boolean, "joined to the network; a factory reset forgets it")
WIFI_SSID: Final = Setting("wifi_ssid", "Home", text(32), "name of the network")
WIFI_BSSID: Final = Setting("wifi_bssid", "aa:bb:cc:dd:ee:ff", text(17), "of the access point")
WIFI_RSSI: Final = Setting("wifi_rssi", -58, integer(-100, 0), "dBm")
AP_ENABLED: Final = Setting("ap_enabled", False, boolean, "own access point kept on; then no mDNS")
RFID_TAGS: Final[Setting[tuple[str, ...]]] = Setting(
    "rfid_tags", (), _tags, "cards that may start a session; none: every card"
)
AVAILABLE_FIRMWARE: Final = Setting("available_firmware", "", text(32), "version the update server offers")
HOUSE_POWER: Final = Setting("house_power", (0.0, 0.0, 0.0), _three, "W per line beside the charger (meters)")
EM_OFFLINE_CURRENT: Final = Setting("em_offline_current", 6, integer(6, 32), "A while the energy meter is away")
METER_FAULT_STOPS: Final = Setting("meter_fault_stops", False, boolean, "a silent meter ends charging with state E")
LOCKED_SHOWN_WHEN_FREE: Final = Setting("locked_shown_when_free", True, boolean, "LOCKED also without a car")
ZERO_VOLTAGE: Final = Setting("zero_voltage", False, boolean, "`voltage` is 0, only `voltages` is filled")
EM_CURRENT_KEY: Final = Setting(
    "em_current_key", "EM_current", one_of("EM_current", "em_current"), "the key in the reply to EM_current.Get"
)
HIDE_DYNAMIC_CURRENT: Final = Setting(
    "hide_dynamic_current", False, boolean, "Dynamic_current.Get lacks dynamic_current"
)
HIDE_LIMIT_REASON: Final = Setting("hide_limit_reason", False, boolean, "charger_info lacks current_limit_reason")
SHOWN_LIMIT_REASON: Final = Setting(
    "shown_limit_reason",
    None,
    optional(integer(0, 255)),
    "current_limit_reason whatever the reason is; null: the real one",
)
FRAMEWORK_METHODS: Final = Setting("framework_methods", False, boolean, "RPC.List, RPC.Ping and Sys.* are there")

_ROWS: Final = {row.name: row.setting for row in reversed(KEYS)}
"""Where models or versions differ, the first row's setting counts."""
SETTINGS: Final[tuple[Setting[object], ...]] = (
    *(_ROWS[name] for name in dict.fromkeys(row.name for row in KEYS)),
    *(row.setting for row in (DYNAMIC_CURRENT, EM_CURRENT, RELAY_MODE, OCPP_CURRENT, CHARGING_SCHEDULE, AP_PASSWORD)),
    *declared(globals()),
    *(quirk.setting for quirk in QUIRKS),
)
