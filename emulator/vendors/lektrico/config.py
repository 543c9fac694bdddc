"""The configuration keys of `App_config.Get` and `.Set`.

The one rule: a row says what is stored, what is taken and what anything else is answered with; what a key does to the
charger is the business of `charging`. Source of all rows: Charger local API, chapter 3, and the later firmware lists.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Unpack

from ...devices.firmware import Profile
from ...devices.points import Fidelity, Point, unique
from ...devices.settings import Check, Setting
from .facts import Facts
from .models import CHARGERS, METERS
from .refusals import LENGTH, RANGE, TYPE, Refusal

API: Final = "Charger local API, configuration keys"
LISTS: Final = "firmware documents of 25.02.2025"
CAPTURE: Final = "captured reply of a meter"
INT_MAX: Final = 2**31 - 1

Convert = Callable[[object], "object | Refusal"]
"""The value to store, or why it is not taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigKey(Point):
    """One key."""

    type: str
    """`bool`, `int`, `double`, `string`"""
    default: object
    """After a factory reset."""
    convert: Convert

    def fidelity(self) -> Fidelity:
        return Fidelity(
            table="Configuration keys",
            name=f"app_config.{self.name}",
            type=self.type,
            readable=True,
            settable=True,
            live=self.live,
            source=self.source,
            since=self.since,
            until=self.until,
            models=self.models,
            assumed=self.assumed,
            about=self.about,
        )


def as_integer(lowest: int, highest: int) -> Convert:
    """A whole number, also as a string. ASSUMED: one printed with a point counts as whole when it is."""

    def convert(value: object) -> object:
        if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,12}", value):
            value = int(value)
        if isinstance(value, float) and math.isfinite(value) and value == int(value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            return TYPE
        return value if lowest <= value <= highest else RANGE

    return convert


def as_boolean(value: object) -> object:
    """`true` or `"true"`."""
    if isinstance(value, str):
        value = {"true": True, "false": False}.get(value)
    return value if isinstance(value, bool) else TYPE


def as_text(value: object) -> object:
    return value if isinstance(value, str) else TYPE


def as_double(value: object) -> object:
    """A number, also as a string."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,15})?", value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return TYPE
    return float(value) if abs(value) < 1e15 else RANGE


def as_led_template(value: object) -> object:
    """Twelve numbers 0..255 with commas between them; empty for none. ASSUMED: the code of each mistake."""
    if not isinstance(value, str):
        return TYPE
    parts = value.split(",") if value else []
    if len(parts) not in (0, 12):
        return LENGTH
    if not all(re.fullmatch(r" *[0-9]{1,9} *", part) for part in parts):
        return TYPE
    return value if all(int(part) <= 255 for part in parts) else RANGE


def _bool(name: str, default: bool, *, source: str = API, **facts: Unpack[Facts]) -> ConfigKey:
    return ConfigKey(name=name, type="bool", default=default, convert=as_boolean, source=source, **facts)


def _int(name: str, default: int, lowest: int, highest: int, *, source: str = API, **facts: Unpack[Facts]) -> ConfigKey:
    convert = as_integer(lowest, highest)
    return ConfigKey(name=name, type="int", default=default, convert=convert, source=source, **facts)


def _text(
    name: str, default: str = "", *, convert: Convert = as_text, source: str = API, **facts: Unpack[Facts]
) -> ConfigKey:
    return ConfigKey(name=name, type="string", default=default, convert=convert, source=source, **facts)


def _double(name: str, **facts: Unpack[Facts]) -> ConfigKey:
    return ConfigKey(name=name, type="double", default=0.0, convert=as_double, source=API, **facts)


NEW_SINCE: Final = "1.51"
"""ASSUMED: the firmware that the documents of 2025 describe."""
FULL_SINCE: Final = "1.44"
"""ASSUMED: the firmware that the document of 02.2023 describes; the one before lacks keys."""

_CHARGER: Final = (
    _bool("headless", True, about="charges without authorisation"),
    _int("install_current", 6, 6, 32, about="installer's limit, A"),
    _int("led_max_brightness", 100, 10, 100, until=NEW_SINCE, about="%"),
    _int("led_max_brightness", 10, 10, 100, source=LISTS, since=NEW_SINCE, about="%"),
    _int("led_dimming_delay", 0, 0, INT_MAX, about="s; 0: always at full brightness"),
    _bool("charger_locked", False, about="no session may start"),
    _bool("auto_update", True, source=LISTS, since=NEW_SINCE, about="looks for new firmware now and then"),
    _bool("led_template_enabled", False),
    _text("led_template", convert=as_led_template, about="red, green, blue of top, right, bottom, left, 0..255"),
    _text("charger_alias"),
    _double("latitude"),
    _double("longitude"),
    _text("ocpp_server_link"),
    _int("connected_phase", 0, 1, 3, about="0: never set; cannot be set back"),
    _text("owner_id", about="can be set once after a factory reset"),
    _int("user_current", 32, 6, 32, since=FULL_SINCE, about="user's limit, A"),
    _int("gmt_offset", 0, -12, 12, about="hours, for the schedule"),
    _bool("precise_pwm_mode", False),
    _bool("energy_management_enabled", False, about="obeys an energy meter"),
    _bool("charging_schedule_enabled", False),
    _text("em_id", about="device id of the energy meter"),
    _text("timezone", about="name; for information"),
)

_METER: Final = (
    _int("breaker_rating", 32, 10, 1000, source=LISTS, about="A"),
    _int(
        "load_balancing_mode",
        0,
        0,
        4,
        source=LISTS,
        about="0 off, 1 power, 2 hybrid, 3 green, 4 power share",
        assumed="4 is in the text of the mode list only",
    ),
    _text("lb_meter_type", "Onboard", source=LISTS, about="the meter it uses"),
    _int("lb_pv_minimum_current", 6, 1, 6, source=LISTS, about="export needed to keep charging, A"),
    _bool("reverse_current", False, source=LISTS, about="the sensor is the other way round"),
    _bool("energy_management_enabled", False, source=CAPTURE),
    _int("lb_hybrid_current", 6, 6, 32, source=LISTS, about="least current in hybrid mode, A"),
    _int("lb_meter_offline_current", 6, 6, 32, source=LISTS, about="current of the chargers without a meter, A"),
    _int("car_minimum_current", 6, 6, 10, source=LISTS, about="A"),
    _bool("green_forced_single_phase", False, source=LISTS),
    _bool("hybrid_forced_single_phase", False, source=LISTS),
    _bool("auto_update", True, source=CAPTURE),
    _text("chargers_list", source=CAPTURE),
    _text("owner_id", source=CAPTURE, about="can be set once after a factory reset"),
)

KEYS: Final = (
    *(replace(row, models=CHARGERS) for row in _CHARGER),
    *(replace(row, models=METERS) for row in _METER),
)
unique(KEYS)


def config_keys(profile: Profile) -> dict[str, ConfigKey]:
    """The keys a box of this profile has, by name, in the order of its reply."""
    return {row.name: row for row in KEYS if row.exists(profile)}


def check_of(row: ConfigKey) -> Check:
    """The same rule for what a user states; the default counts as stated."""

    def check(value: object) -> object:
        found = value if value == row.default and type(value) is type(row.default) else row.convert(value)
        if isinstance(found, Refusal):
            raise ValueError(f"expected {row.about or row.type} ({found.message} {found.code})")
        return found

    return check


def setting_of(row: ConfigKey) -> Setting:
    return Setting(name=row.name, default=row.default, check=check_of(row), about=row.about)
