"""The search: rounds of random walks, each from its own seed, and what they found shrunk to what matters.

The one rule: choosing, shrinking and remembering is left to Hypothesis; here is only when to stop, and what counts as
new: a rule broken without anything that is known to break it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from unittest import SkipTest

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase
from hypothesis.errors import Flaky

from ..errors import ScenarioError
from ..language.nodes import Node
from .coverage import Coverage
from .finding import Finding
from .shard import Shard
from .trial import Runner, Trial, tried
from .walks import Happening, Stage, Walk, words_of
from .words import Words, filled

ROUND: Final = 100
"""Walks of one seed; more when one of them found something."""
SEARCHING: Final = 0.8
"""Share of the budget after which no new walk is begun: the rest is for shrinking."""
REPETITIONS: Final = 2
"""How often a failure is brought about again before it is told."""


class _Broken(Exception):  # noqa: N818 - what Hypothesis looks for
    """A walk broke something. Every rule has a class of its own: that is how Hypothesis tells failures apart."""


class _Enough(BaseException):
    """The budget is used up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failure, shrunk."""

    finding: Finding
    trial: Trial
    seed: int
    """Of the round that found it."""
    length: int
    """Steps of the walk on which it was found."""
    shrunk: bool
    """False: the budget ended before it was as short as can be."""
    repeated: int
    """How often it came again ..."""
    repetitions: int
    """... of so many attempts."""

    @property
    def flaky(self) -> bool:
        return self.repeated < self.repetitions

    @property
    def cause(self) -> tuple[str, ...]:
        """The kinds of things that bring it about."""
        return tuple(sorted(words_of(self.trial.walk)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When a search ends."""

    budget: float
    """Wall time [s]."""
    walks: int | None = None
    """Not more than so many, shrinking not counted."""


@dataclass
class _Met:
    """A failure on its way to be shrunk."""

    trial: Trial
    finding: Finding
    length: int
    done: bool = False


@dataclass
class Search:
    """A search under way."""

    stage: Stage
    runner: Runner
    words: Words
    seed: int
    limits: Limits
    shard: Shard = field(default_factory=Shard)
    database: Path | None = None
    """Where failures are kept from run to run; None: nowhere."""
    found: Callable[[Failure], None] = lambda failure: None
    """Called for every new failure."""
    walked: Callable[[Search], None] = lambda search: None
    """Called after every trial."""
    failures: list[Failure] = field(default_factory=list)
    coverage: Coverage = field(default_factory=Coverage)
    walks: int = 0
    """Random walks taken, shrinking and repetitions not counted."""
    trials: int = 0
    """How often the scenario was tried: without anything happening, with every walk, to shrink it, and again."""
    rounds: int = 0
    _met: dict[str, _Met] = field(default_factory=dict)
    _known: dict[str, list[frozenset[str]]] = field(default_factory=dict)
    _flaky: dict[str, list[frozenset[str]]] = field(default_factory=dict)
    """What did not come again: it says nothing about other walks."""
    _classes: dict[str, type[_Broken]] = field(default_factory=dict)
    _began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.coverage.words = set().union(*(_words_in(word.node) for word in self.words.words))

    @property
    def elapsed(self) -> float:
        """Wall time since it began [s]."""
        return time.monotonic() - self._began

    @property
    def open_failures(self) -> int:
        """Failures found and not shrunk yet."""
        return len(self._met)

    def run(self) -> None:
        """Search until the budget is used up, or somebody interrupts it."""
        try:
            calm = self._try(())
            self._settle(0, {finding.rule: _Met(calm, finding, 0, done=True) for finding in calm.findings})
            if self.database is not None:
                self._round(self.seed, (Phase.reuse, Phase.shrink))
            for number in self.shard.numbers():
                if self._over:
                    break
                self._round(self.seed + number, (Phase.generate, Phase.shrink), self._without_the_known())
        except (_Enough, KeyboardInterrupt):
            return

    @property
    def _over(self) -> bool:
        enough = self.limits.walks is not None and self.walks >= self.limits.walks
        return enough or self.elapsed > SEARCHING * self.limits.budget

    # --- rounds ------------------------------------------------------------------------------------------------------

    def _without_the_known(self) -> Words:
        """What a round may do: three times out of four without what is known to break something by itself."""
        alone = set().union(*(cause for causes in self._known.values() for cause in causes if len(cause) == 1))
        left = [word for word in self.words.words if not alone.issuperset(_words_in(word.node))]
        return replace(self.words, words=tuple(left)) if left and self.rounds % 4 != 3 else self.words

    def _round(self, seed: int, phases: tuple[Phase, ...], words: Words | None = None) -> None:
        """All walks of one seed, or those kept from earlier runs."""
        self._met = {}
        self.rounds += 1

        @hypothesis.settings(  # above the seed, which takes the database away
            max_examples=ROUND,
            phases=phases,
            database=None if self.database is None else DirectoryBasedExampleDatabase(self.database),
            deadline=None,
            verbosity=Verbosity.quiet,
            print_blob=False,
            report_multiple_bugs=True,
            suppress_health_check=list(HealthCheck),
        )
        @hypothesis.seed(seed)
        @hypothesis.given(walk=walks(words or self.words))
        def take(walk: Walk) -> None:
            self._walk(walk, kept=Phase.reuse in phases)

        cut_short = False
        try:
            take()
        except SkipTest:  # nothing was kept
            pass
        except (_Broken, Flaky, BaseExceptionGroup) as error:
            _only_ours(error)
        except (_Enough, KeyboardInterrupt):
            cut_short = True
        for met in self._met.values():
            met.done = not cut_short
        self._settle(seed, self._met)
        self._met = {}
        if cut_short:
            raise _Enough

    def _walk(self, walk: Walk, *, kept: bool) -> None:
        if self.elapsed > self.limits.budget or (self._over and not self._met and not kept):
            raise _Enough
        if not self._met and not kept:
            self.walks += 1
        try:
            trial = self._try(walk)
        except ScenarioError:  # arguments that make no sense together
            hypothesis.reject()
        fresh = next((finding for finding in trial.findings if not self._is_known(finding.rule, walk)), None)
        if fresh is None:
            return
        met = self._met.get(fresh.rule)
        self._met[fresh.rule] = _Met(trial, fresh, len(walk) if met is None else met.length)
        raise self._class_of(fresh.rule)(fresh.rule)

    def _try(self, walk: Walk, *, record: bool = False) -> Trial:
        trial = tried(self.stage, self.runner, walk, record=record)
        self.trials += 1
        if trial.result is not None:
            self.coverage.count(walk, trial.result)
        self.walked(self)
        return trial

    def _is_known(self, rule: str, walk: Walk) -> bool:
        words = words_of(walk)
        flaky = self._flaky.get(rule, ())
        return words in flaky or any(cause <= words for cause in self._known.get(rule, ()))

    def _class_of(self, rule: str) -> type[_Broken]:
        if rule not in self._classes:
            self._classes[rule] = type(f"Broken{len(self._classes)}", (_Broken,), {})
        return self._classes[rule]

    def _settle(self, seed: int, met: dict[str, _Met]) -> None:
        """Bring every failure about again, and tell it."""
        for rule, one in met.items():
            again = [self._try(one.trial.walk, record=True) for _ in range(REPETITIONS)]
            shown = [trial for trial in again if any(finding.rule == rule for finding in trial.findings)]
            repeated = len(shown)
            failure = Failure(
                finding=one.finding,
                trial=shown[-1] if shown else one.trial,
                seed=seed,
                length=one.length,
                shrunk=one.done,
                repeated=repeated,
                repetitions=REPETITIONS,
            )
            (self._known if repeated else self._flaky).setdefault(rule, []).append(words_of(one.trial.walk))
            self.failures.append(failure)
            self.found(failure)


def _only_ours(error: BaseException) -> None:
    """Raise whatever is not a failure of the client."""
    if isinstance(error, _Broken | Flaky):
        return
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            _only_ours(inner)
        return
    raise error


def walks(words: Words) -> st.SearchStrategy[Walk]:
    """Walks of these words. What comes first among alternatives is the plainest."""
    heavy = [word.node for word in words.words for _ in range(word.weight)]
    return st.lists(_happenings(words.pauses, heavy), max_size=words.steps).map(tuple)


@st.composite
def _happenings(draw: st.DrawFn, pauses: Sequence[str], heavy: Sequence[Node]) -> Happening:
    pause = draw(st.one_of(st.just(pauses[0]), st.sampled_from(pauses)))
    node = draw(st.sampled_from(heavy))
    step = filled(node, lambda options: draw(st.sampled_from(options))).data()
    assert isinstance(step, dict)
    return Happening(pause, {name: arguments or None for name, arguments in step.items()})


def _words_in(node: Node) -> Iterator[str]:
    """What `Happening.word` says of a word."""
    data = node.data()
    assert isinstance(data, dict)
    ((name, arguments),) = data.items()
    if name != "fault":
        yield name
    else:
        yield from _kinds(arguments)


def _kinds(arguments: object) -> Iterator[str]:
    if isinstance(arguments, dict):
        if "kind" in arguments:
            yield from _kinds(arguments["kind"])
        for option in arguments.get("one_of", ()):
            yield from _kinds(option)
    elif isinstance(arguments, str):
        yield arguments
