"""Who is told of what is recorded.

The one rule: who listens to some kinds only costs nothing for the others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Generic, TypeVar

E = TypeVar("E")


class Listeners(dict[str, tuple[Callable[[E], None], ...]], Generic[E]):
    """Listeners in the order in which they came, by the kind of entries."""

    def __init__(self) -> None:
        super().__init__()
        self._all: list[tuple[Callable[[E], None], Collection[str] | None]] = []

    def __missing__(self, kind: str) -> tuple[Callable[[E], None], ...]:
        found = tuple(listener for listener, kinds in self._all if kinds is None or kind in kinds)
        self[kind] = found
        return found

    @property
    def count(self) -> int:
        """How many listen."""
        return len(self._all)

    def add(self, listener: Callable[[E], None], kinds: Collection[str] | None) -> Callable[[], None]:
        """One more, of some kinds or (None) of all; returns what ends that."""
        listening = listener, kinds
        self._all.append(listening)
        self.clear()

        def end() -> None:
            self._all.remove(listening)
            self.clear()

        return end
