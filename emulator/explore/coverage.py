"""Which of what can happen has happened in which state of the charger, and which rules had something to judge then.

The one rule: counted from journals alone; what was never tried is named, not only what was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

from ..core.states import EvseState
from .walks import Walk, instants

if TYPE_CHECKING:
    from ..scenario.player import Result

CALM: Final = "(nothing)"
"""In place of a word: a walk on which nothing happened."""


@dataclass
class Coverage:
    """Counts over many walks."""

    states: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(word, state of a charger): how often it happened then."""
    rules: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(word, rule): walks with the word on which the rule had something to judge."""
    words: set[str] = field(default_factory=set)
    """All there are."""

    def count(self, walk: Walk, result: Result) -> None:
        """One more walk."""
        states = _states(result)
        for happening, at in zip(walk, instants(walk), strict=True):
            for changes in states.values():
                state = next((state for since, state in reversed(changes) if since < at), EvseState.A.value)
                self.states[happening.word, state] += 1
        judged = [verdict.name for verdict in result.rules if verdict.occurrences]
        for word in {happening.word for happening in walk} or {CALM}:
            self.rules.update((word, name) for name in judged)

    def never(self) -> list[str]:
        """Words that never happened."""
        return sorted(self.words - {word for word, _ in self.states})

    def summary(self, rules: Iterable[str]) -> list[str]:
        """For a reader: how much was tried, and what was not."""
        tried = {word for word, _ in self.states} & self.words
        pairs = sum(1 for word, _ in self.states if word in self.words)
        states = sorted({state for _, state in self.states})
        named = list(rules)
        judged = {rule for _, rule in self.rules}
        lines = [
            f"tried {len(tried)} of {len(self.words)} kinds of steps and faults, in {len(states)} of "
            f"{len(EvseState)} states ({pairs} of {len(self.words) * len(EvseState)} pairs)"
        ]
        if named:
            lines.append(f"{len(judged & set(named))} of {len(named)} rules had something to judge")
        lines += [f"never tried: {', '.join(self.never())}"] if self.never() else []
        unjudged = [name for name in named if name not in judged]
        return lines + ([f"never judged: {', '.join(unjudged)}"] if unjudged else [])

    def as_json(self) -> dict[str, object]:
        return {
            "words": sorted(self.words),
            "never": self.never(),
            "states": _nested(self.states),
            "rules": _nested(self.rules),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> Self:
        """What `as_json` made."""
        words = value["words"]
        assert isinstance(words, list)
        return cls(_flat(value["states"]), _flat(value["rules"]), set(words))

    def add(self, other: Self) -> None:
        """Count what another machine counted."""
        self.states.update(other.states)
        self.rules.update(other.rules)
        self.words |= other.words


def _states(result: Result) -> dict[str, list[tuple[int, str]]]:
    """By charger, when each state began."""
    found: dict[str, list[tuple[int, str]]] = {}
    for entry in result.journal:
        if entry.kind == "event" and entry.name == "state_changed" and entry.charger is not None:
            found.setdefault(entry.charger, []).append((entry.at, str(entry.detail["to"])))
    return found or {"": []}


def _nested(counts: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (word, other), count in sorted(counts.items()):
        found.setdefault(word, {})[other] = count
    return found


def _flat(value: object) -> Counter[tuple[str, str]]:
    assert isinstance(value, dict)
    return Counter({(word, other): count for word, row in value.items() for other, count in row.items()})
