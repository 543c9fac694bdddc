"""What can be measured and known at one instant.

The one rule: encoders take a `Snapshot` and nothing else from the core; a snapshot never changes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from .freshness import FOREVER, HOLDS, NOW, until
from .instant import SECOND, Instant
from .noise import MeterNoise
from .states import EvseState, LockState, OnboardState, PilotState
from .units import WATT_HOUR
from .values import roomy, terse, value

Phases = tuple[float, float, float]
"""One value for each of (L1, L2, L3)."""
PhaseMask = tuple[bool, bool, bool]


@value
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
    maximum_current: float
    """Most that its on-board charger draws per phase [A]."""
    toggles: int
    finished: bool
    """The charge limit is reached."""


@roomy
class Steady:
    """What stays as it is until the next event."""

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

    session: int
    """Number of the session since the start, counted at plug-in; 0 = none yet."""
    has_charged: bool
    """Energy flowed in this session: tells "complete" from "waiting"."""
    current_flows: bool
    contactor_cycles: int
    contactor_cycles_under_load: int
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


@terse
class Electrical:
    """What a meter measures at one instant. Phase tuples are always (L1, L2, L3)."""

    voltage: Phases
    """In front of the contactor [V]."""
    current: Phases
    """RMS [A]."""
    active_current: Phases
    """In phase with the voltage [A]."""
    neutral_current: float
    active_power: Phases
    reactive_power: Phases
    apparent_power: Phases
    power: float
    """Active power of all phases [W]."""
    frequency: float


class Course(Protocol):
    """What follows the time between two events."""

    def electrical(self, at: Instant, meter: MeterNoise | None) -> Electrical: ...

    def energy(self, at: Instant) -> float:
        """Lifetime register [J]."""
        ...

    def most_power(self, at: Instant) -> float:
        """What is never exceeded from `at` until the next event [W]."""
        ...

    def session_energy(self, energy: float) -> float:
        """Energy of the session, where the lifetime register stands at `energy` [J]."""
        ...

    @property
    def plugged_at(self) -> Instant | None: ...

    def connected_for(self, at: Instant) -> float: ...

    def charging_for(self, at: Instant) -> float: ...

    def temperature(self, at: Instant, *, moving: bool) -> Mapping[str, float]: ...

    def vehicle_at(self, at: Instant) -> VehicleView | None: ...

    def constant(self, meter: MeterNoise | None) -> bool:
        """Whether what is electrical stays as it is."""
        ...

    @property
    def flows(self) -> bool:
        """Whether energy is counted or stored."""
        ...


class Snapshot(Steady):
    """Everything an outside observer could measure or know at one instant, in SI units; worked out when asked for.

    Energies are Wh, times in seconds are durations, instants are µs. A `moving` snapshot is the present: whoever reads
    what follows the time reads something else at the next instant. One of a chosen instant never changes.
    """

    instant: Instant
    """As `at`, for who does not tell anybody what time it is."""
    _course: Course
    _meter: MeterNoise | None
    _last: tuple[Snapshot, Instant] | None
    """A meter that measures now and then: what it measured last, and when it will again."""
    _moving: bool
    _kept: dict[str, Any]

    def __init__(
        self, steady: Steady, course: Course, at: Instant, meter: MeterNoise | None = None, *, moving: bool = False
    ) -> None:
        """`meter`: by whom it is measured; None: exactly."""
        own = steady.__dict__.copy()  # as it is, that is: attribute by attribute it would take ten times as long
        own["instant"] = at
        own["_course"] = course
        own["_meter"] = meter
        own["_last"] = None
        own["_moving"] = moving
        own["_kept"] = {}
        self.__dict__ = own

    def measured_last(self, last: Snapshot, until: Instant) -> Snapshot:
        """The same, but what is electrical or counted as it was at `last`, and will be until it is measured again."""
        found = Snapshot(self, self._course, self.instant, self._meter, moving=self._moving)
        found.__dict__["_last"] = (last, until)
        return found

    def __repr__(self) -> str:
        return f"<snapshot at {self.instant} us: {self.state}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Snapshot) and self.as_dict() == other.as_dict()

    __hash__ = object.__hash__

    def as_dict(self) -> dict[str, object]:
        """Everything in it, by name."""
        steady = {name: value for name, value in self.__dict__.items() if name[0] != "_"}
        return steady | {name: getattr(self, name) for name in FOLLOWING}

    @property
    def at(self) -> Instant:
        if self._moving:
            HOLDS.until = NOW
        return self.instant

    def alike(self, other: Snapshot) -> bool:
        """Whether nothing happened between another instant and this one, and what is electrical did not change."""
        same = self._course is other._course and self._meter is other._meter and self._last is other._last is None
        return same and self._course.constant(self._meter)

    @property
    def flows(self) -> bool:
        """Whether energy is counted or stored."""
        return self._course.flows

    # --- electrical --------------------------------------------------------------------------------------------------

    @property
    def _electrical(self) -> Electrical:
        return self._exact if self._last is None else self._measured_last._electrical

    @property
    def _exact(self) -> Electrical:
        if self._moving and not self._course.constant(self._meter):
            HOLDS.until = NOW
        found: Electrical | None = self._kept.get("electrical")
        if found is None:
            found = self._kept["electrical"] = self._course.electrical(self.instant, self._meter)
        return found

    @property
    def _measured_last(self) -> Snapshot:
        assert self._last is not None
        last, again = self._last
        if self._moving and again < HOLDS.until:
            HOLDS.until = again
        return last

    @property
    def phase_voltage(self) -> Phases:
        """Voltage in front of the contactor [V]."""
        return self._electrical.voltage

    @property
    def phase_current(self) -> Phases:
        """RMS current [A]."""
        return self._electrical.current

    @property
    def active_current(self) -> Phases:
        """Current in phase with the voltage [A]."""
        return self._electrical.active_current

    @property
    def active_phases(self) -> int:
        """Phases that carry current, as the charge controller knows it at once."""
        return sum(1 for value in self._exact.active_current if value > 0)

    @property
    def neutral_current(self) -> float:
        return self._electrical.neutral_current

    @property
    def active_power(self) -> Phases:
        return self._electrical.active_power

    @property
    def reactive_power(self) -> Phases:
        return self._electrical.reactive_power

    @property
    def apparent_power(self) -> Phases:
        return self._electrical.apparent_power

    @property
    def power(self) -> float:
        """Active power of all phases [W]."""
        return self._electrical.power

    @property
    def frequency(self) -> float:
        return self._electrical.frequency

    @property
    def apparent_power_total(self) -> float:
        """Vector sum [VA]."""
        return float((self.power**2 + math.fsum(self.reactive_power) ** 2) ** 0.5)

    @property
    def power_factor(self) -> float:
        """0..1; 1 without load."""
        apparent = self.apparent_power_total
        return self.power / apparent if apparent > 0 else 1.0

    # --- counted -----------------------------------------------------------------------------------------------------

    @property
    def _energy(self) -> float:
        if self._last is not None:
            return self._measured_last._energy
        if self._moving and self._course.flows:
            HOLDS.until = NOW
        found: float | None = self._kept.get("energy")
        if found is None:
            found = self._kept["energy"] = self._course.energy(self.instant)
        return found

    @property
    def total_energy(self) -> float:
        """Lifetime register [Wh]."""
        return self._energy / WATT_HOUR

    @property
    def session_energy(self) -> float:
        """Energy since this vehicle was plugged in; after unplug the value of the last session [Wh]."""
        course = self._course if self._last is None else self._last[0]._course
        return course.session_energy(self._energy) / WATT_HOUR

    def whole(self, counter: Callable[[Snapshot], float]) -> int:
        """Whole watt-hours of what counts as the lifetime register does [Wh]: it stays until the next one is full."""
        before, HOLDS.until = HOLDS.until, FOREVER
        value = counter(self)
        found, holds = int(value), HOLDS.until
        if holds == NOW and self._last is None and value >= 0:
            power = self._course.most_power(self.instant) * 1.01 + 1.0  # more than any rounding makes of it
            longer = int((found + 1 - value) * WATT_HOUR / power * SECOND)
            holds = self.instant + longer if longer > 0 else NOW
        HOLDS.until = before if before < holds else holds
        return found

    def elapsed(self, since: Instant) -> int:
        """Whole seconds since an instant [s]: they stay until the next one is over."""
        found = (self.instant - since) // SECOND
        if self._moving:
            until(since + (found + 1) * SECOND)
        return found

    @property
    def connected_for(self) -> float:
        """Time since plug-in, 0 without a vehicle [s]."""
        if self._moving and self._course.plugged_at is not None:
            HOLDS.until = NOW
        return self._course.connected_for(self.instant)

    @property
    def charging_for(self) -> float:
        """Time with current flowing in this session [s]."""
        if self._moving and self.current_flows:
            HOLDS.until = NOW
        return self._course.charging_for(self.instant)

    @property
    def temperature(self) -> Mapping[str, float]:
        """By sensor: board, housing, connector_l1..3, domestic_pin, relay [°C]."""
        found: Mapping[str, float] | None = self._kept.get("temperature")
        if found is None:
            found = self._kept["temperature"] = self._course.temperature(self.instant, moving=self._moving)
        return found

    @property
    def vehicle(self) -> VehicleView | None:
        """The vehicle at the cable; None: nothing plugged."""
        if self._moving and self._course.flows:
            HOLDS.until = NOW
        if "vehicle" not in self._kept:
            self._kept["vehicle"] = self._course.vehicle_at(self.instant)
        found: VehicleView | None = self._kept["vehicle"]
        return found


FOLLOWING: Final = tuple(name for name, kind in vars(Snapshot).items() if isinstance(kind, property) and name[0] != "_")
"""What of a snapshot may follow the time."""
