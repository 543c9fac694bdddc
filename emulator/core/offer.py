"""What may be offered to the vehicle: named limits, permissions and authorisations.

The one rule: the lowest limit wins, whoever set it, and every permission has to be given.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, TypeVar

T = TypeVar("T")

MINIMUM: Final = 6.0
"""Smallest current the duty cycle can code [A]."""


@dataclass(slots=True)
class Offer:
    """The inputs of several owners to one offered current. Owners are free names such as `goe.amp`."""

    limits: dict[str, float] = field(default_factory=dict)
    permissions: dict[str, bool] = field(default_factory=dict)
    authorisations: dict[str, bool] = field(default_factory=dict)
    out_of_service: set[str] = field(default_factory=set)

    def put_limit(self, owner: str, current: float | None) -> None:
        """Set a limit, not negative; None removes it [A]."""
        _put(self.limits, owner, current)

    def put_permission(self, owner: str, granted: bool | None) -> None:
        """None removes it."""
        _put(self.permissions, owner, granted)

    def put_authorisation(self, owner: str, granted: bool | None) -> None:
        """None: this owner does not require any."""
        _put(self.authorisations, owner, granted)

    def put_service(self, owner: str, available: bool) -> None:
        """Whether this owner lets the charger be in service."""
        if available:
            self.out_of_service.discard(owner)
        else:
            self.out_of_service.add(owner)

    @property
    def authorised(self) -> bool:
        return all(self.authorisations.values())

    @property
    def permitted(self) -> bool:
        return all(self.permissions.values()) and self.authorised and not self.out_of_service

    def binding(self, fixed: dict[str, float]) -> tuple[float, str, dict[str, float]]:
        """(lowest limit in A, its owner, all limits); `fixed` are those of the hardware and come first in a tie."""
        every = {**fixed, **self.limits}
        for name, current in fixed.items():  # an owner called like a hardware limit cannot lift it
            every[name] = min(current, every[name])
        owner = min(every, key=lambda name: every[name])
        return every[owner], owner, every


def _put(table: dict[str, T], owner: str, value: T | None) -> None:
    if value is None:
        table.pop(owner, None)
    else:
        table[owner] = value


def offerable(limit: float, below_minimum: Literal["zero", "clamp", "pass"]) -> float:
    """Current offered for an effective limit of `limit` A, by the vendor's habit below 6 A [A]."""
    if limit >= MINIMUM:
        return limit
    if limit <= 0 or below_minimum == "zero":
        return 0.0
    return MINIMUM if below_minimum == "clamp" else limit
