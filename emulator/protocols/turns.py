"""Fairness: what one client sends in one go is taken in a little at a time, and others have their turn in between.

The one rule: every server takes in what arrives through `Turn.go`, but for a message that comes all alone. A first
helping is taken at once, a small one if others have had theirs in this pass of the loop. Whoever sent more stands in
one queue for all connections of the event loop, in which one of them has one helping per pass. So a client that asks
one thing waits for one helping of somebody else's, whatever others send, over whichever protocol.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import ClassVar, Final
from weakref import WeakKeyDictionary

HELPING: Final = 32
"""Messages of one connection that are taken in before others have their turn."""
LONGEST: Final = 0.005
"""Wall seconds after which a helping ends although it has fewer messages."""


class Turn:
    """The place of one connection in the queue."""

    __slots__ = ("_going", "_hold", "_loop", "_queue", "_take", "waiting")

    def __init__(self, take: Callable[[], bool], hold: Callable[[], None] = lambda: None) -> None:
        """`take`: take in one message; False if there is none, or none may be taken now.

        `hold`: called when `waiting` changes: nothing should be read from the connection while it waits.
        """
        self._take = take
        self._hold = hold
        self._loop = asyncio.get_running_loop()
        self._queue = _Queue.of(self._loop)
        self._going = False
        self.waiting = False

    def first(self) -> None:
        """Take in a first helping and no more: the loop says in its next pass if something is left."""
        self.helping(self._queue.left)

    def go(self) -> None:
        """Something has arrived, or what kept it from being taken in is over."""
        if not self.waiting and not self._going and self.helping(self._queue.left):
            self.waiting = True
            self._queue.join(self)
            self._hold()

    def stop(self) -> None:
        """The connection is gone."""
        self.waiting = False

    def helping(self, left: float = LONGEST) -> bool:
        """Take in one helping, at most so long in wall time [s]; whether there is more."""
        self._going = True
        try:
            if not self._take() or not self._take():  # most say one thing at a time: no need for a clock
                return False
            began = now = self._loop.time()
            for _ in range(HELPING - 2):
                if now - began >= left:
                    break
                more = self._take()
                now = self._loop.time()
                if not more:
                    self._queue.spend(now - began)
                    return False
            self._queue.spend(now - began)
        finally:
            self._going = False
        return True

    def called(self) -> bool:
        """Its turn has come; whether it waits for another one."""
        if self.waiting and not self.helping():
            self.waiting = False
            self._hold()
        return self.waiting


class _Queue:
    """Who waits for a turn on one event loop."""

    _all: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, _Queue]] = WeakKeyDictionary()

    def __init__(self) -> None:
        self._waiting: deque[Turn] = deque()
        self.left = LONGEST
        """What all first helpings of this pass of the loop may still take together, in wall time [s]."""

    def spend(self, time: float) -> None:
        """A helping took so long in wall time [s]."""
        if self.left == LONGEST:
            asyncio.get_running_loop().call_soon(self._pass)
        self.left = max(0.0, self.left - time)

    def _pass(self) -> None:
        self.left = LONGEST

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> _Queue:
        found = cls._all.get(loop)
        if found is None:
            found = cls._all[loop] = cls()
        return found

    def join(self, turn: Turn) -> None:
        self._waiting.append(turn)
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        turn = self._waiting[0]
        try:
            more = turn.called()
        finally:
            self._waiting.popleft()
            if self._waiting:
                asyncio.get_running_loop().call_soon(self._next)
        if more:
            self.join(turn)
