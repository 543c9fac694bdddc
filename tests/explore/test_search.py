"""The search: seeded, shrunk, kept, and honest about what did not come again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from emulator.errors import EmulatorError
from emulator.explore.exploration import Options, explore
from emulator.explore.finding import Finding
from emulator.explore.search import Failure, Limits, Search
from emulator.explore.shard import Shard
from emulator.explore.trial import Run
from emulator.explore.walks import Stage
from emulator.explore.words import read_words
from emulator.explore.writing import Commands, Writer
from emulator.runtime.bugs import bug_of
from emulator.runtime.clock import Clock
from emulator.scenario.loader import load
from emulator.scenario.plan import Scenario
from emulator.scenario.playing import play
from emulator.world.building import build

BASE = """\
# A comment that is not kept.
about: A client pauses a vehicle.
wallbox: {vendor: nrgkick, http: true}
steps:
  - plug_in: {vehicle: generic}
  - {at: 1 min, request: {on: nrgkick.http, get: "/control?charge_pause=1"}}
rules:
  - name: pauses
    after: {client: {writes: nrgkick.control.charge_pause, value: 1}}
    within: 30 s
    expect: {power: "< 100 W"}
  - {name: never told, after: {note: nothing}, within: 1 s, expect: {plugged: true}}
"""
BROKEN = "eventually: {note: nothing}"
WORDS = """\
steps: 5
pauses: [0 s, 10 s, 2 min]
rest: 2 min
words:
  - {weight: 2, unplug: }
  - {weight: 2, plug_in: {vehicle: {one_of: [generic, vw_id3]}}}
  - {weight: 2, set_climate: {ambient: {one_of: [20 °C, 30 °C]}}}
  - weight: 2
    fault: {on: nrgkick.http, kind: {one_of: [close, acknowledged_but_ineffective]}, for: {one_of: [null, 50 s]}}
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    base, words = tmp_path / "base.yaml", tmp_path / "words.yaml"
    base.write_text(BASE, "utf-8")
    words.write_text(WORDS, "utf-8")
    return base, words


def options(words: Path, **changed: object) -> Options:
    return Options(**{"vocabulary": words, "walks": 30, "rule_sets": False, **changed})  # type: ignore[arg-type]


def test_it_finds_shrinks_and_writes_what_plays(files: tuple[Path, Path], tmp_path: Path) -> None:
    base, words = files
    writer = Writer(tmp_path / "out", Commands("charger-emulator explore base.yaml", "charger-emulator play {file}"))
    paths: list[Path] = []

    def found(search: Search, failure: Failure) -> None:
        paths.append(writer.failure(search, failure))

    search = explore(base, options(words), found=found)
    (failure,) = search.failures
    assert failure.finding.rule == 'rule "pauses"'
    assert failure.cause == ("acknowledged_but_ineffective",)
    assert (failure.shrunk, failure.flaky) == (True, False)
    text = paths[0].read_text("utf-8")
    head, rest = text.split("\nabout: ", 1)
    assert head.startswith("# Found by: charger-emulator explore base.yaml --seed ")
    assert f"# See it again: charger-emulator play {paths[0]}" in head
    assert 'Rule "pauses" is broken: not within 30 s after client writes' in rest
    assert text[text.index("wallbox:") :] == (
        "wallbox: {vendor: nrgkick, http: true}\n"
        "rules:\n"
        "  - name: pauses\n"
        "    after: {client: {writes: nrgkick.control.charge_pause, value: 1}}\n"
        "    within: 30 s\n"
        "    expect: {power: < 100 W}\n"
        "steps:\n"
        "  - plug_in: {vehicle: generic}\n"
        "  - fault: {on: nrgkick.http, kind: acknowledged_but_ineffective}\n"
        "  - {at: 1 min, request: {on: nrgkick.http, get: '/control?charge_pause=1'}}\n"
        "end: {at: 3 min}\n"
    )
    broken = [verdict.name for verdict in play(load(paths[0])).rules if not verdict.ok]
    assert broken == ["pauses"]
    summary = writer.summary(search)
    assert json.loads((tmp_path / "out" / "report.json").read_text("utf-8")) == summary
    assert "acknowledged_but_ineffective" in (tmp_path / "out" / "report.html").read_text("utf-8")
    assert 'failures="1"' in (tmp_path / "out" / "junit.xml").read_text("utf-8")
    assert {path.name for path in paths[0].parent.iterdir()} == {
        "scenario.yaml", "report.html", "report.json", "journal.jsonl", "junit.xml",
    }  # fmt: skip


def test_the_same_seed_finds_the_same(files: tuple[Path, Path]) -> None:
    base, words = files
    first, second = (explore(base, options(words, seed=7)) for _ in range(2))
    assert (first.walks, first.trials) == (second.walks, second.trials)
    assert [f.trial.walk for f in first.failures] == [f.trial.walk for f in second.failures]
    assert first.coverage == second.coverage


def test_coverage_names_what_was_never_tried(files: tuple[Path, Path]) -> None:
    base, words = files
    search = explore(base, options(words, walks=0))
    assert search.coverage.summary(["pauses", "never told"]) == [
        "tried 0 of 5 kinds of steps and faults, in 0 of 13 states (0 of 65 pairs)",
        "1 of 2 rules had something to judge",
        "never tried: acknowledged_but_ineffective, close, plug_in, set_climate, unplug",
        "never judged: never told",
    ]
    tried = explore(base, options(words)).coverage
    assert tried.never() == []
    assert tried.states["unplug", "charging"] > 0
    assert type(tried).from_json(json.loads(json.dumps(tried.as_json()))) == tried


def test_failures_are_kept_between_runs(files: tuple[Path, Path], tmp_path: Path) -> None:
    base, words = files
    kept = tmp_path / "database"
    first = explore(base, options(words, database=kept))
    again = explore(base, options(words, database=kept, walks=1, seed=99))
    assert [f.trial.walk for f in again.failures] == [f.trial.walk for f in first.failures]
    assert again.trials < 10


def test_what_is_broken_without_anything_is_told_once(files: tuple[Path, Path]) -> None:
    base, words = files
    base.write_text(BASE.replace("after: {note: nothing}, within: 1 s, expect: {plugged: true}", BROKEN), "utf-8")
    search = explore(base, options(words))
    assert [(f.finding.rule, f.cause) for f in search.failures] == [
        ('rule "never told"', ()),
        ('rule "pauses"', ("acknowledged_but_ineffective",)),
    ]


def searching(files: tuple[Path, Path], runner: Callable[[Scenario], Run], **changed: object) -> Search:
    base, words = files
    scenario = load(base)
    stage = Stage(scenario, build(scenario, clock=Clock(0.0)).names)

    def run(scenario: Scenario, *, record: bool = False) -> Run:
        return runner(scenario)

    limits = Limits(budget=60.0, walks=40)
    given = {"stage": stage, "runner": run, "words": read_words(words, stage.names), "seed": 1, "limits": limits}
    search = Search(**{**given, **changed})  # type: ignore[arg-type]
    search.run()
    return search


def test_a_flaky_failure_is_told_as_flaky(files: tuple[Path, Path]) -> None:
    runs = iter(range(1000))

    def sometimes(scenario: Scenario) -> Run:
        found = next(runs) % 7 == 5
        return Run(None, (Finding("the client fell over", "now and then", 0),) if found else ())

    search = searching(files, sometimes)
    assert search.failures
    assert all(failure.flaky for failure in search.failures)


def test_an_interrupted_search_tells_what_it_has(files: tuple[Path, Path]) -> None:
    runs = iter(range(1000))

    def interrupted(scenario: Scenario) -> Run:
        if next(runs) == 30:
            raise KeyboardInterrupt
        steps = len(scenario.steps)
        return Run(None, (Finding("too many steps", "", 0),) if steps > 4 else ())

    search = searching(files, interrupted)
    assert [failure.shrunk for failure in search.failures] == [False]


def test_a_budget_that_is_used_up_ends_it(files: tuple[Path, Path]) -> None:
    search = searching(files, lambda scenario: Run(None), limits=Limits(budget=0.0))
    assert (search.walks, search.trials, search.failures) == (0, 1, [])


def test_shares() -> None:
    assert Shard.parse("1/3").of([0, 1, 2, 3, 4]) == [1, 4]
    assert [number for number, _ in zip(Shard.parse("1/3").numbers(), range(3), strict=False)] == [1, 4, 7]
    for text, complaint in {"3/3": "from 0 to 2", "1": "such as 0/4", "0/0": "from 0 to -1"}.items():
        with pytest.raises(EmulatorError, match=complaint):
            Shard.parse(text)


def test_a_search_that_never_began_is_told_with_the_same_members(files: tuple[Path, Path], tmp_path: Path) -> None:
    writer = Writer(tmp_path / "found", Commands("explore", "play {file}"))
    found = writer.summary(searching(files, lambda scenario: Run(None), limits=Limits(budget=0.0)))
    Writer(tmp_path / "broken", Commands("", "")).broken(files[0], 0, Shard(), bug_of("explore", ZeroDivisionError()))
    broken = json.loads((tmp_path / "broken" / "report.json").read_text())
    assert broken.keys() == found.keys()
    assert broken["ok"] is False
