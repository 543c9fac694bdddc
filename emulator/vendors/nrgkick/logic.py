"""What the main controller does by itself: limits, permissions, counters, and what it finds wrong.

The one rule: it runs on the charger's events and on timers in simulated time; reading never moves it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from ...core.instant import SECOND, Instant, later
from ...core.messages import Event
from ...core.snapshot import Phases, Snapshot
from ...core.states import EvseState
from ...devices.charge_control import ChargeControl
from ...devices.quirks import Quirk
from ...runtime.simulation import Simulation
from .controls import CHARGE_PAUSE, ENERGY_LIMIT, PHASE_COUNT, Controls
from .quirks import FORGETS_PAUSE
from .settings import BLACKOUT_HOLD, CHARGE_COUNT, TYPE2_AUTHORISED, UNPLUG_DETECTION
from .smart import Smart

NOMINAL: Final = 230
"""Grid voltage while none is known [V]."""
WATCH: Final = SECOND
"""µs between looks at a load that may still be rising."""
STEADY_LOOKS: Final = 10
VOLTAGE_DROP: Final = 0.10
"""Share of the nominal voltage by which a load may pull it down. ASSUMED."""
SILENCE: Final = 30.0
"""s after a wake-up in which a vehicle has to ask. ASSUMED."""
UNDERFREQUENCY, OVERFREQUENCY, UNKNOWN_FREQUENCY, UNKNOWN_GRID = 70, 71, 72, 73
ATTACHMENT_TOO_LARGE, DROP_DETECTED, UNPLUG_DETECTED, TYPE2_NOT_AUTHORISED = 2, 3, 4, 5


@dataclass(frozen=True, slots=True)
class Grid:
    """The type of grid found at power-on; 0: none that is known. Bands ASSUMED."""

    voltage: int
    frequency: int

    @classmethod
    def detect(cls, now: Snapshot) -> Grid:
        volts = max(now.phase_voltage)
        voltage = next((kind for kind in (230, 120) if 0.80 * kind <= volts <= 1.22 * kind), 0)
        return cls(voltage, next((kind for kind in (50, 60) if abs(now.frequency - kind) <= 4.0), 0))

    @property
    def error(self) -> int:
        if not self.frequency:
            return UNKNOWN_FREQUENCY
        return 0 if self.voltage else UNKNOWN_GRID


@dataclass(slots=True)
class Session:
    """Counters of the most recent charge; kept after unplugging until the next plug-in."""

    peak: float = 0.0
    """W"""
    plugged_at: Instant | None = None
    connected_before: Instant = 0
    charging_since: Instant | None = None
    charged_before: Instant = 0

    def connected(self, now: Snapshot) -> int:
        """Whole seconds from plug-in to unplugging."""
        if self.plugged_at is None:
            return self.connected_before // SECOND
        return now.elapsed(self.plugged_at - self.connected_before)

    def charging(self, now: Snapshot) -> int:
        """Whole seconds in status CHARGING."""
        if self.charging_since is None:
            return self.charged_before // SECOND
        return now.elapsed(self.charging_since - self.charged_before)

    def unplugged(self, at: Instant) -> None:
        if self.plugged_at is not None:
            self.connected_before, self.plugged_at = at - self.plugged_at, None

    def charges(self, at: Instant, charging: bool) -> None:
        """The status is CHARGING from now on, or no longer."""
        if charging and self.charging_since is None:
            self.charging_since = at
        elif not charging and self.charging_since is not None:
            self.charged_before += at - self.charging_since
            self.charging_since = None


_PHASES: Final[Mapping[float, Literal[1, 2, 3]]] = {1: 1, 2: 2, 3: 3}


def charging(now: Snapshot) -> bool:
    """Status CHARGING: the vehicle draws, or is about to let go, be it for a phase switch."""
    releasing = now.state is EvseState.PHASE_SWITCH and now.contactor
    return releasing or now.state in (EvseState.CHARGING, EvseState.C_STOPPING)


def rcd_trigger(fault: str, residual: float) -> int:
    """`rcd_trigger` for a trip at a residual current [A]."""
    if fault == "rcd_dc":
        return 4 if residual >= 0 else 5
    if residual >= 0.150:
        return 3
    return 2 if residual >= 0.060 else 1


class Logic:
    """The main controller of one unit. It keeps running while the SmartModule restarts."""

    def __init__(
        self,
        controls: Controls,
        charge: ChargeControl,
        simulation: Simulation,
        snapshot: Callable[[], Snapshot],
        smart: Smart,
        shows: Callable[[Quirk], bool],
    ) -> None:
        self._controls = controls
        self._unit = controls.unit
        self._settings = controls.settings
        self._charge = charge
        self._simulation = simulation
        self._snapshot = snapshot
        self._smart = smart
        self._shows = shows
        self.session = Session()
        self.grid = Grid(230, 50)
        self.tripped: dict[str, int] = {}
        """`rcd_trigger` of the last trip, by fault."""
        self.frequency_error = 0
        self.limit_reached = False
        self.held = False
        """Charging waits after a blackout."""
        self.not_compliant = False
        self._latched = 0
        """An error that stays until the next plug-in."""
        self._state = ""
        self._flowing = False
        self._was_out = False
        self._left_plugged = False
        """A vehicle was plugged in when the power, or the controller's memory, went."""
        self._unloaded: Phases = (0.0, 0.0, 0.0)
        self._steady = 0
        self._watch = simulation.timer(self._look)
        self._silence = simulation.timer(self._no_answer)
        self._hold = simulation.timer(self._hold_over)
        self._clock = simulation.timer(self._minute)
        self._reactions: Mapping[str, Callable[[Event], None]] = {
            "plugged": self._plugged,
            "unplugged": self._unplugged,
            "state_changed": self._state_changed,
            "contactor_opened": self._contactor_opened,
            "contactor_closed": self._contactor_closed,
            "current_started": self._current_started,
            "current_stopped": self._current_stopped,
            "rcd_tripped": self._rcd_tripped,
            "fault_raised": self._fault_raised,
            "fault_cleared": self._supply_changed,
            "supply_changed": self._supply_changed,
            "energy_reached": self._energy_reached,
            "supply_lost": self._supply_lost,
            "booted": self._booted,
        }

    # --- what the charger is told ------------------------------------------------------------------------------------

    @property
    def own_error(self) -> int:
        """An error the charge controller knows nothing about."""
        attachment = self._unit.attachment
        if attachment.current > self._unit.rated_current:
            return ATTACHMENT_TOO_LARGE
        if attachment.type2 and not self._settings[TYPE2_AUTHORISED]:
            return TYPE2_NOT_AUTHORISED
        return self._latched

    @property
    def _fit(self) -> bool:
        return not self.own_error and not self.grid.error and self._unit.attachment.type != 0

    def start(self) -> None:
        now = self._snapshot()
        self._state = str(now.state)
        if now.plugged:
            self.session = Session(plugged_at=later(now.at, -now.connected_for))
        self.grid = Grid.detect(now)
        self.apply()

    def apply(self) -> None:
        """Bring the charger's inputs in line with settings and findings."""
        settings, charge, attachment = self._settings, self._charge, self._unit.attachment
        charge.limit("current_set", self._controls.current_set)
        charge.limit("connector", attachment.current)
        charge.permit("charge_pause", settings[CHARGE_PAUSE.setting] == 0)
        charge.permit("blackout", not self.held)
        charge.permit("error", self._fit)
        volts = self.grid.voltage or NOMINAL
        solar = self._smart.phases(volts)
        wanted = settings[PHASE_COUNT.setting] if solar is None else float(solar)
        phases = _PHASES[max(1, min(wanted, attachment.phases))]
        charge.phases("phase_count", phases)
        charge.limit("solar_charging", self._smart.current(volts, phases))
        at = self._simulation.at
        charge.permit("schedule", not self._smart.waits(at))
        self._clock.set(self._smart.due(at))
        self._simulation.wake()
        limit = settings[ENERGY_LIMIT.setting]
        # ASSUMED: the limit stays over unplugging and counts from zero in the next session.
        self.limit_reached = bool(limit) and self._snapshot().session_energy >= limit and self.limit_reached
        charge.mark_energy("energy_limit", float(limit) if limit else None)
        charge.permit("energy_limit", not self.limit_reached)

    # --- what happens ------------------------------------------------------------------------------------------------

    def handle(self, event: Event) -> None:
        react = self._reactions.get(event.name)
        if react is not None:
            react(event)
        if self._flowing:
            self._look_again()

    def _plugged(self, event: Event) -> None:
        """A vehicle that was plugged in all through an outage is not counted again."""
        settings = self._settings
        if not (self._left_plugged and self._state == EvseState.BOOT):
            settings.put(CHARGE_COUNT, (settings[CHARGE_COUNT] + 1) & 0xFFFF)
        self._left_plugged = False
        self.session = Session(plugged_at=event.at)
        self.limit_reached = self.not_compliant = False
        self._latched = 0
        if self._shows(FORGETS_PAUSE):
            settings.put(CHARGE_PAUSE.setting, 0)
        self.apply()

    def _unplugged(self, event: Event) -> None:
        self.session.charges(event.at, False)
        self.session.unplugged(event.at)
        self.not_compliant = False
        self._silence.clear()
        state = self._snapshot().state
        off = state is EvseState.OFF
        self._left_plugged = off or state is EvseState.BOOT
        detected = self._flowing and not off and self._settings[UNPLUG_DETECTION]
        self._latched = UNPLUG_DETECTED if detected else 0
        self.apply()

    def _state_changed(self, event: Event) -> None:
        before, self._state = self._state, str(event.detail["to"])
        self.session.charges(event.at, charging(self._snapshot()))
        if before == EvseState.WAKEUP and self._state == EvseState.B_READY:
            self._silence.set(later(event.at, SILENCE))
        elif self._state != EvseState.WAKEUP:
            self._silence.clear()
        if self._state == EvseState.C_CLOSING:
            self.not_compliant = False

    def _contactor_opened(self, event: Event) -> None:
        self.session.charges(event.at, charging(self._snapshot()))
        if event.detail["under_load"] and self._state == EvseState.C_STOPPING:
            self.not_compliant = True  # told to stop, the vehicle went on drawing

    def _contactor_closed(self, event: Event) -> None:
        self._unloaded = self._snapshot().phase_voltage

    def _current_started(self, event: Event) -> None:
        self._flowing = True

    def _current_stopped(self, event: Event) -> None:
        self._flowing = False
        self._watch.clear()

    def _rcd_tripped(self, event: Event) -> None:
        fault, residual = str(event.detail["fault"]), event.detail["residual_current"]
        assert isinstance(residual, float | int)
        self.tripped[fault] = rcd_trigger(fault, residual)

    def _fault_raised(self, event: Event) -> None:
        if event.detail["fault"] == "frequency":
            slow = self._snapshot().frequency < (self.grid.frequency or 50)
            self.frequency_error = UNDERFREQUENCY if slow else OVERFREQUENCY

    def _energy_reached(self, event: Event) -> None:
        if event.detail["mark"] == self._charge.owner("energy_limit"):
            self.limit_reached = True
            self.apply()

    def _supply_changed(self, event: Event) -> None:
        if self.grid.error:
            self._detect()

    def _supply_lost(self, event: Event) -> None:
        self._was_out = True
        self._flowing = False
        for timer in (self._watch, self._silence, self._hold):
            timer.clear()

    def _booted(self, event: Event) -> None:
        hold = self._settings[BLACKOUT_HOLD]
        if self._was_out and hold > 0:
            self.held = True
            self._hold.set(later(event.at, hold))
        self._was_out = False
        self._detect()

    def _detect(self) -> None:
        self.grid = Grid.detect(self._snapshot())
        self.apply()

    # --- time --------------------------------------------------------------------------------------------------------

    def _hold_over(self, _: Instant) -> None:
        self.held = False
        self.apply()
        self._controls.changed()

    def _minute(self, _: Instant) -> None:
        self.apply()
        self._controls.changed()

    def _no_answer(self, _: Instant) -> None:
        self.not_compliant = True
        self._controls.changed()

    def peak_power(self) -> float:
        """The highest power of the session [W]: without noise, with which it would fall again."""
        now = self._snapshot()
        return max(self.session.peak, now.power) if now.plugged else self.session.peak

    def _look_again(self) -> None:
        """Something happened to a running charge: watch the load until it no longer rises."""
        self._steady = 0
        if self._watch.due is None:
            self._watch.set(self._simulation.at + WATCH)

    def _look(self, at: Instant) -> None:
        now = self._snapshot()
        if now.power > self.session.peak:
            self.session.peak = now.power
            self._steady = 0
        self._steady += 1
        if self._drops(now):
            self._latched = DROP_DETECTED
            self.apply()
            self._controls.changed()
        elif self._steady <= STEADY_LOOKS:
            self._watch.set(at + WATCH)

    def _drops(self, now: Snapshot) -> bool:
        """The load pulls a phase it is on down."""
        allowed = VOLTAGE_DROP * self.grid.voltage
        phases = zip(self._unloaded, now.phase_voltage, now.phase_current, strict=True)
        return now.contactor and any(i > 1.0 and before - v > allowed for before, v, i in phases)
