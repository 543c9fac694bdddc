"""The life of a fault: its states, and what moves it from one to the next."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a fault is in its life."""

    IDLE = "idle"
    """What it comes `after` has not happened yet."""
    ARMED = "armed"
    """It waits for its condition or its request."""
    IN_FORCE = "in force"
    PAUSED = "paused"
    """It has been in force, and may be again."""
    OVER = "over"


class Signal(StrEnum):
    """What moves a fault from one state to the next."""

    PRECEDED = "preceded"
    """What it comes `after` has happened, or there is no such thing."""
    TRIGGERED = "triggered"
    LAPSED = "lapsed"
    """Its time, its condition or its work is over, and it may come back."""
    ENDED = "ended"


TRANSITIONS: Final[Mapping[tuple[State, Signal], State]] = {
    (State.IDLE, Signal.PRECEDED): State.ARMED,
    (State.PAUSED, Signal.PRECEDED): State.ARMED,
    (State.ARMED, Signal.TRIGGERED): State.IN_FORCE,
    (State.PAUSED, Signal.TRIGGERED): State.IN_FORCE,
    (State.IN_FORCE, Signal.LAPSED): State.PAUSED,
    **{(state, Signal.ENDED): State.OVER for state in State if state is not State.OVER},
}
"""The life of every fault, physical or on the wire. What is not here does not happen."""
