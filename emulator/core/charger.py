"""The charger: one IEC 61851 charge point with its supply, its vehicle, its meter and its temperatures.

The one rule: reading is not an event. Between two events everything follows closed forms of one frozen `Stretch`;
only an event settles it and starts the next.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Final

from . import network
from .agenda import Agenda, Priority
from .evse import Evse, Inputs
from .faults import Disturbance, TripRcd, conditions
from .flow import Flow, Idle, Ramp, Taper, active_from_rms
from .heat import Heat
from .instant import Instant, later, seconds
from .messages import (
    DONE,
    Command,
    Disturb,
    Event,
    InterruptPilot,
    MarkEnergy,
    Outcome,
    PlugCable,
    PlugIn,
    PowerCut,
    PowerUp,
    Reason,
    RebootController,
    Relieve,
    RequestPhases,
    ResetFaults,
    RestorePilot,
    SetAuthorisation,
    SetClimate,
    SetEarthCheck,
    SetLimit,
    SetLock,
    SetPermission,
    SetService,
    SetSupply,
    SetVehicle,
    Stimulus,
    Unplug,
)
from .reading import Stretch, facts
from .snapshot import EvseState, Phases, Snapshot
from .specs import ChargerSpec, SupplySpec, VehicleSpec
from .vehicle import Mains, Signal, Vehicle

MAX_ROUNDS: Final = 200
"""Rules that may fire at one instant; more is an endless loop, and a bug."""
RETAINED: Final = 1000
"""Stretches kept for reading the recent past."""
SPLIT: Final = 30.0
"""s after which a taper is split, so that temperatures follow its current."""
WATT_HOUR: Final = 3600.0
NO_CURRENT: Final[Phases] = (0.0, 0.0, 0.0)

Announce = Callable[[Event], None]


@dataclass(slots=True)
class _Mark:
    """A session energy somebody waits for, J."""

    energy: float
    announced: bool = False


class Charger:
    """The physical thing: `apply` what is done to it, `snapshot` what can be measured. Time comes from its agenda."""

    def __init__(
        self,
        name: str,
        spec: ChargerSpec,
        *,
        agenda: Agenda,
        announce: Announce,
        seed: int = 0,
        time_of_day: float = 0.0,
    ) -> None:
        """`time_of_day`: s since midnight at instant 0, for the ambient temperature."""
        self.name = name
        self.spec = spec
        self.revision = 0
        """Counts events: two snapshots of the same instant and revision are equal."""
        self._announce = announce
        self._seed = seed
        self._supply: SupplySpec = spec.supply
        self._live = (True, True, True)
        self._phase_voltages: tuple[float, float, float] | None = None
        self._cut = False
        self._disturbances: dict[str, Disturbance] = {}
        self._conditions = conditions(())
        self._evse = Evse(spec)
        self._vehicle: Vehicle | None = None
        self._heat = Heat(spec, time_of_day)
        self._marks: dict[str, _Mark] = {}
        self._energy = spec.total_energy * WATT_HOUR
        self._session_base = self._energy
        self._charging_for = 0.0
        self._plugged_at: Instant | None = None
        self._has_charged = False
        self._flowing = False
        self._currents = NO_CURRENT
        self._at = agenda.at
        self._timer = agenda.timer(Priority.EVSE, self._due)
        self._flow: Flow = Idle(voltages=self._terminals(), resistance=0.0, mask=(False, False, False))
        self._stretches: deque[Stretch] = deque(maxlen=RETAINED)
        self._cached: Snapshot | None = None
        self._settle_rules()
        self._begin()

    # --- what the outside may do -------------------------------------------------------------------------------------

    def snapshot(self, at: Instant) -> Snapshot:
        """Everything measurable at `at`: now, or an instant of the recent past.

        ValueError if something was due before `at` (the agenda has not been run up to it).
        """
        cached = self._cached
        if cached is not None and cached.at == at and at > self._at:
            return cached
        if self._timer.due is not None and at > self._timer.due:
            raise ValueError(f"{self.name}: something is due at {self._timer.due} us, before {at} us")
        stretch = self._stretch_at(at)
        found = stretch.observe(max(at, stretch.since))
        if stretch is self._stretches[-1]:
            self._cached = found
        return found

    def apply(self, at: Instant, message: Stimulus | Command) -> Outcome:
        """Do what a stimulus or a command says, now. A refused message changes nothing."""
        if at < self._at:
            raise ValueError(f"{self.name}: {at} us is in the past, it is {self._at} us")
        self._settle(at)
        outcome = _HANDLERS[type(message)](self, message)
        self._react()
        return outcome

    @property
    def vehicle_spec(self) -> VehicleSpec | None:
        """The vehicle at the cable."""
        return self._vehicle.spec if self._vehicle is not None else None

    @property
    def disturbances(self) -> Mapping[str, Disturbance]:
        """Physical faults present now, by name."""
        return dict(self._disturbances)

    # --- one event ---------------------------------------------------------------------------------------------------

    def _due(self, at: Instant) -> None:
        self._settle(at)
        self._react()

    def _settle(self, at: Instant) -> None:
        """Make the values at `at` the bases of what comes."""
        dt = seconds(at - self._at)
        if dt > 0:
            flow, vehicle = self._flow, self._vehicle
            self._energy += flow.energy(dt)
            self._heat.settle(dt)
            if self._flowing:
                self._charging_for += dt
            if vehicle is not None:
                arrived = vehicle.arrives(at, self._at, flow)
                vehicle.settle(flow, dt)
                if arrived:
                    vehicle.arrive()
        self._at = at

    def _react(self) -> None:
        """Run the rules to their fixpoint and start the next stretch."""
        self._settle_rules()
        self._begin()

    def _settle_rules(self) -> None:
        at, evse = self._at, self._evse
        self._currents = self._measure_currents()
        self._heat.step(at, self._conditions.heat, self._emit)
        for _ in range(MAX_ROUNDS):
            session = evse.session
            plugged = evse.plugged
            state = evse.state
            changed = evse.step(at, self._inputs(), self._emit)
            if evse.session != session:
                self._session_begins()
            if plugged and not evse.plugged:
                self._plugged_at = None
            if state is not evse.state and evse.state is EvseState.OFF:
                self._energy = self._energy // WATT_HOUR * WATT_HOUR
                self._session_base = min(self._session_base, self._energy)
            if self._vehicle is not None:
                self._vehicle.sense(at, self._signal(), self._mains(), self._emit)
                changed = self._vehicle.step(at, self._emit) or changed
            if not changed:
                return
        raise RuntimeError(f"{self.name}: the rules do not settle at {at} us (state {evse.state})")

    def _begin(self) -> None:
        """Start a stretch and predict its end."""
        vehicle = self._vehicle
        at = self._at
        self._flow = vehicle.drive() if vehicle is not None else self._idle()
        reactive = vehicle.reactive() if vehicle is not None else NO_CURRENT
        self._heat.begin(at, self._flow.squares(reactive))
        self._note_current()
        self._note_marks()
        self.revision += 1
        self._cached = None
        self._stretches.append(
            Stretch(
                since=at,
                flow=self._flow,
                reactive=reactive,
                energy=self._energy,
                session_base=self._session_base,
                plugged_at=self._plugged_at,
                charging_for=self._charging_for,
                flowing=self._flowing,
                heat=self._heat.course(),
                sources=self._terminals(),
                vehicle=vehicle.view() if vehicle is not None else None,
                stored=vehicle.battery if vehicle is not None else 0.0,
                stores=vehicle.stores if vehicle is not None else False,
                network=self._supply.network,
                supply_phases=self._supply.phases,
                noise=self.spec.noise,
                seed=self._seed,
                facts=facts(self._evse, self._inputs(), at, self._has_charged),
            )
        )
        self._timer.set(self._next())

    def _next(self) -> Instant | None:
        """When this stretch ends by itself."""
        at = self._at
        times = [
            self._evse.next_due(at, self._inputs()),
            self._heat.next_due(at),
            self._next_mark(),
            self._next_overcurrent(),
        ]
        if self._vehicle is not None:
            times.append(self._vehicle.next_due(at, self._flow))
        if isinstance(self._flow, Taper):
            times.append(later(at, SPLIT))
        return min((time for time in times if time is not None), default=None)

    def _next_mark(self) -> Instant | None:
        waiting = [mark.energy for mark in self._marks.values() if not mark.announced]
        if not waiting or not self._evse.plugged:
            return None
        reached = self._flow.reaches_energy(min(waiting) - (self._energy - self._session_base))
        return None if reached is None else max(self._at + 1, later(self._at, reached))

    def _next_overcurrent(self) -> Instant | None:
        vehicle, flow = self._vehicle, self._flow
        if vehicle is None or vehicle.overdraw <= 0 or not isinstance(flow, Ramp) or flow.rate <= 0:
            return None
        threshold = self._evse.protection.current_threshold(self._evse.offered)
        crossing = flow.reaches_current(active_from_rms(threshold, vehicle.spec.reactive_current))
        return None if crossing is None else max(self._at + 1, later(self._at, crossing) + 1)

    # --- the physical surroundings -----------------------------------------------------------------------------------

    def _terminals(self) -> Phases:
        """V of the source at each terminal, without load."""
        now = self._conditions
        if self._cut or now.outage:
            return NO_CURRENT
        overrides = [
            fault if fault is not None else stated
            for fault, stated in zip(now.voltages, self._phase_voltages or (None, None, None), strict=True)
        ]
        live = [a and b for a, b in zip(self._live, now.live, strict=True)]
        return network.voltages(self._supply, (overrides[0], overrides[1], overrides[2]), (live[0], live[1], live[2]))

    def _inputs(self) -> Inputs:
        return Inputs(
            resistance=self._pilot_resistance(),
            conditions=self._conditions,
            voltages=self._terminals(),
            wired=self._wired(),
            nominal=self._supply.voltage,
            frequency=self._frequency(),
            currents=self._currents,
            derated=self._heat.derated,
        )

    def _wired(self) -> tuple[bool, bool, bool]:
        first, second, third = network.connected(self._supply)
        return (first, second and self.spec.phases >= 2, third and self.spec.phases >= 3)

    def _frequency(self) -> float:
        override = self._conditions.frequency
        return self._supply.frequency if override is None else override

    def _pilot_resistance(self) -> float | None:
        now = self._conditions
        if now.pilot_short:
            return 0.0
        if now.pilot_broken:
            return None
        if self._vehicle is None:
            return None
        return self._vehicle.resistance if now.pilot_resistance is None else now.pilot_resistance

    def _signal(self) -> Signal:
        return self._evse.signal(self._conditions)

    def _mains(self) -> Mains:
        poles = self._evse.conducting(self._conditions, self._at)
        first, second, third = (
            voltage if closed and wired else 0.0
            for voltage, closed, wired in zip(self._terminals(), poles, self._wired(), strict=True)
        )
        return Mains((first, second, third), self._supply.source_resistance, self._evse.phases.set_for)

    def _idle(self) -> Idle:
        return Idle(voltages=self._terminals(), resistance=0.0, mask=(False, False, False))

    def _measure_currents(self) -> Phases:
        vehicle = self._vehicle
        if vehicle is None or not vehicle.energised:
            return NO_CURRENT
        active = vehicle.current
        first, second, third = (
            (active * active + q * q) ** 0.5 if used else 0.0
            for used, q in zip(vehicle.mask(), vehicle.reactive(), strict=True)
        )
        return (first, second, third)

    # --- what is noticed ---------------------------------------------------------------------------------------------

    def _emit(self, name: str, **detail: object) -> None:
        self._announce(Event(at=self._at, charger=self.name, name=name, detail=detail))
        if name == "rcd_tripped":
            self._leak_is_gone()

    def _leak_is_gone(self) -> None:
        """A leak that has tripped the monitor ends with the trip, unless it was said to persist."""
        passing = [
            key for key, fault in self._disturbances.items() if isinstance(fault, TripRcd) and not fault.persistent
        ]
        for key in passing:
            del self._disturbances[key]
        self._conditions = conditions(tuple(self._disturbances.values()))

    def _session_begins(self) -> None:
        self._session_base = self._energy
        self._charging_for = 0.0
        self._plugged_at = self._at
        self._has_charged = False
        for mark in self._marks.values():
            mark.announced = False

    def _note_current(self) -> None:
        vehicle = self._vehicle
        flowing = vehicle is not None and vehicle.draws and not isinstance(self._flow, Idle)
        if flowing and not self._flowing:
            self._has_charged = True
            self._emit("current_started")
        elif self._flowing and not flowing:
            self._emit("current_stopped")
        self._flowing = flowing

    def _note_marks(self) -> None:
        if not self._evse.plugged:
            return
        session = self._energy - self._session_base
        for owner, mark in self._marks.items():
            if not mark.announced and session >= mark.energy:
                mark.announced = True
                self._emit("energy_reached", mark=owner, session_energy=session / WATT_HOUR)

    def _stretch_at(self, at: Instant) -> Stretch:
        """The stretch that held at `at`; the oldest retained one for anything before it."""
        for stretch in reversed(self._stretches):
            if stretch.since <= at:
                return stretch
        return self._stretches[0]

    # --- stimuli -----------------------------------------------------------------------------------------------------

    def _plug_in(self, message: PlugIn) -> Outcome:
        if self._vehicle is not None:
            return Outcome(
                refused=Reason.ALREADY_PLUGGED, message=f"{self._vehicle.name} is plugged in; unplug it first"
            )
        self._vehicle = Vehicle(message, self._at)
        if self.spec.connector == "socket":
            self._evse.cable = message.cable or self._evse.cable or self.spec.cable
            self._vehicle.cable = self._evse.cable
        self._disturb_vehicle()
        return DONE

    def _unplug(self, message: Unplug) -> Outcome:
        if self._vehicle is None:
            return Outcome(refused=Reason.NOT_PLUGGED, message="no vehicle is plugged in")
        self._vehicle = None
        if message.at_box:
            self._evse.cable = None
        return DONE

    def _plug_cable(self, message: PlugCable) -> Outcome:
        if self.spec.connector == "tethered":
            return Outcome(refused=Reason.NOT_FITTED, message="this charger has a tethered cable")
        if self._vehicle is not None:
            return Outcome(refused=Reason.NOT_ALLOWED, message="a vehicle is plugged in")
        self._evse.cable = (message.cable or self.spec.cable) if message.plugged else None
        return DONE

    def _set_vehicle(self, message: SetVehicle) -> Outcome:
        vehicle = self._vehicle
        if vehicle is None:
            return Outcome(refused=Reason.NOT_PLUGGED, message="no vehicle is plugged in")
        changes = dict(message.changes)
        awake = changes.pop("awake", None)
        known = {f.name for f in fields(VehicleSpec)}
        if unknown := sorted(set(changes) - known):
            return Outcome(refused=Reason.UNKNOWN, message=f"a vehicle has no {', '.join(unknown)}")
        vehicle.reconfigure(replace(vehicle.spec, **changes), changes)  # type: ignore[arg-type]
        if awake:
            vehicle.wake_by_api(self._at)
        return DONE

    def _set_supply(self, message: SetSupply) -> Outcome:
        stated = {
            name: value
            for name in ("voltage", "phases", "frequency", "source_resistance")
            if (value := getattr(message, name)) is not None
        }
        self._supply = replace(self._supply, **stated)
        if message.phase_voltages is not None:
            self._phase_voltages = message.phase_voltages
        elif message.voltage is not None:
            self._phase_voltages = None
        if message.live is not None:
            self._live = message.live
        self._emit("supply_changed")
        return DONE

    def _set_climate(self, message: SetClimate) -> Outcome:
        self._heat.set_ambient(message.ambient)
        return DONE

    def _power_cut(self, _: PowerCut) -> Outcome:
        self._cut = True
        return DONE

    def _power_up(self, _: PowerUp) -> Outcome:
        self._cut = False
        return DONE

    def _disturb(self, message: Disturb) -> Outcome:
        self._disturbances[message.name] = message.fault
        return self._conditions_changed()

    def _relieve(self, message: Relieve) -> Outcome:
        if message.name not in self._disturbances:
            return Outcome(refused=Reason.UNKNOWN, message=f'there is no fault called "{message.name}"')
        del self._disturbances[message.name]
        return self._conditions_changed()

    def _conditions_changed(self) -> Outcome:
        self._conditions = conditions(tuple(self._disturbances.values()))
        self._disturb_vehicle()
        return DONE

    def _disturb_vehicle(self) -> None:
        vehicle, now = self._vehicle, self._conditions
        if vehicle is not None:
            vehicle.refuses = now.vehicle_refuses
            vehicle.overdraw = now.overdraw
            vehicle.ventilation = vehicle.spec.ventilation or now.ventilation_required

    # --- commands ----------------------------------------------------------------------------------------------------

    def _set_limit(self, message: SetLimit) -> Outcome:
        self._evse.offer.put_limit(message.owner, message.current)
        return DONE

    def _set_permission(self, message: SetPermission) -> Outcome:
        self._evse.offer.put(self._evse.offer.permissions, message.owner, message.granted)
        return DONE

    def _set_authorisation(self, message: SetAuthorisation) -> Outcome:
        self._evse.offer.put(self._evse.offer.authorisations, message.owner, message.granted)
        return DONE

    def _request_phases(self, message: RequestPhases) -> Outcome:
        if not self._evse.phases.fitted:
            return Outcome(refused=Reason.NOT_FITTED, message="this charger cannot switch phases")
        self._evse.phases.requests[message.owner] = message.phases
        return DONE

    def _interrupt_pilot(self, message: InterruptPilot) -> Outcome:
        self._evse.interrupt(message.owner, self._at, message.duration, message.mode)
        return DONE

    def _restore_pilot(self, message: RestorePilot) -> Outcome:
        self._evse.restore_pilot(message.owner)
        return DONE

    def _set_service(self, message: SetService) -> Outcome:
        if message.available:
            self._evse.offer.out_of_service.discard(message.owner)
        else:
            self._evse.offer.out_of_service.add(message.owner)
        return DONE

    def _mark_energy(self, message: MarkEnergy) -> Outcome:
        if message.energy is None:
            self._marks.pop(message.owner, None)
        else:
            self._marks[message.owner] = _Mark(message.energy * WATT_HOUR)
        return DONE

    def _reset_faults(self, message: ResetFaults) -> Outcome:
        self._evse.protection.reset("command", self._emit, message.fault)
        return DONE

    def _reboot(self, _: RebootController) -> Outcome:
        self._evse.reboot(self._at, self._emit)
        return DONE

    def _set_lock(self, message: SetLock) -> Outcome:
        if message.policy == "open":
            if self._evse.contactor:
                return Outcome(refused=Reason.NOT_NOW, message="the connector stays locked while charging")
            self._evse.lock.forced_open = True
        else:
            self._evse.lock.policy = message.policy
        return DONE

    def _set_earth_check(self, message: SetEarthCheck) -> Outcome:
        self._evse.earth_check = message.enabled
        return DONE


_HANDLERS: Final[dict[type, Callable[..., Outcome]]] = {
    PlugIn: Charger._plug_in,
    Unplug: Charger._unplug,
    PlugCable: Charger._plug_cable,
    SetVehicle: Charger._set_vehicle,
    SetSupply: Charger._set_supply,
    SetClimate: Charger._set_climate,
    PowerCut: Charger._power_cut,
    PowerUp: Charger._power_up,
    Disturb: Charger._disturb,
    Relieve: Charger._relieve,
    SetLimit: Charger._set_limit,
    SetPermission: Charger._set_permission,
    SetAuthorisation: Charger._set_authorisation,
    RequestPhases: Charger._request_phases,
    InterruptPilot: Charger._interrupt_pilot,
    RestorePilot: Charger._restore_pilot,
    SetService: Charger._set_service,
    MarkEnergy: Charger._mark_energy,
    ResetFaults: Charger._reset_faults,
    RebootController: Charger._reboot,
    SetLock: Charger._set_lock,
    SetEarthCheck: Charger._set_earth_check,
}
