"""The connector: a tethered cable, or a socket with a proximity contact and a lock.

The one rule: what is plugged into a socket is known by its coding resistor only.
"""

from __future__ import annotations

from . import proximity
from .events import Emit
from .faults import Conditions
from .instant import Instant
from .lock import Lock
from .specs import ChargerSpec


class Connector:
    """Cable, coding and lock of one charge point."""

    def __init__(self, spec: ChargerSpec, emit: Emit) -> None:
        self.is_socket = spec.connector == "socket"
        self.lock = Lock(spec.evse.lock_time, emit, opens_on_outage=spec.evse.unlock_on_outage)
        self.cable: float | None = None
        """Rating of the loose cable in the socket [A]."""
        self._rated = spec.rated_current

    @property
    def secured(self) -> bool:
        """Current may flow as far as the lock is concerned."""
        return not self.is_socket or self.lock.closed

    def resistance(self, conditions: Conditions) -> float | None:
        """Resistance on the proximity pilot of a socket; None: nothing there [ohm]."""
        if not self.is_socket:
            return None
        if conditions.proximity is not None:
            return conditions.proximity
        return proximity.resistance_for(self.cable) if self.cable is not None else None

    def rating(self, conditions: Conditions) -> float | None:
        """Current the cable may carry; None: no cable; 0: coding out of range [A]."""
        return proximity.rating(self.resistance(conditions)) if self.is_socket else self._rated

    def invalid(self, conditions: Conditions) -> bool:
        """Whether the proximity pilot is out of every coding range."""
        return self.is_socket and self.rating(conditions) == proximity.INVALID

    def step(self, at: Instant, wanted: bool, conditions: Conditions) -> bool:
        """Move the lock; whether its state changed."""
        return self.is_socket and self.lock.step(at, wanted, conditions.lock_stuck)
