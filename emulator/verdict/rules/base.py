"""What every rule is, and when it is in force."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Final

from ...core.instant import Instant, seconds
from ...language.arguments import Duration, Text
from ...language.fields import About
from ...language.units import shown
from ..patterns import EventPattern, EventPatternArgument

if TYPE_CHECKING:
    from ...runtime.journal import Entry
    from ..run import React, RuleRun

LASTING: Final = Duration(lasting=True)
"""How long a window or a pause is: in one of 0 s nothing can be wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(ABC):
    """Base of all rules."""

    word: ClassVar[str]
    """The key by which it is known."""
    inline: ClassVar[bool] = False
    """What happens is written among its keys."""

    name: Annotated[str, Text()] = ""
    """What reports call it; else what it demands."""

    @property
    def title(self) -> str:
        return self.name or self.sentence()

    def problem(self) -> tuple[str, str] | None:
        """Why it could never judge anything as it is written, and the key that says so; None: it can."""
        return None

    @abstractmethod
    def start(self, run: RuleRun) -> None:
        """Put it to work."""

    @abstractmethod
    def sentence(self) -> str:
        """What it demands."""

    @abstractmethod
    def trigger(self) -> str:
        """What has to happen for it to say anything."""

    def unjudged(self, occurrences: int) -> str:
        """Why that was not enough, where it occurred and nothing came of it."""
        return f"{occurrences} still open at the end ({self.trigger()})"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoRules(Rule):
    """In place of a ready-made set in which there is nothing about the wallboxes there are."""

    word: ClassVar[str] = "include"

    def start(self, run: RuleRun) -> None:
        """There is nothing to judge."""

    def sentence(self) -> str:
        return f"what {self.name} asks of clients of the wallboxes there are: nothing"

    def trigger(self) -> str:
        return "no rule of it is about the wallboxes there are"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopedRule(Rule):
    """A rule that may be in force for parts of the run only."""

    after: Annotated[
        EventPattern | None, EventPatternArgument(), About("in force from this on; default: from the start")
    ] = None
    until: Annotated[EventPattern | None, EventPatternArgument(), About("and until this")] = None

    def scope(self) -> str:
        text = f" after {self.after}" if self.after is not None else ""
        return text + (f" until {self.until}" if self.until is not None else "")


class InForce:
    """Since when a scoped rule is in force. `begun`: called whenever it comes into force."""

    def __init__(self, rule: ScopedRule, run: RuleRun, begun: Callable[[], None] = lambda: None) -> None:
        self.since: Instant | None = run.since if rule.after is None else None
        """None: it is not in force."""
        self._begun = begun
        if rule.after is None:
            begun()
        if rule.after is not None:
            run.on(rule.after, self._begin)
        if rule.until is not None:
            run.on(rule.until, self._end)

    def _begin(self, at: Instant, _entry: Entry | None) -> None:
        self.since = at
        self._begun()

    def _end(self, _at: Instant, _entry: Entry | None) -> None:
        self.since = None


def watch_trigger(pattern: EventPattern, rule: ScopedRule, run: RuleRun, react: React) -> InForce:
    """React to what must not happen; what might have been it, while the rule is in force, sets the rule off.

    An action of a client that is not narrowed down might have been anything the client did at that wallbox; something
    else that happens is looked for as long as the rule is in force.
    """
    client = pattern.client
    begun = run.occurred if client is None and not pattern.detail and not pattern.while_ else lambda: None
    in_force = InForce(rule, run, begun)

    def seen() -> None:
        if in_force.since is not None:
            run.occurred()

    if client is not None and not client.narrowed and not pattern.while_:
        run.on_contact(client, seen)
        run.on(pattern, react)
    else:
        run.on(pattern, react, seen=seen if begun is not run.occurred else lambda: None)
    return in_force


def not_by_client(key: str, pattern: EventPattern, *, written: bool = False) -> tuple[str, str] | None:
    """The problem of a rule about what clients do, or write, whose pattern is something else."""
    if pattern.client is not None and (pattern.client.writes or not written):
        return None
    expected = "what a client writes, {client: {writes: ...}}" if written else "what a client does, {client: ...}"
    return key, f"found {pattern.subject}, expected {expected}"


def not_for_so_long(duration: Instant) -> str:
    """Why a rule judged nothing that takes some time in force."""
    return f"it was not in force for {lasting(duration)} at a time" if duration else "it was in force for no time"


def lasting(duration: Instant) -> str:
    """A duration for a reader: `1 h 30 min`, `12.5 s`."""
    return shown(round(seconds(duration), 6), "s")


def when(at: Instant) -> str:
    """An instant for a reader: `at 12.5 s`."""
    return f"at {round(seconds(at), 6):g} s"


def within_text(within: Instant | None) -> str:
    """A time limit as part of a sentence; empty if there is none."""
    return f" within {lasting(within)}" if within is not None else ""
