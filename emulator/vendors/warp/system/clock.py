"""The clock: what the wallbox knows of the time of day.

The one rule: it knows the time from a time server, from its hardware clock, or from a client that set it; a time server
that answers overrides the other two.
Source: Tinkerforge esp32-firmware, `modules/rtc`, `ntp`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from ....core.freshness import FOREVER
from ....core.instant import HOUR, SECOND, Instant, next_grid
from ....devices.settings import Settings
from ..api.registry import Registry
from ..settings import CLOCK_SET, INTERNET, RTC_FITTED

NTP_FIRST: Final = 5 * SECOND
"""ASSUMED time from boot to the first answer of a time server."""
NTP_PERIOD: Final = HOUR
"""Between two answers."""
SYNCED: Final = 25 * HOUR
"""An answer of a time server counts so long."""


class Clock:
    """The clock of one wallbox."""

    def __init__(
        self,
        settings: Settings,
        api: Registry,
        *,
        built_in: bool,
        calendar: Callable[[Instant], datetime],
        now: Callable[[], Instant],
    ) -> None:
        """`built_in`: the hardware always has a clock. `calendar`: calendar time of an instant, truth."""
        self._settings = settings
        self._api = api
        self._built_in = built_in
        self._calendar = calendar
        self._now = now
        self._offset = timedelta()
        """What a client set the clock to, against the truth."""
        self._obeyed: Instant | None = None
        """When a central system set the clock: until the next answer of a time server."""
        self._since: Instant | None = None
        """First answer of a time server since one could be reached; it may be still to come."""
        self._last: Instant | None = None
        """Last answer since the boot, before none could be reached any more."""

    @property
    def fitted(self) -> bool:
        """Whether there is a hardware clock."""
        return self._built_in or self._settings[RTC_FITTED]

    @property
    def zone(self) -> tzinfo:
        return zone(str(self._api.member("ntp/config", "timezone"))) or UTC

    def _answer(self, at: Instant) -> Instant | None:
        """The last answer of a time server since the boot."""
        if self._since is not None and at >= self._since:
            return at - (at - self._since) % NTP_PERIOD
        return self._last

    def set_next(self, at: Instant) -> Instant:
        """When a time server answers next, as far as that can be foreseen."""
        if self._since is None:
            return FOREVER
        return self._since if at < self._since else next_grid(at, NTP_PERIOD, self._since)

    @property
    def first_answer(self) -> Instant | None:
        """When a time server answers first since one can be reached; None: none can."""
        return self._since

    def _fresh(self, at: Instant) -> bool:
        answer = self._answer(at)
        return answer is not None and at - answer < SYNCED

    def synced(self, at: Instant) -> bool:
        """Whether a time server answered lately."""
        return self._api.flag("ntp/config", "enable") and self._fresh(at)

    def known_at(self, at: Instant) -> bool:
        """Whether the time is known: by a time server, or from the hardware clock."""
        return self._answer(at) is not None or (self.fitted and self._settings[CLOCK_SET]) or bool(self._offset)

    @property
    def known(self) -> bool:
        return self.known_at(self._now())

    def utc(self, at: Instant) -> datetime:
        healed = self._since is not None and at >= self._since
        if self._obeyed is not None and (self._answer(at) or 0) <= self._obeyed:
            healed = False
        return self._calendar(at).astimezone(UTC) + (timedelta() if healed else self._offset)

    def local(self, at: Instant) -> datetime:
        return self.utc(at).astimezone(self.zone)

    @property
    def unix(self) -> int:
        """s since 1970, known or not."""
        return int(self.utc(self._now()).timestamp())

    @property
    def minutes(self) -> int:
        """Unix time [min]; 0 while it is not known."""
        return self.unix // 60 if self.known else 0

    def midnight(self) -> int:
        """The begin of today in local time, Unix minutes."""
        local = datetime.fromtimestamp(self.minutes * 60, UTC).astimezone(self.zone)
        return int(local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()) // 60

    def until_next(self, minutes: int) -> Instant:
        """Time to the next whole `minutes` of the hour [µs]."""
        now = self.utc(self._now())
        past = timedelta(minutes=now.minute % minutes, seconds=now.second, microseconds=now.microsecond)
        return round((timedelta(minutes=minutes) - past) / timedelta(microseconds=1))

    def set(self, to: datetime, built: datetime) -> bool:
        """A client sets it; False: a time server has in the last 25 h, or it is older than the firmware."""
        at = self._now()
        if self._fresh(at) or to < built - timedelta(hours=25):
            return False
        self._offset = to - self._calendar(at).astimezone(UTC)
        return True

    def obey(self, to: datetime) -> None:
        """Somebody sets it whom the firmware believes whatever a time server says: the central system of OCPP."""
        self._obeyed = self._now()
        self._offset = to - self._calendar(self._obeyed).astimezone(UTC)

    def boot(self) -> None:
        if not self.fitted:
            self._offset = timedelta()
        elif self._offset or self._answer(self._now()) is not None:
            self._settings.put(CLOCK_SET, True)
        self._since = self._last = None
        self.reconsider()

    def reconsider(self) -> None:
        """Whether time servers are asked, or can be reached, may have changed."""
        at = self._now()
        reachable = self._api.flag("ntp/config", "enable") and self._settings[INTERNET]
        if reachable and self._since is None:
            self._since = at + NTP_FIRST if at else 0
        elif not reachable and self._since is not None:
            if at >= self._since:
                self._offset = timedelta()
            self._last, self._since = self._answer(at), None


def zone(name: str) -> tzinfo | None:
    """The time zone called `name`; None if there is none."""
    if name in ("UTC", "Etc/UTC"):
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        # without a zone database on this machine, names of the usual shape are taken as they are
        return None if available_timezones() or "/" not in name else UTC
