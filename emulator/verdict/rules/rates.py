"""The rule about how often a client does something."""

from __future__ import annotations

import math
import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Final

from ...core.instant import SECOND, Instant, seconds
from ...language.arguments import ArgumentType, Schema, Scope
from ...language.fields import About
from ...language.nodes import Node
from ..patterns import EventPattern, EventPatternArgument
from .base import LASTING, InForce, ScopedRule, lasting, when

if TYPE_CHECKING:
    from ...runtime.journal import Entry
    from ..run import RuleRun

_RATE: Final = re.compile(r"\s*(<=|<|>=|>)\s*(\d+(?:\.\d+)?)\s*/\s*(s|min|h|d)\s*")
_UNITS: Final = {"s": SECOND, "min": 60 * SECOND, "h": 3600 * SECOND, "d": 86400 * SECOND}


@dataclass(frozen=True, slots=True)
class Rate:
    """How often something may, or has to, happen: `<= 1 /s`."""

    text: str
    least: bool
    """At least so often; else at most."""
    number: float
    unit: Instant

    @property
    def period(self) -> Instant:
        """The shortest time in which it says anything: its unit, or from one to the next."""
        return max(self.unit, math.ceil(self.unit / self.number)) if self.number else self.unit

    def count(self, window: Instant) -> int:
        """How many fit into a window."""
        return math.floor(self.number * window / self.unit + 1e-9)


@dataclass(frozen=True, slots=True)
class RateArgument(ArgumentType[Rate]):
    """Reads a rate."""

    @property
    def text(self) -> str:
        return 'how often, such as "<= 1 /s" or ">= 6 /h"'

    def read(self, node: Node, scope: Scope) -> Rate:
        found = _RATE.fullmatch(node.scalar) if isinstance(node.scalar, str) else None
        if found is None:
            self.wrong(node, scope)
        if not float(found[2]) and found[1] != ">":
            scope.fail(node, f"found {node.shown()}, which says nothing of how often; what may not happen is `never`")
        return Rate(found[0].strip(), found[1].startswith(">"), float(found[2]), _UNITS[found[3]])

    def schema(self) -> Schema:
        return {"type": "string", "pattern": _RATE.pattern, "examples": ["<= 1 /s"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class AtRate(ScopedRule):
    """A client does something at most, or at least, so often. Written as a rate in `always: {client: ...}`."""

    word: ClassVar[str] = "rate"
    inline: ClassVar[bool] = True

    what: Annotated[EventPattern, EventPatternArgument(), About("what is counted")]
    rate: Annotated[Rate, RateArgument(), About("how often")]
    over: Annotated[
        Instant | None, LASTING, About("in any window of this length; default: the unit, and ten times it")
    ] = None

    def sentence(self) -> str:
        over = f" in any {lasting(self.over)}" if self.over is not None else ""
        return f"always: {self.what} {self.rate.text}{over}{self.scope()}"

    def start(self, run: RuleRun) -> None:
        if self.rate.least:
            _AtLeast(self, run)
        else:
            _AtMost(self, run)

    def trigger(self) -> str:
        return f"{self.what}{self.scope()}"

    def unjudged(self, occurrences: int) -> str:
        return f"{occurrences} times, and no window ended ({self.trigger()})"


class _AtMost:
    """In no window there are too many."""

    def __init__(self, rule: AtRate, run: RuleRun) -> None:
        self._run = run
        period = rule.rate.period
        sizes = (period, 10 * period) if rule.over is None else (rule.over,)
        self._windows = [_Window(rule.rate, size) for size in sizes]
        self._time = _ClientTime(run)
        self._in_force = InForce(rule, run)
        self._latest: Instant | None = None
        run.on(rule.what, self._happened)

    def _happened(self, at: Instant, entry: Entry | None) -> None:
        now = self._time.advance(entry) if entry is not None else at
        if self._latest is not None:
            self._run.measure("interval", seconds(now - self._latest))
        self._latest = now
        if self._in_force.since is None:
            return
        self._run.occurred()
        for window in self._windows:
            if window.add(now):
                many = window.allowed + 1
                text = f"{many} times in less than {lasting(window.size)} of its time {when(at)}"
                self._run.fail(at, text, entry)


class _AtLeast:
    """In any window there are enough: the one that makes it enough must not come too late."""

    def __init__(self, rule: AtRate, run: RuleRun) -> None:
        self._run = run
        self._window = rule.over if rule.over is not None else rule.rate.period
        self._times: deque[Instant] = deque(maxlen=max(1, rule.rate.count(self._window)))
        self._in_force = InForce(rule, run)
        self._timer = run.timer(self._due)
        run.on(rule.what, self._happened)
        for edge in (rule.after, rule.until):
            if edge is not None:
                run.on(edge, lambda at, _entry: self._set_timer(at))
        self._set_timer(run.since)

    def _happened(self, at: Instant, _entry: Entry | None) -> None:
        self._times.append(at)
        since = self._in_force.since
        if since is not None:
            enough = len(self._times) == self._times.maxlen and self._times[0] >= since
            self._run.occurred(judged=enough)
        self._set_timer(at)

    def _set_timer(self, at: Instant) -> None:
        since = self._in_force.since
        if since is None:
            self._run.set(self._timer, None)
            return
        full = len(self._times) == self._times.maxlen
        oldest = max(self._times[0], since) if full else since
        self._run.set(self._timer, max(at, oldest + self._window))

    def _due(self, at: Instant) -> None:
        if self._in_force.since is not None:
            times = len(self._times)
            self._run.fail(at, f"{times} times in the {lasting(self._window)} before {round(seconds(at), 6):g} s")


class _Window:
    """At most so many in any window; of n there are n - 1 intervals, and it is those that are counted."""

    def __init__(self, rate: Rate, size: Instant) -> None:
        self.size = size
        self.allowed = rate.count(size) + 1
        self._times: deque[Instant] = deque(maxlen=self.allowed)
        self._exceeded = False

    def add(self, now: Instant) -> bool:
        """One more. Whether there are too many, for the first time in a row."""
        exceeded = len(self._times) == self.allowed and now - self._times[0] < self.size
        self._times.append(now)
        first = exceeded and not self._exceeded
        self._exceeded = exceeded
        return first


class _ClientTime:
    """The time a client lives in: it runs with the wall clock, and where that says nothing with simulated time.

    While simulated time runs by itself a client sees wall time, whatever the speed; while it stands still, whoever
    moves it decides how long a moment is.
    """

    def __init__(self, run: RuleRun) -> None:
        self._clock = run.site.simulation.clock
        self._at = run.since
        self._wall: float | None = None
        self._now: Instant = 0

    def advance(self, entry: Entry) -> Instant:
        """The time at an entry."""
        if not self._clock.frozen and entry.wall is not None:
            if self._wall is not None:
                self._now += max(0, round((entry.wall - self._wall) * SECOND))
        else:
            self._now += max(0, entry.at - self._at)
        self._at, self._wall = entry.at, entry.wall
        return self._now
