"""What a client sees at one instant: the charger, and the charge controller as the network processor polled it last.

The one rule: a view is made for one instant and revision of the wallbox; everything on it is computed once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ...core.freshness import HOLDS, NOW, seen, until
from ...core.instant import MILLISECOND, Instant, grid
from ...core.snapshot import Snapshot
from .evse.evseview import EvseView
from .evse.memory import Memory
from .meters.values import CALLBACK, Sample

POLL: Final = 250 * MILLISECOND
"""Between two polls of the charge controller. Source: Tinkerforge esp32-firmware, `modules/evse_common`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Eyes:
    """What a view is made of, by instant."""

    observe: Callable[[Instant], Snapshot]
    polled: Callable[[Instant], EvseView]
    remembered: Callable[[Instant], tuple[Memory, bool]]
    """The controller's memory as it was polled, and whether polls go on seeing it until something happens."""
    sample: Callable[[Instant], Sample]


class View:
    """One wallbox at one instant."""

    def __init__(self, eyes: Eyes, at: Instant, booted_at: Instant) -> None:
        self._eyes = eyes
        self._booted_at = booted_at
        self.instant = at
        """As `at`, for who tells nobody what time it is."""
        self.texts: dict[str, str] = {}
        """Documents already written, by path."""

    @property
    def at(self) -> Instant:
        HOLDS.until = NOW
        return self.instant

    def written(self, follows: str) -> dict[str, str]:
        """Documents already written of what a row follows, by path."""
        if follows == "poll":
            return self.evse.texts
        return self.meter.texts if follows == "meter" else self.texts

    @seen
    def snapshot(self) -> Snapshot:
        return self._eyes.observe(self.at)

    @property
    def _poll(self) -> Instant:
        """When the controller was polled last."""
        return max(self._booted_at, grid(self.instant, POLL, self._booted_at))

    @seen
    def evse(self) -> EvseView:
        """The controller as polled last; frozen while it does not answer."""
        poll = self._poll
        until(poll + POLL)
        return self._eyes.polled(poll)

    @seen
    def memory(self) -> Memory:
        """What of its memory the controller told at that poll."""
        poll = self._poll
        found, stays = self._eyes.remembered(poll)
        if not stays:
            until(poll + POLL)
        return found

    @seen
    def meter(self) -> Sample:
        """The built-in meter as it called back last."""
        until(grid(self.instant, CALLBACK) + CALLBACK)
        return self._eyes.sample(self.instant)

    @property
    def uptime(self) -> int:
        """ms since the network processor started."""
        return (self.at - self._booted_at) // MILLISECOND
