"""A small energy manager for the scenarios in `scenarios/ready`: over real sockets, at simulated time.

The one rule: it knows what a real client would: what boxes and meter answer, and what its user wants (the notes).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from emulator.core.instant import SECOND
from emulator.service.emulator import Emulator

LEAST = 6
"""A: what a vehicle needs (IEC 61851-1)."""
VOLTS = 230.0


class Gone(Exception):  # noqa: N818 - an answer
    """No answer, or none of use."""


@dataclass(frozen=True)
class Wish:
    """What the user wants of a box now."""

    current: int
    """A per line; 0: off."""
    phases: int | None = None
    """1 or 3; None: leave it as it is."""


class World:
    """What the manager can reach."""

    def __init__(self, emulator: Emulator, http: aiohttp.ClientSession) -> None:
        self.emulator = emulator
        self._http = http

    @property
    def over(self) -> bool:
        return self.emulator.finished.is_set()

    async def wait(self, seconds: float) -> None:
        await self.emulator.advance(round(seconds * SECOND))

    def told(self, note: str) -> bool:
        """Whether the user said so."""
        return any(e.kind == "note" and e.name == note for e in self.emulator.simulation.journal)

    async def get(self, interface: str, target: str) -> Any:
        return await self._ask("GET", interface, target)

    async def put(self, interface: str, target: str, body: object) -> None:
        await self._ask("PUT", interface, target, body)

    async def _ask(self, method: str, interface: str, target: str, body: object = None) -> Any:
        endpoint = self.emulator.servers[interface].endpoint
        url = f"http://127.0.0.1:{endpoint.port}{target}"
        try:
            async with asyncio.timeout(5), self._http.request(method, url, json=body) as reply:
                if reply.status != 200:
                    raise Gone
                text = await reply.text()
                return json.loads(text) if text else None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Gone from error


@dataclass
class GoE:
    """One go-e over HTTP, as its manager sees it."""

    world: World
    address: str = "garage.box"
    status: dict[str, Any] = field(default_factory=dict)
    """The latest answer."""

    async def look(self) -> None:
        keys = "amp,car,err,frc,nrg,psm,trx,wh"
        self.status = await self.world.get(f"{self.address}.http", f"/api/status?filter={keys}")

    @property
    def plugged(self) -> bool:
        return self.status["car"] in (2, 3, 4)

    @property
    def power(self) -> float:
        """W"""
        return float(self.status["nrg"][11])

    @property
    def energy(self) -> float:
        """Wh in this session."""
        return float(self.status["wh"])

    async def follow(self, wish: Wish) -> None:
        """One step towards what is wanted; nothing that is so already is written again."""
        if wish.phases is not None and self.status["psm"] != (1 if wish.phases == 1 else 2):
            await self._set("psm", 1 if wish.phases == 1 else 2)
        if wish.current == 0 and self.status["amp"] > LEAST and self.power > 100:
            await self._set("amp", LEAST)  # the contactor opens with little load
        elif wish.current > 0 and self.status["amp"] != wish.current:
            await self._set("amp", wish.current)
        forced = 1 if wish.current == 0 and self.plugged else 0
        if self.status["frc"] != forced:
            await self._set("frc", forced)

    async def _set(self, key: str, value: int) -> None:
        await self.world.get(f"{self.address}.http", f"/api/set?{key}={value}")


Plan = Callable[[Sequence[GoE]], Sequence[Wish]]
"""What is wanted of each box, from what they show."""


async def manage(world: World, boxes: Sequence[GoE], plan: Plan, every: float = 10) -> None:
    """Look and follow until the scenario is over. A box that does not answer is asked again at the next look."""
    while not world.over:
        reached = []
        for box in boxes:
            try:
                await box.look()
                reached.append(box)
            except Gone:
                continue
        if len(reached) == len(boxes):
            for box, wish in zip(boxes, plan(boxes), strict=True):
                try:
                    await box.follow(wish)
                except Gone:
                    continue
        await world.wait(every)


@dataclass
class Surplus:
    """Follows the sun: what the meter says beside what the box draws, smoothed, with patience before it switches."""

    world: World
    switches_phases: bool
    patience: float = 300.0
    """s of too little, or enough, before anything is switched"""
    every: float = 60.0
    _waiting: float = 0.0
    _phases: int = 3
    _on: bool = False

    async def run(self, box: GoE) -> None:
        while not self.world.over:
            try:
                grid = (await self.world.get("garage.meter.http", "/rpc/meter_info.get"))["total_active_power"]
                await box.look()
                await box.follow(self._wish(box.power - grid))
            except Gone:
                pass
            await self.world.wait(self.every)

    def _wish(self, room: float) -> Wish:
        possible = room / VOLTS / self._phases
        wanted = self._switched(possible, room)
        if wanted is not None:
            self._waiting += self.every
            if self._waiting >= self.patience:
                self._waiting = 0.0
                self._on, self._phases = wanted
        else:
            self._waiting = 0.0
        current = max(LEAST, min(16, int(room / VOLTS / self._phases)))
        return Wish(current if self._on else 0, self._phases if self.switches_phases else None)

    def _switched(self, possible: float, room: float) -> tuple[bool, int] | None:
        """On or off and the phases it should be, if that is not what it is."""
        if not self._on and possible >= LEAST:
            return True, self._phases
        if self.switches_phases and self._phases == 3 and self._on and possible < LEAST:
            return True, 1
        if self.switches_phases and self._phases == 1 and room / VOLTS / 3 >= LEAST:
            return True, 3
        if self._on and possible < LEAST:
            return False, self._phases
        return None
