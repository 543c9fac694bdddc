"""Simulated time moved by hand: a jump, and the stand-still in which it is prepared."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Final

from ..core.instant import Instant, seconds
from ..errors import EmulatorError
from ..language.arguments import LONGEST

if TYPE_CHECKING:
    from ..runtime.simulation import Simulation
    from ..world.checks import Check
    from .sockets import Sockets

LATEST: Final[Instant] = 5 * LONGEST
"""No jump goes further; the calendar ends some time after it."""
SLICE: Final = 0.25
"""How long a jump may compute before others get a turn, in wall time [s]."""


class Hold(asyncio.Lock):
    """Held by whoever moves the world. A reset does not wait until a jump has been made, it breaks it off."""

    broken_off = False
    """Somebody takes over: whoever moves the world stops."""

    @asynccontextmanager
    async def taken_over(self) -> AsyncIterator[None]:
        """Hold it as soon as whoever holds it has stopped."""
        self.broken_off = True
        try:
            await self.acquire()
        finally:
            self.broken_off = False
        try:
            yield
        finally:
            self.release()


def broken_off(simulation: Simulation) -> EmulatorError:
    """What is told whoever made the jump."""
    return EmulatorError(f"a reset broke the jump off at {seconds(simulation.at):g} s")


def until_as_noted(checks: Sequence[Check], within: Instant) -> dict[str, object]:
    """What the journal says of a jump until quantities are as expected."""
    return {"until": [check.quantity.text for check in checks], "within": seconds(within)}


@contextmanager
def standing(simulation: Simulation) -> Iterator[None]:
    """While a jump is prepared and made, time does not run by itself: what is looked at is of one instant."""
    clock = simulation.clock
    simulation.now()
    speed = clock.speed
    clock.set_speed(0.0)
    try:
        yield
    finally:
        clock.set_speed(speed if clock.speed == 0.0 else clock.speed)
        simulation.wake()


async def travel(
    simulation: Simulation, sockets: Sockets, end: Instant, enough: Callable[[], bool] = lambda: False
) -> None:
    """Move simulated time to `end`, or until `enough`; meanwhile it does not run by itself."""
    clock = simulation.clock
    speed = clock.speed
    clock.set_speed(0.0)
    try:
        while not enough():
            turn = time.monotonic() + SLICE
            for _ in simulation.steps_to(end):
                if enough() or sockets.unanswered or time.monotonic() > turn:
                    break
            else:
                if not sockets.unanswered:
                    break
            _bring_clock(simulation)
            await asyncio.sleep(0)
            await sockets.answered()
    finally:
        _bring_clock(simulation)
        clock.set_speed(speed if clock.speed == 0.0 else clock.speed)
        simulation.wake()


async def catch_up(simulation: Simulation, enough: Callable[[], bool]) -> None:
    """Let happen what is on the way to where a step has made the clock jump, or until `enough`."""
    while simulation.behind and not enough():
        simulation.now()
        await asyncio.sleep(0)


def _bring_clock(simulation: Simulation) -> None:
    """Move the clock to the instant of the simulation, after that was moved without it."""
    simulation.clock.jump(max(0, simulation.at - simulation.clock.now()))
