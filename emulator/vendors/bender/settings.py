"""What a controller stores: its configuration pages, what clients write, and how the wallbox is built.

The one rule: what is not `persistent` is gone after a restart.
Source: Bender's documentation names the parameters; defaults ASSUMED where it does not say them.
"""

from __future__ import annotations

from typing import Final

from ...devices.settings import Setting, boolean, declared, integer, list_of, number, one_of, optional, text
from . import meters
from .faultcodes import KNOWN
from .models import PHASE_PAUSE

WORD: Final = integer(0, 0xFFFF)
"""What a register can hold."""


def normal(shown: str) -> str:
    """A card or user as the controller keeps it: no separators, lower case, at most 20 characters."""
    return shown.replace(":", "").replace(" ", "").lower()[:20]


def card(value: object) -> str:
    if isinstance(value, str | int):
        return normal(str(value))
    raise ValueError("expected a card")


# --- interfaces ------------------------------------------------------------------------------------------------------

REST: Final = Setting(
    name="rest",
    default="disabled",
    check=one_of("disabled", "without_uid", "with_uid"),
    about="SYSTEM > General > REST interface",
)
REST_AUTH: Final = Setting(
    name="rest_auth",
    default=None,
    check=optional(one_of("headers", "none")),
    about="headers: user and password in request headers; none: open; null: headers once a password is set",
)
OPERATOR_PASSWORD: Final = Setting(name="operator_password", default="", check=text(64))
MANUFACTURER_PASSWORD: Final = Setting(name="manufacturer_password", default="", check=text(64))
REST_VALUE_FORM: Final = Setting(
    name="rest_value_form",
    default="value",
    check=one_of("value", "line", "pair"),
    about="/rest/<KEY>: the bare value, the value and a line end, or key:value and a line end",
)
FULL_STATE_SERIAL: Final = Setting(
    name="full_state_serial", default=False, check=boolean, about="full_state has manuf_serial_n as well"
)
REST_V1: Final = Setting(name="rest_v1", default=False, check=boolean, about="login of the newer REST API; off: 404")
MODBUS: Final = Setting(name="modbus", default=False, check=boolean, about="Modbus TCP Server")
USER_ID_WRITE: Final = Setting(
    name="modbus_user_id_write", default=False, check=boolean, about="Allow Start/Stop Transaction"
)
USER_ID_READ: Final = Setting(name="modbus_user_id_read", default=False, check=boolean, about="Allow UID Disclose")
USER_ID_READABLE: Final = Setting(
    name="user_id_readable", default=False, check=boolean, about="1110 to 1119 read as 0, not refused"
)
UNSUPPORTED_EXCEPTION: Final = Setting(
    name="unsupported_exception", default=1, check=one_of(1, 2), about="Modbus exception for what is not there"
)
MISSING_REGISTERS: Final[Setting[list[int]]] = Setting(
    name="missing_registers", default=[], check=list_of(WORD), about="registers this unit does not have"
)
ERROR_ORDER: Final = Setting(
    name="error_order",
    default=None,
    check=optional(one_of("swapped", "normal")),
    about="words and bytes of 111; null: swapped on CC, normal on ICC",
)
ENERGY_MANAGEMENT: Final = Setting(
    name="energy_management",
    default="off",
    check=one_of("off", "read", "read_write"),
    about="ICC: External Energy Management",
)
SEMP: Final = Setting(name="semp", default=False, check=boolean, about="SEMP interface; needs firmware 5.33")

# --- what a client of Modbus can write -------------------------------------------------------------------------------

HEMS_CURRENT: Final = Setting(
    name="hems_current", default=None, check=optional(WORD), persistent=False, about="1000, A"
)
HEMS_TENTHS: Final = Setting(
    name="hems_tenths", default=None, check=optional(WORD), persistent=False, about="1001, 0.1 A"
)
HEMS_POWER: Final = Setting(name="hems_power", default=0xFFFF, check=WORD, persistent=False, about="1002, 2002, W")
SAFE_CURRENT: Final = Setting(name="safe_current", default=6, check=WORD, about="131, A; below 6: no charging")
COMMUNICATION_TIMEOUT: Final = Setting(name="communication_timeout", default=0, check=WORD, about="132, s; 0: never")
AVAILABLE: Final = Setting(name="available", default=True, check=boolean, about="124")
ADDRESS_OFFSET: Final = Setting(name="address_offset", default=0, check=WORD, persistent=False, about="130; no effect")
DLM_OPERATOR: Final = tuple(
    Setting(name=f"dlm_operator_l{line}", default=0xFFFF, check=WORD, about=f"{612 + line}, A") for line in (1, 2, 3)
)
"""By phase."""

# --- what the operator sets up ---------------------------------------------------------------------------------------

FREE_CHARGING: Final = Setting(name="free_charging", default=True, check=boolean, about="no card is needed")
WHITELIST: Final[Setting[list[str]]] = Setting(
    name="whitelist", default=[], check=list_of(card), about="cards and users that may charge"
)
AUTHORISATION_TIMEOUT: Final = Setting(
    name="authorisation_timeout", default=60.0, check=number(0.0, 86_400.0), about="s a car or card waits"
)
OPERATOR_CURRENT: Final = Setting(
    name="operator_current", default=None, check=optional(integer(0, 80)), about="A; null: hardware limit"
)
OCPP_VERSION: Final = Setting(
    name="ocpp_version", default="1.6", check=one_of("1.5", "1.6"), about="1.5: occupied with any plug"
)
BACKEND: Final = Setting(name="backend", default=False, check=boolean, about="an OCPP backend is set up and reachable")
BACKEND_STATE: Final = Setting(
    name="backend_state",
    default=None,
    check=optional(one_of("not_connected", "connecting", "connecting_proxy_ok", "rejected")),
    about="the way to the backend, where it is neither up nor down",
)
RESERVED: Final = Setting(
    name="reserved", default=False, check=boolean, about="the backend has reserved the charge point"
)
CP_ID: Final = Setting(name="cp_id", default="+49*123*00000000042", check=text(64))
DISPLAY_TEXT: Final = Setting(name="display_text", default="", check=text(4096), about="tariffs for a display")
LANGUAGE: Final = Setting(name="language", default="en", check=one_of("en", "de"), about="of the web pages")
METER: Final = Setting(name="ocpp_meter_cfg", default=meters.DEFAULT, check=text(64), about="the meter; no_meter: none")
METER_SERIAL: Final = Setting(name="ocpp_meter_serial", default="65465484ds", check=text(64))
DLM_MODE: Final = Setting(name="dlm_mode", default=0, check=integer(0, 4), about="600; 1 and 2 manage a group")
DLM_LIMIT: Final = Setting(name="dlm_limit", default=64, check=WORD, about="610 to 612, A")
DLM_SLAVES: Final = Setting(name="dlm_slaves", default=0, check=WORD, about="621")
DLM_EXTERNAL_METER: Final = Setting(name="dlm_external_meter", default=False, check=boolean, about="620")
PHASE_SWITCH_MODE: Final = Setting(
    name="phase_switch_mode",
    default=2,
    check=integer(0, 3),
    about="ICC, 2020: 0 one phase, 1 three, 2 dynamic, 3 only without a car",
)

PHASE_SWITCH_PAUSE: Final = Setting(
    name="phase_switch_pause", default=PHASE_PAUSE, check=integer(0, 3600), about="ICC, 2021: s of a phase switch"
)
DEVICE_NAME: Final = Setting(name="device_name", default="", check=text(32), about="ICC: name given by the user")
SATELLITES_IN_FALLBACK: Final = Setting(
    name="satellites_in_fallback", default=0, check=WORD, about="ICC, 2622: members of the group that are not reached"
)
SATELLITE_FALLBACK: Final = Setting(
    name="satellite_fallback_current", default=6, check=integer(0, 80), about="ICC, 2623, A"
)

# --- how it is built and wired ---------------------------------------------------------------------------------------

BOARD_ID: Final = Setting(name="board_id", default="b94060007", check=text(32), about="second part of cc_serial_n")
SLAVE_STATE: Final = Setting(
    name="slave_state", default="", check=text(32), about="state of a second controller; empty: none"
)
WLAN: Final = Setting(name="wlan", default=False, check=boolean)
RCD_MONITORING: Final = Setting(
    name="rcd_monitoring", default=False, check=boolean, about="an auxiliary contact of the RCD is wired"
)
MCB_TYPE2_MONITORING: Final = Setting(name="mcb_type2_monitoring", default=False, check=boolean)
MCB_SCHUKO_MONITORING: Final = Setting(name="mcb_schuko_monitoring", default=False, check=boolean)
SCHUKO_PLUGGED: Final = Setting(
    name="schuko_plugged", default=False, check=boolean, about="something is in the domestic socket"
)
TYPE2_CYCLES: Final = Setting(
    name="con_cycles_type2", default=0, check=integer(0, 2**31), about="contactor cycles before the start"
)
SCHUKO_CYCLES: Final = Setting(name="con_cycles_schuko", default=0, check=integer(0, 2**31))
ISO15118: Final = Setting(name="iso15118", default=False, check=boolean, about="the car talks ISO 15118")
EVCCID: Final = Setting(name="evccid", default="001BDA0C5F2E", check=text(12))
IDLE_CURRENTS: Final = Setting(
    name="idle_currents", default=False, check=boolean, about="the meter shows 4 to 5 mA without charging"
)
UNKNOWN_SOC: Final = Setting(name="unknown_soc", default=0, check=WORD, about="730 where the car does not tell")
ERRORS: Final[Setting[list[str]]] = Setting(
    name="errors", default=[], check=list_of(one_of(*KNOWN)), about="errors that nothing else here causes"
)

SETTINGS: Final = declared(globals())
