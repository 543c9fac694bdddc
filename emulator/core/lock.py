"""The lock of a socket's connector.

The one rule: while the contactor is closed it stays closed, whatever anybody asks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from .deadlines import Deadlines
from .instant import Instant
from .snapshot import LockState

Policy = Literal["normal", "auto_unlock", "always"]
TRIES: Final = 3
TRY: Final = 2.0
"""s the motor gets for one try. ASSUMED."""


class Lock:
    """Motor, feedback, and the tries it gets."""

    def __init__(self, duration: float) -> None:
        self.state = LockState.OPEN
        self.policy: Policy = "normal"
        self.failed = False
        self.forced_open = False
        """The owner asked to unlock; forgotten when the vehicle leaves."""
        self._duration = duration
        self.due = Deadlines()

    @property
    def closed(self) -> bool:
        return self.state is LockState.CLOSED

    def step(
        self, at: Instant, wanted: bool, stuck: Literal["open", "closed"] | None, emit: Callable[..., None]
    ) -> bool:
        """Move towards `wanted`; whether the state changed."""
        before = self.state
        goal = LockState.CLOSED if wanted else LockState.OPEN
        moving = LockState.CLOSING if wanted else LockState.OPENING
        if stuck is None:
            self.failed = False
        if self.state is goal:
            self.due.clear_all()
        elif self.state is not moving and not self.failed:
            self.state = moving
            self.due.clear_all()
            self.due.set("done", at, self._duration)
            self.due.set("failed", at, TRIES * TRY)
        elif self.due.passed("done", at) and stuck != ("open" if wanted else "closed"):
            self.state = goal
            self.due.clear_all()
        elif self.due.take("failed", at):
            self.state = LockState.ERROR
            self.failed = True
        if self.state is before:
            return False
        emit("lock_changed", **{"from": str(before), "to": str(self.state)})
        return True
