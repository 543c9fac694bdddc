"""Charging profiles: which are installed, and what they allow at an instant.

The one rule: evaluation is a pure function of the profiles, the calendar and the transaction (but for a documented
defect); it also says until when its result holds, so that nothing has to look again before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Final, NotRequired, TypedDict, TypeGuard

from ocpp.v16.enums import (
    ChargingProfileKindType,
    ChargingProfilePurposeType,
    ChargingRateUnitType,
    RecurrencyKind,
)

from .clock import parse_time

NOMINAL: Final = 230.0
"""V, by which a limit in W is turned into A. Source: tfocpp."""
RECURRENCE: Final = {RecurrencyKind.daily: timedelta(days=1), RecurrencyKind.weekly: timedelta(weeks=1)}
FOREVER: Final = timedelta(days=36500)

STATION: Final = ChargingProfilePurposeType.charge_point_max_profile
DEFAULT: Final = ChargingProfilePurposeType.tx_default_profile
TRANSACTION: Final = ChargingProfilePurposeType.tx_profile


class SentPeriod(TypedDict):
    """A `chargingSchedulePeriod` as it is sent."""

    startPeriod: int
    limit: float
    numberPhases: NotRequired[int]


class SentSchedule(TypedDict):
    """A `chargingSchedule` as it is sent."""

    chargingRateUnit: str
    chargingSchedulePeriod: list[SentPeriod]
    duration: NotRequired[int]
    startSchedule: NotRequired[str]


class SentProfile(TypedDict):
    """A `csChargingProfiles` as it is sent."""

    chargingProfileId: int
    stackLevel: int
    chargingProfilePurpose: str
    chargingProfileKind: str
    chargingSchedule: SentSchedule
    transactionId: NotRequired[int]
    recurrencyKind: NotRequired[str]
    validFrom: NotRequired[str]
    validTo: NotRequired[str]


def is_profile(sent: object) -> TypeGuard[SentProfile]:
    """Whether there is a profile, in a payload that fits its schema."""
    return isinstance(sent, dict)


@dataclass(frozen=True, slots=True)
class Period:
    """A step of a schedule: from `start` s on, at most `limit` A per phase."""

    start: float
    limit: float
    phases: int | None
    """None: not stated, so all three."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingProfile:
    """An installed profile. Limits are in A, whatever they were sent in."""

    connector: int
    id: int
    transaction: int | None
    level: int
    purpose: str
    kind: str
    recurrence: timedelta | None
    valid_from: datetime | None
    valid_to: datetime | None
    start: datetime | None
    duration: float | None
    """s; None: without end."""
    unit: str
    periods: tuple[Period, ...]
    installed: datetime

    @classmethod
    def of(cls, connector: int, sent: SentProfile, now: datetime) -> ChargingProfile:
        """A `csChargingProfiles` that fits its schema."""
        schedule = sent["chargingSchedule"]
        unit = schedule["chargingRateUnit"]
        recurrence = sent.get("recurrencyKind")
        return cls(
            connector=connector,
            id=sent["chargingProfileId"],
            transaction=sent.get("transactionId"),
            level=sent["stackLevel"],
            purpose=sent["chargingProfilePurpose"],
            kind=sent["chargingProfileKind"],
            recurrence=None if recurrence is None else RECURRENCE[RecurrencyKind(recurrence)],
            valid_from=_time(sent.get("validFrom")),
            valid_to=_time(sent.get("validTo")),
            start=_time(schedule.get("startSchedule")),
            duration=schedule.get("duration"),
            unit=unit,
            periods=tuple(_period(item, unit) for item in schedule["chargingSchedulePeriod"]),
            installed=now,
        )

    def summary(self) -> Mapping[str, object]:
        """What it is, for whoever lists profiles."""
        return {
            "chargingProfileId": self.id,
            "connectorId": self.connector,
            "stackLevel": self.level,
            "chargingProfileKind": self.kind,
            "chargingSchedulePeriod": [
                {"startPeriod": int(period.start), "limit": period.limit, "numberPhases": period.phases or 3}
                for period in self.periods
            ],
        }

    def replaces(self, other: ChargingProfile) -> bool:
        """Whether this one takes the place of another."""
        same = (self.connector, self.purpose, self.level) == (other.connector, other.purpose, other.level)
        return self.id == other.id or same


def _time(text: str | None) -> datetime | None:
    return None if text is None else parse_time(text)


def _period(sent: SentPeriod, unit: str) -> Period:
    phases = sent.get("numberPhases")
    limit = float(sent["limit"])
    in_amperes = limit / (NOMINAL * max(1, phases or 3)) if unit == ChargingRateUnitType.watts else limit
    return Period(float(sent["startPeriod"]), in_amperes, phases)


@dataclass(frozen=True, slots=True)
class Allowed:
    """What profiles allow, and the time at which that may change."""

    limit: float
    """A"""
    phases: int | None
    """None: no profile says."""
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a vendor takes and how it evaluates."""

    levels: int = 3
    """Highest stack level."""
    periods: int = 5
    installed: int = 12
    units: frozenset[str] = frozenset({"A", "W"})
    highest: float = 32.0
    """A without any profile."""
    relative_station_limit: bool = True
    """Whether a Relative ChargePointMaxProfile applies at all; it counts from its installation. ASSUMED where true."""
    names_transaction: bool = False
    """A TxProfile has to name its transaction; OCPP 1.6 leaves that open: without, it is for the running one."""
    evaluated_each: float = inf
    """Longest time between two evaluations [s]."""
    defects: bool = False
    """Profiles are spoiled as tfocpp does: by reading a later period, by a restart, before a daily start."""


class Profiles:
    """The charging profiles of one charge point."""

    def __init__(self, rules: Rules, kept: Iterable[ChargingProfile] = ()) -> None:
        """`kept`: those installed before a restart."""
        self.rules = rules
        self.installed = list(_spoilt_by_restart(kept) if rules.defects else kept)

    def refusal(self, profile: ChargingProfile, transaction: int | None, *, starting: bool = False) -> str | None:
        """Why a profile is rejected; None: it is not.

        `transaction`: id of the running one; `starting`: the profile is for one that is about to begin.
        """
        rules = self.rules
        recurring = profile.kind == ChargingProfileKindType.recurring
        anyone = transaction if rules.names_transaction else None
        checks = (
            (not 0 <= profile.level <= rules.levels, "stack level"),
            (not 0 < len(profile.periods) <= rules.periods, "number of periods"),
            (profile.connector not in (0, 1), "connector"),
            (profile.unit not in rules.units, "unit"),
            (profile.purpose == STATION and profile.connector != 0, "ChargePointMaxProfile of a connector"),
            (profile.purpose == TRANSACTION and profile.connector == 0, "TxProfile of the station"),
            (
                profile.purpose == TRANSACTION
                and not starting
                and (transaction is None or profile.transaction not in (transaction, anyone)),
                "no such transaction",
            ),
            (recurring is not (profile.recurrence is not None), "recurrencyKind"),
            (not self._fits(profile), "too many profiles"),
        )
        return next((why for wrong, why in checks if wrong), None)

    def _fits(self, profile: ChargingProfile) -> bool:
        kept = [other for other in self.installed if not profile.replaces(other)]
        return len(kept) < self.rules.installed

    def install(self, profile: ChargingProfile) -> None:
        """Put a profile in the place of those it replaces."""
        self.installed = [other for other in self.installed if not profile.replaces(other)] + [profile]

    def clear(self, matches: Callable[[ChargingProfile], bool]) -> bool:
        """Remove profiles; whether there were any."""
        kept = [profile for profile in self.installed if not matches(profile)]
        found = len(kept) < len(self.installed)
        self.installed = kept
        return found

    def allowed(self, now: datetime, started: datetime | None) -> Allowed:
        """What the connector may draw at `now`; `started`: when the running transaction began."""
        station = self._highest((STATION,), now, started)
        connector = self._highest((TRANSACTION,), now, started)
        if connector.limit is None:
            connector = self._highest((DEFAULT,), now, started)
        found = [part for part in (station, connector) if part.limit is not None]
        limit = min([self.rules.highest, *(part.limit for part in found if part.limit is not None)])
        phases = min((part.phases for part in found if part.phases is not None), default=None)
        return Allowed(limit, phases, min(self._changes(now, started), default=now + FOREVER))

    def station(self, now: datetime, started: datetime | None) -> Allowed:
        """What the whole station may draw."""
        part = self._highest((STATION,), now, started)
        limit = self.rules.highest if part.limit is None else min(part.limit, self.rules.highest)
        return Allowed(limit, part.phases, min(self._changes(now, started), default=now + FOREVER))

    def _changes(self, now: datetime, started: datetime | None) -> Iterable[datetime]:
        return (change for profile in self.installed for change in self._boundaries(profile, now, started))

    def _highest(self, purposes: tuple[str, ...], now: datetime, started: datetime | None) -> _Part:
        """The profile with the highest level that is valid; the connector's before the station's."""
        found = [profile for profile in self.installed if profile.purpose in purposes]
        for profile in sorted(found, key=lambda profile: (-profile.level, -profile.connector)):
            elapsed = self._elapsed(profile, now, started)
            if elapsed is not None and (period := _at(profile, elapsed)) is not None:
                if self.rules.defects:
                    self._spoil(profile, period)
                return _Part(period.limit, period.phases)
        return _Part(None, None)

    def _spoil(self, profile: ChargingProfile, period: Period) -> None:
        """Reading a period overwrites what the first one allows."""
        first, *others = profile.periods
        spoilt = replace(profile, periods=(replace(period, start=first.start), *others))
        self.installed = [spoilt if other is profile else other for other in self.installed]

    def _before_daily_start(self, profile: ChargingProfile, now: datetime) -> bool:
        """Between midnight (UTC) and the daily start, where the first period applies by mistake."""
        if not self.rules.defects or profile.recurrence != timedelta(days=1) or profile.start is None:
            return False
        return now.astimezone(UTC).time() < profile.start.astimezone(UTC).time()

    def _begin(self, profile: ChargingProfile, now: datetime, started: datetime | None) -> datetime | None:
        """When the schedule in force at `now` began; None: it has not."""
        if profile.kind == ChargingProfileKindType.relative or profile.start is None:
            if profile.purpose == STATION and profile.kind == ChargingProfileKindType.relative:
                return profile.installed if self.rules.relative_station_limit else None
            return started
        if profile.recurrence is None or now < profile.start:
            return profile.start
        return profile.start + ((now - profile.start) // profile.recurrence) * profile.recurrence

    def _elapsed(self, profile: ChargingProfile, now: datetime, started: datetime | None) -> float | None:
        """Seconds into the schedule; None: the profile does not apply."""
        if (profile.valid_from is not None and now < profile.valid_from) or (
            profile.valid_to is not None and now >= profile.valid_to
        ):
            return None
        if self._before_daily_start(profile, now):
            return 0.0
        begin = self._begin(profile, now, started)
        if begin is None or now < begin:
            return None
        elapsed = (now - begin).total_seconds()
        return None if profile.duration is not None and elapsed >= profile.duration else elapsed

    def _boundaries(self, profile: ChargingProfile, now: datetime, started: datetime | None) -> Iterable[datetime]:
        begin = self._begin(profile, now, started)
        times = [profile.valid_from, profile.valid_to]
        if begin is not None:
            times += [begin + timedelta(seconds=period.start) for period in profile.periods]
            if profile.duration is not None:
                times.append(begin + timedelta(seconds=profile.duration))
            if profile.recurrence is not None:
                times.append(begin + profile.recurrence)
        if self.rules.defects:
            times.append(_midnight(now) + timedelta(days=1))
        return (time for time in times if time is not None and time > now)

    def composite(
        self, now: datetime, duration: float, started: datetime | None, *, connector: int
    ) -> tuple[Period, ...]:
        """The limits of the next `duration` s, equal neighbours merged."""
        end = now + timedelta(seconds=duration)
        periods: list[Period] = []
        at = now
        while at < end:
            allowed = self.allowed(at, started) if connector else self.station(at, started)
            if not periods or (periods[-1].limit, periods[-1].phases) != (allowed.limit, allowed.phases):
                periods.append(Period((at - now).total_seconds(), allowed.limit, allowed.phases))
            at = allowed.until
        return tuple(periods)


def _midnight(now: datetime) -> datetime:
    """The last one (UTC)."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _spoilt_by_restart(kept: Iterable[ChargingProfile]) -> Iterable[ChargingProfile]:
    """Level 3 is gone, so are limits of the station, and the station's defaults have become such limits."""
    for profile in kept:
        if profile.level < 3 and profile.purpose != STATION:
            station = profile.purpose == DEFAULT and profile.connector == 0
            yield replace(profile, purpose=STATION) if station else profile


@dataclass(frozen=True, slots=True)
class _Part:
    limit: float | None
    phases: int | None


def _at(profile: ChargingProfile, elapsed: float) -> Period | None:
    """The period in force, the last that has begun."""
    begun = [period for period in profile.periods if period.start <= elapsed]
    return begun[-1] if begun else None
