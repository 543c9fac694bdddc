"""Which keys have changed since somebody was told last, looked at once a second of the wallbox.

The one rule: everything told together is of one moment, and looked at once for all who listen. Source: captures of MQTT
and web socket, in which a key comes at most once a second; the second is the one in which the logic runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ...core.freshness import FOREVER, HOLDS
from ...core.instant import Instant
from ...devices.rendering import Moment
from ...devices.watching import Lockstep, Watch
from .device import Device
from .readings import View
from .status import Row

News = Sequence[tuple[Row, bytes]]
"""Rows and their fragments, in the order of the table."""


class Told(NamedTuple):
    """What a listener was told."""

    second: Instant
    """The second of the wallbox that was looked at last."""
    fragments: Mapping[Row, bytes]


class Changes:
    """Some rows of one wallbox, and what becomes of them."""

    def __init__(self, device: Device, rows: Iterable[Row]) -> None:
        self._device = device
        self._watch: Watch[Row, View, bytes] = Watch(tuple(rows), _fragment)
        self._lockstep = Lockstep(self._step)

    def everything(self) -> tuple[Told, News]:
        """All rows, for who was told nothing yet."""
        told = self._look()
        return told, tuple(told.fragments.items())

    def at(self, told: Told, at: Instant) -> tuple[Told, News]:
        """What is new at `at`: nothing within a second that has been looked at already.

        At the very beginning of a second everything that happens in that instant is told, however often.
        """
        return self._lockstep.next(told, at, self.moment)

    @property
    def moment(self) -> Moment:
        """The present."""
        return self._device.processor.moments.now()

    def _step(self, told: Told, at: Instant) -> tuple[Told, News]:
        processor = self._device.processor
        now = max(at, processor.at)
        second = processor.second(now)
        if second == told.second and now > second:
            return told, ()
        found = self._look()
        return found, self._watch.news(told.fragments, found.fragments)

    def _look(self) -> Told:
        view = View(self._device)
        return Told(view.second, self._watch.look(view.moment, lambda: view))


def _fragment(row: Row, view: View) -> bytes:
    text = row.fragment(view)
    HOLDS.until = row.until if row.live else FOREVER
    return text
