"""What other packages add: names that entry points bring beside our own.

The one rule: entry points are read when a name is none of ours, or when everything is listed; not before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Final, Generic, TypeVar

from ..errors import EmulatorError

T = TypeVar("T")
PREFIX: Final = "charger_emulator."
"""Of the groups: `charger_emulator.vehicles`."""


class Extensible(Mapping[str, T], Generic[T]):
    """Our own entries by name, and those that other packages bring."""

    def __init__(
        self, own: Mapping[str, T], group: str, take: Callable[[str, object], T | None], expected: str
    ) -> None:
        """`take` makes an entry of the name and the object of an entry point; None: it is not one (`expected`)."""
        self.own = own
        self._group = PREFIX + group
        self._take = take
        self._expected = expected

    def __getitem__(self, name: str) -> T:
        return self.own[name] if name in self.own else self._others[name]

    def __contains__(self, name: object) -> bool:
        return name in self.own or name in self._others

    def __iter__(self) -> Iterator[str]:
        yield from self.own
        yield from self._others

    def __len__(self) -> int:
        return len(self.own) + len(self._others)

    @cached_property
    def _others(self) -> Mapping[str, T]:
        found: dict[str, T] = {}
        for name, where, loaded in entry_points(self._group):
            entry = self._take(name, loaded)
            if entry is None:
                raise EmulatorError(f"{where}: found {type(loaded).__name__}, expected {self._expected}")
            if name in self.own or name in found:
                raise EmulatorError(f'{where}: there is a "{name}" already')
            found[name] = entry
        return found


def entry_points(group: str) -> Iterator[tuple[str, str, object]]:
    """Name, a description and the object of every entry point of a group. EmulatorError if one cannot be loaded."""
    from importlib import metadata

    for point in metadata.entry_points(group=group):
        where = f"entry point {point.name} = {point.value}"
        try:
            yield point.name, where, point.load()
        except (ImportError, AttributeError) as error:
            raise EmulatorError(f"{where}: cannot be loaded: {error}") from error
