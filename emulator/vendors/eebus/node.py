"""The EEBUS node of the wallbox: its entities, features and use cases.

The one rule: loaded when EEBUS is switched on; limits go to the charge controller, everything else is read from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from ...core.snapshot import Snapshot
from ...devices.interfaces.ship import Credentials, Disturbance
from ...eebus.coding import Data
from ...eebus.emobility import EVCC, EVSECC, OPEV, Manufacturer, PhaseLimits, VehicleFacts, serve_station, serve_vehicle
from ...eebus.heartbeat import Heartbeat, refused_heartbeat
from ...eebus.identity import credentials, private_number
from ...eebus.limitation import LPC, EnergyGuards, LimitServer, Numbers
from ...eebus.lpc import STANDARD, ControllableSystem
from ...eebus.measuring import CHARGING, CONSUMPTION, EVCEM, MPC, Measurements
from ...eebus.model import Address, Entity, Refusal, UseCase
from ...eebus.node import Node
from ...eebus.spine import Device, Watch
from ...runtime.simulation import Simulation

HEARTBEAT_TIMEOUT: Final = 60.0
LEAST: Final = 6.0
"""Lowest current that a vehicle can be given [A]."""
TOTAL_POWER: Final = 8
"""Parameter of the vehicle's power."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the node knows of its wallbox."""

    simulation: Simulation
    name: str
    manufacturer: Manufacturer
    random: Callable[[str], int]
    disturbance: Callable[[], Disturbance]
    snapshot: Callable[[], Snapshot]
    current: float
    """The most it can give per phase [A]."""
    phases: int
    wrote: Callable[[str, str, Data, Refusal | None], None]
    """(point, SKI of the peer, what it wrote, why it was refused)"""
    failsafe: tuple[float | None, float]
    """Power [W] (None: all it can) and duration [s] as kept."""
    keep: Callable[[float, float], None]
    """They were written."""
    changed: Callable[[], None]
    """A limit, or the state of the LPC machine, is another one."""

    @property
    def power(self) -> float:
        return self.current * self.phases * 230.0


class WallboxNode:
    """One node, from switching on to switching off."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.device = Device(f"d:_n:{facts.name}", "ChargingStation")
        self.system = ControllableSystem(facts.simulation, lambda: facts.power, facts.changed, STANDARD)
        power, self.system.failsafe_duration = facts.failsafe
        if power is not None:
            self.system.failsafe_power = power
        self.phase_limits = PhaseLimits(
            facts.changed, lambda ski, value, refusal: facts.wrote("opev.current", ski, value, refusal)
        )
        self._vehicle: Entity | None = None
        self._vehicle_watch: Watch | None = None
        self._charging = Measurements(self.device, CHARGING, facts.snapshot, lambda: facts.phases)
        self._consumption = Measurements(self.device, CONSUMPTION, facts.snapshot, lambda: facts.phases)
        self.device.entities.append(self._station())
        self.device.use_cases = self._use_cases
        self.device.refuse_notify = lambda function: refused_heartbeat(function, facts.disturbance())
        self.device.loses_bindings = lambda: facts.disturbance().loses_bindings
        self.device.clients.append(EnergyGuards(self.system, Address("", (1,), 8)))
        self.node = Node(facts.simulation, self.device, facts.name, self._identity, disturbance=facts.disturbance)
        self.node.on_closed = lambda _ski, _reason: self._gone()

    def start(self) -> None:
        self.system.start()
        self.heartbeat.start()
        self.node.start()

    def stop(self) -> None:
        self.node.stop()
        self.heartbeat.stop()
        self.system.stop()

    def _identity(self, other: bool) -> Credentials:
        return credentials(private_number(self.facts.random) + other, self.facts.name, "Charger emulator")

    def _gone(self) -> None:
        """A peer has gone; with the last one its limits per phase."""
        if not self.device.sessions:
            self.phase_limits.reset()

    def _station(self) -> Entity:
        facts = self.facts
        station = Entity((1,), "EVSE")
        diagnosis = station.feature(1, "DeviceDiagnosis")
        classification = station.feature(2, "DeviceClassification")
        load_control = station.feature(3, "LoadControl")
        configuration = station.feature(4, "DeviceConfiguration")
        electrical = station.feature(5, "ElectricalConnection")
        measurement = station.feature(6, "Measurement")
        station.feature(8, "DeviceDiagnosis", "client")
        self._station_watch = serve_station(
            self.device,
            diagnosis,
            classification,
            lambda: facts.manufacturer,
            lambda: facts.snapshot().pilot in ("E", "F"),
        )
        self.heartbeat = Heartbeat(
            facts.simulation,
            self.device,
            diagnosis,
            HEARTBEAT_TIMEOUT,
            interval=HEARTBEAT_TIMEOUT - 5,
            delay=lambda: facts.disturbance().heartbeat_delay,
        )
        self.limits = LimitServer(
            facts.simulation,
            self.device,
            self.system,
            lambda: facts.power,
            Numbers(),
            refuses=lambda: facts.disturbance().refuses_limits,
            wrote=lambda ski, value, refusal: facts.wrote("lpc.power", ski, value, refusal),
            kept=lambda: facts.keep(self.system.failsafe_power, self.system.failsafe_duration),
        )
        self.limits.serve(load_control, configuration, electrical)
        self._consumption.serve(electrical, measurement)
        return station

    def _new_vehicle(self) -> Entity:
        facts = self.facts
        vehicle = Entity((1, 1), "EV")
        load_control = vehicle.feature(1, "LoadControl")
        electrical = vehicle.feature(5, "ElectricalConnection")
        measurement = vehicle.feature(7, "Measurement")
        self._vehicle_watch = serve_vehicle(
            self.device,
            vehicle.feature(2, "DeviceDiagnosis"),
            vehicle.feature(3, "DeviceConfiguration"),
            vehicle.feature(4, "Identification"),
            vehicle.feature(6, "DeviceClassification"),
            electrical,
            lambda: VehicleFacts(least_power=LEAST * 230 * facts.phases, greatest_power=facts.power),
            power_parameter=TOTAL_POWER,
            currents=lambda: (LEAST, facts.current),
        )
        self._charging.serve(electrical, measurement)
        self.phase_limits.serve(self.device, load_control, lambda: facts.disturbance().refuses_limits)
        return vehicle

    def follow(self) -> None:
        """Look whether there is a vehicle, and what has been measured."""
        self.node.look()
        plugged = self.facts.snapshot().plugged and not self.facts.disturbance().hides_vehicle
        if plugged and self._vehicle is None:
            self._vehicle = self._new_vehicle()
            self.device.add(self._vehicle)
        elif not plugged and self._vehicle is not None:
            vehicle, self._vehicle, self._vehicle_watch = self._vehicle, None, None
            self.device.remove(vehicle)
            self.phase_limits.reset()
        self._station_watch.look()
        self._consumption.look()
        if self._vehicle_watch is not None:
            self._vehicle_watch.look()
            self._charging.look()

    def _use_cases(self) -> Iterable[UseCase]:
        station, vehicle = (1,), (1, 1)
        rows: list[tuple[str, str, str, tuple[int, ...], tuple[int, ...]]] = [
            (LPC, "ControllableSystem", "1.0.0", (1, 2, 3, 4), station),
            (MPC, "MonitoredUnit", "1.0.0", (1, 2, 3, 4, 5), station),
            (EVSECC, "EVSE", "1.0.1", (1, 2), station),
        ]
        if self._vehicle is not None:
            rows += [
                (EVCC, "EV", "1.0.1", tuple(range(1, 9)), vehicle),
                (EVCEM, "EV", "1.0.1", (1, 2, 3), vehicle),
                (OPEV, "EV", "1.0.1", (1, 2, 3), vehicle),
            ]
        for name, actor, version, scenarios, entity in rows:
            yield UseCase(name=name, actor=actor, version=version, scenarios=scenarios, entity=entity)
