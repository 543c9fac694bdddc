"""The page "You got a bug report": every command, its output and both tests are real."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from emulator.cli import application

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "bug-report.md").read_text("utf-8")


def titled(title: str) -> str:
    """The block with a title."""
    found = re.search(rf'```\w+ title="{re.escape(title)}"\n(.*?)```', PAGE, re.DOTALL)
    assert found is not None, title
    return found[1]


def consoles() -> list[tuple[str, str]]:
    """Commands with their outputs."""
    return re.findall(r"```console\n\$ charger-emulator ([^\n]*)\n(.*?)```", PAGE, re.DOTALL)


def run(command: str) -> str:
    arguments = re.findall(r'"[^"]*"|\S+', command)
    return CliRunner().invoke(application, [one.strip('"') for one in arguments], standalone_mode=False).output


def test_explain_finds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (command, output), *_ = consoles()
    assert run(command) == output


def test_import_says_and_writes_what_the_page_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("paste.log").write_text(titled("paste.log"))
    _, (command, output) = consoles()
    assert run(command) == output
    assert Path("box.yaml").read_text() == titled("box.yaml")


@pytest.mark.parametrize("copes", [False, True], ids=["as it is", "mended"])
def test_the_test_fails_until_the_client_copes(tmp_path: Path, copes: bool) -> None:
    test = titled("test_stays_off.py")
    if copes:
        before = re.search(r"    def poll\(self\):\n.*?\n\n", test, re.DOTALL)
        assert before is not None
        test = test.replace(before.group(), titled("poll") + "\n")
    (tmp_path / "test_stays_off.py").write_text(test)
    (tmp_path / "box.yaml").write_text(titled("box.yaml"))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_stays_off.py"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (0 if copes else 1), done.stdout
    assert (titled("failure").strip() in done.stdout) is not copes
