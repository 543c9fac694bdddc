"""What is shown on a terminal: tables, colours, a progress bar. In a pipe: plain lines.

The one rule: what a program may read is the same with and without a terminal; rich is loaded where it is used.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import EmulatorError

if TYPE_CHECKING:
    from rich.progress import Progress


def interactive() -> bool:
    """Whether somebody looks at what is printed."""
    return sys.stdout.isatty()


def show_rows(rows: Sequence[Sequence[str]]) -> None:
    """Rows in columns; what is indented belongs to the row above it."""
    if interactive():
        _rich_rows(rows)
        return
    columns = max(map(len, rows), default=0)
    widths = [max((len(row[i]) for row in rows if i < len(row)), default=0) for i in range(columns)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        click.echo("  ".join(cells).rstrip())


def _rich_rows(rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for _ in range(max(map(len, rows), default=1)):
        table.add_column(overflow="fold")
    for name, *rest in rows:
        style = "dim" if name.startswith(" ") else "bold cyan"
        table.add_row(Text(name, style=style), *(Text(cell) for cell in rest))
    Console(highlight=False).print(table)


def say_verdict(line: str, *, ok: bool) -> None:
    """A verdict, green or red where that can be seen."""
    click.secho(line, fg="green" if ok else "red")


class ProgressBar:
    """A bar with an estimate, or nothing where nobody looks; called with what is done and a word."""

    def __init__(self, shown: Progress | None = None, label: str = "", total: float = 0.0) -> None:
        self._shown = shown
        self._task = shown.add_task(label, total=total) if shown is not None else None

    def __call__(self, done: float, word: str) -> None:
        if self._shown is not None and self._task is not None:
            self._shown.update(self._task, completed=done, description=word)

    @contextmanager
    def out_of_the_way(self) -> Iterator[None]:
        """Nothing of it is on the terminal while something else is printed."""
        if self._shown is None:
            yield
            return
        self._shown.stop()
        yield
        self._shown.start()


@contextmanager
def progress(total: float, label: str) -> Iterator[ProgressBar]:
    """A bar on standard error."""
    if not sys.stderr.isatty():
        yield ProgressBar()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield ProgressBar(bar, label, total)


def prepare_folder(folder: Path) -> None:
    """Make the folder of a report, so that one that cannot be written is found out before the run. EmulatorError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise EmulatorError(f"--report: {folder} cannot be written: {error.strerror or error}") from error
