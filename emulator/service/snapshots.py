"""Snapshots of a running emulator: the whole world at one instant, by name.

The one rule: a snapshot is taken while time stands still, and knows everything that decides what happens next.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from ..core.instant import Instant, seconds
from ..errors import EmulatorError, did_you_mean
from ..world.copying import Kept, kept
from .travel import standing

if TYPE_CHECKING:
    from ..scenario.adding import AddedCharger
    from ..scenario.player import Failure, Player
    from ..world.site import Site
    from .emulator import Emulator

MOST: Final = 32
"""Snapshots of an emulator."""
LARGEST: Final = 256 * 1024 * 1024
"""Bytes of all of them."""
NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")


class World(NamedTuple):
    """What is kept of an emulator."""

    site: Site
    player: Player
    performances: list[Player]
    posted: list[Failure]
    added: tuple[AddedCharger, ...]
    """Chargers that were added since the start."""
    speed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One snapshot."""

    name: str
    at: Instant
    journal: int
    """Number of the newest journal entry."""
    world: Kept

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name, "at": round(seconds(self.at), 6), "journal": self.journal, "bytes": self.world.size
        }  # fmt: skip


class Snapshots:
    """All of an emulator, by name."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._kept: dict[str, Snapshot] = {}

    def all(self) -> tuple[Snapshot, ...]:
        """In the order they were taken."""
        return tuple(self._kept.values())

    async def take(self, name: str) -> Snapshot:
        """Keep the whole world as it is now, in place of an older one. EmulatorError if that is not possible."""
        emulator = self._emulator
        async with emulator.busy:
            self._check(name)
            simulation = emulator.simulation
            with standing(simulation):
                world = kept(tuple(emulator.world))
                made = Snapshot(name=name, at=simulation.at, journal=simulation.journal.seq, world=world)
            others = sum(snapshot.world.size for snapshot in self.all() if snapshot.name != name)
            if others + world.size > LARGEST:
                raise EmulatorError(f"the snapshots are larger than {LARGEST >> 20} MiB together; delete one")
            self._kept.pop(name, None)
            self._kept[name] = made
            return made

    async def restore(self, name: str) -> Snapshot:
        """The world is again as it was: time, physics, settings, agenda, faults, rules, journal; on the same ports.

        Connections belong to the world that is over, and are dropped, as by a reset. EmulatorError if there is none.
        """
        async with self._emulator.busy:
            snapshot = self._called(name)
            await self._emulator.turn_to(World(*snapshot.world.made()), snapshot.at)
            return snapshot

    def drop(self, name: str) -> None:
        """EmulatorError if there is none."""
        self._called(name)
        del self._kept[name]

    def _called(self, name: str) -> Snapshot:
        found = self._kept.get(name)
        if found is None:
            raise EmulatorError(f'there is no snapshot "{name[:80]}"{did_you_mean(name[:80], self._kept)}')
        return found

    def _check(self, name: str) -> None:
        if not NAME.fullmatch(name):
            raise EmulatorError(
                f'found "{name[:80]}", expected a name of 1 to 64 letters, digits, dots, dashes and underscores'
            )
        if name not in self._kept and len(self._kept) >= MOST:
            raise EmulatorError(f"there are {MOST} snapshots already; delete one")
