"""The meter inside a device: it measures once a second, and may fall silent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...core.instant import SECOND, Instant, grid, next_grid
from ...core.messages import Event
from ...core.snapshot import Snapshot
from ...devices.realism import Realist
from ...runtime.simulation import Simulation


@dataclass(slots=True)
class Sampling:
    """What the meter of one device measured last."""

    simulation: Simulation
    charger: str
    booted_at: Callable[[], Instant]
    realism: Realist
    _last: tuple[tuple[Instant, int], Snapshot] | None = None
    _silenced: Snapshot | None = None
    """The last measurement before the meter fell silent."""

    def sample(self, now: Snapshot) -> Snapshot:
        """What was measured at the last full second since boot. ASSUMED: once a second.

        A new session is not measured with the values of the one before.
        """
        booted_at = self.booted_at()
        instant = max(booted_at, grid(now.instant, SECOND, booted_at))
        slot = (instant, self.simulation.chargers[self.charger].revision)
        if self._last is None or self._last[0] != slot:
            self._last = (slot, self.realism.measured(instant))
        found = self._last[1]
        return found if found.session == now.session else now

    def next_after(self, at: Instant) -> Instant:
        """When it measures next."""
        return next_grid(at, SECOND, self.booted_at())

    def counted(self, sample: Snapshot) -> Snapshot:
        """Where the meter's counters stand: they stop when it falls silent. ASSUMED."""
        return sample if self._silenced is None else self._silenced

    def handle(self, event: Event) -> None:
        if event.detail.get("fault") == "meter_fault":
            if event.name == "fault_raised":
                self._silenced = self.sample(self.simulation.observe(self.charger))
            elif event.name == "fault_cleared":
                self._silenced = None
