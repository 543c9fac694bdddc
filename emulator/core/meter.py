"""The energy register, the session counted from it, and the marks somebody waits for.

The one rule: energy is added once per segment and never taken away, except what a power cut had not stored yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .events import Emit, EventName
from .flow import Flow
from .instant import Instant, later
from .units import WATT_HOUR

GRANULARITY: Final = WATT_HOUR
"""Energy that a power cut may lose [J]. ASSUMED: registers are stored in steps of 1 Wh."""


@dataclass(slots=True)
class _Mark:
    """A session energy somebody waits for [J]."""

    energy: float
    announced: bool = False


class Meter:
    """Counters at the start of the segment."""

    def __init__(self, total: float, session: float, emit: Emit) -> None:
        """`session`: energy of the last one [Wh]."""
        self.energy = total * WATT_HOUR
        """Lifetime register [J]."""
        self.session_base = self.energy - session * WATT_HOUR
        """Register when the session began [J]."""
        self.plugged_at: Instant | None = None
        self.charging_for = 0.0
        """Time with current flowing in this session [s]."""
        self.has_charged = False
        self.flowing = False
        """Charging current flows."""
        self._marks: dict[str, _Mark] = {}
        self._emit = emit

    @property
    def session(self) -> float:
        """Energy since the session began [J]."""
        return max(0.0, self.energy - self.session_base)

    def settle(self, flow: Flow, dt: float) -> None:
        self.energy += flow.energy(dt)
        if self.flowing:
            self.charging_for += dt

    def begin_session(self, at: Instant) -> None:
        self.session_base = self.energy
        self.charging_for = 0.0
        self.plugged_at = at
        self.has_charged = False
        for mark in self._marks.values():
            mark.announced = False

    def end_session(self) -> None:
        """The counters stay readable until the next session."""
        self.plugged_at = None

    def lose_power(self) -> None:
        """What was not stored yet is lost."""
        self.energy = self.energy // GRANULARITY * GRANULARITY
        self.session_base = min(self.session_base, self.energy)

    def note_current(self, flowing: bool) -> None:
        """Charging current begins or ends."""
        if flowing is self.flowing:
            return
        self.flowing = flowing
        self.has_charged = self.has_charged or flowing
        self._emit(EventName.CURRENT_STARTED if flowing else EventName.CURRENT_STOPPED)

    def mark(self, owner: str, energy: float | None) -> None:
        """Announce once when the session reaches `energy` Wh; None: no longer."""
        if energy is None:
            self._marks.pop(owner, None)
        else:
            self._marks[owner] = _Mark(energy * WATT_HOUR)

    def note_marks(self) -> None:
        """Announce the marks that are reached."""
        if self.plugged_at is None:
            return
        for owner, mark in self._marks.items():
            if not mark.announced and self.session >= mark.energy:
                mark.announced = True
                self._emit(EventName.ENERGY_REACHED, mark=owner, session_energy=self.session / WATT_HOUR)

    def next_due(self, at: Instant, flow: Flow) -> Instant | None:
        """When the next mark is reached."""
        waiting = [mark.energy for mark in self._marks.values() if not mark.announced]
        if not waiting or self.plugged_at is None:
            return None
        reached = flow.reaches_energy(min(waiting) - self.session)
        return None if reached is None else max(at + 1, later(at, reached))
