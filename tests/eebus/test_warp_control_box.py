"""Our control box and a WARP: what a limit does, from the write to the vehicle's current."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest

pytest.importorskip("cryptography", reason="certificates need cryptography")

from support_eebus import run, simulation

from emulator import vendors
from emulator.core.messages import PlugIn, Unplug
from emulator.core.specs import VehicleSpec
from emulator.devices.interfaces import OWNER, ShipInterface
from emulator.devices.interfaces.ship import Discovered, ShipTarget
from emulator.devices.traffic import Direction
from emulator.devices.wallbox import Context, charger_defaults
from emulator.eebus.control_box import ControlBox
from emulator.eebus.direct import Half, Passing, connect
from emulator.eebus.model import Address
from emulator.eebus.node import Node, PeerState
from emulator.vendors.warp.wallbox import Warp

ON: Mapping[str, object] = {
    "eebus/config": {"enable": True},
    "evse/p14a_enwg_enabled": {"enabled": True},
    "p14a_enwg/config": {"enable": True, "source": [1, None], "limit_charger": True},
}


FULL = pytest.approx(15.85, abs=0.2)
"""A of a vehicle at 16 A."""


class House:
    """A WARP3 Pro with 11 kW, a vehicle, and a control box that it trusts."""

    def __init__(self, settings: Mapping[str, object] = ON, model: str = "warp3-pro-11") -> None:
        self.world = simulation()
        vendor = vendors.vendor("warp")
        profile = vendor.profile(model)
        self.world.add_charger("garage", charger_defaults(profile))
        context = Context(
            vendor=vendor,
            profile=profile,
            simulation=self.world,
            charger="garage",
            name="warp",
            serial="AbC",
            settings=settings,
        )
        self.warp = cast("Warp", vendor.create(context))
        self.warp.start()
        self.box = ControlBox(self.world, 4711)
        self.box.start()
        self.link: Half | None = None

    def pair(self) -> None:
        ski = self.box.node.credentials().ski
        self.add(ski)
        self.box.node.decide(self.ski, True)
        self.connect()

    def add(self, ski: str, *, trusted: bool = True) -> None:
        peer = {"ip": "", "port": 0, "dns_name": "", "wss_path": "", "ski": ski, "trusted": trusted, "persistent": True}
        assert self.warp.api.call("eebus/add", peer, self.origin) is None

    origin = OWNER

    @property
    def ski(self) -> str:
        return cast("str", self.warp.read("eebus/state.ski"))

    @property
    def node(self) -> Node:
        interface = self.warp.interfaces["ship"]
        assert isinstance(interface, ShipInterface)
        node = interface.node()
        assert isinstance(node, Node)
        return node

    def connect(self) -> None:
        self.link = connect(self.world, self.box.node, self.node, ShipTarget(host="garage.warp", ski=self.ski))
        run(self.world, 5)

    def plug_in(self) -> None:
        self.world.apply("garage", PlugIn(name="car", vehicle=VehicleSpec(max_current=32.0)))
        run(self.world, 60)

    @property
    def current(self) -> float:
        return self.world.observe("garage").phase_current[0]

    def lpc(self, member: str) -> Any:
        return self.warp.read(f"eebus/usecases.lpc.{member}")


def paired() -> House:
    house = House()
    house.plug_in()
    house.pair()
    return house


def test_a_limit_reaches_the_vehicle_and_is_lifted() -> None:
    house = paired()
    assert house.box.guarded == 1
    assert house.current == FULL
    house.box.limit(4200, 3600)
    run(house.world, 30)
    assert house.box.results == [0]
    assert (house.lpc("usecase_state"), house.lpc("limit_active"), house.lpc("current_limit")) == (3, True, 4200)
    assert house.lpc("outstanding_duration_s") == 3570
    assert house.warp.read("p14a_enwg/state") == {"active": True, "limit_w": 4200}
    assert house.warp.read("evse/slots.16.max_current") == 6086
    assert house.current == pytest.approx(6, abs=0.1)
    house.box.release()
    run(house.world, 30)
    assert house.lpc("usecase_state") == 2
    assert house.current == FULL


def test_silence_means_failsafe_and_a_heartbeat_ends_it() -> None:
    house = paired()
    house.box.limit(4200, 7200)
    run(house.world, 30)
    house.box.fall_silent()
    assert house.lpc("usecase_state") == 3
    run(house.world, 62)
    assert house.lpc("usecase_state") == 4
    assert house.current == FULL  # the firmware limits nothing in Failsafe
    house.box.release()
    run(house.world, 5)
    assert house.lpc("usecase_state") == 2


def test_an_unknown_box_waits_for_approval() -> None:
    house = House()
    house.box.node.decide(house.ski, True)
    house.connect()
    (peer,) = cast("list[dict[str, Any]]", house.warp.read("eebus/state.peers"))
    assert (peer["state"], peer["trusted"], peer["persistent"]) == (PeerState.AWAITING_APPROVAL, False, False)
    house.add(house.box.node.credentials().ski)
    run(house.world, 1)
    assert house.warp.read("eebus/state.peers.0.state") == PeerState.ACTIVE
    assert house.warp.api.call("eebus/remove", {"ski": peer["ski"]}, house.origin) is None
    run(house.world, 1)
    assert house.warp.read("eebus/state.peers") == []
    assert not house.box.guarded


def test_a_remembered_peer_is_loaded_until_it_is_tried() -> None:
    house, dialled = House(), list[ShipTarget]()
    ski = house.box.node.credentials().ski
    peer = {"ip": "192.0.2.7", "port": 4712, "dns_name": "", "wss_path": "/ship/", "ski": ski.upper()}
    assert house.warp.api.call("eebus/add", peer | {"trusted": True, "persistent": True}, house.origin) is None
    assert house.warp.read("eebus/state.peers.0.state") == PeerState.DISCONNECTED
    house.warp.reboot()
    run(house.world, 30)
    house.node.served(dialled.append)
    house.node.discovered(Discovered(ski=ski, id="box", host="192.0.2.7", port=4712))
    assert house.warp.read("eebus/state.peers.0.state") == PeerState.LOADED
    run(house.world, 30)
    (target,) = dialled
    assert house.warp.read("eebus/state.peers.0.state") == PeerState.CONNECTING
    house.node.failed(target, "unreachable")
    assert house.warp.read("eebus/state.peers.0.state") == PeerState.DISCOVERED


def test_a_remembered_peer_is_loaded_while_eebus_is_off() -> None:
    house = House()
    house.add(house.box.node.credentials().ski)
    peers = house.warp.read("eebus/config.peers")
    assert house.warp.api.call("eebus/config_update", {"enable": False, "peers": peers}, house.origin) is None
    assert house.warp.read("eebus/state.peers.0.state") == PeerState.DISCONNECTED
    house.warp.reboot()
    run(house.world, 60)
    assert house.warp.read("eebus/state.peers.0.state") == PeerState.LOADED


def test_a_remembered_peer_that_connects_is_loaded_no_more() -> None:
    house = House()
    house.pair()
    house.warp.reboot()
    run(house.world, 30)
    assert house.warp.read("eebus/state.peers.0.state") == PeerState.LOADED
    house.connect()
    assert house.warp.read("eebus/state.peers.0.state") == PeerState.ACTIVE
    assert house.link is not None
    house.link.close()
    run(house.world, 1)
    assert house.warp.read("eebus/state.peers.0.state") == PeerState.DISCONNECTED


def test_the_vehicle_comes_and_goes_as_an_entity() -> None:
    house = House()
    house.pair()
    (session,) = house.box.device.sessions.values()
    assert (1, 1) not in session.entities
    house.plug_in()
    assert session.entities[1, 1].type == "EV"
    assert [case.name for case in session.supports("evCommissioningAndConfiguration")]
    house.world.apply("garage", Unplug())
    run(house.world, 5)
    assert (1, 1) not in session.entities
    assert session.supports("evCommissioningAndConfiguration") == []


def read(house: House, entity: tuple[int, ...], feature: int, function: str) -> dict[str, Any]:
    (session,) = house.box.device.sessions.values()
    found: list[Any] = []
    session.ask(Address("", (1,), 3), Address("", entity, feature), function, found.append)
    run(house.world, 0)
    return cast("dict[str, Any]", found[0])


def test_the_node_is_numbered_as_in_the_firmware() -> None:
    house = paired()
    (session,) = house.box.device.sessions.values()
    assert session.peer == "d:_n:warp3-AbC"
    assert {n: [address.feature for address in e.features] for n, e in session.entities.items()} == {
        (0,): [0],
        (1,): [2, 4, 6, 8, 10, 12, 14],
        (1, 1): [16, 18, 20, 22, 24, 26, 28],
    }
    assert [(case.name, case.actor, case.version, case.available) for case in session.use_cases] == [
        ("limitationOfPowerConsumption", "ControllableSystem", "1.0.0", None),
        ("monitoringOfPowerConsumption", "MonitoredUnit", "1.0.0", None),
        ("evseCommissioningAndConfiguration", "EVSE", "1.0.1", None),
        ("evCommissioningAndConfiguration", "EV", "1.0.1", None),
        ("measurementOfElectricityDuringEvCharging", "EV", "1.0.1", None),
    ]


def test_what_peers_read() -> None:
    house = paired()
    assert read(house, (1,), 6, "loadControlLimitListData") == {
        "loadControlLimitData": [
            {"limitId": 1, "isLimitChangeable": True, "isLimitActive": False, "value": {"number": 22000}}
        ]
    }
    keys = read(house, (1,), 8, "deviceConfigurationKeyValueListData")["deviceConfigurationKeyValueData"]
    assert [(key["keyId"], key["value"]) for key in keys] == [
        (11, {"scaledNumber": {"number": 22000}}),
        (12, {"duration": "PT2H"}),
    ]
    power = read(house, (1,), 12, "measurementListData")["measurementData"][0]
    assert power["value"]["number"] / 10 == pytest.approx(house.world.observe("garage").power, abs=1)
    current = read(house, (1, 1), 28, "measurementListData")["measurementData"][0]
    assert current["value"]["number"] / 1000 == FULL
    assert read(house, (1,), 2, "deviceDiagnosisHeartbeatData")["heartbeatTimeout"] == "PT30S"
    assert read(house, (1,), 2, "deviceDiagnosisStateData") == {"operatingState": "normalOperation"}


@pytest.mark.parametrize(("model", "measured"), [("warp3-pro-11", 7), ("warp3-smart-11", 0)])
def test_the_power_limits_of_a_vehicle_are_described(model: str, measured: int) -> None:
    """Scenario 6 of EVCC: eebus-go looks for what is described as acPowerTotal; there need be no meter for it."""
    house = House(model=model)
    house.plug_in()
    house.pair()
    parameters = read(house, (1, 1), 26, "electricalConnectionParameterDescriptionListData")
    first, *others = parameters["electricalConnectionParameterDescriptionData"]
    assert (first["scopeType"], first["acMeasuredPhases"]) == ("acPowerTotal", "abc")
    assert first["parameterId"] not in [each["parameterId"] for each in others]
    assert [each["measurementId"] for each in others] == [*range(1, measured + 1)]
    permitted = read(house, (1, 1), 26, "electricalConnectionPermittedValueSetListData")
    (values,) = permitted["electricalConnectionPermittedValueSetData"]
    assert values["parameterId"] == first["parameterId"]
    (allowed,) = values["permittedValueSet"]
    assert allowed["range"] == [{"min": {"number": 13800, "scale": -1}, "max": {"number": 110400, "scale": -1}}]


def test_a_write_without_a_binding_is_refused_with_9() -> None:
    house = paired()
    (session,) = house.box.device.sessions.values()
    (theirs,) = house.node.device.sessions.values()
    theirs.bindings.clear()
    house.box.limit(4200, 3600)
    run(house.world, 1)
    assert house.box.results == [9]
    assert session.device.address == "d:_n:control-box"


def test_switching_off_ends_everything() -> None:
    house = paired()
    house.box.limit(4200, 3600)
    run(house.world, 30)
    assert house.warp.api.call("eebus/config_update", {"enable": False, "peers": []}, house.origin) is None
    run(house.world, 30)
    assert house.warp.read("eebus/state.ski") == ""
    assert not house.box.guarded
    assert house.current == FULL


def test_a_reboot_loses_the_limit_and_the_connection() -> None:
    house = paired()
    house.box.limit(4200, 3600)
    run(house.world, 5)
    house.warp.reboot()
    run(house.world, 60)
    assert house.lpc("usecase_state") == 1
    assert not house.box.guarded
    house.connect()
    assert house.box.results == [0, 0]  # the box says again what is in force
    assert house.lpc("usecase_state") == 3


def test_the_wire_of_a_limit_as_the_firmware_sends_it() -> None:
    """Golden transcript: descriptions and limit of LPC, and the answer to a limit without a duration."""
    house, sent = House(), list[bytes]()
    house.plug_in()
    house.add(house.box.node.credentials().ski)
    house.box.node.decide(house.ski, True)

    def tap(frame: bytes, direction: Direction) -> tuple[Passing, ...]:
        sent.extend([frame] if direction == "out" else [])
        return (Passing(frame=frame),)

    connect(house.world, house.box.node, house.node, ShipTarget(host="garage.warp", ski=house.ski), tap)
    run(house.world, 5)
    house.box.limit(4200)
    run(house.world, 1)
    commands = [frame.partition(b'{"payload":[{"cmd":')[2].removesuffix(b"}]}]}}]}") for frame in sent]
    assert (
        b'[[{"loadControlLimitDescriptionListData":[{"loadControlLimitDescriptionData":[[{"limitId":1},'
        b'{"limitType":"signDependentAbsValueLimit"},{"limitCategory":"obligation"},{"limitDirection":"consume"},'
        b'{"measurementId":1},{"unit":"W"},{"scopeType":"activePowerLimit"}]]}]}]]'
    ) in commands
    assert (
        b'[[{"loadControlLimitListData":[{"loadControlLimitData":[[{"limitId":1},{"isLimitChangeable":true},'
        b'{"isLimitActive":false},{"value":[{"number":22000}]}]]}]}]]'
    ) in commands
    assert commands[-1] == b'[[{"resultData":[{"errorNumber":7},{"description":"Limit not accepted"}]}]]'
