"""The pacer: lets what is due happen when its time comes on the wall clock.

The one rule: it only announces. A pacer that is late delays a push, it never changes a value.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from ..errors import EmulatorError
from .simulation import Simulation

log = logging.getLogger(__name__)

PACE: Final = 0.001
"""Least wall seconds between two looks, so that a high speed cannot starve the servers."""


class Pacer:
    """Follows one simulation after another (a reset brings a new one); run it as a task."""

    def __init__(self, simulation: Simulation) -> None:
        self._wake = asyncio.Event()
        self.looks = 0
        """How often it woke up: an idle world costs none."""
        self.attach(simulation)

    def attach(self, simulation: Simulation) -> None:
        """Follow this simulation from now on."""
        self.simulation = simulation
        simulation.wake = self._wake.set
        simulation.agenda.sooner = self._wake.set
        self._wake.set()

    async def run(self) -> None:
        """Keep the simulation up to its clock until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self._look()
            self._wake.clear()  # what the look itself set off is in the next delay
            delay = self._delay()
            alarm = loop.call_later(max(delay, PACE), self._wake.set) if delay is not None else None
            try:
                await self._wake.wait()
            finally:
                if alarm is not None:
                    alarm.cancel()

    def _look(self) -> None:
        self.looks += 1
        try:
            self.simulation.now()
        except EmulatorError as error:  # the world goes on without what broke
            log.error("%s", error)

    def _delay(self) -> float | None:
        """Wall seconds until something is due; None: nothing is, or time stands still."""
        due = self.simulation.agenda.next_due
        return None if due is None else self.simulation.clock.wall_seconds_until(due)
