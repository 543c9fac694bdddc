"""Charging profiles: which one applies, and what it allows."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_ocpp import Paper, World, connected

from emulator.core.instant import SECOND
from emulator.devices.interfaces.ocpp import CallResult
from emulator.ocpp.profiles import GOE_PROFILE, WARP_PROFILE
from emulator.ocpp.smart_charging import ChargingProfile, Profiles, Rules, SentProfile

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
STARTED = NOW - timedelta(minutes=30)


def made(
    *periods: tuple[int, float],
    connector: int = 1,
    purpose: str = "TxDefaultProfile",
    kind: str = "Absolute",
    level: int = 0,
    number: int = 1,
    start: datetime | None = NOW,
    duration: int | None = None,
    unit: str = "A",
    phases: int | None = None,
    recurrency: str | None = None,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
    transaction: int | None = None,
    now: datetime = NOW,
) -> ChargingProfile:
    sent: SentProfile = {
        "chargingProfileId": number,
        "stackLevel": level,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": kind,
        "chargingSchedule": {"chargingRateUnit": unit, "chargingSchedulePeriod": []},
    }
    for begin, limit in periods or ((0, 10.0),):
        sent["chargingSchedule"]["chargingSchedulePeriod"].append({"startPeriod": begin, "limit": limit})
        if phases is not None:
            sent["chargingSchedule"]["chargingSchedulePeriod"][-1]["numberPhases"] = phases
    if start is not None:
        sent["chargingSchedule"]["startSchedule"] = start.isoformat()
    if duration is not None:
        sent["chargingSchedule"]["duration"] = duration
    if recurrency is not None:
        sent["recurrencyKind"] = recurrency
    if valid_from is not None:
        sent["validFrom"] = valid_from.isoformat()
    if valid_to is not None:
        sent["validTo"] = valid_to.isoformat()
    if transaction is not None:
        sent["transactionId"] = transaction
    return ChargingProfile.of(connector, sent, now)


def limit(*installed: ChargingProfile, at: datetime = NOW, started: datetime | None = STARTED) -> float:
    profiles = Profiles(WARP_PROFILE.charging)
    for profile in installed:
        profiles.install(profile)
    return profiles.allowed(at, started).limit


def test_without_a_profile() -> None:
    assert limit() == 32


def test_the_highest_level_wins() -> None:
    assert limit(made((0, 16.0), level=1, number=1), made((0, 8.0), level=0, number=2)) == 16


def test_a_lower_level_applies_where_the_higher_does_not() -> None:
    later = made((0, 16.0), level=1, number=1, start=NOW + timedelta(hours=1))
    assert limit(later, made((0, 8.0), number=2)) == 8
    assert limit(later, made((0, 8.0), number=2), at=NOW + timedelta(hours=2)) == 16


def test_the_connector_hides_the_station_on_the_same_level() -> None:
    assert limit(made((0, 8.0), connector=0, number=1), made((0, 12.0), connector=1, number=2)) == 12


def test_a_transactions_profile_hides_the_defaults() -> None:
    own = made((0, 20.0), purpose="TxProfile", transaction=1, number=2)
    assert limit(made((0, 8.0), level=3, number=1), own) == 20


def test_the_station_limits_whatever_the_connector_may() -> None:
    station = made((0, 9.0), purpose="ChargePointMaxProfile", connector=0, number=2)
    assert limit(made((0, 16.0), number=1), station) == 9


def test_watts_become_amperes() -> None:
    assert limit(made((0, 6900.0), unit="W")) == 10
    assert limit(made((0, 2300.0), unit="W", phases=1)) == 10


def test_same_id_or_same_place_replaces() -> None:
    profiles = Profiles(Rules())
    profiles.install(made((0, 8.0), number=1, level=0))
    profiles.install(made((0, 9.0), number=2, level=0))
    assert [profile.id for profile in profiles.installed] == [2]
    profiles.install(made((0, 9.0), number=2, level=3))
    assert [profile.level for profile in profiles.installed] == [3]


def test_relative_counts_from_the_start_of_the_transaction() -> None:
    stepped = made((0, 16.0), (3600, 8.0), kind="Relative", start=None)
    assert limit(stepped) == 16
    assert limit(stepped, at=NOW + timedelta(minutes=31)) == 8
    assert limit(stepped, started=None) == 32


def test_recurring_begins_again() -> None:
    nightly = made((0, 6.0), (7200, 16.0), kind="Recurring", recurrency="Daily", duration=4 * 3600)
    for day in (0, 1, 5):
        begin = NOW + timedelta(days=day)
        assert limit(nightly, at=begin) == 6
        assert limit(nightly, at=begin + timedelta(hours=3)) == 16
        assert limit(nightly, at=begin + timedelta(hours=5)) == 32
    weekly = made((0, 6.0), kind="Recurring", recurrency="Weekly", duration=3600)
    assert limit(weekly, at=NOW + timedelta(days=1)) == 32
    assert limit(weekly, at=NOW + timedelta(days=7)) == 6


def test_validity() -> None:
    bounded = made((0, 6.0), valid_from=NOW, valid_to=NOW + timedelta(hours=1), start=NOW - timedelta(hours=1))
    assert limit(bounded, at=NOW - timedelta(seconds=1)) == 32
    assert limit(bounded) == 6
    assert limit(bounded, at=NOW + timedelta(hours=1)) == 32


def test_a_relative_limit_of_the_station_is_taken_by_a_warp_and_never_applies() -> None:
    station = made((0, 9.0), purpose="ChargePointMaxProfile", connector=0, kind="Relative", start=None)
    profiles = Profiles(WARP_PROFILE.charging)
    assert profiles.refusal(station, None) is None
    assert limit(station) == 32
    obedient = Profiles(GOE_PROFILE.charging)
    obedient.install(station)
    assert obedient.allowed(NOW, None).limit == 9


@st.composite
def profiles(draw: st.DrawFn) -> ChargingProfile:
    steps = sorted(draw(st.sets(st.integers(1, 7200), max_size=3)))
    kind = draw(st.sampled_from(("Absolute", "Relative", "Recurring")))
    return made(
        *[(begin, float(draw(st.integers(0, 32)))) for begin in (0, *steps)],
        purpose=draw(st.sampled_from(("TxDefaultProfile", "ChargePointMaxProfile", "TxProfile"))),
        connector=draw(st.sampled_from((0, 1))),
        kind=kind,
        recurrency="Daily" if kind == "Recurring" else None,
        level=draw(st.integers(0, 3)),
        number=draw(st.integers(1, 9)),
        start=NOW + timedelta(seconds=draw(st.integers(-90_000, 7200))),
        duration=draw(st.none() | st.integers(1, 90_000)),
    )


@given(installed=st.lists(profiles(), max_size=6), after=st.integers(0, 200_000))
def test_a_result_holds_until_it_says(installed: list[ChargingProfile], after: int) -> None:
    kept = Profiles(GOE_PROFILE.charging)
    for profile in installed:
        kept.install(profile)
    at = NOW + timedelta(seconds=after)
    found = kept.allowed(at, STARTED)
    assert found.until > at
    span = min((found.until - at).total_seconds(), 1e6)
    for part in (0.1, 0.5, 0.999):
        then = kept.allowed(at + timedelta(seconds=span * part), STARTED)
        assert (then.limit, then.phases) == (found.limit, found.phases)


@given(installed=st.lists(profiles(), max_size=6))
def test_the_composite_schedule_says_what_will_be_allowed(installed: list[ChargingProfile]) -> None:
    kept = Profiles(GOE_PROFILE.charging)
    for profile in installed:
        kept.install(profile)
    periods = kept.composite(NOW, 7200, STARTED, connector=1)
    assert periods[0].start == 0
    for before, after in itertools.pairwise(periods):
        assert before.start < after.start < 7200
        assert (before.limit, before.phases) != (after.limit, after.phases)
    for period in periods:
        assert kept.allowed(NOW + timedelta(seconds=period.start), STARTED).limit == period.limit


def test_a_schedule_steers_the_charger() -> None:
    world = World()
    paper = Paper(world)
    paper.answer({"status": "Accepted", "currentTime": "2026-01-05T08:00:10Z", "interval": 3600})
    world.plug_in()
    world.wait(2)
    assert paper.status("RemoteStartTransaction", {"idTag": "A"}) == "Accepted"
    asked = {
        "connectorId": 1,
        "csChargingProfiles": {
            "chargingProfileId": 1,
            "stackLevel": 3,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": {
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [
                    {"startPeriod": 0, "limit": 16.0},
                    {"startPeriod": 60, "limit": 0.0},
                    {"startPeriod": 120, "limit": 8.0},
                ],
            },
        },
    }
    assert paper.status("SetChargingProfile", asked) == "Accepted"
    seen = []
    for _ in range(3):
        world.wait(30)
        seen.append(world.box.snapshot().offered_current)
        world.wait(30)
    assert seen == [16, 0, 8]
    answer = paper.ask("GetCompositeSchedule", {"connectorId": 1, "duration": 300})
    assert isinstance(answer, CallResult)
    assert answer.payload["chargingSchedule"] == {
        "duration": 300,
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8.0, "numberPhases": 3}],
    }
    assert paper.status("ClearChargingProfile", {"stackLevel": 2}) == "Unknown"
    assert paper.status("ClearChargingProfile", {"stackLevel": 3, "connectorId": 1}) == "Accepted"
    world.wait(10)
    assert world.box.snapshot().offered_current == pytest.approx(32)


def test_a_number_of_phases_is_asked_for_only_if_a_profile_says_so() -> None:
    world = World()
    paper = Paper(world)
    paper.answer({"status": "Accepted", "currentTime": "2026-01-05T08:00:10Z", "interval": 3600})
    world.plug_in()
    world.wait(2)
    assert paper.status("RemoteStartTransaction", {"idTag": "A"}) == "Accepted"
    world.wait(20)
    assert not [entry for entry in world.simulation.journal if entry.name == "request_phases"]
    single: dict[str, object] = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.0, "numberPhases": 1}],
        },
    }
    assert paper.status("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": single}) == "Accepted"
    world.wait(60)
    assert world.box.snapshot().active_phases == 1
    assert paper.status("ClearChargingProfile", {"id": 1}) == "Accepted"
    world.wait(120)
    assert world.box.snapshot().active_phases == 3


DEFECTIVE = replace(WARP_PROFILE.charging, defects=True)


def test_a_composite_schedule_overwrites_the_first_period() -> None:
    for rules, present in ((WARP_PROFILE.charging, 10.0), (DEFECTIVE, 16.0)):
        profiles = Profiles(rules, [made((0, 10.0), (600, 16.0))])
        periods = profiles.composite(NOW, 1200, STARTED, connector=1)
        assert [period.limit for period in periods] == [10.0, 16.0]
        assert profiles.allowed(NOW, STARTED).limit == present


def test_a_restart_spoils_profiles() -> None:
    kept = [
        made(level=3, number=1),
        made(level=2, number=2),
        made(level=1, number=3, connector=0),
        made(level=0, number=4, connector=0, purpose="ChargePointMaxProfile"),
    ]
    assert Profiles(WARP_PROFILE.charging, kept).installed == kept
    spoilt = Profiles(DEFECTIVE, kept).installed
    assert [(profile.id, profile.purpose) for profile in spoilt] == [
        (2, "TxDefaultProfile"),
        (3, "ChargePointMaxProfile"),
    ]


@pytest.mark.parametrize(
    ("hour", "right", "wrong"),
    [(23, 16.0, 16.0), (24, 16.0, 10.0), (24 + 7, 16.0, 10.0), (24 + 8, 10.0, 10.0)],
)
def test_a_daily_profile_between_midnight_and_its_start(hour: int, right: float, wrong: float) -> None:
    """It starts at 8 and allows 10 A for an hour, 16 A after it."""
    midnight = datetime(2026, 1, 5, tzinfo=UTC)
    daily = made((0, 10.0), (3600, 16.0), kind="Recurring", recurrency="Daily", start=midnight + timedelta(hours=8))
    at = midnight + timedelta(hours=hour)
    assert Profiles(WARP_PROFILE.charging, [daily]).allowed(at, STARTED).limit == right
    assert Profiles(DEFECTIVE, [daily]).allowed(at, STARTED).limit == wrong


def test_the_limit_changes_at_midnight() -> None:
    daily = made((0, 10.0), (3600, 16.0), kind="Recurring", recurrency="Daily", start=NOW)
    assert Profiles(DEFECTIVE, [daily]).allowed(NOW + timedelta(hours=2), STARTED).until == datetime(
        2026, 1, 6, tzinfo=UTC
    )


def test_profiles_are_evaluated_every_five_minutes() -> None:
    world, _, _ = connected()
    world.plug_in()
    world.wait(1)
    world.box.present_card("04A1B2C3")
    world.wait(60)
    first = world.point.connector.next_evaluation
    assert first is not None
    assert first <= world.simulation.at + 300 * SECOND
    world.wait(301)
    assert world.point.connector.next_evaluation == first + 300 * SECOND
