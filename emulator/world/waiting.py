"""Waiting for quantities to become as expected.

The one rule: whoever waits looks at instants that follow from the world alone, so that a wait ends at the same instant
however time is moved.
"""

from __future__ import annotations

from collections.abc import Callable

from ..core.agenda import Priority
from ..core.instant import HOUR, MILLISECOND, MINUTE, SECOND, Instant
from ..errors import EmulatorError
from ..runtime.journal import Entry
from .checks import Check
from .evaluation import Verdict, evaluate
from .expectations import MISSING
from .site import Site

_TELLING = frozenset({"event", "stimulus", "command", "write", "firmware", "fault"})
"""Kinds of journal entries after which a quantity may be another."""


def grid_of(within: Instant) -> Instant:
    """How often to look: every 0.1 s, in a wait of more than 10 min every second, of more than an hour every 10 s."""
    if within <= 10 * MINUTE:
        return 100 * MILLISECOND
    return SECOND if within <= HOUR else 10 * SECOND


class Wait:
    """Looks until quantities are as expected: after everything that happens, and on a grid (`grid_of`)."""

    def __init__(
        self,
        site: Site,
        checks: tuple[Check, ...],
        within: Instant,
        done: Callable[[Instant, Verdict], None],
    ) -> None:
        self._site = site
        self._checks = checks
        self._done = done
        self._before = site.values(checks)
        simulation = site.simulation
        self._deadline = simulation.at + within
        self._period = grid_of(within)
        self._next = simulation.at
        self._timer = simulation.timer(self._look, Priority.COMMAND)
        self._silence: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Look for the first time, and go on looking."""
        self._silence = self._site.simulation.journal.listen(self._heard)
        self._look(self._site.simulation.at)

    def cancel(self) -> None:
        """Stop looking."""
        self._timer.clear()
        self._silence()
        self._silence = lambda: None

    def _look(self, at: Instant) -> None:
        if at >= self._deadline or self._holds():
            self.cancel()
            self._done(at, evaluate(self._checks, self._site, self._before))
            return
        while self._next <= at:
            self._next += self._period
        self._timer.set(min(self._next, self._deadline))
        self._site.simulation.wake()

    def _holds(self) -> bool:
        """Whether all is as expected; looks no further than the first that is not."""
        try:
            return all(
                check.expectation.holds(check.gauge.read(self._site), self._before.get(check.gauge.text, MISSING))
                for check in self._checks
            )
        except EmulatorError:  # a vendor value that this firmware does not have
            return False

    def _heard(self, entry: Entry) -> None:
        if entry.kind in _TELLING:
            self._timer.set(self._site.simulation.at)
            self._site.simulation.wake()
