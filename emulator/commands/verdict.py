"""How the result of a scenario is said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..core.instant import seconds

if TYPE_CHECKING:
    from ..scenario.plan import Scenario
    from ..scenario.player import Result


def verdict_lines(scenario: Scenario, result: Result, checked: int | None = None) -> Iterator[str]:
    """Remarks, each failure, then the verdict. `checked`: how many expectations, if the journal does not tell."""
    for remark in scenario.remarks:
        yield f"{scenario.file}: {remark}"
    for failure in result.failures:
        yield str(failure)
    for untested in () if result.strict else result.untested:
        yield f"not tested: {untested}"
    for bug in result.bugs:
        yield f"the emulator itself failed: {bug}"
    if checked is None:
        checked = sum(1 for entry in result.journal if entry.kind == "expectation")
    counts = [(checked, "expectation"), (len(result.rules), "rule")]
    parts = [f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in counts if count]
    what = f"{' and '.join(parts)} checked" if parts else "nothing expected"
    word = "passed" if result.ok else "FAILED"
    failures = "" if result.ok else f", {len(result.failures)} failed"
    failures += f", {len(result.untested)} not tested" if result.untested else ""
    yield f"{scenario.file}: {word} after {duration(seconds(result.ended_at))} of simulated time; {what}{failures}"


def duration(value: float) -> str:
    """`8 h 30 min`, `12.5 s`."""
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        count, value = divmod(value, size)
        if count:
            parts.append(f"{count:.0f} {unit}")
    if value >= 0.0005 or not parts:
        parts.append(f"{round(value, 3):g} s")
    return " ".join(parts)
