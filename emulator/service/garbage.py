"""Garbage collection that holds up nobody.

The one rule: what has survived one full collection is not looked at again, because most of it is the journal: with
220,000 entries a full collection took 0.4 s, in which every interface stood still.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from ..runtime.journal import Journal
    from .emulator import Emulator

THRESHOLDS: Final = (700, 10, 5)
"""As Python's own, but full collections come twice as often, each over half as many new objects."""
AT_ONCE: Final = 2_000
"""Entries of a journal that is over which are let go before others get a turn: about 2 ms."""


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


class Worlds:
    """Lets go of every world that is over, in turns with everything else.

    Its journal first, unless a report keeps it: most of the world is that, and waits in circles for the next full
    collection, which would look at all of it. Then everything is looked at once more.
    """

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._journal = emulator.simulation.journal
        self._over: list[Journal] = []

    def changed(self) -> None:
        """There is a new world."""
        before, self._journal = self._journal, self._emulator.simulation.journal
        if not self._emulator.options.record:
            self._over.append(before)
        if len(self._over) <= 1:
            self._let_go()

    def _let_go(self) -> None:
        while self._over and not self._over[-1].let_go(AT_ONCE):
            self._over.pop()
        if self._over:
            asyncio.get_running_loop().call_soon(self._let_go)
        else:
            gc.unfreeze()
