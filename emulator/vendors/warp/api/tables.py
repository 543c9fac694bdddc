"""What there is in every wallbox of a kind: its states, commands and configurations.

The one rule: a table never changes, because a fleet shares it; a wallbox that has more or less gets another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from .rows import UPDATE, Command, Config, Row

R = TypeVar("R")
Owner = Callable[[Any], object]
"""Of the wallbox's modules the one that a row is read from."""


class Table:
    """What there is in every wallbox of a kind, in registration order; never changed, as they share it."""

    def __init__(self, states: Mapping[str, Row], commands: Mapping[str, Row], owners: Mapping[str, Owner]) -> None:
        self.states = states
        """States, documents and configurations."""
        self.commands = commands
        """Commands and configurations, by the path that takes a document."""
        self.owners = owners
        """Of each row the module, by the row's name."""
        self._initial: dict[str, object] = {}
        self._less: dict[str, Table] = {}
        self._more: dict[str, tuple[Row, Table]] = {}

    @classmethod
    def of(cls, rows: Iterable[tuple[Row, Owner]]) -> Table:
        """Rows and whose they are. ValueError if a path is taken."""
        states: dict[str, Row] = {}
        commands: dict[str, Row] = {}
        owners: dict[str, Owner] = {}
        for row, owner in rows:
            owners[row.name] = owner
            if not isinstance(row, Command):
                _put_new(states, row.name, row)
            if isinstance(row, Command) or (isinstance(row, Config) and row.update):
                _put_new(commands, row.name if isinstance(row, Command) else row.name + UPDATE, row)
        return cls(states, commands, owners)

    def with_command(self, row: Command[Any]) -> Table:
        """The same and a command more. ValueError if its path is taken."""
        known = self._more.get(row.name)
        if known is not None and known[0] is row:
            return known[1]
        commands = dict(self.commands)
        _put_new(commands, row.name, row)
        found = Table(self.states, commands, self.owners)
        found._less[row.name] = self
        self._more[row.name] = row, found
        return found

    def without(self, path: str) -> Table:
        """The same without what is at a path."""
        found = self._less.get(path)
        if found is None:
            states, commands = (
                {name: row for name, row in rows.items() if name != path} for rows in (self.states, self.commands)
            )
            found = self._less[path] = Table(states, commands, self.owners)
        return found

    def initial(self, row: Row) -> object:
        """What a document holds by its schema. Not to be changed."""
        if row.name not in self._initial:
            self._initial[row.name] = row.schema.default()
        return self._initial[row.name]


def _put_new(table: dict[str, R], path: str, row: R) -> None:
    if path in table:
        raise ValueError(f"two rows are called {path}")
    table[path] = row
