"""Mutated traffic against everything that reads bytes. Short by default; `--fuzz-minutes N` runs a campaign.

No wall clock is looked at in the short runs: every server goes on answering, rightly, and nothing is a bug of ours.
"""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import asdict
from pathlib import Path
from typing import Final

import pytest

from .attacks import attacks, on_control
from .campaign import QUICK, campaign
from .control import of_control
from .corpus import of_charge_points, of_servers
from .field import CONTROL, SERVERS, Inside
from .hosts import hostile
from .mutators import Mutator
from .neighbour import Neighbour
from .readers import READERS
from .ship import of_ship

INPUTS: Final = 150
"""Messages to each server."""
TEXTS: Final = 120
"""Texts for each reader."""
PATIENCE: Final = 60.0
"""Wall seconds after which something hangs."""
SCENARIOS: Final = Path(__file__).parents[2] / "scenarios"


async def test_every_server() -> None:
    corpus = await of_servers() | await of_ship()
    async with Inside(SERVERS) as field, Neighbour(field.where) as neighbour:
        for attack in attacks(corpus, field.where):
            async with asyncio.timeout(PATIENCE):
                await attack.run(INPUTS)
            assert await neighbour.look() == [], attack.name
            assert await field.bugs() == [], attack.name


async def test_the_control_api() -> None:
    async with Inside(CONTROL) as field:
        where = field.where["control"]
        attack = on_control(await of_control(where), where)
        async with asyncio.timeout(PATIENCE):
            await attack.run(4 * INPUTS)
        assert await field.bugs() == []


async def test_servers_that_wallboxes_connect_to() -> None:
    published = [b"\x30\x0d\x00\x09warp/x/yz10", b"\x30\x16\x00\x12goe/123456/amp/set10"]
    corpus = await of_charge_points() | await of_ship() | {"mqtt devices": published}
    async with (
        hostile(corpus) as (servers, scenario),
        Inside(scenario, speed=60.0) as field,
        Neighbour(field.where) as neighbour,
    ):
        for server in servers:
            async with asyncio.timeout(PATIENCE):
                await server.run(round(2 * INPUTS * server.share))
            assert await neighbour.look() == [], server.name
            assert await field.bugs() == [], server.name


# --- readers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", READERS)
def test_readers(name: str) -> None:
    reads, corpus = READERS[name]
    mutator = Mutator(random.Random(name), corpus())
    for _ in range(TEXTS if name != "import" else TEXTS // 4):  # which plays what it has read
        reads(mutator())


# --- the long run ----------------------------------------------------------------------------------------------------


async def test_campaign(request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    minutes = request.config.getoption("--fuzz-minutes")
    if minutes is None:
        pytest.skip("a campaign is run by --fuzz-minutes N")
    inputs = request.config.getoption("--fuzz-inputs")
    found = await campaign(minutes, tmp_path, inputs)
    report = request.config.getoption("--fuzz-report") or Path("fuzz.json")
    report.write_text(json.dumps(asdict(found), indent=2))
    capsys.readouterr()
    with capsys.disabled():
        print(f"\n{found.table()}\n\n{report}")
    assert not found.bugs
    assert not found.wrong
    assert all(process["exit"] != 3 for process in found.processes.values())
    spared = {name: counts["sent"] for name, counts in found.inputs.items() if counts["sent"] < max(1, inputs or 0)}
    assert not spared, f"fewer than {inputs or 1} inputs"
    slow = {name: took["p99"] for name, took in found.neighbours.items() if took["p99"] > QUICK * 1e3}
    assert not slow, "p99 of a neighbour above 50 ms"
