"""Waiting for quantities to become as expected.

The one rule: whoever waits looks at instants that follow from the world alone, so that a wait ends at the same instant
however time is moved.
"""

from __future__ import annotations

from collections.abc import Callable

from ..core.agenda import Priority
from ..core.instant import MILLISECOND, MINUTE, SECOND, Instant
from ..runtime.journal import Entry
from .steps.base import Check, TimedStep
from .steps.checks import Expect, Verdict, WaitUntil, evaluate
from .world import World

_TELLING = frozenset({"event", "stimulus", "command", "write", "firmware", "fault"})
"""Kinds of journal entries after which a quantity may be another."""


class Wait:
    """Looks until quantities are as expected: after everything that happens, and on a grid of 0.1 s (1 s if long)."""

    def __init__(
        self,
        world: World,
        checks: tuple[Check, ...],
        within: Instant,
        done: Callable[[Instant, Verdict], None],
    ) -> None:
        self._world = world
        self._checks = checks
        self._done = done
        self._before = world.values(checks)
        simulation = world.simulation
        self._deadline = simulation.at + within
        self._period = 100 * MILLISECOND if within <= 10 * MINUTE else SECOND
        self._next = simulation.at
        self._timer = simulation.timer(self._look, Priority.COMMAND)
        self._silence: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Look for the first time, and go on looking."""
        self._silence = self._world.simulation.journal.listen(self._heard)
        self._look(self._world.simulation.at)

    def cancel(self) -> None:
        """Stop looking."""
        self._timer.clear()
        self._silence()
        self._silence = lambda: None

    def _look(self, at: Instant) -> None:
        verdict = evaluate(self._checks, self._world, self._before)
        if verdict.ok or at >= self._deadline:
            self.cancel()
            self._done(at, verdict)
            return
        while self._next <= at:
            self._next += self._period
        self._timer.set(min(self._next, self._deadline))
        self._world.simulation.wake()

    def _heard(self, entry: Entry) -> None:
        if entry.kind in _TELLING:
            self._timer.set(self._world.simulation.at)
            self._world.simulation.wake()


def checks_of(timed: TimedStep) -> tuple[Check, ...]:
    """What a step looks at."""
    return timed.step.checks if isinstance(timed.step, Expect | WaitUntil) else ()
