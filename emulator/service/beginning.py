"""How a run begins, and begins again at a reset.

The one rule: a reset is the same start once more. It is put back where nothing can differ from a new one, and
built again otherwise.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..runtime.clock import Clock
from ..runtime.journal import Journal
from ..world.building import FIXED_EPOCH, build
from ..world.rewinding import Start

if TYPE_CHECKING:
    from ..scenario.plan import Scenario
    from ..world.site import Site
    from .options import Options


class Beginning:
    """Makes the sites of one run, each with its time at 0."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._start: Start | None = None
        """What the next reset may put back."""
        self._broker: tuple[str, int] | None = None
        """Of that start."""

    def first(self, scenario: Scenario, speed: float, broker: tuple[str, int] | None) -> Site:
        """The site of a run that begins. EmulatorError if something about it is wrong."""
        return self._built(scenario, _epoch(scenario, speed), broker)

    def again(self, scenario: Scenario, speed: float, broker: tuple[str, int] | None, *, tied: bool) -> Site:
        """The same at a reset; the site before is over.

        `tied`: somebody may still do something to that one. Building has its price, so the second reset is the first
        that puts back; where the calendar begins at the present, and where a report keeps what was before, none does.
        """
        epoch = _epoch(scenario, speed)
        if not tied and self._start is not None and self._start.fits(scenario, epoch) and self._broker == broker:
            return self._start.again(Clock(0.0), self._journal())
        site = self._built(scenario, epoch, broker)
        repeats = not self._options.record and (scenario.epoch is not None or speed == 0)
        self._start, self._broker = Start.of(site) if repeats else None, broker
        return site

    def _built(self, scenario: Scenario, epoch: datetime, broker: tuple[str, int] | None) -> Site:
        return build(
            scenario,
            clock=Clock(0.0),
            journal=self._journal(),
            seed=self._options.seed,
            broker=broker,
            epoch=epoch,
            turns=self._options.shared,
        )

    def _journal(self) -> Journal:
        return Journal(wall=time.time, limit=self._options.journal_limit, spill=self._options.record)


def _epoch(scenario: Scenario, speed: float) -> datetime:
    """Calendar time at the beginning."""
    return scenario.epoch or (FIXED_EPOCH if speed == 0 else datetime.now(UTC).astimezone())
