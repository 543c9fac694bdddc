"""Reading: a snapshot of any instant of a segment.

The one rule: `observe` is a pure function of a frozen segment; no read leaves a trace.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Literal

from . import network, noise, pilot
from .evse import Evse, EvseInputs
from .flow import Flow
from .heat import Temperatures
from .instant import Instant, seconds
from .noise import MeterNoise, NoiseChannel
from .snapshot import Electrical, Phases, Snapshot, Steady, VehicleView
from .states import EvseState, PilotState
from .units import WATT_HOUR
from .values import roomy


@roomy
class Segment:
    """Everything that holds from `since` until the next event."""

    since: Instant
    flow: Flow
    reactive: Phases
    register: float
    """Meter register at `since` [J]."""
    session_base: float
    plugged_at: Instant | None
    charged_for: float
    """Time with current flowing, at `since` [s]."""
    flowing: bool
    heat: Temperatures
    sources: Phases
    """Voltage at the terminals without load [V]."""
    vehicle: VehicleView | None
    """But for what is stored, if it `stores`."""
    stored: float
    """Energy in the battery at `since` [J]."""
    stores: bool
    network: Literal["TN", "TT", "IT"]
    supply_phases: int
    frequency: float
    noise: MeterNoise | None
    """Of every meter that looks; None: each has its own."""
    steady: Steady

    def observe(self, at: Instant, meter: MeterNoise | None = None, *, moving: bool = False) -> Snapshot:
        """Everything measurable at `at`, which is not before `since`. `meter`: by whom; `moving`: see `Snapshot`."""
        return Snapshot(self.steady, self, at, meter, moving=moving)

    def constant(self, meter: MeterNoise | None) -> bool:
        """Whether what is electrical stays as it is: without noise, and with a current that does not change."""
        return meter is None and self.noise is None and self.flow.constant

    @cached_property
    def flows(self) -> bool:
        """Whether energy is counted or stored."""
        return self.stores or self.flow.energy(1.0) > 0

    @cached_property
    def _measured(self) -> Electrical:
        """What is measured throughout."""
        return self._measure(self.since, None)

    def electrical(self, at: Instant, meter: MeterNoise | None) -> Electrical:
        """What a meter measures."""
        return self._measured if self.constant(meter) else self._measure(at, meter)

    def _measure(self, at: Instant, meter: MeterNoise | None) -> Electrical:
        dt = seconds(at - self.since)
        flow = self.flow
        active = flow.active_current(dt)
        voltage = flow.voltage(dt)
        loaded = [v if used else source for v, used, source in zip(voltage, flow.mask, self.sources, strict=True)]
        terminals: Phases = (loaded[0], loaded[1], loaded[2])
        reactive, frequency = self.reactive, self.frequency
        meter = self.noise or meter
        if meter is not None:
            terminals, active, reactive, frequency = self._noisy(meter, at, terminals, active)
        current = _amplitude(active, reactive)
        if meter is not None and meter.idle_current:
            current = _with_offset(current, at)
        power = _product(terminals, active)
        return Electrical(
            voltage=terminals,
            current=current,
            active_current=active,
            neutral_current=network.neutral_current(active, reactive, self.network, self.supply_phases),
            active_power=power,
            reactive_power=_product(terminals, (-reactive[0], -reactive[1], -reactive[2])),
            apparent_power=_product(terminals, current),
            power=math.fsum(power),
            frequency=frequency,
        )

    def energy(self, at: Instant) -> float:
        """Lifetime register [J]."""
        return self.register + self.flow.energy(seconds(at - self.since))

    def most_power(self, at: Instant) -> float:
        """What is never exceeded from `at` until the next event [W]."""
        return self.flow.most_power(seconds(at - self.since))

    def session_energy(self, energy: float) -> float:
        """Energy of the session, where the lifetime register stands at `energy` [J]."""
        return max(0.0, energy - self.session_base)

    def connected_for(self, at: Instant) -> float:
        """Time since plug-in [s]."""
        return seconds(at - self.plugged_at) if self.plugged_at is not None else 0.0

    def charging_for(self, at: Instant) -> float:
        """Time with current flowing in this session [s]."""
        return self.charged_for + (seconds(at - self.since) if self.flowing else 0.0)

    def temperature(self, at: Instant, *, moving: bool) -> Temperatures:
        """By sensor. `moving`: as the present, see `Snapshot`."""
        return self.heat.at(seconds(at - self.since), moving=moving)

    def vehicle_at(self, at: Instant) -> VehicleView | None:
        """The vehicle at the cable."""
        view = self.vehicle
        if view is None or not self.stores:
            return view
        stored = (self.stored + self.flow.battery(seconds(at - self.since))) / WATT_HOUR
        if stored == view.battery_energy:
            return view
        return VehicleView(
            name=view.name,
            model=view.model,
            state_of_charge=stored / view.capacity,
            battery_energy=stored,
            capacity=view.capacity,
            onboard=view.onboard,
            s2_closed=view.s2_closed,
            target_current=view.target_current,
            minimum_current=view.minimum_current,
            maximum_current=view.maximum_current,
            toggles=view.toggles,
            finished=view.finished,
        )

    def _noisy(
        self, meter: MeterNoise, at: Instant, voltage: Phases, active: Phases
    ) -> tuple[Phases, Phases, Phases, float]:
        """What a real meter would report; zero stays zero."""

        def disturbed(channel: NoiseChannel, scale: float, values: Phases) -> Phases:
            first, second, third = (
                noise.disturbed(value, meter.seed, channel, at, phase=k, scale=scale) if value else 0.0
                for k, value in enumerate(values)
            )
            return (first, second, third)

        return (
            disturbed(NoiseChannel.VOLTAGE, meter.voltage, voltage),
            disturbed(NoiseChannel.CURRENT, meter.current, active),
            disturbed(NoiseChannel.CURRENT, meter.current, self.reactive),
            noise.disturbed(self.frequency, meter.seed, NoiseChannel.FREQUENCY, at, scale=meter.frequency),
        )


def _product(a: Phases, b: Phases) -> Phases:
    return (a[0] * b[0], a[1] * b[1], a[2] * b[2])


def _amplitude(a: Phases, b: Phases) -> Phases:
    return (math.hypot(a[0], b[0]), math.hypot(a[1], b[1]), math.hypot(a[2], b[2]))


def _with_offset(current: Phases, at: Instant) -> Phases:
    first, second, third = (value or noise.zero_offset(at, phase) for phase, value in enumerate(current))
    return (first, second, third)


def steady(evse: Evse, inputs: EvseInputs, *, has_charged: bool, flowing: bool) -> Steady:
    """A snapshot of what stays as it is until the next event."""
    limit, owner, limits = evse.offer.binding(evse.fixed_limits(inputs))
    connector, contactor, line = evse.connector, evse.contactor, evse.line
    poles = evse.conducting(inputs.at, inputs.conditions)
    live = network.energised(inputs.voltages)
    state = evse.state
    return Steady(
        state=state,
        pilot=_visible_pilot(evse, inputs),
        duty_cycle=evse.duty(inputs.conditions),
        pilot_voltage=_pilot_voltage(evse, inputs),
        proximity_resistance=connector.resistance(inputs.conditions),
        cable_rating=connector.rating(inputs.conditions),
        plugged=evse.plugged,
        lock=connector.lock.state,
        unlock_forced=connector.lock.forced_open,
        unlocked_by_outage=connector.lock.released,
        offered_current=evse.offered,
        effective_limit=limit,
        binding_limit=owner,
        limits=limits,
        permissions=dict(evse.offer.permissions),
        authorisations=dict(evse.offer.authorisations),
        derated=inputs.derated,
        contactor=contactor.closed,
        contactor_poles=poles,
        phases_requested=evse.phases.requested,
        phases=evse.phases.set_for,
        supply_phases=live,
        energised=(poles[0] and live[0], poles[1] and live[1], poles[2] and live[2]),
        session=evse.session,
        has_charged=has_charged,
        current_flows=flowing,
        contactor_cycles=contactor.cycles,
        contactor_cycles_under_load=contactor.cycles_under_load,
        faults=evse.protection.active,
        residual_dc=inputs.conditions.residual_dc,
        residual_ac=inputs.conditions.residual_ac,
        meter_ok=inputs.conditions.meter_ok,
        controller_link=inputs.conditions.controller_link and state is not EvseState.OFF,
        backend_link=inputs.conditions.backend_link,
        earth_ok=inputs.conditions.earth,
        phase_switching=state is EvseState.PHASE_SWITCH,
        pilot_interrupted=line.interruption is not None,
        boots=evse.boots,
    )


def _visible_pilot(evse: Evse, inputs: EvseInputs) -> PilotState:
    """The state a detector would name: F while the output is at -12 V on purpose or stuck."""
    if evse.line.interruption == "f" or inputs.conditions.pilot_f:
        return PilotState.F
    return evse.pilot


def _pilot_voltage(evse: Evse, inputs: EvseInputs) -> float:
    if evse.state is EvseState.OFF:
        return 0.0
    if evse.line.interruption == "f" or inputs.conditions.pilot_f:
        return -pilot.SOURCE_VOLTAGE
    return pilot.plateau_voltage(None if evse.line.interruption == "open" else inputs.resistance)
