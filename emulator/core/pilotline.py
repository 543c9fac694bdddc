"""The EVSE's end of the control pilot: its output, interruptions of it, and the state read from it.

The one rule: while the output is interrupted or at -12 V, and shortly after, the state is not evaluated: the last one
holds, and an unplug is seen only afterwards.
"""

from __future__ import annotations

from typing import Literal

from . import pilot
from .deadlines import Deadlines
from .events import Emit, EventName
from .instant import Instant, later
from .states import PilotState

Interruption = Literal["open", "f"]


class PilotLine:
    """Pilot output and evaluation."""

    def __init__(self, settle: float, emit: Emit) -> None:
        self.state = PilotState.A
        """As evaluated last."""
        self.interruption: Interruption | None = None
        """The output is cut, or at -12 V."""
        self.asked: dict[str, Interruption] = {}
        """Interruptions by owner."""
        self.due = Deadlines()
        self._settle = settle
        self._valid_at: Instant = 0
        self._emit = emit

    def interrupt(self, owner: str, at: Instant, duration: float | None, mode: Interruption) -> None:
        """Begin an interruption; it ends by itself after `duration` s."""
        self.asked[owner] = mode
        self.due.clear(owner)
        if duration is not None:
            self.due.set(owner, at, duration)

    def restore(self, owner: str) -> None:
        self.asked.pop(owner, None)
        self.due.clear(owner)

    def reset(self) -> None:
        """Memory is lost: nobody asks for anything."""
        self.asked.clear()
        self.due.clear_all()
        if self.interruption is not None:
            self.interruption = None
            self._emit(EventName.PILOT_RESTORED)

    def drive(self, at: Instant, forced: Interruption | None) -> bool:
        """Bring the output where `forced` (by a sequence of the EVSE) or the owners want it; whether it changed."""
        for owner in tuple(self.asked):
            if self.due.passed(owner, at):
                self.restore(owner)
        wanted = forced if forced is not None else next(iter(self.asked.values()), None)
        if wanted == self.interruption:
            return False
        self.interruption = wanted
        if wanted is None:
            self._valid_at = later(at, self._settle)
            self._emit(EventName.PILOT_RESTORED)
        else:
            self._emit(EventName.PILOT_INTERRUPTED, mode=wanted)
        return True

    def evaluate(self, at: Instant, resistance: float | None, stuck_at_f: bool) -> bool:
        """Read the state of a line with `resistance` ohm on it; whether it changed."""
        if self.interruption is not None or self._valid_at > at:
            return False
        if stuck_at_f:
            return self.read(PilotState.F)
        return self.read(pilot.classify(resistance, self.state))

    def read(self, state: PilotState) -> bool:
        """Take `state` as read; whether that is a change."""
        if state is self.state:
            return False
        self._emit(EventName.PILOT_CHANGED, **{"from": str(self.state), "to": str(state)})
        self.state = state
        return True

    def next_due(self, at: Instant) -> Instant | None:
        """When an interruption ends, or the state becomes valid again."""
        ends = self.due.next(at)
        if self._valid_at <= at:
            return ends
        return self._valid_at if ends is None else min(ends, self._valid_at)
