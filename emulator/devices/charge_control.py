"""The way from a vendor's logic to the charge controller.

The one rule: only what is news is submitted, and it is remembered once the controller has taken it; what a fault kept
from it is submitted again when it is asked for again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from ..core.messages import (
    Command,
    MarkEnergy,
    Outcome,
    RequestPhases,
    SetAuthorisation,
    SetLimit,
    SetLock,
    SetPermission,
    SetService,
)

Owned = SetLimit | SetPermission | SetAuthorisation | SetService | RequestPhases | MarkEnergy | SetLock
"""Commands in the name of an owner, whose last word counts."""

LockPolicy = Literal["normal", "auto_unlock", "always", "open"]

IGNORED: Final = Outcome(detail={"ignored": "by a fault"})
"""The outcome of a command that a fault kept from the controller."""


class ChargeControl:
    """What one wallbox asks of the charge controller: limits, permissions and wishes under names of its own."""

    def __init__(self, wallbox: str, submit: Callable[[Command], Outcome]) -> None:
        """`wallbox`: its name, which stands before each owner's: `goe.amp`."""
        self._wallbox = wallbox
        self._submit = submit
        self._taken: dict[tuple[type, str], Command] = {}

    def owner(self, name: str) -> str:
        """An owner's name as the charge controller knows it: `goe.amp`; for an empty one the wallbox's own."""
        return f"{self._wallbox}.{name}" if name else self._wallbox

    def limit(self, name: str, current: float | None) -> bool:
        """Limit the current per phase [A]; None: no limit. Whether the controller has taken it."""
        return self._tell(SetLimit(owner=self.owner(name), current=current))

    def permit(self, name: str, granted: bool | None) -> None:
        """Allow charging, or not; None: has no say."""
        self._tell(SetPermission(owner=self.owner(name), granted=granted))

    def authorise(self, name: str, granted: bool | None) -> bool:
        """Count as authorised, or not; None: has no say. Whether the controller has taken it."""
        return self._tell(SetAuthorisation(owner=self.owner(name), granted=granted))

    def serve(self, name: str, available: bool) -> None:
        """Be in service, or not."""
        self._tell(SetService(owner=self.owner(name), available=available))

    def phases(self, name: str, phases: Literal[1, 2, 3]) -> bool:
        """Ask for so many phases; a charger without phase switching ignores it. Whether the controller has taken it."""
        return self._tell(RequestPhases(owner=self.owner(name), phases=phases))

    def mark_energy(self, name: str, energy: float | None) -> None:
        """Be told when the session reaches an energy [Wh]; None: no more."""
        self._tell(MarkEnergy(owner=self.owner(name), energy=energy))

    def lock(self, name: str, policy: LockPolicy, *, on_outage: bool) -> None:
        """Say when the plug is locked, and whether it is let go in a power cut."""
        self._tell(SetLock(owner=self.owner(name), policy=policy, on_outage=on_outage))

    def restart(self) -> None:
        """Submit every next word: who asks has lost its memory, and does not know what it asked for."""
        self._taken.clear()

    def forget(self, kind: type[Command], name: str) -> None:
        """Submit the next word of an owner even if it is the same as the last."""
        self._taken.pop((kind, self.owner(name)), None)

    def withdraw(self) -> None:
        """Whoever asked is no more: what it asked for counts no longer."""
        owners = {self._wallbox} | {owner for kind, owner in self._taken if kind is RequestPhases}
        for kind, owner in self._taken:
            if kind is SetLimit:
                self._submit(SetLimit(owner=owner, current=None))
            elif kind is SetPermission:
                self._submit(SetPermission(owner=owner, granted=None))
            elif kind is SetAuthorisation:
                self._submit(SetAuthorisation(owner=owner, granted=None))
            elif kind is SetService:
                self._submit(SetService(owner=owner, available=True))
            elif kind is MarkEnergy:
                self._submit(MarkEnergy(owner=owner, energy=None))
        for owner in sorted(owners):
            self._submit(RequestPhases(owner=owner, phases=3))
        self._taken.clear()

    def submit(self, command: Command) -> Outcome:
        """Ask for something that happens once, whatever was asked before."""
        return self._submit(command)

    def _tell(self, command: Owned) -> bool:
        key = (type(command), command.owner)
        if self._taken.get(key) != command:
            if self._submit(command) is IGNORED:
                return False
            self._taken[key] = command
        return True
