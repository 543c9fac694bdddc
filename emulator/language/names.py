"""The names a step or an expectation may use.

The one rule: a name is looked up here only, so that every mistake gets the same answer, with a suggestion.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ..core.faults import CATALOGUE
from ..errors import EmulatorError, did_you_mean


@dataclass(frozen=True)
class Names:
    """Chargers with their wallboxes, vehicles, and faults. Raises `EmulatorError` for a name that is not there."""

    chargers: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Names of the wallboxes on each charger."""
    vehicles: Collection[str] = ()
    faults: set[str] = field(default_factory=lambda: {fault.step() for fault in CATALOGUE})
    """What a fault may be called."""
    notes: set[str] = field(default_factory=set)
    """The notes of the timelines; others may come from outside."""
    whole: bool = False
    """Whole timelines are read by them, so every fault has its name here; a step that comes alone may be the first."""

    def charger(self, name: str) -> str:
        if name in self.chargers:
            return name
        raise EmulatorError(f'there is no charger "{name}"{did_you_mean(name, self.chargers)}')

    def only_charger(self) -> str:
        """The charger, if there is one only."""
        if len(self.chargers) == 1:
            return next(iter(self.chargers))
        if not self.chargers:
            raise EmulatorError("there is no charger yet")
        raise EmulatorError(f'"charger" is missing; there are several: {_listed(self.chargers)}')

    @property
    def wallboxes(self) -> list[str]:
        """Every `charger.wallbox`."""
        return [f"{charger}.{wallbox}" for charger, wallboxes in self.chargers.items() for wallbox in wallboxes]

    def wallbox(self, text: str) -> str:
        """The address `charger.wallbox` of `garage.goe`, or of `goe` if there is one only."""
        every = self.wallboxes
        if text in every:
            return text
        fitting = [address for address in every if address.partition(".")[2] == text]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            raise EmulatorError(f'there are several wallboxes called "{text}": {_listed(fitting)}')
        raise EmulatorError(f'there is no wallbox "{text}"{did_you_mean(text, every)}')

    def only_wallbox(self) -> str:
        """The wallbox, if there is one only."""
        every = self.wallboxes
        if len(every) == 1:
            return every[0]
        if not every:
            raise EmulatorError("there is no wallbox yet")
        raise EmulatorError(f'"wallbox" is missing; there are several: {_listed(every)}')

    def vehicle(self, name: str) -> str:
        """A vehicle of the scenario, or a preset."""
        if name in self.vehicles:
            return name
        raise EmulatorError(f'there is no vehicle "{name}"{did_you_mean(name, self.vehicles)}')

    def fault(self, name: str) -> str:
        """A fault as a step of the scenario called it."""
        if name in self.faults:
            return name
        raise EmulatorError(f'no fault is called "{name}"{did_you_mean(name, self.faults)}')


def _listed(names: Collection[str]) -> str:
    shown = sorted(names)[:8]
    return ", ".join(shown) + (", ..." if len(names) > len(shown) else "")
