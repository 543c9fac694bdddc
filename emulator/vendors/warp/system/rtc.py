"""The modules of the clock: hardware clock and time servers.

The one rule: what they show is what the clock knows. Source: Tinkerforge esp32-firmware, `modules/rtc`, `ntp`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from ....core.freshness import until
from ....core.instant import SECOND, Instant
from ..api.documents import Doc
from ..api.rows import AnyRow, Source
from ..api.schema import BOOL, U8, U16, U32, Bool, Str
from ..api.shapes import obj
from ..models import build_of
from ..module import Module
from ..platform import Platform
from ..view import View
from .clock import zone
from .eventlog import seconds

NTP: Final = Source("fw: modules/ntp")
RTC: Final = Source("fw: modules/rtc")
_MEMBERS: Final = ("year", "month", "day", "hour", "minute", "second")
_TIME: Final = obj(year=U16, month=U8, day=U8, hour=U8, minute=U8, second=U8, weekday=U8)


class Rtc(Module):
    """Reads and sets the clock."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform)
        self._told = False
        """The log says that a time server has answered."""

    def boot(self) -> None:
        self._told = False

    def second(self, at: Instant, v: View) -> Instant | None:
        """The first answer of a time server since the boot is logged."""
        due = self.platform.clock.first_answer
        if self._told or due is None:
            return None
        if at < due:
            return due
        self._told = True
        self.log("ntp", f"NTP synchronized at {seconds(max(0, due - self.platform.booted_at))}")
        return None

    def shown(self, v: View) -> dict[str, int]:
        clock, at = self.platform.clock, v.instant
        until(clock.set_next(at))
        if not clock.known_at(at):
            return dict.fromkeys((*_MEMBERS, "weekday"), 0)
        now = clock.utc(at)
        until(at + SECOND - now.microsecond)
        return {**dict(zip(_MEMBERS, now.timetuple(), strict=False)), "weekday": now.isoweekday() % 7}

    def set(self, doc: Doc) -> None:
        year, month, day, hour, minute, second = (doc.integer(name) for name in _MEMBERS)
        try:
            to = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        except ValueError:
            return
        built = datetime.fromtimestamp(int(build_of(self.platform.profile), 16), UTC)
        if self.platform.clock.set(to, built):
            self.platform.touch()

    def synced(self, v: View) -> dict[str, object]:
        clock = self.platform.clock
        known = clock.known_at(v.at)
        return {"synced": clock.synced(v.at), "time": int(clock.utc(v.at).timestamp()) // 60 if known else 0}

    def check_zone(self, doc: Doc) -> str | None:
        known = zone(doc.text("timezone")) is not None
        return None if known else "Can't update config: Failed to look up timezone."


RTC_ROWS: Final[tuple[AnyRow[Rtc], ...]] = (
    RTC.state("rtc/time", _TIME, Rtc.shown, low_latency=True),
    RTC.command("rtc/time_update", Rtc.set, _TIME, action=True),
    RTC.config("rtc/config", obj(auto_sync=Bool(True))),
)
NTP_ROWS: Final[tuple[AnyRow[Rtc], ...]] = (
    NTP.config(
        "ntp/config",
        obj(
            enable=Bool(True),
            use_dhcp=Bool(True),
            timezone=Str(0, 32, "Europe/Berlin"),
            server=Str(0, 64, "time.cloudflare.com"),
            server2=Str(0, 64, "time.google.com"),
        ),
        validate=Rtc.check_zone,
        applied=lambda m, _, __: m.platform.clock.reconsider(),
    ),
    NTP.state("ntp/state", obj(synced=BOOL, time=U32), Rtc.synced),
)
