"""What each stimulus and each command does to a charger, and when it is refused.

The one rule: a message is refused before it has changed anything; whatever is not refused is done without an error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, fields, replace
from typing import Final, assert_never

from . import evse_rules
from .events import EventName
from .faults import STRONGEST
from .hardware import Hardware
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
from .specs import VehicleSpec
from .states import EvseState
from .units import COLDEST, HOTTEST
from .validity import misfit
from .vehicle import Vehicle

Refusal = Outcome | None


# --- refusals --------------------------------------------------------------------------------------------------------


def refusal(hardware: Hardware, message: Stimulus | Command) -> Refusal:
    """Why `message` cannot be done now; None: it can."""
    if problem := misfit(message):
        return _no(Reason.INVALID, problem)
    evse, vehicle = hardware.evse, hardware.vehicle
    match message:
        case PlugIn() if vehicle is not None:
            return _no(Reason.ALREADY_PLUGGED, f"{vehicle.name} is plugged in; unplug it first")
        case PlugIn():
            return _no_such_cable(message.cable) or _no_such_vehicle(_charged(message))
        case Unplug() | SetVehicle() if vehicle is None:
            return _no(Reason.NOT_PLUGGED, "no vehicle is plugged in")
        case SetVehicle() if vehicle is not None:
            return _no_such_change(vehicle.spec, message)
        case PlugCable() if not evse.connector.is_socket:
            return _no(Reason.NOT_FITTED, "this charger has a tethered cable")
        case PlugCable() if vehicle is not None:
            return _no(Reason.NOT_ALLOWED, "a vehicle is plugged in")
        case PlugCable() if evse.connector.lock.holds:
            return _no(Reason.NOT_ALLOWED, "the cable is locked")
        case PlugCable():
            return _no_such_cable(message.cable)
        case SetSupply():
            return _no_such_supply(message)
        case SetClimate() if not COLDEST <= message.ambient <= HOTTEST:
            return _no(Reason.OUT_OF_RANGE, "no such climate")
        case Disturb() if problem := message.fault.problem():
            return _no(Reason.OUT_OF_RANGE, problem)
        case Relieve() if message.name not in hardware.disturbances:
            return _no(Reason.UNKNOWN, f'there is no fault called "{message.name}"')
        case SetLimit() if message.current is not None and message.current < 0:
            return _no(Reason.OUT_OF_RANGE, f"a limit of {message.current:g} A")
        case RequestPhases() if not evse.phases.fitted:
            return _no(Reason.NOT_FITTED, "this charger cannot switch phases")
        case TunePhases() if message.wait is not None and message.wait < 0:
            return _no(Reason.OUT_OF_RANGE, "a wait is not negative")
        case InterruptPilot() | RebootController() if evse.state is EvseState.OFF:
            return _no(Reason.UNREACHABLE, "no supply")
        case SetLock() if message.policy == "open" and evse.contactor.closed:
            return _no(Reason.NOT_NOW, "the connector stays locked while charging")
    return None


def _no(reason: Reason, message: str) -> Outcome:
    return Outcome(refused=reason, message=message)


def _no_such_cable(cable: float | None) -> Refusal:
    try:
        resistance_for(cable if cable is not None else 32.0)
    except ValueError as error:
        return _no(Reason.OUT_OF_RANGE, str(error))
    return None


def _no_such_vehicle(spec: VehicleSpec) -> Refusal:
    """What no vehicle can be."""
    numbers = {name: value for name, value in asdict(spec).items() if isinstance(value, int | float)}
    for name, value in numbers.items():
        if name in _POSITIVE and value <= 0:
            return _no(Reason.OUT_OF_RANGE, f"{name} has to be positive")
        if name in _FRACTIONS and value > 1:
            return _no(Reason.OUT_OF_RANGE, f"{name} is at most 1 (100 %)")
        if value < 0 and name != "current_offset":
            return _no(Reason.OUT_OF_RANGE, f"{name} cannot be negative")
    if spec.phases not in (1, 2, 3):
        return _no(Reason.OUT_OF_RANGE, "phases is 1, 2 or 3")
    return None


_POSITIVE: Final = ("capacity", "max_current", "efficiency", "ramp_up", "ramp_down", "ramp_stop")
_FRACTIONS: Final = ("state_of_charge", "charge_limit", "efficiency", "taper_start")


def _no_such_change(spec: VehicleSpec, message: SetVehicle) -> Refusal:
    if unknown := sorted(str(name) for name in message.changes if name not in _HABITS and name != "awake"):
        return _no(Reason.UNKNOWN, f"a vehicle has no {', '.join(unknown)}")
    changed = _changed(spec, message)
    if problem := misfit(changed):
        return _no(Reason.WRONG_TYPE, problem)
    return _no_such_vehicle(changed)


_HABITS: Final = frozenset(field.name for field in fields(VehicleSpec))


def _no_such_supply(message: SetSupply) -> Refusal:
    values = [message.voltage, message.frequency, message.source_resistance, *(message.phase_voltages or ())]
    if any(value is not None and not 0 <= value <= STRONGEST for value in values):
        return _no(Reason.OUT_OF_RANGE, "voltage, frequency and resistance of a supply are not negative")
    if message.phases not in (None, 1, 2, 3):
        return _no(Reason.OUT_OF_RANGE, "a supply has 1, 2 or 3 phases")
    return None


# --- doing it --------------------------------------------------------------------------------------------------------


def handle(hardware: Hardware, at: Instant, message: Stimulus | Command) -> None:
    """Do it; it must not have been refused."""
    if isinstance(message, Stimulus):
        _happen(hardware, at, message)
    else:
        _obey(hardware, at, message)


def _happen(hardware: Hardware, at: Instant, message: Stimulus) -> None:
    connector = hardware.evse.connector
    match message:
        case PlugIn():
            _plug_in(hardware, at, message)
        case Unplug():
            hardware.vehicle = None
            if message.at_box and not connector.lock.holds:
                connector.cable = None
        case PlugCable():
            connector.cable = (message.cable or hardware.spec.cable) if message.plugged else None
        case SetVehicle():
            _set_vehicle(hardware, at, message)
        case SetSupply():
            hardware.set_supply(message)
            hardware.emit(EventName.SUPPLY_CHANGED)
        case SetClimate():
            hardware.heat.set_ambient(message.ambient)
        case PowerCut():
            hardware.set_cut(True)
        case PowerUp():
            hardware.set_cut(False)
        case Disturb():
            hardware.disturbances[message.name] = message.fault
            hardware.disturbed()
        case Relieve():
            del hardware.disturbances[message.name]
            hardware.disturbed()
        case _:
            assert_never(message)


def _charged(message: PlugIn) -> VehicleSpec:
    """The vehicle, as full as the message says."""
    if message.state_of_charge is None:
        return message.vehicle
    return replace(message.vehicle, state_of_charge=message.state_of_charge)


def _plug_in(hardware: Hardware, at: Instant, message: PlugIn) -> None:
    hardware.vehicle = vehicle = Vehicle(message.name, _charged(message), at, hardware.emit)
    connector = hardware.evse.connector
    if connector.is_socket:
        connector.cable = message.cable or connector.cable or hardware.spec.cable
        vehicle.cable = connector.cable
    hardware.disturbed()


def _changed(spec: VehicleSpec, message: SetVehicle) -> VehicleSpec:
    """`spec` with the changes of the message, whose values nobody has looked at yet."""
    replaced: Callable[..., VehicleSpec] = replace
    return replaced(spec, **{name: value for name, value in message.changes.items() if name != "awake"})


def _set_vehicle(hardware: Hardware, at: Instant, message: SetVehicle) -> None:
    vehicle = hardware.vehicle
    if vehicle is None:
        return
    if not message.changes.keys() <= {"awake"}:
        spec = _changed(vehicle.spec, message)
        vehicle.reconfigure(spec, at, refill="state_of_charge" in message.changes)
        hardware.disturbed()
    if message.changes.get("awake"):
        vehicle.wake_by_api(at)


def _obey(hardware: Hardware, at: Instant, message: Command) -> None:
    evse = hardware.evse
    match message:
        case SetLimit():
            evse.offer.put_limit(message.owner, message.current)
        case SetPermission():
            evse.offer.put_permission(message.owner, message.granted)
        case SetAuthorisation():
            evse.offer.put_authorisation(message.owner, message.granted)
        case RequestPhases():
            evse.phases.requests[message.owner] = message.phases
        case TunePhases():
            evse.phases.tune(message.wait, message.single_phase_fallback)
        case InterruptPilot():
            evse.line.interrupt(message.owner, at, message.duration, message.mode)
        case RestorePilot():
            evse.line.restore(message.owner)
        case SetService():
            evse.offer.put_service(message.owner, message.available)
        case MarkEnergy():
            hardware.meter.mark(message.owner, message.energy)
        case ResetFaults():
            evse.protection.reset("command", message.fault)
        case RebootController():
            evse_rules.restart(evse, hardware.inputs(at))
            hardware.meter.end_session()
        case SetLock():
            evse.connector.lock.set_policy(message.policy, message.on_outage)
        case SetEarthCheck():
            evse.earth_check = message.enabled
        case _:
            assert_never(message)
