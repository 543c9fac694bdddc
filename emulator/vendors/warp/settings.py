"""What the box keeps: saved configurations, the controller's flash, counters, and the hardware an owner may change.

The one rule: a saved configuration is a setting named like its path, None while nothing was saved. Whatever its
members are checked against is the schema of its row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from ...devices.settings import Check, Setting, anything, boolean, integer, number
from .rows import Config
from .schema import BOOL, U8, U16, DocumentError, Int, Obj, Schema, obj
from .table import ROWS

_ENABLED: Final = obj(enabled=BOOL)
CONTROLLER: Final[dict[str, tuple[Obj, dict[str, object]]]] = {
    "evse/external_defaults": (
        obj(current=U16, clear_on_disconnect=BOOL),
        {"current": 32000, "clear_on_disconnect": False},
    ),
    "evse/global_current": (obj(current=U16), {"current": 32000}),
    "evse/auto_start_charging": (obj(auto_start_charging=BOOL), {"auto_start_charging": True}),
    "evse/user_enabled": (_ENABLED, {"enabled": False}),
    "evse/management_enabled": (_ENABLED, {"enabled": False}),
    "evse/modbus_tcp_enabled": (_ENABLED, {"enabled": False}),
    "evse/ocpp_enabled": (_ENABLED, {"enabled": False}),
    "evse/eebus_enabled": (_ENABLED, {"enabled": False}),
    "evse/boost_mode": (_ENABLED, {"enabled": False}),
    "evse/gpio_configuration": (
        obj(shutdown_input=U8, input=U8, output=Int(8)),
        {"shutdown_input": 0, "input": 0, "output": 1},
    ),
    "evse/button_configuration": (obj(button=U8), {"button": 2}),
    "evse/ev_wakeup": (_ENABLED, {"enabled": True}),
    "evse/phase_auto_switch": (_ENABLED, {"enabled": True}),
    "evse/phases_connected": (obj(phases=U8), {"phases": 3}),
    "evse/phase_switch_wait_time": (obj(time=U8), {"time": 0}),
}
"""What the charge controller keeps in its own flash, with its factory values."""
P14A_ENABLED: Final = "evse/p14a_enwg_enabled"
"""Its factory value depends on the generation: None."""


def _document(schemas: list[Schema]) -> Check:
    """Members of an object may be left out; a bare value stands for a document of one member."""

    def check(value: object) -> object:
        if value is None:
            return None
        problem = ""
        for schema in schemas:
            try:
                return _fit(schema, value)
            except DocumentError as error:
                problem = str(error)
        raise ValueError(problem)

    return check


def _fit(schema: Schema, value: object) -> object:
    if not isinstance(schema, Obj):
        found = schema.parse(value, schema.default())
        if (problem := schema.limits(found)) is not None:
            raise DocumentError(problem)
        return found
    if not isinstance(value, Mapping) and schema.only is not None:
        value = {schema.only: value}
    if not isinstance(value, Mapping):
        raise DocumentError("JSON node was not an object.")
    if unknown := [name for name in value if name not in schema.members]:
        raise DocumentError(f"JSON object has unknown key '{unknown[0]}'.")
    part = Obj({name: member for name, member in schema.members.items() if name in value})
    found = part.parse({name: value[name] for name in part.members}, {})
    if (problem := part.limits(found)) is not None:
        raise DocumentError(problem)
    return found


def _configs() -> list[Setting]:
    schemas: dict[str, list[Schema]] = {}
    for row in ROWS:
        if isinstance(row, Config):
            schemas.setdefault(row.name, []).append(row.schema)
    return [Setting(name=path, default=None, check=_document(found)) for path, found in schemas.items()]


def _flash() -> list[Setting]:
    rows = [Setting(name=path, default=None, check=_document([schema])) for path, (schema, _) in CONTROLLER.items()]
    return [*rows, Setting(name=P14A_ENABLED, default=None, check=_document([_ENABLED]))]


def _hours(value: object) -> object:
    """Up to 24 whole numbers."""
    fits = isinstance(value, list | tuple) and len(value) <= 24
    if not fits or not all(
        isinstance(price, int) and not isinstance(price, bool) for price in cast("list[Any]", value)
    ):
        raise ValueError("expected a list of up to 24 prices, whole numbers of ct/1000 per kWh")
    return list(cast("list[int]", value))


SETTINGS: Final = (
    *_configs(),
    *_flash(),
    Setting(name="nfc_fitted", default=False, check=boolean, about="a retrofitted NFC reader in a WARP1"),
    Setting(name="rtc_fitted", default=False, check=boolean, about="a clock module in a WARP1 or WARP2"),
    Setting(name="clock_set", default=True, check=boolean, about="the hardware clock holds the time"),
    Setting(name="internet", default=True, check=boolean, about="time servers can be reached"),
    Setting(name="shutdown_input_closed", default=False, check=boolean, about="contact at the shutdown input"),
    Setting(name="input_closed", default=False, check=boolean, about="contact at the configurable input (WARP2)"),
    Setting(
        name="modbus_defects",
        default=True,
        check=boolean,
        about="Modbus as the firmware serves it; false: as it is documented",
    ),
    Setting(name="meter_reset", default=0.0, check=number(0, 1e12), about="Wh at the last reset of the meter"),
    Setting(name="meter_last_reset", default=0, check=integer(0, 0xFFFFFFFF)),
    Setting(name="charge_log", default=[], check=anything, about="complete charges"),
    Setting(name="running_charge", default=None, check=anything, about="the charge being tracked"),
    Setting(name="user_names", default={}, check=anything, about="names of users with tracked charges"),
    Setting(name="certificates", default={}, check=anything, about="name and PEM text by ID"),
    Setting(
        name="market_prices",
        default=[],
        check=_hours,
        about="ct/1000 per kWh for the hours of every day, as a price server would say; none: it does not answer",
    ),
    Setting(name="boots", default=[], check=anything, about="boot count and Unix minutes of the last boots"),
)
HARDWARE: Final = (
    "nfc_fitted",
    "rtc_fitted",
    "clock_set",
    "internet",
    "shutdown_input_closed",
    "input_closed",
    "modbus_defects",
    "market_prices",
    "meter_",
)
"""What no reset of the firmware changes."""
EVERYTHING: Final[dict[str, object]] = {
    "mqtt/config": {"enable_mqtt": True, "broker_host": "embedded"},
    "modbus_tcp/config": {"enable": True},
    "evse/modbus_tcp_enabled": {"enabled": True},
}
ENABLE: Final[dict[str, dict[str, object]]] = {
    "http": {},
    "mqtt": {"mqtt/config": {"enable_mqtt": True, "broker_host": "embedded"}},
    "modbus": {"modbus_tcp/config": {"enable": True}, "evse/modbus_tcp_enabled": {"enabled": True}},
    "mdns": {},
}
