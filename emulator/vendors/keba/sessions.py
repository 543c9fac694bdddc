"""The session log: what reports 100 to 130 are made of.

The one rule: a running session is counted here by the meter's total; an ended one never changes again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, cast

from ...core.instant import SECOND, Instant
from ...core.snapshot import Snapshot

if TYPE_CHECKING:
    from .wallbox import Keba

LENGTH: Final = 30
"""Sessions that are kept: reports 101 to 130."""
NO_TAG: Final = "0" * 16
NO_CLASS: Final = "0" * 20
DEFAULT_CLASS: Final = "01010400000000000000"
UNPLUGGED, CARD = 1, 10
"""Reasons for an end."""


def tenths(energy: float) -> int:
    """Wh as whole 0.1 Wh. What float noise alone keeps below a whole number counts."""
    return math.floor(energy * 10 + 1e-6)


@dataclass(slots=True)
class Session:
    """The running session. Energies in 0.1 Wh."""

    number: int
    base: int
    """Total energy at its start."""
    started: Instant
    tag: str = NO_TAG
    tag_class: str = NO_CLASS


EMPTY: Final[Mapping[str, object]] = {
    "Session ID": -1,  # ASSUMED: -1; 0 is possible as well
    "Curr HW": 0,
    "E start": 0,
    "E pres": 0,
    "started[s]": 0,
    "ended[s]": 0,
    "started": "0",
    "ended": "0",
    "reason": 0,
    "timeQ": 0,
    "RFID tag": NO_TAG,
    "RFID class": NO_CLASS,
}
"""A slot that was never used."""


class SessionLog:
    """The running session and those before."""

    def __init__(self, box: Keba) -> None:
        self._box = box
        self.running: Session | None = None

    @property
    def history(self) -> list[dict[str, object]]:
        """Ended sessions, newest first."""
        return cast("list[dict[str, object]]", self._box.settings["sessions"])

    def energy(self, now: Snapshot) -> int:
        """`E pres`: of the running session, else of the last one. 0.1 Wh"""
        if self.running is not None:
            return max(0, tenths(now.total_energy) - self.running.base)
        return cast("int", self.history[0]["E pres"]) if self.history else 0

    def tag(self) -> str:
        """The card of the running session, else of the last one."""
        if self.running is not None:
            return self.running.tag
        return str(self.history[0]["RFID tag"]) if self.history else NO_TAG

    def begin(self, tag: str, tag_class: str) -> None:
        """A new session; a running one is ended before."""
        box = self._box
        self.end(UNPLUGGED)
        now = box.snapshot()
        base = tenths(now.total_energy)
        if box.settings.flag("keeps_session_energy") and self.history:
            base -= cast("int", self.history[0]["E pres"])
        number = box.settings.integer("session_counter") + 1
        box.settings.put("session_counter", number)
        self.running = Session(number, base, now.at, tag, tag_class)
        box.note("session_started", {"session": number, "tag": tag})

    def end(self, reason: int) -> None:
        """Write the running session down, if there is one."""
        if self.running is None:
            return
        at = self._box.simulation.at
        entry = self._entry(self._box.snapshot(), at, reason)
        self.running = None
        self._box.settings.put("sessions", [entry, *self.history][:LENGTH])
        self._box.note("session_ended", {"session": entry["Session ID"], "reason": reason})

    def report(self, index: int, now: Snapshot) -> Mapping[str, object]:
        """Report 100 + index: 0 is the running or else the last session, 1 the last one that has ended, and so on."""
        if index == 0 and self.running is not None:
            return self._entry(now, None, 0)
        slot = max(index, 1) - 1
        return self.history[slot] if slot < len(self.history) else EMPTY

    def _entry(self, now: Snapshot, ended: Instant | None, reason: int) -> dict[str, object]:
        session, clock = self.running, self._box.clock
        assert session is not None
        return {
            "Session ID": session.number,
            "Curr HW": self._box.hardware_current(now),
            "E start": session.base,
            "E pres": self.energy(now),
            "started[s]": clock.stamp(session.started),
            "ended[s]": 0 if ended is None else clock.stamp(ended),
            "started": clock.text(session.started),
            "ended": "0" if ended is None else clock.text(ended),
            "reason": reason,
            "timeQ": clock.quality,
            "RFID tag": session.tag,
            "RFID class": session.tag_class,
        }


class SystemClock:
    """The box's clock: Unix time where somebody has set it, else seconds since the start."""

    def __init__(self, box: Keba) -> None:
        self._box = box
        self._offset: int | None = None
        """s to add to simulated time, as `setdatetime` has it."""

    @property
    def quality(self) -> int:
        """`timeQ`. ASSUMED: an x-series is synchronised from the network (3), others are set by `setdatetime` (1)."""
        stated = self._box.settings["time_quality"]
        if stated is not None:
            return cast("int", stated)
        if self._offset is not None:
            return 1
        return 3 if self._box.trait("series") == "x" else 0

    def set(self, unix: int) -> None:
        self._offset = unix - self._box.simulation.at // SECOND

    def forget(self) -> None:
        """A restart. ASSUMED: there is no battery."""
        self._offset = None

    def stamp(self, at: Instant) -> int:
        """An instant as the box counts it, s."""
        if self._offset is not None:
            return max(0, at // SECOND + self._offset)
        if self.quality > 0:
            return int(self._box.calendar(at).timestamp())
        return max(0, at - self._box.booted_at) // SECOND

    def text(self, at: Instant) -> str:
        """UTC, or the bare seconds while nobody has set the clock."""
        stamp = self.stamp(at)
        if self.quality == 0 or stamp > 253_402_300_799:
            return str(stamp)
        return datetime.fromtimestamp(stamp, UTC).strftime("%Y-%m-%d %H:%M:%S.000")
