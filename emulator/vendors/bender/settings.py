"""What a controller stores: its configuration pages, what clients write, and how the wallbox is built.

The one rule: what is not `persistent` is gone after a restart.
Source: Bender's documentation names the parameters; defaults ASSUMED where it does not say them.
"""

from __future__ import annotations

from typing import Final

from ...devices.settings import Setting, boolean, declared, integer, list_of, number, one_of, optional, takes, text
from . import meters
from .faultcodes import KNOWN
from .models import PHASE_PAUSE

WORD: Final = integer(0, 0xFFFF)
"""What a register can hold."""


def normal(shown: str) -> str:
    """A card or user as the controller keeps it: no separators, lower case, at most 20 characters."""
    return shown.replace(":", "").replace(" ", "").lower()[:20]


@takes({"type": ["string", "integer"]})
def card(value: object) -> str:
    if isinstance(value, str | int):
        return normal(str(value))
    raise ValueError("expected a card")


REST: Final = Setting(
    "rest", "disabled", one_of("disabled", "without_uid", "with_uid"), "SYSTEM > General > REST interface"
)
REST_AUTH: Final = Setting(
    "rest_auth",
    None,
    optional(one_of("headers", "none")),
    "headers: user and password in request headers; none: open; null: headers once a password is set",
)
OPERATOR_PASSWORD: Final = Setting("operator_password", "", text(64))
MANUFACTURER_PASSWORD: Final = Setting("manufacturer_password", "", text(64))
REST_VALUE_FORM: Final = Setting(
    "rest_value_form",
    "value",
    one_of("value", "line", "pair"),
    "/rest/<KEY>: the bare value, the value and a line end, or key:value and a line end",
)
FULL_STATE_SERIAL: Final = Setting("full_state_serial", False, boolean, "full_state has manuf_serial_n as well")
REST_V1: Final = Setting("rest_v1", False, boolean, "login of the newer REST API; off: 404")
MODBUS: Final = Setting("modbus", False, boolean, "Modbus TCP Server")
USER_ID_WRITE: Final = Setting("modbus_user_id_write", False, boolean, "Allow Start/Stop Transaction")
USER_ID_READ: Final = Setting("modbus_user_id_read", False, boolean, "Allow UID Disclose")
USER_ID_READABLE: Final = Setting("user_id_readable", False, boolean, "1110 to 1119 read as 0, not refused")
UNSUPPORTED_EXCEPTION: Final = Setting(
    "unsupported_exception", 1, one_of(1, 2), "Modbus exception for what is not there"
)
MISSING_REGISTERS: Final[Setting[list[int]]] = Setting(
    "missing_registers", [], list_of(WORD), "registers this unit does not have"
)
ERROR_ORDER: Final = Setting(
    "error_order",
    None,
    optional(one_of("swapped", "normal")),
    "words and bytes of 111; null: swapped on CC, normal on ICC",
)
ENERGY_MANAGEMENT: Final = Setting(
    "energy_management", "off", one_of("off", "read", "read_write"), "ICC: External Energy Management"
)
SEMP: Final = Setting("semp", False, boolean, "SEMP interface; needs firmware 5.33")

HEMS_CURRENT: Final = Setting("hems_current", None, optional(WORD), "1000, A", persistent=False)
HEMS_TENTHS: Final = Setting("hems_tenths", None, optional(WORD), "1001, 0.1 A", persistent=False)
HEMS_POWER: Final = Setting("hems_power", 0xFFFF, WORD, "1002, 2002, W", persistent=False)
SAFE_CURRENT: Final = Setting("safe_current", 6, WORD, "131, A; below 6: no charging")
COMMUNICATION_TIMEOUT: Final = Setting("communication_timeout", 0, WORD, "132, s; 0: never")
AVAILABLE: Final = Setting("available", True, boolean, "124")
ADDRESS_OFFSET: Final = Setting("address_offset", 0, WORD, "130; no effect", persistent=False)
DLM_OPERATOR: Final = tuple(Setting(f"dlm_operator_l{line}", 0xFFFF, WORD, f"{612 + line}, A") for line in (1, 2, 3))
"""By phase."""

FREE_CHARGING: Final = Setting("free_charging", True, boolean, "no card is needed")
WHITELIST: Final[Setting[list[str]]] = Setting("whitelist", [], list_of(card), "cards and users that may charge")
AUTHORISATION_TIMEOUT: Final = Setting("authorisation_timeout", 60.0, number(0.0, 86_400.0), "s a car or card waits")
OPERATOR_CURRENT: Final = Setting("operator_current", None, optional(integer(0, 80)), "A; null: hardware limit")
OCPP_VERSION: Final = Setting("ocpp_version", "1.6", one_of("1.5", "1.6"), "1.5: occupied with any plug")
BACKEND: Final = Setting("backend", False, boolean, "an OCPP backend is set up and reachable")
BACKEND_STATE: Final = Setting(
    "backend_state",
    None,
    optional(one_of("not_connected", "connecting", "connecting_proxy_ok", "rejected")),
    "the way to the backend, where it is neither up nor down",
)
OCPP_URL: Final = Setting("ocpp_url", "", text(255), "OCPP-J 1.6: URL of the backend, without the id; empty: off")
OCPP_PASSWORD: Final = Setting("ocpp_password", "", text(64), "HTTP Basic; empty: none")
OCPP_FREE_TAG: Final = Setting("ocpp_free_tag", "freecharging", text(20), "RFID in free charging")
RESERVED: Final = Setting("reserved", False, boolean, "the backend has reserved the charge point")
CP_ID: Final = Setting("cp_id", "+49*123*00000000042", text(64))
DISPLAY_TEXT: Final = Setting("display_text", "", text(4096), "tariffs for a display")
LANGUAGE: Final = Setting("language", "en", one_of("en", "de"), "of the web pages")
METER: Final = Setting("ocpp_meter_cfg", meters.DEFAULT, text(64), "the meter; no_meter: none")
METER_SERIAL: Final = Setting("ocpp_meter_serial", "65465484ds", text(64))
DLM_MODE: Final = Setting("dlm_mode", 0, integer(0, 4), "600; 1 and 2 manage a group")
DLM_LIMIT: Final = Setting("dlm_limit", 64, WORD, "610 to 612, A")
DLM_SLAVES: Final = Setting("dlm_slaves", 0, WORD, "621")
DLM_EXTERNAL_METER: Final = Setting("dlm_external_meter", False, boolean, "620")
PHASE_SWITCH_MODE: Final = Setting(
    "phase_switch_mode", 2, integer(0, 3), "ICC, 2020: 0 one phase, 1 three, 2 dynamic, 3 only without a car"
)

PHASE_SWITCH_PAUSE: Final = Setting(
    "phase_switch_pause", PHASE_PAUSE, integer(0, 3600), "ICC, 2021: s of a phase switch"
)
DEVICE_NAME: Final = Setting("device_name", "", text(32), "ICC: name given by the user")
SATELLITES_IN_FALLBACK: Final = Setting(
    "satellites_in_fallback", 0, WORD, "ICC, 2622: members of the group that are not reached"
)
SATELLITE_FALLBACK: Final = Setting("satellite_fallback_current", 6, integer(0, 80), "ICC, 2623, A")
BOARD_ID: Final = Setting("board_id", "b94060007", text(32), "second part of cc_serial_n")
SLAVE_STATE: Final = Setting("slave_state", "", text(32), "state of a second controller; empty: none")
SLAVE: Final = Setting("slave", "", text(128), "second controller in this wallbox, such as right.bender; empty: none")
WLAN: Final = Setting("wlan", False, boolean)
RCD_MONITORING: Final = Setting("rcd_monitoring", False, boolean, "an auxiliary contact of the RCD is wired")
MCB_TYPE2_MONITORING: Final = Setting("mcb_type2_monitoring", False, boolean)
MCB_SCHUKO_MONITORING: Final = Setting("mcb_schuko_monitoring", False, boolean)
SCHUKO_PLUGGED: Final = Setting("schuko_plugged", False, boolean, "something is in the domestic socket")
SCHUKO_LOAD: Final = Setting("schuko_load", 0.0, number(0.0, 3700.0), "W drawn from the domestic socket while it is on")
SCHUKO_ENERGY: Final = Setting("schuko_energy", 0.0, number(0.0, 1e9), "Wh that it has delivered")
TYPE2_CYCLES: Final = Setting("con_cycles_type2", 0, integer(0, 2**31), "contactor cycles before the start")
SCHUKO_CYCLES: Final = Setting("con_cycles_schuko", 0, integer(0, 2**31))
ISO15118: Final = Setting("iso15118", False, boolean, "the car talks ISO 15118")
EVCCID: Final = Setting("evccid", "001BDA0C5F2E", text(12))
IDLE_CURRENTS: Final = Setting("idle_currents", False, boolean, "the meter shows 4 to 5 mA without charging")
UNKNOWN_SOC: Final = Setting("unknown_soc", 0, WORD, "730 where the car does not tell")
ERRORS: Final[Setting[list[str]]] = Setting(
    "errors", [], list_of(one_of(*KNOWN)), "errors that nothing else here causes"
)

SETTINGS: Final = declared(globals())
