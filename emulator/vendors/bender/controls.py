"""What a Modbus client can set: one row each.

The one rule: every number that a register can hold is taken and read back; what it comes to is the logic's business.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ...core.messages import Outcome, Reason
from ...devices.controls import Control
from ...devices.interfaces import Origin
from .logic import Logic
from .settings import (
    ADDRESS_OFFSET,
    AVAILABLE,
    COMMUNICATION_TIMEOUT,
    DLM_OPERATOR,
    HEMS_CURRENT,
    HEMS_POWER,
    HEMS_TENTHS,
    SAFE_CURRENT,
)

Write = Callable[[Logic, object, Origin], Outcome]
NOT_A_SWITCH: Final = Outcome(refused=Reason.OUT_OF_RANGE, message="0 or 1")


def _forget_tenths(logic: Logic, _old: int | None, _new: int | None) -> None:
    """The last word counts, in A or in 0.1 A."""
    logic.settings.put(HEMS_TENTHS, None)


CURRENT: Final = Control[Logic, int | None](setting=HEMS_CURRENT, effect=_forget_tenths)
TENTHS: Final = Control[Logic, int | None](setting=HEMS_TENTHS)
"""Source: evcc's first "enable" writes 6, which is 0.6 A; ASSUMED: accepted, a pause."""
POWER: Final = Control[Logic, int](setting=HEMS_POWER)
SAFE: Final = Control[Logic, int](setting=SAFE_CURRENT)
TIMEOUT: Final = Control[Logic, int](setting=COMMUNICATION_TIMEOUT)
OFFSET: Final = Control[Logic, int](setting=ADDRESS_OFFSET)
OPERATOR_LIMITS: Final = tuple(Control[Logic, int](setting=setting) for setting in DLM_OPERATOR)
"""By phase."""


def available(logic: Logic, value: object, origin: Origin) -> Outcome:
    """1: available."""
    return AVAILABILITY.write(logic, bool(value), origin) if value in (0, 1) else NOT_A_SWITCH


def unavailable(logic: Logic, value: object, origin: Origin) -> Outcome:
    """0: available, as old firmwares have it."""
    return AVAILABILITY.write(logic, not value, origin) if value in (0, 1) else NOT_A_SWITCH


AVAILABILITY: Final = Control[Logic, bool](setting=AVAILABLE)


def authorise(index: int) -> Write:
    """Two characters of a user id."""

    def write(logic: Logic, value: object, origin: Origin) -> Outcome:
        assert isinstance(value, int)
        return logic.user_id.write(index, value, origin)

    return write
