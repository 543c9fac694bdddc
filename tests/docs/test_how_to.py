"""Tutorial and how-to pages: scenarios load and play, commands print what is shown, tests fail and pass as they say."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import yaml
from click.testing import CliRunner

from emulator.cli import application
from emulator.scenario.default import default_scenario
from emulator.scenario.loader import loads
from emulator.scenario.playing import play
from emulator.testing import EmulatorFixture
from emulator.vendors import vendor

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [DOCS / "tutorial.md", DOCS / "ready-scenarios.md", *sorted((DOCS / "how-to").glob("*.md"))]
SITE = {"wallbox", "chargers", "fleet"}
FENCE = re.compile(r'^```(?P<language>\w+)(?: title="(?P<title>[^"]+)")?\n(?P<text>.*?)^```$', re.DOTALL | re.MULTILINE)


def blocks(language: str) -> list[Any]:
    """Every block in a language, with its page, title and text."""
    found = []
    for page in PAGES:
        for number, block in enumerate(FENCE.finditer(page.read_text("utf-8"))):
            if block["language"] == language:
                name = f"{page.stem}-{block['title'] or number}"
                found.append(pytest.param(page, block["title"] or "", block["text"], id=name))
    return found


def titled(page: str, title: str) -> str:
    (found,) = (one.values[2] for one in blocks_of(page) if one.values[1] == title)
    return str(found)


def blocks_of(page: str) -> list[Any]:
    languages = ("yaml", "python", "text")
    return [one for language in languages for one in blocks(language) if one.values[0] == DOCS / page]


@pytest.mark.parametrize(("page", "title", "text"), blocks("yaml"))
def test_yaml_is_well_formed_and_scenarios_play(page: Path, title: str, text: str) -> None:
    document = yaml.safe_load(text)
    if "evcc" in title or title == "custom charger" or not SITE & document.keys():
        return
    scenario = loads(text, f"{page.stem}.yaml")
    failed = play(scenario).failures
    assert [str(failure) for failure in failed if failure.step.startswith(("expect", "wait", "request"))] == []
    if not document.get("rules"):
        assert failed == ()


@pytest.mark.parametrize(("page", "title", "text"), blocks("python"))
def test_python_compiles(page: Path, title: str, text: str) -> None:
    compile(textwrap.dedent(text), f"{page} {title}", "exec")


def pytest_in(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, "."]
    surroundings = {"PYTHONPATH": str(ROOT), "PATH": ""}
    return subprocess.run(words, cwd=folder, env=surroundings, capture_output=True, text=True, check=False)


def test_tests_of_the_pages_pass(tmp_path: Path) -> None:
    wanted = 0
    for number, block in enumerate(blocks("python")):
        page, title, text = block.values
        if not title:
            (tmp_path / f"test_{page.stem.replace('-', '_')}_{number}.py").write_text(text)
            wanted += len(re.findall(r"^(?:async )?def test_", text, re.MULTILINE))
    done = pytest_in(tmp_path)
    assert done.returncode == 0, done.stdout
    assert wanted >= 4


def test_a_home_assistant_test(tmp_path: Path) -> None:
    pytest.importorskip("pytest_homeassistant_custom_component")
    title = "test_with_home_assistant.py"
    (tmp_path / title).write_text(titled("how-to/home-assistant.md", title))
    done = pytest_in(tmp_path, "-o", "asyncio_mode=auto")
    assert done.returncode == 0, done.stdout


# --- the tutorial -----------------------------------------------------------------------------------------------------


def test_the_commands_of_the_tutorial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("evening.yaml").write_text(titled("tutorial.md", "evening.yaml"))
    page = (DOCS / "tutorial.md").read_text("utf-8")
    said = re.findall(r"^\$ charger-emulator (\w+) evening\.yaml\n([^\n]*)\n", page, re.MULTILINE)
    assert [command for command, _ in said] == ["check", "play"]
    for command, output in said:
        found = CliRunner().invoke(application, [command, "evening.yaml"], standalone_mode=False).output
        assert found.startswith(output)
    Path("evening.yaml").write_text(titled("tutorial.md", "evening.yaml").replace("goe.car:", "goe.carr:"))
    found = CliRunner().invoke(application, ["check", "evening.yaml"], standalone_mode=False).output
    assert found == titled("tutorial.md", "misspelt")


def test_what_curl_shows_in_the_tutorial(emulator: EmulatorFixture) -> None:
    page = (DOCS / "tutorial.md").read_text("utf-8")
    asked = re.findall(r"\$ curl -s 'http://127\.0\.0\.1:8101(/[^']*)'\n([^\n]*)\n", page)
    url = emulator.start("goe").http_url
    (idle, before), (plugged, after) = asked
    assert json.load(urlopen(url + idle)) == json.loads(before)
    emulator.plug_in("vw_id3")
    emulator.advance("10 min")
    assert json.load(urlopen(url + plugged)) == json.loads(after)


@pytest.mark.parametrize("mended", [False, True], ids=["as it is", "mended"])
def test_the_driver_of_the_tutorial(tmp_path: Path, mended: bool) -> None:
    driver = titled("tutorial.md", "driver.py")
    if mended:
        before = re.search(r"    def status\(self\):\n.*?\n\n", driver, re.DOTALL)
        assert before is not None
        driver = driver.replace(before.group(), titled("tutorial.md", "status") + "\n")
    (tmp_path / "driver.py").write_text(driver)
    for name in ("test_driver.py", "evening.yaml"):
        (tmp_path / name).write_text(titled("tutorial.md", name))
    done = pytest_in(tmp_path)
    assert done.returncode == (0 if mended else 1), done.stdout
    for line in titled("tutorial.md", "passing" if mended else "failing").splitlines():
        assert line in done.stdout


# --- evcc -------------------------------------------------------------------------------------------------------------


def test_evcc_finds_what_its_file_names(emulator: EmulatorFixture, tmp_path: Path) -> None:
    page = "how-to/evcc.md"
    site = tmp_path / "site.yaml"
    site.write_text(titled(page, "site.yaml"))
    scenario = loads(site.read_text(), "site.yaml")
    ports = {
        port: (box.vendor, name)
        for charger in scenario.chargers
        for box in charger.wallboxes
        for name, port in box.interfaces.items()
    }
    config = yaml.safe_load(titled(page, "evcc.yaml"))
    named = {
        charger["template"]: int(re.findall(r":(\d+)$", charger.get("host") or charger["uri"])[0])
        for charger in config["chargers"]
    }
    assert {template: ports[port] for template, port in named.items()} == {
        "go-e-v3": ("goe", "http"),
        "tinkerforge-warp-ws": ("warp", "http"),
    }
    (meter,) = config["meters"]
    assert config["site"]["meters"]["grid"] == meter["name"]
    target = re.fullmatch(r"http://127\.0\.0\.1:8114(/\S+)", meter["power"]["uri"])
    assert target is not None
    assert ports[8114] == ("lektrico", "http")
    emulator.load(site)
    answer = json.load(urlopen(emulator.wallbox("meter").http_url + target[1]))
    assert answer[meter["power"]["jq"].removeprefix(".")] == -6000


def test_the_ports_of_the_templates() -> None:
    page = (DOCS / "how-to" / "evcc.md").read_text("utf-8")
    (charger,) = default_scenario().chargers
    assert {box.vendor for box in charger.wallboxes} >= {"goe", "warp", "nrgkick", "lektrico", "bender", "keba"}
    for name, interface in (("goe", "http"), ("warp", "http"), ("lektrico", "http"), ("nrgkick", "modbus"),
                            ("bender", "modbus"), ("keba", "modbus")):  # fmt: skip
        assert re.search(rf"^\|.*\b{vendor(name).ports[interface]}\b", page, re.MULTILINE), name


def test_a_custom_charger_of_evcc_asks_for_what_there_is(emulator: EmulatorFixture) -> None:
    (charger,) = yaml.safe_load(titled("how-to/evcc.md", "custom charger"))["chargers"]
    url = emulator.start("goe").http_url
    for part in ("status", "enabled"):
        target = charger[part]["uri"].removeprefix("http://127.0.0.1:8101")
        key = re.findall(r"\.(\w+)", charger[part]["jq"])[0]
        assert key in json.load(urlopen(url + target))
    enable, current = charger["enable"]["uri"], charger["maxcurrent"]["uri"]
    for asked in (
        enable.replace("{{if .enable}}2{{else}}1{{end}}", "1"),
        current.replace("{{.maxcurrent}}", "10"),
    ):
        assert True in json.load(urlopen(url + asked.removeprefix("http://127.0.0.1:8101"))).values()
