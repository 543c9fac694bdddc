"""Workflows, forms and containers are what those that read them expect."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]

SCHEMAS = {
    "vendor.github-workflows": ".github/workflows/*.yml",
    "vendor.github-actions": ".github/actions/*/action.yml",
    "vendor.github-issue-forms": ".github/ISSUE_TEMPLATE/[!c]*.yml",
    "vendor.github-issue-config": ".github/ISSUE_TEMPLATE/config.yml",
    "vendor.dependabot": ".github/dependabot.yml",
    "vendor.citation-file-format": "CITATION.cff",
}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_file_is_as_its_reader_wants_it(schema: str) -> None:
    files = sorted(ROOT.glob(SCHEMAS[schema]))
    assert files
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_workflows_are_clean() -> None:
    if shutil.which("actionlint") is None:
        pytest.skip("actionlint is not installed")
    files = [str(file) for file in ROOT.glob(".github/workflows/*.yml")]
    done = subprocess.run(["actionlint", *files], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_hook_checks_scenarios() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    good = ROOT / "scenarios" / "sleepy_car.yaml"
    words = hook["entry"].split()
    assert words[0] == "charger-emulator"
    done = subprocess.run([sys.executable, "-m", "emulator", *words[1:], str(good)], check=False, capture_output=True)
    assert done.returncode == 0


def test_the_dev_container_installs_extras_that_exist() -> None:
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text("utf-8"))
    extras = container["postCreateCommand"].split("'.[")[1].split("]")[0].split(",")
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    assert all(f"\n{extra} = [" in project for extra in extras)


def test_the_add_on_hands_its_options_on(tmp_path: Path) -> None:
    """`run.sh` with the paths of a container replaced by those of the test, and a command that only shows its words."""
    script = (ROOT / "deploy" / "home-assistant" / "charger_emulator" / "run.sh").read_text("utf-8")
    (tmp_path / "options.json").write_text(json.dumps({"scenario": "night.yaml", "arguments": ["--speed", "60"]}))
    (tmp_path / "charger-emulator").write_text('#!/bin/sh\nfor word in "$@"; do echo "$word"; done\n')
    (tmp_path / "charger-emulator").chmod(0o755)
    done = subprocess.run(
        ["sh", "-c", script.replace("/data/", f"{tmp_path}/")],
        env={"PATH": f"{tmp_path}:{Path(sys.executable).parent}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["run", "/config/night.yaml", "--keep-running", "--speed", "60"]
