"""Reports: rules for CI systems, behaviour as data, and a page that needs no network."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from emulator.reports.writing import junit, write_reports
from emulator.scenario.loader import loads
from emulator.scenario.plan import Scenario
from emulator.scenario.player import Result
from emulator.scenario.playing import play
from emulator.testing import EmulatorFixture
from emulator.verdict.behaviour import behaviour, overshoot

TEXT = """\
about: Judged </script><b>and drawn.
wallbox: {vendor: goe, http: 8101}
steps:
  - {at: 10 s, plug_in: vw_id3}
  - {at: 5 min, command: {write: {amp: 10}}}
  - {at: 10 min, trip_rcd: {residual_current: 35 mA}}
  - {at: 11 min, expect: {contactor: open}}
rules:
  - {name: cold contacts, never: {event: contactor_opened, while: {phase_current: "> 1 A"}}}
  - {name: modest, never: {client: {writes: goe.amp, value: "> 16"}}}
end: {at: 20 min}
"""


@pytest.fixture(scope="module")
def run() -> tuple[Scenario, Result]:
    scenario = loads(TEXT, "night.yaml")
    return scenario, play(scenario, record=True)


def test_each_rule_is_a_test_case(run: tuple[Scenario, Result]) -> None:
    root = ElementTree.fromstring(junit([run]))
    cases = {case.get("name"): case for case in root.iter("testcase") if case.get("classname") == "night.rules"}
    assert set(cases) == {"cold contacts", "modest"}
    failure = cases["cold contacts"].find("failure")
    assert failure is not None
    assert failure.get("message") == "it happened at 600.257 s"
    assert "journal around 600.257 s" in (failure.text or "")
    assert cases["modest"].find("failure") is None
    assert (root.get("tests"), root.get("failures")) == ("3", "1")
    suite = root.find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")


def test_report_and_page(run: tuple[Scenario, Result], tmp_path: Path) -> None:
    write_reports(tmp_path, [run])
    found = json.loads((tmp_path / "report.json").read_text())
    assert [(rule["name"], rule["ok"]) for rule in found["rules"]] == [("cold contacts", False), ("modest", True)]
    assert found["behaviour"]["chargers"]["charger"]["contactor"]["opened_under_load"] == 1
    page = (tmp_path / "report.html").read_text()
    assert re.findall(r"(?:src|href)=|url\(|https?://|import\s*\(", page) == []
    assert page.count("</script>") == 1
    data = embedded(page)
    assert data["about"] == "Judged </script><b>and drawn."
    charger = data["chargers"]["charger"]
    assert max(charger["power"]) > 10
    assert [name for _, _, name in charger["faults"]] == ["rcd_ac"]
    assert [state for _, state in charger["contactor"]] == ["open", "closed", "open"]
    assert data["end"] == 1200


@pytest.mark.parametrize(("attachment", "there"), [("domestic", True), ("cee_16", False)])
def test_only_the_temperatures_that_a_box_has_are_drawn(attachment: str, there: bool, tmp_path: Path) -> None:
    wallbox = f"wallbox: {{vendor: nrgkick, settings: {{attachment: {attachment}}}}}"
    text = f"{wallbox}\nsteps: [{{plug_in: vw_id3}}]\nend: {{at: 1 min}}"
    scenario = loads(text)
    write_reports(tmp_path, [(scenario, play(scenario, record=True))])
    drawn = embedded((tmp_path / "report.html").read_text())["chargers"]["charger"]["temperature"]
    assert ("domestic_pin" in drawn) is there
    assert "board" in drawn


def embedded(page: str) -> Any:
    line = next(line for line in page.splitlines() if line.startswith("const D = "))
    return json.loads(line.removeprefix("const D = ").removesuffix(";"))


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no browser here")
def test_a_browser_shows_the_page(run: tuple[Scenario, Result], tmp_path: Path) -> None:
    write_reports(tmp_path, [run])
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    command = ["chromium", *options, profile, "--dump-dom", (tmp_path / "report.html").as_uri()]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    assert shown.count("<canvas") >= 8
    assert "cold contacts" in shown
    assert "What it meant for the hardware" in shown


def test_traces_are_bounded_and_keep_what_happened() -> None:
    scenario = loads(TEXT.replace("20 min", "3 d"), "long.yaml")
    (trace,) = play(scenario, record=True).traces.values()
    assert len(trace.times) <= 6001
    assert trace.times == sorted(set(trace.times))
    assert {sample.contactor for sample in trace.samples} == {True, False}


def test_a_run_with_traces_has_the_same_history(run: tuple[Scenario, Result]) -> None:
    plain = play(loads(TEXT, "night.yaml"))
    assert [e.as_line() for e in plain.journal] == [e.as_line() for e in run[1].journal]


def test_overshoot(run: tuple[Scenario, Result]) -> None:
    assert overshoot(run[1].traces["charger"])["current"] == 0


def test_how_a_client_behaved(emulator: EmulatorFixture) -> None:
    box = emulator.start("goe")

    def get(path: str) -> None:
        with suppress(urllib.error.HTTPError):
            urllib.request.urlopen(box.http_url + path, timeout=60).read()

    get("/api/status?filter=car")
    emulator.advance("10 s")
    emulator.plug_in(vehicle="vw_id3")
    emulator.advance("4 s")
    get("/api/status?filter=car")
    emulator.advance("1 s")
    get("/api/set?amp=10")
    get("/api/status?filter=amp")
    get("/api/set?amp=10")
    get("/api/set?amp=99")
    emulator.advance("45 s")
    journal = emulator.running.simulation.journal
    found = behaviour(journal, emulator.call(lambda: emulator.running.simulation.now()), {})
    (contact,) = [c for c in found["clients"] if c["interface"] == "http"]  # type: ignore[attr-defined]
    assert contact["client"] == "127.0.0.1"
    assert contact["wallbox"] == "charger.goe"
    assert (contact["requests"], contact["writes"]) == (6, 3)
    assert (contact["writes_repeated"], contact["writes_refused"], contact["writes_read_back"]) == (1, 1, 1)
    assert contact["writes_per_hour"] == 180
    assert contact["connections"] == 6
    assert contact["errors"] == 1
    assert contact["longest_silence"] == 45
    assert contact["noticed"]["plug-in"]["most"] == pytest.approx(4, abs=1)
    assert contact["reactions"]["plug-in"]["most"] == pytest.approx(5, abs=1)
