"""The wallbox's own clock, and the prices that are in force by it.

The one rule: everything follows from UTC as the wallbox has it, the offset `tof` and the rule `tds`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from ...core.instant import SECOND, Instant, later
from ...devices.settings import Settings
from . import localtime
from .settings import AWPL, CLOCK_ERROR, TDS, TOF, Price

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""What a clock shows that was never set."""


class Clock:
    """One wallbox's clock."""

    def __init__(self, settings: Settings, calendar: Callable[[Instant], datetime]) -> None:
        """`calendar`: calendar time of an instant, by an NTP server that the wallbox believes."""
        self._settings = settings
        self._calendar = calendar
        self._offset = ((0, 0), EPOCH, EPOCH, timedelta())
        """By `tof` and `tds`, from when until when, the offset worked out last."""

    def _true_utc(self, at: Instant) -> datetime:
        moment = self._calendar(at)
        return moment.astimezone(UTC) if moment.tzinfo is not None else moment.replace(tzinfo=UTC)

    def utc(self, at: Instant) -> datetime:
        """As the wallbox has it."""
        error, moment = self._settings[CLOCK_ERROR], self._true_utc(at)
        return moment + timedelta(microseconds=error) if error else moment

    def known(self, at: Instant) -> bool:
        """It was set since the power came."""
        return self.utc(at).year > EPOCH.year

    def lose(self, at: Instant) -> None:
        """Power was lost, and nobody tells the time: it begins at the epoch again."""
        self.set(at, EPOCH)

    def set(self, at: Instant, moment: datetime) -> None:
        """A client says that it is `moment`."""
        self._settings.put(CLOCK_ERROR, round((moment - self._true_utc(at)).total_seconds() * SECOND))

    def offset(self, at: Instant) -> timedelta:
        """Local time minus UTC."""
        return self.offset_of(self.utc(at))

    def offset_of(self, utc: datetime) -> timedelta:
        """As `offset`, at a UTC that the wallbox has."""
        rule = self._settings[TOF], self._settings[TDS]
        known, since, before, offset = self._offset
        if known != rule or not since <= utc < before:
            offset = localtime.offset_at(utc, *rule)
            minute = utc.replace(second=0, microsecond=0)  # it changes at whole ones
            self._offset = rule, minute, minute + timedelta(minutes=1), offset
        return offset

    def local(self, at: Instant) -> datetime:
        """Local time; its `tzinfo` says UTC, as only its numbers matter."""
        return self.utc(at) + self.offset(at)

    def next_transition(self, at: Instant) -> datetime | None:
        """The next change between summer and winter time (UTC)."""
        return localtime.next_transition(self.utc(at), self._settings[TOF], self._settings[TDS])

    # --- prices ------------------------------------------------------------------------------------------------------

    def price_slot(self, at: Instant) -> Price | None:
        now = self.utc(at).timestamp()
        return next((slot for slot in self._settings[AWPL] if slot["start"] <= now < slot["end"]), None)

    def next_price(self, at: Instant) -> Instant | None:
        """When another price comes into force, or none is known any more."""
        now = self.utc(at).timestamp()
        edges = [edge for slot in self._settings[AWPL] for edge in (slot["start"], slot["end"]) if edge > now]
        return later(at, min(edges) - now) if edges else None

    def price(self, at: Instant) -> float | None:
        """The price in force [ct/kWh]; None: unknown."""
        slot = self.price_slot(at)
        return None if slot is None else float(slot["marketprice"])
