"""Bugs of the museum, rediscovered: nothing but a client, a site on which nothing goes wrong, and rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from emulator.explore.exploration import Options, explore, vocabulary_of
from emulator.explore.search import Failure, Search

from .rows import ROWS, Row

WAITING = {"delay", "throttle", "black_hole", "silent_socket", "hang", "truncate", "corrupt"}
"""What a client waits for in wall time: how that ends depends on the machine."""


def vocabulary(row: Row, path: Path) -> Path:
    """Everything there is, but for what depends on the machine."""
    words = vocabulary_of(path, Options(client=row.client(), rule_sets=False))
    kept = tuple(word for word in words.words if not WAITING & set(kinds(word.node.data())))
    file = path.with_name("words.yaml")
    file.write_text(replace(words, words=kept).as_yaml(), "utf-8")
    return file


def kinds(step: object) -> Iterator[str]:
    assert isinstance(step, dict)
    for arguments in step.values():
        if isinstance(arguments, dict) and isinstance(kind := arguments.get("kind"), str):
            yield kind


@pytest.mark.parametrize(("name", "seed"), [("B34", 0), ("B72", 2), ("B74", 2)])
def test_it_is_found_again(name: str, seed: int, tmp_path: Path) -> None:
    row = next(found for found in ROWS if found.row == name)
    path = tmp_path / "base.yaml"
    path.write_text(row.scenario, "utf-8")

    def enough(search: Search, _failure: Failure) -> None:
        if row.rediscovered(search):
            raise KeyboardInterrupt

    words = vocabulary(row, path)
    options = Options(client=row.client(), walks=500, seed=seed, rule_sets=False, vocabulary=words)
    steps = row.rediscovered(explore(path, options, found=enough))
    assert steps
    assert max(steps) <= 8


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.row)
def test_its_client_is_content_when_nothing_happens(row: Row, tmp_path: Path) -> None:
    path = tmp_path / "base.yaml"
    path.write_text(row.scenario, "utf-8")
    search = explore(path, Options(client=row.client(), walks=0, rule_sets=False))
    assert [failure.finding.rule for failure in search.failures] == []
