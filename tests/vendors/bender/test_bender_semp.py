"""SEMP: the document, recommendations, and phases switched by them."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from controller import Controller

from emulator.devices.interfaces import HttpInterface
from emulator.vendors.bender.semp import NAMESPACE, PATH

SPACE = f"{{{NAMESPACE}}}"
DEVICE = "F-00000042-001703512493-00"


def message(watts: int | None = None, on: str = "true", device: str = DEVICE) -> bytes:
    power = "" if watts is None else f"<RecommendedPowerConsumption>{watts}</RecommendedPowerConsumption>"
    return (
        f'<EM2Device xmlns="{NAMESPACE}"><DeviceControl><DeviceId>{device}</DeviceId><On>{on}</On>{power}'
        "<Timestamp>1767600000</Timestamp></DeviceControl></EM2Device>"
    ).encode()


def recommend(world: Controller, watts: int | None, on: str = "true") -> int:
    return world.request(PATH + "/", "POST", body=message(watts, on), interface="semp").status


@pytest.mark.parametrize("path", [PATH, PATH + "/"])
def test_document(path: str) -> None:
    world = Controller("cubos-c11e", semp=True)
    reply = world.request(path, interface="semp")
    assert (reply.status, reply.content_type) == (200, "application/xml")
    root = ElementTree.fromstring(reply.body)
    assert root.tag == f"{SPACE}Device2EM"
    found = {element.tag.removeprefix(SPACE): element.text for element in root.iter() if not len(element)}
    assert found["DeviceId"] == DEVICE
    assert (found["MinPowerConsumption"], found["MaxPowerConsumption"]) == ("1380", "11040")
    assert (found["Status"], found["AveragePower"]) == ("Off", "0")
    world.charge()
    assert b"<Status>On</Status>" in world.request(path, interface="semp").body
    assert f"<AveragePower>{round(world.now.power)}<".encode() in world.request(path, interface="semp").body


def test_phases_as_evcc_switches_them() -> None:
    world = Controller("cubos-c11e", semp=True)
    world.charge()
    assert recommend(world, 65535) == 200
    world.wait(5)
    assert (world.registers(140), world.now.offered_current) == ((1,), 16)
    assert recommend(world, 1518) == 200
    world.wait(60)
    assert world.registers(140) == (5,)
    assert 6 <= world.now.offered_current < 7
    assert recommend(world, 65535) == 200
    world.wait(10)
    assert (world.registers(140), world.now.offered_current) == ((5,), 16)
    world.set(1000, 8)
    world.wait(10)
    assert world.now.offered_current == 8
    world.set(1000, 16)
    assert recommend(world, 9936) == 200
    world.wait(60)
    assert world.registers(140) == (1,)
    assert 14 < world.now.offered_current < 15
    assert world.writes()[-1] == ("semp.recommended_power", 9936, True)


def test_what_cannot_be_had_switches_nothing() -> None:
    world = Controller("cubos-c11e", semp=True)
    world.charge()
    for watts in (3800, 3690, 12_000, 1300):  # between 16 U and 18 U; above and below everything
        assert recommend(world, watts) == 200
        world.wait(40)
        assert world.now.phases == 3
    assert recommend(world, 0, "false") == 200
    world.wait(20)
    assert (world.now.offered_current, world.states()[2]) == (0, "suspendedevse")
    assert recommend(world, None) == 200
    world.wait(40)
    assert world.states()[2] == "charging"


def test_a_large_box_stays_where_both_would_do() -> None:
    world = Controller(semp=True)
    world.charge()
    assert recommend(world, 6000) == 200
    world.wait(60)
    assert (world.now.phases, int(world.now.offered_current)) == (3, 8)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<",
        b"\xff\xfe",
        b"<a/>",
        message(1518, device="F-1"),
        message(1518).replace(b"1518", b"much"),
        message(1518).replace(b"1518", b"-5"),
        b'<!DOCTYPE a [<!ENTITY b "c">]>' + message(1518),
        message(1518).replace(NAMESPACE.encode(), b"urn:x"),
    ],
)
def test_no_message(body: bytes) -> None:
    world = Controller(semp=True)
    reply = world.request(PATH, "POST", body=body, interface="semp")
    assert reply.status == 400
    assert world.writes()[-1][2] is False
    world.charge()
    assert (world.now.phases, world.now.offered_current) == (3, 32)


def test_where_it_is() -> None:
    def enabled(firmware: str | None, **settings: object) -> bool:
        interface = Controller(None, firmware, None, **settings).wallbox.interfaces["semp"]
        assert isinstance(interface, HttpInterface)
        return interface.enabled()

    assert enabled(None, semp=True)
    assert not enabled(None)
    assert not enabled("5.32", semp=True)
    assert "semp" not in Controller("amtron-4you-500").wallbox.interfaces
