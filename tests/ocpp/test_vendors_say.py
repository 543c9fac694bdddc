"""What a vendor's station decides: a limit without a central system, keys it keeps itself, vehicles without a card."""

from __future__ import annotations

from collections.abc import Mapping

from support_ocpp import IDENTITY, Log, World, ask, connected

from emulator.ocpp.central_system import CentralSystem
from emulator.ocpp.configuration import Binding
from emulator.ocpp.profiles import GOE_PROFILE
from emulator.ocpp.station import Station


class OwnStation(Station):
    """A station with settings of its own."""

    fallback: float | None = None
    heartbeat = 3600
    dummy: str | None = None
    charging_only = False

    def offline_limit(self) -> float | None:
        return self.fallback

    def free_tag(self) -> str | None:
        return self.dummy

    def samples(self) -> bool:
        return not self.charging_only or self.snapshot().current_flows

    def bindings(self) -> Mapping[str, Binding]:
        return {"HeartbeatInterval": Binding(lambda: str(self.heartbeat), self.set_heartbeat)}

    def set_heartbeat(self, value: str) -> None:
        self.heartbeat = int(value)


def own() -> tuple[World, OwnStation, CentralSystem, Log]:
    stations: list[OwnStation] = []

    def station(world: World) -> Station:
        stations.append(OwnStation(world.box, IDENTITY))
        return stations[-1]

    world, system, log = connected(GOE_PROFILE, station=station)
    return world, stations[-1], system, log


def test_a_vehicle_without_a_card_charges_under_the_free_tag() -> None:
    world, station, system, log = own()
    station.dummy = "freevend"
    world.plug_in()
    world.wait(20)
    assert not log.calls("Authorize")
    assert system.served["box"].transactions[1].tag == "freevend"
    assert log.statuses() == ["Available", "Preparing", "SuspendedEVSE", "SuspendedEV", "Charging"]


def test_without_a_central_system_the_fallback_holds() -> None:
    world, station, _, log = own()
    station.dummy, station.fallback = "freevend", 8.0
    world.plug_in()
    world.wait(20)
    assert world.box.snapshot().offered_current == 32
    log.disconnect()
    world.wait(10)
    assert world.box.snapshot().offered_current == 8
    log.connect()
    world.wait(10)
    assert world.box.snapshot().offered_current == 32


def test_a_key_that_the_vendor_keeps() -> None:
    world, station, system, log = own()
    assert station.heartbeat == 300
    assert ask(world, system, "ChangeConfiguration", key="HeartbeatInterval", value="50") == "Accepted"
    assert station.heartbeat == 50
    world.wait(101)
    assert len(log.calls("Heartbeat")) == 2
    station.heartbeat = 1000
    world.point.configuration.changed("HeartbeatInterval")
    world.wait(900)
    assert len(log.calls("Heartbeat")) == 2


def test_sampled_values_only_while_charging() -> None:
    world, station, system, log = own()
    station.dummy, station.charging_only = "freevend", True
    assert ask(world, system, "ChangeConfiguration", key="MeterValueSampleInterval", value="10") == "Accepted"
    world.plug_in(charge_limit=0.4, state_of_charge=0.4)
    world.wait(100)
    assert not log.calls("MeterValues")
