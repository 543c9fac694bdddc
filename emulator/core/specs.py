"""What a user states about the things of the world: vehicle, supply, charger.

Field names are the scenario's argument names; every default is the one of the physics reference. A spec never changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .units import (
    AmbientCelsius,
    Amperes,
    AmperesPerSecond,
    Celsius,
    Fraction,
    Hertz,
    Kelvin,
    Ohms,
    RatedAmperes,
    Seconds,
    Volts,
    WattHours,
    Watts,
)

WakeTrigger = Literal["pwm", "pilot_open", "state_f", "api"]
Recovery = Literal["auto", "unplug", "command", "power"]
"""What lets a fault go, once its condition is gone: time, unplugging, a reset command, or a power cycle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleSpec:
    """One electric vehicle: battery, on-board charger, and its habits."""

    model: str = "generic"
    capacity: WattHours = 58_000.0
    state_of_charge: Fraction = 0.40
    charge_limit: Fraction = 1.0
    phases: int = 3
    """Phases the on-board charger uses, 1..3."""
    max_current: Amperes = 16.0
    min_current: Amperes = 6.0
    """Smallest offer at which it charges."""
    below_minimum: Literal["refuse", "idle"] = "refuse"
    """Below `min_current`: never closes S2, or closes it and draws reactive current only."""
    two_phases_below: Amperes = 0.0
    """Below this offer only L1 and L2 are used; 0: never."""
    current_gain: float = 0.99
    current_offset: Amperes = 0.1
    """The vehicle draws `current_gain * offer - current_offset`. ASSUMED: vehicles undershoot."""
    reactive_current: Amperes = 0.6
    """Capacitive current of the mains filter per energised phase."""
    loss_power: Watts = 200.0
    efficiency: Fraction = 0.945
    """Battery power is `efficiency * (power - loss_power)`, never negative."""
    standby_power: Watts = 5.0
    s2_delay: Seconds = 1.5
    start_delay: Seconds = 3.0
    reaction_delay: Seconds = 1.0
    stop_delay: Seconds = 0.5
    ramp_up: AmperesPerSecond = 2.0
    ramp_down: AmperesPerSecond = 8.0
    ramp_stop: AmperesPerSecond = 16.0
    taper: Literal["linear", "exponential", "none"] = "linear"
    taper_start: Fraction = 0.90
    taper_power: Watts = 11_000.0
    end_power: Watts = 1_000.0
    """Battery power accepted at 100 %."""
    burst_after: Seconds | None = None
    """Top-up: this long after the end of charge the vehicle asks again; None: never."""
    burst_duration: Seconds = 600.0
    burst_power: Watts = 2_500.0
    sleep_after: Seconds | None = None
    """Without charging this long the on-board charger sleeps; None: never."""
    wake: tuple[WakeTrigger, ...] = ("pwm",)
    wake_pilot_open: Seconds = 4.0
    """A pilot interruption of at least this length wakes, if `pilot_open` is in `wake`."""
    wake_state_f: Seconds = 1.0
    wake_delay: Seconds = 5.0
    toggle_limit: int | None = None
    """After so many stops by the charger it refuses until unplugged; None: never."""
    latch_in_ramp: bool = False
    """An offer withdrawn during the first ramp locks the vehicle out until unplugged (PSA)."""
    sticky_single_phase: bool = False
    """After a change from one phase to three it stays on L1 until unplug or a pilot interruption of 1 s or more."""
    pilot_break_minimum: Seconds = 0.0
    """After a 1 to 3 phase change without an interruption this long it only blips C for 250 ms; 0: no such habit."""
    phase_stagger: Seconds = 0.0
    """Delay between the start of L1 and the start of the other phases."""
    phase_loss: Literal["continue", "stop"] = "continue"
    patience: Seconds = 30.0
    """Requesting without mains this long: gives up, and tries again after `retry`."""
    retry: Seconds = 60.0
    ventilation: bool = False
    """Asks for state D instead of C."""
    simplified: bool = False
    """No state B: C from plug-in to unplug, ignores the duty cycle."""
    ignores_pwm_off: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplySpec:
    """The grid connection in front of the charger."""

    voltage: Volts = 230.0
    """Source voltage of each phase to neutral (on IT networks: line to line)."""
    phases: int = 3
    frequency: Hertz = 50.0
    source_resistance: Ohms = 0.20
    network: Literal["TN", "TT", "IT"] = "TN"
    rotation: Literal["RST", "STR", "TRS"] = "RST"
    """Which grid lines feed L1, L2, L3 of the charger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Climate:
    """Ambient temperature: constant, or a daily sine with its maximum at `warmest`."""

    ambient: AmbientCelsius = 20.0
    swing: Kelvin = 0.0
    """Amplitude of the daily sine."""
    warmest: Seconds = 15 * 3600.0
    """Time of day of the maximum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseSwitching:
    """How this hardware changes between one and three phases."""

    fitted: bool = True
    wait: Seconds = 10.0
    """Contactor open to pilot back."""
    wait_under_load: Seconds = 0.0
    """The wait is at least this if the contactor opened under load (WARP 60 s)."""
    pilot: Literal["open", "x1", "f"] = "open"
    """What the vehicle sees meanwhile: CP cut, steady +12 V, or steady -12 V."""
    cooldown: Seconds = 0.0
    """Least time between two switches."""
    resume_within: Seconds = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WakeUp:
    """Wake-up of a vehicle that does not ask for current: pilot interruptions after waiting in B2."""

    enabled: bool = False
    first: Seconds = 30.0
    duration: Seconds = 4.0
    interval: Seconds = 30.0
    attempts: int = 1
    pilot: Literal["open", "f"] = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvseSpec:
    """Timers and habits of the charge controller; a vendor's model supplies its own values."""

    plug_debounce: Seconds = 0.25
    close_delay: Seconds = 0.6
    """C seen to contactor closed, with debounce and lock."""
    open_delay: Seconds = 0.075
    grace: Seconds = 6.0
    """Offer withdrawn to contactor opened under load (T6)."""
    hold_off: Seconds = 5.0
    """C ended to next C accepted (T13)."""
    hold_off_from: Literal["contactor", "state_c"] = "contactor"
    """When C has ended: the contactor opens, or the vehicle or the offer is gone. In the latter case an offer that
    returns within T13 does not find the contactor closed (WARP)."""
    hold_off_after_fault: Seconds = 30.0
    """Fault, or state D without ventilation, ended to next C accepted (T14)."""
    pilot_settle: Seconds = 0.075
    """Pilot reconnected to its state being evaluated again (T16)."""
    boot: Seconds = 4.25
    """Charge controller: power on to ready."""
    boot_lockout: Seconds = 0.0
    below_minimum: Literal["zero", "clamp", "pass"] = "zero"
    """A limit between 0 and 6 A: no offer, 6 A, or the limit with the duty cycle clamped at 8 %."""
    ventilation: bool = False
    lock_in_b: bool = True
    lock_time: Seconds = 1.0
    unlock_on_outage: bool = False
    single_phase_fallback: bool = False
    """Drops to one phase when a three-phase offer draws on L1 only for 30 s (WARP3)."""
    recovery: tuple[tuple[str, Recovery], ...] = ()
    """Faults of this vendor that recover otherwise than in the table of `protection`."""
    phase_switching: PhaseSwitching = field(default_factory=PhaseSwitching)
    wake_up: WakeUp = field(default_factory=WakeUp)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeratingLevel:
    """At `up` °C and above the offer is at most `current` A; left again at `down` °C."""

    up: Celsius
    down: Celsius
    current: Amperes


DERATING = (
    DeratingLevel(up=70.0, down=65.0, current=16.0),
    DeratingLevel(up=75.0, down=70.0, current=8.0),
    DeratingLevel(up=80.0, down=75.0, current=0.0),
)
"""ASSUMED generic policy for connector and board; 0 A is a stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargerSpec:
    """One charge point: the hardware a wallbox's firmware runs on."""

    rated_current: RatedAmperes = 32.0
    phases: int = 3
    connector: Literal["socket", "tethered"] = "tethered"
    cable: Amperes = 32.0
    """Rating of the user's cable in a socket: 13, 20, 32 or 63 A."""
    supply: SupplySpec = field(default_factory=SupplySpec)
    climate: Climate = field(default_factory=Climate)
    derating: tuple[DeratingLevel, ...] = DERATING
    total_energy: WattHours = 0.0
    """Meter reading at the start."""
    session_energy: WattHours = 0.0
    """Energy of the last session before the start."""
    contactor_cycles: int = 0
    contactor_cycles_under_load: int = 0
    """How often the contactor has closed, and opened under load, before the start."""
    earth_check: bool = True
    evse: EvseSpec = field(default_factory=EvseSpec)
    noise: float = 0.0
    """Scale of the report noise; 0: off, 1: as measured on real meters."""
