"""Faults of the charger and of what it is connected to: those of the core's catalogue, and the loss of its supply.

The one rule: what the charger refuses is not in force.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ..core import messages
from ..core.faults import Disturbance
from ..runtime.journal import Entry
from .effect import CHARGER, Lasting, Level

if TYPE_CHECKING:
    from .active import ActiveFault
    from .match import Match


@dataclass(frozen=True, slots=True, kw_only=True)
class Physical(Lasting):
    """A fault of the core's catalogue."""

    levels: ClassVar[tuple[Level, ...]] = CHARGER

    disturbance: Disturbance

    @property
    def title(self) -> str:
        return self.disturbance.step()

    def problem(self, match: Match) -> str | None:
        return self.disturbance.problem() or None

    def begin(self, fault: ActiveFault) -> None:
        def heard(entry: Entry) -> None:
            if entry.kind == "event" and entry.charger == fault.target.charger and not _present(fault):
                fault.finish("tripped")

        fault.apply(messages.Disturb(name=fault.injection.name, fault=self.disturbance))
        fault.memory["silence"] = fault.simulation.journal.listen(heard)
        if not _present(fault):
            fault.finish("tripped")

    def end(self, fault: ActiveFault) -> None:
        fault.memory.pop("silence", lambda: None)()
        if _present(fault) and not fault.continued:
            fault.undo(messages.Relieve(name=fault.injection.name))


def _present(fault: ActiveFault) -> bool:
    """Whether its disturbance is there: a leak ends with the trip of the residual-current device."""
    return fault.injection.name in fault.simulation.chargers[fault.target.charger].disturbances


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerCut(Lasting):
    """The charger has no power while it lasts."""

    primitive: ClassVar[str] = "P15"
    levels: ClassVar[tuple[Level, ...]] = CHARGER

    def begin(self, fault: ActiveFault) -> None:
        fault.apply(messages.PowerCut())

    def end(self, fault: ActiveFault) -> None:
        if not fault.continued:
            fault.undo(messages.PowerUp())
