"""One process of a fleet: an ordinary emulator that is led.

It says on standard output where its control API is, and does what standard input tells it, a line of JSON each. Its
control API has a few operations more, which only its leader knows of.

The one rule: it ends when its standard input does, so that no worker outlives its leader.
"""

from __future__ import annotations

import asyncio
import json
import pickle
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..core.instant import seconds
from .results import Part

if TYPE_CHECKING:
    from ..control.server import ControlServer
    from ..service.emulator import Emulator

LONGEST_LINE: Final = 1 << 16


async def obey(emulator: Emulator, server: ControlServer, stop: asyncio.Event) -> None:
    """Serve until there is nothing more to be told, or `stop` is set."""
    orders = asyncio.StreamReader(limit=LONGEST_LINE)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    tell({"port": server.port})
    tasks = [
        asyncio.create_task(_follow(emulator, orders), name="orders"),
        asyncio.create_task(emulator.run_until(stop, past_the_end=True), name="run"),
        asyncio.create_task(stop.wait(), name="stop"),
    ]
    telling = asyncio.create_task(_tell_the_end(emulator), name="end")
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in (*tasks, telling):
            task.cancel()
        await asyncio.gather(*tasks, telling, return_exceptions=True)


async def _follow(emulator: Emulator, orders: asyncio.StreamReader) -> None:
    while line := await orders.readline():
        order = json.loads(line)
        match order["order"]:
            case "begin":  # at the same moment in every process: they have one monotonic clock
                await asyncio.sleep(max(0.0, order["at"] - asyncio.get_running_loop().time()))
                emulator.begin()
            case "conclude":
                emulator.conclude()
                part = Part.of(emulator)
                await asyncio.to_thread(Path(order["into"]).write_bytes, pickle.dumps(part))
                tell({"ended_at": seconds(part.result.ended_at)})


async def _tell_the_end(emulator: Emulator) -> None:
    await emulator.finished.wait()
    tell({"finished": True})


def tell(what: dict[str, object]) -> None:
    """Say something to the leader."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()
