"""Walks: what happens, one thing after another, on top of a scenario.

The one rule: a walk is plain data as it would be in YAML; what becomes of it is a scenario like any other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ..core.instant import Instant
from ..errors import Place
from ..language.names import Names
from ..language.units import parse_duration
from ..scenario.plan import End, Scenario
from ..scenario.steps.base import TimedStep
from ..scenario.steps.vocabulary import parse_steps
from ..verdict.section import PlacedRule

WALK: Final = Place("the walk", 0, 0)
"""Where the steps of a walk stand."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One step of a walk."""

    pause: str
    """Since the step before it, `10 s`."""
    step: Mapping[str, object]
    """As in a scenario: `{plug_in: {vehicle: vw_id3}}`."""

    @property
    def word(self) -> str:
        """What kind of thing it is: the step's name; of a fault its kind."""
        ((name, arguments),) = self.step.items()
        return str(arguments["kind"]) if name == "fault" and isinstance(arguments, dict) else name


Walk = Sequence[Happening]


def words_of(walk: Walk) -> frozenset[str]:
    """The kinds of things that happen."""
    return frozenset(happening.word for happening in walk)


def instants(walk: Walk) -> list[Instant]:
    """When each step happens, from the start."""
    at, found = 0, []
    for happening in walk:
        at += parse_duration(happening.pause)
        found.append(at)
    return found


@dataclass
class Stage:
    """A scenario on which walks are taken."""

    base: Scenario
    names: Names
    rules: Sequence[PlacedRule] = ()
    """Beside those of the scenario."""
    rest: Instant = 0
    """What follows the last step."""
    lasts: Instant = 0
    """Every walk goes on at least until then."""
    _read: dict[str, TimedStep] = field(default_factory=dict)

    def end(self, walk: Walk) -> Instant:
        """When a walk is over."""
        stated = self.base.end.at if self.base.end is not None and self.base.end.at is not None else 0
        return max(stated, self.lasts, (instants(walk) or [0])[-1] + self.rest)

    def scenario(self, walk: Walk) -> Scenario:
        """The scenario in which a walk is taken."""
        track = tuple(
            replace(self._step(happening.step), at=at) for happening, at in zip(walk, instants(walk), strict=True)
        )
        return replace(
            self.base,
            tracks=(*self.base.tracks, track) if track else self.base.tracks,
            rules=(*self.base.rules, *self.rules),
            end=End(at=self.end(walk)),
        )

    def _step(self, step: Mapping[str, object]) -> TimedStep:
        key = json.dumps(step, sort_keys=True, default=str)
        if key not in self._read:
            self._read[key] = replace(parse_steps(dict(step), self.names)[0], place=WALK)
        return self._read[key]
