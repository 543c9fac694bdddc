"""Valid traffic: our own clients talk to wallboxes through a relay, which keeps what they say.

The one rule: nothing here is typed as bytes; what a protocol looks like is the business of its clients.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Final

import aiohttp
from aiomqtt import Client
from pymodbus.client import AsyncModbusTcpClient

from emulator.core.instant import SECOND
from emulator.recording.relay import Relay
from emulator.scenario.loader import loads
from emulator.scenario.steps.vocabulary import make_step
from emulator.service.emulator import Emulator, Options
from emulator.world.quantities import read

from .field import SERVERS, Inside, Where
from .wires import HTTP, Modbus, Mqtt, Ocpp, WebSocket, Wire

Corpus = dict[str, list[bytes]]
Asked = tuple[str, str, object]
"""Method, target, body (None: none)."""

ASKED: Final[Mapping[str, Sequence[Asked]]] = {
    "goe.http": (
        ("GET", "/api/status", None), ("GET", "/api/status?filter=amp,car,nrg,wh", None),
        ("GET", "/api/set?amp=10&frc=1", None), ("GET", "/api/set?psm=2&lmo=3&dwo=1000", None),
        ("GET", '/api/set?ids={"pGrid":-1500.5,"pPv":4000,"pAkku":0}', None), ("GET", "/status", None),
        ("GET", '/api/set?cch="%2300FF00"&fna="box"&alw=true', None), ("GET", "/mqtt?payload=amp=12", None),
        ("GET", "/api/set?ocppck=[]&sch_week={}&map=[1,2,3]&tds=1", None), ("GET", "/", None),
    ),
    "goe.cloud": (("GET", "/api/status?token=x&wait=false", None), ("GET", "/api/set?token=x&amp=9", None)),
    "warp.http": (
        ("GET", "/evse/state", None), ("GET", "/info/version", None), ("GET", "/meter/all_values", None),
        ("GET", "/charge_tracker/charge_log", None), ("GET", "/event_log", None), ("GET", "/debug_report", None),
        ("PUT", "/evse/external_current", {"current": 10000}), ("PUT", "/evse/start_charging", None),
        ("PUT", "/evse/global_current_update", {"current": 8000}), ("PUT", "/evse/stop_charging", None),
        ("PUT", "/evse/external_current_update", [9000]), ("PUT", "/nfc/inject_tag", {"tag_type": 0, "tag_id": "AA"}),
        ("PUT", "/users/add", {"id": 1, "roles": 65535, "current": 32000, "display_name": "x", "username": "y",
                               "digest_hash": ""}),
        ("PUT", "/mqtt/config_update", {"enable_mqtt": True, "broker_host": "embedded", "interval": 1}),
        ("PUT", "/charge_manager/config_update", {"enable_charge_manager": False, "chargers": []}),
        ("PUT", "/meters/0/update", [230.0, 1.0]), ("POST", "/eebus/add", {"ip": "127.0.0.1", "port": 1, "ski": "ab"}),
        ("PUT", "/power_manager/external_control_update", {"phases_wanted": 3}),
        ("PUT", "/automation/config_update", {"tasks": []}), ("GET", "/", None),
    ),
    "nrgkick.http": (
        ("GET", "/info?raw", None), ("GET", "/info?general&connector", None), ("GET", "/values?powerflow", None),
        ("GET", "/control", None), ("GET", "/control?current_set=10.5&charge_pause=0", None),
        ("GET", "/control?energy_limit=10000&phase_count=3", None), ("GET", "/api", None), ("GET", "/", None),
    ),
    "lektrico.http": (
        ("GET", "/rpc/charger_info.get", None), ("GET", "/rpc/Device_id.Get", None),
        ("GET", "/rpc/dynamic_current.set?dynamic_current=8", None),
        ("POST", "/rpc", {"src": "x", "id": 7, "method": "charge.start", "params": {"tag": "AB"}}),
        ("POST", "/rpc", {"src": "x", "id": 8, "method": "app_config.set",
                          "params": {"config_key": "user_current", "config_value": 10}}),
        ("POST", "/rpc", {"src": "x", "id": 9, "method": "charging_schedule.set", "params": {"schedule": []}}),
        ("POST", "/rpc/app_config.set", {"config_key": "led_max_brightness", "config_value": 30}),
    ),
    "bender.http": (
        ("GET", "/rest/full_state", None), ("GET", "/rest/conn_state", None), ("GET", "/api/v1/PublicInfo", None),
        ("POST", "/v1/login", {"username": "operator", "password": "yellow_zone"}), ("GET", "/", None),
        ("PUT", "/v1/charge_points/0/connectors/0/ccs", {"x": [1, 2, {"y": None}]}),
    ),
    "bender.semp": (
        ("GET", "/semp/", None), ("GET", "/semp/DeviceInfo?DeviceId=F-1", None), ("GET", "/semp/PlanningRequest", None),
        ("POST", "/semp/", "<EM2Device xmlns='http://www.sma.de/communication/schema/SEMP/v1'><DeviceControl>"
                           "<DeviceId>F-1</DeviceId><On>true</On><RecommendedPowerConsumption>3000"
                           "</RecommendedPowerConsumption></DeviceControl></EM2Device>"),
    ),
    "v2.http": (
        ("GET", "/status", None), ("GET", "/mqtt?payload=amp=12", None), ("GET", "/mqtt?payload=alw=1", None),
        ("GET", "/mqtt?payload=rna=x", None), ("GET", "/mqtt?payload=dwo=100", None),
    ),
    "connect.http": (
        ("GET", "/api/measurements/{connect}", None), ("GET", "/api/settings/{connect}", None),
        ("PUT", "/api/settings/{connect}", {"Values": {"ChargingStatus": {"Charging": True}, "DeviceMetadata": {}}}),
        ("PUT", "/api/settings/{connect}", {"Values": {"ChargingCurrent": {"Value": 10.5}}}),
    ),
    "manager.http": (
        ("GET", "/energy_manager/state", None), ("GET", "/power_manager/state", None), ("GET", "/info/version", None),
        ("PUT", "/power_manager/external_control_update", {"phases_wanted": 3}),
        ("PUT", "/energy_manager/config_update", {"contactor_installed": True}),
        ("PUT", "/charge_manager/config_update", {"chargers": [{"name": "x", "host": "x"}]}),
    ),
    "meter.http": (("GET", "/rpc/Meter_info.Get", None), ("GET", "/rpc/device_id.get", None)),
    "p40.rest": (
        ("POST", "/v2/jwt/login", {"username": "admin", "password": "x"}), ("GET", "/serialnumber", None),
        ("GET", "/version", None), ("GET", "/v2/wallboxes", None), ("GET", "/v2/charging-sessions?limit=3", None),
        ("PUT", "/v2/configs/lmgmt", {"max_available_current": 16000}), ("POST", "/v2/jwt/refresh", {"t": "x"}),
    ),
}  # fmt: skip
READ: Final[Mapping[str, tuple[int, Sequence[tuple[int, int]], Sequence[int]]]] = {
    "goe.modbus": (1, ((100, 20), (200, 12), (300, 4)), (211, 299, 300)),
    "warp.modbus": (1, ((0, 6), (1000, 10), (2000, 30)), (1000, 1002, 1008)),
    "nrgkick.modbus": (1, ((0, 40), (194, 12), (200, 60)), (194, 195, 198)),
    "bender.modbus": (255, ((100, 10), (200, 28), (700, 18)), (1000, 1001, 124)),
    "keba.modbus": (255, ((1000, 2), (1020, 2), (1110, 2)), (5004, 5010, 5014, 5016, 5018)),
    "p40.modbus": (255, ((1000, 2), (1020, 2)), (5004, 5012)),
    "v2.modbus": (1, ((100, 20), (200, 12)), (211, 299)),
    "heidelberg.modbus": (1, ((4, 15), (257, 6)), (257, 258, 261)),
    "abb.modbus": (1, ((0x4000, 40),), (0x4100, 0x4105)),
}
"""Unit, blocks, and registers that can be written."""
COMMANDS: Final = (
    "i", "report 1", "report 2", "report 3", "report 100", "report 101", "ena 1", "curr 10000", "currtime 8000 1",
    "setenergy 100000", "output 0", "start e3f76b8d 00000000000000", "stop e3f76b8d", "setdatetime 1767600000",
    "display 0 2 5 0 hello$you", "unlock", "failsafe 30 8000 0", "x2src 4", "x2 1",
)  # fmt: skip
CALLS: Final[Sequence[tuple[str, Mapping[str, object]]]] = (
    ("GetConfiguration", {}),
    ("ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "10"}),
    ("RemoteStartTransaction", {"idTag": "04A1B2C3", "connectorId": 1}),
    ("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": {
        "chargingProfileId": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute", "validFrom": "2026-01-05T07:00:00Z", "chargingSchedule": {
            "chargingRateUnit": "A", "startSchedule": "2026-01-05T07:00:00Z", "duration": 86400,
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0, "numberPhases": 3},
                                       {"startPeriod": 60, "limit": 8.0}]}}}),
    ("GetCompositeSchedule", {"connectorId": 1, "duration": 3600, "chargingRateUnit": "A"}),
    ("ClearChargingProfile", {"id": 1}),
    ("TriggerMessage", {"requestedMessage": "MeterValues", "connectorId": 1}),
    ("SendLocalList", {"listVersion": 1, "updateType": "Full", "localAuthorizationList": [
        {"idTag": "A", "idTagInfo": {"status": "Accepted", "expiryDate": "2027-01-01T00:00:00Z"}}]}),
    ("ReserveNow", {"connectorId": 1, "expiryDate": "2027-01-01T00:00:00Z", "idTag": "A", "reservationId": 1}),
    ("ChangeAvailability", {"connectorId": 0, "type": "Operative"}),
    ("UnlockConnector", {"connectorId": 1}),
    ("DataTransfer", {"vendorId": "x", "messageId": "y", "data": "z"}),
    ("GetDiagnostics", {"location": "ftp://x/"}),
    ("UpdateFirmware", {"location": "ftp://x/", "retrieveDate": "2026-01-05T07:00:00Z"}),
    ("ClearCache", {}), ("Reset", {"type": "Soft"}),
)  # fmt: skip
TOPICS: Final[Mapping[str, object]] = {
    "goe/{goe}/amp/set": 10, "goe/{goe}/frc/set": 2, "goe/{goe}/ids/set": {"pGrid": 1.5, "pPv": 2, "pAkku": None},
    "goe/{goe}/fna/set": "name", "goe/{goe}/psm/set": 1, "goe/{goe}/sch_week/set": {"control": 0, "ranges": []},
    "{warp}/evse/external_current": {"current": 9000}, "{warp}/evse/external_current_update": [8000],
    "{warp}/evse/start_charging": None, "{warp}/evse/stop_charging": None, "{warp}/evse/global_current_update": [9000],
    "{warp}/users/add": {"id": 1, "roles": 1, "current": 32000, "display_name": "x"},
    "{warp}/meters/0/update": [1.0, 2.0], "{warp}/charge_manager/config_update": {"chargers": [{"name": "x"}]},
    "{warp}/automation/config_update": {"tasks": [{"trigger": [1, {}], "action": [1, {}]}]},
    "{warp}/evse/external_clear_on_disconnect_update": {"clear_on_disconnect": True},
}  # fmt: skip


class Heard:
    """What a relay heard on one connection (`Tap`)."""

    def __init__(self) -> None:
        self.asked, self.told = bytearray(), bytearray()

    def sent(self, data: bytes) -> None:
        self.asked += data

    def answered(self, data: bytes) -> None:
        self.told += data

    def over(self) -> None:
        """The connection has ended."""


@asynccontextmanager
async def overheard(where: Where) -> AsyncIterator[tuple[int, list[Heard]]]:
    """The port of a relay in front of a server, and what passes."""
    heard: list[Heard] = []

    def tap(_client: str) -> Heard:
        heard.append(Heard())
        return heard[-1]

    async with Relay(("127.0.0.1", 0), where, tap) as relay:
        yield relay.port, heard


def distinct(wire: Wire, streams: Iterable[bytes | bytearray]) -> list[bytes]:
    """The messages in what was heard, each once."""
    return list(dict.fromkeys(message for stream in streams for message in wire.messages(bytes(stream))))


async def _requests(port: int, asked: Sequence[Asked]) -> None:
    async with aiohttp.ClientSession() as http:
        for method, target, body in asked:
            data = body if isinstance(body, str | None) else json.dumps(body)
            with suppress(aiohttp.ClientError):
                async with http.request(method, f"http://127.0.0.1:{port}{target}", data=data) as reply:
                    await reply.read()


async def _goe_app(port: int) -> None:
    """An app logs in with a signature and writes."""
    async with aiohttp.ClientSession() as http, http.ws_connect(f"ws://127.0.0.1:{port}/ws") as talk:
        hello, wanted = await talk.receive_json(), await talk.receive_json()
        stretched = hashlib.pbkdf2_hmac("sha512", b"go-e-test", hello["serial"].encode(), 1)
        digest = hashlib.sha256((wanted["token1"] + stretched.hex()).encode()).hexdigest()
        await talk.send_json({"type": "auth", "token3": "0" * 32, "hash": digest})
        inner = {"type": "setValue", "requestId": 2, "key": "amp", "value": 10}
        await talk.send_json(inner)
        await talk.send_json({"type": "securedMsg", "data": json.dumps(inner), "requestId": "2sm", "hmac": "00" * 32})
        await talk.send_json({"type": "requestFullStatus", "requestId": 3})


async def _warp_page(port: int) -> None:
    async with aiohttp.ClientSession() as http, http.ws_connect(f"ws://127.0.0.1:{port}/ws") as talk:
        await talk.receive()
        await talk.send_str("")
        await talk.send_str('{"topic":"evse/external_current","payload":{"current":8000}}')


async def _registers(port: int, unit: int, blocks: Iterable[tuple[int, int]], written: Iterable[int]) -> None:
    client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=60)
    await client.connect()
    for address, count in blocks:
        await client.read_holding_registers(address, count=count, device_id=unit)
        await client.read_input_registers(address, count=count, device_id=unit)
    for address in written:
        await client.write_register(address, 10, device_id=unit)
        await client.write_registers(address, [0, 10], device_id=unit)
    await client.read_coils(0, count=3, device_id=unit)
    client.close()


async def _publisher(port: int, prefixes: Mapping[str, str]) -> None:
    async with Client("127.0.0.1", port, identifier="publisher") as client:
        await client.subscribe("#", qos=1)
        for topic, value in TOPICS.items():
            await client.publish(topic.format_map(prefixes), json.dumps(value), qos=0)
        await client.publish("retained", b"\x00\x01", qos=1, retain=True)
        await client.unsubscribe("#")


async def of_servers() -> Corpus:
    """Messages to every server of `SERVERS`, by `goe.http`, `goe.ws`, `broker`."""
    talks: dict[str, tuple[str, Wire, Callable[[int], Awaitable[None]]]] = {}
    for name, (unit, blocks, written) in READ.items():
        talks[name] = name, Modbus(), partial(_registers, unit=unit, blocks=blocks, written=written)
    talks["goe.ws"] = "goe.http", WebSocket(), _goe_app
    talks["warp.ws"] = "warp.http", WebSocket(), _warp_page
    found: Corpus = {"keba.udp": [command.encode() for command in COMMANDS]}
    async with Inside(SERVERS) as field:
        mac = read(field.emulator.site, "target.connect.settings.MacAddress")
        for name, asked in ASKED.items():
            known = [(method, target.replace("{connect}", str(mac)), body) for method, target, body in asked]
            talks[name] = name, HTTP, partial(_requests, asked=known)
        boxes = field.emulator.site.wallboxes
        prefixes = {"goe": boxes["target.goe"].serial, "warp": f"warp3/{boxes['target.warp'].serial}"}
        talks["broker"] = "broker", Mqtt(), partial(_publisher, prefixes=prefixes)
        for name, (server, wire, talk) in talks.items():
            if server == "p40.rest":
                continue
            where = field.where[server if server == "broker" else f"target.{server}"]
            async with overheard(where) as (port, heard):
                await talk(port)
            found[name] = distinct(wire, (each.asked for each in heard))
        found["mqtt devices"] = [each for each in found["broker"] if each[0] >> 4 == 3]
        assert not await field.bugs()
    found["p40.rest"] = await _of_a_plain_server(ASKED["p40.rest"])
    found |= await of_charge_points()
    return found


async def _of_a_plain_server(asked: Sequence[Asked]) -> list[bytes]:
    """What a client of an HTTPS server says inside the TLS: heard by a plain server that answers nothing useful."""
    heard = bytearray()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            heard.extend(data)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        await _requests(server.sockets[0].getsockname()[1], asked)
    return HTTP.messages(bytes(heard))


POINTS: Final = {
    "warp": "{{vendor: warp, model: warp2-pro-22, ocpp: '{url}/warp'}}",
    "goe": "{{vendor: goe, ocpp: '{url}/goe', settings: {{ocppi: 10}}}}",
    "keba": "{{model: keba-p30-x-32, ocpp: '{url}/keba'}}",
}


async def of_charge_points() -> Corpus:
    """What charge points and the central system say to each other in a session."""
    central = f"wallboxes: [{POINTS['warp'].format(url='x').replace(': ' + repr('x/warp'), ': embedded')}]"
    async with Emulator(loads(central), Options(any_port=True, speed=0.0, announce=False)) as server:
        assert server.central_system is not None
        where = "127.0.0.1", server.central_system.port
        async with overheard(where) as (port, heard):
            url = f"ws://127.0.0.1:{port}"
            text = "\n".join(f"  {name}: {{wallbox: {box.format(url=url)}}}" for name, box in POINTS.items())
            async with Emulator(loads(f"chargers:\n{text}"), Options(any_port=True, speed=0.0, announce=False)) as ours:
                await ours.advance(60 * SECOND)
                await _sessions(ours, server)
        points = distinct(Ocpp(), (each.asked for each in heard))
        central_system = distinct(Ocpp(), (each.told for each in heard))
        assert not server.bugs.count
    return {"charge point": points, "central system": central_system}


async def _sessions(ours: Emulator, server: Emulator) -> None:
    for name in POINTS:
        await ours.apply([make_step("plug_in", ours.site.names, charger=name, vehicle="vw_id3")])
    await ours.advance(60 * SECOND)
    system = server.central_system
    assert system is not None
    for action, payload in CALLS:
        for identity in tuple(system.system.sessions):
            system.system.call(identity, action, dict(payload))
        await system.answered()
        await ours.advance(20 * SECOND)


def datagram(where: Where) -> socket.socket:
    """A socket from which datagrams go there."""
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.setblocking(False)
    sender.connect(where)
    return sender


def trusting() -> ssl.SSLContext:
    """TLS that believes everybody."""
    found = ssl.create_default_context()
    found.check_hostname, found.verify_mode = False, ssl.CERT_NONE
    return found
