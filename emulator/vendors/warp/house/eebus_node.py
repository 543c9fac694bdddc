"""The EEBUS node of a WARP Charger: its entities, features and use cases, as the firmware numbers them.

The one rule: loaded when EEBUS is switched on. What peers read follows the charger; what they write goes to the LPC
machine, which the module hands to the §14a module. Source: Tinkerforge esp32-firmware, `modules/eebus`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from ....core.snapshot import Snapshot
from ....devices.interfaces.ship import Credentials, Disturbance
from ....eebus.emobility import EVCC, EVSECC, Manufacturer, VehicleFacts, serve_station, serve_vehicle
from ....eebus.heartbeat import Heartbeat, refused_heartbeat
from ....eebus.identity import credentials, private_number
from ....eebus.limitation import LPC, EnergyGuards, LimitServer, Numbers, Wrote
from ....eebus.lpc import ControllableSystem, Quirks
from ....eebus.measuring import CHARGING, CONSUMPTION, EVCEM, MPC, Measurements
from ....eebus.model import Address, Entity, UseCase
from ....eebus.node import Node
from ....eebus.ship import Timing
from ....eebus.spine import Device, Watch
from ....runtime.simulation import Simulation

GREATEST: Final = 22000.0
"""What the firmware says a charger can consume [W]."""
HEARTBEAT_TIMEOUT: Final = 30.0
FIRST: Final = 30.0
"""When the firmware first connects to its peers [s]."""
REDIAL: Final = 300.0
TOTAL_POWER: Final = 8
"""Parameter of the vehicle's permitted power. ASSUMED."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the node knows of its wallbox."""

    simulation: Simulation
    name: str
    """Device name, `warp3-2abC`."""
    random: Callable[[str], int]
    disturbance: Callable[[], Disturbance]
    manufacturer: Callable[[], Manufacturer]
    snapshot: Callable[[], Snapshot]
    vehicle: Callable[[], VehicleFacts]
    failed: Callable[[], bool]
    metered: bool
    quirks: Quirks
    wrote: Wrote
    limited: Callable[[], None]
    """The limit, or the state of the LPC machine, is another one."""


class EebusNode:
    """One node, from switching on to switching off."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.device = Device(f"d:_n:{facts.name}", "ChargingStation")
        self.system = ControllableSystem(facts.simulation, lambda: GREATEST, facts.limited, facts.quirks)
        self.station = self._station()
        self._vehicle: Entity | None = None
        self._vehicle_watch: Watch | None = None
        self._charging: Measurements | None = None
        self.device.entities.append(self.station)
        self.device.use_cases = self._use_cases
        self.device.refuse_notify = lambda function: refused_heartbeat(function, facts.disturbance())
        self.device.loses_bindings = lambda: facts.disturbance().loses_bindings
        self.device.clients.append(EnergyGuards(self.system, Address("", (1,), 4)))
        self.node = Node(
            facts.simulation,
            self.device,
            facts.name,
            self._identity,
            timing=Timing(cmi=30.0),
            first=FIRST,
            redial=REDIAL,
            disturbance=facts.disturbance,
        )

    def start(self) -> None:
        self.system.start()
        self.heartbeat.start()
        self.node.start()

    def stop(self) -> None:
        self.node.stop()
        self.heartbeat.stop()
        self.system.stop()

    def _identity(self, other: bool) -> Credentials:
        return credentials(private_number(self.facts.random) + other, "WARP_EEBUS", "Tinkerforge GmBH")

    # --- what it consists of -----------------------------------------------------------------------------------------

    def _station(self) -> Entity:
        facts = self.facts
        station = Entity((1,), "EVSE")
        diagnosis = station.feature(2, "DeviceDiagnosis")
        station.feature(4, "Generic", "client")
        load_control = station.feature(6, "LoadControl")
        configuration = station.feature(8, "DeviceConfiguration")
        electrical = station.feature(10, "ElectricalConnection")
        measurement = station.feature(12, "Measurement")
        classification = station.feature(14, "DeviceClassification")
        self._station_watch = serve_station(self.device, diagnosis, classification, facts.manufacturer, facts.failed)
        self.heartbeat = Heartbeat(
            facts.simulation,
            self.device,
            diagnosis,
            HEARTBEAT_TIMEOUT,
            delay=lambda: facts.disturbance().heartbeat_delay,
        )
        limits = LimitServer(
            facts.simulation,
            self.device,
            self.system,
            lambda: GREATEST,
            Numbers(limit=1, failsafe_power=11, failsafe_duration=12, characteristic="powerConsumptionMax"),
            refuses=lambda: facts.disturbance().refuses_limits,
            wrote=facts.wrote,
        )
        limits.serve(load_control, configuration, electrical)
        self._consumption = Measurements(self.device, CONSUMPTION, facts.snapshot, lambda: facts.snapshot().phases)
        if facts.metered:
            self._consumption.serve(electrical, measurement)
        return station

    def _new_vehicle(self) -> Entity:
        facts = self.facts
        vehicle = Entity((1, 1), "EV")
        diagnosis = vehicle.feature(16, "DeviceDiagnosis")
        vehicle.feature(18, "Generic", "client")
        configuration = vehicle.feature(20, "DeviceConfiguration")
        identification = vehicle.feature(22, "Identification")
        classification = vehicle.feature(24, "DeviceClassification")
        electrical = vehicle.feature(26, "ElectricalConnection")
        measurement = vehicle.feature(28, "Measurement")
        self._vehicle_watch = serve_vehicle(
            self.device,
            diagnosis,
            configuration,
            identification,
            classification,
            electrical,
            facts.vehicle,
            power_parameter=TOTAL_POWER,
        )
        self._charging = Measurements(self.device, CHARGING, facts.snapshot, lambda: facts.snapshot().phases)
        if facts.metered:
            self._charging.serve(electrical, measurement)
        return vehicle

    def follow(self, plugged: bool) -> None:
        """Look whether there is a vehicle, and what has been measured."""
        if plugged and self._vehicle is None:
            self._vehicle = self._new_vehicle()
            self.device.add(self._vehicle)
        elif not plugged and self._vehicle is not None:
            vehicle, self._vehicle, self._charging = self._vehicle, None, None
            self._vehicle_watch = None
            self.device.remove(vehicle)
        self._station_watch.look()
        if self._vehicle_watch is not None:
            self._vehicle_watch.look()
        self._consumption.look()
        if self._charging is not None:
            self._charging.look()

    def _use_cases(self) -> Iterable[UseCase]:
        """As announced; `useCaseAvailable` is never sent."""
        station, vehicle = (1,), (1, 1)

        def case(name: str, actor: str, version: str, scenarios: tuple[int, ...], entity: tuple[int, ...]) -> UseCase:
            return UseCase(name=name, actor=actor, version=version, scenarios=scenarios, entity=entity, available=None)

        yield case(LPC, "ControllableSystem", "1.0.0", (1, 2, 3, 4), station)
        if self.facts.metered:
            yield case(MPC, "MonitoredUnit", "1.0.0", (1, 2, 3, 4, 5), station)
        yield case(EVSECC, "EVSE", "1.0.1", (1, 2), station)
        if self._vehicle is not None:
            yield case(EVCC, "EV", "1.0.1", tuple(range(1, 9)), vehicle)
            if self.facts.metered:
                yield case(EVCEM, "EV", "1.0.1", (1, 2, 3), vehicle)
