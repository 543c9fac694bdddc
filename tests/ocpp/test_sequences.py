"""The charge point and the embedded central system in one process: who says what, and when."""

from __future__ import annotations

from support_ocpp import World, connected


def said(world: World, since: int, log: object) -> None: ...


def test_the_boot_of_a_warp() -> None:
    _, system, log = connected()
    boot, station, connector = log.calls()
    assert boot.id == "0"
    assert list(boot.payload.items()) == [
        ("chargePointVendor", "Tinkerforge GmbH"),
        ("chargePointModel", "WARP2 Pro 11kW"),
        ("chargePointSerialNumber", "warp2-AbC"),
        ("firmwareVersion", "2.12.1+6a4f91f0"),
    ]
    assert (station.payload["connectorId"], station.payload["status"]) == (0, "Available")
    assert (connector.payload["connectorId"], connector.payload["status"]) == (1, "Available")
    assert system.served["box"].statuses == {0: "Available", 1: "Available"}


def test_plug_card_charge_unplug() -> None:
    world, system, log = connected()
    world.plug_in()
    world.wait(2)
    world.box.present_card("04AABBCC")
    world.wait(200)
    print([c.action for c in log.calls()], log.statuses(), world.box.snapshot().power)
    world.unplug()
    world.wait(2)
    for c in log.calls():
        print(c)
    assert log.statuses() == [
        "Available",
        "Preparing",
        "SuspendedEVSE",
        "SuspendedEV",
        "Charging",
        "Finishing",
        "Available",
    ]
    stop = log.calls("StopTransaction")[0]
    assert stop.payload["reason"] == "EVDisconnected"
    assert system.served["box"].running is None
