"""The domestic socket beside the Type 2 one: when it is on, what is drawn from it, and what the meter makes of that.

The one rule: a load is constant between two instants at which something happens, so energy follows from time.
Source: seed document (states, contactor cycles). ASSUMED: the socket is on L1 behind the meter of the controller, and
what is drawn counts as a transaction of its own while no vehicle is at the Type 2 socket.
"""

from __future__ import annotations

from collections.abc import Callable

from ...core.instant import SECOND, Instant
from ...devices.settings import Settings
from ...runtime.simulation import Simulation
from .settings import SCHUKO_CYCLES, SCHUKO_ENERGY, SCHUKO_LOAD


class DomesticSocket:
    """The one of one controller."""

    def __init__(self, settings: Settings, simulation: Simulation, powered: Callable[[], bool]) -> None:
        """`powered`: whether it is switched on right now."""
        self._settings = settings
        self._simulation = simulation
        self._powered = powered
        self.on_since: Instant | None = None
        """When it was switched on; None: it is off."""
        self._booked_at: Instant = 0
        self._before = 0.0
        """What it had delivered when it was switched on [Wh]."""
        self.power = 0.0
        """W"""

    def follow(self) -> None:
        """Something may have changed: book what was drawn, and go on with what is."""
        at, settings, on = self._simulation.at, self._settings, self._powered()
        if self.power:
            settings.put(SCHUKO_ENERGY, self.energy(at))
        self._booked_at = at
        if on and self.on_since is None:
            self.on_since, self._before = at, settings[SCHUKO_ENERGY]
            settings.put(SCHUKO_CYCLES, settings[SCHUKO_CYCLES] + 1)
        elif not on:
            self.on_since = None
        self.power = settings[SCHUKO_LOAD] if on else 0.0

    def energy(self, at: Instant) -> float:
        """Everything it has delivered [Wh]."""
        return self._settings[SCHUKO_ENERGY] + self.power * (at - self._booked_at) / SECOND / 3600

    def session_energy(self, at: Instant) -> float:
        """What it has delivered since it was switched on [Wh]."""
        return self.energy(at) - self._before

    def duration(self, at: Instant) -> int:
        """Since it was switched on [s]."""
        return 0 if self.on_since is None else (at - self.on_since) // SECOND
