"""The state machines as a page for readers: `python -m emulator.core.diagram > docs/state-machine.md`.

The one rule: everything on the page comes from the tables that run.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from . import evse_rules, vehicle_rules
from .transitions import C, M, S, TransitionTable

MANY: Final = 6
"""Rows of more states than this start at one node of the diagram."""

_PAGE: Final = """\
# State machines

A charge point is two machines that see each other through the control pilot and the mains only: the charge controller
and the vehicle. Both are tables of transitions; this page is written from them by `python -m emulator.core.diagram`.

After every event the rows are evaluated from the top: the first one whose state and condition hold fires, until none
does any more. A condition marked *held* has to hold without a gap for a time of its own. "Seq." is a sequence of
IEC 61851-1:2017, Table A.6, as EVerest's `IECStateMachine` quotes it; WARP is Tinkerforge's `evse-v2-bricklet`;
habits are those of vehicles, chosen by a scenario.

## Charge controller

{evse}

## Vehicle

{vehicle}
"""


def page() -> str:
    """The whole page, Markdown."""
    return _PAGE.format(evse=_machine(evse_rules.TABLE), vehicle=_machine(vehicle_rules.TABLE))


def _machine(table: TransitionTable[M, C, S]) -> str:
    return "\n".join(("```mermaid", "stateDiagram-v2", *_edges(table), "```", "", *_rows(table)))


def _edges(table: TransitionTable[M, C, S]) -> Iterator[str]:
    """One arrow per pair of states, with the rules that take it."""
    rules: dict[tuple[str, str], list[str]] = {}
    for row in table.rows:
        sources = [_states(row.states, table)] if len(row.states) > MANY else [str(state) for state in row.states]
        for source in sources:
            for target in row.to:
                if source != target:
                    rules.setdefault((source, str(target)), []).append(row.rule)
    names = {source: f"any{number}" for number, source in enumerate(dict.fromkeys(s for s, _ in rules if " " in s))}
    yield from (f'    state "{text}" as {name}' for text, name in names.items())
    for (source, goal), fired in rules.items():
        yield f"    {names.get(source, source)} --> {goal}: {', '.join(fired)}"


def _rows(table: TransitionTable[M, C, S]) -> Iterator[str]:
    yield "| rule | in | when | next | source |"
    yield "| --- | --- | --- | --- | --- |"
    for row in table.rows:
        when = row.when if row.held is None else f"{row.when} *(held)*"
        following = " or ".join(f"`{state}`" for state in row.to) or "stays"
        yield f"| {row.rule} | {_states(row.states, table)} | {when} | {following} | {row.source} |"


def _states(states: tuple[StrEnum, ...], table: TransitionTable[M, C, S]) -> str:
    """States as words: those that are left out, where they are fewer."""
    if len(states) <= MANY:
        return ", ".join(states)
    others = [state for state in table.states if state not in states]
    return f"any except {', '.join(others)}" if others else "any state"


if __name__ == "__main__":
    print(page(), end="")
