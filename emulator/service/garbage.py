"""Garbage collection that holds up nobody.

The one rule: what has survived one full collection is not looked at again, because most of it is the journal: with
220,000 entries a full collection took 0.4 s, in which every interface stood still.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal

THRESHOLDS: Final = (700, 10, 5)
"""As Python's own, but full collections come twice as often, each over half as many new objects."""


@contextmanager
def brief_collections() -> Iterator[None]:
    """While it lasts, for a process that is the emulator's alone."""
    before = gc.get_threshold()

    def done(phase: Literal["start", "stop"], info: dict[str, int]) -> None:
        if phase == "stop" and info["generation"] == 2:
            gc.freeze()

    gc.collect()
    gc.freeze()
    gc.collect()  # nothing is left to look at: a full one is due by what is new, not by how much there was
    gc.set_threshold(*THRESHOLDS)
    gc.callbacks.append(done)
    try:
        yield
    finally:
        gc.callbacks.remove(done)
        gc.set_threshold(*before)
        gc.unfreeze()


def forget_survivors() -> None:
    """A world is over: everything is looked at once more, next time."""
    gc.unfreeze()
