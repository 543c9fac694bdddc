"""Transitions of a state machine as rows of a table, and what evaluates them.

The one rule: a condition is a level and changes nothing; of the rows of a state the first whose condition holds fires.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from .deadlines import Deadlines
from .instant import Instant
from .values import roomy


class Machine(Protocol):
    """What the rows of a table are about."""

    due: Deadlines
    fired: set[str]
    """Rules that have fired since the start."""


M = TypeVar("M", bound=Machine)
S = TypeVar("S", bound=StrEnum)
C = TypeVar("C")
"""What the machine sees at one instant."""


def nothing(machine: object, now: object) -> None:
    """No action."""


@roomy
class Held(Generic[M]):
    """A condition has to hold without a gap; the timer of that name says since when."""

    timer: str
    duration: Callable[[M], float]
    """How long [s]."""


@dataclass(frozen=True)
class Transition(Generic[M, C, S]):
    """One row: in one of `states`, when `condition` holds, do `action` and go to `to`."""

    rule: str
    states: tuple[S, ...]
    when: str
    """The condition in words."""
    condition: Callable[[M, C], bool]
    action: Callable[[M, C], None]
    to: tuple[S, ...]
    """Next state; none: stays; several: `choose` says which."""
    source: str
    """Clause of the standard, or where else the rule comes from."""
    held: Held[M] | None = None
    choose: Callable[[M], S] | None = None
    entered: Callable[[M, C], None] = nothing
    """Done once the next state is entered."""


class TransitionTable(Generic[M, C, S]):
    """All rows of one machine, in the order of their priority."""

    def __init__(self, rows: Sequence[Transition[M, C, S]], states: type[S], enter: Callable[[M, S], None]) -> None:
        self.rows = tuple(rows)
        self.states = tuple(states)
        self._enter = enter
        self._of_state = {
            state: tuple((row.condition, row.held, row) for row in rows if state in row.states) for state in states
        }

    def step(self, machine: M, state: S, at: Instant, now: C) -> bool:
        """Fire at most one row of `state`, in which the machine is; whether one fired."""
        for condition, held, row in self._of_state[state]:
            if not condition(machine, now):
                if held is not None:
                    machine.due.clear(held.timer)
                continue
            if held is not None:
                machine.due.ensure(held.timer, at, held.duration(machine))
                if not machine.due.take(held.timer, at):
                    continue
            machine.fired.add(row.rule)
            row.action(machine, now)
            if row.to:
                self._enter(machine, row.to[0] if row.choose is None else row.choose(machine))
            row.entered(machine, now)
            return True
        return False
