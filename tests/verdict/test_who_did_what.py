"""Who did what: clients told apart, what they read and were sent, what they wrote by whatever interface."""

from __future__ import annotations

import asyncio
import json
import socket
import urllib.error
import urllib.request
from contextlib import suppress
from typing import Any

import aiohttp
import aiomqtt
import pytest

from emulator.core.instant import MINUTE, SECOND, seconds
from emulator.scenario.loader import loads
from emulator.service.emulator import Emulator, Options
from emulator.testing import EmulatorFixture, WallboxFixture
from emulator.verdict.behaviour import behaviour

Behaved = dict[str, Any]


def ask(url: str, data: bytes | None = None, agent: str = "tester/1.0") -> bytes:
    with suppress(urllib.error.HTTPError):
        request = urllib.request.Request(url, data=data, headers={"User-Agent": agent})
        return bytes(urllib.request.urlopen(request, timeout=60).read())
    return b""


def clients(emulator: EmulatorFixture, interface: str) -> list[Behaved]:
    simulation = emulator.running.simulation
    found: Any = behaviour(simulation.journal, emulator.call(simulation.now), {})
    return [client for client in found["clients"] if client["interface"] == interface]


def udp(wallbox: WallboxFixture, text: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(60)
        sock.sendto(text.encode(), (wallbox.host, wallbox.port("udp")))
        sock.recv(4096)


class Modbus:
    """A connection that writes and reads one register."""

    def __init__(self, wallbox: WallboxFixture) -> None:
        self._socket = socket.create_connection((wallbox.host, wallbox.port("modbus")), timeout=60)

    def ask(self, function: int, unit: int, *words: int, octets: bytes = b"") -> bytes:
        pdu = bytes([unit, function]) + b"".join(word.to_bytes(2, "big") for word in words) + octets
        self._socket.sendall(b"\x00\x01\x00\x00" + len(pdu).to_bytes(2, "big") + pdu)
        return self._socket.recv(300)

    def read(self, register: int) -> None:
        self.ask(3, 1, register, 1)

    def close(self) -> None:
        self._socket.close()


def modbus(wallbox: WallboxFixture, register: int, value: int, unit: int = 1) -> None:
    connection = Modbus(wallbox)
    if wallbox.name.endswith(".goe"):  # it knows no other function
        connection.ask(16, unit, register, 1, octets=b"\x02" + value.to_bytes(2, "big"))
    else:
        connection.ask(6, unit, register, value)
    connection.close()


# --- a run without an end --------------------------------------------------------------------------------------------


async def test_a_run_without_an_end_has_its_true_length() -> None:
    options = Options(any_port=True, speed=0.0, announce=False)
    async with Emulator(loads("wallbox: goe\nsteps: [{at: 1 s, plug_in: vw_id3}]"), options) as emulator:
        await emulator.advance(10 * MINUTE)
        assert emulator.result.ended_at == 10 * MINUTE
        emulator.conclude()
        await emulator.advance(MINUTE)
        assert emulator.result.ended_at == 10 * MINUTE, "it ended when it was ended"


# --- what was read ---------------------------------------------------------------------------------------------------


def test_a_command_over_udp_is_no_reading(emulator: EmulatorFixture) -> None:
    wallbox = emulator.start("keba")
    emulator.rule(name="reads the limit", eventually={"client": {"reads": "keba.report2.Curr user"}})
    emulator.rule(name="does not read the meter", never={"client": {"reads": "keba.report3.P"}})
    udp(wallbox, "curr 8000")
    with pytest.raises(AssertionError, match="reads the limit"):
        emulator.verdict()
    emulator.rule(eventually={"client": {"reads": "keba.report2.Curr user"}})
    udp(wallbox, "report 2")
    assert emulator.verdict()[0]["ok"]
    assert clients(emulator, "udp")[0]["writes_read_back"] == 0, "a command of other name is not what was read"


@pytest.mark.parametrize(
    ("vendor", "path", "body", "read", "not_read"),
    [
        ("goe", "/api/status?filter=car,amp", None, "goe.amp", "goe.nrg"),
        ("goe", "/api/status", None, "goe.nrg", "goe.v1.car"),
        ("goe", "/status", None, "goe.v1.car", "goe.nrg"),
        ("warp", "/evse/state", None, "warp.evse/state.charger_state", "warp.evse/external_current.current"),
        ("nrgkick", "/control", None, "nrgkick.control.current_set", "nrgkick.values.general.status"),
        ("nrgkick", "/info?general=1", None, "nrgkick.info.general.serial_number", "nrgkick.info.connector.type"),
        ("lektrico", "/rpc/charger_info.get", None, "lektrico.charger_info.get", "lektrico.app_config.get"),
        ("bender", "/rest/conn_state", None, "bender.rest.conn_state", "bender.rest.auth_state"),
        ("bender", "/rest/full_state", None, "bender.rest.auth_state", "bender.modbus.122"),
    ],
)
def test_a_reply_says_which_values_it_contained(
    emulator: EmulatorFixture, vendor: str, path: str, body: bytes | None, read: str, not_read: str
) -> None:
    wallbox = emulator.start(vendor)
    emulator.rule(name="read", eventually={"client": {"reads": read}})
    emulator.rule(name="not read", never={"client": {"reads": not_read}})
    assert ask(wallbox.http_url + path, body)
    assert [verdict["ok"] for verdict in emulator.verdict()] == [True, True]


def test_a_write_of_nrgkick_is_no_reading(emulator: EmulatorFixture) -> None:
    wallbox = emulator.start("nrgkick")
    emulator.rule(never={"client": {"reads": "nrgkick.control.current_set"}})
    ask(wallbox.http_url + "/control?current_set=9")
    assert emulator.verdict()[0]["ok"]


def test_registers_are_read_by_their_numbers_and_values(emulator: EmulatorFixture) -> None:
    wallbox = emulator.start("goe")
    for read in ("goe.modbus.299", "goe.AMPERE_VOLATILE", "goe.amp"):
        emulator.rule(name=read, eventually={"client": {"reads": read}})
    client = Modbus(wallbox)
    client.read(299)
    client.close()
    assert [verdict["ok"] for verdict in emulator.verdict()] == [True] * 3


# --- what was written ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vendor", "register", "wire", "point", "value", "unit"),
    [
        ("goe", 299, 10, "amp", 10, 1),
        ("goe", 300, 11, "modbus.300", 11, 1),
        ("nrgkick", 194, 95, "control.current_set", 9.5, 1),
        ("keba", 5004, 8000, "curr", 8000, 255),
        ("keba", 5014, 1, "ena", 1, 255),
        ("bender", 1000, 10, "hems_current_limit", 10, 1),
    ],
)
def test_a_write_over_modbus_is_known_by_its_value(
    emulator: EmulatorFixture, vendor: str, register: int, wire: int, point: str, value: object, unit: int
) -> None:
    wallbox = emulator.start(vendor)
    emulator.rule({"client": {"writes": f"{vendor}.{point}", "value": value}, "count": 1})
    modbus(wallbox, register, wire, unit)
    (verdict,) = emulator.verdict()
    assert verdict["ok"]
    assert len(emulator.journal(kind="write")) == 1, "it is counted once"


def test_the_same_value_by_two_interfaces_is_repeated(emulator: EmulatorFixture) -> None:
    wallbox = emulator.start("goe")
    emulator.rule(never={"client": {"writes": "goe.amp", "repeated": True}})
    ask(wallbox.http_url + "/api/set?amp=10")
    modbus(wallbox, 299, 10)
    with pytest.raises(AssertionError, match="it happened at 0 s"):
        emulator.verdict()


# --- pushes and reactions --------------------------------------------------------------------------------------------


async def test_a_push_is_contact_and_a_reading(emulator: EmulatorFixture) -> None:
    wallbox = emulator.start("warp")
    async with (
        aiohttp.ClientSession(headers={"User-Agent": "pusher/2"}) as http,
        http.ws_connect(wallbox.http_url + "/ws") as socket_,
    ):
        await socket_.receive_str()
        emulator.plug_in(vehicle="vw_id3")
        emulator.advance("5 s")
        await http.put(wallbox.http_url + "/evse/external_current", json={"current": 8000})
        emulator.advance("5 s")
    (pushed,) = clients(emulator, "websocket")
    assert pushed["requests"] == 0
    assert pushed["pushes"] > 1
    assert pushed["noticed"]["plug-in"]["most"] < 2
    assert pushed["reactions"] == {"plug-in": "none"}
    assert pushed["unanswered"] == ["plug-in"]


def test_a_reaction_is_the_first_related_write_after_it_could_know(emulator: EmulatorFixture) -> None:
    wallbox = emulator.start("goe")
    ask(wallbox.http_url + "/api/set?amp=15")
    ask(wallbox.http_url + "/api/status?filter=car")
    emulator.plug_in(vehicle="vw_id3")
    emulator.advance("2 s")
    ask(wallbox.http_url + "/api/set?amp=14")  # blindly: it has not looked
    emulator.advance("4 s")
    ask(wallbox.http_url + "/api/status?filter=car")
    emulator.advance("1 s")
    ask(wallbox.http_url + "/api/set?fna=garage")  # has nothing to do with it
    emulator.advance("3 s")
    ask(wallbox.http_url + "/api/set?amp=13")
    emulator.advance("5 s")
    (client,) = clients(emulator, "http")
    assert client["noticed"]["plug-in"]["most"] == pytest.approx(6, abs=0.5)
    assert client["reactions"]["plug-in"]["most"] == pytest.approx(10, abs=0.5)


# --- clients ---------------------------------------------------------------------------------------------------------


def test_clients_are_told_apart_by_user_agent_and_connection(emulator: EmulatorFixture) -> None:
    wallbox = emulator.start("goe")
    ask(wallbox.http_url + "/api/status?filter=car", agent="evcc/0.1")
    ask(wallbox.http_url + "/api/set?amp=10", agent="homeassistant/2")
    assert {client["agent"]: client["writes"] for client in clients(emulator, "http")} == {
        "evcc/0.1": 0,
        "homeassistant/2": 1,
    }
    first, second = Modbus(wallbox), Modbus(wallbox)
    for client in (first, second, first):
        client.read(299)
        emulator.advance("1 s")
    first.close()
    second.close()
    assert [(one["client"], one["requests"]) for one in clients(emulator, "modbus")] == [
        ("127.0.0.1", 2),
        ("127.0.0.1 (2)", 1),
    ]


async def test_an_mqtt_client_is_known_by_its_id() -> None:
    text = 'wallbox: {goe: {mqtt: true}}\nclients: {solar: {client_id: "solar-*"}}'
    async with Emulator(loads(text), Options(any_port=True, speed=0.0, announce=False)) as emulator:
        written = asyncio.Event()
        emulator.simulation.journal.listen(lambda entry: written.set() if entry.kind == "write" else None)
        await emulator.links["charger.goe.mqtt"].until("connected")
        await emulator.settle()
        assert emulator.broker is not None
        async with aiomqtt.Client(emulator.broker.host, emulator.broker.port, identifier="solar-manager") as client:
            await client.publish("go-eCharger/123456/amp/set", "10", qos=1)
            async with asyncio.timeout(60):
                await written.wait()
        (write,) = [entry for entry in emulator.simulation.journal if entry.kind == "write"]
        assert (write.client, write.who) == ("solar-manager", "solar")
        assert emulator.result.untested == ()


NAMED = """
wallbox: {goe: {http: true}}
clients:
  evcc: evcc/*
  hass: {agent: "*homeassistant*", interface: http}
  solar: {client_id: "solar-*"}
rules:
  - {name: only evcc writes, never: {client: {writes: goe, from: hass}}}
"""


async def test_a_scenario_names_its_clients() -> None:
    options = Options(any_port=True, speed=0.0, announce=False)
    async with Emulator(loads(NAMED), options) as emulator:
        endpoint = emulator.servers["charger.goe.http"].endpoint
        url = f"http://{endpoint.host}:{endpoint.port}/api/"
        for agent, path in (("evcc/0.1", "set?amp=10"), ("x homeassistant y", "set?amp=11")):
            async with aiohttp.request("GET", url + path, headers={"User-Agent": agent}) as reply:
                await reply.read()
        emulator.conclude()
        writes = [entry for entry in emulator.simulation.journal if entry.kind == "write"]
        assert [entry.who for entry in writes] == ["evcc", "hass"]
        assert [entry.agent for entry in writes] == ["evcc/0.1", "x homeassistant y"]
        result = emulator.result
        assert [verdict.ok for verdict in result.rules] == [False]
        assert "from hass (127.0.0.1:" in result.rules[0].text
        assert [(one.kind, one.name, one.why) for one in result.untested] == [("client", "solar", "it never came")]
        found: Any = behaviour(result.journal, SECOND, {})
        assert [client["client"] for client in found["clients"]] == ["evcc", "hass"]


def test_client_time_and_simulated_time_are_both_reported(emulator: EmulatorFixture) -> None:
    wallbox = emulator.start("goe")
    for _ in range(3):
        ask(wallbox.http_url + "/api/status?filter=car")
        emulator.advance("1 h")
    (client,) = clients(emulator, "http")
    assert client["poll_interval"]["mean"] == 3600
    assert client["poll_interval_of_client"]["count"] == 2
    assert client["poll_interval_of_client"]["mean"] < 3600
    assert json.dumps(client)
    assert seconds(MINUTE) == 60
