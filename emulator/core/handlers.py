"""What each stimulus and each command does to a charger, and what speaks against it.

The one rule: a message is refused before it has changed anything; whatever is not refused is done without an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Final

from . import thermal
from .faults import Disturbance, Overtemp
from .instant import Instant
from .messages import (
    Command,
    Disturb,
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
    TunePhases,
    Unplug,
)
from .proximity import resistance_for
from .snapshot import EvseState
from .specs import VehicleSpec
from .validity import misfit
from .vehicle import Vehicle
from .world import World

Refusal = Outcome | None
HOTTEST: Final = 1e3
"""°C; also the coldest, below zero. No sensor of a wallbox reads more."""
STRONGEST: Final = 1e7
"""V, A, Hz or ohm: more is a slip of the pen."""


# --- what speaks against it ------------------------------------------------------------------------------------------


def refusal(world: World, message: Stimulus | Command) -> Refusal:
    """Why `message` cannot be done now; None: it can."""
    if problem := misfit(message):
        return Outcome(refused=Reason.INVALID, message=problem)
    check = _REFUSALS.get(type(message))
    return check(world, message) if check is not None else None


def _no(reason: Reason, message: str) -> Outcome:
    return Outcome(refused=reason, message=message)


def _cannot_plug_in(world: World, message: PlugIn) -> Refusal:
    if world.vehicle is not None:
        return _no(Reason.ALREADY_PLUGGED, f"{world.vehicle.name} is plugged in; unplug it first")
    return _no_such_cable(message.cable) or _impossible(_filled(message))


def _no_such_cable(cable: float | None) -> Refusal:
    try:
        resistance_for(cable if cable is not None else 32.0)
    except ValueError as error:
        return _no(Reason.OUT_OF_RANGE, str(error))
    return None


def _impossible(spec: VehicleSpec) -> Refusal:
    """What no vehicle can be."""
    for name in _POSITIVE:
        if not getattr(spec, name) > 0:
            return _no(Reason.OUT_OF_RANGE, f"{name} has to be positive")
    for name in _FRACTIONS:
        if getattr(spec, name) > 1:
            return _no(Reason.OUT_OF_RANGE, f"{name} is at most 1 (100 %)")
    for field in fields(spec):
        value = getattr(spec, field.name)
        if isinstance(value, int | float) and value < 0 and field.name != "current_offset":
            return _no(Reason.OUT_OF_RANGE, f"{field.name} cannot be negative")
    if spec.phases not in (1, 2, 3):
        return _no(Reason.OUT_OF_RANGE, "phases is 1, 2 or 3")
    return None


_POSITIVE: Final = ("capacity", "max_current", "efficiency", "ramp_up", "ramp_down", "ramp_stop")
_FRACTIONS: Final = ("state_of_charge", "charge_limit", "efficiency", "taper_start")


def _nothing_to_unplug(world: World, _: Unplug) -> Refusal:
    return None if world.vehicle is not None else _no(Reason.NOT_PLUGGED, "no vehicle is plugged in")


def _cannot_plug_cable(world: World, message: PlugCable) -> Refusal:
    if not world.evse.connector.is_socket:
        return _no(Reason.NOT_FITTED, "this charger has a tethered cable")
    if world.vehicle is not None:
        return _no(Reason.NOT_ALLOWED, "a vehicle is plugged in")
    return _no_such_cable(message.cable)


def _cannot_set_vehicle(world: World, message: SetVehicle) -> Refusal:
    if world.vehicle is None:
        return _no(Reason.NOT_PLUGGED, "no vehicle is plugged in")
    changes = dict(message.changes)
    changes.pop("awake", None)
    if unknown := sorted(str(name) for name in changes if name not in _HABITS):
        return _no(Reason.UNKNOWN, f"a vehicle has no {', '.join(unknown)}")
    spec = replace(world.vehicle.spec, **changes)  # type: ignore[arg-type]
    if problem := misfit(spec):
        return _no(Reason.WRONG_TYPE, problem)
    return _impossible(spec)


_HABITS: Final = frozenset(field.name for field in fields(VehicleSpec))


def _cannot_set_supply(_: World, message: SetSupply) -> Refusal:
    values = [message.voltage, message.frequency, message.source_resistance, *(message.phase_voltages or ())]
    if any(value is not None and not 0 <= value <= STRONGEST for value in values):
        return _no(Reason.OUT_OF_RANGE, "voltage, frequency and resistance of a supply are not negative")
    if message.phases not in (None, 1, 2, 3):
        return _no(Reason.OUT_OF_RANGE, "a supply has 1, 2 or 3 phases")
    return None


def _cannot_set_climate(_: World, message: SetClimate) -> Refusal:
    return None if abs(message.ambient) <= HOTTEST else _no(Reason.OUT_OF_RANGE, "no such climate")


def _cannot_disturb(_: World, message: Disturb) -> Refusal:
    fault: Disturbance = message.fault
    if isinstance(fault, Overtemp):
        if fault.sensor not in thermal.BY_NAME:
            return _no(Reason.UNKNOWN, f"no sensor is called {fault.sensor!r} ({', '.join(thermal.BY_NAME)})")
        return None if abs(fault.temperature) <= HOTTEST else _no(Reason.OUT_OF_RANGE, "no such temperature")
    for field in fields(fault):
        value = getattr(fault, field.name)
        lowest = -STRONGEST if field.name == "residual_current" else 0.0  # a leak has a direction
        if isinstance(value, int | float) and not lowest <= value <= STRONGEST:
            return _no(Reason.OUT_OF_RANGE, f"{field.name} cannot be {value:g}")
    return None


def _nothing_to_relieve(world: World, message: Relieve) -> Refusal:
    if message.name in world.disturbances:
        return None
    return _no(Reason.UNKNOWN, f'there is no fault called "{message.name}"')


def _cannot_limit(_: World, message: SetLimit) -> Refusal:
    if message.current is None or message.current >= 0:
        return None
    return _no(Reason.OUT_OF_RANGE, f"a limit of {message.current:g} A")


def _cannot_switch_phases(world: World, _: RequestPhases) -> Refusal:
    return None if world.evse.phases.fitted else _no(Reason.NOT_FITTED, "this charger cannot switch phases")


def _cannot_tune(_: World, message: TunePhases) -> Refusal:
    return _no(Reason.OUT_OF_RANGE, "a wait is not negative") if (message.wait or 0.0) < 0 else None


def _no_controller(world: World, _: InterruptPilot | RebootController) -> Refusal:
    return _no(Reason.UNREACHABLE, "no supply") if world.evse.state is EvseState.OFF else None


def _cannot_unlock(world: World, message: SetLock) -> Refusal:
    if message.policy == "open" and world.evse.contactor.closed:
        return _no(Reason.NOT_NOW, "the connector stays locked while charging")
    return None


_REFUSALS: Final[Mapping[type, Callable[..., Refusal]]] = {
    PlugIn: _cannot_plug_in,
    Unplug: _nothing_to_unplug,
    PlugCable: _cannot_plug_cable,
    SetVehicle: _cannot_set_vehicle,
    SetSupply: _cannot_set_supply,
    SetClimate: _cannot_set_climate,
    Disturb: _cannot_disturb,
    Relieve: _nothing_to_relieve,
    SetLimit: _cannot_limit,
    RequestPhases: _cannot_switch_phases,
    TunePhases: _cannot_tune,
    InterruptPilot: _no_controller,
    RebootController: _no_controller,
    SetLock: _cannot_unlock,
}


# --- stimuli ---------------------------------------------------------------------------------------------------------


def handle(world: World, at: Instant, message: Stimulus | Command) -> None:
    """Do it; it must not have been refused."""
    _HANDLERS[type(message)](world, at, message)


def _filled(message: PlugIn) -> VehicleSpec:
    """The vehicle, as full as the message says."""
    if message.state_of_charge is None:
        return message.vehicle
    return replace(message.vehicle, state_of_charge=message.state_of_charge)


def _plug_in(world: World, at: Instant, message: PlugIn) -> None:
    world.vehicle = vehicle = Vehicle(message.name, _filled(message), at, world.emit)
    connector = world.evse.connector
    if connector.is_socket:
        connector.cable = message.cable or connector.cable or world.spec.cable
        vehicle.cable = connector.cable
    world.disturbed()


def _unplug(world: World, at: Instant, message: Unplug) -> None:
    world.vehicle = None
    if message.at_box:
        world.evse.connector.cable = None


def _plug_cable(world: World, at: Instant, message: PlugCable) -> None:
    world.evse.connector.cable = (message.cable or world.spec.cable) if message.plugged else None


def _set_vehicle(world: World, at: Instant, message: SetVehicle) -> None:
    vehicle = world.vehicle
    assert vehicle is not None
    changes = dict(message.changes)
    awake = changes.pop("awake", None)
    if changes:
        spec = replace(vehicle.spec, **changes)  # type: ignore[arg-type]
        vehicle.reconfigure(spec, at, refill="state_of_charge" in changes)
        world.disturbed()
    if awake:
        vehicle.wake_by_api(at)


def _set_supply(world: World, at: Instant, message: SetSupply) -> None:
    world.set_supply(message)
    world.emit("supply_changed")


def _set_climate(world: World, at: Instant, message: SetClimate) -> None:
    world.heat.set_ambient(message.ambient)


def _power_cut(world: World, at: Instant, message: PowerCut) -> None:
    world.set_cut(True)


def _power_up(world: World, at: Instant, message: PowerUp) -> None:
    world.set_cut(False)


def _disturb(world: World, at: Instant, message: Disturb) -> None:
    world.disturbances[message.name] = message.fault
    world.disturbed()


def _relieve(world: World, at: Instant, message: Relieve) -> None:
    del world.disturbances[message.name]
    world.disturbed()


# --- commands --------------------------------------------------------------------------------------------------------


def _set_limit(world: World, at: Instant, message: SetLimit) -> None:
    world.evse.offer.put_limit(message.owner, message.current)


def _set_permission(world: World, at: Instant, message: SetPermission) -> None:
    world.evse.offer.put_permission(message.owner, message.granted)


def _set_authorisation(world: World, at: Instant, message: SetAuthorisation) -> None:
    world.evse.offer.put_authorisation(message.owner, message.granted)


def _request_phases(world: World, at: Instant, message: RequestPhases) -> None:
    world.evse.phases.requests[message.owner] = message.phases


def _tune_phases(world: World, at: Instant, message: TunePhases) -> None:
    world.evse.phases.tune(message.wait, message.single_phase_fallback)


def _interrupt_pilot(world: World, at: Instant, message: InterruptPilot) -> None:
    world.evse.line.interrupt(message.owner, at, message.duration, message.mode)


def _restore_pilot(world: World, at: Instant, message: RestorePilot) -> None:
    world.evse.line.restore(message.owner)


def _set_service(world: World, at: Instant, message: SetService) -> None:
    world.evse.offer.put_service(message.owner, message.available)


def _mark_energy(world: World, at: Instant, message: MarkEnergy) -> None:
    world.meter.mark(message.owner, message.energy)


def _reset_faults(world: World, at: Instant, message: ResetFaults) -> None:
    world.evse.protection.reset("command", message.fault)


def _reboot(world: World, at: Instant, message: RebootController) -> None:
    world.evse.reboot(world.inputs(at))
    world.meter.end_session()


def _set_lock(world: World, at: Instant, message: SetLock) -> None:
    lock = world.evse.connector.lock
    if message.on_outage is not None:
        lock.opens_on_outage = message.on_outage
    if message.policy == "open":
        lock.forced_open = True
    else:
        lock.policy = message.policy


def _set_earth_check(world: World, at: Instant, message: SetEarthCheck) -> None:
    world.evse.earth_check = message.enabled


_HANDLERS: Final[Mapping[type, Callable[..., None]]] = {
    PlugIn: _plug_in,
    Unplug: _unplug,
    PlugCable: _plug_cable,
    SetVehicle: _set_vehicle,
    SetSupply: _set_supply,
    SetClimate: _set_climate,
    PowerCut: _power_cut,
    PowerUp: _power_up,
    Disturb: _disturb,
    Relieve: _relieve,
    SetLimit: _set_limit,
    SetPermission: _set_permission,
    SetAuthorisation: _set_authorisation,
    RequestPhases: _request_phases,
    TunePhases: _tune_phases,
    InterruptPilot: _interrupt_pilot,
    RestorePilot: _restore_pilot,
    SetService: _set_service,
    MarkEnergy: _mark_energy,
    ResetFaults: _reset_faults,
    RebootController: _reboot,
    SetLock: _set_lock,
    SetEarthCheck: _set_earth_check,
}
