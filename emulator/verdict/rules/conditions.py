"""Rules about what must never, or always, be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from ...core.instant import Instant, seconds
from ...language.arguments import Duration
from ...language.fields import About
from ...world.checks import Check
from ..patterns import EventPattern, PatternOrCondition, any_line, described
from .base import LASTING, InForce, ScopedRule, lasting, not_for_so_long, watch_trigger, when, within_text

if TYPE_CHECKING:
    from ...runtime.journal import Entry
    from ..run import RuleRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Never(ScopedRule):
    """Something does not happen, or a condition does not hold."""

    word: ClassVar[str] = "never"

    never: Annotated[EventPattern | tuple[Check, ...], PatternOrCondition(), About("what must not be")]
    for_: Annotated[Instant, Duration(), About("a condition may hold for this long")] = 0
    within: Annotated[Instant | None, LASTING, About("only for this long after each `after`")] = None

    def problem(self) -> tuple[str, str] | None:
        if self.for_ and isinstance(self.never, EventPattern):
            return "for", "belongs to a condition; what happens does not last"
        if self.within is not None and self.for_ > self.within:
            return "for", f"found {lasting(self.for_)}, but it is in force for {lasting(self.within)} only"
        return None

    def sentence(self) -> str:
        subject = str(self.never) if isinstance(self.never, EventPattern) else described(self.never)
        lasted = f" for longer than {lasting(self.for_)}" if self.for_ else ""
        return f"never: {subject}{lasted}{within_text(self.within)}{self.scope()}"

    def start(self, run: RuleRun) -> None:
        if not isinstance(self.never, EventPattern):
            _ConditionRun(self, run, any_line(self.never), forbidden=True, allowed=self.for_, window=self.within)
            return

        def happened(at: Instant, entry: Entry | None) -> None:
            since = in_force.since
            if since is not None and (self.within is None or at - since <= self.within):
                run.fail(at, f"it happened {when(at)}", entry)

        in_force = watch_trigger(self.never, self, run, happened)

    def trigger(self) -> str:
        if isinstance(self.never, EventPattern):
            return f"{self.never.subject}{self.scope()}"
        return f"in force{self.scope()}"

    def unjudged(self, occurrences: int) -> str:
        return not_for_so_long(self.for_)


@dataclass(frozen=True, slots=True, kw_only=True)
class Always(ScopedRule):
    """A condition holds all the time."""

    word: ClassVar[str] = "always"

    always: Annotated[
        tuple[Check, ...], PatternOrCondition(), About("what must be: a condition, or how often a client does it")
    ]
    for_: Annotated[Instant, Duration(), About("it may be otherwise for this long")] = 0
    within: Annotated[Instant, Duration(), About("and for this long after each `after`")] = 0

    def sentence(self) -> str:
        grace = f", from {lasting(self.within)} on" if self.within else ""
        lapse = f", but for {lasting(self.for_)}" if self.for_ else ""
        return f"always: {described(self.always)}{self.scope()}{grace}{lapse}"

    def start(self, run: RuleRun) -> None:
        _ConditionRun(self, run, self.always, forbidden=False, allowed=self.for_, grace=self.within)

    def trigger(self) -> str:
        return f"in force{self.scope()}"

    def unjudged(self, occurrences: int) -> str:
        return not_for_so_long(max(self.for_, self.within))


class _ConditionRun:
    """Sees that a condition is not violated for longer than allowed while a rule is in force."""

    def __init__(
        self,
        rule: ScopedRule,
        run: RuleRun,
        checks: tuple[Check, ...],
        *,
        forbidden: bool,
        allowed: Instant,
        grace: Instant = 0,
        window: Instant | None = None,
    ) -> None:
        self._run = run
        self._forbidden = forbidden
        """Whether the condition must not hold; else it must."""
        self._allowed = allowed
        """How long it may be violated."""
        self._grace = grace
        """How long it may be so after the rule has come into force."""
        self._window = window
        """How long the rule is in force each time; None: until its scope ends."""
        self._judged_timer = run.timer(self._judged)
        self._in_force = InForce(rule, run, self._came_into_force)
        self._violated_since: Instant | None = None
        self._reported = False
        self._watch = run.follow(checks, self._changed)
        self._timer = run.timer(self._due)
        if rule.after is not None:
            run.on(rule.after, self._begin)

    def _came_into_force(self) -> None:
        self._run.occurred(judged=False)
        self._run.set(self._judged_timer, self._run.site.simulation.at + max(self._allowed, self._grace))

    def _judged(self, _at: Instant) -> None:
        """It has been in force for as long as it takes to break it."""
        if self._in_force.since is not None:
            self._run.judged()

    def _changed(self, at: Instant, holds: bool) -> None:
        if holds is self._forbidden:
            self._violated_since = at
            self._begin(at)
        elif self._violated_since is not None:
            self._run.measure("lasted", seconds(at - self._violated_since))
            self._violated_since = None
            self._run.set(self._timer, None)

    def _begin(self, at: Instant, _entry: Entry | None = None) -> None:
        """The condition is violated, or the rule has come into force: allow for some time."""
        self._reported = False
        self._set_timer(at)

    def _set_timer(self, at: Instant) -> None:
        deadline = self._deadline()
        self._run.set(self._timer, max(at, deadline) if deadline is not None else None)

    def _deadline(self) -> Instant | None:
        """When it will have been violated for too long; None: it is not, or it does not matter."""
        violated, in_force = self._violated_since, self._in_force.since
        if violated is None or in_force is None or self._reported:
            return None
        deadline = max(max(violated, in_force) + self._allowed, in_force + self._grace)
        return None if self._window is not None and deadline > in_force + self._window else deadline

    def _due(self, at: Instant) -> None:
        deadline = self._deadline()
        if deadline is None or deadline > at:  # the scope has begun again meanwhile
            self._set_timer(at)
            return
        if self._watch.look(at) is not self._forbidden or self._violated_since is None:
            return
        self._reported = True
        lasted = f" for {lasting(at - self._violated_since)}" if self._allowed or self._grace else ""
        self._run.fail(at, f"{self._watch.found}{lasted} {when(at)}")
