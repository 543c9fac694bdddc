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
from ..meters.slots import ENERGY, Meters
from ..module import Module
from ..platform import Platform
from ..rules import triggers
from ..view import View

SILENT: Final = 24 * HOUR
GRACE: Final = 90 * SECOND
FIRST_CHECK: Final = 6 * SECOND
SEEN: Final = (
    "Seen energy meter for the first time (since factory reset). Will require up-to-date meter readings to start"
    " charging from now on."
)
STUCK: Final = "Charger energy meter stuck or unreachable! Blocking charging."
WORKING: Final = "Charger energy meter working again. Allowing charging."


class RequireMeter(Module):
    """Charging only with a working meter."""

    def __init__(self, platform: Platform, controller: Controller, meters: Meters) -> None:
        super().__init__(platform)
        self.controller = controller
        self.meters = meters
        self.missing: Callable[[], None] = lambda: None
        """Called when the meter has been silent for too long."""
        self._timed_out = False
        """At the last look since the boot."""
        meters.declared = self._declared

    @property
    def watching(self) -> bool:
        return self.api.integer("require_meter/config", "config") == 2

    @property
    def _blocking(self) -> bool:
        return self.controller.slot(SlotId.REQUIRE_METER).current == 0

    def boot(self) -> None:
        self._timed_out = False
        self.controller.put(SlotId.REQUIRE_METER, active=self.watching)
        self._watch_if_seen()

    def _watch_if_seen(self) -> None:
        """A meter is seen for the first time: from now on charging needs it."""
        if self.api.integer("require_meter/config", "config") == 0 and self.meters.linked_ids:
            self.log("require_meter", SEEN)
            self.api.put("require_meter/config", {"config": 2})
            self.controller.put(SlotId.REQUIRE_METER, active=True)

    def _declared(self) -> None:
        """The built-in meter's values are known."""
        self._watch_if_seen()
        self.platform.touch()

    def refuses(self, energy: float | None) -> bool:
        """Whether a charge may not begin because its energy could not be measured."""
        if self.watching and (energy is None or self._blocking):
            self.controller.put(SlotId.REQUIRE_METER, current=0)
            return True
        return False

    def applied(self, new: Doc, old: Doc) -> None:
        self._watch_if_seen()
        self.controller.put(SlotId.REQUIRE_METER, active=self.watching, current=HIGHEST)
        self._timed_out = False
        self.platform.wake()

    def second(self, at: Instant, v: View) -> Instant | None:
        if not self.watching:
            return None
        booted = self.platform.booted_at
        if at < booted + FIRST_CHECK:
            return booted + FIRST_CHECK
        ids = self.meters.value_ids(self.meters.charger_slot)
        silent = self.meters.silent_since(self.meters.charger_slot)
        stale = None if silent is None else max(silent, booted) + SILENT
        missing = self.meters.energy(v) is None or (stale is not None and at >= stale)
        unable = bool(ids) and ENERGY not in ids
        self._look(missing and (at >= booted + GRACE or self._blocking or unable))
        if missing:
            return booted + GRACE if at < booted + GRACE else None
        return stale

    def _look(self, timed_out: bool) -> None:
        """Block or release the charger."""
        self.controller.put(SlotId.REQUIRE_METER, current=0 if timed_out else HIGHEST)
        if timed_out == self._timed_out:
            return
        self._timed_out = timed_out
        self.log("require_meter", STUCK if timed_out else WORKING)
        if timed_out:
            self.platform.triggers.fire(triggers.REQUIRE_METER)
            self.missing()


ROWS: Final[tuple[AnyRow[RequireMeter], ...]] = (
    Source("fw: modules/require_meter").config(
        "require_meter/config", obj(config=uint(0, 2, width=8)), applied=RequireMeter.applied
    ),
)
