"""`charger-emulator report`: what to do with reports of runs."""

from __future__ import annotations

import json
from pathlib import Path

import click

from .options import AS_JSON


@click.group(name="report")
def command() -> None:
    """Reports of `run`, `play` and `explore`."""


@command.command()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
def summary(directory: Path) -> None:
    """The reports in DIRECTORY as Markdown, for the summary of a job or a comment on a pull request."""
    from ..reports.summary import markdown

    click.echo(markdown(directory), nl=False)


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
