"""The live feed `/api/events`: journal entries and quantities over a WebSocket.

The one rule: a client has a position in the journal, not a queue, so a slow one costs nothing and misses nothing.
"""

from __future__ import annotations

import asyncio
import json
from itertools import islice
from typing import TYPE_CHECKING, Final

from aiohttp import WSMsgType, web

from . import views

if TYPE_CHECKING:
    from ..runtime.journal import Entry
    from ..service.emulator import Emulator

PACE: Final = 0.1
"""Least wall seconds between two messages about the same thing."""

REFRESH: Final = 1.0
"""Interval between quantities while time passes and nothing happens, in wall time [s]."""

BATCH: Final = 500
"""Most entries in one message."""

TAIL: Final = 100
"""Entries from before the connection that a new client is shown, without what wallboxes publish by themselves."""


class EventFeed:
    """All clients of the feed."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._clients: dict[web.WebSocketResponse, asyncio.Event] = {}
        self._waiting: set[asyncio.Event] = set()
        self.resets = 0
        self.attach()

    def attach(self) -> None:
        """Follow the emulator's present journal (a reset brings a new one)."""
        self.resets += 1
        self._emulator.simulation.journal.listen(lambda _entry: self.wake())
        self.wake()

    def wake(self) -> None:
        """Something is new."""
        for changed in (*self._clients.values(), *self._waiting):
            changed.set()

    async def news(self, patience: float) -> bool:
        """Wait until something is new; False if nothing is for `patience` wall seconds."""
        changed = asyncio.Event()
        self._waiting.add(changed)
        try:
            async with asyncio.timeout(patience):
                await changed.wait()
        except TimeoutError:
            return False
        finally:
            self._waiting.discard(changed)
        return True

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Hold one client's connection."""
        socket = web.WebSocketResponse(heartbeat=30, max_msg_size=4096, compress=False)
        await socket.prepare(request)
        changed = self._clients[socket] = asyncio.Event()
        sender = asyncio.create_task(self._send(socket, changed), name="control feed")
        sender.add_done_callback(self._told)
        try:
            async for message in socket:
                if message.type is WSMsgType.ERROR:
                    break
        finally:
            del self._clients[socket]
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
        return socket

    def _told(self, sender: asyncio.Task[None]) -> None:
        """A client that has gone is no mistake."""
        if not sender.cancelled() and not isinstance(sender.exception(), ConnectionError):
            self._emulator.bugs.of_a_task(sender)

    async def close(self) -> None:
        """Say goodbye to everybody."""
        for socket in tuple(self._clients):
            await socket.close(code=1001, message=b"the emulator stops")

    async def _send(self, socket: web.WebSocketResponse, changed: asyncio.Event) -> None:
        resets, position = -1, 0
        while True:
            changed.clear()
            if resets != self.resets:
                resets = self.resets
                tail = self._tail()
                position = self._emulator.simulation.journal.seq
                await socket.send_str(self._state())
                await socket.send_str(_text({"type": "entries", "entries": views.entries(tail)}))
            else:
                await socket.send_str(self._quantities())
            position = await self._entries(socket, position)
            await asyncio.sleep(PACE)
            await self._something(changed)

    async def _entries(self, socket: web.WebSocketResponse, position: int) -> int:
        """Send everything after `position`; the new position."""
        while entries := list(islice(self._emulator.simulation.journal.after(position), BATCH)):
            await socket.send_str(_text({"type": "entries", "entries": views.entries(entries)}))
            position = entries[-1].seq
        return position

    def _tail(self) -> list[Entry]:
        """What a new client is shown of the past."""
        return self._emulator.simulation.journal.newest(TAIL, without=("push",))

    async def _something(self, changed: asyncio.Event) -> None:
        """Wait until there is something to say."""
        patience = None if self._emulator.simulation.clock.frozen else REFRESH
        try:
            async with asyncio.timeout(patience):
                await changed.wait()
        except TimeoutError:
            pass

    def _state(self) -> str:
        return _text({"type": "state", "state": views.state(self._emulator)})

    def _quantities(self) -> str:
        emulator = self._emulator
        shown = {"clock": views.clock(emulator), "chargers": views.chargers(emulator), "faults": views.faults(emulator)}
        return _text({"type": "quantities", **shown})


def _text(message: object) -> str:
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False, default=str)
