"""Handles of what the wallbox keeps apart from its configurations: counters, logs, hardware an owner may change.

The one rule: a saved configuration is a setting named like its path (see `table`), None while nothing was saved.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from ...devices.quirks import Quirk
from ...devices.settings import (
    Checked,
    Setting,
    anything,
    boolean,
    declared,
    integer,
    list_of,
    number,
    optional,
    schema_of,
    takes,
    text,
)

T = TypeVar("T")
Charge = tuple[int, int, int, float | None, float | None]
"""Unix minutes of the start, seconds, user id, meter at start and end in kWh."""


def _columns(value: object, count: int) -> list[object]:
    if not isinstance(value, list | tuple) or len(value) != count:
        raise ValueError(f"expected a list of {count} items")
    return list(value)


def _whole(value: object) -> int:
    return integer(0, 1 << 53)(value)


_minutes: Final = integer(0, 0xFFFFFFFF)
_user: Final = integer(0, 0xFF)


def _reading(value: object) -> float | None:
    return None if value is None else number(0, 1e12)(value)


def _tuple(*items: Mapping[str, object]) -> Mapping[str, object]:
    return {"type": "array", "prefixItems": list(items), "minItems": len(items), "maxItems": len(items)}


_TEXT: Final = {"type": "string"}
_NUMBER: Final = {"type": "integer", "minimum": 0}
_MINUTES: Final = schema_of(_minutes)
_USER: Final = schema_of(_user)
_READING: Final = {"type": ["number", "null"], "minimum": 0}


@takes(_tuple(_MINUTES, _NUMBER, _USER, _READING, _READING))
def _charge(value: object) -> Charge:
    minutes, duration, user, start, end = _columns(value, 5)
    return _minutes(minutes), _whole(duration), _user(user), _reading(start), _reading(end)


Boot = tuple[int, int, int, int]
"""Count, Unix minutes, ESP-IDF's reset reason, and ms that the run before it took."""


@takes({"anyOf": [_tuple(_NUMBER, _MINUTES, _USER, _NUMBER), _tuple(_NUMBER, _MINUTES)]})
def _boot(value: object) -> Boot:
    if isinstance(value, list | tuple) and len(value) == 2:  # of a state file before reasons were kept
        value = (*value, 1, 0)
    count, minutes, reason, uptime = _columns(value, 4)
    return _whole(count), _minutes(minutes), _user(reason), _whole(uptime)


def _two_texts(value: object) -> tuple[str, str]:
    first, second = _columns(value, 2)
    return str(first), str(second)


_ID: Final = re.compile(r"[0-9]{1,9}")


def _id(value: object) -> int:
    if isinstance(value, int) or (isinstance(value, str) and _ID.fullmatch(value)):
        return int(value)
    raise ValueError("expected an object with ids as names")


_BY_ID: Final = {
    "type": "object",
    "propertyNames": {"pattern": f"^{_ID.pattern}$", "examples": ["7"]},
    "additionalProperties": _tuple(_TEXT, _TEXT),
}


def _by(key: Callable[[object], T]) -> Checked[dict[T, tuple[str, str]]]:
    """An object whose members have ids as names, and are two texts each."""

    def check(value: object) -> dict[T, tuple[str, str]]:
        if not isinstance(value, Mapping):
            raise ValueError("expected an object")
        return {key(name): _two_texts(texts) for name, texts in value.items()}

    return Checked(check, _BY_ID)


_CHARGE: Final[Mapping[str, Callable[[object], object]]] = {
    "user_id": _user,
    "meter_start": takes(_READING)(_reading),
    "evse_uptime_start": takes(_NUMBER)(_whole),
    "timestamp_minutes": _minutes,
    "authorization_type": integer(0, 5),
    "authorization_info": anything,
    "charger_name": text(64),
}


@takes(
    {
        "type": ["object", "null"],
        "properties": {name: schema_of(check) for name, check in _CHARGE.items()},
        "required": [*_CHARGE],
        "additionalProperties": False,
    }
)
def _running(value: object) -> dict[str, object] | None:
    """A charge as `charge_tracker/current_charge` shows it."""
    if value is None:
        return None
    if not isinstance(value, Mapping) or value.keys() != _CHARGE.keys():
        raise ValueError(f"expected null, or an object with {', '.join(_CHARGE)}")
    return {name: check(value[name]) for name, check in _CHARGE.items()}


@takes({"type": "array", "items": {"type": "integer"}, "maxItems": 24})
def _hours(value: object) -> list[int]:
    """Up to 24 whole numbers."""
    if isinstance(value, list | tuple) and len(value) <= 24 and all(type(price) is int for price in value):
        return list(value)
    raise ValueError("expected a list of up to 24 prices, whole numbers of ct/1000 per kWh")


NFC_FITTED: Final = Setting("nfc_fitted", False, boolean, "a retrofitted NFC reader in a WARP1")
RTC_FITTED: Final = Setting("rtc_fitted", False, boolean, "a clock module in a WARP1 or WARP2")
CLOCK_SET: Final = Setting("clock_set", True, boolean, "the hardware clock holds the time")
INTERNET: Final = Setting("internet", True, boolean, "time servers can be reached")
SHUTDOWN_CLOSED: Final = Setting("shutdown_input_closed", False, boolean, "contact at the shutdown input")
INPUT_CLOSED: Final = Setting("input_closed", False, boolean, "contact at the configurable input (WARP2)")
MODBUS_DEFECTS: Final = Quirk(
    name="modbus_defects",
    source="fw: modules/modbus_tcp",
    about="Modbus as the firmware serves it; false: as it is documented",
)
OCPP_PROFILE_DEFECTS: Final = Setting(
    "ocpp_profile_defects",
    False,
    boolean,
    "charging profiles (OCPP) are spoiled by reading a later period, by a restart and before a daily start",
)
METER_TYPE: Final[Setting[int | None]] = Setting(
    "meter_type",
    None,
    optional(integer(0, 11)),
    "`energy_meter_type` of the meter that is fitted, 0: none is; null: the one the model is sold with",
)
EM_INPUT_3: Final = Setting("em_input_3_closed", False, boolean, "Energy Manager: contact at input 3")
EM_INPUT_4: Final = Setting("em_input_4_closed", False, boolean, "Energy Manager: contact at input 4")
CONTACTOR_STUCK: Final = Setting(
    "em_contactor_stuck", False, boolean, "Energy Manager: the contactor that switches phases does not follow"
)


@takes({"type": "string", "pattern": r"^2\.\d{1,2}\.\d{1,2}$", "examples": ["2.2.11"]})
def _controller(value: object) -> str:
    found = str(value)
    if not re.fullmatch(r"2\.\d{1,2}\.\d{1,2}", found):
        raise ValueError("expected the version of a charge controller such as 2.2.11")
    return found


CONTROLLER_FIRMWARE: Final[Setting[str | None]] = Setting(
    "controller_firmware",
    None,
    optional(_controller),
    "firmware of the charge controller, with its timings (older than 2.2.18); null: the newest",
)
METER_RESET: Final = Setting("meter_reset", 0.0, number(0, 1e12), "Wh at the last reset of the meter")
METER_LAST_RESET: Final = Setting("meter_last_reset", 0, integer(0, 0xFFFFFFFF))
CHARGE_LOG: Final[Setting[list[Charge]]] = Setting("charge_log", [], list_of(_charge), "complete charges")
RUNNING_CHARGE: Final[Setting[dict[str, object] | None]] = Setting(
    "running_charge", None, _running, "the charge being tracked"
)
USER_NAMES: Final[Setting[dict[str, tuple[str, str]]]] = Setting(
    "user_names", {}, _by(lambda value: str(_id(value))), "names of users with tracked charges"
)
CERTIFICATES: Final[Setting[dict[int, tuple[str, str]]]] = Setting(
    "certificates", {}, _by(_id), "name and PEM text by ID"
)
MARKET_PRICES: Final[Setting[list[int]]] = Setting(
    "market_prices",
    [],
    _hours,
    "ct/1000 per kWh for the hours of every day, as a price server would say; none: it does not answer",
)
BOOTS: Final[Setting[list[Boot]]] = Setting(
    "boots", [], list_of(_boot), "of the last boots: count, Unix minutes, reset reason, ms of the run before"
)
KEPT: Final = (*declared(globals()), MODBUS_DEFECTS.setting)
HARDWARE: Final = tuple(
    row.name
    for row in (
        *(NFC_FITTED, RTC_FITTED, CLOCK_SET, INTERNET, SHUTDOWN_CLOSED, INPUT_CLOSED, MODBUS_DEFECTS),
        *(EM_INPUT_3, EM_INPUT_4, CONTACTOR_STUCK, CONTROLLER_FIRMWARE),
        *(OCPP_PROFILE_DEFECTS, MARKET_PRICES, METER_TYPE, METER_RESET, METER_LAST_RESET),
    )
)
"""What no reset of the firmware changes."""
EVERYTHING: Final[dict[str, object]] = {
    "mqtt/config": {"enable_mqtt": True, "broker_host": "embedded"},
    "modbus_tcp/config": {"enable": True},
    "evse/modbus_tcp_enabled": {"enabled": True},
}
ENABLE: Final[dict[str, dict[str, object]]] = {
    "http": {},
    "mqtt": {"mqtt/config": EVERYTHING["mqtt/config"]},
    "modbus": {name: EVERYTHING[name] for name in ("modbus_tcp/config", "evse/modbus_tcp_enabled")},
    "ship": {"eebus/config": {"enable": True}},
    "mdns": {},
}
