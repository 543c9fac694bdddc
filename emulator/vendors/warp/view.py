"""What a client sees at one instant: the charger, and the charge controller as the network processor polled it last.

The one rule: a view is made for one instant and revision of the box; everything on it is computed once.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from ...core.instant import MILLISECOND, Instant, grid
from ...core.snapshot import Snapshot
from .evseview import EvseView

if TYPE_CHECKING:
    from .metervalues import Sample
    from .wallbox import Warp

POLL: Final = 250 * MILLISECOND
"""Between two polls of the charge controller. Source: Tinkerforge esp32-firmware, `modules/evse_common`."""


class View:
    """One wallbox at one instant."""

    def __init__(self, box: Warp, at: Instant) -> None:
        self.box = box
        self.at = at
        self.texts: dict[str, str] = {}
        """Documents already written, by path."""

    def written(self, follows: str) -> dict[str, str]:
        """Documents already written of what a row follows, by path."""
        if follows == "poll":
            return self.evse.texts
        return self.meter.texts if follows == "meter" else self.texts

    @cached_property
    def snapshot(self) -> Snapshot:
        return self.box.simulation.observe_at(self.box.charger, self.at)

    @cached_property
    def evse(self) -> EvseView:
        """The controller as polled last; frozen while it does not answer."""
        return self.box.controller.polled(max(self.box.booted_at, grid(self.at, POLL, self.box.booted_at)))

    @cached_property
    def meter(self) -> Sample:
        """The built-in meter as it called back last."""
        return self.box.meters.sample(self.at)

    @property
    def uptime(self) -> int:
        """ms since the network processor started."""
        return self.box.uptime(self.at) // MILLISECOND
