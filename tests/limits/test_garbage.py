"""A full collection does not look at a long journal again and again."""

from __future__ import annotations

import gc

from emulator.runtime.journal import Journal
from emulator.service.garbage import THRESHOLDS, brief_collections, forget_survivors

ENTRIES = 80_000


def test_a_long_journal_is_looked_at_once() -> None:
    before = gc.get_threshold(), gc.get_freeze_count()
    journal = Journal()
    looked_at: list[int] = []

    def count(phase: str, info: dict[str, int]) -> None:
        if phase == "start" and info["generation"] == 2:
            looked_at.append(len(gc.get_objects()))

    with brief_collections():
        gc.callbacks.append(count)
        for number in range(ENTRIES):
            journal.record(number, "request", "GET /", {"query": ["a"]}, client="x")
        gc.callbacks.remove(count)
        assert gc.get_threshold() == THRESHOLDS
        assert gc.get_freeze_count() > ENTRIES
        forget_survivors()
        assert gc.get_freeze_count() == 0
    assert looked_at
    assert max(looked_at) < 0.9 * ENTRIES
    assert (gc.get_threshold(), gc.get_freeze_count()) == before
