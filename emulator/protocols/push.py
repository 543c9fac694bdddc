"""When push interfaces speak: at every discrete change, and once per period of simulated time.

The one rule: discrete changes are announced in order, each at its exact instant; of the periodic publications between
two of them only the last counts, the wall clock limits how often the rest are made, and all that are due are made at
one instant.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ClassVar, Final, Self

from ..core.instant import SECOND, Instant, grid, next_grid
from ..devices.wallbox import Wallbox
from ..runtime.simulation import Simulation

PACE: Final = 0.05
"""Least wall seconds between two rounds of periodic publications."""

LOOK: Final = 0.1
"""Wall seconds after which a wheel looks whether its clock was moved or its speed changed."""


class Publisher:
    """Calls `publish` with the instants at which something may be new, from `start` to `stop`.

    The periodic instants are the whole multiples of `period` (simulated seconds). `publish` is called synchronously,
    in the middle of what happens: it looks at the wallbox, writes without waiting, and changes nothing.
    """

    def __init__(self, wallbox: Wallbox, period: float, publish: Callable[[Instant], None]) -> None:
        self.wallbox = wallbox
        self.period: Instant = max(1, round(period * SECOND))
        self._publish = publish
        self._last: Instant = 0
        self._unlisten: Callable[[], None] | None = None

    @property
    def running(self) -> bool:
        return self._unlisten is not None

    def start(self) -> Self:
        """Begin; what is new from this instant on counts. Needs a running event loop."""
        if self._unlisten is None:
            self._last = self.wallbox.simulation.at
            self._unlisten = self.wallbox.listen(self._changed)
            Wheel.of(self.wallbox.simulation).add(self)
        return self

    def stop(self) -> None:
        """End at once; may be repeated."""
        if self._unlisten is not None:
            self._unlisten()
            self._unlisten = None
            Wheel.of(self.wallbox.simulation).remove(self)

    def catch_up(self, now: Instant) -> None:
        """Make the last periodic publication that is due at `now`, unless something newer has been published."""
        due = grid(now, self.period)
        if due > self._last:
            self._last = due
            self._publish(due)

    def _changed(self, at: Instant) -> None:
        self.catch_up(at - 1)
        if self.running:
            self._last = at
            self._publish(at)


class Wheel:
    """The periodic publications of one simulation, all on one timer of the event loop."""

    _wheels: ClassVar[dict[Simulation, Wheel]] = {}
    """Those that have publishers."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._publishers: dict[Publisher, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._seen: Instant = -1
        self._due: Instant = 0
        """The first periodic instant of any of them that has not come."""

    @classmethod
    def of(cls, simulation: Simulation) -> Wheel:
        return cls._wheels.get(simulation) or cls(simulation)

    def add(self, publisher: Publisher) -> None:
        self._wheels[self._simulation] = self
        self._publishers[publisher] = None
        self._due = 0
        self._plan()

    def remove(self, publisher: Publisher) -> None:
        self._publishers.pop(publisher, None)
        if not self._publishers:
            self._wheels.pop(self._simulation, None)
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def catch_up(self) -> None:
        """Bring the world up to its clock and make every publication that is due."""
        if not self._publishers:
            return
        simulation = self._simulation
        now = simulation.now()
        if now != self._seen and now >= self._due:
            self._seen = now
            self._due = self._next(now)
            with simulation.exchange(simulation.journal.cause, reading=True):
                for publisher in tuple(self._publishers):
                    if publisher.running:
                        publisher.catch_up(now)

    def _turn(self) -> None:
        self._timer = None
        try:
            self.catch_up()
        finally:
            self._plan()

    def _plan(self) -> None:
        if self._timer is None and self._publishers:
            self._timer = asyncio.get_running_loop().call_later(self._delay(), self._turn)

    def _next(self, now: Instant) -> Instant:
        """The next periodic instant of any of them."""
        periods = {publisher.period for publisher in self._publishers}
        return min(next_grid(now, period) for period in periods)

    def _delay(self) -> float:
        """Wall seconds until the next periodic instant, within the pace; short looks while nothing is foreseeable."""
        now = self._simulation.at
        due = self._due if now < self._due else self._next(now)
        wait = self._simulation.clock.wall_seconds_until(due)
        return LOOK if wait is None else min(max(wait, PACE), LOOK)


def moved(simulation: Simulation) -> None:
    """Call after time was moved by hand: makes the publications at the end of the jump without waiting for a timer."""
    Wheel.of(simulation).catch_up()
