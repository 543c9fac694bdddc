"""ChangeAvailability: of the connector and of the station, in a transaction, and over a reboot."""

from __future__ import annotations

import pytest
from support_ocpp import Log, World, ask, connected

from emulator.ocpp.central_system import CentralSystem
from emulator.ocpp.profiles import KEBA_PROFILE, WARP_PROFILE, VendorProfile


def change(world: World, system: CentralSystem, connector: int, kind: str) -> object:
    return ask(world, system, "ChangeAvailability", connectorId=connector, type=kind)


def rebooted(world: World, log: Log) -> list[str]:
    """What is said of station and connector after a reboot."""
    world.box.reboot()
    world.wait(10)
    log.messages.clear()
    log.connect()
    world.wait(1)
    return [str(call.payload["status"]) for call in log.calls("StatusNotification")]


def said_of_station(log: Log) -> list[object]:
    return [call.payload["status"] for call in log.calls("StatusNotification") if call.payload["connectorId"] == 0]


@pytest.mark.parametrize(
    ("profile", "expected"),
    [(KEBA_PROFILE, ["Unavailable", "Unavailable"]), (WARP_PROFILE, ["Available", "Available"])],
    ids=["keba", "warp"],
)
def test_the_stations_flag_is_kept_by_all_but_warp(profile: VendorProfile, expected: list[str]) -> None:
    world, system, log = connected(profile)
    assert change(world, system, 0, "Inoperative") == "Accepted"
    assert rebooted(world, log) == expected


@pytest.mark.parametrize("profile", [KEBA_PROFILE, WARP_PROFILE], ids=["keba", "warp"])
def test_the_stations_flag_leaves_the_connectors_alone(profile: VendorProfile) -> None:
    world, system, log = connected(profile)
    assert change(world, system, 1, "Inoperative") == "Accepted"
    assert change(world, system, 0, "Inoperative") == "Accepted"
    assert rebooted(world, log)[1] == "Unavailable"
    assert change(world, system, 0, "Operative") == "Accepted"
    assert rebooted(world, log) == ["Available", "Available"]


@pytest.mark.parametrize("profile", [KEBA_PROFILE, WARP_PROFILE], ids=["keba", "warp"])
@pytest.mark.parametrize("end", ["stop", "unplug"])
def test_in_a_transaction_the_station_waits_for_its_end(profile: VendorProfile, end: str) -> None:
    world, system, log = connected(profile)
    world.plug_in()
    world.wait(2)
    world.box.present_card("04AABBCC")
    world.wait(20)
    assert change(world, system, 0, "Inoperative") == "Scheduled"
    assert said_of_station(log) == ["Available"]
    assert not world.point.inoperative
    if end == "stop":
        assert ask(world, system, "RemoteStopTransaction", transactionId=1) == "Accepted"
    else:
        world.unplug()
        world.wait(1)
    assert said_of_station(log) == ["Available", "Unavailable"]
    assert log.statuses()[-1] == "Unavailable"
    assert change(world, system, 0, "Operative") == "Accepted"
    assert said_of_station(log)[-1] == "Available"
