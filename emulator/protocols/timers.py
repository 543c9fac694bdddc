"""Timers of a conversation in wall time, each by its name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Timers:
    """What is to be done after a while, unless it is called off. A name has one timer: the newest."""

    __slots__ = ("_running",)

    def __init__(self) -> None:
        self._running: dict[str, asyncio.TimerHandle] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._running

    def after(self, name: str, delay: float, act: Callable[[], None]) -> None:
        """Do it in `delay` wall seconds."""

        def due() -> None:
            del self._running[name]
            act()

        self.stop(name)
        self._running[name] = asyncio.get_running_loop().call_later(delay, due)

    def stop(self, name: str) -> None:
        """Call it off, if it is still to come."""
        if (timer := self._running.pop(name, None)) is not None:
            timer.cancel()

    def stop_all(self) -> None:
        for name in tuple(self._running):
            self.stop(name)
