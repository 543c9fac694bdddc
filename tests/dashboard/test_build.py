"""The dashboard in the package is the one that its sources make."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from emulator.scenario.loader import loads

ROOT: Final = Path(__file__).parents[2]
SOURCES: Final = ROOT / "dashboard"
BUILT: Final = ROOT / "emulator" / "control" / "static"


def run(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources with everything that the lock file names."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("workshop") / "dashboard"
    shutil.copytree(SOURCES, folder, ignore=shutil.ignore_patterns("node_modules"))
    patience = ("--fetch-retries=0", "--fetch-timeout=20000")
    installed = run("npm", "ci", "--ignore-scripts", "--prefer-offline", *patience, folder=folder)
    if installed.returncode:
        pytest.skip(f"the packages of the lock file cannot be installed: {installed.stderr[-300:]}")
    return folder


def test_the_package_holds_what_the_sources_make(workshop: Path, tmp_path: Path) -> None:
    built = run("node", "build.mjs", str(tmp_path), folder=workshop)
    assert built.returncode == 0, built.stderr
    made = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    kept = {file.name: file.read_bytes() for file in BUILT.iterdir()}
    assert made.keys() == kept.keys()
    different = [name for name, content in made.items() if content != kept[name]]
    assert not different, "run `npm ci && npm run build` in dashboard/"


def test_the_sources_are_well_typed(workshop: Path) -> None:
    checked = run("npm", "run", "--silent", "check", folder=workshop)
    assert checked.returncode == 0, checked.stdout


def test_the_lock_file_names_versions_and_checksums_and_no_host() -> None:
    lock = json.loads((SOURCES / "package-lock.json").read_text("utf-8"))
    for name, package in lock["packages"].items():
        assert "resolved" not in package
        assert not name or package["integrity"].startswith("sha512-")
    stated = json.loads((SOURCES / "package.json").read_text("utf-8"))
    for version in (stated["dependencies"] | stated["devDependencies"]).values():
        assert version[0].isdigit(), "versions are exact"


def test_the_step_on_the_page_about_it_is_one() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "dashboard.md").read_text("utf-8"), re.DOTALL)
    scenario = loads(f"chargers: {{garage: {{wallboxes: {{goe: {{http: true}}}}}}}}\nsteps:\n{text}")
    assert [step.name for step in scenario.steps] == ["fault"]
