"""Every scenario on the page about faults does what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from emulator.faults.life import TRANSITIONS, State
from emulator.scenario.loader import loads
from emulator.scenario.playing import play

PAGE = (Path(__file__).parents[2] / "docs" / "faults.md").read_text("utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
DRAWN = re.findall(r"^    (\w+) --> (\w+): ", PAGE, re.MULTILINE)


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_a_block_does_what_it_says(block: str) -> None:
    assert [str(failure) for failure in play(loads(block)).failures] == []


def test_the_picture_is_that_of_the_engine() -> None:
    named = {
        (str(before).replace(" ", "_"), str(after).replace(" ", "_")) for (before, _), after in TRANSITIONS.items()
    }
    assert set(DRAWN) == named
    assert all(f"| `{state}` |" in PAGE for state in State)
