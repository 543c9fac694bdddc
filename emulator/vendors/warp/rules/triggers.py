"""Triggers: what modules tell the rules of the automation.

The one rule: whoever fires a trigger does not know the rules; the rules answer for whoever asks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ..api.documents import Doc

(CRON, CHARGER_STATE, MQTT, BUTTON, NFC, LIMITS, SHUTDOWN_INPUT, GP_INPUT, WATCHDOG, REQUIRE_METER,
 MANAGER_WATCHDOG) = range(1, 12)  # fmt: skip
GRID_POWER: Final = 17
HTTP: Final = 18
PRICE: Final = 20

Matches = Callable[[Doc], bool]
Fire = Callable[[int, Matches], bool]


class Triggers:
    """The way from modules to the rules of one wallbox."""

    def __init__(self) -> None:
        self._fire: Fire = lambda _, __: False
        self._wants: Callable[[int], bool] = lambda _: False
        self._listeners: list[Callable[[], None]] = []

    def serve(self, fire: Fire, wants: Callable[[int], bool]) -> None:
        """The automation answers from now on."""
        self._fire, self._wants = fire, wants

    def fire(self, trigger: int, matches: Matches = lambda _: True) -> bool:
        """Something happened: run the rules that wait for it. Whether there was any."""
        return self._fire(trigger, matches)

    def wants(self, trigger: int) -> bool:
        """Whether any rule has this trigger."""
        return self._wants(trigger)

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` when the rules have changed."""
        self._listeners.append(listener)

    def changed(self) -> None:
        for listener in self._listeners:
            listener()
