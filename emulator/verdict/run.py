"""One rule at work in a running site: what it is told, what it measures, where it is broken.

The one rule: memory is bounded - of violations only the first is explained, the others are counted.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ..core.agenda import Priority, Timer
from ..core.instant import Instant
from ..errors import EmulatorError
from ..world.conditions import ConditionWatch, SiteCondition
from .entries import comes_from
from .matcher import PatternMatch, PatternMatcher

if TYPE_CHECKING:
    from ..runtime.journal import Entry
    from ..world.checks import Check
    from ..world.site import Site
    from .patterns import ClientAction, EventPattern

BEFORE: Final = 8
"""Journal lines shown up to a violation."""
AFTER: Final = 3
"""And after it."""
LOUD: Final = frozenset({"push"})
"""Kinds of journal entries that say little about a client."""

React = Callable[[Instant, "Entry | None"], None]
"""What a rule does when something happens; without an entry: a condition has come true."""
Tap = Callable[["Entry"], None]


@dataclass(slots=True)
class Violation:
    """The first violation of a rule."""

    at: Instant
    text: str
    nearest: Entry | None
    entries: list[Entry]
    """The journal around it."""
    following: int = AFTER
    """Entries still to come."""
    late: str = ""
    """That what was missed came after all."""


@dataclass(slots=True)
class Statistics:
    """A quantity met several times: how often, least, mean, most."""

    count: int = 0
    least: float = 0.0
    most: float = 0.0
    total: float = 0.0

    def add(self, value: float) -> None:
        self.least = min(self.least, value) if self.count else value
        self.most = max(self.most, value) if self.count else value
        self.count += 1
        self.total += value

    def as_json(self) -> dict[str, object]:
        if not self.count:
            return {"count": 0}
        mean = self.total / self.count
        return {
            "count": self.count,
            "least": round(self.least, 6),
            "mean": round(mean, 6),
            "most": round(self.most, 6),
        }


@dataclass(slots=True)
class RuleRun:
    """What a rule works with: it subscribes to events and conditions, sets timers, and fails."""

    site: Site
    failed: Callable[[], None]
    """Called at the first violation."""
    recent: deque[Entry]
    """The newest telling entries of the journal; shared by all rules."""
    since: Instant
    """When the rule came into force."""
    occurrences: int = 0
    """How often its trigger occurred."""
    judgements: int = 0
    """How often it came out whether it was kept."""
    violations: int = 0
    violation: Violation | None = None
    """The first one."""
    statistics: dict[str, Statistics] = field(default_factory=dict)
    """What was measured, by name."""
    nearest: Entry | None = None
    """What came close, the last time."""
    taps: dict[str, list[Tap]] = field(default_factory=dict)
    """What is told about entries, by their kind."""
    watches: list[ConditionWatch] = field(default_factory=list)
    endings: list[Callable[[Instant], None]] = field(default_factory=list)
    timers: list[Timer] = field(default_factory=list)
    over: bool = False
    replayed: bool = False
    """The journal is a recorded one: every entry is complete."""

    # --- for rules ---------------------------------------------------------------------------------------------------

    def tap(self, kind: str, tap: Tap, *, answered: bool = False) -> None:
        """Be told about entries of a kind. `answered`: requests when they have been answered."""
        self.taps.setdefault(kind, []).append(self._when_answered(tap) if answered else tap)

    def on(
        self,
        pattern: EventPattern,
        react: React,
        *,
        seen: Callable[[], None] = lambda: None,
        answered: bool = False,
    ) -> None:
        """React whenever something happens. `seen`: called before that, and when it only came close."""
        if pattern.expect:
            self.follow(pattern.expect, lambda at, holds: react(at, None) if holds else None)
            return
        matcher = PatternMatcher(pattern, self.site)

        def tap(entry: Entry) -> None:
            found = matcher.match(entry)
            if found is not PatternMatch.NO:
                seen()
            if found is PatternMatch.YES:
                react(entry.at, entry)
            elif found is PatternMatch.NEAR:
                self.nearest = entry

        for kind in pattern.kinds:
            self.tap(kind, tap, answered=answered or pattern.needs_answer)

    def _when_answered(self, tap: Tap) -> Tap:
        """A tap that is told about requests when they have been answered: their entry is made before.

        A server answers within one turn of its event loop, a step before anything else happens.
        """
        waiting: deque[Entry] = deque()

        def flush(_at: Instant = 0) -> None:
            while waiting:
                self._tell(tap, waiting.popleft())

        def wait(entry: Entry) -> None:
            waiting.append(entry)
            if self.replayed or entry.kind != "request":
                flush()
                return
            if entry.wall is None:  # a step asks, in the middle of an instant
                self.set(timer, self.site.simulation.at)
                return
            with suppress(RuntimeError):  # no event loop: told at the end
                asyncio.get_running_loop().call_soon(flush)

        timer = self.timer(flush)
        self.at_end(flush)
        return wait

    def occurred(self, *, judged: bool = True) -> None:
        """What sets the rule off has happened. `judged`: and so it has come out; else `judged` says when it has."""
        self.occurrences += 1
        self.judgements += judged

    def judged(self) -> None:
        """It has come out whether what had occurred keeps to the rule."""
        self.judgements += 1

    def on_contact(self, action: ClientAction, seen: Callable[[], None]) -> None:
        """Call `seen` whenever a client that is meant does anything at a wallbox that an action is about."""

        def tap(entry: Entry) -> None:
            if entry.client is None or (action.from_ and not comes_from(entry, action.from_)):
                return
            if any(selector.at_wallbox(entry) for selector in action.selectors):
                seen()

        for kind in ("request", "write"):
            self.taps.setdefault(kind, []).append(tap)

    def follow(self, checks: tuple[Check, ...], changed: Callable[[Instant, bool], None]) -> ConditionWatch:
        """React to a condition: at the first look, and whenever it comes true or ceases to be."""
        watch = ConditionWatch(SiteCondition(self.site, checks), changed)
        self.watches.append(watch)
        return watch

    def timer(self, due: Callable[[Instant], None]) -> Timer:
        """A timer that comes last among what happens at an instant."""

        def guarded(at: Instant) -> None:
            try:
                due(at)
            except EmulatorError as error:
                self.fail(at, str(error))

        timer = self.site.simulation.timer(guarded, Priority.METER)
        self.timers.append(timer)
        return timer

    def set(self, timer: Timer, at: Instant | None) -> None:
        """Set a timer, or clear it."""
        timer.set(at)
        self.site.simulation.wake()

    def at_end(self, end: Callable[[Instant], None]) -> None:
        """Call `end` when the run is over."""
        self.endings.append(end)

    def measure(self, name: str, value: float) -> None:
        """Count a value into the statistics of that name."""
        self.statistics.setdefault(name, Statistics()).add(value)

    def fail(self, at: Instant, text: str, entry: Entry | None = None) -> None:
        """The rule is broken."""
        self.violations += 1
        if self.violation is not None:
            return
        entries = list(self.recent)
        if entry is not None and entry not in self.recent:
            entries.append(entry)
        self.violation = Violation(at=at, text=text, nearest=self.nearest, entries=entries)
        self.failed()

    def came_late(self, text: str) -> None:
        """What was missed came after all."""
        if self.violation is not None and not self.violation.late:
            self.violation.late = text

    # --- for the engine ----------------------------------------------------------------------------------------------

    def finish(self, at: Instant) -> None:
        """The run is over: judge what had to come and has not."""
        if not self.over:
            for end in self.endings:
                end(at)

    def stop(self) -> None:
        """Listen and look no longer."""
        self.over = True
        self.taps.clear()
        for watch in self.watches:
            watch.stop()
        self.watches.clear()
        for timer in self.timers:
            timer.clear()

    def tell(self, entry: Entry) -> None:
        """An entry of the journal that it asked for."""
        for tap in self.taps.get(entry.kind, ()):
            self._tell(tap, entry)

    def _tell(self, tap: Tap, entry: Entry) -> None:
        """A mistake of ours must not reach the server, in the middle of whose answer the entry was made."""
        simulation = self.site.simulation
        try:
            tap(entry)
        except EmulatorError as error:  # what it expects cannot be looked at
            self.fail(entry.at, str(error), entry)
        except Exception as error:
            if not simulation.served:
                raise
            simulation.bugs.caught("a rule", error)

    def follow_up(self, entry: Entry) -> None:
        """What follows a violation belongs to its story."""
        if self.violation is not None and self.violation.following > 0 and entry.kind not in LOUD:
            self.violation.following -= 1
            self.violation.entries.append(entry)
