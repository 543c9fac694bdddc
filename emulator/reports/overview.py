"""`report.html` over many runs: tables of what was run, what failed and what was never tried.

The one rule: one file that opens without a network; it links to the pages of single runs beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: 0 0 2rem; }
th, td { border: 1px solid #8885; padding: .25rem .6rem; text-align: left; vertical-align: top; }
.bad { color: #c22; font-weight: 600; } .good { color: #282; } .scroll { overflow-x: auto; }
"""


@dataclass(frozen=True, slots=True)
class Link:
    """A cell that leads to a page."""

    text: str
    to: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """A cell that says how it went."""

    ok: bool
    text: str = ""


Cell = str | int | Link | Verdict


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its heading."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def overview(title: str, lines: Sequence[str], tables: Sequence[Table]) -> str:
    """The page; `lines` stand below its title."""
    body = [f"<h1>{escape(title)}</h1>", *(f"<p>{escape(line)}</p>" for line in lines)]
    body += [_table(table) for table in tables if table.rows]
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head>\n<body>\n" + "\n".join(body) + "\n</body></html>\n"
    )


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in table.columns)
    rows = ("<tr>" + "".join(f"<td>{_cell(cell)}</td>" for cell in row) + "</tr>" for row in table.rows)
    inner = "\n".join((f"<tr>{head}</tr>", *rows))
    return f'<h2>{escape(table.title)}</h2>\n<div class="scroll"><table>\n{inner}\n</table></div>'


def _cell(cell: Cell) -> str:
    match cell:
        case Link():
            return f'<a href="{escape(cell.to)}">{escape(cell.text)}</a>'
        case Verdict():
            word = cell.text or ("passed" if cell.ok else "FAILED")
            return f'<span class="{"good" if cell.ok else "bad"}">{escape(word)}</span>'
    return escape(str(cell))
