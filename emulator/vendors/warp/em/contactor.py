"""The contactor of an Energy Manager: it takes L2 and L3 away from the charger behind it.

The one rule: it follows its coil; without supply it is open, and one phase is left.
Source: Tinkerforge esp32-firmware, `modules/em_v1`.
"""

from __future__ import annotations

from typing import Literal

from ....core.messages import SetSupply
from ..platform import Platform


class Contactor:
    """The contactor, if there is one."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.closed = False

    @property
    def phases(self) -> Literal[1, 3]:
        return 3 if self.closed else 1

    def start(self) -> None:
        """Power comes: it is open."""
        self.set(False, always=True)

    def set(self, closed: bool, *, always: bool = False) -> None:
        """Drive the coil."""
        if closed == self.closed and not always:
            return
        self.closed = closed
        phases = self._platform.spec.supply.phases if closed else 1
        self._platform.simulation.apply(self._platform.charger, SetSupply(phases=phases))
