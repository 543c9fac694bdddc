"""What a wallbox stores, what it forgets at a restart, and how it is set up inside.

The one rule: what is not `persistent` is gone after a restart, as the guides say; EEPROM copies have their own names.
"""

from __future__ import annotations

from typing import Final

from ...devices.settings import Setting, boolean, declared, integer, list_of, number, one_of, optional, text
from .entries import Entry, entry
from .quirks import CURR_SETS_OUTPUT, TAG_EXCEPTION

LOWEST: Final = 6_000
HIGHEST: Final = 63_000
"""Range of every current a client can set [mA]; 0 is a stop."""
SHORTEST_FAILSAFE: Final = 10
LONGEST_FAILSAFE: Final = 600
"""Range of the time-out [s]; 0 is off."""


def current(value: object) -> int:
    """0 or 6000..63000 [mA]."""
    checked = integer(0, HIGHEST)(value)
    if 0 < checked < LOWEST:
        raise ValueError("expected 0 or 6000..63000 mA")
    return checked


def timeout(value: object) -> int:
    """0 or 10..600 [s]."""
    checked = integer(0, LONGEST_FAILSAFE)(value)
    if 0 < checked < SHORTEST_FAILSAFE:
        raise ValueError("expected 0 or 10..600 s")
    return checked


def tag(value: object) -> str:
    """A card as the reports show it: 16 lower-case hexadecimal digits, zeros behind a shorter number."""
    digits = str(value).replace(":", "").replace(" ", "").lower()
    if not digits or len(digits) > 16 or set(digits) - set("0123456789abcdef"):
        raise ValueError(f"{value!r} is no card: expected up to 16 hexadecimal digits")
    return digits.ljust(16, "0")


# --- what clients set ------------------------------------------------------------------------------------------------

ENA: Final = Setting(name="ena", default=True, check=boolean, persistent=False, about="Enable user")
CURR: Final = Setting(name="curr", default=HIGHEST, check=current, persistent=False, about="Curr user, mA; 0: stop")
SETENERGY: Final = Setting(
    name="setenergy", default=0, check=integer(0, 999_999_999), persistent=False, about="0.1 Wh; 0: off"
)
FAILSAFE_CURRENT: Final = Setting(
    name="failsafe_current", default=0, check=current, persistent=False, about="Curr FS, mA"
)
FAILSAFE_TIMEOUT: Final = Setting(
    name="failsafe_timeout", default=0, check=timeout, persistent=False, about="Tmo FS, s; 0: off"
)
OUTPUT: Final = Setting(
    name="output", default=0, check=integer(0, 150), persistent=False, about="X2: 0, 1, or pulses per kWh"
)
X2: Final = Setting(name="x2", default=1, check=one_of(0, 1), persistent=False, about="0: one phase, 1: three")

# --- what survives a restart -----------------------------------------------------------------------------------------

SAVED_CURRENT: Final = Setting(name="saved_failsafe_current", default=0, check=current, about="EEPROM")
SAVED_TIMEOUT: Final = Setting(name="saved_failsafe_timeout", default=0, check=timeout, about="EEPROM")
# ASSUMED: the source of phase switching survives a restart.
X2SRC: Final = Setting(name="x2src", default=0, check=integer(0, 4), about="0 none, 1 OCPP, 2 REST, 3 Modbus, 4 UDP")
WHITELIST: Final[Setting[list[str]]] = Setting(
    name="whitelist", default=[], check=list_of(tag), about="cards that may charge, hexadecimal"
)
AUTHORISATION: Final = Setting(
    name="authorisation", default=False, check=boolean, about="x-series and P40: a card is needed"
)
SESSIONS: Final[Setting[list[Entry]]] = Setting(
    name="sessions", default=[], check=list_of(entry), about="session log, newest first"
)
SESSION_COUNTER: Final = Setting(
    name="session_counter", default=0, check=integer(0, 2**31 - 1), about="Session ID of the last session"
)

# --- how it is built and wired ---------------------------------------------------------------------------------------

DSW1_1: Final = Setting(
    name="dsw1_1", default=False, check=boolean, about="DSW1.1: input X1 has to be closed to charge"
)
DSW1_2: Final = Setting(name="dsw1_2", default=False, check=boolean, about="DSW1.2: output X2 follows `output`")
DSW1_3: Final = Setting(name="dsw1_3", default=False, check=boolean, about="DSW1.3: UDP and Modbus are on")
DIP_CURRENT: Final = Setting(
    name="dip_current",
    default=None,
    check=optional(one_of(10, 13, 16, 20, 25, 32)),
    about="A set with DSW1.6 to DSW1.8; null: the model's rated current",
)
MODBUS_IN_APP: Final = Setting(
    name="modbus_in_app", default=False, check=boolean, about="P40: Modbus is switched on in the app"
)
X1: Final = Setting(name="x1", default=False, check=boolean, about="input X1 is closed")
CONTACTOR_BOX: Final = Setting(
    name="contactor_box", default=False, check=boolean, about="P30: S10 is fitted; P40 can switch by itself"
)
BACKEND: Final = Setting(name="backend", default=False, check=boolean, about="OCPP backend connected")
TIME_QUALITY: Final = Setting(
    name="time_quality", default=None, check=optional(integer(0, 3)), about="timeQ; null: by series"
)

# --- what differs from one to the next -------------------------------------------------------------------------------

ANY_UNIT: Final = Setting(name="any_unit", default=False, check=boolean, about="Modbus answers to every unit id")
IGNORES_BAD_VALUES: Final = Setting(
    name="ignores_bad_values", default=False, check=boolean, about="Modbus confirms bad values without effect"
)
BAD_READ_EXCEPTION: Final = Setting(
    name="bad_read_exception", default=2, check=one_of(2, 4), about="to wrong addresses and lengths"
)
IDLE_CURRENTS: Final = Setting(
    name="idle_currents", default=False, check=boolean, about="4 to 5 mA are shown without charging"
)
IDLE_VOLTAGES: Final = Setting(
    name="idle_voltages", default=False, check=boolean, about="voltages are shown without charging as well"
)
PHASE_SWITCH_STATE: Final = Setting(
    name="phase_switch_state", default=2, check=one_of(2, 5), about="state 1000 while phases are switched"
)
PHASE_COOLDOWN: Final = Setting(
    name="phase_cooldown", default=300.0, check=number(0.0, 3600.0), about="s between two phase switches"
)
KEEPS_SESSION_ENERGY: Final = Setting(
    name="keeps_session_energy", default=False, check=boolean, about="E pres goes on when a car comes back"
)
SUSPENDED: Final = Setting(
    name="suspended", default=False, check=boolean, persistent=False, about="stuck in state 5 until a restart"
)
MODBUS_MOVED: Final = Setting(
    name="modbus_moved",
    default=None,
    check=optional(boolean),
    about="Modbus is on port 1502 and 502 hangs up; state false at the start where that is to change later",
)
MINIMUM_INTERVALS: Final = Setting(
    name="minimum_intervals", default=False, check=boolean, about="what comes too soon is lost"
)
UDP_YIELDS: Final = Setting(
    name="udp_yields", default=False, check=boolean, about="no UDP for a minute after Modbus was used"
)
WIFI_SLEEPS: Final = Setting(
    name="wifi_sleeps", default=False, check=boolean, about="answers only while a car is plugged in"
)
REPLY_TO_SOURCE_PORT: Final = Setting(
    name="reply_to_source_port",
    default=None,
    check=optional(boolean),
    about="UDP replies: false: to port 7090, true: to the port that asked, null: the latter for the wallbox's own IP",
)
BROADCAST_ADDRESS: Final = Setting(name="broadcast_address", default=None, check=optional(text(15)), about="P20")

SETTINGS: Final = (*declared(globals()), CURR_SETS_OUTPUT.setting, TAG_EXCEPTION.setting)
