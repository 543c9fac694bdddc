"""The line to one WebSocket client: frames leave at once, wait for a client that reads slowly, or are held back.

The one rule: what is here counts frames and bytes; what a frame says, and what becomes of a client that is too slow, is
the channel's affair. Nothing happens on a line that is dead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from .frames import Opcode, encode_frame
from .tcp import reset

MAX_BACKLOG: Final = 1 << 20
"""Bytes that may wait for a slow client beside the frames of its queue."""
APART: Final = 0.0001
"""Wall seconds between two late frames: timers of one instant have no order."""


class Line:
    """The line to one client."""

    __slots__ = ("_behind", "_due", "_most", "congested", "late", "transport")

    def __init__(self, transport: asyncio.Transport, most: int) -> None:
        """`most`: frames that may wait for the client."""
        self.transport: asyncio.Transport | None = transport
        """None: the connection is gone."""
        self.congested = False
        """Bytes wait for the client."""
        self.late = 0
        """Frames that a fault holds back."""
        self._due = 0.0
        """Loop time at which the last of them leaves."""
        self._behind = 0
        """Frames that wait for the client, wholly or in part."""
        self._most = most

    def begin(self, protocol: asyncio.Protocol, *, congested: bool) -> None:
        """From now on the connection is `protocol`'s. `congested`: bytes wait for the client already."""
        self.congested = congested
        if self.transport is not None:
            self.transport.set_protocol(protocol)
            self.transport.set_write_buffer_limits(high=0)

    @property
    def crowded(self) -> bool:
        """The client is as far behind as it may be."""
        if not self._behind:
            return False
        size = self.transport.get_write_buffer_size() if self.transport is not None else 0
        return self._behind >= self._most or size > MAX_BACKLOG

    def abort(self) -> None:
        """Break the connection at once, whatever is on its way."""
        if self.transport is not None:
            self.transport.abort()

    def reset(self) -> None:
        """As `abort`, so that the client sees a TCP reset."""
        if self.transport is not None:
            reset(self.transport)

    def listen(self, go_on: bool) -> None:
        """Whether anything is to be read."""
        if self.transport is not None:
            (self.transport.resume_reading if go_on else self.transport.pause_reading)()

    def put(self, data: bytes) -> None:
        """Write bytes that do not count."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    def frame(self, opcode: Opcode, payload: bytes) -> None:
        """Write one frame."""
        data = encode_frame(opcode, payload)
        self.frames(data, (len(data),))

    def frames(self, data: bytes, sizes: Sequence[int]) -> None:
        """Write frames of these sizes [bytes] in one go, and count those that wait for the client."""
        self.put(data)
        if self.congested and self.transport is not None:
            waiting = self.transport.get_write_buffer_size()
            for size in reversed(sizes):
                if waiting <= 0:
                    break
                self._behind += 1
                waiting -= size

    def drained(self) -> None:
        """Everything written has left."""
        self.congested = False
        self._behind = 0

    def after(self, delay: float, leave: Callable[[], None]) -> None:
        """Let a frame leave after `delay` wall seconds, and behind everything that is late already."""
        loop = asyncio.get_running_loop()
        self._due = max(self._due + APART, loop.time() + delay)
        self.late += 1

        def due() -> None:
            self.late -= 1
            leave()

        loop.call_at(self._due, due)
