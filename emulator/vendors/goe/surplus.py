"""Surplus charging: what the client says about grid, roof and house battery, and what follows from it.

The one rule: pure arithmetic on the last data, the power the car takes and the instant; data older than 10 s is gone.
Source: go-e apikeys, "ids", "fst", "fmt", "sh", "pgt", "spl3", "psh", "mpwst", "mptwt", "frm"; go-eCharger-API-v2
documentation of the PV interface for the signs: pGrid < 0 feeds into the grid. The algorithm is ASSUMED.
"""

from __future__ import annotations

import math
from typing import Final, Literal

from ...core.instant import MILLISECOND, SECOND, Instant
from ...core.values import terse, value

HOLD: Final = 10 * SECOND
"""How long data is valid. Source: API documentation (clients say 5 s)."""
VOLTAGE: Final = 230.0
START_DELAY: Final = 30 * SECOND
"""Surplus has to last so long before a slow regulator starts."""
STOP_DELAY: Final = 120 * SECOND
"""It has to be gone so long before a slow regulator stops."""
SILENCE: Final = 6 * SECOND
"""Without data a slow regulator stops after so long, and goes on with the first data after that."""
CLIMB: Final = 15 * SECOND
"""A slow regulator takes one more ampere per phase every so often. Source: 5.6 to 8.2 A in 40 s."""

Phases = Literal[1, 3]


@terse
class Powers:
    """What a client said [W]: `grid` negative feeds in, `pv` positive is production, `battery` positive discharges."""

    at: Instant
    grid: float
    pv: float | None
    battery: float | None


@value
class Tuning:
    """The settings that shape it, W and ms."""

    start: float
    """`fst`"""
    hysteresis: float
    """`sh`"""
    minimum_run: int
    """`fmt`"""
    target: float
    """`pgt`: grid power aimed at."""
    three_phase_level: float
    """`spl3`"""
    phase_hysteresis: float
    """`psh`"""
    wish_time: int
    """`mpwst`"""
    toggle_time: int
    """`mptwt`"""
    rounding: int
    """`frm`: 0 rather from the grid, 1 nearest, 2 rather into the grid."""
    lowest: int
    """Least current [A]: `mca`"""
    highest: int
    """Most current [A]: `amp`, and what is installed."""
    slow: bool = False
    """It takes its time, as measured on a V4 with 60.6: see `START_DELAY` and its neighbours."""


class Surplus:
    """Data, the state of the regulator and the wish for a phase count."""

    def __init__(self) -> None:
        self.data: Powers | None = None
        self.received_at: Instant | None = None
        """When data came last (`inva`), also after it has expired."""
        self.power = 0.0
        """What the car could take, as of the last data [W]."""
        self.phases: Phases = 3
        self.wish_since: Instant | None = None
        self.toggled_at: Instant | None = None
        self._surplus = 0.0
        self._running_since: Instant | None = None
        self._turns_at: Instant | None = None
        """When a slow regulator starts or stops, if it stays as it is."""
        self._starved = False
        """A slow regulator stopped for want of data."""
        self._cap: tuple[int, Instant] | None = None
        """What a slow regulator takes at most [A], and since when."""

    def reset(self) -> None:
        """A new session: forget what the regulator did, keep the data."""
        self._running_since = self._turns_at = self._cap = None
        self._starved = False
        self.wish_since = None

    def receive(self, data: Powers, charging: float) -> None:
        """New data; `charging`: W the car takes while it is measured."""
        self.data = data
        self.received_at = data.at
        self._surplus = charging - data.grid

    def forget(self) -> None:
        self.data = None

    def fresh(self, at: Instant) -> Powers | None:
        """The data, while it is valid."""
        data = self.data
        return data if data is not None and at < data.at + HOLD else None

    @property
    def running(self) -> bool:
        return self._running_since is not None

    def current(self, tuning: Tuning, phases: int) -> int:
        """Current per phase for the power available, within the limits [A]."""
        amperes = self.power / (VOLTAGE * phases)
        whole = {0: math.ceil, 2: math.floor}.get(tuning.rounding, round)(amperes)
        wanted = max(tuning.lowest, min(tuning.highest, int(whole)))
        return wanted if self._cap is None else min(wanted, self._cap[0])

    def update(self, at: Instant, tuning: Tuning, *, may_switch: bool) -> bool:
        """Whether to charge from surplus now."""
        data = self.fresh(at)
        if data is not None:
            self.power = self._surplus + tuning.target
        if tuning.slow:
            self._run_slowly(at, data, tuning)
        else:
            self._run(at, data, tuning)
        self._choose_phases(at, data, tuning, may_switch)
        return self.running

    def _run(self, at: Instant, data: Powers | None, tuning: Tuning) -> None:
        started = self._running_since
        if started is None:
            if data is not None and self.power >= tuning.start:
                self._running_since = at
        elif at >= started + tuning.minimum_run * MILLISECOND and (
            data is None or self.power < tuning.start - tuning.hysteresis
        ):
            self._running_since = None

    def _run_slowly(self, at: Instant, data: Powers | None, tuning: Tuning) -> None:
        """Source: Gesiima/dbus-goecharger, V4 with 60.6 and data every 5 s (n = 1)."""
        started, enough = self._running_since, data is not None and self.power >= tuning.start
        if data is None or at >= data.at + SILENCE:
            self._starved = self._starved or started is not None
            self._running_since = self._turns_at = self._cap = None
        elif started is None:
            self._turns_at = None if not enough else self._turns_at or at + (0 if self._starved else START_DELAY)
            if self._turns_at is not None and at >= self._turns_at:
                self._running_since, self._turns_at, self._starved = at, None, False
                self._cap = (tuning.lowest, at)
        else:
            gone = self.power < tuning.start - tuning.hysteresis
            earliest = max(at + STOP_DELAY, started + tuning.minimum_run * MILLISECOND)
            self._turns_at = None if not gone else self._turns_at or earliest
            if self._turns_at is not None and at >= self._turns_at:
                self._running_since = self._turns_at = self._cap = None
        self._climb(at, tuning)

    def _climb(self, at: Instant, tuning: Tuning) -> None:
        """The cap rises step by step, and falls at once with what there is."""
        if self._cap is None:
            return
        cap, since = self._cap
        steps = (at - since) // CLIMB
        wanted = max(tuning.lowest, min(tuning.highest, int(self.power / VOLTAGE)))
        if wanted < cap:
            self._cap = (wanted, at)
        elif steps:
            self._cap = (min(cap + steps, tuning.highest), since + steps * CLIMB)

    def _choose_phases(self, at: Instant, data: Powers | None, tuning: Tuning, may_switch: bool) -> None:
        if not may_switch or data is None:
            self.wish_since = None
            return
        half = tuning.phase_hysteresis / 2
        up = self.phases == 1 and self.power >= tuning.three_phase_level + half
        down = self.phases == 3 and self.power < tuning.three_phase_level - half
        if not (up or down):
            self.wish_since = None
            return
        if self.wish_since is None:
            self.wish_since = at
        if at >= self._earliest_toggle(tuning):
            self.phases = 3 if up else 1
            self.toggled_at = at
            self.wish_since = None

    def _earliest_toggle(self, tuning: Tuning) -> Instant:
        assert self.wish_since is not None
        earliest = self.wish_since + tuning.wish_time * MILLISECOND
        if self.toggled_at is not None:
            earliest = max(earliest, self.toggled_at + tuning.toggle_time * MILLISECOND)
        return earliest

    def due(self, at: Instant, tuning: Tuning) -> Instant | None:
        """When time alone changes something."""
        times: list[Instant] = []
        if self.data is not None and at < self.data.at + HOLD:
            times.append(self.data.at + HOLD)
        if tuning.slow:
            times += self._slow_times()
        elif self._running_since is not None:
            times.append(self._running_since + tuning.minimum_run * MILLISECOND)
        if self.wish_since is not None:
            times.append(self._earliest_toggle(tuning))
        return min((time for time in times if time > at), default=None)

    def _slow_times(self) -> list[Instant]:
        times = [] if self.data is None else [self.data.at + SILENCE]
        times += [] if self._turns_at is None else [self._turns_at]
        return times + ([] if self._cap is None else [self._cap[1] + CLIMB])
