"""The rules there are.

The one rule: a rule is a frozen dataclass in the list at the end; its fields are its keys in a scenario, `watch` sets
it to work in a running world. To add one, write a class and add it there.
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Final

from ..core.instant import SECOND, Instant, seconds
from ..language.arguments import ArgumentType, Duration, Flag, Schema, Scope, Several, Text
from ..language.fields import About
from ..language.nodes import Node
from ..language.units import shown
from ..world.checks import Check
from ..world.expectations import Compared, Expectation
from .happenings import Happening, HappeningKind, Loose, Subject, any_line, described

if TYPE_CHECKING:
    from ..runtime.journal import Entry
    from ..world.conditions import ConditionWatch
    from .case import Case


def lasting(duration: Instant) -> str:
    """`1 h 30 min`, `12.5 s`"""
    return shown(round(seconds(duration), 6), "s")


def when(at: Instant) -> str:
    return f"at {round(seconds(at), 6):g} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(ABC):
    """Base of all rules."""

    word: ClassVar[str]
    """The key by which it is known."""
    inline: ClassVar[bool] = False
    """What happens is written among its keys."""

    name: Annotated[str, Text()] = ""
    """What reports call it; else what it demands."""

    @property
    def title(self) -> str:
        return self.name or self.sentence()

    @abstractmethod
    def watch(self, case: Case) -> None:
        """Set it to work."""

    @abstractmethod
    def sentence(self) -> str:
        """What it demands."""


# --- when it is in force ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoped(Rule):
    """A rule that may be in force for parts of the run only."""

    after: Annotated[Happening | None, HappeningKind(), About("in force from this on; else from the start")] = None
    until: Annotated[Happening | None, HappeningKind(), About("and until this")] = None

    def open(self, case: Case) -> _Span:
        return _Span(self, case)

    def scope(self) -> str:
        text = f" after {self.after}" if self.after is not None else ""
        return text + (f" until {self.until}" if self.until is not None else "")


class _Span:
    """Whether a rule is in force."""

    def __init__(self, rule: Scoped, case: Case) -> None:
        self.since: Instant | None = case.since if rule.after is None else None
        """Since when; None: it is not."""
        if rule.after is not None:
            case.on(rule.after, self._begin)
        if rule.until is not None:
            case.on(rule.until, self._end)

    def _begin(self, at: Instant, _entry: Entry | None) -> None:
        self.since = at

    def _end(self, _at: Instant, _entry: Entry | None) -> None:
        self.since = None


# --- conditions ------------------------------------------------------------------------------------------------------


class _Vigil:
    """Watches that a condition is not wrong for longer than allowed while a rule is in force."""

    def __init__(
        self,
        case: Case,
        checks: tuple[Check, ...],
        span: _Span,
        *,
        wrong: bool,
        allowed: Instant = 0,
        grace: Instant = 0,
        window: Instant | None = None,
    ) -> None:
        self._case = case
        self._wrong = wrong
        """Whether it is wrong that the condition holds."""
        self._allowed = allowed
        """How long it may be wrong."""
        self._grace = grace
        """How long it may be so after the rule has come into force."""
        self._window = window
        """How long the rule is in force each time; None: until its scope ends."""
        self._span = span
        self._since: Instant | None = None
        self._broken = False
        self.watch: ConditionWatch = case.follow(checks, self._changed)
        self._timer = case.timer(self._due)

    def _changed(self, at: Instant, holds: bool) -> None:
        if holds is self._wrong:
            self._since = at
            self._broken = False
            self.arm(at)
        elif self._since is not None:
            self._case.measure("lasted", seconds(at - self._since))
            self._since = None
            self._case.set(self._timer, None)

    def begin(self, at: Instant) -> None:
        """The rule has come into force."""
        self._broken = False
        self.arm(at)

    def arm(self, at: Instant) -> None:
        """The condition is wrong: allow for some time."""
        deadline = self._deadline()
        self._case.set(self._timer, max(at, deadline) if deadline is not None else None)

    def _deadline(self) -> Instant | None:
        """When it will have been wrong for too long; None: it is not wrong, or nobody cares."""
        since, begun = self._since, self._span.since
        if since is None or begun is None or self._broken:
            return None
        deadline = max(max(since, begun) + self._allowed, begun + self._grace)
        return None if self._window is not None and deadline > begun + self._window else deadline

    def _due(self, at: Instant) -> None:
        deadline = self._deadline()
        if deadline is None or deadline > at:  # the scope began anew meanwhile
            self.arm(at)
            return
        if self.watch.look(at) is not self._wrong or self._since is None:
            return
        self._broken = True
        lasted = f" for {lasting(at - self._since)}" if self._allowed or self._grace else ""
        self._case.fail(at, f"{self.watch.found}{lasted} {when(at)}")


# --- never and always ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Never(Scoped):
    """Something does not happen, or a condition does not hold."""

    word: ClassVar[str] = "never"

    never: Annotated[Happening | tuple[Check, ...], Subject(), About("what must not be")]
    for_: Annotated[Instant, Duration(), About("a condition may hold for this long")] = 0
    within: Annotated[Instant | None, Duration(), About("only so long after each `after`")] = None

    def sentence(self) -> str:
        subject = str(self.never) if isinstance(self.never, Happening) else described(self.never)
        lasted = f" for longer than {lasting(self.for_)}" if self.for_ else ""
        window = f" within {lasting(self.within)}" if self.within is not None else ""
        return f"never: {subject}{lasted}{window}{self.scope()}"

    def watch(self, case: Case) -> None:
        if not isinstance(self.never, Happening):
            vigil = _Vigil(
                case, any_line(self.never), self.open(case), wrong=True, allowed=self.for_, window=self.within
            )
            if self.after is not None:
                case.on(self.after, lambda at, _entry: vigil.begin(at))
            return
        span = self.open(case)

        def heard(at: Instant, entry: Entry | None) -> None:
            since = span.since
            if since is not None and (self.within is None or at - since <= self.within):
                case.fail(at, f"it happened {when(at)}", entry)

        case.on(self.never, heard)


@dataclass(frozen=True, slots=True, kw_only=True)
class Always(Scoped):
    """A condition holds all the time."""

    word: ClassVar[str] = "always"

    always: Annotated[tuple[Check, ...], Subject(), About("what must be: a condition, or how often a client does it")]
    for_: Annotated[Instant, Duration(), About("it may be otherwise for this long")] = 0
    within: Annotated[Instant, Duration(), About("and for this long after each `after`")] = 0

    def sentence(self) -> str:
        grace = f", from {lasting(self.within)} on" if self.within else ""
        lapse = f", but for {lasting(self.for_)}" if self.for_ else ""
        return f"always: {described(self.always)}{self.scope()}{grace}{lapse}"

    def watch(self, case: Case) -> None:
        vigil = _Vigil(case, self.always, self.open(case), wrong=False, allowed=self.for_, grace=self.within)
        if self.after is not None:
            case.on(self.after, lambda at, _entry: vigil.begin(at))


# --- rates -----------------------------------------------------------------------------------------------------------

_RATE: Final = re.compile(r"\s*(<=|<|>=|>)\s*(\d+(?:\.\d+)?)\s*/\s*(s|min|h|d)\s*")
_UNITS: Final = {"s": SECOND, "min": 60 * SECOND, "h": 3600 * SECOND, "d": 86400 * SECOND}


@dataclass(frozen=True, slots=True)
class Frequency:
    """How often: `<= 1 /s`."""

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
class Rate(ArgumentType[Frequency]):
    """Reads a frequency."""

    @property
    def text(self) -> str:
        return 'how often, such as "<= 1 /s" or ">= 6 /h"'

    def read(self, node: Node, scope: Scope) -> Frequency:
        found = _RATE.fullmatch(node.scalar) if isinstance(node.scalar, str) else None
        if found is None:
            self.wrong(node, scope)
        return Frequency(found[0].strip(), found[1].startswith(">"), float(found[2]), _UNITS[found[3]])

    def schema(self) -> Schema:
        return {"type": "string", "pattern": _RATE.pattern, "examples": ["<= 1 /s"]}


class _ClientTime:
    """The time a client lives in: it runs with the wall clock, and where that says nothing with simulated time.

    While simulated time runs by itself a client sees wall time, whatever the speed; while it stands still, whoever
    moves it decides how long a moment is.
    """

    def __init__(self, case: Case) -> None:
        self._case = case
        self._at = case.since
        self._wall: float | None = None
        self.now: Instant = 0

    def tick(self, entry: Entry) -> Instant:
        """Advance to an entry."""
        running = not self._case.site.simulation.clock.frozen
        if running and entry.wall is not None:
            if self._wall is not None:
                self.now += max(0, round((entry.wall - self._wall) * SECOND))
        else:
            self.now += max(0, entry.at - self._at)
        self._at, self._wall = entry.at, entry.wall
        return self.now


class _Window:
    """At most so many in any window; of n there are n - 1 intervals, and it is those that are counted."""

    def __init__(self, frequency: Frequency, window: Instant) -> None:
        self.window = window
        self.allowed = frequency.count(window) + 1
        self._times: deque[Instant] = deque(maxlen=self.allowed)
        self.broken = False

    def add(self, now: Instant) -> bool:
        """One more. Whether there are too many, for the first time in a row."""
        full = len(self._times) == self.allowed and now - self._times[0] < self.window
        self._times.append(now)
        first = full and not self.broken
        self.broken = full
        return first

    @property
    def seen(self) -> int:
        return len(self._times)


@dataclass(frozen=True, slots=True, kw_only=True)
class Often(Scoped):
    """A client does something at most, or at least, so often. Written as a rate in `always: {client: ...}`."""

    word: ClassVar[str] = "rate"
    inline: ClassVar[bool] = True

    what: Annotated[Happening, HappeningKind(), About("what is counted")]
    rate: Annotated[Frequency, Rate(), About("how often")]
    over: Annotated[Instant | None, Duration(), About("in any window of this length; else the unit, and ten of it")] = (
        None
    )

    def sentence(self) -> str:
        over = f" in any {lasting(self.over)}" if self.over is not None else ""
        return f"always: {self.what} {self.rate.text}{over}{self.scope()}"

    def watch(self, case: Case) -> None:
        if self.rate.least:
            self._watch_least(case)
            return
        windows = (
            [_Window(self.rate, self.over)]
            if self.over is not None
            else [_Window(self.rate, self.rate.period), _Window(self.rate, 10 * self.rate.period)]
        )
        time, span = _ClientTime(case), self.open(case)
        latest: list[Instant] = []

        def heard(at: Instant, entry: Entry | None) -> None:
            now = time.tick(entry) if entry is not None else at
            if latest:
                case.measure("interval", seconds(now - latest[0]))
            latest[:] = [now]
            if span.since is None:
                return
            for window in windows:
                if window.add(now):
                    many = window.allowed + 1
                    case.fail(at, f"{many} times in less than {lasting(window.window)} of its time {when(at)}", entry)

        case.on(self.what, heard)

    def _watch_least(self, case: Case) -> None:
        """In any window there are enough: the one that makes it enough must not come too late."""
        window = self.over if self.over is not None else self.rate.period
        needed = max(1, self.rate.count(window))
        span = self.open(case)
        times: deque[Instant] = deque(maxlen=needed)

        def oldest() -> Instant:
            since = span.since or 0
            return max(times[0], since) if len(times) == needed else since

        def due(at: Instant) -> None:
            if span.since is not None:
                case.fail(at, f"{len(times)} times in the {lasting(window)} before {round(seconds(at), 6):g} s")

        def heard(at: Instant, _entry: Entry | None) -> None:
            times.append(at)
            arm(at)

        def arm(at: Instant) -> None:
            case.set(timer, max(at, oldest() + window) if span.since is not None else None)

        timer = case.timer(due)
        case.on(self.what, heard)
        for edge in (self.after, self.until):
            if edge is not None:
                case.on(edge, lambda at, _entry: arm(at))
        arm(case.since)


# --- in time ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Eventually(Rule):
    """Something happens, or a condition comes true, before the run is over."""

    word: ClassVar[str] = "eventually"

    eventually: Annotated[Happening | tuple[Check, ...], Subject(), About("what has to come")]
    within: Annotated[Instant | None, Duration(), About("at the latest so long after the start")] = None

    def sentence(self) -> str:
        subject = str(self.eventually) if isinstance(self.eventually, Happening) else described(self.eventually)
        return f"eventually: {subject}" + (f" within {lasting(self.within)}" if self.within is not None else "")

    def watch(self, case: Case) -> None:
        came: list[Instant] = []
        subject = self.eventually
        happening = subject if isinstance(subject, Happening) else Happening(expect=subject)

        def heard(at: Instant, _entry: Entry | None) -> None:
            if not came:
                case.measure("came after", seconds(at - case.since))
                if case.finding is not None:
                    case.late(f"it came {when(at)}")
            came[:] = [at]

        def due(at: Instant) -> None:
            if not came and not case.violations:
                looked = "; ".join(watch.found for watch in case.watches)
                case.fail(at, f"it has not come {when(at)}" + (f": {looked}" if looked else ""))

        case.on(happening, heard)
        if self.within is not None:
            case.set(case.timer(due), case.since + self.within)
        case.ends.append(due if self.within is None else lambda _at: None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction(Rule):
    """Something happens within a time after something else, every time."""

    word: ClassVar[str] = "within"
    inline: ClassVar[bool] = True

    what: Annotated[Happening, HappeningKind(), About("what has to follow")]
    after: Annotated[Happening, HappeningKind(), About("what it is the answer to")]
    within: Annotated[Instant, Duration(), About("how long it may take")]
    unless: Annotated[Happening | None, HappeningKind(), About("nothing is owed any more after this")] = None

    def sentence(self) -> str:
        unless = f" unless {self.unless}" if self.unless is not None else ""
        return f"{self.what} within {lasting(self.within)} after {self.after}{unless}"

    def watch(self, case: Case) -> None:
        owed: deque[Instant] = deque(maxlen=4096)
        missed: list[Instant] = []

        def answered(at: Instant, _entry: Entry | None) -> None:
            if owed:
                case.measure("reaction time", seconds(at - owed[0]))
            elif missed:
                case.late(f"it came {when(at)}, after {lasting(at - missed[0])}")
            owed.clear()
            missed.clear()
            case.set(timer, None)

        def asked(at: Instant, _entry: Entry | None) -> None:
            if not owed:
                case.set(timer, at + self.within)
            owed.append(at)
            case.nearest = None
            if self.what.expect:
                case.set(look, at)

        def due(at: Instant) -> None:
            asked_at = owed.popleft()
            if watches and watches[0].look(at):
                answered(at, None)
                return
            found = f": {watches[0].found}" if watches else ""
            missed[:] = [asked_at]
            case.fail(at, f"not within {lasting(self.within)} after {self.after} {when(asked_at)}{found}")
            case.set(timer, owed[0] + self.within if owed else None)

        def look_again(at: Instant) -> None:
            if owed and watches[0].look(at):
                answered(at, None)

        def excused(_at: Instant, _entry: Entry | None) -> None:
            owed.clear()
            missed.clear()
            case.set(timer, None)

        def end(at: Instant) -> None:
            for since in owed:
                case.measure("open at the end", seconds(at - since))

        timer = case.timer(due)
        look = case.timer(look_again)
        case.on(self.after, asked)
        before = len(case.watches)
        case.on(self.what, answered)
        watches = case.watches[before:] if self.what.expect else []
        if self.unless is not None:
            case.on(self.unless, excused)
        case.ends.append(end)


# --- order and numbers -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Before(Rule):
    """Something has happened before something else does."""

    word: ClassVar[str] = "before"
    inline: ClassVar[bool] = True

    what: Annotated[Happening, HappeningKind(), About("what comes first")]
    before: Annotated[Happening, HappeningKind(), About("what comes after it")]
    each: Annotated[bool, Flag(), About("before each of them anew")] = False

    def sentence(self) -> str:
        return f"{self.what} before {'each ' if self.each else ''}{self.before}"

    def watch(self, case: Case) -> None:
        first: list[Instant] = []

        def came(at: Instant, _entry: Entry | None) -> None:
            first[:] = [at]

        def followed(at: Instant, entry: Entry | None) -> None:
            if not first:
                case.fail(at, f"{self.before} {when(at)}, and nothing before it", entry)
            elif self.each:
                case.measure("ahead", seconds(at - first[0]))
                first.clear()

        case.on(self.what, came)
        case.on(self.before, followed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order(Rule):
    """Things happen in this order; each may happen again."""

    word: ClassVar[str] = "order"

    order: Annotated[tuple[Happening, ...], Several(HappeningKind()), About("what happens, in order")]
    complete: Annotated[bool, Flag(), About("all of it has to happen")] = False

    def sentence(self) -> str:
        return "in order: " + ", then ".join(str(happening) for happening in self.order)

    def watch(self, case: Case) -> None:
        reached = [0]

        def heard(index: int) -> None:
            def came(at: Instant, entry: Entry | None) -> None:
                if index > reached[0]:
                    case.fail(at, f"{self.order[index]} {when(at)} before {self.order[reached[0]]}", entry)
                elif index == reached[0]:
                    reached[0] += 1

            case.on(self.order[index], came)

        for index in reversed(range(len(self.order))):  # an entry that is two of them counts as the later one first
            heard(index)

        def end(at: Instant) -> None:
            if self.complete and reached[0] < len(self.order):
                case.fail(at, f"{self.order[reached[0]]} has not happened at all")

        case.ends.append(end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count(Scoped):
    """Something happens so many times: in all, or in any window `per`."""

    word: ClassVar[str] = "count"
    inline: ClassVar[bool] = True

    what: Annotated[Happening, HappeningKind(), About("what is counted")]
    count: Annotated[Expectation, Loose(), About('how many: 2, "<= 3", "1..4"')]
    per: Annotated[Instant | None, Duration(), About("in any window of this length; else in all")] = None

    def sentence(self) -> str:
        per = f" in any {lasting(self.per)}" if self.per is not None else ""
        return f"{self.what}, number of times {self.count.text}{per}{self.scope()}"

    def watch(self, case: Case) -> None:
        span = self.open(case)
        times: deque[Instant] = deque(maxlen=100_000)
        number = [0]
        rising = isinstance(self.count, Compared) and self.count.sign in ("<", "<=")

        def heard(at: Instant, entry: Entry | None) -> None:
            if span.since is None:
                return
            number[0] += 1
            if self.per is not None:
                times.append(at)
                while times[0] <= at - self.per:
                    times.popleft()
            found = len(times) if self.per is not None else number[0]
            if (rising or self.per is not None) and not self.count.holds(found):
                within = f" within {lasting(at - times[0])}" if self.per is not None else ""
                case.fail(at, f"{found} times{within} {when(at)}", entry)

        def end(at: Instant) -> None:
            case.measure("times", number[0])
            if self.per is None and not self.count.holds(number[0]) and not case.violations:
                case.fail(at, f"{number[0]} times")

        case.on(self.what, heard)
        case.ends.append(end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart(Rule):
    """Something happens again only after some time."""

    word: ClassVar[str] = "apart"
    inline: ClassVar[bool] = True

    what: Annotated[Happening, HappeningKind(), About("what happens")]
    apart: Annotated[Instant, Duration(), About("the least time from one to the next")]

    def sentence(self) -> str:
        return f"{self.what}, at least {lasting(self.apart)} apart"

    def watch(self, case: Case) -> None:
        latest: list[Instant] = []

        def heard(at: Instant, entry: Entry | None) -> None:
            if latest:
                gap = at - latest[0]
                case.measure("gap", seconds(gap))
                if gap < self.apart:
                    case.fail(at, f"again {when(at)}, {lasting(gap)} after the last time", entry)
            latest[:] = [at]

        case.on(self.what, heard)


RULES: Final[tuple[type[Rule], ...]] = (Never, Often, Always, Eventually, Order, Before, Apart, Count, Reaction)
"""Every rule; the first whose word is among the keys of an entry is the one that is meant."""
