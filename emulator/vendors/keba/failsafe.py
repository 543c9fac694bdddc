"""The failsafe: what the box does when its master falls silent.

The one rule: only writing a current, an enable or the timeout itself feeds it; reading never does.
Source: UDP guide, `failsafe`; Modbus guide, 5016 to 5020; evcc rewrites 5018 at every half timeout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ...core.instant import Instant, later

if TYPE_CHECKING:
    from .wallbox import Keba

Food = Literal["current", "enable", "timeout"]


class Failsafe:
    """The watchdog of one box."""

    def __init__(self, box: Keba) -> None:
        self._box = box
        self._watchdog = box.timer(self._expired)
        self._missing: set[Food] = set()
        """What the master still has to send after the watchdog has tripped."""

    @property
    def tripped(self) -> bool:
        return bool(self._missing)

    @property
    def due(self) -> Instant | None:
        """When it trips if nobody feeds it."""
        return self._watchdog.due

    def feed(self, food: Food) -> None:
        """The master has spoken. After a trip it takes a current and an enable to go on."""
        self._missing.discard(food)
        self.restart()

    def configure(self, seconds: int) -> None:
        """A new timeout begins now; 0 switches it off. ASSUMED: which also ends a trip."""
        self._box.settings.put("failsafe_timeout", seconds)
        if seconds == 0:
            self._missing.clear()
        self.restart()

    def stop(self) -> None:
        self._watchdog.clear()
        self._missing.clear()

    def restart(self) -> None:
        """Count from now, with the timeout in force."""
        seconds = self._box.settings.integer("failsafe_timeout")
        running = seconds > 0 and not self.tripped
        self._watchdog.set(later(self._box.simulation.at, seconds) if running else None)
        self._box.simulation.wake()

    def _expired(self, _: Instant) -> None:
        # ASSUMED: a P40, which is enabled by its current, goes on with a current alone.
        self._missing = {"current"} if self._box.trait("generation") == "P40" else {"current", "enable"}
        self._box.note("failsafe_tripped", {"current": self._box.settings.integer("failsafe_current")})
        self._box.logic.apply()
        self._box.changed()
