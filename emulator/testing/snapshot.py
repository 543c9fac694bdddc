"""A snapshot as tests see it."""

from __future__ import annotations

from collections.abc import Callable


class SnapshotFixture:
    """The whole world at one instant. Connections of clients are dropped when it is restored, as by a reset."""

    def __init__(self, name: str, restore: Callable[[], object]) -> None:
        self.name = name
        self._restore = restore

    def restore(self) -> None:
        """Everything is again as it was."""
        self._restore()
