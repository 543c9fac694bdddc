"""The button at the box.

The one rule: what a press may do is said by `bac` and `sdp`. ASSUMED: a short press steps to the next preset current,
a long one switches charging off and on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from ...core.messages import DONE, Outcome
from .memory import Car
from .models import WITH_LOCK

if TYPE_CHECKING:
    from .wallbox import Goe

LONG: Final = 2.0
"""s"""
NEVER, NOT_CONNECTED, NOT_CHARGING, ALWAYS = range(4)
"""`bac` and `sdp`: never, not while connected, not while charging, always."""


def press(box: Goe, duration: float) -> Outcome:
    """The button is held for `duration` s."""
    if box.profile.model.id not in WITH_LOCK:
        return Outcome(detail={"ignored": "no button"})
    at = box.simulation.now()
    if not box.up:
        return Outcome(detail={"ignored": "no power"})
    if duration >= LONG:
        box.logic.memory.long_button = at
        if _may(box, "sdp"):
            box.settings.put("frc", 0 if box.settings["frc"] == 1 else 1)
    else:
        box.logic.memory.button = at
        if _may(box, "bac"):
            box.settings.put("amp", _next_current(box))
    box.changed()
    return DONE


def _may(box: Goe, key: str) -> bool:
    permission, car = box.settings.integer(key), box.logic.memory.car
    if permission == NOT_CONNECTED:
        return car is Car.IDLE
    if permission == NOT_CHARGING:
        return car is not Car.CHARGING
    return permission == ALWAYS


def _next_current(box: Goe) -> int:
    """The next preset above the present current, or the first."""
    now, highest = box.settings.integer("amp"), box.installed_limit()
    steps = [step for step in cast("list[int]", box.settings["clp"]) if step <= highest]
    return next((step for step in steps if step > now), steps[0] if steps else now)
