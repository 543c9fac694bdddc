"""The fail-safe of a wallbox: what it notices when its energy manager falls silent.

The one rule: time runs from the last sign of life; a trip ends when everything that ends it was heard since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ..core.instant import Instant, later
from ..runtime.simulation import Simulation


@dataclass(eq=False)
class Failsafe:
    """The watchdog over an energy manager."""

    simulation: Simulation
    timeout: Callable[[], float | None]
    """Silence that trips it [s]; 0: switched off, which ends a trip; None: not watching at the moment."""
    needs: Callable[[], Iterable[str]]
    """The words that have to be heard after a trip to end it."""
    on_trip: Callable[[], None]
    on_end: Callable[[], None] = lambda: None
    _missing: set[str] = field(init=False, default_factory=set)
    """What the energy manager still has to say after a trip."""

    def __post_init__(self) -> None:
        self._watchdog = self.simulation.timer(self._expired)

    @property
    def tripped(self) -> bool:
        return bool(self._missing)

    @property
    def due(self) -> Instant | None:
        """When it trips if the energy manager stays silent."""
        return self._watchdog.due

    def heard(self, word: str) -> None:
        """The energy manager gave a sign of life."""
        was = self.tripped
        self._missing.discard(word)
        self.restart()
        if was and not self.tripped:
            self.on_end()

    def restart(self) -> None:
        """Count from now, with the time-out in force."""
        seconds = self.timeout()
        if seconds == 0:
            self._missing.clear()
        running = bool(seconds) and not self.tripped
        if running or self._watchdog.due is not None:
            self._watchdog.set(later(self.simulation.at, seconds or 0) if running else None)

    def stop(self) -> None:
        """The wallbox goes down."""
        self._watchdog.clear()
        self._missing.clear()

    def _expired(self, _: Instant) -> None:
        self._missing = set(self.needs())
        self.on_trip()
