"""The template of a vendor of one's own: installed beside the emulator, its names are known everywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "docs" / "vendor-template"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a Python that has the template installed, and this emulator."""
    folder = tmp_path_factory.mktemp("site")
    words = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), str(TEMPLATE)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT)))}


def run(environment: dict[str, str], *words: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


LISTED = {
    ("list", "vendors"): "acme ",
    ("list", "models"): "acme-11 ",
    ("list", "vehicles"): "acme_roadster ",
    ("list", "faults"): "coarse ",
    ("list", "rules"): "acme/recommended ",
    ("list", "settings", "acme"): "limit ",
    ("schema",): "acme-11",
}
PROGRAM = """
import contextlib, io, json, sys
from emulator.cli import main

for words in json.loads(sys.argv[1]):
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
        main(words)
    print(json.dumps(out.getvalue()))
"""


def test_its_names_are_listed(installed: dict[str, str], tmp_path: Path) -> None:
    """All in one process: starting Python for each takes its time."""
    words = [sys.executable, "-c", PROGRAM, json.dumps(list(LISTED))]
    done = subprocess.run(words, cwd=tmp_path, env=installed, capture_output=True, text=True, check=True)
    for (asked, name), line in zip(LISTED.items(), done.stdout.splitlines(), strict=True):
        assert name in json.loads(line), asked


def test_its_own_tests_pass(installed: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    words = (
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "emulator.pytest_plugin",
        "-c",
        str(tmp_path / "pytest.ini"),
    )
    plain = {**installed, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    assert "1 passed" in run(plain, *words, str(TEMPLATE / "tests" / "test_acme.py"), cwd=tmp_path)


def test_a_scenario_uses_them(installed: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "it.yaml").write_text(
        "wallbox: {model: acme-11, http: true}\n"
        "rules: [{include: acme/recommended}]\n"
        "steps:\n"
        "  - plug_in: acme_roadster\n"
        "  - fault: {on: acme.http, kind: coarse, step: 500, match: {key: power}}\n"
        "  - {at: 1 min, request: {on: acme.http, get: /status, expect: {status: 200}}, }\n"
        "  - expect: {vehicle.model: acme_roadster, power: '3.5 kW ± 10 %'}\n"
    )
    assert "fine" in run(installed, "emulator", "check", "it.yaml", cwd=tmp_path)
    assert "passed" in run(installed, "emulator", "play", "it.yaml", cwd=tmp_path)


def test_a_pack_can_be_named_by_the_environment(tmp_path: Path) -> None:
    packs = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "CHARGER_EMULATOR_PACKS": str(TEMPLATE / "src" / "charger_emulator_acme"),
    }
    rows = json.loads(run(packs, "emulator", "list", "vendors", "--json", cwd=tmp_path))
    assert "acme" in [row[0] for row in rows]
