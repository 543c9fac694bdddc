"""What the box stores: one setting for every stored key, and a few that only the emulator's user sees.

The one rule: a key's setting stands on the key's row; here is only what no key shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...devices.settings import Setting, boolean, integer, one_of, text
from .keys import KEYS


def _cards(value: object) -> object:
    """Slots in the API's written form: `[{"name": "Anna", "rfid": "04a1b2c3"}]`."""
    if not isinstance(value, list | tuple) or len(value) > 10:
        raise ValueError("expected a list of at most 10 cards")
    for entry in value:
        if not isinstance(entry, Mapping) or not set(entry) <= {"name", "energy", "rfid"}:
            raise ValueError("expected cards with name, energy and rfid")
    return list(value)


def _group_current(value: object) -> object:
    """A number of amperes, or the object the API shows."""
    amperes = value.get("amp") if isinstance(value, Mapping) else value
    if isinstance(amperes, bool) or not isinstance(amperes, int) or amperes < 0:
        raise ValueError("expected a current in whole amperes")
    return {"amp": amperes, "ts": 0}


_EXTRA: Final = (
    Setting(name="bac", default=3, check=integer(0, 3), about="button may change the current: 0 never to 3 always"),
    Setting(name="sdp", default=0, check=integer(0, 3), about="button may change the force state: 0 never to 3 always"),
    Setting(name="lot", default={"amp": 32, "ts": 0}, check=_group_current, about="current of the load group, A"),
    Setting(name="all_seed_keys", default=False, check=boolean, about="serve every key of the API keys table"),
    Setting(
        name="err_table",
        default="firmware",
        check=one_of("firmware", "old", "new"),
        about="numbering of err: as the firmware, or always the one before or since 59.4",
    ),
    Setting(
        name="unknown_key_status",
        default=None,
        check=lambda value: None if value is None else one_of(200, 400)(value),
        about="HTTP status for unknown keys in a filter: 200 or 400; null: as the model",
    ),
    Setting(name="password", default="", check=text(64), about="password of app and web socket"),
    Setting(
        name="websocket_hash",
        default=None,
        check=lambda value: None if value is None else one_of("pbkdf2", "bcrypt")(value),
        about="hash of the web socket's log-in; null: as the model",
    ),
    Setting(
        name="websocket_format",
        default="text",
        check=one_of("text", "msgpack", "msgpack_after_zero"),
        about="frames the web socket sends: JSON text, MessagePack, or MessagePack behind a zero byte",
    ),
    Setting(name="aho", default=2, check=integer(0, 24), about="API v1 and Modbus: hours of cheap charging"),
    Setting(name="v1_dwo", default=0, check=integer(0, 2**31 - 1), about="API v1: the last energy limit, 0.1 kWh"),
    Setting(name="rbc", default=1, check=integer(0, 2**32 - 1), about="restarts so far"),
    Setting(name="clock_error", default=0, check=integer(-(2**62), 2**62), about="µs the clock is ahead"),
    Setting(name="cards", default=(), check=_cards, about="card slots, written as over the API"),
)


def _rows() -> tuple[Setting, ...]:
    """Where versions differ, the newest row's setting counts."""
    rows = {key.setting.name: key.setting for key in KEYS if key.setting is not None}
    return tuple({**rows, **{setting.name: setting for setting in _EXTRA}}.values())


SETTINGS: Final[tuple[Setting, ...]] = _rows()
