"""go-e: wallboxes of one load group share its current."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.scenario.loader import loads
from emulator.scenario.playing import play
from emulator.vendors.goe.group import LEAST, Claim, shares

LEFT = "wallboxes: {goe: {model: gemini-22, settings: {loe: true, log: home, lot: {amp: 20, ts: 0}, amp: 32}}}"
RIGHT = LEFT.replace("amp: 32", "amp: 32, lop: 60")
HEAD = f"""
vehicles:
  one: {{model: vw_id3, max_current: 32 A}}
  two: {{model: vw_id3, max_current: 32 A}}
chargers:
  left: {{{LEFT}}}
  right: {{{RIGHT}}}
steps:
  - {{at: 5 s, expect: {{left.goe.loa: 0, left.goe.alw: true}}}}
  - {{at: 10 s, plug_in: {{charger: left, vehicle: one}}}}
  - {{at: 50 s, expect: {{left.goe.loa: 20, left.offered_current: 20 A}}}}
"""


def ok(steps: str) -> None:
    result = play(loads(HEAD + steps))
    assert result.ok, result.failures


def test_two_share_what_there_is() -> None:
    ok("""
  - {at: 60 s, plug_in: {charger: right, vehicle: two}}
  - {at: 90 s, expect: {left.goe.loa: 10, right.goe.loa: 10, left.offered_current: 10 A, right.offered_current: 10 A}}
  - {after: 1 s, expect: {left.goe.acu: 10}}
  - {after: 10 s, command: {wallbox: left.goe, write: {amp: 7}}}
  - {after: 3 s, expect: {left.goe.loa: 7, right.goe.loa: 13}}
  - {after: 10 s, unplug: {charger: left}}
  - {after: 3 s, expect: {left.goe.loa: 0, right.goe.loa: 20}}
""")


def test_who_draws_nothing_keeps_the_least() -> None:
    ok("""
  - {at: 60 s, vehicle_refuses: {charger: right}}
  - {after: 1 s, plug_in: {charger: right, vehicle: two}}
  - {after: 10 s, expect: {left.goe.loa: 10, right.goe.loa: 10}}
  - {after: 65 s, expect: {left.goe.loa: 14, right.goe.loa: 6}}
""")


def test_there_is_not_enough_for_two() -> None:
    """The one with the lower priority waits."""
    ok("""
  - {at: 60 s, set: {wallbox: left.goe, settings: {lot: {amp: 10, ts: 0}}}}
  - {after: 1 s, plug_in: {charger: right, vehicle: two}}
  - {after: 30 s, expect: {right.goe.loa: 10, left.goe.loa: 0, left.goe.modelStatus: 27, left.contactor: open}}
  - {after: 1 s, unplug: {charger: right}}
  - {after: 40 s, expect: {left.goe.loa: 10, left.goe.car: 2}}
""")


def test_who_is_not_reached_takes_its_fall_back() -> None:
    ok("""
  - {at: 60 s, plug_in: {charger: right, vehicle: two}}
  - {after: 20 s, set: {wallbox: left.goe, settings: {lof: 6}}}
  - {after: 1 s, backend_lost: {charger: left}}
  - {after: 3 s, expect: {left.goe.loa: 6, right.goe.loa: 14}}
  - {after: 1 s, power_cut: {charger: left}}
  - {after: 3 s, expect: {right.goe.loa: 20}}
""")


@pytest.mark.parametrize("settings", ["log: other", "loe: false"])
def test_who_is_in_no_group_is_not_limited_by_it(settings: str) -> None:
    name, value = settings.split(": ")
    ok(f"""
  - {{at: 60 s, set: {{wallbox: right.goe, settings: {{{name}: {value}}}}}}}
  - {{after: 1 s, plug_in: {{charger: right, vehicle: two}}}}
  - {{after: 30 s, expect: {{left.goe.loa: 20, right.offered_current: {20 if name == "log" else 32} A}}}}
""")


CLAIMS = st.lists(
    st.builds(
        Claim,
        name=st.uuids().map(str),
        group=st.just("home"),
        priority=st.integers(1, 99),
        total=st.integers(0, 120),
        wish=st.sampled_from((0, 6, 10, 16, 32)),
        draws=st.booleans(),
        fallback=st.none() | st.sampled_from((0, 6)),
    ),
    max_size=6,
)


@given(CLAIMS)
def test_shares_never_exceed_the_total(claims: list[Claim]) -> None:
    found = shares(claims)
    reserved = sum(claim.fallback or 0 for claim in claims)
    total = min((claim.total for claim in claims), default=0)
    assert sum(found.values()) <= max(total, reserved)
    for claim in claims:
        granted = found[claim.name]
        if claim.fallback is not None:
            assert granted == claim.fallback
        else:
            assert granted == 0 or LEAST <= granted <= claim.wish
            assert granted <= LEAST or claim.draws
