"""The page about vendors of one's own: its pack and its scenario work as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

from emulator.scenario.loader import load
from emulator.scenario.playing import play

PAGE = Path(__file__).parents[2] / "docs" / "own-vendor.md"


def test_the_pack_and_the_scenario_of_the_page(tmp_path: Path) -> None:
    pack, scenario = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    (tmp_path / "acme.yaml").write_text(pack)
    (tmp_path / "it.yaml").write_text(scenario)
    assert [str(failure) for failure in play(load(tmp_path / "it.yaml")).failures] == []
