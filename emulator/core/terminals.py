"""What charger and vehicle see of each other: the pilot wire from the vehicle's end, and the power terminals.

The one rule: nothing else passes between `evse` and `vehicle`.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from . import pilot
from .snapshot import Phases
from .values import terse


class PilotLevel(Enum):
    """What the control pilot looks like from inside the vehicle."""

    NORMAL = "normal"
    ZERO = "zero"
    """0 V: interrupted, shorted, or no power at the EVSE."""
    MINUS = "minus"
    """Steady -12 V: state F."""


@terse
class PilotSignal:
    """The pilot as the vehicle sees it."""

    level: PilotLevel
    duty: float
    """Duty cycle; 100: no PWM [%]."""

    @property
    def pwm(self) -> bool:
        return self.level is PilotLevel.NORMAL and 7.0 < self.duty <= 97.0


NO_PILOT: Final = PilotSignal(PilotLevel.ZERO, pilot.STEADY)


@terse
class Mains:
    """The power terminals as the vehicle sees them. `phases`: what the contactor is set for, 1 or 3."""

    voltages: Phases
    """Source voltage per terminal, 0 where it is dead or switched off [V]."""
    resistance: float
    phases: int

    @property
    def live(self) -> bool:
        first, second, third = self.voltages
        return first > 0 or second > 0 or third > 0


OFF_MAINS: Final = Mains((0.0, 0.0, 0.0), 0.0, 3)
