"""The fail-safe: what holds when the Modbus master falls silent.

The one rule: whatever the master asks for that makes sense counts as a sign of life; refused requests do not.
Source: names of registers 131 and 132 in MENNEKES' document. ASSUMED: the details, and that 0 s is "never".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.instant import Instant, later

if TYPE_CHECKING:
    from .wallbox import Bender


class Failsafe:
    """The watchdog of one controller."""

    def __init__(self, box: Bender) -> None:
        self._box = box
        self._watchdog = box.timer(self._expired)
        self.tripped = False

    @property
    def due(self) -> Instant | None:
        """When it trips if the master stays silent."""
        return self._watchdog.due

    def heard(self, *, write: bool) -> None:
        """A request was answered. An ICC leaves its time-out only with the next write."""
        if self._box.icc and self.tripped and not write:
            return
        was, self.tripped = self.tripped, False
        self.restart()
        if was:
            self._box.note("failsafe_ended")
            self._box.logic.apply()
            self._box.changed()

    def restart(self) -> None:
        """The time-out begins anew."""
        seconds = self._box.settings.integer("communication_timeout")
        if seconds == 0:
            self.tripped = False
        running = seconds > 0 and self._box.modbus_on and not self.tripped
        if running or self._watchdog.due is not None:
            self._watchdog.set(later(self._box.simulation.at, seconds) if running else None)
            self._box.simulation.wake()

    def stop(self) -> None:
        self._watchdog.clear()
        self.tripped = False

    def _expired(self, _: Instant) -> None:
        self.tripped = True
        self._box.note("failsafe_tripped", {"current": self._box.settings.integer("safe_current")})
        self._box.logic.apply()
        self._box.changed()
