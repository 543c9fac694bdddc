"""Conditions: whether quantities are as a rule says, followed through the run.

The one rule: it looks at instants that follow from the world alone - after everything that happens, and once a second -
so that a rule comes to the same end however time is moved.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ..core.agenda import Priority
from ..core.instant import SECOND, Instant
from ..errors import EmulatorError
from ..world.expectations import MISSING, shown

if TYPE_CHECKING:
    from ..runtime.journal import Entry
    from ..world.checks import Check
    from ..world.site import Site

GRID: Final = SECOND
"""How often to look while nothing happens."""
TELLING: Final = frozenset({"event", "stimulus", "command", "write", "firmware", "fault"})
"""Kinds of journal entries after which a quantity may be another."""

Listener = Callable[[Instant, bool], None]


class Monitor:
    """Follows one condition and calls back at every change, and at the first look."""

    def __init__(self, site: Site, checks: tuple[Check, ...]) -> None:
        self._site = site
        self._checks = checks
        self._before = site.values(checks)
        self._listeners: list[Listener] = []
        self._timer = site.simulation.timer(self._look, Priority.METER)
        self.state: bool | None = None
        """Whether it holds; None before the first look."""
        self.found = ""
        """The values at the last look, for a reader."""

    def listen(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def start(self) -> None:
        self._timer.set(self._site.simulation.at)
        self._site.simulation.wake()

    def stop(self) -> None:
        self._timer.clear()

    def heard(self, entry: Entry) -> None:
        """Something happened: look when it is done."""
        if entry.kind in TELLING:
            self._timer.set(self._site.simulation.at)
            self._site.simulation.wake()

    def refresh(self, at: Instant) -> bool:
        """Look now. Only from the agenda."""
        self._look(at)
        return bool(self.state)

    def _look(self, at: Instant) -> None:
        self._timer.set(at - at % GRID + GRID)
        self._site.simulation.wake()
        holds = self._holds()
        if holds != self.state:
            self.state = holds
            for listener in tuple(self._listeners):
                listener(at, holds)

    def _holds(self) -> bool:
        """Whether all is as expected."""
        found: list[str] = []
        holds = True
        for check in self._checks:
            name = check.gauge.text
            try:
                value = check.gauge.read(self._site)
            except EmulatorError as error:  # a vendor value that this firmware does not have
                found.append(str(error))
                holds = False
                continue
            found.append(f"{name} is {shown(value, check.gauge)}")
            holds = holds and check.expectation.holds(value, self._before.get(name, MISSING))
        self.found = ", ".join(found)
        return holds
