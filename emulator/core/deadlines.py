"""Named deadlines of one state machine.

The one rule: a deadline is a level, not an edge: once passed it stays passed until it is cleared or set again.
"""

from __future__ import annotations

from .instant import Instant, later, seconds


class Deadlines:
    """When the things a state machine waits for are due. A name that is not set is never due."""

    __slots__ = ("_due",)

    def __init__(self) -> None:
        self._due: dict[str, Instant] = {}

    def set(self, name: str, at: Instant, delay: float) -> None:
        """Due `delay` s after `at`, whatever it was before."""
        self._due[name] = later(at, delay)

    def ensure(self, name: str, at: Instant, delay: float) -> None:
        """Due `delay` s after `at`, unless it is waited for already."""
        if name not in self._due:
            self._due[name] = later(at, delay)

    def clear(self, *names: str) -> None:
        for name in names:
            self._due.pop(name, None)

    def clear_all(self) -> None:
        self._due.clear()

    def waiting(self, name: str) -> bool:
        """Set, due or not."""
        return name in self._due

    def passed(self, name: str, at: Instant) -> bool:
        """Set, and due by now."""
        due = self._due.get(name)
        return due is not None and due <= at

    def running(self, name: str, at: Instant) -> bool:
        """Set, and still to come."""
        due = self._due.get(name)
        return due is not None and due > at

    def take(self, name: str, at: Instant) -> bool:
        """Whether it is due; clears it if so."""
        if self.passed(name, at):
            del self._due[name]
            return True
        return False

    def next(self, at: Instant) -> Instant | None:
        """The earliest deadline after `at`."""
        return min([due for due in self._due.values() if due > at], default=None) if self._due else None

    def remaining(self, name: str, at: Instant) -> float:
        """Time until it is due; 0 if it is, or was never set [s]."""
        return max(0.0, seconds(self._due.get(name, at) - at))
