"""What the main controller does by itself: limits, permissions, counters, and what it finds wrong.

The one rule: it runs on the charger's events and on timers in simulated time; reading never moves it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, cast

from ...core.instant import SECOND, Instant, later
from ...core.messages import Command, Event, MarkEnergy, RequestPhases, SetLimit, SetPermission
from ...core.snapshot import EvseState, Phases, Snapshot
from . import faultcodes

if TYPE_CHECKING:
    from .wallbox import NrgKick

WATCH: Final = SECOND
"""µs between looks at a load that may still be rising."""
STEADY_LOOKS: Final = 10
VOLTAGE_DROP: Final = 0.10
"""Share of the nominal voltage by which a load may pull it down. ASSUMED."""
SILENCE: Final = 30.0
"""s after a wake-up in which a vehicle has to ask. ASSUMED."""
UNKNOWN_FREQUENCY, UNKNOWN_GRID = 72, 73
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

    def connected(self, at: Instant) -> int:
        """Whole seconds from plug-in to unplugging."""
        running = at - self.plugged_at if self.plugged_at is not None else 0
        return (self.connected_before + running) // SECOND

    def charging(self, at: Instant) -> int:
        """Whole seconds in status CHARGING."""
        running = at - self.charging_since if self.charging_since is not None else 0
        return (self.charged_before + running) // SECOND

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


_CHARGING: Final = (str(EvseState.CHARGING), str(EvseState.C_STOPPING))


class Logic:
    """The main controller of one unit. It keeps running while the SmartModule restarts."""

    def __init__(self, box: NrgKick) -> None:
        self._box = box
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
        self._unloaded: Phases = (0.0, 0.0, 0.0)
        self._steady = 0
        self._told: dict[tuple[type, str], Command] = {}
        self._watch = box.timer(self._look)
        self._silence = box.timer(self._no_answer)
        self._hold = box.timer(self._hold_over)

    # --- what the charger is told ------------------------------------------------------------------------------------

    @property
    def own_error(self) -> int:
        """An error the charge controller knows nothing about."""
        box = self._box
        if box.attachment.current > box.rated_current:
            return ATTACHMENT_TOO_LARGE
        if box.attachment.type2 and not box.settings.flag("type2_authorised"):
            return TYPE2_NOT_AUTHORISED
        return self._latched

    @property
    def _fit(self) -> bool:
        return not self.own_error and not self.grid.error and self._box.attachment.type != 0

    def start(self) -> None:
        now = self._box.snapshot()
        self._state = str(now.state)
        if now.plugged:
            self.session = Session(plugged_at=later(now.at, -now.connected_for))
        self.grid = Grid.detect(now)
        self.apply()

    def apply(self) -> None:
        """Bring the charger's inputs in line with settings and findings."""
        box, settings = self._box, self._box.settings
        attachment = box.attachment
        sun = settings.number("solar_current") if settings.flag("solar_charging") else None
        self._tell(SetLimit(owner=self._owner("current_set"), current=box.controls.current_set))
        self._tell(SetLimit(owner=self._owner("connector"), current=attachment.current))
        self._tell(SetLimit(owner=self._owner("solar_charging"), current=sun))
        self._permit("charge_pause", settings.integer("charge_pause") == 0)
        self._permit("schedule", not settings.flag("schedule_waiting"))
        self._permit("blackout", not self.held)
        self._permit("error", self._fit)
        phases = max(1, min(settings.integer("phase_count"), attachment.phases))
        self._tell(RequestPhases(owner=self._owner("phase_count"), phases=cast("Literal[1, 2, 3]", phases)))
        self._limit_energy(settings.integer("energy_limit"))
        self._permit("energy_limit", not self.limit_reached)

    def _limit_energy(self, limit: int) -> None:
        """ASSUMED: the limit stays over unplugging and counts anew in the next session."""
        self.limit_reached = bool(limit) and self._box.snapshot().session_energy >= limit and self.limit_reached
        self._tell(MarkEnergy(owner=self._owner("energy_limit"), energy=float(limit) if limit else None))

    def _permit(self, name: str, granted: bool) -> None:
        self._tell(SetPermission(owner=self._owner(name), granted=granted))

    def _owner(self, name: str) -> str:
        return f"{self._box.name}.{name}"

    def _tell(self, command: Command) -> None:
        """Submit what is news to the charger. A charger without phase switching ignores a request for phases."""
        key = (type(command), getattr(command, "owner", ""))
        if self._told.get(key) != command:
            self._told[key] = command
            self._box.submit(command)

    # --- what happens ------------------------------------------------------------------------------------------------

    def handle(self, event: Event) -> None:
        handler = getattr(self, f"_on_{event.name}", None)
        if handler is not None:
            handler(event)
        if self._flowing:
            self._look_again()

    def _on_plugged(self, event: Event) -> None:
        settings = self._box.settings
        settings.put("charge_count", (settings.integer("charge_count") + 1) & 0xFFFF)
        self.session = Session(plugged_at=event.at)
        self.limit_reached = self.not_compliant = False
        self._latched = 0
        if settings.flag("forgets_pause"):
            settings.put("charge_pause", 0)
        self.apply()

    def _on_unplugged(self, event: Event) -> None:
        self.session.charges(event.at, False)
        self.session.unplugged(event.at)
        self.not_compliant = False
        self._silence.clear()
        off = self._box.snapshot().state is EvseState.OFF
        detected = self._flowing and not off and self._box.settings.flag("unplug_detection")
        self._latched = UNPLUG_DETECTED if detected else 0
        self.apply()

    def _on_state_changed(self, event: Event) -> None:
        before, self._state = self._state, str(event.detail["to"])
        self.session.charges(event.at, self._state in _CHARGING)
        if before == EvseState.WAKEUP and self._state == EvseState.B_READY:
            self._silence.set(later(event.at, SILENCE))
        elif self._state != EvseState.WAKEUP:
            self._silence.clear()
        if self._state == EvseState.C_CLOSING:
            self.not_compliant = False

    def _on_contactor_opened(self, event: Event) -> None:
        if event.detail["under_load"] and self._state == EvseState.C_STOPPING:
            self.not_compliant = True  # told to stop, the vehicle went on drawing

    def _on_contactor_closed(self, event: Event) -> None:
        self._unloaded = self._box.snapshot().phase_voltage

    def _on_current_started(self, event: Event) -> None:
        self._flowing = True

    def _on_current_stopped(self, event: Event) -> None:
        self._flowing = False
        self._watch.clear()

    def _on_rcd_tripped(self, event: Event) -> None:
        fault = str(event.detail["fault"])
        self.tripped[fault] = faultcodes.trigger(fault, cast("float", event.detail["residual_current"]))

    def _on_fault_raised(self, event: Event) -> None:
        if event.detail["fault"] == "frequency":
            slow = self._box.snapshot().frequency < (self.grid.frequency or 50)
            self.frequency_error = faultcodes.UNDERFREQUENCY if slow else faultcodes.OVERFREQUENCY

    def _on_energy_reached(self, event: Event) -> None:
        if event.detail["mark"] == self._owner("energy_limit"):
            self.limit_reached = True
            self.apply()

    def _on_supply_changed(self, event: Event) -> None:
        if self.grid.error:
            self._detect()

    _on_fault_cleared = _on_supply_changed

    def _on_supply_lost(self, event: Event) -> None:
        self._was_out = True
        self._flowing = False
        for timer in (self._watch, self._silence, self._hold):
            timer.clear()

    def _on_booted(self, event: Event) -> None:
        hold = self._box.settings.number("blackout_hold")
        if self._was_out and hold > 0:
            self.held = True
            self._hold.set(later(event.at, hold))
        self._was_out = False
        self._detect()

    def _detect(self) -> None:
        self.grid = Grid.detect(self._box.snapshot())
        self.apply()

    # --- time --------------------------------------------------------------------------------------------------------

    def _hold_over(self, _: Instant) -> None:
        self.held = False
        self.apply()
        self._box.changed()

    def _no_answer(self, _: Instant) -> None:
        self.not_compliant = True
        self._box.changed()

    def _look_again(self) -> None:
        """Something happened to a running charge: watch the load until it no longer rises."""
        self._steady = 0
        if self._watch.due is None:
            self._watch.set(self._box.simulation.at + WATCH)

    def _look(self, at: Instant) -> None:
        now = self._box.snapshot()
        if now.power > self.session.peak:
            self.session.peak = now.power
            self._steady = 0
        self._steady += 1
        if self._drops(now):
            self._latched = DROP_DETECTED
            self.apply()
            self._box.changed()
        elif self._steady <= STEADY_LOOKS:
            self._watch.set(at + WATCH)

    def _drops(self, now: Snapshot) -> bool:
        """The load pulls a phase it is on down."""
        allowed = VOLTAGE_DROP * self.grid.voltage
        phases = zip(self._unloaded, now.phase_voltage, now.phase_current, strict=True)
        return now.contactor and any(i > 1.0 and before - v > allowed for before, v, i in phases)
