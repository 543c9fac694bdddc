"""`charger-emulator report`: what to do with reports of runs."""

from __future__ import annotations

from pathlib import Path

import click


@click.group(name="report")
def command() -> None:
    """Reports of `run`, `play` and `explore`."""


@command.command()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
def summary(directory: Path) -> None:
    """The reports in DIRECTORY as Markdown, for the summary of a job or a comment on a pull request."""
    from ..reports.summary import markdown

    click.echo(markdown(directory), nl=False)
