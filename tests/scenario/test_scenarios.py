"""Every scenario that comes with the emulator holds what it promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator.scenario.loader import load
from emulator.scenario.playing import play
from emulator.scenario.steps.checks import Expect

SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))


def test_there_are_some() -> None:
    assert {path.stem for path in SCENARIOS} >= {"night_of_charging", "rcd_trip_at_night", "phase_switch"}


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_it_holds(path: Path) -> None:
    scenario = load(path)
    assert scenario.about
    assert any(isinstance(step.step, Expect) for step in scenario.steps), "it looks at nothing"
    result = play(scenario)
    assert [str(failure) for failure in result.failures] == []
    assert result.journal.dropped == 0
