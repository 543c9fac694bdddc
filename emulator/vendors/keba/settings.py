"""What a wallbox stores, what it forgets at a restart, and how it is set up inside.

The one rule: what is not `persistent` is gone after a restart, as the guides say; EEPROM copies have their own names.
"""

from __future__ import annotations

from typing import Final

from ...devices.settings import Setting, boolean, declared, integer, list_of, number, one_of, optional, takes, text
from .entries import Entry, entry
from .quirks import CURR_SETS_OUTPUT, TAG_EXCEPTION

LOWEST: Final = 6_000
HIGHEST: Final = 63_000
"""Range of every current a client can set [mA]; 0 is a stop."""
SHORTEST_FAILSAFE: Final = 10
LONGEST_FAILSAFE: Final = 600
"""Range of the time-out [s]; 0 is off."""


@takes({"type": "integer", "minimum": 0, "maximum": HIGHEST})
def current(value: object) -> int:
    """0 or 6000..63000 [mA]."""
    checked = integer(0, HIGHEST)(value)
    if 0 < checked < LOWEST:
        raise ValueError("expected 0 or 6000..63000 mA")
    return checked


@takes({"type": "integer", "minimum": 0, "maximum": LONGEST_FAILSAFE})
def timeout(value: object) -> int:
    """0 or 10..600 [s]."""
    checked = integer(0, LONGEST_FAILSAFE)(value)
    if 0 < checked < SHORTEST_FAILSAFE:
        raise ValueError("expected 0 or 10..600 s")
    return checked


@takes({"type": ["string", "integer"], "minimum": 0, "examples": ["04A1B2C3D4E5F6"]})
def tag(value: object) -> str:
    """A card as the reports show it: 16 lower-case hexadecimal digits, zeros behind a shorter number."""
    digits = str(value).replace(":", "").replace(" ", "").lower()
    if not digits or len(digits) > 16 or set(digits) - set("0123456789abcdef"):
        raise ValueError(f"{value!r} is no card: expected up to 16 hexadecimal digits")
    return digits.ljust(16, "0")


ENA: Final = Setting("ena", True, boolean, "Enable user", persistent=False)
CURR: Final = Setting("curr", HIGHEST, current, "Curr user, mA; 0: stop", persistent=False)
SETENERGY: Final = Setting("setenergy", 0, integer(0, 999_999_999), "0.1 Wh; 0: off", persistent=False)
FAILSAFE_CURRENT: Final = Setting("failsafe_current", 0, current, "Curr FS, mA", persistent=False)
FAILSAFE_TIMEOUT: Final = Setting("failsafe_timeout", 0, timeout, "Tmo FS, s; 0: off", persistent=False)
OUTPUT: Final = Setting("output", 0, integer(0, 150), "X2: 0, 1, or pulses per kWh", persistent=False)
X2: Final = Setting("x2", 1, one_of(0, 1), "0: one phase, 1: three", persistent=False)

SAVED_CURRENT: Final = Setting("saved_failsafe_current", 0, current, "EEPROM")
SAVED_TIMEOUT: Final = Setting("saved_failsafe_timeout", 0, timeout, "EEPROM")
# ASSUMED: the source of phase switching survives a restart.
X2SRC: Final = Setting("x2src", 0, integer(0, 4), "0 none, 1 OCPP, 2 REST, 3 Modbus, 4 UDP")
WHITELIST: Final[Setting[list[str]]] = Setting("whitelist", [], list_of(tag), "cards that may charge, hexadecimal")
AUTHORISATION: Final = Setting("authorisation", False, boolean, "x-series and P40: a card is needed")
SESSIONS: Final[Setting[list[Entry]]] = Setting("sessions", [], list_of(entry), "session log, newest first")
RUNNING_SESSION: Final[Setting[Entry | None]] = Setting(
    "running_session", None, optional(entry), "the session that runs: a start without it writes it down"
)
SESSION_COUNTER: Final = Setting("session_counter", 0, integer(0, 2**31 - 1), "Session ID of the last session")

DSW1_1: Final = Setting("dsw1_1", False, boolean, "DSW1.1: input X1 has to be closed to charge")
DSW1_2: Final = Setting("dsw1_2", False, boolean, "DSW1.2: output X2 follows `output`")
DSW1_3: Final = Setting("dsw1_3", False, boolean, "DSW1.3: UDP and Modbus are on")
DSW2_5: Final = Setting("dsw2_5", False, boolean, "DSW2.5: communication hub; shown, without effect")
DIP_CURRENT: Final = Setting(
    "dip_current",
    None,
    optional(one_of(10, 13, 16, 20, 25, 32)),
    "A set with DSW1.6 to DSW1.8; null: the model's rated current",
)
MODBUS_IN_APP: Final = Setting("modbus_in_app", False, boolean, "P40: Modbus is switched on in the app")
X1: Final = Setting("x1", False, boolean, "input X1 is closed")
CONTACTOR_BOX: Final = Setting("contactor_box", False, boolean, "P30: S10 is fitted; P40 can switch by itself")
OCPP_URL: Final = Setting(
    "ocpp_url", "", text(255), "x-series, P40: URL of the OCPP backend, without the serial number; empty: off"
)
BACKEND: Final = Setting("backend", False, boolean, "OCPP backend connected")
TIME_QUALITY: Final = Setting("time_quality", None, optional(integer(0, 3)), "timeQ; null: by series")

REST: Final = Setting("rest_api", False, boolean, "P40, newer x-series: the REST API is on")
REST_PASSWORD: Final = Setting("rest_password", "keba-test", text(64), "of the REST API's user admin")
LMGMT_CURRENT: Final = Setting(
    "max_available_current",
    None,
    optional(integer(LOWEST, HIGHEST)),
    "load management over the REST API, mA; null: no limit",
)
PROFILE_CURRENT: Final = Setting(
    "max_current_offered", None, optional(integer(LOWEST, HIGHEST)), "profile over the REST API, mA; null: no limit"
)
REST_ALIAS: Final = Setting("restapi_alias", "", text(64), "name over the REST API")
PERMANENTLY_LOCKED: Final = Setting("permanently_locked", False, boolean, "locked over the REST API")
OUT_OF_ORDER: Final = Setting("out_of_order", False, boolean, "taken out of service over the REST API")

ANY_UNIT: Final = Setting("any_unit", False, boolean, "Modbus answers to every unit id")
IGNORES_BAD_VALUES: Final = Setting("ignores_bad_values", False, boolean, "Modbus confirms bad values without effect")
BAD_READ_EXCEPTION: Final = Setting("bad_read_exception", 2, one_of(2, 4), "to wrong addresses and lengths")
IDLE_CURRENTS: Final = Setting("idle_currents", False, boolean, "4 to 5 mA are shown without charging")
IDLE_VOLTAGES: Final = Setting("idle_voltages", False, boolean, "voltages are shown without charging as well")
PHASE_SWITCH_STATE: Final = Setting("phase_switch_state", 2, one_of(2, 5), "state 1000 while phases are switched")
PHASE_COOLDOWN: Final = Setting("phase_cooldown", 300.0, number(0.0, 3600.0), "s between two phase switches")
KEEPS_SESSION_ENERGY: Final = Setting("keeps_session_energy", False, boolean, "E pres goes on when a car comes back")
SUSPENDED: Final = Setting("suspended", False, boolean, "stuck in state 5 until a restart", persistent=False)
MODBUS_MOVED: Final = Setting(
    "modbus_moved",
    None,
    optional(boolean),
    "Modbus is on port 1502 and 502 hangs up; state false at the start where that is to change later",
)
MINIMUM_INTERVALS: Final = Setting("minimum_intervals", False, boolean, "what comes too soon is lost")
UDP_YIELDS: Final = Setting("udp_yields", False, boolean, "no UDP for a minute after Modbus was used")
WIFI_SLEEPS: Final = Setting("wifi_sleeps", False, boolean, "answers only while a car is plugged in")
REPLY_TO_SOURCE_PORT: Final = Setting(
    "reply_to_source_port",
    None,
    optional(boolean),
    "UDP replies: false: to port 7090, true: to the port that asked, null: the latter for the wallbox's own IP",
)
BROADCAST_ADDRESS: Final = Setting("broadcast_address", None, optional(text(15)), "P20")

SETTINGS: Final = (*declared(globals()), CURR_SETS_OUTPUT.setting, TAG_EXCEPTION.setting)
