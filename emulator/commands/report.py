"""`charger-emulator report`: what is done with reports when they are written."""

from __future__ import annotations

import json
from pathlib import Path

import click

from .options import AS_JSON


@click.group(name="report")
def command() -> None:
    """Join reports."""


@command.command(name="merge")
@click.argument("directories", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="DIR...")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    default=Path("merged"),
    show_default=True,
    help="Where the joined report goes, with a copy of all that it is made of.",
)
@AS_JSON
def merge(directories: tuple[Path, ...], out: Path, as_json: bool) -> int:
    """Join what `play --report` and `explore --out` wrote into several directories.

    Writes junit.xml, report.json and report.html. Exit code 1 if anything failed in any of them.
    """
    from ..explore.merging import merge as merged

    found = merged(directories, out)
    if as_json:
        click.echo(json.dumps(found.as_json(), indent=2, ensure_ascii=False))
    else:
        click.echo(f"{found.summary}; see {out}/report.html")
    return 0 if found.ok else 1
