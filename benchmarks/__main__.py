"""`python -m benchmarks`: the whole table with its goals; `--check` exits 1 when something falls below its floor."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import click

from .figures import figures, measured
from .numbers import EVERY, LARGE, QUICK
from .others import MissingError, install
from .process import LOAD_CORE, many_descriptors


@click.command()
@click.option("--rounds", type=click.IntRange(1, 50), default=5, show_default=True, help="Interleaved rounds.")
@click.option("--only", default="", metavar="TEXT", help="Only what has this in its name.")
@click.option("--json", "into", type=click.Path(path_type=Path), metavar="FILE", help="Write the results there.")
@click.option("--check", is_flag=True, help="Exit code 1 if a figure is below its floor or a number above its ceiling.")
@click.option("--large", is_flag=True, help="Also what takes minutes: a day of ten thousand chargers.")
@click.option("--quick", is_flag=True, help="Only that everything runs: a few requests, and no figures worth reading.")
@click.option("--node", is_flag=True, help="Install Mockoon and json-server with npm, in a folder of the user's cache.")
def main(rounds: int, only: str, into: Path | None, check: bool, large: bool, quick: bool, node: bool) -> None:
    """Measure what the emulator costs beside the bare libraries, and beside other simulators, on this machine."""
    if node:
        try:
            install()
        except (MissingError, OSError, subprocess.CalledProcessError) as error:
            raise click.ClickException(f"the packages of Node were not installed: {error}") from error
    os.sched_setaffinity(0, {LOAD_CORE})
    many_descriptors()  # children inherit it
    rows: list[dict[str, object]] = []
    failed: list[str] = []
    click.echo(f"{'figure':58} {'ours':>9} {'ceiling':>9} {'ratio':>7} {'goal':>6} {'floor':>6}")
    chosen = figures()
    for figure in chosen[:: len(chosen) // 3] if quick else chosen:
        name = f"{figure.name} / {figure.beside}"
        if only.lower() not in name.lower():
            continue
        try:
            ours, other = measured(figure, 0 if quick else rounds, 0.01 if quick else 1.0)
        except MissingError as missing:
            click.echo(f"{name:58} left out: {missing}")
            continue
        ratio = other / ours if ours else 0.0
        click.echo(f"{name:58} {ours:6.1f} us {other:6.1f} us {ratio:7.2f} {figure.goal:6.2f} {figure.floor:6.2f}")
        rows.append({"name": name, "ours_us": ours, "ceiling_us": other, "ratio": ratio, "goal": figure.goal})
        if ratio < figure.floor:
            failed.append(name)
    for group in QUICK if quick else EVERY + LARGE * large:
        wanted = {number.name for number in group.numbers if only.lower() in number.name.lower()}
        if not wanted:
            continue
        for number, value in zip(group.numbers, group.measure(), strict=True):
            if number.name not in wanted:
                continue
            text = f"{value:.3g} {number.unit}"
            click.echo(f"{number.name:58} {text:>20} {'':>6} {number.goal:6g} {number.ceiling:6g}")
            rows.append({"name": number.name, "value": value, "unit": number.unit, "goal": number.goal})
            if value > number.ceiling:
                failed.append(number.name)
    if into is not None:
        machine = {"python": platform.python_version(), "machine": platform.machine(), "cores": os.cpu_count()}
        into.write_text(json.dumps({"machine": machine, "rounds": rounds, "figures": rows}, indent=1) + "\n")
    for name in failed if not quick else ():
        click.echo(f"below its floor: {name}", err=True)
    sys.exit(1 if check and failed and not quick else 0)


if __name__ == "__main__":
    main()
