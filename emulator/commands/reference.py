"""`charger-emulator reference`: the reference part of the documentation, your own vendors included."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(name="reference")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
def command(directory: Path) -> None:
    """Write the reference into DIRECTORY as Markdown: language, steps, faults, rules, names, vendors, control API."""
    from ..errors import EmulatorError
    from ..reference.pages import write

    try:
        count = write(directory)
    except OSError as error:
        raise EmulatorError(f"{directory}: cannot be written: {error.strerror or error}") from error
    click.echo(f"{directory}: {count} pages")
