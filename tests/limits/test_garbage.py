"""A full collection does not look at a long journal again and again, nor at one that is over."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from emulator.service.garbage import AT_ONCE

ENTRIES = 80_000
PROGRAM = f"""
import gc, json
from emulator.runtime.journal import Journal
from emulator.service.garbage import THRESHOLDS, brief_collections

gc.unfreeze()  # what the interpreter itself has frozen: 3.12 does
before = gc.get_threshold(), gc.get_freeze_count()
journal = Journal()
looked_at = []

def count(phase, info):
    if phase == "start" and info["generation"] == 2:
        looked_at.append(len(gc.get_objects()))

with brief_collections():
    gc.callbacks.append(count)
    for number in range({ENTRIES}):
        journal.record(number, "request", "GET /", {{"query": ["a"]}}, client="x")
    gc.callbacks.remove(count)
    inside = gc.get_threshold() == THRESHOLDS, gc.get_freeze_count()
after = gc.get_threshold(), gc.get_freeze_count()
print(json.dumps([looked_at, inside, before == after]))
"""
RESET = f"""
import asyncio, gc, json, sys
from pathlib import Path
from emulator.scenario.loader import load
from emulator.service.emulator import Emulator, Options
from emulator.service.garbage import Worlds, brief_collections

Path("one.yaml").write_text("about: One box.\\nwallbox: {{vendor: nrgkick, http: true}}\\nend: 1 h\\n")

def fill(journal):
    for number in range({ENTRIES}):
        journal.record(number, "request", "GET /", {{"query": ["a"]}}, client="x")
    return journal

async def main():
    report = sys.argv[1] == "report"
    async with Emulator(load(Path("one.yaml")), Options(record=report)) as emulator:
        emulator.on_reset.append(Worlds(emulator).changed)
        gc.freeze()
        over = []
        for _ in range(2):
            over.append(fill(emulator.simulation.journal))
            await emulator.reset()
        turns = 0
        while not report and any(map(len, over)):
            await asyncio.sleep(0)
            turns += 1
        await asyncio.sleep(0)
        found = [len(journal) for journal in over], turns, len(emulator.simulation.journal)
        print(json.dumps([*found, gc.get_freeze_count(), len(gc.get_objects())]))

with brief_collections():
    asyncio.run(main())
"""


def result_of(program: str, folder: Path, *arguments: str) -> Any:
    """What it prints. In a process of its own: what other tests have left would be looked at, too."""
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
    return json.loads(done.stdout)


def test_a_long_journal_is_looked_at_once(tmp_path: Path) -> None:
    looked_at, (thresholds, frozen), restored = result_of(PROGRAM, tmp_path)
    assert thresholds
    assert frozen > ENTRIES
    assert restored
    assert looked_at
    assert max(looked_at) < 0.9 * ENTRIES


def test_a_journal_that_is_over_is_let_go_in_turns(tmp_path: Path) -> None:
    over, turns, present, frozen, looked_at = result_of(RESET, tmp_path, "no report")
    assert over == [0, 0]
    assert turns >= 2 * ENTRIES / AT_ONCE
    assert present
    assert frozen == 0
    assert looked_at < ENTRIES


def test_a_report_keeps_every_journal(tmp_path: Path) -> None:
    over, _, _, frozen, looked_at = result_of(RESET, tmp_path, "report")
    assert min(over) > ENTRIES
    assert frozen == 0
    assert looked_at > 2 * ENTRIES
