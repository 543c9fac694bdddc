"""Downloads of the meters' power over time: six minutes, and two days.

The one rule: both have all their places since the boot; what was before it, or unknown, is null.
Source: Tinkerforge esp32-firmware, `modules/meters/value_history.cpp`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from ....core.instant import SECOND, grid, next_grid
from ....devices.interfaces import HttpReply, HttpRequest
from ..api.shapes import plain
from ..module import Module
from ..platform import Handlers, Platform
from ..web.replies import document
from .fed import LENGTH, PERIOD
from .samples import Samples
from .slots import Meters
from .values import CALLBACK

MILLISECONDS: Final = SECOND // 1000


class MeterHistory(Module):
    """The power of the meters of one wallbox, in the past."""

    def __init__(self, platform: Platform, meters: Meters) -> None:
        super().__init__(platform)
        self.meters = meters
        self.samples = Samples(platform, meters)
        platform.simulation.chargers[platform.charger].remember((LENGTH + 1) * PERIOD)

    def routes(self) -> Mapping[str, Handlers]:
        found: dict[str, Handlers] = {}
        for what, live in (("history", False), ("live", True)):
            found[f"/meters/{what}"] = {"GET": partial(self._all, live)}
            found[f"/meter/{what}"] = {"GET": partial(self._one, None, live)}
            found |= {f"/meters/{slot}/{what}": {"GET": partial(self._one, slot, live)} for slot in self._slots}
        return found

    @property
    def _slots(self) -> range:
        return range(self.meters.slots)

    def _one(self, slot: int | None, live: bool, _: HttpRequest) -> HttpReply:
        """Of one slot; None: of the linked one."""
        slot = self.meters.linked if slot is None else slot
        samples = self._samples(slot, live=live) if slot in self._slots else None
        if samples is None:
            rate = '"samples_per_second":0.0,' if live else ""
            return document(f'{{"offset":0,{rate}"samples":[]}}')
        return document(f'{self._head(live=live)},"samples":{samples}}}')

    def _all(self, live: bool, _: HttpRequest) -> HttpReply:
        each = [self._samples(slot, live=live) or "null" for slot in self._slots]
        return document(f'{self._head(live=live)},"samples":[{",".join(each)}]}}')

    def _head(self, *, live: bool) -> str:
        now = self.platform.at
        since = grid(now, CALLBACK) if live else grid(now, PERIOD, self.platform.booted_at)
        return f'{{"offset":{(now - since) // MILLISECONDS}' + (f',"samples_per_second":{2.0:.6f}' if live else "")

    def _samples(self, slot: int, *, live: bool) -> str | None:
        """None: no meter is in this slot."""
        if not self.samples.fitted(slot):
            return None
        at = self.platform.view().at
        found = self._live(slot, at) if live else self._two_days(slot, at)
        return plain([None] * (LENGTH - len(found)) + found)

    def _live(self, slot: int, at: int) -> list[int | None]:
        """Power in the last six minutes, two values a second, oldest first [W]."""
        newest = grid(at, CALLBACK)
        first = max(next_grid(self.platform.booted_at, CALLBACK), newest - (LENGTH - 1) * CALLBACK)
        return self.samples.live(slot, range(first, newest + 1, CALLBACK))

    def _two_days(self, slot: int, at: int) -> list[int | None]:
        """Power in the last two days, means of four minutes, oldest first [W]."""
        booted = self.platform.booted_at
        newest = grid(at, PERIOD, booted)
        first = max(booted, newest - LENGTH * PERIOD) + PERIOD
        return self.samples.means(slot, range(first, newest + 1, PERIOD))
