"""What a fault is on: a charger, a wallbox, or one interface of a wallbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .effect import Level

if TYPE_CHECKING:
    from ..devices.wallbox import Wallbox
    from ..runtime.journal import Entry
    from ..runtime.simulation import Simulation


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a fault is. `wallboxes`: the one, or all of the charger."""

    simulation: Simulation
    charger: str
    wallboxes: tuple[Wallbox, ...]
    level: Level
    interface: str | None = None

    @property
    def wallbox(self) -> str | None:
        """Name of the wallbox; None: the whole charger."""
        return None if self.level == "charger" else self.wallboxes[0].name

    @property
    def address(self) -> str:
        """`garage`, `garage.goe` or `garage.goe.http`."""
        return ".".join(part for part in (self.charger, self.wallbox, self.interface) if part is not None)

    def reaches(self, interface: str) -> bool:
        """Whether it covers an interface of its wallboxes."""
        return self.interface is None or self.interface == interface

    def covers(self, entry: Entry) -> bool:
        """Whether what is in the journal happened there."""
        if entry.charger != self.charger or self.level == "charger":
            return entry.charger == self.charger
        return entry.wallbox == self.wallbox and self.interface in (None, entry.interface)
