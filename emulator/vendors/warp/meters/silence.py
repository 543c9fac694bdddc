"""The built-in meter not answering: what it showed last stays.

The one rule: it knows when and at what the values stood still, not why. Source: Tinkerforge esp32-firmware,
`modules/meters_evse_v2`: the charge controller is asked on and on, and repeats what it read last.
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from ....core.instant import SECOND, Instant
from ....core.snapshot import Snapshot

KEPT: Final = 720
"""Of the silences that are over."""


class Silence(NamedTuple):
    """A time in which the values stood still. What is sampled at its first instant moved still."""

    since: Instant
    until: Instant
    power: float
    """W"""


class Silences:
    """Those of one wallbox, the last ones of them."""

    def __init__(self) -> None:
        self.frozen: Snapshot | None = None
        """What is shown in the silence that goes on; None: the meter answers."""
        self._since: Instant = 0
        self._timeouts = 0
        self._over: deque[Silence] = deque(maxlen=KEPT)

    @property
    def since(self) -> Instant | None:
        """When the silence that goes on began."""
        return None if self.frozen is None else self._since

    def begin(self, at: Instant, shown: Snapshot) -> None:
        self.frozen, self._since = shown, at

    def end(self, at: Instant) -> None:
        if self.frozen is not None:
            self._timeouts = self.timeouts(at)
            self._over.append(Silence(self._since, at, self.frozen.power))
            self.frozen = None

    def timeouts(self, at: Instant) -> int:
        """Requests that were not answered. ASSUMED: one a second."""
        return self._timeouts + ((at - self._since) // SECOND if self.frozen is not None else 0)

    def until(self, at: Instant) -> list[Silence]:
        """All of them up to `at`, which is now."""
        if self.frozen is None:
            return list(self._over)
        return [*self._over, Silence(self._since, at, self.frozen.power)]
