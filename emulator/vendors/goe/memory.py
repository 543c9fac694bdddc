"""What the wallbox remembers from one second of its logic to the next, and shows until the following one.

The one rule: only a tick of the logic changes it, so everything a client reads of it belongs together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from ...core.instant import Instant
from ...core.snapshot import Snapshot
from .ladder import Decision, ModelStatus


class Car(IntEnum):
    """`car`"""

    UNKNOWN = 0
    IDLE = 1
    CHARGING = 2
    WAIT = 3
    COMPLETE = 4
    ERROR = 5
    INITIALIZING = 6


UNDECIDED = Decision(ModelStatus.NO_CONTROLLER, False, ModelStatus.NO_CONTROLLER)


@dataclass(slots=True)
class Memory:
    """Lost at every restart. Instants are simulated time."""

    car: Car | None = None
    err: int | None = None
    session: int | None = None
    """Number of the session in progress."""
    decision: Decision = UNDECIDED
    limits: Mapping[str, int] = field(default_factory=dict)
    """`cll`"""
    current: int | None = None
    """`acu`"""
    since_boot: Instant = 0
    left_idle: Instant | None = None
    left_charging: Instant | None = None
    entered_charging: Instant | None = None
    status_changed: Instant = 0
    allow_changed: Instant = 0
    silent_since: Instant | None = None
    """The charge controller has not been heard since."""
    feedback_changed: Instant | None = None
    """When the lock's feedback changed last."""
    feedback: int = 0
    """`ffb`: 0 fine, 1 problem locking, 2 problem unlocking."""
    last_current: Instant | None = None
    button: Instant | None = None
    long_button: Instant | None = None
    charged_before: Instant = 0
    """Charging in this session before the present stretch of it [µs]."""
    peak_power: float = 0.0
    """The highest since plug-in, at whole seconds next to events [W]."""

    def car_becomes(self, car: Car | None, at: Instant) -> None:
        """Note when the car left idle, left and entered charging."""
        before = self.car
        if car is before:
            return
        self.car = car
        if before is Car.IDLE:
            self.left_idle = at
        if before is Car.CHARGING:
            self.left_charging = self.last_current = at
            if self.entered_charging is not None:
                self.charged_before += at - self.entered_charging
        if car is Car.CHARGING:
            self.entered_charging = at

    def session_begins(self) -> None:
        self.charged_before = 0
        self.peak_power = 0.0

    def feedback_becomes(self, feedback: int, at: Instant) -> None:
        if feedback != self.feedback:
            self.feedback, self.feedback_changed = feedback, at

    def decide(self, decision: Decision, at: Instant) -> None:
        if decision.status is not self.decision.status:
            self.status_changed = at
        if decision.charge is not self.decision.charge:
            self.allow_changed = at
        self.decision = decision


def car_state(snapshot: Snapshot, error: bool, *, booting: bool, phase_change: bool, initializing: bool) -> Car | None:
    """`car` for a state of the charge controller.

    Source: table of states in NOTES.md; real wallboxes show 4, not 3, in a pause (go-eCharger-API-v2#156).
    `booting`: it is starting, or the logic is; `initializing`: the firmware knows state 6.
    """
    if not snapshot.controller_link:
        return None
    if booting:
        return Car.INITIALIZING if initializing else Car.UNKNOWN
    if error:
        return Car.ERROR
    if not snapshot.plugged:
        return Car.IDLE
    if snapshot.contactor:
        return Car.CHARGING
    return Car.COMPLETE if snapshot.has_charged or phase_change else Car.WAIT
