"""Rules about how many times something happens, and how far apart."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Final

from ...core.instant import Instant, seconds
from ...language.arguments import Flag
from ...language.fields import About
from ...world.expectations import Compared, Expectation
from ..patterns import EventPattern, EventPatternArgument, PlainExpectation
from .base import LASTING, InForce, Rule, ScopedRule, lasting, watch_trigger, when

if TYPE_CHECKING:
    from ...runtime.journal import Entry
    from ..run import RuleRun

MOST: Final = 100_000
"""Times kept of what is counted in windows."""
MOST_ALIKE: Final = 10_000
"""Different requests that are told apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count(ScopedRule):
    """Something happens so many times: in all, or in any window `per`."""

    word: ClassVar[str] = "count"
    inline: ClassVar[bool] = True

    what: Annotated[EventPattern, EventPatternArgument(), About("what is counted")]
    count: Annotated[Expectation, PlainExpectation(), About('how many: 2, "<= 3", "1..4"')]
    per: Annotated[Instant | None, LASTING, About("in any window of this length; default: in all")] = None

    def sentence(self) -> str:
        per = f" in any {lasting(self.per)}" if self.per is not None else ""
        return f"{self.what}, number of times {self.count.text}{per}{self.scope()}"

    def start(self, run: RuleRun) -> None:
        _CountRun(self, run)

    def trigger(self) -> str:
        return f"{self.what}{self.scope()}"


class _CountRun:
    def __init__(self, rule: Count, run: RuleRun) -> None:
        self._rule, self._run = rule, run
        self._number = 0
        self._times: deque[Instant] = deque(maxlen=MOST)
        """In the window that ends now."""
        if rule.count.holds(1):
            self._in_force = InForce(rule, run)
            run.on(rule.what, self._happened)
        else:  # none at all
            self._in_force = watch_trigger(rule.what, rule, run, self._happened)
        run.at_end(self._end)

    @property
    def _at_most(self) -> bool:
        """Whether too many is the only thing that can be wrong: then it is wrong at once."""
        count = self._rule.count
        return isinstance(count, Compared) and count.sign in ("<", "<=")

    def _happened(self, at: Instant, entry: Entry | None) -> None:
        if self._in_force.since is None:
            return
        self._number += 1
        if self._rule.count.holds(1):
            self._run.occurred()
        per = self._rule.per
        if per is None:
            if self._at_most and not self._rule.count.holds(self._number):
                self._run.fail(at, f"{self._number} times {when(at)}", entry)
            return
        self._times.append(at)
        while self._times and self._times[0] <= at - per:
            self._times.popleft()
        if not self._rule.count.holds(len(self._times)):
            within = lasting(at - self._times[0])
            self._run.fail(at, f"{len(self._times)} times within {within} {when(at)}", entry)

    def _end(self, at: Instant) -> None:
        self._run.measure("times", self._number)
        if self._rule.per is None and not self._rule.count.holds(self._number) and not self._run.violations:
            self._run.fail(at, f"{self._number} times")


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart(Rule):
    """Something happens again only after some time."""

    word: ClassVar[str] = "apart"
    inline: ClassVar[bool] = True

    what: Annotated[EventPattern, EventPatternArgument(), About("what happens")]
    apart: Annotated[Instant, LASTING, About("the least time from one to the next")]
    alike: Annotated[bool, Flag(), About("only from one to the next of the same request, register or value")] = False

    def sentence(self) -> str:
        return f"{self.what}, {'the same ' if self.alike else ''}at least {lasting(self.apart)} apart"

    def start(self, run: RuleRun) -> None:
        times: dict[str, Instant] = {}

        def happened(at: Instant, entry: Entry | None) -> None:
            alike = f"{entry.name} {entry.detail.get('query', '')}" if self.alike and entry is not None else ""
            if len(times) > MOST_ALIKE:
                times.clear()
            latest = times.get(alike)
            if latest is not None:
                gap = at - latest
                run.occurred()
                run.measure("gap", seconds(gap))
                if gap < self.apart:
                    run.fail(at, f"again {when(at)}, {lasting(gap)} after the last time", entry)
            times[alike] = at

        run.on(self.what, happened)

    def trigger(self) -> str:
        return f"{self.what}, twice"
