"""Exit codes and reports of runs with rules, and the scenario of the documentation."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from emulator.cli import main
from emulator.scenario.loader import loads
from emulator.scenario.playing import play

DOCS = Path(__file__).parents[2] / "docs"


def documented() -> str:
    found = re.search(r"^```yaml\n(.*?)^```$", (DOCS / "rules.md").read_text(), re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


def test_the_rules_of_the_documentation_hold() -> None:
    result = play(loads(documented(), "rules.md"))
    assert [str(failure) for failure in result.failures] == []
    assert len(result.rules) == 16
    assert {verdict.kind for verdict in result.rules} == {
        *("never", "always", "rate", "eventually", "order", "before", "apart", "count", "within")
    }


@pytest.mark.parametrize(("limit", "code"), [(16, 0), (5, 1)])
def test_exit_code_of_play(limit: int, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "night.yaml"
    file.write_text(documented().replace('"> 16"', f'"> {limit}"'))
    with pytest.raises(SystemExit) as ended:
        sys.exit(main(["play", str(file), "--report", str(tmp_path / "report")]))
    assert (ended.value.code or 0) == code
    said = capsys.readouterr().out
    assert "16 rules checked" in said
    assert ('rule "house limit": it happened at 600 s' in said) == (code == 1)
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert report["ok"] == (code == 0)
    assert (tmp_path / "report" / "report.html").stat().st_size > 10_000
