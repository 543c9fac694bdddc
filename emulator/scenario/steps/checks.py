"""Steps that look instead of doing: expectations, waiting, notes, and the clock.

The one rule: looking never changes what happens; a clock step changes only how fast it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from ...core.instant import MINUTE, Instant, later, seconds
from ...core.messages import Outcome
from ...core.units import Seconds
from ...errors import EmulatorError
from ...runtime.clock import MAX_SPEED
from ..expectations import MISSING, shown, written
from ..fields import About
from ..kinds import Kind, Schema, Scope, Text
from ..nodes import Node
from .base import Check, Checks, Step

if TYPE_CHECKING:
    from ..world import World

PATIENCE: Instant = 10 * MINUTE
"""How long `wait_until` waits unless `within` says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What looking found."""

    ok: bool
    items: tuple[Mapping[str, object], ...]
    """`quantity`, `expected`, `found`, `ok` of each."""
    message: str
    """What is wrong, for a reader; empty if nothing is."""


def evaluate(checks: tuple[Check, ...], world: World, before: Mapping[str, object] | None = None) -> Verdict:
    """Look at every quantity. `before`: earlier values by name, for `changed`."""
    earlier = before if before is not None else {}
    items: list[Mapping[str, object]] = []
    wrong: list[str] = []
    for check in checks:
        gauge, expectation = check.gauge, check.expectation
        try:
            found = gauge.read(world)
        except EmulatorError as error:  # a vendor value that this firmware no longer has
            items.append({"quantity": gauge.text, "expected": expectation.text, "found": None, "ok": False})
            wrong.append(str(error))
            continue
        ok = expectation.holds(found, earlier.get(gauge.text, MISSING))
        items.append({"quantity": gauge.text, "expected": expectation.text, "found": found, "ok": ok})
        if not ok:
            wrong.append(f"{gauge.text} is {shown(found, gauge)}, expected {expectation.text}")
    return Verdict(ok=not wrong, items=tuple(items), message="; ".join(wrong))


def record(world: World, name: str, verdict: Verdict, checks: tuple[Check, ...]) -> None:
    """Put a verdict into the journal."""
    chargers = {check.gauge.charger for check in checks}
    world.simulation.journal.record(
        world.simulation.at,
        "expectation",
        name,
        {"ok": verdict.ok, "items": list(verdict.items)},
        charger=chargers.pop() if len(chargers) == 1 else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect(Step):
    """Quantities are as expected now, or the scenario has failed."""

    whole: ClassVar[str | None] = "checks"

    checks: Annotated[tuple[Check, ...], Checks()]

    def apply(self, world: World) -> Outcome:
        return judged(world, "expect", self.checks)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitUntil(Step):
    """Go on when quantities are as expected; the scenario has failed if they are not `within` a time (10 min)."""

    whole: ClassVar[str | None] = "checks"

    checks: Annotated[tuple[Check, ...], Checks()]

    def apply(self, world: World) -> Outcome:
        """Look once; the player does the waiting."""
        return judged(world, "wait_until", self.checks)


def judged(world: World, name: str, checks: tuple[Check, ...]) -> Outcome:
    """Look, record what was found, and remember it for `changed`."""
    world.simulation.now()
    verdict = evaluate(checks, world, world.seen)
    world.remember(checks)
    record(world, name, verdict, checks)
    return Outcome(message=verdict.message, detail={"ok": verdict.ok, "items": list(verdict.items)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Step):
    """A remark for the journal."""

    short: ClassVar[str | None] = "text"

    text: Annotated[str, Text()]
    """What to write."""
    detail: Mapping[str, object] = field(default_factory=dict)
    """Anything that goes with it."""

    def apply(self, world: World) -> Outcome:
        world.simulation.journal.record(world.simulation.now(), "note", self.text, dict(self.detail))
        return Outcome()


@dataclass(frozen=True, slots=True)
class Speed(Kind):
    """Simulated seconds per second: a number, `realtime` or `frozen`."""

    @property
    def text(self) -> str:
        return f"realtime, frozen, or a speed factor 0..{MAX_SPEED:.0f}"

    def read(self, node: Node, scope: Scope) -> float:
        value: Any = {"realtime": 1.0, "frozen": 0.0}.get(node.text, node.scalar) if node.is_scalar else None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_SPEED:
            self.wrong(node, scope)
        return float(value)

    def schema(self) -> Schema:
        return {"anyOf": [{"enum": ["realtime", "frozen"]}, {"type": "number", "minimum": 0, "maximum": MAX_SPEED}]}


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

    def apply(self, world: World) -> Outcome:
        at = world.simulation.now()
        detail = {"speed": self.speed} if self.speed is not None else {"jump": self.jump}
        world.simulation.journal.record(at, "clock", "set", detail)
        if self.speed is not None:
            world.set_speed(self.speed)
        if self.jump is not None:
            world.jump(later(0, self.jump))
        return Outcome(detail={"at": seconds(at), **detail})


def waited_for(name: str, checks: tuple[Check, ...]) -> str:
    """What was waited for, for a reader."""
    return f"{name}: " + ", ".join(f"{c.gauge.text}: {written(c.expectation.text)}" for c in checks)
