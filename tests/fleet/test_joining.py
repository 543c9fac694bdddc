"""What several processes answer, as one answer."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from emulator.fleet import joining

JOURNALS = st.lists(st.lists(st.integers(0, 4), max_size=12), min_size=1, max_size=4)
"""For each worker, what passes from entry to entry [s]."""


def entries(gaps: list[int]) -> list[dict[str, Any]]:
    """A worker's journal: time never goes back, numbers count from 1."""
    return [{"seq": number, "at": float(sum(gaps[:number]))} for number in range(1, len(gaps) + 1)]


def served(journal: list[dict[str, Any]], after: int, limit: int) -> dict[str, Any]:
    """As a worker answers."""
    found = [entry for entry in journal if entry["seq"] > after]
    shown = found[:limit]
    return {"entries": shown, "next": shown[-1]["seq"] if len(found) > limit else len(journal), "dropped": 0}


@given(JOURNALS, st.integers(1, 7))
def test_pages_of_a_journal_are_the_journal(gaps: list[list[int]], limit: int) -> None:
    journals = [entries(found) for found in gaps]
    total = sum(map(len, journals))
    pages: list[dict[str, Any]] = []
    cursor = "0"
    for _ in range(total + 1):
        after = joining.cursors(cursor, len(journals))
        assert after is not None
        parts = [served(journal, read, limit) for journal, read in zip(journals, after, strict=True)]
        page = joining.journal(parts, after, limit)
        assert len(page["entries"]) <= limit
        pages += page["entries"]
        cursor = page["next"]
    assert pages == sorted(pages, key=lambda entry: (entry["at"], entry["worker"], entry["seq"]))
    assert len({(entry["worker"], entry["seq"]) for entry in pages}) == len(pages) == total


def test_a_cursor_has_a_number_for_each_worker() -> None:
    assert joining.cursors("0", 3) == [0, 0, 0]
    assert joining.cursors("4.0.17", 3) == [4, 0, 17]
    for wrong in ("4", "4.0", "-1.0.0", "a.b.c", "1.2.3.4", "1..2", "1" * 40):
        assert joining.cursors(wrong, 3) is None


def test_a_client_is_untested_if_nobody_has_seen_it() -> None:
    def part(*clients: str) -> dict[str, Any]:
        missed = [{"kind": "client", "name": name} for name in clients]
        return {"ok": True, "rules": [], "failures": [], "untested": [*missed, {"kind": "rule", "name": "calm"}]}

    found = joining.verdict([part("evcc", "openwb"), part("openwb")])
    assert [item["name"] for item in found["untested"]] == ["openwb", "calm", "calm"]


def test_chargers_are_found_in_plain_data() -> None:
    step = {"fault": {"on": "box2.goe.http", "when": {"box1.power": "> 3 kW"}}, "note": "box3 is fine", "x": ["box4"]}
    assert sorted(joining.chargers_in(step, {"box1", "box2", "box3", "box4"})) == ["box1", "box2", "box4"]


def test_metrics_of_all_are_one_page() -> None:
    page = '# HELP a_total What.\n# TYPE a_total counter\na_total{k="v"} 1\n# HELP b What.\n# TYPE b gauge\nb 2\n'
    found = {family.name: family for family in text_string_to_metric_families(joining.metrics([page, page]))}
    assert [sample.labels for sample in found["a"].samples] == [{"worker": "0", "k": "v"}, {"worker": "1", "k": "v"}]
    assert [(sample.labels, sample.value) for sample in found["b"].samples] == [
        ({"worker": "0"}, 2),
        ({"worker": "1"}, 2),
    ]
