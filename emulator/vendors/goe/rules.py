"""What a value has to be beyond its type.

The one rule: a rule is a pure function of the value; it gives the refusal, or None.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from ...core.messages import Reason
from .refusals import Refusal, range_exceeded, too_long, wrong_type
from .values import CURRENTS, OBJECTS

Rule = Callable[[object], Refusal | None]

_COLOUR: Final = re.compile(r"#[0-9A-Fa-f]{6}\Z")


def within(lowest: float, highest: float) -> Rule:
    """A number of the range; null passes (the type says whether null is allowed)."""

    def rule(value: object) -> Refusal | None:
        if not isinstance(value, int | float) or lowest <= value <= highest:
            return None
        return range_exceeded(value, lowest, highest)

    return rule


def at_least(lowest: float) -> Rule:
    def rule(value: object) -> Refusal | None:
        if not isinstance(value, int | float) or value >= lowest:
            return None
        return Refusal(Reason.OUT_OF_RANGE, f"Value {value} is below {lowest:g}")  # ASSUMED wording

    return rule


def zero_or_within(lowest: float, highest: float) -> Rule:
    inner = within(lowest, highest)
    return lambda value: None if value == 0 else inner(value)


def short(longest: int) -> Rule:
    """A text of at most `longest` bytes."""

    def rule(value: object) -> Refusal | None:
        return too_long(longest) if isinstance(value, str) and len(value.encode()) > longest else None

    return rule


def colour(value: object) -> Refusal | None:
    """ASSUMED: the device refuses what is not `#RRGGBB` as a value of the wrong type."""
    return None if isinstance(value, str) and _COLOUR.match(value) else wrong_type("color")


def presets(value: object) -> Refusal | None:
    """`clp`: 1 to 5 currents, ascending."""
    if not CURRENTS.fits(value) or not 1 <= len(value) <= 5:
        return wrong_type(CURRENTS.name)
    for step in value:
        if not 6 <= step <= 32:
            return range_exceeded(step, 6, 32)
    return None if value == sorted(value) else wrong_type(CURRENTS.name)


def rotation(value: object) -> Refusal | None:
    """`map`: which grid line feeds each of L1, L2, L3."""
    return None if CURRENTS.fits(value) and sorted(value) == [1, 2, 3] else wrong_type(CURRENTS.name)


def networks(value: object) -> Refusal | None:
    """`wifis`: what the owner states has at least a name in every slot."""
    named = OBJECTS.fits(value) and value and all(isinstance(slot.get("ssid"), str) for slot in value)
    return None if named else wrong_type("array")
