"""The end of the journal, as shown beside a failing test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final

MOST: Final = 40
"""Entries shown."""
WIDEST: Final = 160
"""Characters shown of an entry's detail."""


def tail(entries: Sequence[Mapping[str, object]], count: int = MOST) -> str:
    """The newest journal entries for a reader; what was pushed to clients is only counted."""
    shown: list[str] = []
    for kind, group in groupby(entries, key=lambda entry: entry["kind"]):
        lines = [_line(entry) for entry in group]
        shown += lines if kind != "push" or len(lines) < 3 else [lines[0], f"{'':>15} ... {len(lines) - 1} more"]
    if len(shown) > count:
        shown[:-count] = [f"... {len(shown) - count} lines before"]
    return "\n".join(shown) or "(nothing happened)"


def _line(entry: Mapping[str, object]) -> str:
    where = ".".join(str(entry[part]) for part in ("charger", "wallbox", "interface") if entry[part])
    detail = f"  {entry['detail']}"[:WIDEST] if entry["detail"] else ""
    return f"{entry['at']:>12.3f} s  {entry['kind']:<11}  {where:<20}  {entry['name']}{detail}"
