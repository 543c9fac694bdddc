"""What the device stores: one setting for every configuration key, and what no key shows.

The one rule: what survives a restart is persistent here; nothing else remembers anything over one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from ...devices.settings import Setting, boolean, integer, number, one_of, optional, text
from .config import KEYS, setting_of
from .refusals import Refusal
from .schedule import read_intervals


def dynamic(value: object) -> object:
    """A current as the API takes it: 0, or 6 to 32 A."""
    checked = integer(0, 32)(value)
    if 0 < cast("int", checked) < 6:
        raise ValueError("expected 0 or 6..32 A")
    return checked


def _schedule(value: object) -> object:
    """Kept as plain data, in the form of the API."""
    found = read_intervals(value)
    if isinstance(found, Refusal):
        raise ValueError(f"expected a list of intervals ({found.message} {found.code})")
    return [interval.shown() for interval in found]


def _tags(value: object) -> object:
    if not isinstance(value, list | tuple) or not all(isinstance(tag, str) for tag in value):
        raise ValueError("expected a list of card ids")
    return tuple(tag.lower() for tag in cast("Sequence[str]", value))


def _names(value: object) -> object:
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise ValueError("expected a list of names")
    return tuple(value)


def _three(value: object) -> object:
    if not isinstance(value, list | tuple) or len(value) != 3:
        raise ValueError("expected three numbers")
    return tuple(number(-1e6, 1e6)(item) for item in value)


def _password(value: object) -> object:
    if isinstance(value, str) and (not value or 8 <= len(value) <= 63):
        return value
    raise ValueError("expected a text of 8 to 63 characters, or an empty one")


_VOLATILE: Final = (
    # ASSUMED: all three start anew with the device; source for relay_mode: ha_lektrico README.
    Setting(name="dynamic_current", default=32, check=dynamic, persistent=False, about="A; 0 pauses"),
    Setting(name="em_current", default=32, check=dynamic, persistent=False, about="A; 0 pauses"),
    Setting(name="relay_mode", default=3, check=one_of(0, 1, 3), persistent=False, about="phases: 1, or 3"),
    Setting(name="ocpp_current", default=32, check=dynamic, persistent=False, about="limit of a central system, A"),
)

_STORED: Final = (
    Setting(name="charging_schedule", default=[], check=_schedule, about="intervals as in Charging_schedule.Set"),
    Setting(name="ap_password", default="", check=_password, about="of the device's own access point; empty: open"),
    Setting(name="logged_errors", default=(), check=_names, about="flags since the last Logged_errors.Reset"),
    Setting(name="session_id", default=0, check=integer(0, 2**31 - 1), about="number of the last session"),
    Setting(name="total_charged_time", default=0.0, check=number(0, 2**31 - 1), about="s of all ended sessions"),
    Setting(name="total_charged_sessions", default=0, check=integer(0, 2**31 - 1), about="sessions that ended"),
    Setting(name="last_session_energy", default=0, check=integer(0, 2**31 - 1), about="Wh"),
    Setting(name="reset_counter", default=0, check=integer(0, 2**31 - 1), about="restarts of the device"),
)

_SURROUNDINGS: Final = (
    Setting(name="wifi", default=True, check=boolean, about="joined to the network; a factory reset forgets it"),
    Setting(name="wifi_ssid", default="Home", check=text(32), about="name of the network"),
    Setting(name="wifi_bssid", default="aa:bb:cc:dd:ee:ff", check=text(17), about="of the access point"),
    Setting(name="wifi_rssi", default=-58, check=integer(-100, 0), about="dBm"),
    Setting(name="ap_enabled", default=False, check=boolean, about="own access point kept on; then no mDNS"),
    Setting(name="rfid_tags", default=(), check=_tags, about="cards that may start a session; none: every card"),
    Setting(name="available_firmware", default="", check=text(32), about="version the update server offers"),
    Setting(name="house_power", default=(0.0, 0.0, 0.0), check=_three, about="W per line beside the charger (meters)"),
)

_HABITS: Final = (
    Setting(name="em_offline_current", default=6, check=integer(6, 32), about="A while the energy meter is away"),
    Setting(name="meter_fault_stops", default=False, check=boolean, about="a silent meter ends charging with state E"),
    Setting(name="locked_shown_when_free", default=False, check=boolean, about="LOCKED also without a car"),
    Setting(name="zero_voltage", default=False, check=boolean, about="`voltage` is 0, only `voltages` is filled"),
    Setting(
        name="em_current_key",
        default="EM_current",
        check=one_of("EM_current", "em_current"),
        about="the key in the reply to EM_current.Get",
    ),
    Setting(
        name="hide_dynamic_current", default=False, check=boolean, about="Dynamic_current.Get lacks dynamic_current"
    ),
    Setting(name="hide_limit_reason", default=False, check=boolean, about="charger_info lacks current_limit_reason"),
    Setting(
        name="shown_limit_reason",
        default=None,
        check=optional(integer(0, 255)),
        about="current_limit_reason whatever the reason is; null: the real one",
    ),
    Setting(name="framework_methods", default=False, check=boolean, about="RPC.List, RPC.Ping and Sys.* are there"),
)


def _rows() -> tuple[Setting, ...]:
    """Where models or versions differ, the first row's setting counts."""
    rows: dict[str, Setting] = {}
    for row in KEYS:
        rows.setdefault(row.name, setting_of(row))
    return (*rows.values(), *_VOLATILE, *_STORED, *_SURROUNDINGS, *_HABITS)


SETTINGS: Final[tuple[Setting, ...]] = _rows()
