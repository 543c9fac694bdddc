"""Markdown as the pages need it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..language.records import Argument


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table and an empty line after it; nothing if there are no rows."""
    lines = [_row(row) for row in rows]
    if lines:
        yield _row(head)
        yield _row(["---"] * len(head))
        yield from lines
        yield ""


def code(text: object) -> str:
    """A text as code, also within a table."""
    return f"`{text}`"


def argument_table(arguments: Iterable[Argument[object]]) -> Iterator[str]:
    """The keys of a mapping: what each takes and means."""
    yield from table(
        ("key", "takes", "meaning"),
        ((code(a.name) + (" (needed)" if a.required else ""), a.type.text, a.about) for a in arguments),
    )


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(' '.join(cell.replace('|', '&#124;').replace('<', '&lt;').split()) for cell in cells)} |"
