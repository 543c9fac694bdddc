"""How a run in several processes came out: the results of all of them as one.

The one rule: it reads as the result of one process does; what was nobody's business in any of them is nobody's in all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from ..runtime.journal import Journal
from ..scenario.player import Failure, Result
from ..verdict.engine import RuleVerdict
from ..verdict.trace import Trace
from ..verdict.untested import Untested

if TYPE_CHECKING:
    from ..scenario.plan import Scenario
    from ..service.emulator import Emulator

KINDS: Final = ("fault", "rule", "client", "step", "expectation")
"""Of what tested nothing, in the order in which they are told."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one process knows of its run, without the journal."""

    result: Result
    earlier: tuple[Result, ...]
    """What was run before each reset."""
    failed_before: bool
    expectations: int
    """How many were looked at."""

    @classmethod
    def of(cls, emulator: Emulator) -> Part:
        result = emulator.result
        return cls(
            _without_journal(result),
            tuple(map(_without_journal, emulator.earlier)),
            emulator.failed_before,
            sum(1 for entry in result.journal if entry.kind == "expectation"),
        )


def _without_journal(result: Result) -> Result:
    return replace(result, journal=Journal())


def joined(scenario: Scenario, owners: Sequence[int], parts: Sequence[Result], journal: Journal) -> Result:
    """All as one. `owners`: the process of each rule of the scenario."""
    failures = sorted((f for part in parts for f in part.failures), key=_when)
    return Result(
        ok=all(part.ok for part in parts),
        failures=tuple(failures),
        ended_at=max(part.ended_at for part in parts),
        journal=journal,
        rules=tuple(in_order(owners, [part.rules for part in parts])),
        traces=_of_chargers(scenario, parts),
        untested=tuple(_untested(parts)),
        bugs=tuple(bug for part in parts for bug in part.bugs),
    )


def _when(failure: Failure) -> tuple[int, bool, str, int, int]:
    """Steps before rules, which are judged after all else; in the order in which they are written."""
    place = failure.place
    return failure.at, failure.step.startswith("rule "), place.file, place.line, place.column


def in_order(owners: Sequence[int], rules: Sequence[Sequence[RuleVerdict]]) -> Iterator[RuleVerdict]:
    """The scenario's rules as they are written there, then those that were added."""
    left = [iter(found) for found in rules]
    for owner in owners:
        yield from _next(left[owner])
    for rest in left:
        yield from rest


def _next(rules: Iterator[RuleVerdict]) -> Iterator[RuleVerdict]:
    found = next(rules, None)
    if found is not None:
        yield found


def _of_chargers(scenario: Scenario, parts: Sequence[Result]) -> Mapping[str, Trace]:
    traces = {name: trace for part in parts for name, trace in part.traces.items()}
    return {plan.name: traces[plan.name] for plan in scenario.chargers if plan.name in traces}


def _untested(parts: Sequence[Result]) -> Iterator[Untested]:
    """A client is untested if it came to none of them."""
    missed = [{found.name for found in part.untested if found.kind == "client"} for part in parts]
    nowhere = set[str].intersection(*missed)
    every = [
        found
        for index, part in enumerate(parts)
        for found in part.untested
        if found.kind != "client" or (found.name in nowhere and index == 0)
    ]
    yield from sorted(every, key=lambda found: KINDS.index(found.kind))
