"""How long a device takes to answer, and what its meter makes of what it measures.

The one rule: latency is wall time and changes no value; noise follows from seed, quantity and instant, never from how
often anybody looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Final, Literal, get_args
from zlib import crc32

from ..core.instant import Instant, grid, later
from ..core.noise import MeterNoise, uniform
from ..core.snapshot import Snapshot
from ..core.values import terse, value
from ..runtime.simulation import Simulation

Realism = Literal["off", "latency", "full"]
"""`latency`: answers take as long as the device's; `full`: its meter is noisy and refreshes as seldom, too."""
LEVELS: Final[tuple[Realism, ...]] = get_args(Realism)

REAL_TIME: Final = 1.0
"""Speed of the clock at which a wallbox is realistic unless it is told otherwise."""


@terse
class Latency:
    """How long an interface takes to answer [wall s]: half of the answers within `typical`, the others up to `most`."""

    least: float
    typical: float
    most: float
    source: str
    """Where the numbers come from; what begins with `ASSUMED` is our guess."""

    def __post_init__(self) -> None:
        if not 0 <= self.least <= self.typical <= self.most:
            raise ValueError(f"latency has to rise: {self.least}, {self.typical}, {self.most}")

    def quantile(self, share: float) -> float:
        """What a share (0..1) of all answers is not slower than [s]. Long ones are rare: the tail is a cubic."""
        if share < 0.5:
            return self.least + (self.typical - self.least) * 2 * share
        return float(self.typical + (self.most - self.typical) * (2 * share - 1) ** 3)


@value
class Habits:
    """How a vendor's wallboxes behave in time."""

    latency: Mapping[str, Latency] = field(default_factory=dict)
    """By interface (`http`, `websocket`, `mqtt`, `modbus`, ...). On MQTT: from a message's arrival to its effect."""
    voltage: float = 1.0
    current: float = 1.0
    frequency: float = 1.0
    """Noise of its meter, as a multiple of the usual one (`core.noise.SHAPES`)."""
    idle_current: bool = False
    """The meter shows 4 to 5 mA on phases without current."""
    refresh: float = 0.0
    """Between two measurements [s]; 0: whenever it is asked, or the vendor's own logic says when."""
    meter_source: str = "ASSUMED"


class Realist:
    """What one wallbox adds to the true course of things."""

    def __init__(
        self, habits: Habits, simulation: Simulation, charger: str, address: str, stated: Realism | None
    ) -> None:
        """`stated`: None: `full` in real time, `off` while the clock stands still or runs at another speed."""
        self._habits = habits
        self._simulation = simulation
        self._charger = charger
        self._address = address
        self._stated = stated
        self._answers: dict[str, int] = {}
        """How often each interface has answered."""
        self._meter = MeterNoise(
            seed=simulation.seed ^ crc32(address.encode()),
            voltage=habits.voltage,
            current=habits.current,
            frequency=habits.frequency,
            idle_current=habits.idle_current,
        )
        self._refresh = later(0, habits.refresh)
        self._seen: Snapshot | None = None
        self._key: tuple[Instant, int, bool] | None = None

    @property
    def level(self) -> Realism:
        if self._stated is not None:
            return self._stated
        return "full" if self._simulation.clock.speed == REAL_TIME else "off"

    @property
    def noisy(self) -> bool:
        """Whether meters tremble."""
        return self.level == "full"

    def latency(self, interface: str) -> float:
        """How long the next answer on an interface takes [wall s]."""
        habit = self._habits.latency.get(interface)
        if habit is None or self.level == "off":
            return 0.0
        number = self._answers[interface] = self._answers.get(interface, 0) + 1
        channel = crc32(f"{self._address}.{interface}".encode())
        return habit.quantile(uniform(self._simulation.seed, channel, number))

    def measured(self, at: Instant | None = None) -> Snapshot:
        """The charger as the wallbox's meter shows it, now or at an instant of the recent past."""
        now = self._simulation.present()
        charger = self._simulation.chargers[self._charger]
        if self.level != "full":
            return charger.present(now) if at is None else charger.snapshot(at)
        instant, moving = (now, True) if at is None else (at, False)
        key = (instant, charger.revision, moving)
        if self._seen is None or self._key != key:
            self._seen, self._key = self._measure(instant, moving=moving), key
        return self._seen

    def _measure(self, at: Instant, *, moving: bool) -> Snapshot:
        charger = self._simulation.chargers[self._charger]
        found = charger.measured(at, self._meter, moving=moving)
        looked = grid(at, self._refresh) if self._refresh else at
        if looked == at:
            return found
        last = charger.measured(looked, self._meter)
        if last.session != found.session:  # a session is not told with the values of the one before
            return found
        return found.measured_last(last, looked + self._refresh)
