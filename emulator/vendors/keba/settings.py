"""What a box stores, what it forgets at a restart, and how it is set up inside.

The one rule: what is not `persistent` is gone after a restart, as the guides say; EEPROM copies have their own names.
"""

from __future__ import annotations

from typing import Final

from ...devices.settings import Setting, boolean, integer, number, one_of, optional, text

LOWEST: Final = 6_000
HIGHEST: Final = 63_000
"""mA, of every current a client can set (0 is a stop)."""
LONGEST_FAILSAFE: Final = 600
SHORTEST_FAILSAFE: Final = 10


def current(value: object) -> object:
    """mA: 0 or 6000..63000."""
    checked = integer(0, HIGHEST)(value)
    if checked != 0 and isinstance(checked, int) and checked < LOWEST:
        raise ValueError("expected 0 or 6000..63000 mA")
    return checked


def timeout(value: object) -> object:
    """s: 0 or 10..600."""
    checked = integer(0, LONGEST_FAILSAFE)(value)
    if checked != 0 and isinstance(checked, int) and checked < SHORTEST_FAILSAFE:
        raise ValueError("expected 0 or 10..600 s")
    return checked


def tag(value: object) -> str:
    """A card as the reports show it: 16 lower-case hexadecimal digits, zeros behind a shorter number."""
    digits = str(value).replace(":", "").replace(" ", "").lower()
    if not digits or len(digits) > 16 or set(digits) - set("0123456789abcdef"):
        raise ValueError("expected up to 16 hexadecimal digits")
    return digits.ljust(16, "0")


def _tags(value: object) -> object:
    if not isinstance(value, list | tuple):
        raise ValueError("expected a list of cards")
    return [tag(item) for item in value]


def _sessions(value: object) -> object:
    if isinstance(value, list | tuple) and all(isinstance(item, dict) for item in value):
        return [dict(item) for item in value]
    raise ValueError("expected a list of sessions")


def _optional_boolean(value: object) -> object:
    return None if value is None else boolean(value)


CONTROLS: Final = (
    Setting(name="ena", default=True, check=boolean, persistent=False, about="Enable user"),
    Setting(name="curr", default=HIGHEST, check=current, persistent=False, about="Curr user, mA; 0: stop"),
    Setting(name="setenergy", default=0, check=integer(0, 999_999_999), persistent=False, about="0.1 Wh; 0: off"),
    Setting(name="failsafe_current", default=0, check=current, persistent=False, about="Curr FS, mA"),
    Setting(name="failsafe_timeout", default=0, check=timeout, persistent=False, about="Tmo FS, s; 0: off"),
    Setting(name="output", default=0, check=integer(0, 150), persistent=False, about="X2: 0, 1, or pulses per kWh"),
    Setting(name="x2", default=1, check=one_of(0, 1), persistent=False, about="0: one phase, 1: three"),
)

STORED: Final = (
    Setting(name="saved_failsafe_current", default=0, check=current, about="EEPROM"),
    Setting(name="saved_failsafe_timeout", default=0, check=timeout, about="EEPROM"),
    # ASSUMED: the source of phase switching survives a restart.
    Setting(name="x2src", default=0, check=integer(0, 4), about="0 none, 1 OCPP, 2 REST, 3 Modbus, 4 UDP"),
    Setting(name="whitelist", default=[], check=_tags, about="cards that may charge, hexadecimal"),
    Setting(name="authorisation", default=False, check=boolean, about="x-series and P40: a card is needed"),
    Setting(name="sessions", default=[], check=_sessions, about="session log, newest first"),
    Setting(name="session_counter", default=0, check=integer(0, 2**31 - 1), about="Session ID of the last session"),
)

HARDWARE: Final = (
    Setting(name="dsw1_1", default=False, check=boolean, about="DSW1.1: input X1 has to be closed to charge"),
    Setting(name="dsw1_2", default=False, check=boolean, about="DSW1.2: output X2 follows `output`"),
    Setting(name="dsw1_3", default=False, check=boolean, about="DSW1.3: UDP and Modbus are on"),
    Setting(
        name="dip_current",
        default=None,
        check=lambda value: None if value is None else one_of(10, 13, 16, 20, 25, 32)(value),
        about="A set with DSW1.6 to DSW1.8; null: the model's rated current",
    ),
    Setting(name="modbus_in_app", default=False, check=boolean, about="P40: Modbus is switched on in the app"),
    Setting(name="x1", default=False, check=boolean, about="input X1 is closed"),
    Setting(name="contactor_box", default=False, check=boolean, about="P30: S10 is fitted; P40 can switch by itself"),
    Setting(name="backend", default=False, check=boolean, about="OCPP backend connected"),
    Setting(name="time_quality", default=None, check=optional(integer(0, 3)), about="timeQ; null: by series"),
)

CHOICES: Final = (
    Setting(name="any_unit", default=False, check=boolean, about="Modbus answers to every unit id"),
    Setting(name="ignores_bad_values", default=False, check=boolean, about="Modbus confirms bad values without effect"),
    Setting(name="bad_read_exception", default=2, check=one_of(2, 4), about="to wrong addresses and lengths"),
    Setting(name="tag_exception", default=None, check=_optional_boolean, about="1500 fails without card; null: model"),
    Setting(name="idle_voltages", default=False, check=boolean, about="voltages are shown without charging as well"),
    Setting(name="phase_switch_state", default=2, check=one_of(2, 5), about="state 1000 while phases are switched"),
    Setting(name="phase_cooldown", default=300.0, check=number(0.0, 3600.0), about="s between two phase switches"),
    Setting(name="curr_sets_output", default=None, check=_optional_boolean, about="`curr` sets X2 to 1; null: model"),
    Setting(name="keeps_session_energy", default=False, check=boolean, about="E pres goes on when a car comes back"),
    Setting(name="suspended", default=False, check=boolean, persistent=False, about="stuck in state 5 until a restart"),
    Setting(
        name="modbus_moved",
        default=None,
        check=_optional_boolean,
        about="Modbus is on port 1502 and 502 hangs up; state false at the start where that is to change later",
    ),
    Setting(name="minimum_intervals", default=False, check=boolean, about="what comes too soon is lost"),
    Setting(name="udp_yields", default=False, check=boolean, about="no UDP for a minute after Modbus was used"),
    Setting(name="wifi_sleeps", default=False, check=boolean, about="answers only while a car is plugged in"),
    Setting(
        name="reply_to_source_port",
        default=None,
        check=_optional_boolean,
        about="UDP replies: false: to port 7090, true: to the port that asked, null: the latter for the box's own IP",
    ),
    Setting(name="broadcast_address", default=None, check=lambda v: None if v is None else text(15)(v), about="P20"),
)

SETTINGS: Final = (*CONTROLS, *STORED, *HARDWARE, *CHOICES)
