"""Until when what was just read stays as it is, if nothing happens meanwhile.

The one rule: whoever gives away something that follows the time says so here; what does not say so changes only when
something happens.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, Generic, Self, TypeVar, overload

from .instant import Instant

FOREVER: Final[Instant] = 1 << 62
"""Until something happens."""
NOW: Final[Instant] = 0
"""For this instant only."""
ONCE: Final[Instant] = -1
"""Not even that: it counts requests, and the next one is none that anything else would hear of."""

NOBODY: Final = 0
"""Rank of what belongs to no charger: that of the first one."""

V = TypeVar("V")
T = TypeVar("T")


class Reads(threading.local):
    """What has been read on this thread."""

    until: Instant = FOREVER
    """First instant at which some of it may be different. Whoever reads puts it back to `FOREVER` first."""


HOLDS: Final = Reads()


def until(at: Instant) -> None:
    """What is being given away may be different from `at` on."""
    if at < HOLDS.until:
        HOLDS.until = at


class Happenings:
    """Counts what has happened to somebody: what stands still while it does not move need not be looked at again."""

    __slots__ = ("count", "rank")

    def __init__(self, rank: int = NOBODY) -> None:
        self.count = 0
        self.rank = rank
        """Whose turn it is first, of several to whom something happens at one instant: the lowest."""


class seen(Generic[V, T]):  # noqa: N801 - used as a decorator
    """An attribute of a view, worked out when it is first asked for; remembers until when it holds, too.

    As `functools.cached_property`, for values that may follow the time.
    """

    def __init__(self, work_out: Callable[[V], T]) -> None:
        self._work_out = work_out
        self.__doc__ = work_out.__doc__

    def __set_name__(self, owner: type[V], name: str) -> None:
        self._name = name
        self._following = f"seen {name}"

    @overload
    def __get__(self, view: None, owner: type[V]) -> Self: ...

    @overload
    def __get__(self, view: V, owner: type[V]) -> T: ...

    def __get__(self, view: V | None, owner: type[V]) -> Self | T:
        if view is None:
            return self
        kept = view.__dict__
        found: tuple[T, Instant] | None = kept.get(self._following)
        if found is None:
            before, HOLDS.until = HOLDS.until, FOREVER
            try:
                value = self._work_out(view)
            finally:
                holds = HOLDS.until
                HOLDS.until = before if before < holds else holds
            if holds == FOREVER:  # nobody has to be told again: from now on it is an attribute like any other
                kept[self._name] = value
            else:
                kept[self._following] = value, holds
            return value
        if found[1] < HOLDS.until:
            HOLDS.until = found[1]
        return found[0]
