"""What a value has to be beyond its type.

The one rule: a rule is a pure function of the value; it gives the refusal, or None.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Final

from ...core.messages import Reason
from ...core.values import terse
from .refusals import Refusal, range_exceeded, too_long, wrong_type
from .values import CURRENTS, OBJECTS


@terse
class Rule:
    """One rule, and as far as JSON Schema can say it, what it adds to the schema of a value's type."""

    refusal: Callable[[object], Refusal | None]
    schema: Mapping[str, object] = field(default_factory=dict)

    def __call__(self, value: object) -> Refusal | None:
        return self.refusal(value)


def _rule(**schema: object) -> Callable[[Callable[[object], Refusal | None]], Rule]:
    return lambda refusal: Rule(refusal, schema)


_COLOUR: Final = re.compile(r"#[0-9A-Fa-f]{6}\Z")


def within(lowest: float, highest: float) -> Rule:
    """A number of the range; null passes (the type says whether null is allowed)."""

    @_rule(minimum=lowest, maximum=highest)
    def rule(value: object) -> Refusal | None:
        if not isinstance(value, int | float) or lowest <= value <= highest:
            return None
        return range_exceeded(value, lowest, highest)

    return rule


def at_least(lowest: float) -> Rule:
    @_rule(minimum=lowest)
    def rule(value: object) -> Refusal | None:
        if not isinstance(value, int | float) or value >= lowest:
            return None
        return Refusal(Reason.OUT_OF_RANGE, f"Value {value} is below {lowest:g}")  # ASSUMED wording

    return rule


def zero_or_within(lowest: float, highest: float) -> Rule:
    inner = within(lowest, highest)
    return Rule(lambda value: None if value == 0 else inner(value), {"minimum": 0, "maximum": highest})


def short(longest: int) -> Rule:
    """A text of at most `longest` bytes."""

    @_rule(maxLength=longest)
    def rule(value: object) -> Refusal | None:
        return too_long(longest) if isinstance(value, str) and len(value.encode()) > longest else None

    return rule


@_rule(pattern="^#[0-9A-Fa-f]{6}$", examples=["#FF8000"])
def colour(value: object) -> Refusal | None:
    """ASSUMED: the device refuses what is not `#RRGGBB` as a value of the wrong type."""
    return None if isinstance(value, str) and _COLOUR.match(value) else wrong_type("color")


@_rule(items={"type": "integer", "minimum": 6, "maximum": 32}, minItems=1, maxItems=5)
def presets(value: object) -> Refusal | None:
    """`clp`: 1 to 5 currents, ascending."""
    if not CURRENTS.fits(value) or not 1 <= len(value) <= 5:
        return wrong_type(CURRENTS.name)
    for step in value:
        if not 6 <= step <= 32:
            return range_exceeded(step, 6, 32)
    return None if value == sorted(value) else wrong_type(CURRENTS.name)


@_rule(examples=[[2, 3, 1]])
def rotation(value: object) -> Refusal | None:
    """`map`: which grid line feeds each of L1, L2, L3."""
    return None if CURRENTS.fits(value) and sorted(value) == [1, 2, 3] else wrong_type(CURRENTS.name)


@_rule(minItems=1, items={"type": "object", "properties": {"ssid": {"type": "string"}}, "required": ["ssid"]})
def networks(value: object) -> Refusal | None:
    """`wifis`: what the owner states has at least a name in every slot."""
    named = OBJECTS.fits(value) and value and all(isinstance(slot.get("ssid"), str) for slot in value)
    return None if named else wrong_type("array")
