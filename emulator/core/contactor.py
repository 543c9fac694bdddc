"""The contactor: what is commanded, and what the contacts do.

The one rule: contacts that are still opening are the ones that were closed, whatever the poles are set for by now.
"""

from __future__ import annotations

from typing import Final

from .faults import Conditions
from .instant import Instant, later
from .snapshot import PhaseMask

UNDER_LOAD: Final = 1.0
"""Current above which opening counts as under load [A]."""
NO_POLES: Final[PhaseMask] = (False, False, False)


class Contactor:
    """One contactor with a pole per phase."""

    def __init__(self, delay: float, *, cycles: int = 0, under_load: int = 0) -> None:
        self.closed = False
        """Commanded."""
        self.cycles = cycles
        self.cycles_under_load = under_load
        self._delay = delay
        self._opening = NO_POLES
        self._open_at: Instant | None = None

    def close(self) -> None:
        self.closed = True
        self.cycles += 1
        self._opening, self._open_at = NO_POLES, None

    def open(self, at: Instant, poles: PhaseMask, conditions: Conditions, current: float) -> bool:
        """Command it open; the contacts follow. Returns whether that was under load."""
        self.closed = False
        self._opening = NO_POLES if conditions.contactor_dead else poles
        self._open_at = later(at, self._delay)
        under_load = current > UNDER_LOAD
        self.cycles_under_load += under_load
        return under_load

    def drop(self) -> None:
        """The coil has lost its supply: open at once."""
        self.closed = False
        self._opening, self._open_at = NO_POLES, None

    def settle(self, at: Instant) -> None:
        """Forget contacts that have opened by now."""
        if self._open_at is not None and self._open_at <= at:
            self._opening, self._open_at = NO_POLES, None

    def conducting(self, at: Instant, poles: PhaseMask, conditions: Conditions) -> PhaseMask:
        """Poles that conduct: commanded, still opening, or welded."""
        if self.closed:
            now = NO_POLES if conditions.contactor_dead else poles
        else:
            now = self._opening if self._open_at is not None and self._open_at > at else NO_POLES
        stuck = conditions.welded
        return (now[0] or stuck[0], now[1] or stuck[1], now[2] or stuck[2])

    def next_due(self, at: Instant) -> Instant | None:
        return self._open_at if self._open_at is not None and self._open_at > at else None
