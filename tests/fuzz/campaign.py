"""The long run: every server at once, each emulator in a process of its own, and a neighbour that is served meanwhile.

The one rule: figures are reported as they are, with the load of the machine beside them.
"""

from __future__ import annotations

import asyncio
import logging
import os
import statistics
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp

from .attacks import PLACES, Attack, attacks, on_control
from .control import of_control
from .corpus import of_servers
from .evil import Evil
from .field import CONTROL, SERVERS, Beside, ahead
from .hosts import hostile
from .neighbour import Watcher
from .ship import of_ship

ROUND: Final = 60.0
"""Wall seconds until everything is put back to its start: what is switched off by an attack is no target any more."""
GOAL: Final = 1_000_000
"""Inputs to each server in half an hour, unless it is said how many in all: who is ahead waits, so that time goes where
it is needed."""
SPEED: Final[Mapping[str, float]] = {"clients": 60.0}
"""Of their clocks: who was hung up on tries again after a while of simulated time."""
QUIET: Final = 20.0
"""Wall seconds at first in which nobody attacks: what the neighbour waits for the machine alone."""
POLITE: Final = 10
"""Of the attackers: they stand for other machines, and only take what time is left on this one; and of who is attacked
but has no neighbour that waits."""
QUICK: Final = 0.050
"""p99 of a neighbour's answer [s]."""


@dataclass
class Campaign:
    """What was found."""

    seconds: float = 0.0
    load: list[float] = field(default_factory=list)
    """Load average of the machine, before and after."""
    inputs: dict[str, dict[str, int]] = field(default_factory=dict)
    """By what was attacked."""
    processes: dict[str, dict[str, object]] = field(default_factory=dict)
    neighbours: dict[str, dict[str, float]] = field(default_factory=dict)
    """By process and interface [ms], under attack."""
    quiet: dict[str, dict[str, float]] = field(default_factory=dict)
    """Before anybody attacked."""
    wrong: list[str] = field(default_factory=list)
    """Wrong answers to the neighbours."""
    bugs: list[str] = field(default_factory=list)

    def table(self) -> str:
        lines = [f"{self.seconds:.0f} s, load average of the machine {self.load[0]:.1f} to {self.load[-1]:.1f}", ""]
        titles = f"{'in a journal':>14}{'connections':>13}{'lingering':>11}{'unreachable':>13}"
        lines.append(f"{'attacked':<22}{'inputs':>12}{titles}")
        for name, found in self.inputs.items():
            counts = f"{found['connections']:>13,}{found['lingering']:>11,}{found['unreachable']:>13,}"
            lines.append(f"{name:<22}{found['sent']:>12,}{found['read']:>14,}{counts}")
        lines.append(f"{'all':<22}{sum(found['sent'] for found in self.inputs.values()):>12,}")
        lines += ["", f"{'process':<12}{'bugs':>6}{'exit':>6}  resident MiB, descriptors at the end of each round"]
        for name, process in self.processes.items():
            lines.append(f"{name:<12}{process['bugs']:>6}{process['exit']:>6}  {process['memory']}")
            lines.append(f"{'':<26}{process['descriptors']}")
        lines += ["", f"{'neighbour':<26}{'answers':>9}{'p50 ms':>9}{'p99 ms':>9}{'most ms':>9}  (p50, p99 before)"]
        for name, took in self.neighbours.items():
            figures = "".join(f"{took[each]:>9.1f}" for each in ("p50", "p99", "most"))
            before = ", ".join(f"{self.quiet[name][each]:.1f}" for each in ("p50", "p99"))
            lines.append(f"{name:<26}{took['answers']:>9.0f}{figures}  ({before})")
        lines += ["", f"wrong answers: {len(self.wrong)}", *self.wrong[:10], *self.bugs]
        return "\n".join(lines)


async def campaign(minutes: float, folder: Path, inputs: int | None = None) -> Campaign:
    """Attack everything for so long, each server with so many inputs in all if there is time for them."""
    rate = GOAL / 1800 if inputs is None else inputs / (minutes * 60)
    found = Campaign(load=[os.getloadavg()[0]])
    corpus = await of_servers() | await of_ship()
    took: dict[str, list[float]] = {}
    quiet: dict[str, list[float]] = {}
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # one line for each server that hangs up on an attack
    async with AsyncExitStack() as stack:
        servers, clients = await stack.enter_async_context(hostile(corpus))
        texts = {"servers": SERVERS, "clients": clients, "control": CONTROL}
        fields = {name: Beside(text, folder, name, speed=SPEED.get(name, 1.0)) for name, text in texts.items()}
        for beside in fields.values():
            await stack.enter_async_context(beside)
        every: list[Attack | Evil] = [*servers, *attacks(corpus, fields["servers"].where)]
        requests = await of_control(fields["control"].where["control"])
        every.append(on_control(requests, fields["control"].where["control"]))
        usage: dict[str, tuple[list[int], list[int]]] = {name: ([], []) for name in fields}
        watchers = {
            name: await stack.enter_async_context(Watcher(beside.where))
            for name, beside in fields.items()
            if name != "control"
        }
        os.nice(POLITE)
        for name in fields.keys() - watchers.keys():
            fields[name].give_way(POLITE)
        await _round([], watchers, found, quiet, QUIET, Pace(rate))
        pace, read = Pace(rate), Counter[str]()
        while pace.seconds < minutes * 60:
            await asyncio.gather(*map(_back_to_the_start, fields.values()))
            await _round(every, watchers, found, took, min(ROUND, minutes * 60 - pace.seconds), pace)
            for name, beside in fields.items():
                usage[name][0].append(round(beside.memory))
                usage[name][1].append(beside.descriptors)
                read |= await beside.heard()  # which goes on counting over a reset
        found.seconds = pace.seconds
        for name, beside in fields.items():
            found.bugs += [f"{name}: {bug}" for bug in await beside.bugs()]
    for name, beside in fields.items():
        found.processes[name] = {
            "bugs": sum(bug.startswith(name) for bug in found.bugs),
            "exit": beside.code,
            "memory": usage[name][0],
            "descriptors": usage[name][1],
        }
        if "Traceback" in beside.log:
            found.bugs.append(f"{name}, in its log:\n{beside.log[-4000:]}")
    found.load.append(os.getloadavg()[0])
    found.inputs = {
        each.name: _counts(each) | {"read": read[PLACES.get(each.name, f"target.{each.name}")]} for each in every
    }
    found.quiet = {name: _percentiles(values) for name, values in quiet.items()}
    found.neighbours = {name: _percentiles(values) for name, values in took.items()}
    return found


async def _back_to_the_start(beside: Beside) -> None:
    host, port = beside.where["control"]
    url = f"http://{host}:{port}"
    async with aiohttp.ClientSession(url) as http, http.post("/api/reset") as reply:
        assert reply.status == 200, await reply.text()
    await ahead(url)


async def _round(
    every: Sequence[Attack | Evil],
    watchers: Mapping[str, Watcher],
    found: Campaign,
    took: dict[str, list[float]],
    duration: float,
    pace: Pace,
) -> None:
    for watcher in watchers.values():
        watcher.begin()
    over = asyncio.Event()
    lanes = [each for each in every for _ in range(getattr(each, "lanes", 1))]
    tasks = [asyncio.create_task(_until(over, each, pace)) for each in lanes]
    try:
        if tasks:
            await asyncio.wait(tasks, timeout=duration, return_when=asyncio.FIRST_EXCEPTION)
        else:
            await asyncio.sleep(duration)
        for task in tasks:
            if task.done():
                task.result()
    finally:
        over.set()  # for who is done with something in the moment in which it is cancelled, and does not notice
        for each in every:
            if isinstance(each, Evil):
                each.goal = 0
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for name, watcher in watchers.items():
        seen = await watcher.end()
        found.wrong += [f"{name}: {text}" for text in seen["wrong"]]
        for interface, values in seen["took"].items():
            took.setdefault(f"{name} {interface}", []).extend(values)


class Pace:
    """How far everybody should be by now."""

    def __init__(self, rate: float) -> None:
        """`rate`: inputs to each server in a second."""
        self._began = time.monotonic()
        self._rate = rate

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def ahead(self, sent: int) -> bool:
        return sent > self._rate * (self.seconds + 1)


async def _until(over: asyncio.Event, each: Attack | Evil, pace: Pace) -> None:
    while not over.is_set():
        if pace.ahead(each.sent):
            await asyncio.sleep(0.05)
        elif isinstance(each, Attack):
            await each.once()
        else:
            await each.run(500)


def _counts(each: Attack | Evil) -> dict[str, int]:
    return {
        "sent": each.sent,
        "connections": each.connections,
        "lingering": getattr(each, "lingering", 0),
        "unreachable": getattr(each, "unreachable", 0),
    }


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    cuts = statistics.quantiles(values, n=100) if len(values) > 1 else [*values] * 99
    return {"answers": len(values), "p50": cuts[49] * 1e3, "p99": cuts[98] * 1e3, "most": max(values) * 1e3}
