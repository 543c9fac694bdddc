"""What a wallbox's own connections have in common: it is the client, of a broker or a central system.

The one rule: the connection follows the wallbox, at the very instant at which something changes there.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from typing import Final, Literal, Self

from ..runtime.simulation import Simulation
from .server import Endpoint

GOOD_BYE: Final = 0.5
"""Wall seconds to get rid of the last bytes when the emulator ends."""

State = Literal["off", "connecting", "connected", "waiting"]
"""`waiting`: for the next attempt."""


class Outgoing(ABC):
    """A wallbox as a client, as `async with`. Nothing it does blocks the event loop."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.state: State = "off"
        self._task: asyncio.Task[None] | None = None
        self._said: str | None = None
        """Why the last attempt failed, so that a long outage is not recorded at every attempt."""
        self._moved = asyncio.Event()
        self._closing = False
        self._unlisten: Callable[[], None] = lambda: None
        self._tasks: set[asyncio.Task[None]] = set()

    @abstractmethod
    def _follow(self) -> None:
        """Something has changed in the wallbox."""

    @property
    def simulation(self) -> Simulation:
        return self.endpoint.simulation

    async def __aenter__(self) -> Self:
        self._listen()
        return self

    def _listen(self) -> None:
        self._unlisten = self.endpoint.wallbox.listen(lambda _at: self._follow())
        self._follow()

    async def _end(self) -> None:
        self._closing = True
        self._unlisten()
        self._follow()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def until(self, state: State) -> None:
        """Until the device is in `state`."""
        while self.state != state:
            await self._moved.wait()

    def _start(self, work: Coroutine[None, None, None], name: str) -> None:
        self._task = asyncio.create_task(work, name=name)
        self._tasks.add(self._task)
        self._task.add_done_callback(self._tasks.discard)
        self._task.add_done_callback(self.simulation.bugs.of_a_task)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _move(self, state: State) -> None:
        self.state = state
        self._stir()

    def _stir(self) -> None:
        """Wake whoever waits for a change."""
        self._moved.set()
        self._moved = asyncio.Event()
