"""`charger-emulator play`: scenarios without sockets, as fast as possible."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import EmulatorError, Place
from .options import AS_JSON, log_format, log_level, report, seed, shard, strict
from .terminal import prepare_folder, progress, say_verdict

if TYPE_CHECKING:
    from ..core.instant import Instant
    from ..reports.matrix import Played
    from ..scenario.plan import Scenario
    from ..scenario.player import Result
    from ..scenario.variants import Variant


@click.command(name="play")
@click.argument("scenarios", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path))
@seed
@strict
@shard
@click.option(
    "--matrix",
    metavar="WHAT=VALUES,...",
    help="Play with every model, firmware or vehicle: firmware=all,vehicle=vw_id3,renault_zoe.",
)
@report
@AS_JSON
@log_format
@log_level
def command(
    scenarios: tuple[Path, ...],
    seed: int | None,
    strict: bool,
    shard: str,
    matrix: str | None,
    report: Path | None,
    as_json: bool,
) -> int:
    """Play SCENARIOS without sockets, as fast as possible. Exit code 1 if an expectation or a rule failed."""
    if report is not None:
        prepare_folder(report)
    from ..explore.shard import Shard
    from ..runtime.bugs import EXIT_CODE
    from ..scenario.plan import Scenario

    loaded = [_loaded(path) for path in scenarios]
    unread = [found for found in loaded if not isinstance(found, Scenario)]
    readable = [found for found in loaded if isinstance(found, Scenario)]
    cells = [(scenario, variant) for scenario in readable for variant in _variants(matrix, scenario)]
    share = Shard.parse(shard).of(cells)
    played = unread
    with progress(len(share), "scenarios") as bar:
        for number, (scenario, variant) in enumerate(share):
            began = time.perf_counter()
            shown = partial(_part, bar, number, Path(scenario.file).name)
            shown(0.0)
            cell = _played(scenario, variant, seed, strict=strict, record=report is not None, shown=shown)
            played.append(cell)
            if matrix is None and not as_json:
                with bar.out_of_the_way():
                    _tell(cell, time.perf_counter() - began)
    if share and all(cell.result is None for cell in played):
        raise EmulatorError(f"matrix: no variant is possible; the first: {played[0].problem}")
    if as_json:
        click.echo(json.dumps([cell.as_json() for cell in played], indent=2, ensure_ascii=False))
    elif not played:
        click.echo(f"nothing to do in shard {shard} of {len(cells)}")
    elif matrix is not None:
        _tell_table(played)
    if report is not None:
        _write(report, played, matrix=matrix is not None)
    bugs = {bug.id: bug for cell in played if cell.result is not None for bug in cell.result.bugs}
    for bug in bugs.values():
        click.echo(bug.told, err=True)
    return EXIT_CODE if bugs else 0 if all(cell.ok for cell in played) else 1


def _loaded(path: Path) -> Scenario | Played:
    """The scenario of a file; or how it came out, if the emulator itself failed to read it."""
    from ..scenario.loader import load

    try:
        return load(path)
    except EmulatorError:
        raise
    except Exception as error:
        from ..reports.matrix import Played
        from ..scenario.playing import unread

        scenario, result = unread(path, error)
        return Played(file=str(path), scenario=scenario, result=result)


def _variants(matrix: str | None, scenario: Scenario) -> list[Variant] | list[None]:
    if matrix is None:
        return [None]
    from ..scenario.variants import variants

    return variants(matrix, scenario)


def _part(bar: Callable[[float, str], None], done: int, name: str, share: float) -> None:
    """So much of the present scenario is done, beside those before it."""
    bar(done + share, name)


def _played(
    scenario: Scenario,
    variant: Variant | None,
    seed: int | None,
    *,
    strict: bool,
    record: bool,
    shown: Callable[[float], None],
) -> Played:
    from ..reports.matrix import Played
    from ..scenario.loader import load

    values = variant.values if variant is not None else {}
    if variant is not None:
        try:
            scenario = load(scenario.file, variant=variant)
        except EmulatorError as error:
            return Played(file=scenario.file, variant=values, problem=str(error))
    result = _play(scenario, seed, record=record, shown=shown)
    if strict or scenario.strict:
        result = result.strictly(alone=Place(scenario.file, 1, 1))
    return Played(file=scenario.file, variant=values, scenario=scenario, result=result)


def _tell(cell: Played, took: float) -> None:
    from .verdict import verdict_lines

    assert cell.scenario is not None
    assert cell.result is not None
    *failures, verdict = verdict_lines(cell.scenario, cell.result)
    for line in failures:
        click.echo(line)
    say_verdict(f"{verdict} ({took * 1000:.0f} ms)", ok=cell.ok)


def _tell_table(cells: Sequence[Played]) -> None:
    from ..reports.matrix import table

    for line in table(cells):
        click.echo(line)
    failed = sum(not cell.ok for cell in cells)
    impossible = sum(cell.result is None for cell in cells)
    told = f", {impossible} not possible" if impossible else ""
    click.echo(f"{len(cells)} variants: {len(cells) - failed - impossible} passed, {failed} failed{told}")


def _write(report: Path, cells: Sequence[Played], *, matrix: bool) -> None:
    if matrix:
        from ..reports.matrix import write_matrix

        write_matrix(report, cells)
        return
    from ..reports.writing import write_reports

    write_reports(report, [(c.scenario, c.result) for c in cells if c.scenario is not None and c.result is not None])


def _play(scenario: Scenario, seed: int | None, *, record: bool, shown: Callable[[float], None]) -> Result:
    from ..scenario.playing import attempt

    return attempt(scenario, seed=seed, progress=_throttled(shown, _length(scenario)), record=record)


def _length(scenario: Scenario) -> Instant:
    """Simulated time it will take, as far as it says."""
    from ..core.instant import SECOND

    instants = [step.at for step in scenario.steps if step.at is not None]
    if scenario.end is not None and scenario.end.at is not None:
        instants.append(scenario.end.at)
    return max(SECOND, max(instants, default=SECOND))


def _throttled(shown: Callable[[float], None], length: Instant) -> Callable[[Instant], None]:
    """What tells the bar which share is done, at most some times a second of wall time."""
    drawn = 0.0

    def progress(at: Instant) -> None:
        nonlocal drawn
        if time.monotonic() - drawn > 0.1:
            drawn = time.monotonic()
            shown(min(1.0, at / length))

    return progress
