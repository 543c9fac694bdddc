"""Limitation of power consumption (LPC): the states of a controllable system.

The one rule: `TRANSITIONS` is the machine; the class beside it turns heartbeats, limits and the passing of time into
signals. How devices deviate is a table of quirks.
Source: EEBUS use case "Limitation of Power Consumption" 1.0.0, chapter 2.3; quirks: esp32-firmware, `modules/eebus`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum, auto
from typing import Final

from ..core.instant import Instant, later, seconds
from ..runtime.simulation import Simulation
from .heartbeat import GRACE

FIRST_LIMIT: Final = 120.0
"""How long a controllable system waits in Init for a heartbeat and a limit [s]; [LPC-906]."""
NOT_ACCEPTED: Final = "Limit not accepted"


class State(IntEnum):
    """Numbered as in WARP's `eebus/usecases`."""

    STARTUP = 0
    INIT = 1
    UNLIMITED_CONTROLLED = 2
    LIMITED = 3
    FAILSAFE = 4
    UNLIMITED_AUTONOMOUS = 5


class Signal(Enum):
    """What moves the machine."""

    START = auto()
    UNCONTROLLED = auto()
    """No heartbeat and limit came in time."""
    HEARTBEAT_UNLIMITED = auto()
    """And the limit received last is not active."""
    HEARTBEAT_LIMITED = auto()
    """And there is an active limit."""
    LIMIT = auto()
    """An active limit is accepted."""
    RELEASE = auto()
    """A limit that is not active is accepted, or the limit in force has run out."""
    SILENCE = auto()
    """No heartbeat came in time."""
    FAILSAFE_OVER = auto()


TRANSITIONS: Final[Mapping[tuple[State, Signal], State]] = {
    (State.STARTUP, Signal.START): State.INIT,
    (State.INIT, Signal.UNCONTROLLED): State.UNLIMITED_AUTONOMOUS,
    (State.INIT, Signal.HEARTBEAT_UNLIMITED): State.UNLIMITED_CONTROLLED,
    (State.INIT, Signal.HEARTBEAT_LIMITED): State.LIMITED,
    (State.UNLIMITED_CONTROLLED, Signal.LIMIT): State.LIMITED,
    (State.UNLIMITED_CONTROLLED, Signal.SILENCE): State.FAILSAFE,
    (State.LIMITED, Signal.RELEASE): State.UNLIMITED_CONTROLLED,
    (State.LIMITED, Signal.SILENCE): State.FAILSAFE,
    (State.FAILSAFE, Signal.HEARTBEAT_UNLIMITED): State.UNLIMITED_CONTROLLED,
    (State.FAILSAFE, Signal.HEARTBEAT_LIMITED): State.LIMITED,
    (State.FAILSAFE, Signal.FAILSAFE_OVER): State.UNLIMITED_AUTONOMOUS,
    (State.UNLIMITED_AUTONOMOUS, Signal.HEARTBEAT_UNLIMITED): State.UNLIMITED_CONTROLLED,
    (State.UNLIMITED_AUTONOMOUS, Signal.HEARTBEAT_LIMITED): State.LIMITED,
}
"""Whatever is not here changes nothing.

ASSUMED: a heartbeat that no limit follows does not end Failsafe; after 120 s it may ([LPC-921]).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirks:
    """How a device deviates from the use case."""

    needs_duration: bool = False
    """Once a limit above 0 W has come, an active one without a duration is refused while none is active."""
    first_zero_ignored: bool = False
    """0 W as the first limit is acknowledged, reads back as the greatest power, and limits to that."""
    negative_ends_limit: bool = False
    """A refused negative limit also ends the limit in force."""
    unlimited_in_failsafe: bool = False
    """In Init and in Failsafe nothing is limited."""
    failsafe_forgets: bool = False
    """Any heartbeat ends Failsafe, without a new limit; and once Failsafe has run out, it does so at once."""
    heartbeat_ends_init: bool = False
    """A heartbeat ends Init, also without a limit."""
    failsafe_fixed: bool = False
    """Failsafe values that are written in Failsafe count from the next one on."""
    tells_writes_only: bool = False
    """Subscribers are not told that a limit has run out, nor of Failsafe."""


STANDARD: Final = Quirks()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The limit received last."""

    active: bool = False
    power: float = 0.0
    """W"""
    ends: Instant | None = None
    """None: it has no end."""


class ControllableSystem:
    """The LPC machine of one device."""

    def __init__(
        self, simulation: Simulation, greatest: Callable[[], float], changed: Callable[[], None], quirks: Quirks
    ) -> None:
        """`greatest`: the most the device can consume [W]. `changed`: called after every change."""
        self.state = State.STARTUP
        self.quirks = quirks
        self.failsafe_power = greatest()
        self.failsafe_duration = 7200.0
        self.unwritten: Callable[[], None] = lambda: None
        """Called after something that nobody wrote: a heartbeat, or that time has passed."""
        self._simulation = simulation
        self._greatest = greatest
        self._changed = changed
        self._limit: Limit | None = None
        """None: none was received, or (in Failsafe) none since."""
        self._stated_end: Instant | None = None
        self._positive_seen = False
        self._zero_acknowledged = False
        self._failsafe_expired = False
        self._failsafe_since: Instant = 0
        self._failsafe_limit = self.failsafe_power
        """W; of the Failsafe that it is in."""
        self._alive = False
        self._init = simulation.timer(lambda _at: self._uncontrolled())
        self._silence = simulation.timer(lambda _at: self._silent())
        self._end = simulation.timer(lambda _at: self._run_out())
        self._failsafe = simulation.timer(lambda _at: self._failsafe_over())

    # --- what it says ------------------------------------------------------------------------------------------------

    @property
    def limit_active(self) -> bool:
        """As it reads back; in Failsafe it is the failsafe power that limits ([LPC-009/2])."""
        if self.state is State.FAILSAFE:
            return False
        return self._zero_acknowledged or (self._limit is not None and self._limit.active)

    @property
    def limit_power(self) -> float:
        """As it reads back [W]."""
        if self.state is State.FAILSAFE:
            return self._failsafe_limit
        if self._zero_acknowledged or self._limit is None:
            return self._greatest()
        return self._limit.power

    @property
    def remaining(self) -> float | None:
        """Of the time period of the limit [s]; None: it has none."""
        ends = self._stated_end
        return None if ends is None else max(0.0, seconds(ends - self._simulation.at))

    @property
    def obeyed(self) -> float | None:
        """The power the device keeps to [W]; None: there is no limit."""
        if self.state in (State.INIT, State.FAILSAFE):
            limit = self.failsafe_power if self.state is State.INIT else self._failsafe_limit
            return None if self.quirks.unlimited_in_failsafe else limit
        if self._zero_acknowledged:
            return self._greatest()
        return self._limit.power if self.state is State.LIMITED and self._limit is not None else None

    # --- what happens ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """The device starts."""
        self._move(Signal.START)
        self._init.set(later(self._simulation.at, FIRST_LIMIT))
        self._simulation.wake()

    def stop(self) -> None:
        for timer in (self._init, self._silence, self._end, self._failsafe):
            timer.clear()

    def heartbeat(self, timeout: float) -> None:
        """A heartbeat of the energy guard; the next one comes within `timeout` s."""
        self._alive = True
        self._silence.set(later(self._simulation.at, timeout + GRACE))
        self._simulation.wake()
        self._signal_heartbeat()
        self.unwritten()

    def _signal_heartbeat(self) -> None:
        if self._limit is None:
            if self.quirks.heartbeat_ends_init:
                self._move(Signal.UNCONTROLLED)
        else:
            self._move(Signal.HEARTBEAT_LIMITED if self._limit.active else Signal.HEARTBEAT_UNLIMITED)

    def write(self, active: bool, power: float, period: float | None) -> str | None:
        """The energy guard sets the limit, `period` s long (None: without an end); why it is refused."""
        quirks = self.quirks
        if power < 0:
            if quirks.negative_ends_limit and self._limit is not None and self._limit.active:
                self._ended()
            return NOT_ACCEPTED
        first_zero = active and power == 0 and quirks.first_zero_ignored and self._limit is None
        self._positive_seen = self._positive_seen or power > 0
        in_force = self._limit is not None and self._limit.active
        if active and period is None and quirks.needs_duration and not in_force and self._positive_seen:
            return NOT_ACCEPTED
        if first_zero:
            self._zero_acknowledged = True
            self._changed()
            return None
        self._zero_acknowledged = False
        ends = later(self._simulation.at, period) if period is not None else None
        if active and ends is None and in_force and quirks.needs_duration:
            ends = self._stated_end
        self._limit = Limit(active=active, power=power, ends=ends)
        self._stated_end = ends
        self._end.set(ends if active else None)
        self._simulation.wake()
        if self._alive and self.state in (State.INIT, State.UNLIMITED_AUTONOMOUS, State.FAILSAFE):
            self._signal_heartbeat()
        else:
            self._move(Signal.LIMIT if active else Signal.RELEASE)
        self._changed()
        return None

    def set_failsafe(self, power: float | None, duration: float | None) -> None:
        """Other failsafe values [W, s], at once; None: as it was."""
        if power is not None:
            self.failsafe_power = power
        if duration is not None:
            self.failsafe_duration = duration
        if self.state is State.FAILSAFE and not self.quirks.failsafe_fixed:
            self._keep_to_failsafe(self.failsafe_duration)
        self._changed()

    def _run_out(self) -> None:
        self._ended()
        self.unwritten()

    def _ended(self) -> None:
        """The limit in force is over."""
        if self._limit is not None:
            self._limit = Limit(active=False, power=self._limit.power)
        self._end.clear()
        self._move(Signal.RELEASE)
        self._changed()

    def _uncontrolled(self) -> None:
        self._move(Signal.UNCONTROLLED)
        self.unwritten()

    def _silent(self) -> None:
        self._alive = False
        self._move(Signal.SILENCE)
        self.unwritten()

    def _failsafe_over(self) -> None:
        self._failsafe_expired = True
        self._move(Signal.FAILSAFE_OVER)
        self.unwritten()

    def _move(self, signal: Signal) -> None:
        found = TRANSITIONS.get((self.state, signal))
        if found is None or found is self.state:
            return
        self.state = found
        self._init.clear()
        self._failsafe.clear()
        if found is State.FAILSAFE:
            self._enter_failsafe()
        self._changed()

    def _enter_failsafe(self) -> None:
        """The limit counts no more. What WARP has received once, it has received for ever."""
        self._end.clear()
        forgets = self.quirks.failsafe_forgets
        power = self._limit.power if self._limit is not None else 0.0
        self._limit = Limit(active=False, power=power) if forgets else None
        self._failsafe_since = self._simulation.at
        self._keep_to_failsafe(0.0 if forgets and self._failsafe_expired else self.failsafe_duration)

    def _keep_to_failsafe(self, duration: float) -> None:
        """The failsafe values are in force, `duration` s from the beginning of Failsafe."""
        self._failsafe_limit = self.failsafe_power
        self._failsafe.set(max(self._simulation.at, later(self._failsafe_since, duration)))
        self._simulation.wake()
