"""Every row of the museum stages what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator.scenario.loader import load
from emulator.scenario.player import play
from emulator.scenario.steps.checks import Expect, WaitUntil
from emulator.scenario.steps.request import Request

MUSEUM = Path(__file__).parents[2] / "scenarios" / "museum"
ROWS = sorted(MUSEUM.glob("*.yaml"))
IDS = (
    "B01 B02 B04 B06 B07 B08 B10 B11 B13 B14 B16 B17 B18 B19 B20 B22 B23 B25 B26 B28 B29 B30 B31 B33 B34 B36 B38 B39 "
    "B40 B42 B43 B44 B46 B47 B48 B50 B51 B53 B54 B56 B57 B58 B59 B61 B62 B63 B64 B66 B67 B68 B70 B72 B74 B75 B77 B78 "
    "B79 B80 B82 B83 B85 B86 B88"
)


def test_every_bug_has_its_row() -> None:
    assert [path.stem.partition("_")[0] for path in ROWS] == IDS.split()


@pytest.mark.parametrize("path", ROWS, ids=lambda path: path.stem)
def test_it_is_staged(path: Path) -> None:
    text = path.read_text()
    assert text.startswith("# In the field: ")
    scenario = load(path)
    looks = [step for step in scenario.steps if isinstance(step.step, Expect | WaitUntil | Request)]
    assert looks, "it proves nothing"
    assert [str(failure) for failure in play(scenario).failures] == []


@pytest.mark.parametrize("path", ROWS, ids=lambda path: path.stem)
def test_it_is_the_same_every_time(path: Path) -> None:
    first, second = ([entry.as_line() for entry in play(load(path)).journal] for _ in range(2))
    assert first == second
