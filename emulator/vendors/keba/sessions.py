"""The session log: what reports 100 to 130 are made of.

The one rule: a running session is counted here by the meter's total; an ended one never changes again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ...core.instant import SECOND, Instant
from ...core.snapshot import Snapshot
from ...devices.wallbox import Wallbox
from .build import Build
from .entries import EMPTY, NO_CLASS, NO_TAG, Entry
from .settings import KEEPS_SESSION_ENERGY, RUNNING_SESSION, SESSION_COUNTER, SESSIONS, TIME_QUALITY

LENGTH: Final = 30
"""Sessions that are kept: reports 101 to 130."""
DEFAULT_CLASS: Final = "01010400000000000000"
UNPLUGGED, CARD = 1, 10
"""Reasons for an end."""


def tenths(energy: float) -> int:
    """An energy [Wh] in whole 0.1 Wh. What float noise alone keeps below a whole number counts."""
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


class SystemClock:
    """The clock of a wallbox: Unix time where somebody has set it, else seconds since the start."""

    def __init__(self, wallbox: Wallbox, build: Build, com_up: Callable[[], bool]) -> None:
        self._wallbox = wallbox
        self._build = build
        self._com_up = com_up
        self._offset: int | None = None
        """What to add to simulated time, as `setdatetime` has it [s]."""

    @property
    def quality(self) -> int:
        """`timeQ`. ASSUMED: x-series and P40 have it from the network (3), others by `setdatetime` (1)."""
        stated = self._wallbox.settings[TIME_QUALITY]
        if stated is not None:
            return stated
        if self._offset is not None:
            return 1
        return 3 if self._build.traits.rest and self._com_up() else 0

    def set(self, unix: int) -> None:
        self._offset = unix - self._wallbox.simulation.at // SECOND

    def forget(self) -> None:
        """A restart. ASSUMED: there is no battery."""
        self._offset = None

    def stamp(self, at: Instant) -> int:
        """An instant as the wallbox counts it [s]."""
        if self._offset is not None:
            return max(0, at // SECOND + self._offset)
        if self.quality > 0:
            return int(self._wallbox.calendar(at).timestamp())
        return max(0, self._wallbox.uptime(at)) // SECOND

    def text(self, at: Instant) -> str:
        """UTC, or the bare seconds while nobody has set the clock."""
        stamp = self.stamp(at)
        if self.quality == 0 or stamp > 253_402_300_799:
            return str(stamp)
        return datetime.fromtimestamp(stamp, UTC).strftime("%Y-%m-%d %H:%M:%S.000")


class SessionLog:
    """The running session and those before."""

    def __init__(self, wallbox: Wallbox, build: Build, clock: SystemClock) -> None:
        self._wallbox = wallbox
        self._settings = wallbox.settings
        self._build = build
        self._clock = clock
        self.running: Session | None = None
        self.on_begin: Callable[[], None] = lambda: None
        """Called when a session has begun."""

    @property
    def history(self) -> list[Entry]:
        """Ended sessions, newest first."""
        return self._settings[SESSIONS]

    def energy(self, now: Snapshot) -> int:
        """`E pres`: of the running session, else of the last one [0.1 Wh]."""
        if self.running is not None:
            return max(0, tenths(now.total_energy) - self.running.base)
        return self.history[0]["E pres"] if self.history else 0

    def tag(self) -> str:
        """The card of the running session. Who charged before says nothing about the vehicle that is there now."""
        return NO_TAG if self.running is None else self.running.tag

    def begin(self, tag: str, tag_class: str) -> None:
        """A new session; a running one is ended before."""
        self.end(UNPLUGGED)
        now = self._wallbox.snapshot()
        base = tenths(now.total_energy)
        if self._settings[KEEPS_SESSION_ENERGY] and self.history:
            base -= self.history[0]["E pres"]
        number = self._settings[SESSION_COUNTER] + 1
        self._settings.put(SESSION_COUNTER, number)
        self.running = Session(number, base, now.at, tag, tag_class)
        self._settings.put(RUNNING_SESSION, self._entry(self.running, now, None, 0))
        self._wallbox.note("session_started", {"session": number, "tag": tag})
        self.on_begin()

    def end(self, reason: int) -> None:
        """Write the running session down, if there is one."""
        session = self.running
        if session is None:
            return
        entry = self._entry(session, self._wallbox.snapshot(), self._wallbox.simulation.at, reason)
        self.running = None
        self._write(entry)
        self._wallbox.note("session_ended", {"session": session.number, "reason": reason})

    def recover(self) -> None:
        """A start: write down a session that ran when the power went. ASSUMED: it ends when that is noticed."""
        entry, at = self._settings[RUNNING_SESSION], self._wallbox.simulation.at
        if entry is None or self.running is not None:
            return
        energy = max(0, tenths(self._wallbox.snapshot().total_energy) - entry["E start"])
        stamp, text = self._clock.stamp(at), self._clock.text(at)
        self._write({**entry, "E pres": energy, "ended[s]": stamp, "ended": text, "reason": UNPLUGGED})

    def _write(self, entry: Entry) -> None:
        if not self.history or self.history[0]["Session ID"] != entry["Session ID"]:
            self._settings.put(SESSIONS, [entry, *self.history][:LENGTH])
        self._settings.put(RUNNING_SESSION, None)

    def report(self, index: int, now: Snapshot) -> Entry:
        """Report 100 + index: 0 is the running or else the last session, 1 the last one that has ended, and so on."""
        if index == 0 and self.running is not None:
            return self._entry(self.running, now, None, 0)
        slot = max(index, 1) - 1
        return self.history[slot] if slot < len(self.history) else EMPTY

    def _entry(self, session: Session, now: Snapshot, ended: Instant | None, reason: int) -> Entry:
        clock = self._clock
        return {
            "Session ID": session.number,
            "Curr HW": self._build.hardware_current(now),
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
