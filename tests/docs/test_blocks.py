"""Every block of the pages about expectations and requests is a scenario, and plays."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from emulator.errors import ScenarioError
from emulator.scenario.loader import loads
from emulator.scenario.playing import play

DOCS = Path(__file__).parents[2] / "docs"


def blocks(kind: str) -> list[tuple[str, str]]:
    found = []
    for page in ("expectations.md", "requests.md"):
        for number, text in enumerate(re.findall(rf"```{kind}\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL)):
            found.append((f"{page}:{number + 1}", text))
    return found


@pytest.mark.parametrize(("name", "text"), blocks("yaml"), ids=[name for name, _ in blocks("yaml")])
def test_a_block_plays_and_holds(name: str, text: str) -> None:
    scenario = loads(text, name)
    result = play(scenario)
    assert [str(failure) for failure in (result.strictly() if scenario.strict else result).failures] == []


@pytest.mark.parametrize(("name", "text"), blocks("yaml-mistakes"))
def test_every_step_of_a_block_of_mistakes_is_one(name: str, text: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        loads(text, name)
    assert len(caught.value.problems) == text.count("\n  - ")
