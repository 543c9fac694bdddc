"""The three charging schedules: weekdays, Saturday, Sunday.

The one rule: a schedule is a pure function of local time; when its answer changes next is computed, never polled.
Source: go-e apikeys, "sch_week"; firmware list 59.4 for controls 3 and 4; changelog 60.4 for the exclusive end.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum, IntEnum
from typing import Final, NotRequired, TypedDict, TypeGuard

from .refusals import Refusal, range_exceeded
from .rules import Rule
from .values import JsonType

Schema = Mapping[str, object]
_DAY_END: Final = 24 * 3600
_LOOK_AHEAD: Final = 8
"""Days searched for the next change: a week and the day it began."""


class Control(IntEnum):
    OFF = 0
    ALLOW_INSIDE = 1
    BLOCK_INSIDE = 2
    GRID_INSIDE = 3
    """Grid power inside, surplus only outside."""
    NO_GRID_INSIDE = 4
    """Surplus only inside."""


class Verdict(Enum):
    """What the schedules say now."""

    SILENT = "silent"
    ALLOW = "allow"
    BLOCK = "block"
    SURPLUS_ONLY = "surplus_only"
    """Blocked, unless the energy comes from the sun."""


_VERDICTS: Final[dict[int, tuple[Verdict, Verdict]]] = {
    Control.OFF: (Verdict.SILENT, Verdict.SILENT),
    Control.ALLOW_INSIDE: (Verdict.ALLOW, Verdict.BLOCK),
    Control.BLOCK_INSIDE: (Verdict.BLOCK, Verdict.ALLOW),
    Control.GRID_INSIDE: (Verdict.ALLOW, Verdict.SURPLUS_ONLY),
    Control.NO_GRID_INSIDE: (Verdict.SURPLUS_ONLY, Verdict.ALLOW),
}
"""By control: inside a range, outside all of them."""


class Moment(TypedDict):
    """A time of day. The `second` is left out where it is zero."""

    hour: int
    minute: int
    second: NotRequired[int]


class Range(TypedDict):
    begin: Moment
    end: Moment


class Plan(TypedDict):
    """A schedule as it is stored."""

    control: int
    ranges: list[Range]


RANGES: Final = 2
"""At least; a schedule has as many on most wallboxes."""
MOST_RANGES: Final = 10
"""Of a PRO from 60.5 on. ASSUMED: the number; the change log says more than two."""
_UNUSED: Final[Range] = {"begin": {"hour": 0, "minute": 0}, "end": {"hour": 0, "minute": 0}}
EMPTY: Final[Plan] = {"control": 0, "ranges": [_UNUSED, _UNUSED]}


def _clock(moment: Moment) -> int:
    return moment["hour"] * 3600 + moment["minute"] * 60 + moment.get("second", 0)


def spans(plan: Plan, *, end_exclusive: bool) -> list[tuple[int, int]]:
    """The used ranges in seconds of the day, end not included; one over midnight is two.

    Before 60.4 the minute of the end still belonged to the range. ASSUMED: a range that ends before it begins goes on
    to the end of the day and covers its beginning.
    """
    found: list[tuple[int, int]] = []
    for entry in plan["ranges"]:
        begin, end = _clock(entry["begin"]), _clock(entry["end"])
        if begin == 0 and end == 0:
            continue
        stop = min(_DAY_END, end if end_exclusive else end + 60)
        if begin < stop:
            found.append((begin, stop))
        else:
            found += [(begin, _DAY_END), (0, stop)]
    return found


def _second(local: datetime) -> int:
    return local.hour * 3600 + local.minute * 60 + local.second


class Calendar:
    """The three schedules of a wallbox."""

    def __init__(self, week: Plan, saturday: Plan, sunday: Plan, *, end_exclusive: bool) -> None:
        self._plans = (week, week, week, week, week, saturday, sunday)
        self._spans = [spans(plan, end_exclusive=end_exclusive) for plan in self._plans]

    @property
    def used(self) -> bool:
        return any(plan["control"] != Control.OFF for plan in self._plans)

    def verdict(self, local: datetime) -> Verdict:
        day, now = local.weekday(), _second(local)
        inside, outside = _VERDICTS[self._plans[day]["control"]]
        return inside if any(begin <= now < end for begin, end in self._spans[day]) else outside

    def next_change(self, local: datetime) -> datetime | None:
        """The first moment after `local` (in local time) at which the verdict differs; None: not within a week."""
        if not self.used:
            return None
        now = self.verdict(local)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        for ahead in range(_LOOK_AHEAD):
            day = midnight + timedelta(days=ahead)
            edges = {0} | {edge for span in self._spans[day.weekday()] for edge in span if edge < _DAY_END}
            for edge in sorted(edges):
                moment = day + timedelta(seconds=edge)
                if moment > local and self.verdict(moment) is not now:
                    return moment
        return None


def _is_plan(value: object) -> TypeGuard[Plan]:
    """Whether `value` is a schedule a client may write, but for its control."""
    if not isinstance(value, dict) or not isinstance(value.get("control"), int) or isinstance(value["control"], bool):
        return False
    entries = value.get("ranges")
    return isinstance(entries, list) and 1 <= len(entries) <= MOST_RANGES and all(map(_is_range, entries))


def _is_range(entry: object) -> bool:
    return isinstance(entry, dict) and _is_moment(entry.get("begin")) and _is_moment(entry.get("end"))


def _is_moment(moment: object) -> bool:
    if not isinstance(moment, dict) or not {"hour", "minute"} <= moment.keys():
        return False
    parts = [moment["hour"], moment["minute"], moment.get("second", 0)]
    if not all(isinstance(part, int) and not isinstance(part, bool) for part in parts):
        return False
    hour, minute, second = parts
    if hour == 24:  # ASSUMED: the end of the day may be written so
        return bool(minute == 0 and second == 0)
    return bool(0 <= hour <= 23 and 0 <= minute <= 59 and 0 <= second <= 59)


def _whole(lowest: int, highest: int) -> Schema:
    return {"type": "integer", "minimum": lowest, "maximum": highest}


def _object(required: tuple[str, ...], **members: Schema) -> Schema:
    return {"type": "object", "properties": members, "required": list(required)}


_MOMENT: Final = _object(("hour", "minute"), hour=_whole(0, 24), minute=_whole(0, 59), second=_whole(0, 59))
_RANGE: Final = _object(("begin", "end"), begin=_MOMENT, end=_MOMENT)
_RANGES: Final = {"type": "array", "items": _RANGE, "minItems": 1, "maxItems": MOST_RANGES}
PLAN: Final = JsonType(
    "object",
    _is_plan,
    schema=_object(("control", "ranges"), control=_whole(0, max(Control)), ranges=_RANGES),
)


def controls(highest: int) -> Rule:
    """A schedule whose control the firmware knows."""

    def refusal(value: object) -> Refusal | None:
        if not PLAN.fits(value) or 0 <= value["control"] <= highest:
            return None
        return range_exceeded(value["control"], 0, highest)

    return Rule(refusal)


def normalised(value: Plan) -> Plan:
    """A written schedule as it is stored: all ranges there, seconds dropped where they are zero."""
    entries: list[Range] = [{"begin": _moment(e["begin"]), "end": _moment(e["end"])} for e in value["ranges"]]
    return {"control": value["control"], "ranges": entries + [_UNUSED] * (RANGES - len(entries))}


def _moment(moment: Moment) -> Moment:
    kept: Moment = {"hour": moment["hour"], "minute": moment["minute"]}
    if second := moment.get("second"):
        kept["second"] = second
    return kept


def with_seconds(plan: Plan) -> Plan:
    """A schedule as firmware from 60 on shows it. Source: captured replies."""
    full: list[Range] = [{"begin": _full(entry["begin"]), "end": _full(entry["end"])} for entry in plan["ranges"]]
    return {"control": plan["control"], "ranges": full}


def _full(moment: Moment) -> Moment:
    return {"hour": moment["hour"], "minute": moment["minute"], "second": moment.get("second", 0)}
