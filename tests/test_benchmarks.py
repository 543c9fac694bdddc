"""The benchmarks can be run. What they measure is no matter for a test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_benchmarks_run(tmp_path: Path) -> None:
    into = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks", "--quick", "--check", "--json", str(into)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    figures = json.loads(into.read_text())["figures"]
    assert any(figure.get("ratio") for figure in figures)
    assert any(figure.get("unit") == "MiB" and figure["value"] > 0 for figure in figures)
    assert all("goal" in figure for figure in figures)
