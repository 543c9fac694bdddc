"""The fail-safe of a wallbox: what it notices when its energy manager falls silent.

The one rule: time runs from the last sign of life; a trip ends when everything that ends it was heard since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..core.instant import Instant, later
from ..runtime.simulation import Simulation


class Failsafe:
    """The watchdog over an energy manager."""

    def __init__(
        self,
        simulation: Simulation,
        *,
        timeout: Callable[[], float | None],
        needs: Callable[[], Iterable[str]],
        on_trip: Callable[[], None],
        on_end: Callable[[], None] | None = None,
    ) -> None:
        """`timeout`: silence that trips it [s]; 0: switched off, which ends a trip; None: not watching at the moment.

        `needs`: the words that have to be heard after a trip to end it.
        """
        self._simulation = simulation
        self._timeout = timeout
        self._needs = needs
        self._on_trip = on_trip
        self._on_end = on_end
        self._missing: set[str] = set()
        """What the energy manager still has to say after a trip."""
        self._watchdog = simulation.timer(self._expired)

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
        if was and not self.tripped and self._on_end is not None:
            self._on_end()

    def restart(self) -> None:
        """Count from now, with the time-out in force."""
        seconds = self._timeout()
        if seconds == 0:
            self._missing.clear()
        running = bool(seconds) and not self.tripped
        if running or self._watchdog.due is not None:
            self._watchdog.set(later(self._simulation.at, seconds or 0) if running else None)
            self._simulation.wake()

    def stop(self) -> None:
        """The wallbox goes down."""
        self._watchdog.clear()
        self._missing.clear()

    def _expired(self, _: Instant) -> None:
        self._missing = set(self._needs())
        self._on_trip()
