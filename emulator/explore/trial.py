"""One walk, tried: what happened, and what of it should not have.

The one rule: expectations and refused steps of the timeline are no findings - they say what is so when nothing else
happens; rules, laws of physics, and the client itself are what counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from ..core.instant import Instant
from ..errors import EmulatorError
from ..runtime.bugs import Bug, bug_of
from ..scenario.plan import Scenario
from ..scenario.player import Result
from ..scenario.playing import attempt, reached
from .finding import Finding
from .laws import Laws
from .walks import Stage, Walk

OUR_OWN: Final = "the emulator failed"


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a scenario."""

    result: Result | None
    """None: nothing is known of it."""
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
    scenario = stage.scenario(walk)
    try:
        run = runner(scenario, record=record)
    except EmulatorError:
        raise
    except Exception as error:
        bug = bug_of("walk", error)
        run = Run(reached(None, bug), (of_bug(bug),))
    broken = tuple(_broken(run.result)) if run.result is not None else ()
    findings = sorted((*broken, *run.findings), key=lambda finding: (finding.at, finding.rule))
    return Trial(walk, run.result, tuple(findings))


def _broken(result: Result) -> Iterator[Finding]:
    for verdict in result.rules:
        if not verdict.ok and verdict.at is not None:
            yield Finding(f'rule "{verdict.name}"', verdict.text, verdict.at, verdict.place)


def headless(scenario: Scenario, *, record: bool = False) -> Run:
    """Play without sockets: the clients are the scenario's own requests and what is built in."""
    laws: list[Laws] = []
    result = attempt(scenario, record=record, watch=lambda site: laws.append(Laws(site)))
    ours = tuple(of_bug(bug, result.ended_at) for bug in result.bugs)
    return Run(result, (*(finding for law in laws for finding in law.broken.values()), *ours))


def of_bug(bug: Bug, at: Instant = 0) -> Finding:
    """A mistake of the emulator itself."""
    return Finding(f"{OUR_OWN}: {bug.text.partition(':')[0]}, bug {bug.id}", bug.traceback, at)
