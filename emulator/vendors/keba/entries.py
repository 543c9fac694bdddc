"""One ended session, as the log keeps it and reports 100 to 130 tell it.

The one rule: the names are the report's, in its order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypedDict

from ...devices.settings import integer, takes, text

NO_TAG: Final = "0" * 16
NO_CLASS: Final = "0" * 20

Entry = TypedDict(
    "Entry",
    {
        "Session ID": int,
        "Curr HW": int,
        "E start": int,
        "E pres": int,
        "started[s]": int,
        "ended[s]": int,
        "started": str,
        "ended": str,
        "reason": int,
        "timeQ": int,
        "RFID tag": str,
        "RFID class": str,
    },
)

EMPTY: Final[Entry] = {
    "Session ID": -1,  # ASSUMED: -1; 0 is possible as well
    "Curr HW": 0,
    "E start": 0,
    "E pres": 0,
    "started[s]": 0,
    "ended[s]": 0,
    "started": "0",
    "ended": "0",
    "reason": 0,
    "timeQ": 0,
    "RFID tag": NO_TAG,
    "RFID class": NO_CLASS,
}
"""A slot that was never used."""
TEXTS: Final = tuple(name for name, value in EMPTY.items() if isinstance(value, str))

_number: Final = integer(-1, 2**63)
_word: Final = text(64)


_SHAPE: Final = {
    "type": "object",
    "properties": {name: {"type": "string" if name in TEXTS else "integer"} for name in EMPTY},
    "required": [*EMPTY],
    "additionalProperties": False,
}


@takes(_SHAPE)
def entry(value: object) -> Entry:
    """An entry as a state file has it."""
    if not isinstance(value, Mapping) or set(value) != set(EMPTY):
        raise ValueError("expected sessions as in report 101")
    return {
        "Session ID": _number(value["Session ID"]),
        "Curr HW": _number(value["Curr HW"]),
        "E start": _number(value["E start"]),
        "E pres": _number(value["E pres"]),
        "started[s]": _number(value["started[s]"]),
        "ended[s]": _number(value["ended[s]"]),
        "started": _word(value["started"]),
        "ended": _word(value["ended"]),
        "reason": _number(value["reason"]),
        "timeQ": _number(value["timeQ"]),
        "RFID tag": _word(value["RFID tag"]),
        "RFID class": _word(value["RFID class"]),
    }
