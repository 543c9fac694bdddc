"""What a controller stores: its configuration pages, what clients write, and how the box is built.

The one rule: what is not `persistent` is gone after a restart.
Source: Bender's documentation names the parameters; defaults ASSUMED where it does not say them.
"""

from __future__ import annotations

from typing import Final

from ...devices.settings import Setting, boolean, integer, number, one_of, optional, text
from . import meters
from .faultcodes import KNOWN


def tag(value: object) -> str:
    """A card or user as the controller keeps it: no separators, lower case, at most 20 characters."""
    return str(value).replace(":", "").replace(" ", "").lower()[:20]


def _tags(value: object) -> object:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str | int) for item in value):
        raise ValueError("expected a list of cards")
    return [tag(item) for item in value]


def _errors(value: object) -> object:
    if not isinstance(value, list | tuple) or not all(item in KNOWN for item in value):
        raise ValueError(f"expected a list of {', '.join(KNOWN)}")
    return list(value)


def _registers(value: object) -> object:
    check = integer(0, 0xFFFF)
    if not isinstance(value, list | tuple):
        raise ValueError("expected a list of register addresses")
    return [check(item) for item in value]


INTERFACES: Final = (
    Setting(
        name="rest",
        default="disabled",
        check=one_of("disabled", "without_uid", "with_uid"),
        about="SYSTEM > General > REST interface",
    ),
    Setting(
        name="rest_auth",
        default=None,
        check=lambda value: None if value is None else one_of("headers", "none")(value),
        about="headers: user and password in request headers; none: open; null: headers once a password is set",
    ),
    Setting(name="operator_password", default="", check=text(64)),
    Setting(name="manufacturer_password", default="", check=text(64)),
    Setting(
        name="rest_value_form",
        default="value",
        check=one_of("value", "line", "pair"),
        about="/rest/<KEY>: the bare value, the value and a line end, or key:value and a line end",
    ),
    Setting(name="full_state_serial", default=False, check=boolean, about="full_state has manuf_serial_n as well"),
    Setting(name="rest_v1", default=False, check=boolean, about="login of the newer REST API; off: 404"),
    Setting(name="modbus", default=False, check=boolean, about="Modbus TCP Server"),
    Setting(name="modbus_user_id_write", default=False, check=boolean, about="Allow Start/Stop Transaction"),
    Setting(name="modbus_user_id_read", default=False, check=boolean, about="Allow UID Disclose"),
    Setting(name="user_id_readable", default=False, check=boolean, about="1110 to 1119 read as 0, not refused"),
    Setting(
        name="unsupported_exception", default=1, check=one_of(1, 2), about="Modbus exception for what is not there"
    ),
    Setting(name="missing_registers", default=[], check=_registers, about="registers this unit does not have"),
    Setting(
        name="error_order",
        default=None,
        check=lambda value: None if value is None else one_of("swapped", "normal")(value),
        about="words and bytes of 111; null: swapped on CC, normal on ICC",
    ),
    Setting(
        name="energy_management",
        default="off",
        check=one_of("off", "read", "read_write"),
        about="ICC: External Energy Management",
    ),
    Setting(name="semp", default=False, check=boolean, about="SEMP interface; needs firmware 5.33"),
)

CONTROLS: Final = (
    Setting(name="hems_current", default=None, check=optional(integer(0, 0xFFFF)), persistent=False, about="1000, A"),
    Setting(
        name="hems_tenths", default=None, check=optional(integer(0, 0xFFFF)), persistent=False, about="1001, 0.1 A"
    ),
    Setting(name="hems_power", default=0xFFFF, check=integer(0, 0xFFFF), persistent=False, about="1002, 2002, W"),
    Setting(name="safe_current", default=6, check=integer(0, 0xFFFF), about="131, A; below 6: no charging"),
    Setting(name="communication_timeout", default=0, check=integer(0, 0xFFFF), about="132, s; 0: never"),
    Setting(name="available", default=True, check=boolean, about="124"),
    Setting(name="address_offset", default=0, check=integer(0, 0xFFFF), persistent=False, about="130; no effect"),
    Setting(name="dlm_operator_l1", default=0xFFFF, check=integer(0, 0xFFFF), about="613, A"),
    Setting(name="dlm_operator_l2", default=0xFFFF, check=integer(0, 0xFFFF), about="614, A"),
    Setting(name="dlm_operator_l3", default=0xFFFF, check=integer(0, 0xFFFF), about="615, A"),
)

OPERATOR: Final = (
    Setting(name="free_charging", default=True, check=boolean, about="no card is needed"),
    Setting(name="whitelist", default=[], check=_tags, about="cards and users that may charge"),
    Setting(name="authorisation_timeout", default=60.0, check=number(0.0, 86_400.0), about="s a car or card waits"),
    Setting(name="operator_current", default=None, check=optional(integer(0, 80)), about="A; null: hardware limit"),
    Setting(name="ocpp_version", default="1.6", check=one_of("1.5", "1.6"), about="1.5: occupied with any plug"),
    Setting(name="backend", default=False, check=boolean, about="an OCPP backend is set up and reachable"),
    Setting(
        name="backend_state",
        default=None,
        check=lambda value: (
            None if value is None else one_of("not_connected", "connecting", "connecting_proxy_ok", "rejected")(value)
        ),
        about="the way to the backend, where it is neither up nor down",
    ),
    Setting(name="reserved", default=False, check=boolean, about="the backend has reserved the charge point"),
    Setting(name="cp_id", default="+49*123*00000000042", check=text(64)),
    Setting(name="display_text", default="", check=text(4096), about="tariffs for a display"),
    Setting(name="language", default="en", check=one_of("en", "de"), about="of the web pages"),
    Setting(name="ocpp_meter_cfg", default=meters.DEFAULT, check=text(64), about="the meter; no_meter: none"),
    Setting(name="ocpp_meter_serial", default="65465484ds", check=text(64)),
    Setting(name="dlm_mode", default=0, check=integer(0, 4), about="600; 1 and 2 manage a group"),
    Setting(name="dlm_limit", default=64, check=integer(0, 0xFFFF), about="610 to 612, A"),
    Setting(name="dlm_slaves", default=0, check=integer(0, 0xFFFF), about="621"),
    Setting(name="dlm_external_meter", default=False, check=boolean, about="620"),
    Setting(name="phase_switch_mode", default=0, check=integer(0, 0xFFFF), about="ICC, 2020; meaning not known"),
)

HARDWARE: Final = (
    Setting(name="board_id", default="b94060007", check=text(32), about="second part of cc_serial_n"),
    Setting(name="slave_state", default="", check=text(32), about="state of a second controller; empty: none"),
    Setting(name="wlan", default=False, check=boolean),
    Setting(name="rcd_monitoring", default=False, check=boolean, about="an auxiliary contact of the RCD is wired"),
    Setting(name="mcb_type2_monitoring", default=False, check=boolean),
    Setting(name="mcb_schuko_monitoring", default=False, check=boolean),
    Setting(name="schuko_plugged", default=False, check=boolean, about="something is in the domestic socket"),
    Setting(name="con_cycles_type2", default=0, check=integer(0, 2**31), about="contactor cycles before the start"),
    Setting(name="con_cycles_schuko", default=0, check=integer(0, 2**31)),
    Setting(name="iso15118", default=False, check=boolean, about="the car talks ISO 15118"),
    Setting(name="evccid", default="001BDA0C5F2E", check=text(12)),
    Setting(name="unknown_soc", default=0, check=integer(0, 0xFFFF), about="730 where the car does not tell"),
    Setting(name="errors", default=[], check=_errors, about="errors that nothing else here causes"),
)

SETTINGS: Final = (*INTERFACES, *CONTROLS, *OPERATOR, *HARDWARE)
