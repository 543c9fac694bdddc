"""What several processes answer, as one answer."""

from __future__ import annotations

from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from emulator.fleet import joining


def test_a_client_is_untested_if_nobody_has_seen_it() -> None:
    def part(*clients: str) -> dict[str, Any]:
        missed = [{"kind": "client", "name": name} for name in clients]
        return {"ok": True, "rules": [], "failures": [], "untested": [*missed, {"kind": "rule", "name": "calm"}]}

    found = joining.verdict([part("evcc", "openwb"), part("openwb")], [])
    assert [item["name"] for item in found["untested"]] == ["openwb", "calm", "calm"]


def test_rules_are_in_the_order_of_the_scenario() -> None:
    found = joining.in_order([1, 0, 1], [[{"name": "b"}, {"name": "added"}], [{"name": "a"}, {"name": "c"}]])
    assert [rule["name"] for rule in found] == ["a", "b", "c", "added"]


def test_a_step_that_every_worker_has_is_one() -> None:
    def part(*names: str) -> dict[str, Any]:
        return {"file": "x", "end": 5, "finished": False, "tracks": [[{"step": name} for name in names]]}

    places = [[[(0, 0), (0, 2)]], [[(0, 1), (0, 2), (0, 3)]]]
    stated = [[{"after": number} for number in range(4)]]
    found = joining.timeline([part("plug_in", "clock"), part("note", "clock", "unplug")], places, stated)
    assert [step["after"] for step in found["tracks"][0]] == [0, 1, 2, 3]
    assert [step["step"] for step in found["tracks"][0]] == ["plug_in", "note", "clock", "unplug"]


def test_progress_counts_no_step_twice() -> None:
    def part(steps: int, done: int) -> dict[str, Any]:
        return {"timeline": {"steps": steps, "done": done, "finished": steps == done}}

    assert joining.progress([part(3, 1), part(2, 2)], 4) == {"steps": 4, "done": 2, "finished": False}
    assert joining.progress([part(3, 3), part(2, 2)], 4) == {"steps": 4, "done": 4, "finished": True}


def test_a_mistake_that_several_made_is_one() -> None:
    bug = {"id": "1a2b", "where": "box1", "text": "x", "count": 2}
    assert joining.bugs([{"bugs": [bug]}, {"bugs": [{**bug, "count": 3}]}]) == [{**bug, "count": 5}]


def test_metrics_of_all_are_one_page() -> None:
    page = '# HELP a_total What.\n# TYPE a_total counter\na_total{k="v"} 1\n# HELP b What.\n# TYPE b gauge\nb 2\n'
    found = {family.name: family for family in text_string_to_metric_families(joining.metrics([page, page]))}
    assert [sample.labels for sample in found["a"].samples] == [{"worker": "0", "k": "v"}, {"worker": "1", "k": "v"}]
    assert [(sample.labels, sample.value) for sample in found["b"].samples] == [
        ({"worker": "0"}, 2),
        ({"worker": "1"}, 2),
    ]
