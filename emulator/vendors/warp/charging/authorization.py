"""Charge authorisation: who has identified, and what that means for the charge.

The one rule: an identification is looked at in the firmware's next round.
Source: Tinkerforge esp32-firmware, `modules/charge_authorization`, `modules/evse_common`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from ....core.instant import MILLISECOND, SECOND, Instant, next_grid
from ..api.rows import AnyRow, Source
from ..api.schema import I52
from ..api.shapes import Raw, many, obj
from ..evse.evseview import Iec
from ..evse.memory import SlotId
from ..module import Module
from ..platform import Platform
from ..view import View
from .tracking import Tracker

UPDATE: Final = 300 * MILLISECOND
TOGGLE, START, STOP = range(3)
ACK, NACK = 1001, 1002
"""Indications of the LED."""
DEAD_AFTER_STOP: Final = 3 * SECOND
SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Identification:
    """Somebody who may charge, and how he said so. `physical`: at the reader."""

    how: int
    user: int
    info: object
    action: int
    physical: bool


class ChargeAuthorization(Module):
    """The authorisation of one wallbox."""

    def __init__(self, platform: Platform, tracker: Tracker) -> None:
        super().__init__(platform)
        self.tracker = tracker
        self._timer = platform.timer(self._due)
        self._waiting: deque[Identification] = deque()
        self._dead_until: Instant = 0
        self._seen: list[tuple[Instant, int, object]] = []

    def boot(self) -> None:
        self._waiting.clear()
        self._timer.clear()
        self._seen.clear()
        self._dead_until = 0

    def seen(self, how: int, info: object) -> None:
        """Somebody has identified, known or not."""
        self._seen = [(self.platform.at, how, info), *self._seen][:SHOWN]

    def offer(self, how: int, user: int, info: object, action: int, *, physical: bool = False) -> None:
        """Somebody who may charge has identified."""
        self._waiting.append(Identification(how, user, info, action, physical))
        self._timer.set(next_grid(self.platform.at, UPDATE, self.platform.booted_at))
        self.platform.touch()
        self.platform.simulation.wake()

    def _due(self, at: Instant) -> None:
        while self._waiting:
            self._authorise(at, self._waiting.popleft())
        self.platform.changed()

    def _authorise(self, at: Instant, who: Identification) -> None:
        evse = self.platform.view().evse
        if not evse.memory.slots[SlotId.USER].active or (who.physical and at < self._dead_until):
            return
        charge = self.tracker.running
        if charge is None:
            may_start = evse.iec is Iec.B and not evse.error and who.action != STOP
            if may_start and self.tracker.begin(who.user, who.how, who.info):
                self._dead_until = at + self.api.integer("nfc/config", "deadtime_post_start") * SECOND
            return
        mine = charge["user_id"] == who.user and who.action != START
        if not mine or evse.iec not in (Iec.B, Iec.C) or evse.error:
            return
        if evse.iec is Iec.C and at - evse.memory.iec_since <= DEAD_AFTER_STOP:
            return
        self.tracker.end()
        self._dead_until = at + DEAD_AFTER_STOP

    def last_seen(self, v: View) -> object:
        booted = self.platform.booted_at
        shown: list[object] = [
            {"seen_at": (at - booted) // MILLISECOND, "auth_info": [how, info]} for at, how, info in self._seen
        ]
        return shown + [{"seen_at": 0, "auth_info": [0, None]}] * (SHOWN - len(shown))


ROWS: Final[tuple[AnyRow[ChargeAuthorization], ...]] = (
    Source("fw: modules/charge_authorization").state(
        "charge_authorization/last_seen",
        many(obj(seen_at=I52, auth_info=Raw("[type, null or object]")), SHOWN),
        ChargeAuthorization.last_seen,
        since="2.10.0",
        assumed="since 2.10.0, as its module is",
    ),
)
