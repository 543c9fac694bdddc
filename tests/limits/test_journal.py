"""The journal is bounded by bytes, loses what is least missed first, and is still whole where a report is wanted."""

from __future__ import annotations

import gc
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.runtime.journal import KINDS, Entry, Journal
from emulator.runtime.sizes import Detail

MEGABYTE = 1024 * 1024


def fill(journal: Journal, count: int, *, kind: str = "push", text: str = "x" * 200) -> None:
    for number in range(count):
        journal.record(number, kind, f"n{number}", {"payload": text + str(number)}, charger="garage", client="1.2.3.4")


@pytest.mark.parametrize(
    ("kind", "text"), [("push", "x" * 200), ("request", "x" * 200), ("event", "x" * 200), ("request", "🚗" * 200)]
)
def test_it_is_bounded_by_bytes_whatever_comes(kind: str, text: str) -> None:
    gc.collect()
    tracemalloc.start()
    journal = Journal(limit=4 * MEGABYTE)
    fill(journal, 20_000, kind=kind, text=text)
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 1.5 * MEGABYTE < used < 6 * MEGABYTE
    assert journal.dropped + len(journal) == journal.seq == 20_000
    newest = list(journal)
    assert [entry.seq for entry in newest] == list(range(journal.dropped + 1, journal.seq + 1))


def test_pushes_go_first_and_what_is_rare_stays() -> None:
    journal = Journal(limit=4 * MEGABYTE)
    for number in range(20):
        journal.record(number, "event", f"event {number}")
        fill(journal, 1000, kind="push")
        fill(journal, 100, kind="request")
    kept = [entry.name for entry in journal.after(0, kinds=["event"])]
    assert kept == [f"event {number}" for number in range(20)]
    assert len(list(journal.after(0, kinds=["request"]))) == 2000
    assert len(list(journal.after(0, kinds=["push"]))) < 15_000
    assert [entry.name for entry in journal.before(10**9, kinds=["event"])] == kept[::-1]


@pytest.mark.parametrize("limit", [64 * 1024, MEGABYTE])
def test_with_a_report_it_is_whole(limit: int) -> None:
    journal = Journal(limit=limit, spill=True)
    for number in range(30):
        journal.record(number, "note", "½ \ud800", {"number": number})
        fill(journal, 100, kind="push")
        fill(journal, 50, kind="request")
    assert journal.dropped > 0
    for _ in range(2):
        assert [entry.seq for entry in journal] == list(range(1, journal.seq + 1))
    notes = [entry for entry in journal if entry.kind == "note"]
    assert [entry.detail["number"] for entry in notes] == list(range(30))
    fill(journal, 1000)
    assert [entry.seq for entry in journal] == list(range(1, journal.seq + 1))


@given(
    kinds=st.lists(st.sampled_from(KINDS), max_size=60),
    after=st.integers(0, 70),
    kind=st.none() | st.sampled_from(KINDS),
    before=st.integers(0, 70),
)
def test_looking_back(kinds: list[str], after: int, kind: str | None, before: int) -> None:
    journal = Journal()
    entries: list[Entry] = [journal.record(0, found, "x") for found in kinds]
    wanted = [entry for entry in entries if entry.seq > after and kind in (None, entry.kind)]
    only = None if kind is None else [kind]
    assert list(journal.after(after, kinds=only)) == wanted
    assert list(journal) == entries
    earlier = [entry for entry in entries if entry.seq < before and kind in (None, entry.kind)]
    assert list(journal.before(before, kinds=only)) == earlier[::-1]


def test_an_entry_is_as_large_as_what_it_says() -> None:
    journal = Journal()
    small = journal.record(0, "note", "x")
    large = journal.record(0, "note", "x", {"a": ["y" * 1000, {"b": "z" * 1000}, 1, None]})
    assert 400 < small.bytes < 800
    assert 2400 < large.bytes - small.bytes < 3000


def test_large_entries_count_also_when_small_ones_follow() -> None:
    gc.collect()
    tracemalloc.start()
    journal = Journal(limit=8 * MEGABYTE)
    fill(journal, 1500, kind="request", text="x" * 4000)
    fill(journal, 10_000, kind="request", text="")
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used < 9 * MEGABYTE
    fill(journal, 20_000, kind="request", text="")
    assert 6 * MEGABYTE < journal.bytes < 9 * MEGABYTE
    assert journal.bytes == pytest.approx(sum(entry.bytes for entry in journal), rel=0.05)


PARTS = st.dictionaries(st.sampled_from("abcdef"), st.integers() | st.text(max_size=3), max_size=4)


@given(begun=PARTS, parts=st.lists(st.tuples(PARTS, st.booleans()), max_size=4))
def test_what_is_put_together_late_is_the_same(
    begun: dict[str, object], parts: list[tuple[dict[str, object], bool]]
) -> None:
    shared, expected, detail = dict(begun), dict(begun), Detail(begun)
    for part, look in parts:
        detail.complete(part)
        expected |= part
        if look:
            assert detail == expected
    journal = Journal()
    late, early = journal.record(0, "request", "x", detail), journal.record(0, "request", "x", expected)
    assert late.as_line().replace('"seq":1', '"seq":2') == early.as_line()
    assert (dict(detail), list(detail), len(detail)) == (expected, list(expected), len(expected))
    assert begun == shared
