"""Traces: what could be measured at each charger through a run, for plots and for the behaviour report.

The one rule: memory is bounded - a long run is looked at less often, but never at fewer than what happened.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ..core.agenda import Priority
from ..core.instant import SECOND, Instant
from ..core.snapshot import Snapshot

if TYPE_CHECKING:
    from ..runtime.journal import Entry
    from ..world.site import Site

MOST: Final = 6_000
"""Samples kept of one charger."""


@dataclass(slots=True)
class Trace:
    """Samples of one charger in order of time."""

    times: list[Instant] = field(default_factory=list)
    samples: list[Snapshot] = field(default_factory=list)
    sensors: dict[str, None] = field(default_factory=dict)
    """Temperature sensors that the charger's wallboxes have, or had."""

    def add(self, at: Instant, sample: Snapshot) -> None:
        """One more; of the same instant the later one counts."""
        if self.times and self.times[-1] >= at:
            if self.times[-1] == at:
                self.samples[-1] = sample
            return
        self.times.append(at)
        self.samples.append(sample)

    def thin(self) -> None:
        """Keep every second sample, and those at which something changed."""
        kept = [
            index
            for index in range(len(self.times))
            if index % 2 == 0 or index == len(self.times) - 1 or self._turns(index)
        ]
        if len(kept) > MOST * 3 // 4:
            kept = list(range(0, len(self.times), 2))
        self.times = [self.times[index] for index in kept]
        self.samples = [self.samples[index] for index in kept]

    def _turns(self, index: int) -> bool:
        before, here, after = self.samples[index - 1], self.samples[index], self.samples[index + 1]
        return any(
            other.state != here.state or other.offered_current != here.offered_current for other in (before, after)
        )


class TraceRecorder:
    """Samples every charger of a site: directly before and after what happens, and on a grid that grows wider."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._period: Instant = SECOND
        self._timer = site.simulation.timer(self._sample, Priority.METER)
        self._silence: Callable[[], None] = lambda: None
        self.traces: dict[str, Trace] = {}

    def start(self) -> None:
        self._silence = self._site.simulation.journal.listen(self._heard)
        self._timer.set(self._site.simulation.at)
        self._site.simulation.wake()

    def stop(self) -> None:
        self._timer.clear()
        self._silence()
        self._silence = lambda: None

    def _heard(self, entry: Entry) -> None:
        if entry.kind not in ("event", "stimulus") or entry.charger not in self._site.simulation.chargers:
            return
        before = entry.at - 1
        trace = self._trace(entry.charger)
        if entry.kind == "stimulus":
            trace.sensors |= dict.fromkeys(self._site.sensors_of(entry.charger))
        if before > 0 and (not trace.times or trace.times[-1] < before):
            trace.add(before, self._site.simulation.chargers[entry.charger].snapshot(before))
        self._timer.set(self._site.simulation.at)
        self._site.simulation.wake()

    def _trace(self, charger: str) -> Trace:
        if charger not in self.traces:
            self.traces[charger] = Trace(sensors=dict.fromkeys(self._site.sensors_of(charger)))
        return self.traces[charger]

    def _sample(self, at: Instant) -> None:
        for name, charger in self._site.simulation.chargers.items():
            trace = self._trace(name)
            trace.add(at, charger.snapshot(at))
            if len(trace.times) > MOST:
                self._period *= 2
                trace.thin()
        self._timer.set(at - at % self._period + self._period)
        self._site.simulation.wake()
