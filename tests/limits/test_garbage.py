"""A full collection does not look at a long journal again and again."""

from __future__ import annotations

import json
import subprocess
import sys

ENTRIES = 80_000
PROGRAM = f"""
import gc, json
from emulator.runtime.journal import Journal
from emulator.service.garbage import THRESHOLDS, brief_collections, forget_survivors

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
    forget_survivors()
    forgotten = gc.get_freeze_count()
after = gc.get_threshold(), gc.get_freeze_count()
print(json.dumps([looked_at, inside, forgotten, before == after]))
"""


def test_a_long_journal_is_looked_at_once() -> None:
    """In a process of its own: what other tests have left would be looked at, too."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    looked_at, (thresholds, frozen), forgotten, restored = json.loads(done.stdout)
    assert thresholds
    assert frozen > ENTRIES
    assert forgotten == 0
    assert restored
    assert looked_at
    assert max(looked_at) < 0.9 * ENTRIES
