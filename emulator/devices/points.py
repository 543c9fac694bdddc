"""Rows of a vendor's tables: one key, register, topic or field each, with its source.

The one rule: a row is a frozen value that reads a view and nothing else; meanings needed twice are functions beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass
from typing import TypedDict

from .firmware import Profile


@dataclass(frozen=True, slots=True)
class Point:
    """What every row says about itself: where it comes from, and on which wallboxes it exists."""

    name: str
    _: KW_ONLY
    source: str
    """Tag of the document, capture or client it is taken from."""
    since: str | None = None
    """First firmware that has it."""
    until: str | None = None
    """First firmware that no longer has it."""
    models: tuple[str, ...] | None = None
    """Model ids that have it; None: all."""
    live: bool = True
    """Follows the charger or the settings; False: a constant on the real device too."""
    assumed: str | None = None
    """What about this row is our assumption; None: nothing."""
    about: str = ""

    def exists(self, profile: Profile) -> bool:
        """Whether a wallbox of this profile has the row."""
        if self.models is not None and profile.model.id not in self.models:
            return False
        return profile.has(self.since, self.until)

    def documented(
        self, table: str, value_type: str, *, settable: bool, readable: bool = True, name: str = ""
    ) -> Fidelity:
        """Its line of the documentation. `name`: the address scenarios use, if not the row's own name."""
        return Fidelity(
            table=table,
            name=name or self.name,
            type=value_type,
            readable=readable,
            settable=settable,
            live=self.live,
            source=self.source,
            since=self.since,
            until=self.until,
            models=self.models,
            assumed=self.assumed,
            about=self.about,
        )


class Facts(TypedDict, total=False):
    """What a row may say about itself beside its name and source, for functions that make rows; see `Point`."""

    since: str | None
    until: str | None
    models: tuple[str, ...] | None
    live: bool
    assumed: str | None
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fidelity:
    """One line of the generated fidelity documentation."""

    table: str
    """`HTTP keys`, `Modbus input registers`, ..."""
    name: str
    type: str
    readable: bool
    settable: bool
    live: bool
    source: str
    since: str | None
    until: str | None
    models: tuple[str, ...] | None
    assumed: str | None
    about: str


def unique(rows: Iterable[Point]) -> None:
    """ValueError if two rows of a table could exist on the same wallbox under one name."""
    seen: dict[tuple[str, str | None, str | None, tuple[str, ...] | None], Point] = {}
    for row in rows:
        key = (row.name, row.since, row.until, row.models)
        if key in seen:
            raise ValueError(f"two rows are called {row.name}")
        seen[key] = row
