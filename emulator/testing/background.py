"""The thread on which emulators run while tests run on another."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from importlib import import_module
from typing import ClassVar, Final, TypeVar

T = TypeVar("T")
PATIENCE: Final = 120.0
"""How long one call may take, in wall time [s]."""


class Background:
    """An event loop on a thread of its own, shared by all tests of a process."""

    _shared: ClassVar[Background | None] = None

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="charger emulator", daemon=True)
        self._thread.start()

    @classmethod
    def shared(cls) -> Background:
        if cls._shared is None:
            import_module("emulator.protocols.http")  # the slowest of all imports: here, not in the first `start`
            cls._shared = cls()
        return cls._shared

    @classmethod
    def stop_shared(cls) -> None:
        if cls._shared is not None:
            cls._shared.stop()
            cls._shared = None

    def run(self, work: Coroutine[object, None, T]) -> T:
        """Let the loop do `work`, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def call(self, function: Callable[[], T]) -> T:
        """Call a function on the loop's thread, and wait for it."""

        async def work() -> T:
            return function()

        return self.run(work())

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
