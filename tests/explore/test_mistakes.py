"""Deliberate mistakes in a client are noticed: by rules at once, or by walks."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator.explore.exploration import Options, explore
from emulator.explore.search import Failure, Search

from .manager import (
    SCENARIO,
    WORDS,
    Believes,
    Divides,
    Hasty,
    Manager,
    Milliamperes,
    NeverGivesBack,
    NoLowerLimit,
    NoUpperLimit,
    client,
)


def searched(kind: type[Manager], folder: Path, walks: int) -> Search:
    base, words = folder / "base.yaml", folder / "words.yaml"
    base.write_text(SCENARIO, "utf-8")
    words.write_text(WORDS, "utf-8")

    def enough(_search: Search, _failure: Failure) -> None:
        raise KeyboardInterrupt

    options = Options(client=client(kind), walks=walks, rule_sets=False, vocabulary=words)
    return explore(base, options, found=enough)


@pytest.mark.parametrize("kind", [NoUpperLimit, NoLowerLimit, Milliamperes, Hasty, NeverGivesBack])
def test_rules_notice_it_at_once(kind: type[Manager], tmp_path: Path) -> None:
    (failure,) = searched(kind, tmp_path, 0).failures
    assert failure.cause == ()


@pytest.mark.parametrize(
    ("kind", "cause"), [(Believes, "acknowledged_but_ineffective"), (Divides, "override")], ids=["believes", "divides"]
)
def test_walks_notice_it(kind: type[Manager], cause: str, tmp_path: Path) -> None:
    (failure,) = searched(kind, tmp_path, 40).failures
    assert failure.cause == (cause,)
    assert len(failure.trial.walk) == 1


def test_the_careful_client_gets_over_everything(tmp_path: Path) -> None:
    assert searched(Manager, tmp_path, 10).failures == []
