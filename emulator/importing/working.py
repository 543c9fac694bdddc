"""The workshop: plays a sketch, compares it with the log, and asks the improvements what to change.

The one rule: a change stays only if the replay agrees better with it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Final

from .agreement import Agreement, judged
from .boxes import Box, Reading
from .remarks import Remarks
from .replay import Look, Replay, replay
from .sketch import BoxSketch, Sketch
from .story import Moment, Situation
from .timing import looking_times

REMEMBERED: Final = 6
"""Replays that are kept."""


@dataclass
class Part:
    """One box with everything that is known of it."""

    box: Box
    sketch: BoxSketch
    readings: list[Reading]
    """Those that are compared after each change."""
    measured: list[Reading]
    """Those that are compared at the end."""
    moments: list[Moment]
    situations: list[Situation]


@dataclass
class Work:
    """A sketch, and the log that it has to agree with."""

    sketch: Sketch
    parts: list[Part]
    begin: float
    """Time in the log at which it begins [s]."""
    lead: float
    """s of the scenario at which the log begins."""
    remarks: Remarks
    looks: list[Look] = field(default_factory=list)
    plays: int = 0
    _played: dict[str, tuple[Replay, list[Agreement]]] = field(default_factory=dict)

    def at(self, stamp: float | None) -> float:
        """s of the scenario for a stamp of the log."""
        return (stamp if stamp is not None else self.begin) - self.begin + self.lead

    def prepare(self) -> None:
        """Work out when to look where."""
        self.looks = [look for index, part in enumerate(self.parts) for look in self._looks(index, part)]
        last = max((look.at for look in self.looks), default=self.lead)
        last = max(last, max((deed.at for part in self.parts for deed in part.sketch.deeds), default=0.0))
        self.sketch.end = float(int(last) + 2)

    def _looks(self, index: int, part: Part) -> list[Look]:
        stamps = sorted({ask.at for ask in part.box.asks if ask.at is not None})
        found: list[Look] = []
        for number, reading in enumerate(part.readings):
            at = reading.at if reading.at is not None else self.begin
            same_second = [ask for ask in stamps if int(ask) == int(at)]
            before = any(ask.at == at and ask.line > reading.line for ask in part.box.asks)
            times = looking_times(at, same_second, first_of=before)
            found += [Look(self.at(time), index, number, reading.address) for time in times]
        return found

    def play(self, *, overrides: bool = True) -> tuple[Replay, list[Agreement]]:
        """Play, and compare; one agreement per box. What was played before is not played again."""
        key = json.dumps([self.sketch.data(overrides=overrides), self.lead], default=str)
        if key not in self._played:
            if len(self._played) >= REMEMBERED:
                self._played.pop(next(iter(self._played)))
            self._played[key] = self._play(overrides=overrides)
        return self._played[key]

    def _play(self, *, overrides: bool) -> tuple[Replay, list[Agreement]]:
        self.plays += 1
        found = replay(self.sketch, self.looks, overrides=overrides)
        agreements = [
            judged(part.box.vendor, part.readings, found.values[index]) for index, part in enumerate(self.parts)
        ]
        return found, agreements

    def measure(self) -> None:
        """From now on every reading is compared."""
        for part in self.parts:
            if len(part.measured) > len(part.readings):
                part.readings = part.measured
                self._played.clear()
        self.prepare()

    def later(self, by: float) -> None:
        """Begin the log `by` s later in the scenario; what stands before it stays where it is."""
        for part in self.parts:
            deeds = part.sketch.deeds
            part.sketch.deeds = [replace(deed, at=deed.at + by) if deed.at > 0 else deed for deed in deeds]
        self.lead += by
        self.prepare()
