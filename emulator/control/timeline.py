"""The timelines of a run: what was done, what is waited for, what is to come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..core.instant import Instant, seconds

if TYPE_CHECKING:
    from ..scenario.player import Player, Track
    from ..scenario.steps.base import TimedStep
    from ..service.emulator import Emulator


def timeline(emulator: Emulator) -> dict[str, object]:
    """Every timeline: the scenario's own, and those that were added to it."""
    emulator.simulation.now()
    player = emulator.player
    players = (player, *emulator.performances)
    return {
        "file": emulator.scenario.file if emulator.scenario.file != "(none)" else None,
        "end": _time(player.end if player.ended_at is None else player.ended_at),
        "finished": player.over,
        "tracks": [list(_steps(one, track)) for one in players for track in one.tracks],
    }


def _steps(player: Player, track: Track) -> Iterator[dict[str, object]]:
    broken = {failure.place: failure.text for failure in player.failures}
    done = len(track.steps) - len(track.left)
    expected: Instant | None = None
    for number, step in enumerate(track.steps):
        if number == done:
            expected = track.due if track.due is not None else expected
        elif number > done:
            expected = _after(step, expected)
        yield {
            "step": step.name,
            "arguments": step.written,
            "at": _time(step.at),
            "after": _time(step.after),
            "within": _time(step.within),
            "expected": _time(expected) if number >= done else None,
            "line": step.place.line or None,
            "state": _state(number, done, track, player, failed=step.place in broken),
            "why": broken.get(step.place),
        }


def _after(step: TimedStep, before: Instant | None) -> Instant | None:
    """When a step is to happen, if the one before it happens at `before`; None: that is not known."""
    if step.at is not None:
        return step.at
    return None if before is None else before + (step.after or 0)


def _state(number: int, done: int, track: Track, player: Player, *, failed: bool) -> str:
    if failed:
        return "failed"
    if number < done:
        return "done"
    if player.over:
        return "not reached"
    if number == done and track.waiting is not None:
        return "waiting"
    return "next" if number == done else "to come"


def _time(at: Instant | None) -> float | None:
    return None if at is None else round(seconds(at), 6)
