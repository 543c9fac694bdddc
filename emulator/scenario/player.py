"""The player: performs a scenario's steps at their exact instants, and judges.

The one rule: a step is an entry of the simulation's agenda. Whoever moves time - a headless run, a real-time clock, a
client of the control API jumping ahead - plays the same steps at the same instants in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Final, Literal

from ..core.agenda import Priority
from ..core.instant import Instant, seconds
from ..core.messages import Outcome
from ..core.values import value
from ..errors import EmulatorError, Place
from ..faults.engine import FaultEngine
from ..runtime.bugs import Bug
from ..runtime.journal import Journal
from ..verdict.engine import RuleVerdict, VerdictEngine
from ..verdict.section import PlacedRule
from ..verdict.trace import Trace, TraceRecorder
from ..verdict.untested import LEFT_OUT, ClientRecord, FaultRecord, Untested
from ..world.checks import Check
from ..world.conditions import Wait
from ..world.evaluation import Evaluation, evaluate, look_ahead, record
from ..world.site import Site
from .plan import Scenario
from .steps.base import TimedStep
from .steps.checks import PATIENCE, Expect, WaitUntil

FOREVER: Instant = 10**18
"""Further than any scenario goes, in µs."""
FIRST_TIMELINE: Final = -1_000_000
"""Rank of the first timeline: at an instant, all timelines have their turn before any charger."""


@value
class Failure:
    """Something that was not as the scenario says."""

    at: Instant
    place: Place
    step: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: at {seconds(self.at):g} s: {self.step}: {self.text}"

    def as_json(self) -> dict[str, object]:
        return {"at": seconds(self.at), "place": str(self.place), "step": self.step, "text": self.text}


@value
class Result:
    """How a scenario went."""

    ok: bool
    failures: tuple[Failure, ...]
    ended_at: Instant
    journal: Journal
    rules: tuple[RuleVerdict, ...] = ()
    traces: Mapping[str, Trace] = field(default_factory=dict)
    """What was measured at each charger, if it was recorded."""
    untested: tuple[Untested, ...] = ()
    """What passed only because nothing came to it."""
    strict: bool = False
    """What was not tested is among the failures."""
    bugs: tuple[Bug, ...] = ()
    """Mistakes of the emulator itself."""

    def strictly(self, *, alone: Place | None = None) -> Result:
        """The same, with everything that was not tested as a failure.

        `alone`: where a scenario stands that nobody but itself judges; then it has to expect something.
        """
        if self.strict:
            return self
        nowhere = Place("(added)", 0, 0)
        missing = tuple(
            Failure(at=self.ended_at, place=u.place or nowhere, step=f"untested {u.kind} {u.name}", text=u.why)
            for u in self.untested
        )
        if alone is not None and not self.rules and all(entry.kind != "expectation" for entry in self.journal):
            text = "nothing is expected, and there is no rule"
            missing += (Failure(at=self.ended_at, place=alone, step="strict", text=text),)
        return replace(self, ok=self.ok and not missing, failures=(*self.failures, *missing), strict=True)


def failed(outcome: Outcome) -> bool:
    """Whether a step did not do what it should: refused, or not as expected."""
    return not outcome.ok or outcome.detail.get("ok") is False


def checks_of(timed: TimedStep) -> tuple[Check, ...]:
    """What a step looks at."""
    return timed.step.checks if isinstance(timed.step, Expect | WaitUntil) else ()


class Track:
    """One timeline: the next step is due when the one before it is done."""

    def __init__(self, player: Player, steps: Sequence[TimedStep], number: int = 0) -> None:
        """`number`: its place among timelines; what several do at one instant, they do in this order."""
        self._player = player
        self._site = player.site
        self._steps = steps
        self._index = 0
        self._ended = self._site.simulation.at
        self._wait: Wait | None = None
        self._turns = [step.turn or (number, index) for index, step in enumerate(steps)]
        with self._site.simulation.agenda.ranked(FIRST_TIMELINE + (self._turns[0][0] if steps else number)):
            self._timer = self._site.simulation.timer(self._fire, Priority.COMMAND)

    @property
    def waiting(self) -> TimedStep | None:
        """The step whose wait goes on."""
        return self._steps[self._index] if self._wait is not None else None

    @property
    def finished(self) -> bool:
        return self._index >= len(self._steps)

    @property
    def steps(self) -> Sequence[TimedStep]:
        """All of them."""
        return self._steps

    @property
    def due(self) -> Instant | None:
        """When the next step is due; None: it is not known yet, or there is none."""
        return self._timer.due

    @property
    def left(self) -> Sequence[TimedStep]:
        """Steps not done yet."""
        return self._steps[self._index :]

    def arm(self) -> None:
        """Set out for the next step."""
        if self.finished:
            self._player.track_finished()
            return
        step = self._steps[self._index]
        due = step.at if step.at is not None else self._ended + (step.after or 0)
        self._timer.set(max(due, self._site.simulation.at))
        self._site.simulation.wake()

    def stop(self) -> None:
        self._timer.clear()
        if self._wait is not None:
            self._wait.cancel()
            self._wait = None

    def _fire(self, at: Instant) -> None:
        timed = self._steps[self._index]
        self._timer.place = self._turns[self._index][1]
        checks = checks_of(timed)
        if checks and (timed.within is not None or isinstance(timed.step, WaitUntil)):
            self._begin_wait(timed, checks)
            return
        if isinstance(timed.step, Expect):
            self._judge(at, timed, evaluate(checks, self._site, self._site.seen), checks)
        else:
            self._perform(at, timed)
        self._next(at)

    def _begin_wait(self, timed: TimedStep, checks: tuple[Check, ...]) -> None:
        def done(at: Instant, evaluation: Evaluation) -> None:
            self._wait = None
            self._judge(at, timed, evaluation, checks)
            self._next(at)

        patience = timed.within if timed.within is not None else PATIENCE
        self._wait = Wait(self._site, checks, patience, done)
        self._wait.start()

    def _judge(self, at: Instant, timed: TimedStep, evaluation: Evaluation, checks: tuple[Check, ...]) -> None:
        record(self._site, timed.name, evaluation, checks)
        if not evaluation.ok:
            self._player.fail(at, timed, evaluation.message)

    def _perform(self, at: Instant, timed: TimedStep) -> None:
        try:
            outcome = timed.step.apply(self._site)
        except EmulatorError as error:
            self._player.fail(at, timed, str(error))
            return
        self._player.done(timed, outcome)
        if failed(outcome):
            self._player.fail(at, timed, outcome.message or f"refused: {outcome.refused}")

    def _next(self, at: Instant) -> None:
        self._ended = at
        self._index += 1
        self.arm()


class Player:
    """Plays timelines at a site. `finished` is called with the result, at the simulated instant of the end."""

    def __init__(
        self,
        site: Site,
        scenario: Scenario,
        *,
        finished: Callable[[Result], None] | None = None,
        open_ended: bool = False,
        record: bool = False,
    ) -> None:
        """`open_ended`: the run goes on after its timelines, and so do its rules, until `conclude`.

        `record`: keep a trace of every charger for the report.
        """
        self.site = site
        self.failures: list[Failure] = []
        self.ended_at: Instant | None = None
        """When it was over; None while it is not."""
        self._end = scenario.end
        self.tracks = [Track(self, steps, number) for number, steps in enumerate(scenario.tracks)]
        if scenario.chargers:  # not of steps that are played beside it
            FaultEngine.of(site.simulation).homes = scenario.homes
        self._finished = finished
        self._open_ended = open_ended
        self._concluded_at: Instant | None = None
        self._engine = VerdictEngine(site, scenario.rules, file=scenario.file, failed=self._rule_broken)
        self._recorder = TraceRecorder(site) if record else None
        self._broken: dict[int, int] = {}
        """The broken rule of a failure, both by their index."""
        self._timer = site.simulation.timer(self._over, Priority.METER)
        self._faults = FaultRecord(site)
        self._clients = ClientRecord(site)
        self._left_out: list[Untested] = []

    def on_finish(self, finished: Callable[[Result], None]) -> None:
        """Call `finished` at the end from now on."""
        self._finished = finished

    @property
    def over(self) -> bool:
        """Whether the timelines are played and the end has come."""
        return self.ended_at is not None

    @property
    def end(self) -> Instant | None:
        """When it will be over, if that is known."""
        return self._timer.due

    @property
    def left(self) -> int:
        """How many steps are not done yet."""
        return sum(len(track.left) for track in self.tracks)

    def start(self) -> None:
        """Put the first steps on the agenda. Nothing happens before time moves."""
        self._engine.start()
        if self._recorder is not None:
            self._recorder.start()
        if self._end is not None and self._end.at is not None:
            self._timer.set(max(self._end.at, self.site.simulation.at))
        for track in self.tracks:
            look_ahead((check for step in track.left for check in checks_of(step)), self.site)
            track.arm()
        if not self.tracks:
            self.track_finished()

    def stop(self) -> None:
        """Take every step that is not done off the agenda, and look at rules no longer."""
        self._engine.stop()
        if self._recorder is not None:
            self._recorder.stop()
        self._faults.stop()
        self._clients.stop()
        self._stop()

    def _stop(self) -> None:
        self._timer.clear()
        for track in self.tracks:
            track.stop()

    def result(self) -> Result:
        """The verdict so far."""
        over = self._concluded_at if self._open_ended else self.ended_at
        at = over if over is not None else self.site.simulation.at
        for index, rule in self._broken.items():
            self.failures[index] = replace(self.failures[index], text=self._engine.verdict(rule).text)
        return Result(
            ok=not self.failures,
            failures=tuple(self.failures),
            ended_at=at,
            journal=self.site.simulation.journal,
            rules=self._engine.verdicts(),
            traces=self._recorder.traces if self._recorder is not None else {},
            untested=tuple(self._untested()),
        )

    def _untested(self) -> Iterator[Untested]:
        yield from self._faults.untested()
        yield from self._engine.untested()
        yield from self._clients.untested()
        yield from self._left_out
        for track in self.tracks:
            for timed in track.left:
                kind: Literal["expectation", "step"] = "expectation" if checks_of(timed) else "step"
                yield Untested(kind=kind, name=timed.name, why="it was never reached", place=timed.place)

    def done(self, timed: TimedStep, outcome: Outcome) -> None:
        """A step was done, or left out."""
        self._faults.stated(timed.place)
        if LEFT_OUT in outcome.detail:
            why = outcome.message or "left out in this mode"
            self._left_out.append(Untested(kind="step", name=timed.name, why=why, place=timed.place))

    def add_rule(self, rule: PlacedRule) -> None:
        """One more rule, in force from now on."""
        self._engine.add(rule)

    def conclude(self) -> None:
        """The run is over: judge what rules still wait for."""
        self._concluded_at = self.site.simulation.now()
        self._engine.conclude(self._concluded_at)

    def _rule_broken(self, rule: int) -> None:
        verdict = self._engine.verdict(rule)
        assert verdict.at is not None
        self._broken[len(self.failures)] = rule
        step = f'rule "{verdict.name}"'
        self.failures.append(Failure(at=verdict.at, place=verdict.place, step=step, text=verdict.text))

    def fail(self, at: Instant, step: TimedStep, text: str) -> None:
        """A step was not as the scenario says."""
        self.failures.append(Failure(at=at, place=step.place, step=step.name, text=text))

    def track_finished(self) -> None:
        """A timeline is at its end; when all are, the scenario's end is set unless it is fixed."""
        if self._timer.due is not None or not all(track.finished for track in self.tracks):
            return
        rest = self._end.after if self._end is not None and self._end.after is not None else 0
        self._timer.set(self.site.simulation.at + rest)
        self.site.simulation.wake()

    def _over(self, at: Instant) -> None:
        for track in self.tracks:
            if track.waiting is not None:
                self.fail(at, track.waiting, "the scenario ended while waiting")
            elif not track.finished:
                self.fail(at, track.left[0], f"the scenario ended before this step ({len(track.left)} left)")
        self._stop()
        self.ended_at = at
        if not self._open_ended:
            self._engine.conclude(at)
        if self._finished is not None:
            self._finished(self.result())
