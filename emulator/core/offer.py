"""What may be offered to the vehicle: named limits, permissions and authorisations.

The one rule: the lowest limit wins, whoever set it, and every permission has to be given.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

MINIMUM: Final = 6.0
"""A; less cannot be coded in the duty cycle."""


@dataclass(slots=True)
class Offer:
    """The inputs of several owners to one offered current. Owners are free names such as `goe.amp`."""

    limits: dict[str, float] = field(default_factory=dict)
    permissions: dict[str, bool] = field(default_factory=dict)
    authorisations: dict[str, bool] = field(default_factory=dict)
    out_of_service: set[str] = field(default_factory=set)

    def put_limit(self, owner: str, current: float | None) -> None:
        """ValueError for a negative current."""
        if current is None:
            self.limits.pop(owner, None)
        elif current >= 0:
            self.limits[owner] = current
        else:
            raise ValueError(f"a limit of {current} A")

    def put(self, table: dict[str, bool], owner: str, granted: bool | None) -> None:
        if granted is None:
            table.pop(owner, None)
        else:
            table[owner] = granted

    @property
    def authorised(self) -> bool:
        return all(self.authorisations.values())

    @property
    def permitted(self) -> bool:
        return all(self.permissions.values()) and self.authorised and not self.out_of_service

    def binding(self, fixed: dict[str, float]) -> tuple[float, str, dict[str, float]]:
        """(lowest limit in A, its owner, all limits); `fixed` are those of the hardware and come first in a tie."""
        every = {**fixed, **self.limits}
        owner = min(every, key=lambda name: every[name])
        return every[owner], owner, every


def offerable(limit: float, below_minimum: Literal["zero", "clamp", "pass"]) -> float:
    """A offered for an effective limit of `limit` A, by the vendor's habit below 6 A."""
    if limit >= MINIMUM:
        return limit
    if limit <= 0 or below_minimum == "zero":
        return 0.0
    return MINIMUM if below_minimum == "clamp" else limit
