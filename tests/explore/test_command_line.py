"""`explore`, `play --matrix`, `--shard` and `report merge`, as their users run them."""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from emulator.cli import main
from emulator.explore.exploration import Options, explore
from emulator.explore.process import Pace, Program
from emulator.explore.trial import tried
from emulator.explore.walks import Happening, Stage
from emulator.runtime.clock import Clock
from emulator.scenario.loader import load
from emulator.world.building import build

ROOT = Path(__file__).parents[2]
BASE = """\
about: Somebody sets a current.
wallbox: {vendor: nrgkick, http: true}
steps: [plug_in: {vehicle: generic}]
rules: [{name: sets it, eventually: {client: {writes: nrgkick.control.current_set}}}]
end: 2 min
"""
POLLS = """\
import os, sys, time, urllib.request
url = os.environ["CHARGER_EMULATOR_CHARGER_NRGKICK_HTTP"]
assert sys.argv[1] == url and sys.argv[2].startswith("http://127.0.0.1:")
while True:
    try:
        urllib.request.urlopen(url + "/control?current_set=10", timeout=3).read()
    except OSError:
        pass
    time.sleep(0.02)
"""
ENDS = """\
import sys, urllib.request
urllib.request.urlopen(sys.argv[1] + "/control?current_set=10", timeout=3).read()
print("that was all")
sys.exit(int(sys.argv[2]))
"""


def run(*arguments: str, code: int = 0) -> str:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == code, out.getvalue() + err.getvalue()
    return out.getvalue() + err.getvalue()


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "base.yaml"
    path.write_text(BASE, "utf-8")
    return path


# --- a program as the client -----------------------------------------------------------------------------------------


def program(folder: Path, text: str, *words: str) -> str:
    file = folder / "client.py"
    file.write_text(text, "utf-8")
    return " ".join([sys.executable, str(file), "{charger.nrgkick.http}", *words])


@pytest.mark.parametrize("pace", [Pace(poll=20_000_000), Pace(speed=1000.0), Pace(speed=1000.0, keep=True)])
def test_a_program_is_taken_for_a_walk(base: Path, tmp_path: Path, pace: Pace) -> None:
    scenario = load(base)
    stage = Stage(scenario, build(scenario, clock=Clock(0.0)).names)
    runner = Program(program(tmp_path, POLLS, "{control}"), pace)
    try:
        assert tried(stage, runner, ()).findings == ()
        refused = Happening("0 s", {"fault": {"on": "nrgkick.http", "kind": "refuse"}})
        if pace.poll is not None:
            (finding,) = tried(stage, runner, (refused,)).findings
            assert finding.rule == 'rule "sets it"'
        assert tried(stage, runner, ()).findings == ()
    finally:
        runner.stop()


def test_a_program_that_fails_is_a_finding(base: Path, tmp_path: Path) -> None:
    search = explore(base, Options(client=program(tmp_path, ENDS, "7"), walks=0, rule_sets=False))
    (failure,) = search.failures
    assert failure.finding.rule == "the client ended with exit code 7: that was all"


def test_a_program_that_ends_well_is_none(base: Path, tmp_path: Path) -> None:
    assert explore(base, Options(client=program(tmp_path, ENDS, "0"), walks=0, rule_sets=False)).failures == []


@pytest.mark.parametrize(
    ("client", "complaint"),
    [("x {garage.goe.http}", 'there is no "{garage.goe.http}"'), ("/no/such/program", "No such file or directory")],
)
def test_a_command_that_cannot_be_run(base: Path, tmp_path: Path, client: str, complaint: str) -> None:
    told = run("explore", str(base), "--client", client, "--out", str(tmp_path / "out"), code=2)
    assert complaint in told


# --- explore ---------------------------------------------------------------------------------------------------------


def test_explore_tells_what_it_did(base: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = run("explore", str(base), "--walks", "5", "--no-rule-sets", "--out", str(out), code=1)
    assert 'rule "sets it": broken by nothing happening (0 steps)' in told
    assert "kinds of steps and faults" in told
    assert f"see {out}/report.html" in told
    assert "1 failure in 5 walks (" in told
    assert "**FAILED**" in run("report", "summary", str(out))
    assert "1 failed" in run("play", str(out / "01-sets-it" / "scenario.yaml"), code=1)


def test_explore_as_json(base: Path, tmp_path: Path) -> None:
    found = json.loads(
        run("explore", str(base), "--walks", "3", "--shard", "1/2", "--json", "--out", str(tmp_path / "o"), code=1)
    )
    assert (found["shard"], found["ok"], found["walks"]) == ("1/2", False, 3)
    assert found["trials"] > found["walks"]
    assert found["failures"][0]["folder"] == "01-sets-it"


def test_the_vocabulary_can_be_printed_and_used(base: Path, tmp_path: Path) -> None:
    words = tmp_path / "words.yaml"
    words.write_text(run("explore", str(base), "--print-vocabulary"), "utf-8")
    run("explore", str(base), "--vocabulary", str(words), "--walks", "2", "--out", str(tmp_path / "o"), code=1)


def test_without_hypothesis_it_says_what_is_missing(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    told = run("explore", str(base), "--out", str(tmp_path / "o"), code=2)
    assert 'pip install "charger-emulator[explore]"' in told


def test_mistakes_are_told(base: Path, tmp_path: Path) -> None:
    assert "--budget" in run("explore", str(base), "--budget", "soon", code=2)
    assert "shards count from 0" in run("explore", str(base), "--shard", "2/2", code=2)
    assert "nowhere.yaml" in run("explore", str(tmp_path / "nowhere.yaml"), code=2)


# --- matrix, shares, merging -----------------------------------------------------------------------------------------

MATRIX = """\
about: Ten amperes.
wallbox: {vendor: nrgkick, http: true}
steps:
  - plug_in: {vehicle: vw_id3}
  - {at: 1 min, expect: {power: "> 9 kW"}}
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "matrix.yaml"
    path.write_text(MATRIX, "utf-8")
    return path


def test_a_matrix_is_one_table(scenario: Path, tmp_path: Path) -> None:
    report = tmp_path / "report"
    told = run(
        "play", str(scenario), "--matrix", "firmware=all,vehicle=vw_id3,nissan_leaf", "--report", str(report), code=1
    )
    lines = told.splitlines()
    assert lines[0].split() == ["firmware", "vehicle", "result"]
    assert [line.split()[:3] for line in lines[1:5]] == [
        ["4.0.0.0", "vw_id3", "passed"],
        ["4.0.0.0", "nissan_leaf", "FAILED"],
        ["4.0.0.33", "vw_id3", "passed"],
        ["4.0.0.33", "nissan_leaf", "FAILED"],
    ]
    assert lines[5] == "4 variants: 2 passed, 2 failed"
    cases = ElementTree.parse(report / "junit.xml").getroot().findall(".//testcase")
    assert [(case.get("name"), case.find("failure") is None) for case in cases] == [
        ("4.0.0.0-vw_id3", True),
        ("4.0.0.0-nissan_leaf", False),
        ("4.0.0.33-vw_id3", True),
        ("4.0.0.33-nissan_leaf", False),
    ]


def test_what_a_firmware_does_not_have_is_named(scenario: Path) -> None:
    keba = "wallbox: {model: keba-p30-c-32, modbus: true}\nsteps: [command: {write: {modbus.5016: 6000}}]\n"
    scenario.write_text(keba, "utf-8")
    cells = json.loads(run("play", str(scenario), "--matrix", "firmware=3.9.14,3.10.57", "--json"))
    assert [(cell["variant"]["firmware"], cell["possible"], cell["ok"]) for cell in cells] == [
        ("3.9.14", False, None),
        ("3.10.57", True, True),
    ]
    assert "no register 5016" in cells[0]["problem"]
    assert "no variant is possible" in run("play", str(scenario), "--matrix", "firmware=3.9.14", code=2)


@pytest.mark.parametrize(
    ("matrix", "complaint"),
    [
        ("colour=red", 'there is no "colour"'),
        ("firmware", "expected for example firmware=all"),
        ("vehicle=vw_id", 'did you mean "vw_id3"'),
        ("firmware=9.9.9", "9.9.9"),
        ("other.firmware=all", "expected one of charger.nrgkick"),
    ],
)
def test_mistakes_in_a_matrix(scenario: Path, matrix: str, complaint: str) -> None:
    assert complaint in run("play", str(scenario), "--matrix", matrix, code=2)


def test_shares_are_joined(base: Path, scenario: Path, tmp_path: Path) -> None:
    files = [str(scenario), str(ROOT / "scenarios" / "sleepy_car.yaml"), str(ROOT / "scenarios" / "grid_outage.yaml")]
    folders = [str(tmp_path / f"share{i}") for i in range(3)]
    run("play", *files, "--shard", "0/2", "--report", folders[0])
    run("play", *files, "--shard", "1/2", "--report", folders[1])
    run("explore", str(base), "--walks", "2", "--no-rule-sets", "--out", folders[2], code=1)
    out = tmp_path / "merged"
    told = run("report", "merge", *folders, "--out", str(out), code=1)
    assert told.startswith("3 runs, 0 failed; 1 exploration, ")
    found = json.loads((out / "report.json").read_text("utf-8"))
    assert {Path(run["scenario"]).stem for run in found["runs"]} == {"matrix", "sleepy_car", "grid_outage"}
    root = ElementTree.parse(out / "junit.xml").getroot()
    assert len(root.findall("testsuite")) == 4
    page = (out / "report.html").read_text("utf-8")
    assert "sleepy_car.yaml" in page
    for run_ in found["runs"]:
        assert (out / run_["folder"] / "report.html").exists()
    assert run("report", "merge", folders[1], "--out", str(tmp_path / "one")).startswith("1 run, 0 failed")


def test_a_share_may_be_empty(scenario: Path, tmp_path: Path) -> None:
    assert "nothing to do" in run("play", str(scenario), "--shard", "3/4", "--report", str(tmp_path / "r"))


def test_nothing_to_join_is_said(tmp_path: Path) -> None:
    assert "there is no report in it" in run("report", "merge", str(tmp_path), "--out", str(tmp_path / "o"), code=2)


def test_the_jobs_for_kubernetes_call_commands_that_are_there() -> None:
    for path in sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml")):
        (job,) = yaml.safe_load_all(path.read_text("utf-8"))
        arguments = job["spec"]["template"]["spec"]["containers"][0]["args"]
        options = {word.partition("=")[0] for word in arguments if word.startswith("--")}
        words = [word for word in arguments if not word.startswith("--")]
        told = run(*words[: 2 if words[0] == "report" else 1], "--help")
        assert all(option in told for option in options), path
        if job["spec"].get("completionMode") == "Indexed":
            assert f"--shard=$(JOB_COMPLETION_INDEX)/{job['spec']['completions']}" in arguments
