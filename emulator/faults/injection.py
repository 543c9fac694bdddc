"""A fault as a user states it: where x when x what x until."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Protocol

from ..core.instant import Instant
from ..runtime.journal import Entry
from .effect import Effect, Lasting
from .match import Match
from .target import Target


class Condition(Protocol):
    """An expectation on the world."""

    @property
    def text(self) -> str: ...

    def holds(self) -> bool:
        """Whether it does now."""
        ...

    def watch(self, wanted: bool, found: Callable[[Instant], None]) -> Callable[[], None]:
        """Call `found`, once, at the first instant at which it holds (or does not); returns what ends that."""
        ...


class Expected(Protocol):
    """What a member of an entry's detail should be."""

    @property
    def text(self) -> str: ...

    def holds(self, value: object) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something in the journal that a fault comes after, or lasts until."""

    kind: str
    """`event`, `write`, `request`, `push`, `connection`, `firmware`, ..."""
    pattern: str
    """Name of the entry, with wildcards; of a write or push also `garage.goe.frc`."""
    detail: Mapping[str, Expected] = field(default_factory=dict)
    """Members of the entry's detail, and what they should be."""
    while_: Condition | None = None
    """Only while quantities are as expected: judged at that instant, after all that happens at it."""
    delay: float = 0.0
    """How long after it [s]."""

    @property
    def text(self) -> str:
        return f"{self.kind} {self.pattern}"

    def fits(self, entry: Entry, charger: str) -> bool:
        """Whether an entry may be it; `while_` is judged later."""
        if entry.kind != self.kind or entry.charger not in (None, charger):
            return False
        also = entry.detail.get("as")
        names = (entry.name, *(also if isinstance(also, Mapping) else ()))
        named = any(
            fnmatchcase(form, self.pattern)
            for name in names
            for form in (name, ".".join(part for part in (entry.charger, entry.wallbox, name) if part is not None))
        )
        return named and all(name in entry.detail and e.holds(entry.detail[name]) for name, e in self.detail.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """A fault that is to be injected."""

    name: str
    target: Target
    effect: Effect
    match: Match = field(default_factory=Match)
    when: Condition | None = None
    after: Happening | None = None
    on_request: int | None = None
    every: int | None = None
    probability: float | None = None
    for_: float | None = None
    """From its beginning [s]."""
    count: int | None = None
    """Hits; of a state of a wallbox or charger: how often it begins."""
    until: Condition | Happening | None = None

    @property
    def lasting(self) -> bool:
        """It is a state of a wallbox or charger: `when` and `until` are watched, and requests only set it off."""
        return isinstance(self.effect, Lasting)

    @property
    def repeats(self) -> bool:
        """A state that comes back after its end."""
        return self.every is not None or self.probability is not None or self.follows or self.count is not None

    @property
    def follows(self) -> bool:
        """A state that is there exactly while its condition holds."""
        return self.lasting and self.when is not None and self.open_ended

    @property
    def immediate(self) -> bool:
        """It begins at once."""
        return self.after is None and self.when is None and not self.counts_requests

    @property
    def open_ended(self) -> bool:
        """Nothing is said about its end."""
        return self.for_ is None and self.until is None

    @property
    def counts_requests(self) -> bool:
        """Requests set it off."""
        return self.on_request is not None or self.every is not None or self.probability is not None

    @property
    def hits_once(self) -> bool:
        """It hits the one request that it waits for, and is over."""
        return self.on_request is not None and self.open_ended and self.count is None and self.every is None

    def reaches(self, number: int) -> bool:
        """Whether it hits the request of this number, as far as `on_request` and `every` decide."""
        first = self.on_request
        if first is not None and (number != first if self.hits_once else number < first):
            return False
        return self.every is None or number % self.every == 0
