"""Rules about habits: what a client does after a refusal or a lost reply, what it reads back and gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Final

from ...core.instant import Instant, seconds
from ...language.arguments import Duration
from ...language.fields import About
from ...world.expectations import Compared, Expectation
from ..entries import has_read, host_of, values_written, went_wrong
from ..patterns import EventPattern, EventPatternArgument, PlainExpectation
from ..selectors import value_selector
from .base import LASTING, InForce, Rule, ScopedRule, lasting, not_by_client, not_for_so_long, when, within_text

if TYPE_CHECKING:
    from ...runtime.journal import Entry
    from ..run import RuleRun

LOSING: Final = frozenset({"black_hole", "no_reply", "reset", "close", "truncate", "loss", "silent_socket"})
"""Faults after which a client is without its answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries(Rule):
    """After a refusal a client tries again so many times."""

    word: ClassVar[str] = "retries"
    inline: ClassVar[bool] = True

    what: Annotated[EventPattern, EventPatternArgument(), About("what may be refused")]
    retries: Annotated[Expectation, PlainExpectation(), About('how many further attempts: 0, "<= 3", "1..3"')]
    within: Annotated[Instant, Duration(), About("how long after the refusal they are counted")]

    def problem(self) -> tuple[str, str] | None:
        return not_by_client(self.word, self.what)

    def sentence(self) -> str:
        return f"{self.what}, number of retries {self.retries.text} within {lasting(self.within)} after a refusal"

    def trigger(self) -> str:
        return f"{self.what} refused"

    def start(self, run: RuleRun) -> None:
        _RetriesRun(self, run)


class _RetriesRun:
    def __init__(self, rule: Retries, run: RuleRun) -> None:
        self._rule, self._run = rule, run
        self._refused: dict[str, tuple[Instant, int]] = {}
        """By what was refused: when, and how often it was tried since."""
        self._timer = run.timer(self._due)
        run.on(rule.what, self._tried, answered=True)
        run.at_end(self._judge)

    def _tried(self, at: Instant, entry: Entry | None) -> None:
        if entry is None:
            return
        self._judge(at)
        key = f"{entry.charger}.{entry.wallbox}.{entry.name}"
        if key in self._refused:
            since, count = self._refused[key]
            self._refused[key] = since, count + 1
            wanted = self._rule.retries
            at_most = isinstance(wanted, Compared) and wanted.sign in ("<", "<=")
            if (at_most or wanted.text == "0") and not wanted.holds(count + 1):
                self._run.fail(at, f"retry {count + 1} of {entry.name} {when(at)}", entry)
                del self._refused[key]
            elif not went_wrong(entry):
                self._close(key, at)
        elif went_wrong(entry):
            self._run.occurred(judged=False)
            self._refused[key] = at, 0
            self._run.set(self._timer, min(since for since, _ in self._refused.values()) + self._rule.within)

    def _close(self, key: str, at: Instant) -> None:
        _, count = self._refused.pop(key)
        self._run.judged()
        self._run.measure("retries", count)
        if not self._rule.retries.holds(count):
            self._run.fail(at, f"{count} retries of {key} {when(at)}")

    def _due(self, at: Instant) -> None:
        self._judge(at)
        if self._refused:
            self._run.set(self._timer, min(since for since, _ in self._refused.values()) + self._rule.within)

    def _judge(self, at: Instant) -> None:
        """Close what has had its time."""
        for key, (since, _) in tuple(self._refused.items()):
            if at >= since + self._rule.within:
                self._close(key, at)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadsBack(Rule):
    """A client reads what it wrote, or is sent it."""

    word: ClassVar[str] = "reads_back"
    inline: ClassVar[bool] = True

    what: Annotated[EventPattern, EventPatternArgument(), About("what it writes")]
    reads_back: Annotated[Instant, Duration(), About("how long it may take")]

    def problem(self) -> tuple[str, str] | None:
        return not_by_client(self.word, self.what, written=True)

    def sentence(self) -> str:
        return f"{self.what}, read back within {lasting(self.reads_back)}"

    def trigger(self) -> str:
        return str(self.what)

    def start(self, run: RuleRun) -> None:
        owed: list[Entry] = []

        def due(at: Instant) -> None:
            late = [entry for entry in owed if at >= entry.at + self.reads_back]
            for entry in late:
                owed.remove(entry)
                run.fail(at, f"{entry.name} was not read back within {lasting(self.reads_back)} {when(at)}", entry)
            run.set(timer, owed[0].at + self.reads_back if owed else None)

        timer = run.timer(due)

        def wrote(_at: Instant, entry: Entry | None) -> None:
            if entry is not None and not went_wrong(entry):
                run.occurred(judged=False)
                owed.append(entry)
                run.set(timer, owed[0].at + self.reads_back)

        def told(entry: Entry) -> None:
            for written in tuple(owed):
                address = f"{written.charger}.{written.wallbox}"
                if (entry.charger, entry.wallbox) != (written.charger, written.wallbox) or not _reaches(entry, written):
                    continue
                names = values_written(written)
                if any(has_read(value_selector(address, name), entry) for name in names):
                    run.judged()
                    run.measure("read back after", seconds(entry.at - written.at))
                    owed.remove(written)
            run.set(timer, owed[0].at + self.reads_back if owed else None)

        run.on(self.what, wrote)
        run.tap("request", told, answered=True)
        run.tap("push", told)


def _reaches(told: Entry, written: Entry) -> bool:
    """Whether a client that wrote something gets what is told; over MQTT that is everybody who uses it."""
    if told.interface == "mqtt":
        return written.interface == "mqtt"
    return (told.who, host_of(told.client)) == (written.who, host_of(written.client))


@dataclass(frozen=True, slots=True, kw_only=True)
class AsksAgain(Rule):
    """After a lost reply a client asks again."""

    word: ClassVar[str] = "asks_again"
    inline: ClassVar[bool] = True

    what: Annotated[EventPattern, EventPatternArgument(), About("what it asks: requests to an interface")]
    asks_again: Annotated[Instant, Duration(), About("how long it may take")]

    def problem(self) -> tuple[str, str] | None:
        return not_by_client(self.word, self.what)

    def sentence(self) -> str:
        return f"{self.what} again within {lasting(self.asks_again)} after a lost reply"

    def trigger(self) -> str:
        return "a reply is lost"

    def start(self, run: RuleRun) -> None:
        lost: Entry | None = None

        def due(at: Instant) -> None:
            nonlocal lost
            if lost is not None:
                run.fail(at, f"nothing was asked within {lasting(self.asks_again)} after {when(lost.at)}", lost)
                lost = None

        timer = run.timer(due)

        def hit(entry: Entry) -> None:
            nonlocal lost
            client = self.what.client
            selectors = client.selectors if client is not None else ()
            here = any(s.at_wallbox(entry) and s.selects(entry.interface) for s in selectors)
            if here and entry.detail.get("what") == "hit" and entry.detail.get("kind") in LOSING:
                run.occurred(judged=False)
                if lost is None:
                    lost = entry
                    run.set(timer, entry.at + self.asks_again)

        def asked(at: Instant, entry: Entry | None) -> None:
            nonlocal lost
            if lost is not None and entry is not None and entry.seq > lost.seq:
                run.judged()
                run.measure("asked again after", seconds(at - lost.at))
                lost = None
                run.set(timer, None)

        run.tap("fault", hit)
        run.on(self.what, asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshes(ScopedRule):
    """Something happens again and again, before a time-out is over."""

    word: ClassVar[str] = "refreshes"

    refreshes: Annotated[EventPattern, EventPatternArgument(), About("what has to come again")]
    every: Annotated[Instant, LASTING, About("the time-out that must not be over")]

    def sentence(self) -> str:
        return f"{self.refreshes} at least every {lasting(self.every)}{self.scope()}"

    def trigger(self) -> str:
        return f"in force{self.scope()}"

    def unjudged(self, occurrences: int) -> str:
        return not_for_so_long(self.every)

    def start(self, run: RuleRun) -> None:
        latest = run.since

        def begun() -> None:
            run.occurred(judged=False)
            wait(run.site.simulation.at)

        def due(at: Instant) -> None:
            if in_force.since is not None:
                run.fail(at, f"not for {lasting(at - latest)} {when(at)}")

        timer = run.timer(due)

        def wait(at: Instant) -> None:
            nonlocal latest
            latest = at
            run.set(timer, at + self.every)

        def refreshed(at: Instant, entry: Entry | None) -> None:
            if in_force.since is not None:
                run.judged()
            if entry is not None:
                run.measure("refreshed after", seconds(at - latest))
            wait(at)

        in_force = InForce(self, run, begun)
        run.on(self.refreshes, refreshed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Releases(Rule):
    """What a client took - a limit, a forced state - it gives back in the end."""

    word: ClassVar[str] = "releases"

    releases: Annotated[EventPattern, EventPatternArgument(), About("what it writes")]
    to: Annotated[Expectation, PlainExpectation(), About("what the value has to be in the end")]
    at: Annotated[EventPattern | None, EventPatternArgument(), About("when; default: at the end of the run")] = None
    within: Annotated[Instant | None, Duration(), About("how long after that it may take")] = None

    def problem(self) -> tuple[str, str] | None:
        return not_by_client(self.word, self.releases, written=True)

    def sentence(self) -> str:
        moment = f"after {self.at}" if self.at is not None else "in the end"
        return f"{self.releases}, left at {self.to.text} {moment}{within_text(self.within)}"

    def trigger(self) -> str:
        return str(self.releases)

    def unjudged(self, occurrences: int) -> str:
        if self.at is None:
            return f"its end has not come ({self.trigger()})"
        late = f", or {lasting(self.within)} before the end" if self.within else ""
        return f"{self.at} did not come after it{late} ({self.trigger()})"

    def start(self, run: RuleRun) -> None:
        latest: dict[str, tuple[object, Entry]] = {}

        def wrote(_at: Instant, entry: Entry | None) -> None:
            if entry is not None and not went_wrong(entry):
                run.occurred(judged=False)
                name, value = list(values_written(entry).items())[-1]
                latest[f"{entry.charger}.{entry.wallbox}.{name}"] = value, entry

        def judge(at: Instant) -> None:
            for name, (value, entry) in latest.items():
                run.judged()
                if not self.to.holds(value):
                    run.fail(at, f"{name} was left at {value!r} {when(at)}", entry)

        run.on(self.releases, wrote)
        if self.at is None:
            run.at_end(judge)
            return
        timer = run.timer(judge)
        run.on(self.at, lambda at, _entry: run.set(timer, at + (self.within or 0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats(ScopedRule):
    """The same value is not written again before some time has passed."""

    word: ClassVar[str] = "same_value_apart"
    inline: ClassVar[bool] = True

    what: Annotated[EventPattern, EventPatternArgument(), About("what is written")]
    same_value_apart: Annotated[Instant, LASTING, About("the least time between two writes of the same value")]

    def problem(self) -> tuple[str, str] | None:
        return not_by_client(self.word, self.what, written=True)

    def sentence(self) -> str:
        return f"{self.what}, the same value at least {lasting(self.same_value_apart)} apart{self.scope()}"

    def trigger(self) -> str:
        return f"{self.what}{self.scope()}"

    def start(self, run: RuleRun) -> None:
        latest: dict[str, tuple[object, Instant]] = {}
        in_force = InForce(self, run)

        def wrote(at: Instant, entry: Entry | None) -> None:
            if entry is None or in_force.since is None:
                return
            run.occurred()
            name, value = list(values_written(entry).items())[-1]
            key = f"{entry.charger}.{entry.wallbox}.{name}"
            before = latest.get(key)
            if before is not None and before[0] == value and at - before[1] < self.same_value_apart:
                run.fail(at, f"{name} = {value!r} again {when(at)}, {lasting(at - before[1])} later", entry)
            latest[key] = value, at

        run.on(self.what, wrote)
