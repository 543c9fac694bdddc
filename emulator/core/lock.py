"""The lock of a socket's connector.

The one rule: it moves where it is wanted and reports an error if it cannot; who wants it where is decided elsewhere.
"""

from __future__ import annotations

from typing import Final, Literal

from .deadlines import Deadlines
from .events import Emit, EventName
from .instant import Instant
from .states import LockState

Policy = Literal["normal", "auto_unlock", "always"]
Stuck = Literal["open", "closed"]
TRIES: Final = 3
TRY: Final = 2.0
"""Time the motor gets for one try [s]. ASSUMED."""


class Lock:
    """Motor, feedback, and the tries it gets."""

    def __init__(self, duration: float, emit: Emit, *, opens_on_outage: bool = False) -> None:
        self.state = LockState.OPEN
        self.policy: Policy = "normal"
        self.failed = False
        """It did not get where it is wanted; tried again once it is wanted elsewhere, or moves freely again."""
        self.opens_on_outage = opens_on_outage
        """Stored energy unlocks it when the supply is lost."""
        self.forced_open = False
        """The owner asked to unlock; forgotten when a vehicle comes or leaves."""
        self.released = False
        """Stored energy opened it in an outage, and it has not moved since."""
        self.due = Deadlines()
        self._duration = duration
        self._emit = emit
        self._goal = LockState.OPEN

    @property
    def closed(self) -> bool:
        return self.state is LockState.CLOSED

    @property
    def holds(self) -> bool:
        """A loose cable cannot be pulled out, nor is it let go when the vehicle leaves."""
        return self.closed and self.policy == "always" and not self.forced_open

    def set_policy(self, policy: Policy | Literal["open"], on_outage: bool | None) -> None:
        """Take over the firmware's policy; `open` unlocks once. `on_outage` None: as before."""
        if on_outage is not None:
            self.opens_on_outage = on_outage
        if policy == "open":
            self.forced_open = True
        else:
            self.policy = policy

    def step(self, at: Instant, wanted: bool, stuck: Stuck | None) -> bool:
        """Move towards `wanted`; whether the state changed."""
        goal = LockState.CLOSED if wanted else LockState.OPEN
        if stuck is None or goal is not self._goal:
            self.failed = False
        self._goal = goal
        if self.state is goal:
            self.due.clear_all()
            return False
        moving = LockState.CLOSING if wanted else LockState.OPENING
        if self.failed:
            return False
        if self.state is not moving:
            self.due.set("done", at, self._duration)
            self.due.set("failed", at, TRIES * TRY)
            return self._enter(moving)
        if self.due.passed("done", at) and stuck != ("open" if wanted else "closed"):
            self.due.clear_all()
            return self._enter(goal)
        if self.due.take("failed", at):
            self.due.clear_all()
            self.failed = True
            return self._enter(LockState.ERROR)
        return False

    def release(self, stuck: Stuck | None) -> None:
        """Stored energy opens it when the supply is lost."""
        self.due.clear_all()
        if self.state is not LockState.OPEN and stuck != "closed":
            self._enter(LockState.OPEN)
            self.released = True

    def _enter(self, state: LockState) -> bool:
        self._emit(EventName.LOCK_CHANGED, **{"from": str(self.state), "to": str(state)})
        self.state = state
        self.released = False
        return True
