"""The configuration keys of `App_config.Get` and `.Set`.

The one rule: a row says what is stored, what is taken and what anything else is answered with; what a key does to the
charger is the business of `charging`. Source of all rows: Charger local API, chapter 3, and the later firmware lists.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Unpack

from ...devices.firmware import Profile
from ...devices.points import Facts, unique
from .conversions import Convert, as_boolean, as_double, as_integer, as_led_template, as_text
from .models import CHARGERS, FULL_SINCE, METERS, NEW_SINCE
from .stored import Stored

API: Final = "Charger local API, configuration keys"
LISTS: Final = "firmware documents of 25.02.2025"
CAPTURE: Final = "captured reply of a meter"
INT_MAX: Final = 2**31 - 1


def _bool(name: str, default: bool, *, source: str = API, **facts: Unpack[Facts]) -> Stored[bool]:
    return Stored(name, type="bool", default=default, convert=as_boolean, source=source, **facts)


def _int(
    name: str, default: int, lowest: int, highest: int, *, source: str = API, **facts: Unpack[Facts]
) -> Stored[int]:
    convert = as_integer(lowest, highest)
    return Stored(name, type="int", default=default, convert=convert, source=source, **facts)


def _text(
    name: str, default: str = "", *, convert: Convert[str] = as_text, source: str = API, **facts: Unpack[Facts]
) -> Stored[str]:
    return Stored(name, type="string", default=default, convert=convert, source=source, **facts)


def _double(name: str, **facts: Unpack[Facts]) -> Stored[float]:
    return Stored(name, type="double", default=0.0, convert=as_double, source=API, **facts)


HEADLESS: Final = _bool("headless", True, about="charges without authorisation")
INSTALL_CURRENT: Final = _int("install_current", 6, 6, 32, about="installer's limit, A")
CHARGER_LOCKED: Final = _bool("charger_locked", False, about="no session may start")
AUTO_UPDATE: Final = _bool(
    "auto_update", True, source=LISTS, since=NEW_SINCE, about="looks for new firmware now and then"
)
CHARGER_ALIAS: Final = _text("charger_alias")
CONNECTED_PHASE: Final = _int("connected_phase", 0, 1, 3, about="0: never set; cannot be set back")
OWNER_ID: Final = _text("owner_id", about="can be set once after a factory reset")
USER_CURRENT: Final = _int("user_current", 32, 6, 32, since=FULL_SINCE, about="user's limit, A")
OCPP_SERVER_LINK: Final = _text("ocpp_server_link", about="URL of the central system, taken over at a restart")
GMT_OFFSET: Final = _int("gmt_offset", 0, -12, 12, about="hours, for the schedule")
ENERGY_MANAGEMENT_ENABLED: Final = _bool("energy_management_enabled", False, about="obeys an energy meter")
CHARGING_SCHEDULE_ENABLED: Final = _bool("charging_schedule_enabled", False)
LOAD_BALANCING_MODE: Final = _int(
    "load_balancing_mode",
    0,
    0,
    4,
    source=LISTS,
    about="0 off, 1 power, 2 hybrid, 3 green, 4 power share",
    assumed="4 is in the text of the mode list only",
)
BREAKER_RATING: Final = _int("breaker_rating", 32, 10, 1000, source=LISTS, about="A")
LB_PV_MINIMUM_CURRENT: Final = _int(
    "lb_pv_minimum_current", 6, 1, 6, source=LISTS, about="export needed to keep charging, A"
)
LB_HYBRID_CURRENT: Final = _int("lb_hybrid_current", 6, 6, 32, source=LISTS, about="least current in hybrid mode, A")
LB_METER_OFFLINE_CURRENT: Final = _int(
    "lb_meter_offline_current", 6, 6, 32, source=LISTS, about="current of the chargers without a meter, A"
)
CAR_MINIMUM_CURRENT: Final = _int("car_minimum_current", 6, 6, 10, source=LISTS, about="A")
CHARGERS_LIST: Final = _text(
    "chargers_list", source=CAPTURE, about="device ids of the chargers it steers", assumed="separated by commas"
)
REVERSE_CURRENT: Final = _bool("reverse_current", False, source=LISTS, about="the sensor is the other way round")
LED_MAX_BRIGHTNESS: Final = _int("led_max_brightness", 100, 10, 100, until=NEW_SINCE, about="%")
"""Before 1.51 its default is 100."""

_CHARGER: Final = (
    HEADLESS,
    INSTALL_CURRENT,
    LED_MAX_BRIGHTNESS,
    _int("led_max_brightness", 10, 10, 100, source=LISTS, since=NEW_SINCE, about="%"),
    _int("led_dimming_delay", 0, 0, INT_MAX, about="s; 0: always at full brightness"),
    CHARGER_LOCKED,
    AUTO_UPDATE,
    _bool("led_template_enabled", False),
    _text("led_template", convert=as_led_template, about="red, green, blue of top, right, bottom, left, 0..255"),
    CHARGER_ALIAS,
    _double("latitude"),
    _double("longitude"),
    OCPP_SERVER_LINK,
    CONNECTED_PHASE,
    OWNER_ID,
    USER_CURRENT,
    GMT_OFFSET,
    _bool("precise_pwm_mode", False),
    ENERGY_MANAGEMENT_ENABLED,
    CHARGING_SCHEDULE_ENABLED,
    _text("em_id", about="device id of the energy meter"),
    _text("timezone", about="name; for information"),
)

_LATER: Final = "which firmware: 1.15 has it not (capture)"

_METER: Final = (
    BREAKER_RATING,
    LOAD_BALANCING_MODE,
    _text("lb_meter_type", "Onboard", source=LISTS, about="the meter it uses"),
    LB_PV_MINIMUM_CURRENT,
    REVERSE_CURRENT,
    _bool("energy_management_enabled", False, source=CAPTURE),
    LB_HYBRID_CURRENT,
    LB_METER_OFFLINE_CURRENT,
    CAR_MINIMUM_CURRENT,
    _bool("green_forced_single_phase", False, source=LISTS, since="1.22", assumed=_LATER),
    _bool("hybrid_forced_single_phase", False, source=LISTS, since="1.22", assumed=_LATER),
    _bool("auto_update", True, source=CAPTURE),
    CHARGERS_LIST,
    _text("owner_id", source=CAPTURE, about="can be set once after a factory reset"),
)

KEYS: Final[tuple[Stored[object], ...]] = (
    *(replace(row, models=CHARGERS) for row in _CHARGER),
    *(replace(row, models=METERS) for row in _METER),
)
unique(KEYS)


def config_keys(profile: Profile) -> dict[str, Stored[object]]:
    """The keys a device of this profile has, by name, in the order of its reply."""
    return {row.name: row for row in KEYS if row.exists(profile)}
