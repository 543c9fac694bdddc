"""A whole exploration: from a scenario and a client to failures in a directory.

The one rule: the command line and pytest do the same through `explore`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from ..errors import EmulatorError
from ..language.names import Names
from ..language.units import parse_duration
from ..runtime.clock import Clock
from ..scenario.loader import load
from ..verdict.catalogue import SETS
from ..verdict.reading import rules_from
from ..verdict.section import PlacedRule
from ..world.building import build
from .observed import observed
from .process import Pace, Program
from .proposals import proposed
from .served import Client, Served
from .shard import Shard
from .trial import Runner, headless, tried
from .walks import Stage
from .words import REST, Words, read_words

if TYPE_CHECKING:
    from ..world.site import Site
    from .search import Failure, Search


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to explore."""

    client: str | Client | None = None
    """A command, or what is called for each walk; None: nobody but the scenario's own steps."""
    pace: Pace = field(default_factory=Pace)
    budget: float = 600.0
    """Wall time [s]."""
    walks: int | None = None
    """Not more than so many."""
    seed: int = 0
    shard: Shard = field(default_factory=Shard)
    vocabulary: Path | None = None
    """None: made of everything there is."""
    rule_sets: bool = True
    """The ready-made rules of the vendors that are there."""
    database: Path | None = None
    """Where failures are kept from run to run."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a search needs."""

    stage: Stage
    runner: Runner
    words: Words


def explore(
    path: Path,
    options: Options,
    *,
    found: Callable[[Search, Failure], None] = lambda search, failure: None,
    walked: Callable[[Search], None] = lambda search: None,
) -> Search:
    """Search for what breaks a client, until the budget is used up.

    `found` is called for every failure, `walked` after every walk. EmulatorError for whatever the user can put right.
    """
    limits, search = _searching()
    runner = _runner(options)
    try:
        prepared = prepare(path, options, runner)
        under_way = search(
            stage=prepared.stage,
            runner=runner,
            words=prepared.words,
            seed=options.seed,
            limits=limits(budget=options.budget, walks=options.walks),
            shard=options.shard,
            database=options.database,
            walked=walked,
        )
        under_way.found = lambda failure: found(under_way, failure)
        under_way.run()
        return under_way
    finally:
        if isinstance(runner, Served | Program):
            runner.stop()


def prepare(path: Path, options: Options, runner: Runner) -> Prepared:
    """The scenario with its rules, and what may happen, learned from a run on which nothing does."""
    base = load(path)
    site = build(base, clock=Clock(0.0))
    rules = tuple(_ready_made(site, {placed.rule.title for placed in base.rules})) if options.rule_sets else ()
    stage = Stage(base, site.names, rules, rest=parse_duration(REST))
    calm = tried(stage, runner, ())
    seen = observed(calm.result.journal if calm.result is not None else ())
    if options.vocabulary is not None:
        words = read_words(options.vocabulary, site.names)
    else:
        words = proposed(site, seen, commands=options.client is None)
    rest = parse_duration(words.rest)
    return Prepared(replace(stage, rest=rest, lasts=seen.lasted + rest), runner, words)


def vocabulary_of(path: Path, options: Options) -> Words:
    """What may happen, as it would be proposed."""
    runner = _runner(options)
    try:
        return prepare(path, options, runner).words
    finally:
        if isinstance(runner, Served | Program):
            runner.stop()


def _ready_made(site: Site, there: Iterable[str]) -> Iterable[PlacedRule]:
    """The rule sets of all vendors that are there, without rules that are in force already."""
    for found in SETS:
        if found.vendor:
            with suppress(EmulatorError):  # none of that vendor
                yield from (rule for rule in _expanded(found.name, site.names) if rule.rule.title not in there)


def _expanded(name: str, names: Names) -> list[PlacedRule]:
    return rules_from([{"include": name}], names)


def _runner(options: Options) -> Runner:
    if options.client is None:
        return headless
    return Program(options.client, options.pace) if isinstance(options.client, str) else Served(options.client)


def _searching() -> tuple[Callable[..., object], Callable[..., Search]]:
    """The search, which needs a library that not everybody has."""
    _hypothesis("hypothesis")
    from .search import Limits, Search

    return Limits, Search


def keep_house(directory: Path) -> None:
    """Let the library keep its files there, not beside whatever the command was called from."""
    _hypothesis("hypothesis.configuration").set_hypothesis_home_dir(directory)


def _hypothesis(module: str) -> ModuleType:
    try:
        return import_module(module)
    except ImportError:
        text = 'exploring needs the library Hypothesis: pip install "charger-emulator[explore]"'
        raise EmulatorError(text) from None
