"""Bugs of the museum, rediscovered: nothing but a client, a site on which nothing goes wrong, and rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator.explore.exploration import Options, explore

from .rows import ROWS, Row


def row(name: str) -> Row:
    return next(found for found in ROWS if found.row == name)


@pytest.mark.parametrize("found", ROWS, ids=lambda found: found.row)
def test_its_client_is_content_when_nothing_happens(found: Row, tmp_path: Path) -> None:
    path = tmp_path / "base.yaml"
    path.write_text(found.scenario, "utf-8")
    search = explore(path, Options(client=found.client(), walks=0, rule_sets=False))
    assert [failure.finding.rule for failure in search.failures] == []
