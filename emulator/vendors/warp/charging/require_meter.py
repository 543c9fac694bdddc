"""The watch over the meter: charging only with a working one.

The one rule: it looks once a second, and only while something can happen.
Source: Tinkerforge esp32-firmware, `modules/require_meter`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ....core.instant import HOUR, SECOND, Instant
from ..api.documents import Doc
from ..api.rows import AnyRow, Source
from ..api.schema import uint
from ..api.shapes import obj
from ..evse.controller import Controller
from ..evse.memory import HIGHEST, SlotId
from ..meters.slots import Meters
from ..module import Module
from ..platform import Platform
from ..rules import triggers
from ..view import View

SILENT: Final = 24 * HOUR
GRACE: Final = 90 * SECOND
FIRST_CHECK: Final = 6 * SECOND


class RequireMeter(Module):
    """Charging only with a working meter."""

    def __init__(self, platform: Platform, controller: Controller, meters: Meters) -> None:
        super().__init__(platform)
        self.controller = controller
        self.meters = meters
        self.missing: Callable[[], None] = lambda: None
        """Called when the meter has been silent for too long."""
        self._blocked = False
        meters.declared = self._declared

    @property
    def watching(self) -> bool:
        return self.api.integer("require_meter/config", "config") == 2

    def boot(self) -> None:
        self._blocked = False
        if self.platform.traits.pro and self.api.integer("require_meter/config", "config") == 0:
            self.api.put("require_meter/config", {"config": 2})

    def _declared(self) -> None:
        """The built-in meter's values are known."""
        if self.meters.linked_ids and self.platform.up:
            self.boot()
        self.platform.touch()

    def refuses(self, energy: float | None) -> bool:
        """Whether a charge may not begin because its energy could not be measured."""
        if self.watching and energy is None:
            self._block()
            return True
        return False

    def _block(self) -> None:
        if not self._blocked:
            self._blocked = True
            self.controller.put(SlotId.REQUIRE_METER, current=0)
            self.log("require_meter", "Energy meter missing or defective. Charging is not allowed.")
            self.platform.triggers.fire(triggers.REQUIRE_METER)

    def applied(self, new: Doc, old: Doc) -> None:
        self.controller.put(SlotId.REQUIRE_METER, active=self.watching, current=HIGHEST)
        self._blocked = False
        self.platform.wake()

    def second(self, at: Instant, v: View) -> Instant | None:
        if not self.watching:
            return None
        booted = self.platform.booted_at
        if at < booted + FIRST_CHECK:
            return booted + FIRST_CHECK
        known = bool(self.meters.value_ids(self.meters.charger_slot))
        since = self.meters.silent_since
        due = None if since is None else max(since + SILENT, booted + GRACE)
        if (due is not None and at >= due) or (not known and at >= booted + GRACE):
            if not self._blocked:
                self._block()
                self.missing()
        else:
            healed = self._blocked and self.meters.energy(v) is not None
            self._blocked = self._blocked and not healed
            if healed or known:
                self.controller.put(SlotId.REQUIRE_METER, current=HIGHEST)
        if due is None and not known:
            return None if self._blocked else booted + GRACE
        return due if due is not None and at < due else None


ROWS: Final[tuple[AnyRow[RequireMeter], ...]] = (
    Source("fw: modules/require_meter").config(
        "require_meter/config", obj(config=uint(0, 2, width=8)), applied=RequireMeter.applied
    ),
)
