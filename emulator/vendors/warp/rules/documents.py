"""Triggers and actions of automation rules: their documents, which generation has which, and what fits.

The one rule: schemas and pure functions. Source: Tinkerforge esp32-firmware, `modules/automation`.
"""

from __future__ import annotations

import calendar
from datetime import datetime
from typing import Final

from ..api.bricklets import LED
from ..api.documents import Doc
from ..api.schema import BOOL, I32, NULL, U8, U16, U32, Int, Schema, Str, sint, uint
from ..api.shapes import Obj, obj

WILD: Final = ("#", "+")
_MODE: Final = obj(mode=uint(0, 9, width=8))
_TAG: Final = {"tag_type": uint(0, 6, width=8), "tag_id": Str(0, 29)}
_CLOSED: Final = obj(closed=BOOL)

TRIGGERS: Final[dict[int, Schema]] = {
    0: NULL,
    1: obj(
        mday=sint(-1, 32, -1, width=8), wday=sint(-1, 9, -1, width=8), hour=sint(-1, 23, -1, width=8),
        minute=sint(-1, 59, -1, width=8),
    ),
    2: obj(old_charger_state=sint(-1, 4, -1, width=8), new_charger_state=sint(-1, 4, -1, width=8)),
    3: obj(topic_filter=Str(0, 32), payload=Str(0, 32), retain=BOOL, use_prefix=BOOL),
    4: NULL,
    5: Obj(_TAG),
    6: NULL,
    7: _CLOSED,
    8: _CLOSED,
    9: NULL,
    10: NULL,
    11: NULL,
    16: obj(power_available=BOOL),
    17: obj(drawing_power=BOOL),
    18: obj(method=uint(0, 4, width=8), url_suffix=Str(0, 32), payload=Str(0, 32)),
    20: obj(type=uint(0, 1, width=8), comparison=uint(0, 1, width=8), value=I32),
}  # fmt: skip
_LIMITS: Final = {"restart": BOOL, "duration": sint(-1, 10, -1, width=8), "energy_wh": Int(52, True, value=-1)}
ACTIONS: Final[dict[int, Schema]] = {
    0: NULL,
    1: obj(message=Str(0, 64)),
    2: obj(topic=Str(0, 32), payload=Str(0, 32), retain=BOOL, use_prefix=BOOL),
    3: obj(current=U16),
    4: LED,
    5: obj(meter_slot=uint(0, 4, width=8)),
    6: obj(current=U32),
    7: Obj(_TAG | {"action": uint(0, 2, width=8)}),
    8: Obj(_LIMITS),
    9: _CLOSED,
    11: obj(phases_wanted=U8),
    12: _MODE,
    14: obj(current=sint(-1, 524287)),
    17: _MODE,
}
_NOT_ON_1: Final = {4, 7, 8, 20}
ENABLED_TRIGGERS: Final = (1, 2, 4, 5, 6, 7, 8, 9, 18, 20)
ENABLED_ACTIONS: Final = (1, 3, 4, 5, 7, 8, 9, 14)
TRIGGER_ORDER: Final = (3, 1, 2, 4, 6, 7, 8, 9, 18, 20, 11, 10, 17, 5)
ACTION_ORDER: Final = (17, 2, 1, 3, 4, 5, 8, 9, 14, 6, 12, 11, 7)
"""In which they are enabled: module by module as the firmware starts them."""
METHODS: Final = {0: ("GET",), 1: ("POST",), 2: ("PUT",), 3: ("POST", "PUT"), 4: ("GET", "POST", "PUT")}


def triggers_of(generation: int) -> dict[int, Schema]:
    gone = _NOT_ON_1 if generation == 1 else {8} if generation >= 3 else set()
    return {tag: schema for tag, schema in TRIGGERS.items() if tag not in gone}


def actions_of(generation: int) -> dict[int, Schema]:
    found = {tag: schema for tag, schema in ACTIONS.items() if tag != 9 or generation == 2}
    if generation == 4:
        found[8] = Obj(_LIMITS | {"soc_pct": sint(-1, 100, -1, width=8)})
    return found


def due(rule: Doc, now: datetime) -> bool:
    """Whether a cron trigger fits the minute that has just begun."""
    if rule["hour"] not in (-1, now.hour) or rule["minute"] not in (-1, now.minute):
        return False
    wday, mday, today = rule.integer("wday"), rule["mday"], now.isoweekday() % 7
    if wday == -1:
        last = calendar.monthrange(now.year, now.month)[1]
        return mday in (-1, 0, now.day) or (mday == 32 and now.day == last)
    if wday == 8:
        return 1 <= today <= 5
    if wday == 9:
        return today in (0, 6)
    return wday % 7 == today


def wrong_topic(topic: str, prefix: str, *, use_prefix: bool, wildcards: bool) -> str | None:
    """What is wrong with a topic of a rule. `prefix`: of all topics of the wallbox."""
    if not use_prefix and prefix and topic.startswith(prefix):
        return "MQTT topic must not contain the global prefix."
    if not wildcards:
        return "MQTT topic must not contain wildcards." if any(w in topic for w in WILD) else None
    levels = topic.split("/")
    for index, level in enumerate(levels):
        alone = level in WILD
        if any(w in level for w in WILD) and (not alone or (level == "#" and index < len(levels) - 1)):
            return "Invalid use of wildcards in topic."
    return None
