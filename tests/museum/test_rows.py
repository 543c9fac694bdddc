"""Every row of the museum stages what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator.scenario.loader import load
from emulator.scenario.playing import play
from emulator.scenario.steps.checks import Expect, WaitUntil
from emulator.scenario.steps.request import Request
from emulator.service.emulator import Emulator, Options

MUSEUM = Path(__file__).parents[2] / "scenarios" / "museum"
ROWS = sorted(MUSEUM.glob("*.yaml"))
IDS = (
    "B01 B02 B04 B06 B07 B08 B10 B11 B13 B14 B16 B17 B18 B19 B20 B22 B23 B25 B26 B28 B29 B30 B31 B33 B34 B36 B38 B39 "
    "B40 B42 B43 B44 B46 B47 B48 B50 B51 B53 B54 B56 B57 B58 B59 B61 B62 B63 B64 B66 B67 B68 B70 B72 B74 B75 B77 B78 "
    "B79 B80 B82 B83 B85 B86 B88 O01 O02 O03 O04 O05 O06 O07 O08 O09 O10 O11 O12"
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


IN_WALL_TIME = ("B58", "B88")
"""Rows with addresses of their own, or in which a broker has to carry something: not for a jump."""


@pytest.mark.parametrize(
    "path", [path for path in ROWS if path.stem[:3] not in IN_WALL_TIME], ids=lambda path: path.stem
)
async def test_it_leaves_real_clients_room(path: Path) -> None:
    """Served on sockets, with no client at all, nothing in a row fails and nothing is used up by the row itself."""
    async with Emulator(load(path), Options(any_port=True, speed=0.0, announce=False)) as emulator:
        await emulator.advance_to_end()
        assert [str(failure) for failure in emulator.result.failures] == []
        hits = [entry for entry in emulator.simulation.journal if entry.kind == "fault" and "message" in entry.detail]
        own = [entry for entry in hits if entry.client not in (None, "embedded")]  # but for our own central system
        assert all(str(entry.detail["message"]).startswith(("write ", "command")) for entry in own)
