"""Rules about what comes, in which order, and how soon after something else."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Final

from ...core.instant import Instant, seconds
from ...language.arguments import Duration, Flag, Several
from ...language.fields import About
from ...world.checks import Check
from ..patterns import EventPattern, EventPatternArgument, PatternOrCondition, described
from .base import Rule, lasting, when, within_text

if TYPE_CHECKING:
    from ...runtime.journal import Entry
    from ..run import RuleRun

MOST_OWED: Final = 4096
"""Reactions that may be outstanding at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Eventually(Rule):
    """Something happens, or a condition comes true, before the run is over."""

    word: ClassVar[str] = "eventually"

    eventually: Annotated[EventPattern | tuple[Check, ...], PatternOrCondition(), About("what has to come")]
    within: Annotated[Instant | None, Duration(), About("at the latest this long after the start")] = None

    @property
    def pattern(self) -> EventPattern:
        subject = self.eventually
        return subject if isinstance(subject, EventPattern) else EventPattern(expect=subject)

    def sentence(self) -> str:
        subject = self.eventually
        text = str(subject) if isinstance(subject, EventPattern) else described(subject)
        return f"eventually: {text}{within_text(self.within)}"

    def start(self, run: RuleRun) -> None:
        came = False

        def happened(at: Instant, _entry: Entry | None) -> None:
            nonlocal came
            run.occurred()
            if not came:
                run.measure("came after", seconds(at - run.since))
                run.came_late(f"it came {when(at)}")
            came = True

        def due(at: Instant) -> None:
            if not came and not run.violations:
                found = "; ".join(watch.found for watch in run.watches)
                run.fail(at, f"it has not come {when(at)}" + (f": {found}" if found else ""))

        run.on(self.pattern, happened)
        if self.within is not None:
            run.set(run.timer(due), run.since + self.within)
        else:
            run.at_end(due)

    def trigger(self) -> str:
        return str(self.pattern)


@dataclass(frozen=True, slots=True, kw_only=True)
class Within(Rule):
    """Something happens within a time after something else, every time."""

    word: ClassVar[str] = "within"
    inline: ClassVar[bool] = True

    what: Annotated[EventPattern, EventPatternArgument(), About("what has to follow")]
    after: Annotated[EventPattern, EventPatternArgument(), About("what it is the answer to")]
    within: Annotated[Instant, Duration(), About("how long it may take")]
    unless: Annotated[EventPattern | None, EventPatternArgument(), About("nothing is owed any more after this")] = None

    def sentence(self) -> str:
        unless = f" unless {self.unless}" if self.unless is not None else ""
        return f"{self.what} within {lasting(self.within)} after {self.after}{unless}"

    def start(self, run: RuleRun) -> None:
        _WithinRun(self, run)

    def trigger(self) -> str:
        return str(self.after)


class _WithinRun:
    def __init__(self, rule: Within, run: RuleRun) -> None:
        self._rule, self._run = rule, run
        self._owed: deque[Instant] = deque(maxlen=MOST_OWED)
        """When each reaction still outstanding was asked for."""
        self._missed: Instant | None = None
        """When the reaction that was missed last was asked for."""
        self._timer = run.timer(self._due)
        self._look_timer = run.timer(self._look)
        run.on(rule.after, self._asked)
        run.on(rule.what, self._answered)
        self._watch = run.watches[-1] if rule.what.expect else None
        if rule.unless is not None:
            run.on(rule.unless, self._excused)
        run.at_end(self._end)

    def _asked(self, at: Instant, _entry: Entry | None) -> None:
        self._run.occurred(judged=False)
        if not self._owed:
            self._run.set(self._timer, at + self._rule.within)
        self._owed.append(at)
        self._run.nearest = None
        if self._watch is not None:
            self._run.set(self._look_timer, at)

    def _answered(self, at: Instant, _entry: Entry | None) -> None:
        if self._owed:
            self._run.measure("reaction time", seconds(at - self._owed[0]))
        elif self._missed is not None:
            self._run.came_late(f"it came {when(at)}, after {lasting(at - self._missed)}")
        self._excused(at, None)

    def _excused(self, _at: Instant, _entry: Entry | None) -> None:
        if self._owed:
            self._run.judged()
        self._owed.clear()
        self._missed = None
        self._run.set(self._timer, None)

    def _look(self, at: Instant) -> None:
        """A condition may hold already: then it does not come true once more."""
        if self._owed and self._watch is not None and self._watch.look(at):
            self._answered(at, None)

    def _due(self, at: Instant) -> None:
        asked_at = self._owed.popleft()
        watch, rule = self._watch, self._rule
        if watch is not None and watch.look(at):
            self._run.judged()
            self._answered(at, None)
            return
        found = f": {watch.found}" if watch is not None else ""
        self._missed = asked_at
        self._run.fail(at, f"not within {lasting(rule.within)} after {rule.after} {when(asked_at)}{found}")
        self._run.set(self._timer, self._owed[0] + rule.within if self._owed else None)

    def _end(self, at: Instant) -> None:
        for since in self._owed:
            self._run.measure("open at the end", seconds(at - since))


@dataclass(frozen=True, slots=True, kw_only=True)
class Before(Rule):
    """Something has happened before something else does."""

    word: ClassVar[str] = "before"
    inline: ClassVar[bool] = True

    what: Annotated[EventPattern, EventPatternArgument(), About("what comes first")]
    before: Annotated[EventPattern, EventPatternArgument(), About("what comes after it")]
    each: Annotated[bool, Flag(), About("before each of them, not only the first")] = False

    def sentence(self) -> str:
        return f"{self.what} before {'each ' if self.each else ''}{self.before}"

    def start(self, run: RuleRun) -> None:
        first: Instant | None = None

        def came(at: Instant, _entry: Entry | None) -> None:
            nonlocal first
            first = at

        def followed(at: Instant, entry: Entry | None) -> None:
            nonlocal first
            run.occurred()
            if first is None:
                run.fail(at, f"{self.before} {when(at)}, and nothing before it", entry)
            elif self.each:
                run.measure("ahead", seconds(at - first))
                first = None

        run.on(self.what, came)
        run.on(self.before, followed)

    def trigger(self) -> str:
        return str(self.before)


@dataclass(frozen=True, slots=True, kw_only=True)
class InOrder(Rule):
    """Things happen in this order; each may happen again."""

    word: ClassVar[str] = "order"

    order: Annotated[tuple[EventPattern, ...], Several(EventPatternArgument()), About("what happens, in order")]
    complete: Annotated[bool, Flag(), About("all of it has to happen")] = False

    def sentence(self) -> str:
        return "in order: " + ", then ".join(str(pattern) for pattern in self.order)

    def start(self, run: RuleRun) -> None:
        _InOrderRun(self, run)

    def trigger(self) -> str:
        return "any of it"

    def unjudged(self, occurrences: int) -> str:
        return f"nothing came after {self.order[0]}"


class _InOrderRun:
    def __init__(self, rule: InOrder, run: RuleRun) -> None:
        self._rule, self._run = rule, run
        self._next = 0
        """Index of what is to come next."""
        for index in reversed(range(len(rule.order))):  # an entry that is two of them counts as the later one first
            self._listen(index)
        run.at_end(self._end)

    def _listen(self, index: int) -> None:
        def came(at: Instant, entry: Entry | None) -> None:
            order = self._rule.order
            self._run.occurred(judged=index > 0)
            if index > self._next:
                self._run.fail(at, f"{order[index]} {when(at)} before {order[self._next]}", entry)
            elif index == self._next:
                self._next += 1

        self._run.on(self._rule.order[index], came)

    def _end(self, at: Instant) -> None:
        order = self._rule.order
        if not self._rule.complete:
            return
        if self._next < len(order):
            self._run.fail(at, f"{order[self._next]} has not happened at all")
        else:
            self._run.judged()
