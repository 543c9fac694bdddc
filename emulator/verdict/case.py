"""One rule at work: what it hears, what it measured, what it found.

The one rule: memory is bounded - of violations only the first is explained, the others are counted.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ..core.agenda import Priority, Timer
from ..core.instant import Instant, seconds
from ..world.conditions import Condition, ConditionWatch
from .happenings import Happening, Match, Recogniser, line

if TYPE_CHECKING:
    from ..errors import Place
    from ..runtime.journal import Entry
    from ..world.checks import Check
    from ..world.site import Site
    from .rules import Rule

BEFORE: Final = 8
"""Journal lines shown up to a violation."""
AFTER: Final = 3
"""And after it."""
LOUD: Final = frozenset({"push"})
"""Kinds of journal entries that say little about a client."""

Heard = Callable[[Instant, "Entry | None"], None]
Tap = Callable[["Entry"], None]


@dataclass(slots=True)
class Finding:
    """The first violation of a rule."""

    at: Instant
    text: str
    nearest: Entry | None
    lines: list[Entry]
    left: int = AFTER
    late: str = ""


@dataclass(slots=True)
class Measured:
    """A quantity a rule met several times: how often, least, mean, most."""

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
class Case:
    """A rule in a running world."""

    rule: Rule
    place: Place
    site: Site
    failed: Callable[[Case], None]
    """Called at the first violation."""
    violations: int = 0
    finding: Finding | None = None
    measured: dict[str, Measured] = field(default_factory=dict)
    nearest: Entry | None = None
    """What came close, the last time."""
    taps: dict[str, list[Tap]] = field(default_factory=dict)
    """What listens to which kind of entries."""
    watches: list[ConditionWatch] = field(default_factory=list)
    ends: list[Callable[[Instant], None]] = field(default_factory=list)
    timers: list[Timer] = field(default_factory=list)
    recent: deque[Entry] = field(default_factory=deque)
    """The newest telling entries of the world; shared by all cases."""
    since: Instant = 0
    over: bool = False

    # --- for rules ---------------------------------------------------------------------------------------------------

    def on(self, happening: Happening, heard: Heard) -> None:
        """Call back when something happens."""
        if happening.expect:
            self.follow(happening.expect, lambda at, holds: heard(at, None) if holds else None)
            return
        recogniser = Recogniser(happening, self.site)

        def tap(entry: Entry) -> None:
            found = recogniser.match(entry)
            if found is Match.YES:
                heard(entry.at, entry)
            elif found is Match.NEAR:
                self.nearest = entry

        answered = self._answered(tap) if happening.needs_answer else tap
        for kind in happening.kinds:
            self.taps.setdefault(kind, []).append(answered)

    def _answered(self, tap: Tap) -> Tap:
        """A tap that hears of requests when they have been answered: their entry is made before.

        A server answers within one turn of its event loop.
        """
        waiting: deque[Entry] = deque()

        def flush(_at: Instant = 0) -> None:
            while waiting:
                tap(waiting.popleft())

        def wait(entry: Entry) -> None:
            waiting.append(entry)
            with suppress(RuntimeError):  # no event loop: heard at the end
                asyncio.get_running_loop().call_soon(flush)

        self.ends.append(flush)
        return wait

    def follow(self, checks: tuple[Check, ...], changed: Callable[[Instant, bool], None]) -> ConditionWatch:
        """Call back at the first look at a condition, and whenever it changes."""
        watch = ConditionWatch(Condition(self.site, checks), changed)
        self.watches.append(watch)
        return watch

    def timer(self, due: Callable[[Instant], None]) -> Timer:
        """A timer that comes last among what happens at an instant."""
        timer = self.site.simulation.timer(due, Priority.METER)
        self.timers.append(timer)
        return timer

    def set(self, timer: Timer, at: Instant | None) -> None:
        """Arm a timer."""
        timer.set(at)
        self.site.simulation.wake()

    def measure(self, name: str, value: float) -> None:
        self.measured.setdefault(name, Measured()).add(value)

    def fail(self, at: Instant, text: str, entry: Entry | None = None) -> None:
        """The rule is broken."""
        self.violations += 1
        if self.finding is not None:
            return
        lines = list(self.recent)
        if entry is not None and entry not in self.recent:
            lines.append(entry)
        self.finding = Finding(at=at, text=text, nearest=self.nearest, lines=lines)
        self.failed(self)

    def late(self, text: str) -> None:
        """What was missed came after all."""
        if self.finding is not None and not self.finding.late:
            self.finding.late = text

    # --- for the court -----------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Hear and look no longer."""
        self.over = True
        self.taps.clear()
        for watch in self.watches:
            watch.stop()
        self.watches.clear()
        for timer in self.timers:
            timer.clear()

    def hear(self, entry: Entry) -> None:
        """An entry of the journal."""
        for tap in self.taps.get(entry.kind, ()):
            tap(entry)

    def hear_more(self, entry: Entry) -> None:
        """What follows a violation belongs to its story."""
        if self.finding is not None and self.finding.left > 0 and entry.kind not in LOUD:
            self.finding.left -= 1
            self.finding.lines.append(entry)

    def explanation(self, replay: str) -> Iterator[str]:
        """The violation for a reader."""
        finding = self.finding
        if finding is None:
            return
        more = f" ({self.violations} times in all)" if self.violations > 1 else ""
        yield f"{finding.text}{more}"
        yield f"  expected: {self.rule.sentence()}"
        if finding.late:
            yield f"  too late: {finding.late}"
        if finding.nearest is not None:
            yield f"  nearest:  {line(finding.nearest).strip()}"
        yield f"  journal around {seconds(finding.at):g} s:"
        yield from (f"    {line(entry)}" for entry in finding.lines)
        yield f"  replay:   {replay}"
