"""The network processor of a wallbox: its time since boot, and what the charge controller tells it.

The one rule: measurements arrive on whole seconds since boot; nothing here decides anything.
"""

from __future__ import annotations

from typing import Final

from ...core import noise
from ...core.agenda import Action, Timer
from ...core.freshness import FOREVER
from ...core.instant import MILLISECOND, SECOND, Instant, grid, next_grid
from ...core.snapshot import Snapshot
from ...devices.realism import Realist
from ...devices.rendering import Moments
from ...runtime.simulation import Simulation

POWER_ON, SOFTWARE = 1, 3
"""`rr`"""
_SAMPLES: Final = 8
"""Measurements kept."""


class Processor:
    """One wallbox's network processor."""

    def __init__(self, simulation: Simulation, charger: str, realism: Realist) -> None:
        self.simulation = simulation
        self.realism = realism
        self.charger = charger
        self.moments = Moments(simulation, charger)
        self.up = True
        self.booted_at: Instant = 0
        self.reset_reason = POWER_ON
        self._samples: dict[tuple[Instant, int], Snapshot] = {}

    def boot(self, at: Instant) -> None:
        self.up = True
        self.booted_at = at
        self._samples.clear()

    # --- time --------------------------------------------------------------------------------------------------------

    @property
    def at(self) -> Instant:
        return self.simulation.at

    def now(self) -> Instant:
        """The present instant, with the simulation brought up to it."""
        return self.simulation.now()

    def second(self, at: Instant) -> Instant:
        """The last whole second since boot."""
        return grid(at, SECOND, self.booted_at)

    def next_second(self, at: Instant) -> Instant:
        return next_grid(at, SECOND, self.booted_at)

    def stamp(self, at: Instant | None) -> int | None:
        """An instant as time since boot [ms]; None: never."""
        return None if at is None else max(0, at - self.booted_at) // MILLISECOND

    def timer(self, action: Action) -> Timer:
        return self.simulation.timer(action)

    def wake(self) -> None:
        """A timer was set."""
        self.simulation.wake()

    # --- measurement -------------------------------------------------------------------------------------------------

    def observe(self) -> Snapshot:
        """What the charge controller would tell right now."""
        return self.simulation.observe(self.charger)

    def sample(self, at: Instant) -> Snapshot:
        """What the charge controller told last: it does so on every whole second since boot."""
        return self.sample_at(self.sampled(at))

    def sampled(self, at: Instant) -> Instant:
        """When it was told last."""
        return max(self.booted_at, self.second(at))

    def exact(self, at: Instant) -> Snapshot:
        """As `sample`, without what the meter makes of it."""
        return self.simulation.observe_at(self.charger, self.sampled(at))

    def sample_at(self, instant: Instant) -> Snapshot:
        """The snapshot of an instant in the recent past, kept while nothing has happened since."""
        slot = (instant, self.simulation.chargers[self.charger].revision)
        found = self._samples.get(slot)
        if found is None:
            if len(self._samples) > _SAMPLES:
                self._samples.clear()
            found = self._samples[slot] = self.realism.measured(instant)
        return found

    def chance(self, at: Instant) -> float:
        """A random number of an instant, 0..1."""
        return noise.uniform(self.simulation.seed, noise.NoiseChannel.DEVICE, at)

    def sway(self, channel: int, amplitude: float, at: Instant) -> tuple[float, Instant]:
        """Noise of a device value such as signal strength, and until when it is that; 0 where noise is off."""
        scale = self.simulation.chargers[self.charger].spec.noise or float(self.realism.noisy)
        if not scale:
            return 0.0, FOREVER
        seed, step = self.simulation.seed, 10 * SECOND
        swayed = scale * amplitude * noise.stepped(seed, noise.NoiseChannel.DEVICE + channel, at, step)
        return swayed, next_grid(at, step)
