"""The emulator itself fails in the middle of a command: exit code 3, and the reports say what was reached and why."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from .breaking import installed

BROKEN = """
wallbox: {vendor: broken, udp: true}
broker: none
steps:
  - {at: 1 s, plug_in: vw_id3}
  - {at: 30 s, expect: {power: "> 1 W"}}
  - {at: 60 s, unplug}
  - {at: 70 s, expect: {power: 0 W}}
end: 2 min
"""
FINE = "wallbox: {keba: {udp: true}}\nbroker: none\nsteps: [{at: 1 s, expect: {power: 0 W}}]\nend: 2 s\n"
SERVED = ("--speed", "1000", "--ports", "free", "--control-port", "0")
LAST = re.compile(r"bug ([0-9a-f]{8}): the emulator itself failed: ZeroDivisionError: a mistake")


class Ended:
    """A command that ended, and what it left behind."""

    def __init__(self, folder: Path, when: str, *words: str) -> None:
        (folder / "broken.yaml").write_text(BROKEN)
        (folder / "fine.yaml").write_text(FINE)
        self.reports = folder / "reports"
        self.done = subprocess.run(
            [sys.executable, "-m", "emulator", *words],
            cwd=folder, env=installed(folder / "site", when), capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    @property
    def last(self) -> re.Match[str]:
        found = LAST.fullmatch(self.done.stderr.strip().rpartition("\n")[2])
        assert found is not None, self.done.stderr
        return found

    def json(self, folder: str = "") -> Any:
        return json.loads((self.reports / folder / "report.json").read_text())

    def bug(self, folder: str = "") -> Any:
        """The one in the report, which is the one that was said, with its traceback."""
        report = self.json(folder)
        assert report["ok"] is False
        (bug,) = report["bugs"]
        assert bug["id"] == self.last[1]
        assert bug["text"] == "ZeroDivisionError: a mistake"
        assert "broken_vendor.py" in bug["traceback"]
        assert bug["id"] in (self.reports / folder / "report.html").read_text()
        return bug

    def errors(self) -> list[ElementTree.Element]:
        root = ElementTree.parse(self.reports / "junit.xml").getroot()
        found = root.findall(".//testcase/error")
        assert sum(int(suite.get("errors", "0")) for suite in root.findall("testsuite")) == len(found)
        assert all("broken_vendor.py" in (error.text or "") for error in found)
        return found


@pytest.mark.parametrize("when", ["load", "event"])
def test_play_tells_what_it_reached(tmp_path: Path, when: str) -> None:
    ended = Ended(tmp_path, when, "play", "fine.yaml", "broken.yaml", "fine.yaml", "--report", "reports")
    assert ended.done.returncode == 3
    ended.bug("broken")
    assert len(ended.errors()) == 1
    assert [ended.json(folder)["ok"] for folder in ("fine", "fine~2")] == [True, True]
    report = ended.json("broken")
    entries = [json.loads(line) for line in (ended.reports / "broken" / "journal.jsonl").read_text().splitlines()]
    if when == "event":
        assert report["ended_at"] == 60.0
        assert [expectation["ok"] for expectation in report["expectations"]] == [True]
        assert (entries[-1]["at"], "unplugged" in [entry["name"] for entry in entries]) == (60.0, True)
        assert len(report["untested"]) == 1
    else:
        assert entries == []


@pytest.mark.parametrize("words", [(), ("--json",), ("--matrix", "vehicle=vw_id3,renault_zoe")])
def test_however_it_is_told(tmp_path: Path, words: tuple[str, ...]) -> None:
    ended = Ended(tmp_path, "event", "play", "broken.yaml", "--report", "reports", *words)
    assert ended.done.returncode == 3
    assert ended.last
    assert len(ended.errors()) == (2 if "--matrix" in words else 1)
    runs = ended.json()["runs"] if "--matrix" in words else [ended.json()]
    assert [run["bugs"][0]["id"] for run in runs] == [ended.last[1]] * len(runs)
    if "--json" in words:
        assert json.loads(ended.done.stdout)[0]["bugs"][0]["id"] == ended.last[1]


def test_without_a_report_it_is_said_as_well(tmp_path: Path) -> None:
    ended = Ended(tmp_path, "event", "play", "broken.yaml", "--log-format", "json")
    assert ended.done.returncode == 3
    assert ended.last
    assert "broken_vendor.py" in ended.done.stderr


@pytest.mark.parametrize("when", ["load", "serve"])
def test_run_tells_of_a_mistake_at_its_start(tmp_path: Path, when: str) -> None:
    ended = Ended(tmp_path, when, "run", "broken.yaml", "--report", "reports", *SERVED)
    assert ended.done.returncode == 3
    ended.bug()
    assert len(ended.errors()) == 1
    assert ended.json()["scenario"] == "broken.yaml"


def test_run_goes_on_after_a_mistake(tmp_path: Path) -> None:
    ended = Ended(tmp_path, "event", "run", "broken.yaml", "--report", "reports", *SERVED)
    assert ended.done.returncode == 3
    report = ended.json()
    assert (report["ok"], report["ended_at"]) == (False, 120.0)
    assert [expectation["ok"] for expectation in report["expectations"]] == [True, True]
    assert [bug["text"] for bug in report["bugs"]] == ["ZeroDivisionError: a mistake"]
    assert len(ended.errors()) == 1


def test_explore_tells_of_a_mistake_before_its_first_walk(tmp_path: Path) -> None:
    for number, when in enumerate(("load", "serve")):
        folder = tmp_path / str(number)
        folder.mkdir()
        ended = Ended(folder, when, "explore", "broken.yaml", "--walks", "3", "--out", "reports")
        assert ended.done.returncode == 3
        ended.bug()
        assert len(ended.errors()) == 1
        assert (ended.json()["kind"], ended.json()["walks"]) == ("exploration", 0)


def test_explore_finds_a_mistake_on_a_walk(tmp_path: Path) -> None:
    ended = Ended(tmp_path, "event", "explore", "broken.yaml", "--walks", "3", "--budget", "60 s", "--out", "reports")
    assert ended.done.returncode == 3
    (failure,) = [found for found in ended.json()["failures"] if found["rule"].startswith("the emulator failed")]
    assert len(ended.errors()) == 1
    report = ended.json(failure["folder"])
    assert [bug["text"] for bug in report["bugs"]] == ["ZeroDivisionError: a mistake"]
    assert report["ended_at"] == 60.0
    assert (ended.reports / failure["folder"] / "scenario.yaml").exists()


def test_reports_of_it_can_be_joined(tmp_path: Path) -> None:
    ended = Ended(tmp_path, "event", "play", "broken.yaml", "--report", "reports")
    words = [sys.executable, "-m", "emulator", "report", "merge", "reports", "--out", "joined"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 1, done.stderr
    joined = ElementTree.parse(tmp_path / "joined" / "junit.xml").getroot()
    assert joined.get("errors") == "1"
    assert ended.last[1] in (tmp_path / "joined" / "junit.xml").read_text()
    assert "ZeroDivisionError: a mistake" in (tmp_path / "joined" / "report.html").read_text()
