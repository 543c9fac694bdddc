"""The power of the slots over time, as the downloads and the WebSocket show it.

The one rule: a slot's samples are of what its values show: pushed by a client, measured, or frozen.
Source: Tinkerforge esp32-firmware, `modules/meters/meters.cpp` and `value_history.cpp`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

from ....core.instant import HOUR, Instant
from ..platform import Platform
from .fed import PERIOD, watts
from .silence import Silence
from .slots import NONE, Meters
from .values import POWER


class Samples:
    """The past of the meters of one wallbox. Everything is W; None: nothing was known."""

    def __init__(self, platform: Platform, meters: Meters) -> None:
        self._platform = platform
        self._meters = meters

    def fitted(self, slot: int) -> bool:
        """Whether a slot has a meter, of whatever class."""
        return self._meters.class_of(slot) != NONE

    def live(self, slot: int, samples: range) -> list[int | None]:
        """The samples of some instants."""
        if (fed := self._meters.fed(slot)) is not None:
            return fed.live(samples)
        since = self._since(slot)
        if since is None:
            return [None] * len(samples)
        silences = self._meters.silences.until(self._platform.at)
        return [None if at < since else watts(self._power(at, silences)) for at in samples]

    def means(self, slot: int, ends: Iterable[Instant]) -> list[int | None]:
        """The means of some periods, by their ends."""
        if (fed := self._meters.fed(slot)) is not None:
            return [fed.mean(end) for end in ends]
        since = self._since(slot)
        if since is None:
            return [None for _ in ends]
        silences = self._meters.silences.until(self._platform.at)
        energy = cache(lambda at: self._platform.observe(at).total_energy)
        return [_mean(max(since, end - PERIOD), end, silences, energy) for end in ends]

    def _since(self, slot: int) -> Instant | None:
        """Since when the built-in meter's power is known; None: it is not, or another meter is in the slot."""
        return self._meters.known_since if POWER in self._meters.value_ids(slot) else None

    def _power(self, at: Instant, silences: Iterable[Silence]) -> float:
        for silence in silences:
            if silence.since < at <= silence.until:
                return silence.power
        return self._platform.observe(at).power


def _mean(begin: Instant, end: Instant, silences: Iterable[Silence], energy: Callable[[Instant], float]) -> int | None:
    """From the energy that was counted [Wh]; while the meter was silent, from the power it stood at."""
    if begin >= end:
        return None
    gained = energy(end) - energy(begin)
    for silence in silences:
        first, last = max(begin, silence.since), min(end, silence.until)
        if first < last:
            gained += silence.power * (last - first) / HOUR - (energy(last) - energy(first))
    return watts(gained * HOUR / (end - begin))
