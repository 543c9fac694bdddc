"""What can be measured and known at one instant.

The one rule: encoders take a `Snapshot` and nothing else from the core; a snapshot never changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from .instant import Instant

Phases = tuple[float, float, float]
"""One value for each of (L1, L2, L3)."""
PhaseMask = tuple[bool, bool, bool]


class PilotState(StrEnum):
    """IEC 61851-1 state of the control pilot as the EVSE measures it."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"


class EvseState(StrEnum):
    """State of the charge controller; its transitions are those of `evse_rules`."""

    OFF = "off"
    BOOT = "boot"
    DISABLED = "disabled"
    A = "a"
    B_AUTH = "b_auth"
    """Plugged, waits for authorisation."""
    B_WAIT = "b_wait"
    """Plugged and authorised, nothing offered."""
    B_READY = "b_ready"
    """Offer on the pilot, the vehicle has not asked."""
    C_CLOSING = "c_closing"
    CHARGING = "charging"
    C_STOPPING = "c_stopping"
    """Offer withdrawn, the vehicle has not opened S2 yet."""
    PHASE_SWITCH = "phase_switch"
    WAKEUP = "wakeup"
    FAULT = "fault"


class LockState(StrEnum):
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"
    OPENING = "opening"
    ERROR = "error"


class OnboardState(StrEnum):
    """State of the vehicle's on-board charger."""

    IDLE = "idle"
    REQUESTING = "requesting"
    STARTING = "starting"
    CHARGING = "charging"
    STOPPING = "stopping"
    ASLEEP = "asleep"
    LOCKED_OUT = "locked_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleView:
    """The plugged vehicle, seen from inside it."""

    name: str
    """Name in the scenario, or the preset's id."""
    model: str
    state_of_charge: float
    """0..1"""
    battery_energy: float
    """Energy in the battery [Wh]."""
    capacity: float
    """Usable capacity [Wh]."""
    onboard: OnboardState
    s2_closed: bool
    target_current: float
    """RMS current per phase it is heading for [A]."""
    minimum_current: float
    """Offer below which it does not charge [A]."""
    toggles: int
    finished: bool
    """The charge limit is reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything an outside observer could measure or know at one instant, in SI units.

    Phase tuples are always (L1, L2, L3). Energies are Wh, times in seconds are durations, instants are µs.
    """

    at: Instant
    state: EvseState
    pilot: PilotState
    duty_cycle: float
    """Share of the period at +12 V: 100 = steady +12 V, 0 = steady -12 V or unpowered [%]."""
    pilot_voltage: float
    """Positive plateau at the EVSE [V]."""
    proximity_resistance: float | None
    """Resistance between proximity pilot and earth; None: open or tethered [ohm]."""
    cable_rating: float | None
    """Rating by the proximity pilot; None without a cable in a socket. Tethered: the rated current [A]."""
    plugged: bool
    """A vehicle is connected, as the EVSE has debounced it."""
    lock: LockState
    unlock_forced: bool
    """Unlocking was asked for, whatever the policy is; until a vehicle comes or leaves."""
    unlocked_by_outage: bool
    """Stored energy opened the lock when the supply was lost, and it has not moved since."""

    offered_current: float
    """Current per phase as coded in the duty cycle; 0: nothing offered [A]."""
    effective_limit: float
    """The lowest active limit before permissions; may be below 6 [A]."""
    binding_limit: str
    """Owner of the lowest limit."""
    limits: Mapping[str, float]
    """Active limits by owner [A]."""
    permissions: Mapping[str, bool]
    """By owner; the charger offers current only if all are true."""
    authorisations: Mapping[str, bool]
    """Owners that require authorisation, and whether they have it."""
    derated: float | None
    """Thermal limit in force; None: none; 0: stopped [A]."""

    contactor: bool
    """Main contactor commanded closed (L1, N and, by mask, L2 and L3)."""
    contactor_poles: PhaseMask
    """Poles that conduct, welded ones included."""
    phases_requested: int
    phases: int
    """Phases the contactor is set for, 1 or 3."""
    supply_phases: PhaseMask
    """Lines that are live in front of the contactor."""
    energised: PhaseMask
    """Lines that are live behind the contactor."""
    active_phases: int
    """Phases that carry current."""

    phase_voltage: Phases
    """Voltage in front of the contactor [V]."""
    phase_current: Phases
    """RMS current [A]."""
    active_current: Phases
    """Current in phase with the voltage [A]."""
    neutral_current: float
    active_power: Phases
    reactive_power: Phases
    apparent_power: Phases
    power: float
    """Active power of all phases [W]."""
    frequency: float

    total_energy: float
    """Lifetime register [Wh]."""
    session_energy: float
    """Energy since this vehicle was plugged in; after unplug the value of the last session [Wh]."""
    session: int
    """Number of the session since the start, counted at plug-in; 0 = none yet."""
    connected_for: float
    """Time since plug-in, 0 without a vehicle [s]."""
    charging_for: float
    """Time with current flowing in this session [s]."""
    has_charged: bool
    """Energy flowed in this session: tells "complete" from "waiting"."""
    current_flows: bool
    contactor_cycles: int
    contactor_cycles_under_load: int

    temperature: Mapping[str, float]
    """By sensor: board, housing, connector_l1..3, domestic_pin, relay [°C]."""
    faults: tuple[str, ...]
    """Names of active faults, in the order they were raised."""
    residual_dc: float
    residual_ac: float
    """Residual current, as injected [A]."""
    meter_ok: bool
    controller_link: bool
    """The network processor hears the charge controller."""
    backend_link: bool
    earth_ok: bool
    phase_switching: bool
    """A phase switch is under way."""
    pilot_interrupted: bool
    boots: int
    """Power-ups and reboots of the charge controller since the start."""
    vehicle: VehicleView | None
    """The vehicle at the cable; None: nothing plugged."""

    @property
    def apparent_power_total(self) -> float:
        """Vector sum [VA]."""
        return float((self.power**2 + sum(self.reactive_power) ** 2) ** 0.5)

    @property
    def power_factor(self) -> float:
        """0..1; 1 without load."""
        apparent = self.apparent_power_total
        return self.power / apparent if apparent > 0 else 1.0
