"""`run --workers N` beside `run`: the same words, the same report, the same state file."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from emulator.commands.fleet import FLAGS, PASSED_ON
from emulator.commands.run import command as run_command
from emulator.control.client import ControlClient

FLEET = """
about: Four boxes and their evening.
seed: 3
epoch: 2026-03-01T18:00:00+01:00
clock: {speed: 100000}
clients: {evcc: {agent: evcc*}}
fleet:
  - {count: 4, name: box, wallboxes: {goe: {http: 0}, keba: {modbus: 0}}}
steps:
  - {at: 10 s, plug_in: {charger: box4, vehicle: vw_id3}}
  - {plug_in: {charger: box2, vehicle: renault_zoe}}
  - {after: 20 s, expect: {box4.contactor: closed}}
  - {expect: {box2.contactor: open}}
  - {after: 5 min, fault: {on: box1.goe.http, kind: delay, delay: 1 s, name: odd, for: 1 min}}
  - {after: 5 min, trip_rcd: {charger: box2, for: 1 min}}
  - {trip_rcd: {charger: box1, for: 1 min}}
rules:
  - {name: fourth keeps low, always: {box4.power: "< 6 kW"}}
  - {name: first is left alone, never: {client: {writes: box1.goe.amp}}}
end: {at: 2 h}
"""


def run(folder: Path, *arguments: str, code: int = 1) -> str:
    """What it says."""
    command = [sys.executable, "-m", "emulator", "run", "fleet.yaml", "--control-port=0", "--ports=free", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def failing(folder: Path, *arguments: str) -> str:
    """What it says of bad input."""
    command = [sys.executable, "-m", "emulator", "run", "fleet.yaml", "--control-port=0", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    return done.stderr


def without(line: str, *names: str) -> dict[str, Any]:
    return {name: value for name, value in json.loads(line).items() if name not in names}


def test_the_report_is_that_of_one_process(tmp_path: Path) -> None:
    (tmp_path / "fleet.yaml").write_text(FLEET)
    said = [run(tmp_path, "--report=one"), run(tmp_path, "--report=three", "--workers=3")]
    verdicts = [[line for line in text.splitlines() if "box" not in line.partition(" ")[0]] for text in said]
    assert verdicts[0][-1] == verdicts[1][-1]
    assert "2 expectations and 2 rules checked, 2 failed" in verdicts[1][-1]
    one, three = tmp_path / "one", tmp_path / "three"
    journals = [(folder / "journal.jsonl").read_text().splitlines() for folder in (one, three)]
    assert [without(line, "wall") for line in journals[1]] == [without(line, "wall") for line in journals[0]]
    assert len(journals[1]) > 100
    reports = [json.loads((folder / "report.json").read_text()) for folder in (one, three)]
    for name in ("ok", "ended_at", "untested", "expectations", "entries", "behaviour", "seed"):
        assert reports[1][name] == reports[0][name], name
    for number, failure in enumerate(reports[0]["failures"]):
        assert without(json.dumps(reports[1]["failures"][number]), "text") == without(json.dumps(failure), "text")
    rules = [[without(json.dumps(rule), "text", "journal") for rule in found["rules"]] for found in reports]
    assert rules[1] == rules[0]
    assert (three / "junit.xml").read_text().count("<testcase") == (one / "junit.xml").read_text().count("<testcase")
    assert "box3" in (three / "report.html").read_text()


class Running:
    """An emulator in the background."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        command = [sys.executable, "-m", "emulator", "run", "fleet.yaml", "--control-port=0", "--ports=free"]
        self.process = subprocess.Popen([*command, *arguments], cwd=folder, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> ControlClient:
        assert self.process.stdout is not None
        self.client = ControlClient(self.process.stdout.readline().split()[-1])
        return self.client

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate()


def test_the_state_file_is_by_charger(tmp_path: Path) -> None:
    """The next run may have more processes, or one."""
    (tmp_path / "fleet.yaml").write_text(FLEET)
    state = ("--frozen", "--state=boxes.db")
    with Running(tmp_path, *state, "--workers=2") as fleet:
        fleet.request("POST", "/api/clock/advance", {"by": "1 h"})
        for number in (1, 2, 3, 4):
            fleet.request(
                "POST", "/api/steps", {"set": {"wallbox": f"box{number}.goe", "settings": {"amp": 6 + number}}}
            )
        energy = fleet.get("/api/chargers/box4")["total_energy"]
        assert energy > 1000
        assert fleet.get("/api/state")["storage"] == {"file": "boxes.db", "problem": None, "unsaved": 0}
        assert "boxes.db: cannot be used as a state file: " in failing(tmp_path, *state, "--workers=2")
    for workers in ("3", "1"):
        with Running(tmp_path, *state, f"--workers={workers}") as fleet:
            names = ",".join(f"box{number}.goe.amp" for number in (1, 2, 3, 4))
            assert list(fleet.get("/api/values", name=names)["values"].values()) == [7, 8, 9, 10]
            assert fleet.get("/api/chargers/box4")["total_energy"] == pytest.approx(energy)
    with Running(tmp_path, *state, "--workers=2") as fleet:
        fleet.request("POST", "/api/reset")
    with Running(tmp_path, *state) as alone:
        alone.request("POST", "/api/wallboxes", {"charger": "box1", "name": "second", "wallbox": "warp"})
    assert "box1.second" in failing(tmp_path, *state, "--workers=2")
    with Running(tmp_path, *state) as alone:
        alone.request("DELETE", "/api/wallboxes/box1.second")
    connection = sqlite3.connect(tmp_path / "boxes.db")
    assert connection.execute("SELECT count(*) FROM kept WHERE name = 'amp'").fetchone() == (0,)
    connection.close()
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("boxes")) == ["boxes.db"]


def test_a_report_has_what_was_run_before_a_reset(tmp_path: Path) -> None:
    (tmp_path / "fleet.yaml").write_text(FLEET)
    with Running(tmp_path, "--frozen", "--report=found", "--workers=2", "--keep-running") as fleet:
        fleet.request("POST", "/api/clock/advance", {"by": "1 min"})
        fleet.request("POST", "/api/reset")
        fleet.request("POST", "/api/clock/advance", {"by": "2 min"})
    report = json.loads((tmp_path / "found" / "report.json").read_text())
    assert [section["folder"] for section in report["earlier"]] == ["before-reset-1"]
    earlier = (tmp_path / "found" / "before-reset-1" / "journal.jsonl").read_text().splitlines()
    assert {json.loads(line)["charger"] for line in earlier} == {None, "box1", "box2", "box3", "box4"}
    assert max(json.loads(line)["at"] for line in earlier) <= 60


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """No folder of results, and no process, however it ends."""
    (tmp_path / "fleet.yaml").write_text(FLEET)
    (tmp_path / "tmp").mkdir()
    environment = os.environ | {"TMPDIR": str(tmp_path / "tmp")}
    command = [sys.executable, "-m", "emulator", "run", "fleet.yaml", "--control-port=0", "--ports=free", "--workers=2"]
    subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert list((tmp_path / "tmp").iterdir()) == []


THE_LEADERS = {
    "allowed_hosts", "control_port", "control_token", "control_token_file", "keep_running", "open_control", "report",
    "workers",
}  # fmt: skip
"""Options about what there is once for all workers."""
FOR_WORKERS = {"epoch", "led", "log_format", "log_level", "record", "scenario", "shard"}
"""Options that the leader gives its workers in its own words."""


def test_every_option_of_run_reaches_the_workers() -> None:
    options = {parameter.name for parameter in run_command.params}
    assert options == {*PASSED_ON, *FLAGS} | THE_LEADERS | FOR_WORKERS
