"""The wallbox's names.

The one rule: what it is called follows from what is fitted and what the factory wrote, except the display name.
Source: Tinkerforge esp32-firmware, `modules/device_name`, `warp*.ini`.
"""

from __future__ import annotations

from typing import Final

from ....core.instant import MINUTE, Instant, next_grid
from ..api.rows import AnyRow, Source
from ..api.schema import Str
from ..api.shapes import obj
from ..evse.controller import Controller
from ..meters.slots import Meters
from ..module import Module
from ..platform import Platform
from ..settings import RTC_FITTED
from ..view import View

FW: Final = Source("fw: modules/device_name")
PERIOD: Final = MINUTE


class DeviceName(Module):
    """The names of one wallbox."""

    def __init__(self, platform: Platform, controller: Controller, meters: Meters) -> None:
        super().__init__(platform)
        self.controller = controller
        self.meters = meters
        self._type = ""
        """As worked out last."""
        self._due: Instant | None = None
        """When a change that was noticed will show."""

    def boot(self) -> None:
        self._type, self._due = self.type(), None

    def second(self, at: Instant, v: View) -> Instant | None:
        """Worked out each minute since the boot."""
        found = self.type()
        if found == self._type:
            self._due = None
        elif self._due is None:
            self._due = next_grid(at - 1, PERIOD, self.platform.booted_at)
        if self._due is not None and at >= self._due:
            self._type, self._due = found, None
        return self._due

    @property
    def display(self) -> str:
        return self.api.text_of("info/display_name", "display_name")

    def _kind(self) -> str:
        """Of a WARP4 from the factory's article number, whatever the meter says."""
        if self.platform.generation == 4:
            return self.platform.traits.kind.capitalize()
        return "Pro" if self.meters.linked_ids else "Smart"

    def type(self) -> str:
        """`WARP3 Charger Pro 11kW`"""
        generation = self.platform.generation
        if self.platform.traits.manages:
            return self.platform.traits.product
        text = f"{self.platform.traits.product} {self._kind()}"
        if not self.controller.answers:
            return text + " w/o EVSE"
        text += " 11kW" if self.controller.cable <= 20 else " 22kW"
        if generation == 1 and self.platform.has_reader:
            text += " +NFC"
        if generation <= 2 and self.settings[RTC_FITTED]:
            text += " +RTC"
        return text

    def shown(self, v: View) -> object:
        return {
            "name": self.platform.device_name,
            "type": self.platform.traits.name,
            "display_type": self._type,
            "uid": self.platform.serial,
        }


ROWS: Final[tuple[AnyRow[DeviceName], ...]] = (
    FW.state(
        "info/name", obj(name=Str(0, 32), type=Str(0, 12), display_type=Str(0, 64), uid=Str(0, 8)), DeviceName.shown
    ),
    FW.config(
        "info/display_name", obj(display_name=Str(0, 32)), initial=lambda m: {"display_name": m.platform.device_name}
    ),
)
