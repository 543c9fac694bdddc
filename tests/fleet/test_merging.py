"""Journals of several worlds, told as the one that one world would have given."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenario.test_sharing import FLEET

from emulator.core.agenda import OUTSIDE
from emulator.fleet.merging import FOREVER, Merging, merged
from emulator.runtime.clock import Clock
from emulator.runtime.journal import Entry, Journal
from emulator.scenario.loader import loads
from emulator.scenario.plan import Scenario
from emulator.scenario.playing import play, play_site
from emulator.scenario.sharing import shares
from emulator.world.building import build

TWINS = """
fleet: {count: 4, name: box, wallboxes: {warp: {realism: full}}}
steps:
  - {at: 1 min, trip_rcd: {charger: box3, for: 10 s}}
  - {trip_rcd: {charger: box1, for: 10 s}}
  - {clock: {speed: 60}}
  - {note: both are dark}
  - {power_cut: {charger: box2, for: 30 s}}
  - {plug_in: {charger: box2, vehicle: vw_id3}}
  - {fault: {on: box4.warp.http, kind: delay, delay: 1 s, probability: 0.5, for: 1 min}}
  - {request: {on: box4.warp.http, get: /evse/state}}
  - {fault: {on: box1.warp.http, kind: delay, delay: 1 s, probability: 0.5, for: 1 min}}
  - {request: {on: box1.warp.http, get: /evse/state}}
  - {after: 1 h, expect: {fault.trip_rcd: over}}
end: {after: 1 min}
"""


def journal_of(share: Scenario) -> Journal:
    site = build(share, clock=Clock(0.0), journal=Journal(limit=None), turns=True)
    return play_site(site, share).journal


def lines(entries: Iterator[Entry]) -> list[str]:
    return [entry.as_line() for entry in entries]


@pytest.mark.parametrize(("text", "count"), [(FLEET, 2), (FLEET, 7), (TWINS, 3)])
def test_line_for_line(text: str, count: int) -> None:
    scenario = loads(text)
    ranks = {plan.name: rank for rank, plan in enumerate(scenario.chargers)}
    whole = lines(iter(play(scenario).journal))
    assert lines(merged([journal_of(share) for share in shares(scenario, count)], ranks)) == whole
    assert len(whole) > 40


GAPS = st.lists(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 6)), max_size=20), min_size=1, max_size=4)
"""For each world, what passes from entry to entry, and the priority of what is done."""


@given(GAPS, st.integers(1, 5))
def test_told_piece_by_piece_it_is_the_same(gaps: list[list[tuple[int, int]]], piece: int) -> None:
    worlds = [list(entries(found)) for found in gaps]
    at_once = lines(merged(worlds, {}))
    merging, told = Merging(len(worlds), {}), []
    for begin in range(0, max(map(len, worlds), default=0) + piece, piece):
        for index, world in enumerate(worlds):
            rest = world[begin + piece :]
            merging.take(index, world[begin : begin + piece], rest[0].at - 1 if rest else FOREVER)
        told += lines(merging.told())
    assert told == at_once
    assert len(told) == sum(map(len, worlds))


def entries(gaps: list[tuple[int, int]]) -> Iterator[Entry]:
    at = 0
    for number, (gap, priority) in enumerate(gaps, 1):
        at += gap
        yield entry(number, at, priority)


def entry(seq: int, at: int, priority: int, kind: str = "note", cause: int | None = None) -> Entry:
    return Entry(
        seq=seq, at=at, wall=None, charger=None, wallbox=None, interface=None, client=None, kind=kind, name="x",
        detail={}, cause=cause, turn=(priority, 0, 0),
    )  # fmt: skip


def test_what_every_world_tells_is_told_once() -> None:
    one = [entry(1, 0, OUTSIDE, "clock"), entry(2, 5, 3, cause=1), entry(3, 6, OUTSIDE, "clock")]
    other = [entry(1, 0, OUTSIDE, "clock"), entry(2, 4, 3, cause=1), entry(3, 6, OUTSIDE, "clock"), entry(4, 7, 3)]
    found = [(e.seq, e.at, e.kind, e.cause) for e in merged([one, other], {})]
    assert found == [
        (1, 0, "clock", None),
        (2, 4, "note", 1),
        (3, 5, "note", 1),
        (4, 6, "clock", None),
        (5, 7, "note", None),
    ]


def test_nothing_is_told_that_something_may_come_before() -> None:
    merging = Merging(2, {})
    merging.take(0, [entry(1, 5, 3), entry(2, 9, 3)], 9)
    assert list(merging.told()) == []
    merging.take(1, [entry(1, 7, 3)], 7)
    assert [e.at for e in merging.told()] == [5, 7]
    merging.take(1, [entry(4, 8, 3)], 10)
    assert [(e.seq, e.at) for e in merging.told()] == [(5, 8), (6, 9)]  # two were lost on the way: they had numbers
    assert merging.lost == 2
