"""One walk, tried: what happened, and what of it should not have.

The one rule: expectations and refused steps of the timeline are no findings - they say what is so when nothing else
happens; rules, laws of physics, and the client itself are what counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from ..core.instant import Instant
from ..runtime.bugs import Bug
from ..runtime.clock import Clock
from ..scenario.plan import Scenario
from ..scenario.player import Result
from ..scenario.playing import play_site
from ..world.building import build
from .finding import Finding
from .laws import Laws
from .walks import Stage, Walk

OUR_OWN: Final = "the emulator failed"


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a scenario."""

    result: Result | None
    """None: the emulator did not get so far."""
    findings: tuple[Finding, ...] = ()
    """Beside broken rules."""


class Runner(Protocol):
    """Plays scenarios."""

    def __call__(self, scenario: Scenario, *, record: bool = False) -> Run:
        """Play one to its end. `record`: keep traces for a report."""
        ...


@dataclass(frozen=True, slots=True)
class Trial:
    """A walk and what it found, the first thing first."""

    walk: Walk
    result: Result | None
    findings: tuple[Finding, ...]


def tried(stage: Stage, runner: Runner, walk: Walk, *, record: bool = False) -> Trial:
    """Take a walk."""
    run = runner(stage.scenario(walk), record=record)
    broken = tuple(_broken(run.result)) if run.result is not None else ()
    findings = sorted((*broken, *run.findings), key=lambda finding: (finding.at, finding.rule))
    return Trial(walk, run.result, tuple(findings))


def _broken(result: Result) -> Iterator[Finding]:
    for verdict in result.rules:
        if not verdict.ok and verdict.at is not None:
            yield Finding(f'rule "{verdict.name}"', verdict.text, verdict.at, verdict.place)


def headless(scenario: Scenario, *, record: bool = False) -> Run:
    """Play without sockets: the clients are the scenario's own requests and what is built in."""
    site = build(scenario, clock=Clock(0.0))
    laws = Laws(site)
    try:
        result = play_site(site, scenario, record=record)
    except Exception as error:
        return Run(None, (of_bug(site.simulation.bugs.caught("play", error), site.simulation.at),))
    return Run(result, tuple(laws.broken.values()))


def of_bug(bug: Bug, at: Instant = 0) -> Finding:
    """A mistake of the emulator itself."""
    return Finding(f"{OUR_OWN}: {bug.text.partition(':')[0]}, bug {bug.id}", bug.traceback, at)
