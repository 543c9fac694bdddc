"""Two nodes of one simulation, connected without sockets: for scenarios, where nothing waits for wall time.

The one rule: frames arrive in the order in which they were sent, at the same instant unless something delays them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Literal

from ..core.instant import Instant, later
from ..devices.interfaces.ship import ShipNode, ShipSession, ShipTarget
from ..devices.traffic import Direction
from ..runtime.simulation import Simulation


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """What becomes of a frame on its way."""

    frame: bytes
    delay: float = 0.0
    then: Literal["keep", "close", "reset"] = "keep"
    handling: Callable[[], AbstractContextManager[None]] = nullcontext
    """While it is handled."""


Passage = Callable[[bytes, Direction], Iterable[Passing]]
"""What stands between a node and its peer: `out` is what the node sends."""


def untouched(frame: bytes, _direction: Direction) -> Iterable[Passing]:
    """Nothing."""
    return (Passing(frame=frame),)


class Half:
    """One end of a connection (a `ShipLink`)."""

    def __init__(self, simulation: Simulation, passed: Callable[[bytes], Iterable[Passing]]) -> None:
        self.session: ShipSession | None = None
        self.other: Half | None = None
        self.over = False
        self._simulation = simulation
        self._passed = passed
        self._last: Instant = 0

    def put(self, frame: bytes) -> None:
        if not self.over:
            for each in self._passed(frame):
                self._later(each.delay, partial(self._arrive, each))

    def close(self, code: int = 1000, reason: str = "") -> None:
        if not self.over:
            self.over = True
            self._later(0.0, lambda: self._lost(reason or f"closed by the peer with {code}"))

    def _later(self, delay: float, act: Callable[[], None]) -> None:
        self._last = max(self._last, later(self._simulation.at, delay))
        self._simulation.timer(lambda _at: act()).set(self._last)
        self._simulation.wake()

    def _arrive(self, passing: Passing) -> None:
        other = self.other
        if other is None or other.session is None or other.over:
            return
        if passing.frame:
            with passing.handling():
                other.session.received(passing.frame)
        if passing.then != "keep":
            self.break_off("connection reset")

    def _lost(self, reason: str) -> None:
        other = self.other
        if other is not None and not other.over:
            other.over = True
            if other.session is not None:
                other.session.lost(reason)

    def break_off(self, reason: str) -> None:
        """The connection is gone for both ends."""
        for half in (self, self.other):
            if half is not None and not half.over:
                half.over = True
                if half.session is not None:
                    half.session.lost(reason)


def connect(
    simulation: Simulation, client: ShipNode, server: ShipNode, target: ShipTarget, passage: Passage = untouched
) -> Half:
    """Open a connection from `client` to `server`; `passage` is what the server's frames pass. Its client's end."""
    ours = Half(simulation, lambda frame: passage(frame, "in"))
    theirs = Half(simulation, lambda frame: passage(frame, "out"))
    ours.other, theirs.other = theirs, ours
    theirs.session = server.opened(client.credentials().ski, "direct", None, theirs)
    ours.session = client.opened(server.credentials().ski, target.host, target, ours)
    return ours
