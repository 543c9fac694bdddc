"""Conditions: quantities of a running site and what they should be, followed while time passes.

The one rule: a condition is looked at after everything that happens to its chargers (`CHANGING`) and on a grid counted
from the first look, so at instants that follow from them alone: it comes true at the same instant however time is
moved, and whatever else there is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ..core.agenda import Priority
from ..core.instant import HOUR, MILLISECOND, MINUTE, SECOND, Instant
from ..runtime.journal import Entry
from .checks import Check
from .evaluation import Evaluation, evaluate, values
from .quantities import FAULT
from .site import Site

CHANGING: Final = frozenset({"event", "stimulus", "command", "write", "firmware", "fault"})
"""Kinds of journal entries after which a quantity may have another value."""


class SiteCondition:
    """Checks at a running site. `changed` in one of them means: since the condition was made."""

    def __init__(self, site: Site, checks: tuple[Check, ...]) -> None:
        self.site = site
        self._checks = checks
        self._before = values(checks, site)

    @property
    def text(self) -> str:
        return ", ".join(f"{check.quantity.text}: {check.expectation.text}" for check in self._checks)

    @property
    def chargers(self) -> frozenset[str] | None:
        """Those it depends on; None: any."""
        quantities = [check.quantity for check in self._checks]
        if any(quantity.total or quantity.row is FAULT for quantity in quantities):
            return None
        return frozenset(quantity.charger for quantity in quantities)

    def evaluate(self) -> Evaluation:
        """Look now."""
        return evaluate(self._checks, self.site, self._before)

    def holds(self) -> bool:
        """Whether all is as expected now."""
        return self.evaluate().ok

    def watch(self, wanted: bool, found: Callable[[Instant], None]) -> Callable[[], None]:
        """Call `found`, once, at the first instant at which it holds (or does not); returns what ends that."""

        def changed(at: Instant, holds: bool) -> None:
            if holds is wanted:
                watch.stop()
                found(at)

        watch = ConditionWatch(self, changed, priority=Priority.COMMAND)
        watch.start()
        return watch.stop


class ConditionWatch:
    """Follows one condition: calls `changed` at the first look, and whenever it comes true or ceases to be.

    `priority`: COMMAND for whoever acts on it, METER for whoever only judges, after all else at that instant.
    """

    def __init__(
        self,
        condition: SiteCondition,
        changed: Callable[[Instant, bool], None],
        *,
        grid: Instant = SECOND,
        priority: Priority = Priority.METER,
    ) -> None:
        self._condition = condition
        self._about = condition.chargers
        self._changed = changed
        self._grid = grid
        self._simulation = condition.site.simulation
        self._since = self._simulation.at
        self._timer = self._simulation.timer(self._due, priority)
        self._unsubscribe: Callable[[], None] | None = None
        self._latest: Evaluation | None = None

    @property
    def found(self) -> str:
        """The values at the latest look, for a reader."""
        return self._latest.found if self._latest is not None else ""

    def start(self) -> None:
        """Look as soon as everything of this instant with a higher priority is done, and from then on."""
        self._since = self._simulation.at
        self._unsubscribe = self._simulation.journal.listen(self._heard)
        self._look_at(self._since)

    def stop(self) -> None:
        """Look no longer."""
        self._timer.clear()
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def look(self, at: Instant) -> bool:
        """Look now, and return whether the condition holds."""
        self._look_at(at + self._grid - (at - self._since) % self._grid)
        before, self._latest = self._latest, self._condition.evaluate()
        holds = self._latest.ok
        if before is None or before.ok != holds:
            self._changed(at, holds)
        return holds

    def _due(self, at: Instant) -> None:
        self.look(at)

    def _heard(self, entry: Entry) -> None:
        if entry.kind in CHANGING and (self._about is None or entry.charger is None or entry.charger in self._about):
            self._look_at(self._simulation.at)

    def _look_at(self, at: Instant) -> None:
        self._timer.set(at)
        self._simulation.wake()


def grid_of(within: Instant) -> Instant:
    """How often to look while waiting: every 0.1 s; if it may take over 10 min, every 1 s; over an hour, every 10 s."""
    if within <= 10 * MINUTE:
        return 100 * MILLISECOND
    return SECOND if within <= HOUR else 10 * SECOND


class Wait:
    """Waits until quantities are as expected, but no longer than `within`; then calls `done`, once.

    Its grid is finer than that of rules and faults (`grid_of`), because the next step begins where it ends.
    """

    def __init__(
        self, site: Site, checks: tuple[Check, ...], within: Instant, done: Callable[[Instant, Evaluation], None]
    ) -> None:
        self._condition = SiteCondition(site, checks)
        self._watch = ConditionWatch(self._condition, self._changed, grid=grid_of(within), priority=Priority.COMMAND)
        self._within = within
        self._deadline = site.simulation.timer(self._finish, Priority.COMMAND)
        self._done = done

    def start(self) -> None:
        """Look for the first time, and go on looking."""
        at = self._condition.site.simulation.at
        self._deadline.set(at + self._within)
        self._watch.start()
        self._watch.look(at)

    def cancel(self) -> None:
        """Look no longer; `done` is not called."""
        self._deadline.clear()
        self._watch.stop()

    def _changed(self, at: Instant, holds: bool) -> None:
        if holds:
            self._finish(at)

    def _finish(self, at: Instant) -> None:
        self.cancel()
        self._done(at, self._condition.evaluate())
