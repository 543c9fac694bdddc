"""The GitHub Action: its script as the action runs it, with this emulator in place of an installed one."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / ".github" / "actions" / "run" / "run.sh"

SCENARIO = """
wallbox: {goe: {model: gemini-22, http: 0}}
clock: frozen
rules:
  - {name: asks, eventually: {client: {requests: goe}}}
"""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.mark.parametrize(
    ("client", "code", "verdict"),
    [
        ('curl --fail --silent "$(charger-emulator ctl wallboxes --json | python3 -c "import json, sys; '
         "print(json.load(sys.stdin)['wallboxes'][0]['interfaces'][0]['url'])\")/api/status?filter=car\"", 0, "passed"),
        ("true", 1, "failed"),
        ("exit 7", 7, "failed"),
    ],
    ids=["a client that asks", "one that does not", "one that fails"],
)  # fmt: skip
def test_the_verdict_is_that_of_the_job(tmp_path: Path, client: str, code: int, verdict: str) -> None:
    if shutil.which("bash") is None or shutil.which("curl") is None:
        pytest.skip("bash or curl is not installed")
    programs = tmp_path / "programs"
    programs.mkdir()
    command = programs / "charger-emulator"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m emulator "$@"\n', "utf-8")
    command.chmod(0o755)
    install = 'tools=$(mktemp -d)\npython3 -m venv "$tools"\n'
    script = SCRIPT.read_text("utf-8")
    assert install in script
    began, _, rest = script.partition(install)
    script = began + rest.partition("esac\n")[2].replace('PATH="$tools/bin:$PATH"\n', "")
    (tmp_path / "scenario.yaml").write_text(SCENARIO, "utf-8")
    port = free_port()
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env={
            **os.environ,
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "SCENARIO": "scenario.yaml",
            "CLIENT": client,
            "ARGUMENTS": f"--control-port {port}",
            "REPORT": "report",
            "CHARGER_EMULATOR_URL": f"http://127.0.0.1:{port}",
            "GITHUB_OUTPUT": str(tmp_path / "output"),
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert (tmp_path / "output").read_text() == f"verdict={verdict}\n"
    summary = (tmp_path / "summary.md").read_text("utf-8")
    assert ("**FAILED**" in summary) is (verdict == "failed")
    assert (tmp_path / "report" / "junit.xml").exists()
