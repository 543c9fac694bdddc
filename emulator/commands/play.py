"""`charger-emulator play`: scenarios without sockets, as fast as possible."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import log_format, log_level, seed, strict

if TYPE_CHECKING:
    from ..core.instant import Instant
    from ..scenario.plan import Scenario
    from ..scenario.player import Result


@click.command(name="play")
@click.argument("scenarios", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path))
@seed
@strict
@click.option(
    "--report",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write reports (journal, JUnit, JSON, HTML) to this directory.",
)
@log_format
@log_level
def command(scenarios: tuple[Path, ...], seed: int | None, strict: bool, report: Path | None) -> int:
    """Play SCENARIOS without sockets, as fast as possible. Exit code 1 if an expectation or a rule failed."""
    from ..scenario.loader import load
    from .verdict import verdict_lines

    loaded = [load(path) for path in scenarios]
    played = []
    for scenario in loaded:
        began = time.perf_counter()
        result = _play(scenario, seed, record=report is not None)
        took = time.perf_counter() - began
        if strict or scenario.strict:
            result = result.strictly()
        played.append((scenario, result))
        *failures, verdict = verdict_lines(scenario, result)
        for line in failures:
            click.echo(line)
        click.echo(f"{verdict} ({took * 1000:.0f} ms)")
    if report is not None:
        from ..reports.writing import write_reports

        write_reports(report, played)
    return 0 if all(result.ok for _, result in played) else 1


def _play(scenario: Scenario, seed: int | None, *, record: bool) -> Result:
    from ..scenario.playing import play

    if not sys.stderr.isatty():
        return play(scenario, seed=seed, record=record)
    with click.progressbar(length=_length(scenario), label=Path(scenario.file).name, file=sys.stderr) as bar:
        return play(scenario, seed=seed, progress=_shown(bar.update), record=record)


def _length(scenario: Scenario) -> int:
    """Whole simulated seconds it will take, as far as it says."""
    from ..core.instant import SECOND

    instants = [step.at for step in scenario.steps if step.at is not None]
    if scenario.end is not None and scenario.end.at is not None:
        instants.append(scenario.end.at)
    return max(1, max(instants, default=SECOND) // SECOND)


def _shown(update: Callable[[int], None]) -> Callable[[Instant], None]:
    """What brings the bar to an instant, at most some times a second of wall time."""
    from ..core.instant import SECOND

    shown, drawn = 0, 0.0

    def progress(at: Instant) -> None:
        nonlocal shown, drawn
        if time.monotonic() - drawn > 0.1:
            drawn = time.monotonic()
            update(at // SECOND - shown)
            shown = at // SECOND

    return progress
