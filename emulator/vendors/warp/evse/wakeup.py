"""Waking a vehicle that does not ask for current, and the watchdog over external control.

The one rule: both run on timers in simulated time, set when something happens and cleared when it is over.
Source: Tinkerforge evse-v2-bricklet, `iec61851.c` (wake-up); esp32-firmware `modules/evse_common` (watchdog).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from ....core.instant import HOUR, SECOND, Instant
from ....core.messages import InterruptPilot, RestorePilot
from ..platform import Platform
from .controller import Controller
from .evseview import Iec
from .timings import Step

LONG_AGO: Final = HOUR
"""A last charge (or plug-in) this long ago adds state F to the sequence."""


class WakeUp:
    """The wake-up sequence: of a vehicle that stays in B after PWM has come on."""

    def __init__(self, platform: Platform, controller: Controller) -> None:
        self._platform = platform
        self._controller = controller
        self._timer = self._platform.timer(self._due)
        self._began: Instant | None = None
        self._next = 0
        self._ends: Instant = 0
        self._last_c: Instant = 0
        self._was_offered = False
        """There was PWM, in B or C: only its return starts the sequence, not a vehicle that has had enough."""

    @property
    def cutting(self) -> bool:
        """The sequence holds the pilot now."""
        return self._began is not None and self._platform.at < self._ends

    def look(self) -> None:
        """Something happened: begin, go on or give up."""
        view = self._controller.now()
        at = self._platform.at
        if at < view.memory.seems_unplugged_until:
            return
        if view.charger_state == 3 or view.iec is Iec.A:
            self._last_c = at
            self._controller.write(replace(self._controller.memory, wakes_with_f=False))
        offered = view.charger_state in (2, 3) and not view.snapshot.phase_switching
        if not offered or view.iec is not Iec.B:
            self._stop()
        elif not self._was_offered and self._platform.generation >= 2:
            self._began = at
            self._next = 0
            self._controller.write(replace(self._controller.memory, wakes_with_f=at - self._last_c >= LONG_AGO))
            self._plan()
        self._was_offered = offered

    def _interrupt(self, cut: bool) -> None:
        self._controller.write(replace(self._controller.memory, interrupting=cut))

    def _steps(self) -> tuple[Step, ...]:
        timings = self._platform.timings
        return timings.wake_up + (timings.with_state_f if self._controller.memory.wakes_with_f else ())

    def _plan(self) -> None:
        steps = self._steps()
        if self._began is not None and self._next < len(steps):
            self._timer.set(self._began + steps[self._next].after * SECOND)
        else:
            self._timer.clear()

    def _due(self, at: Instant) -> None:
        if self._began is None:
            return
        if at < self._ends:
            self._timer.set(self._ends)
            return
        if self._controller.memory.interrupting and not self._controller.memory.disconnected:
            self._interrupt(False)
            self._plan()
            self._platform.changed()
            return
        step = self._steps()[self._next]
        self._next += 1
        if not self._controller.memory.ev_wakeup:
            self._plan()
            return
        self._ends = at + round(step.duration * SECOND)
        self._interrupt(True)
        self._platform.control.submit(
            InterruptPilot(owner=self._platform.control.owner("wakeup"), duration=step.duration, mode=step.mode)
        )
        self._timer.set(self._ends)

    def _stop(self) -> None:
        if self._began is None:
            return
        at = self._platform.at
        if at < self._ends:
            self._platform.control.submit(RestorePilot(owner=self._platform.control.owner("wakeup")))
        if not self._controller.memory.disconnected:
            self._interrupt(False)
        self._began = None
        self._ends = 0
        self._timer.clear()


class Watchdog:
    """Fires an automation trigger once when nothing valid was written for 30 s; the next write arms it again."""

    PERIOD: Final = 30 * SECOND

    def __init__(self, platform: Platform, trigger: int, applies: Callable[[], bool] = lambda: True) -> None:
        self._platform = platform
        self._trigger = trigger
        self._applies = applies
        self._timer = self._platform.timer(self._due)
        self._fed: Instant = 0
        platform.triggers.listen(self.arm)

    def feed(self) -> None:
        """Something valid was written."""
        self._fed = self._platform.at
        if self._platform.triggers.wants(self._trigger):
            self._timer.set(self._fed + self.PERIOD)

    def arm(self) -> None:
        """Rules have changed, or the wallbox has booted: 30 s from the last write or the boot."""
        due = max(self._fed, self._platform.booted_at) + self.PERIOD
        waited_for = self._platform.triggers.wants(self._trigger)
        self._timer.set(due if waited_for and due > self._platform.at else None)

    def stop(self) -> None:
        """The network processor stops."""
        self._timer.clear()

    def _due(self, at: Instant) -> None:
        if self._applies():
            self._platform.triggers.fire(self._trigger)
            self._platform.changed()
