"""When things of a log happened: one time for all boxes, also where the log has no stamps.

The one rule: a device's own clock is trusted more than a line's stamp, a stamp more than the order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from .asking import Ask
from .boxes import Box, Reading
from .meanings import number_of

CLOCKS: Final = {"rbt": 0.001, "v1.rbt": 0.001, "evse/low_level_state.uptime": 0.001, "report2.Sec": 1.0,
    "report3.Sec": 1.0, "Timestamp": 1.0}  # fmt: skip
"""Values that are the time since a box started, as factors to s."""
PACE: Final = 5.0
"""s between messages whose time nobody tells, where the second has to come after the first."""
LONGEST: Final = 30 * 86_400.0
"""Longest span of a log [s]."""


def timed(box: Box) -> None:
    """Give a time to everything of a box."""
    last = box.first
    if last is None:
        _by_order(box)
        return
    merged: list[Reading | Ask] = sorted([*box.readings, *box.asks], key=lambda one: one.line)
    readings: list[Reading] = []
    asks: list[Ask] = []
    for one in merged:
        at = one.at if one.at is not None else last
        last = at
        if isinstance(one, Reading):
            readings.append(replace(one, at=at))
        else:
            asks.append(replace(one, at=at))
    box.readings = sorted(readings, key=_when)
    box.asks = sorted(asks, key=_when)
    _within_bounds(box)


def together_in_time(boxes: Sequence[Box]) -> float:
    """When the log begins for all boxes; one whose clock is far away from the first one's begins with it."""
    firsts = [box.first for box in boxes if box.first is not None]
    if not firsts:
        return 0.0
    for box in boxes:
        off = (box.first or firsts[0]) - firsts[0]
        if abs(off) > LONGEST:
            box.readings = [replace(reading, at=(reading.at or 0.0) - off) for reading in box.readings]
            box.asks = [replace(ask, at=(ask.at or 0.0) - off) for ask in box.asks]
    return min(box.first for box in boxes if box.first is not None)


def _when(one: Reading | Ask) -> float:
    return one.at or 0.0


def _within_bounds(box: Box) -> None:
    """What is weeks away from the rest has a wrong stamp."""
    times = sorted([one.at or 0.0 for one in box.readings] + [one.at or 0.0 for one in box.asks])
    middle = times[len(times) // 2] if times else 0.0
    box.readings = [one for one in box.readings if abs((one.at or 0.0) - middle) < LONGEST]
    box.asks = [one for one in box.asks if abs((one.at or 0.0) - middle) < LONGEST]


def _by_order(box: Box) -> None:
    """By the clock of the box, or one step further whenever something comes again or is asked."""
    merged: list[Reading | Ask] = sorted([*box.readings, *box.asks], key=lambda one: one.line)
    clocks = {one.line: found for one in box.readings if (found := _clock(one)) is not None}
    middle = sorted(clocks.values())[len(clocks) // 2] if clocks else 0.0
    clocks = {line: told for line, told in clocks.items() if abs(told - middle) < LONGEST}
    base = min(clocks.values(), default=0.0)
    at = 0.0
    seen: dict[str, int] = {}
    readings: list[Reading] = []
    asks: list[Ask] = []
    for one in merged:
        if one.line in clocks:
            at = max(at, clocks[one.line] - base)
        elif isinstance(one, Ask) or seen.get(one.address, one.line) != one.line:
            at += PACE
            seen.clear()
        if isinstance(one, Reading):
            seen[one.address] = one.line
            readings.append(replace(one, at=at))
        else:
            asks.append(replace(one, at=at))
    box.readings, box.asks = readings, asks


def _clock(reading: Reading) -> float | None:
    factor = CLOCKS.get(reading.address)
    number = number_of(reading.value)
    return None if factor is None or number is None else number * factor


RESOLUTION: Final = 1.0
"""Of a stamp without fractions [s]."""


def looking_times(at: float, asks: Sequence[float], *, first_of: bool) -> tuple[float, ...]:
    """When to look for a reading with a stamp: anywhere within the stamp's second.

    `asks`: stamps of requests in the same second; `first_of`: the reading stood before them in the log.
    """
    whole = at == int(at)
    if whole and any(ask == at for ask in asks):
        return (at - 0.2,) if first_of else (at + 0.4, at + 0.9, at + 1.4)
    return (at + 0.01, at + 0.5, at + 1.0) if whole else (at + 0.01, at + 0.25, at + 1.0)
