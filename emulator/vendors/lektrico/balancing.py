"""How an energy meter steers the chargers it is paired with.

The one rule: what it decides it says with EM_current.Set, as over the network; what a charger makes of that is its own
business. Source: names, ranges and texts of the meters' configuration keys (firmware documents of 25.02.2025). ASSUMED:
the arithmetic, the period, and the form of `chargers_list` (device ids, separated by commas).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import IntEnum
from typing import Final

from ...core.instant import Instant, later
from ...devices.interfaces import Origin
from ...devices.wallbox import Wallbox
from ...runtime.simulation import Simulation
from .config import (
    BREAKER_RATING,
    CAR_MINIMUM_CURRENT,
    CHARGERS_LIST,
    LB_HYBRID_CURRENT,
    LB_METER_OFFLINE_CURRENT,
    LB_PV_MINIMUM_CURRENT,
    LOAD_BALANCING_MODE,
    REVERSE_CURRENT,
)
from .device import Device
from .settings import HOUSE_POWER

PERIOD: Final = 10.0
"""Time between two words to each charger [s]."""
VOLTAGE: Final = 230.0
LEAST, MOST = 6, 32
"""What EM_current.Set takes beside 0 [A]."""
STEERING: Final = frozenset(
    row.name
    for row in (
        *(BREAKER_RATING, CAR_MINIMUM_CURRENT, CHARGERS_LIST, LB_HYBRID_CURRENT, LB_METER_OFFLINE_CURRENT),
        *(LB_PV_MINIMUM_CURRENT, LOAD_BALANCING_MODE, REVERSE_CURRENT),
    )
) | {HOUSE_POWER.name}
"""Settings that the decision depends on."""

Say = Callable[[int, Origin], None]
"""EM_current.Set of one charger."""


class Mode(IntEnum):
    """`load_balancing_mode`"""

    OFF = 0
    POWER = 1
    HYBRID = 2
    GREEN = 3
    SHARE = 4


class Neighbours:
    """The chargers that meters of one simulation can reach, by device id."""

    _KEY: Final = "lektrico.neighbours"

    def __init__(self) -> None:
        self.chargers: dict[str, Say] = {}

    @classmethod
    def of(cls, simulation: Simulation) -> Neighbours:
        found = simulation.extensions.setdefault(cls._KEY, cls())
        assert isinstance(found, cls)
        return found


class Balancer:
    """One meter's steering."""

    def __init__(self, wallbox: Wallbox, device: Device) -> None:
        self._wallbox = wallbox
        self._device = device
        self._settings = device.settings
        self._charging = False
        """The sun is enough, and was enough a moment ago."""
        self._timer = wallbox.timer(self._speak)

    def start(self) -> None:
        """Something it depends on has changed, or the meter has started."""
        if self._paired and self._wallbox.up:
            self._timer.set(self._wallbox.simulation.at)
            self._wallbox.simulation.wake()
        else:
            self._timer.clear()

    def stop(self) -> None:
        self._timer.clear()

    @property
    def _paired(self) -> list[str]:
        """Device ids of the chargers it steers; none while load balancing is off."""
        if self._settings[LOAD_BALANCING_MODE.setting] == Mode.OFF:
            return []
        return [name.strip() for name in self._settings[CHARGERS_LIST.setting].split(",") if name.strip()]

    def _speak(self, at: Instant) -> None:
        paired, reach = self._paired, Neighbours.of(self._wallbox.simulation).chargers
        if not paired:
            return
        current = self.current(len(paired))
        origin = Origin(interface="em", client=self._device.device_id)
        for name in paired:
            if name in reach:
                reach[name](current, origin)
        self._timer.set(later(at, PERIOD))

    def current(self, chargers: int) -> int:
        """What each of so many chargers may take per phase [A]; 0: nothing."""
        settings, mode = self._settings, self._settings[LOAD_BALANCING_MODE.setting]
        if not self._wallbox.snapshot().meter_ok:
            return settings[LB_METER_OFFLINE_CURRENT.setting]
        room = settings[BREAKER_RATING.setting] - (0.0 if mode == Mode.SHARE else max(0.0, *self._house()))
        sun = -math.fsum(self._house()) / self._phases
        if mode == Mode.HYBRID:
            room = min(room, max(sun, chargers * settings[LB_HYBRID_CURRENT.setting]))
        elif mode == Mode.GREEN:
            room = min(room, self._green(sun, chargers))
        each = int(room / chargers)
        return min(each, MOST) if each >= LEAST else 0

    def _green(self, sun: float, chargers: int) -> float:
        """From the sun alone: begins with the least a vehicle takes, and goes on with that for a smaller export."""
        least = chargers * self._settings[CAR_MINIMUM_CURRENT.setting]
        enough = self._settings[LB_PV_MINIMUM_CURRENT.setting] if self._charging else least
        self._charging = sun >= enough
        return max(sun, least) if self._charging else 0.0

    @property
    def _phases(self) -> int:
        return 3 if self._device.traits.three_phase else 1

    def _house(self) -> list[float]:
        """Current of the rest of the house on each line it measures [A]; negative: feeds in."""
        sign = -1.0 if self._settings[REVERSE_CURRENT.setting] else 1.0
        return [sign * watts / VOLTAGE for watts in self._settings[HOUSE_POWER][: self._phases]]
