"""Steps that look instead of doing: expectations, waiting, notes, and the clock.

The one rule: looking never changes what happens; a clock step changes only how fast it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar

from ...core.instant import MINUTE, Instant, later, seconds
from ...core.messages import Outcome
from ...core.units import Seconds
from ...language.arguments import Scope, Text
from ...language.fields import About
from ...language.nodes import Node
from ...world.checks import Check, Checks
from ...world.evaluation import judged
from ...world.expectations import written
from ..speed import Speed
from .base import Step

if TYPE_CHECKING:
    from ...world.site import Site

PATIENCE: Instant = 10 * MINUTE
"""How long `wait_until` waits unless `within` says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect(Step):
    """Quantities are as expected now, or the scenario has failed."""

    whole: ClassVar[str | None] = "checks"

    checks: Annotated[tuple[Check, ...], Checks()]

    def apply(self, site: Site) -> Outcome:
        return judged(site, "expect", self.checks)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitUntil(Step):
    """Go on when quantities are as expected; the scenario has failed if they are not `within` a time (10 min)."""

    whole: ClassVar[str | None] = "checks"

    checks: Annotated[tuple[Check, ...], Checks()]

    def apply(self, site: Site) -> Outcome:
        """Look once; the player does the waiting."""
        return judged(site, "wait_until", self.checks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Step):
    """A remark for the journal."""

    short: ClassVar[str | None] = "text"

    text: Annotated[str, Text()]
    """What to write."""
    detail: Mapping[str, object] = field(default_factory=dict)
    """Anything that goes with it."""

    def apply(self, site: Site) -> Outcome:
        site.simulation.journal.record(site.simulation.now(), "note", self.text, dict(self.detail))
        return Outcome()


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock(Step):
    """Simulated time runs at another speed, or jumps ahead. Headless, time is as fast as it can be anyway."""

    short: ClassVar[str | None] = "speed"

    speed: Annotated[float | None, Speed(), About("realtime, frozen, or simulated seconds per second")] = None
    jump: Seconds | None = None
    """Skip this much waiting; everything on the way happens."""

    def settled(self, node: Node, scope: Scope) -> Clock:
        if (self.speed is None) == (self.jump is None):
            scope.fail(node, 'expected either a speed (frozen, realtime, 60) or a jump such as {jump: "1 h"}')
        return self

    def apply(self, site: Site) -> Outcome:
        at = site.simulation.now()
        detail = {"speed": self.speed} if self.speed is not None else {"jump": self.jump}
        site.simulation.journal.record(at, "clock", "set", detail)
        if self.speed is not None:
            site.set_speed(self.speed)
        if self.jump is not None:
            site.jump(later(0, self.jump))
        return Outcome(detail={"at": seconds(at), **detail})


def waited_for(name: str, checks: tuple[Check, ...]) -> str:
    """What was waited for, for a reader."""
    return f"{name}: " + ", ".join(f"{c.quantity.text}: {written(c.expectation.text)}" for c in checks)
