"""go-e before API v2: V1 and V2 of the hardware, and the first firmwares of V3."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import pytest
from bench import CLIENT, Bench

from emulator.devices.interfaces import MqttInterface, Origin, Publish

Make = Callable[..., Bench]
BROKER = Origin(interface="mqtt", client="test:1")
STATUS = "go-eCharger/001680/status"
COMMANDS = "go-eCharger/001680/cmd/req"

COMMON = """
    sse wss wke wen cdi tof tds lbr aho afi azo ama al1 al2 al3 al4 al5 cid cch cfi lse ust wak r1x dto nmo sch sdp
"""
CARDS = """
    eca ecr ecd ec4 ec5 ec6 ec7 ec8 ec9 ec1 rca rcr rcd rc4 rc5 rc6 rc7 rc8 rc9 rc1
    rna rnm rne rn4 rn5 rn6 rn7 rn8 rn9 rn1
"""
GROUP = "loe lot lom lop log lon lof loa lch"
ORDER = {
    "41.0": f"""
    version tme rbc rbt car amp err ast alw stp cbl pha tmp dws dwo adi uby eto wst txi nrg fwv
    {COMMON} rca rna {GROUP}""".split(),
    "42.0": f"""
    version tme rbc rbt car amp amx err ast alw stp cbl pha tmp tma amt dws dwo adi uby eto wst txi nrg fwv
    {COMMON} {CARDS} {GROUP}""".split(),
}
"""As captured messages have it."""
OWN_BROKER = ["mce", "mcs", "mcp", "mcu", "mck", "mcc"]


@pytest.fixture
def old(goe: Make) -> Make:
    def make(model: str = "v2-22", firmware: str | None = None, **settings: object) -> Bench:
        return goe(model, firmware, hla=True, mce=True, **settings)

    return make


def mqtt(world: Bench) -> MqttInterface:
    interface = world.wallbox.interfaces["mqtt"]
    assert isinstance(interface, MqttInterface)
    return interface


def status(messages: Iterable[Publish]) -> dict[str, object]:
    (message,) = messages
    assert (message.topic, message.retain, message.qos) == (STATUS, False, 0)
    found = json.loads(message.payload)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("model", ["v1-22", "v2-22"])
def test_the_answer_to_a_write_has_what_came_of_it(old: Make, model: str) -> None:
    """The complete status with the new value, also of what the logic decides."""
    world = old(model)
    world.charge()
    world.wait(0.4)
    for value in ("0", "1", "0"):
        assert world.get(f"/mqtt?payload=alw={value}")["alw"] == value
        world.wait(0.3)
    assert world.get("/mqtt?payload=amp=10")["amp"] == "10"
    world.wait(20)
    assert world.get("/status")["car"] == "4"


def test_powers_in_registers_are_kilowatts(goe: Make) -> None:
    """POWER_TOTAL in 0.01 kW, POWER_L1 to L3 in 0.1 kW, as documented; a V3 has 0.01 W and 0.1 W."""
    for model, total, phase in (("v2-22", 0.1, 0.01), ("v1-11", 0.1, 0.01), ("v3-22", 100.0, 10.0)):
        world = goe(model, men=True)
        world.charge()
        for address, watts, scale in ((120, world.now.power, total), (146, world.now.active_power[0], phase)):
            low, high = world.registers(address, 2, function=4)
            assert low + 65_536 * high == pytest.approx(watts * scale, abs=1 + 50 * scale)


@pytest.mark.parametrize("model", ["v1-22", "v2-11"])
def test_old_hardware_speaks_api_v1_only(old: Make, model: str) -> None:
    world = old(model)
    assert set(world.wallbox.interfaces) == {"http", "modbus", "mqtt"}
    assert world.request("/api/status").status == 404
    found = world.get("/status")
    assert (found["fwv"], found["wak"], found["r1x"], found["txi"]) == ("042.0", "", "3", "2")
    assert [found[name] for name in ("lot", "lom", "lop")] == [0, 0, 0]
    world.charge()
    found = world.get("/status")
    assert found["car"] == "2"
    nrg = found["nrg"]
    assert isinstance(nrg, list)
    assert nrg[11] == round(world.now.power / 10)
    world.get("/mqtt?payload=alw=0")
    world.wait(10)
    found = world.get("/status")
    assert (found["alw"], found["car"]) == ("0", "4")


@pytest.mark.parametrize("firmware", ORDER)
def test_members_and_their_order(old: Make, firmware: str) -> None:
    world = old(firmware=firmware)
    assert list(status(mqtt(world).connected(BROKER))) == ORDER[firmware]
    over_http = list(world.get("/status"))
    assert over_http[-len(OWN_BROKER) :] == OWN_BROKER
    assert set(over_http) == {*ORDER[firmware], *CARDS.split(), *OWN_BROKER}


def test_the_status_comes_every_five_seconds(old: Make) -> None:
    world = old()
    interface = mqtt(world)
    assert interface.subscriptions() == (COMMANDS,)
    assert not list(interface.published(world.simulation.at))  # not connected yet
    assert status(interface.connected(BROKER))["rbt"] == "0"
    for _ in range(4):
        world.wait(1)
        assert not list(interface.published(world.simulation.at))
    world.wait(1)
    assert status(interface.published(world.simulation.at))["rbt"] == "5000"
    world.plug_in()
    assert not list(interface.published(world.simulation.at))  # news waits for its turn
    world.wait(60)
    assert status(interface.published(world.simulation.at))["car"] == "2"


def test_commands_over_mqtt(old: Make) -> None:
    world = old()
    interface = mqtt(world)
    interface.connected(BROKER)
    for payload in (b"amp=10", b"nonsense", b"amp=99", b"\xff=\xff", b"x" * 5000):
        assert not list(interface.received(COMMANDS, payload, False, BROKER))
    assert not list(interface.received("go-eCharger/001680/other", b"amp=12", False, BROKER))
    world.wait(5)
    assert status(interface.published(world.simulation.at))["amp"] == "10"
    assert ("v1.amp", "10", True) in world.writes()


def test_amx_is_gone_after_a_restart(old: Make) -> None:
    world = old(amp=16)
    world.get("/mqtt?payload=amx=8")
    world.get("/mqtt?payload=amx=9")
    assert world.read("v1.amp", "v1.amx") == ["9", "9"]
    world.wallbox.reboot()
    world.wait(30)
    assert world.read("v1.amp", "v1.amx") == ["16", "16"]
    world.get("/mqtt?payload=amx=8")
    world.get("/mqtt?payload=amp=12")
    world.wallbox.reboot()
    world.wait(30)
    assert world.read("v1.amp") == ["12"]


def test_amx_came_with_040_and_was_shown_later(old: Make) -> None:
    older, newer = old(firmware="33"), old(firmware="40.0")
    for world in (older, newer):
        assert "amx" not in world.get("/mqtt?payload=amx=8")
    assert older.read("v1.amp") == ["16"]
    assert newer.read("v1.amp") == ["8"]
    assert older.get("/status")["fwv"] == "033"


def test_the_broker_in_parts(old: Make) -> None:
    world = old()
    for command in ("mcs=192.0.2.1", "mcp=1884", "mcu=me%2540home", "mck=secret", "mcp=0", "mcp=x", "mcs="):
        world.get(f"/mqtt?payload={command}")
    found = world.get("/status")
    assert [found[name] for name in OWN_BROKER] == ["1", "192.0.2.1", "1884", "me%40home", "********", "0"]
    access = mqtt(world).access()
    assert access is not None
    assert (access.host, access.port, access.username, access.password) == ("192.0.2.1", 1884, "me%40home", "secret")
    world.get("/mqtt?payload=mce=0")
    assert mqtt(world).access() is None


# --- the first firmwares of V3 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("firmware", "amperes", "phase", "total"),
    [("50", 15.7, 36, 10744), ("51.4", 157, 36, 1074), ("52.2", 15.7, 3600, 10740)],
)
def test_units_of_api_v1_changed(goe: Make, firmware: str, amperes: float, phase: int, total: int) -> None:
    world = goe("v3-22", firmware, hla=True)
    world.charge()
    nrg = world.get("/status")["nrg"]
    assert isinstance(nrg, list)
    assert nrg[4] == amperes
    assert nrg[7] == pytest.approx(phase, rel=0.01)
    assert nrg[11] == pytest.approx(total, rel=0.01)
    session = world.now.session_energy
    found = world.get("/status")
    assert float(str(found["dws"])) == pytest.approx(session / 10 if firmware == "50" else session * 360, abs=400)


def test_api_v2_of_050(goe: Make) -> None:
    world = goe("v3-22", "50")
    assert world.get("/api/status?filter=amp,car") == {}
    assert world.get('/api/status?filter=["amp","car"]') == {"car": 1, "amp": 16}
    reply = world.request("/api/set?amp=10&frc=9&fsp=true")
    assert (reply.status, reply.body) == (500, b"2 succeeded and 1 failed.")
    world.wait(2)
    assert world.read("amp", "fsp") == [10, True]
    assert world.request("/api/set?amp=12").body == b"1 succeeded and 0 failed."
    assert goe("v3-22", "51.4").get("/api/status?filter=amp,car") == {"car": 1, "amp": 16}
    assert not goe("v3-22", "52.2").wallbox.write("fsp", True, CLIENT).ok


def test_mqtt_before_051_5_has_no_results(goe: Make) -> None:
    world = goe("v3-22", "51.4", mce=True)
    interface = mqtt(world)
    interface.connected(BROKER)
    assert not list(interface.received("/go-eCharger/123456/amp/set", b"10", False, BROKER))
    assert world.read("amp") == [10]
