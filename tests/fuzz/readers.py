"""Everything that reads bytes or a text and can be called on its own: files, and the messages of the protocols.

The one rule: a reader says in its own way what is wrong with what it reads; any other exception is a mistake of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from emulator.captures.reading import read
from emulator.eebus.coding import CodingError, encode, obj
from emulator.eebus.coding import decode as decode_ship
from emulator.eebus.model import Entity
from emulator.eebus.session import Session
from emulator.eebus.spine import Device
from emulator.eebus.traffic import said
from emulator.errors import EmulatorError
from emulator.importing.importer import import_text
from emulator.ocpp.messages import MessageError
from emulator.ocpp.messages import decode as decode_ocpp
from emulator.protocols.frames import FrameError, FrameReader
from emulator.protocols.modbus_frames import Framer, decode
from emulator.protocols.mqtt_packets import Decoder, PacketError
from emulator.protocols.quick import question
from emulator.runtime.journal import Entry
from emulator.scenario.loader import loads
from emulator.scenario.playing import play

SCENARIOS: Final = Path(__file__).parents[2] / "scenarios"


def _mqtt(data: bytes) -> None:
    with suppress(PacketError):
        list(Decoder().feed(data))


def _ocpp(data: bytes) -> None:
    with suppress(MessageError):
        decode_ocpp(data.decode("utf-8", "replace"))


def _ship(data: bytes) -> None:
    with suppress(CodingError):
        decode_ship(data)


def _spine(data: bytes) -> None:
    """A datagram to a device that answers, and whose answers and traffic are written down."""
    sent: list[object] = []
    device = Device("d:_n:ours", "Generic")
    entity = Entity((1,), "EVSE")
    limits: dict[str, object] = {"loadControlLimitData": [{"limitId": 1, "value": {"number": 1}}]}
    entity.feature(1, "LoadControl").serve(
        "loadControlLimitListData", lambda: limits, lambda _ski, _data: None, partial=True
    )
    device.entities.append(entity)
    session = Session(device, "ab" * 20, lambda payload: sent.append(encode(payload)))
    with suppress(CodingError):
        message = decode_ship(data)
        for _ in range(2):
            session.received(obj(message, "data", "payload"))
    said(b"\x02" + data)


def _modbus(data: bytes) -> None:
    for frame in Framer().feed(data):
        decode(frame.pdu)


def _websocket(data: bytes) -> None:
    reader = FrameReader(65_536)
    reader.feed(data)
    with suppress(FrameError, UnicodeDecodeError):
        while (message := reader.next()) is not None:
            str(message)


def _question(data: bytes) -> None:
    question(data)


def _journal(data: bytes) -> None:
    with suppress(ValueError, TypeError, KeyError, RecursionError):
        Entry.of_line(data.decode("utf-8", "replace"))


def _text(reader: Callable[[str], object]) -> Callable[[bytes], None]:
    def reads(data: bytes) -> None:
        with suppress(EmulatorError):
            reader(data.decode("utf-8", "replace"))

    return reads


CAPTURES: Final = (
    b'{"car":1,"amp":16,"nrg":[230,231,229,0],"fwv":"60.5","typ":"go-eCharger_V4","var":22,"sse":"222333"}',
    b"/go-eCharger/222333/car 1\n/go-eCharger/222333/nrg [230,231,229,0]\n",
    b'{"topic":"info/name","payload":{"type":"warp2","display_type":"WARP2 Charger Pro 11kW","uid":"QrS"}}',
    b'{"ID": "1","Product": "KC-P30-EC240422-E0R","Serial": "22334455","Firmware":"P30 v 3.10.28"}',
    b"conn_state:no_vehicle_connected\nfirmware_ver:5.22.1-13000\nmax_current:16\n",
    b"1000 1\n1004 0x0003\n1036: 12345\n",
    b'[goe   ] TRACE 2026/02/03 08:00:00 GET http://192.0.2.1/api/status?filter=car\n{"car":2,"amp":16}\n',
)


def _datagram(classifier: str, entity: int, feature: int, command: dict[str, object]) -> bytes:
    places = {
        "addressSource": {"device": "d:_n:theirs", "entity": [1], "feature": 1},
        "addressDestination": {"entity": [entity], "feature": feature},
    }
    header = {**places, "msgCounter": 7, "msgCounterReference": 1, "cmdClassifier": classifier, "ackRequest": True}
    return encode({"data": {"payload": {"datagram": {"header": header, "payload": {"cmd": [command]}}}}})


CLIENT: Final = {"clientAddress": {"entity": [1], "feature": 1}, "serverAddress": {"entity": [1], "feature": 1}}
DATAGRAMS: Final = (
    _datagram("read", 0, 0, {"nodeManagementDetailedDiscoveryData": {}}),
    _datagram("call", 0, 0, {"nodeManagementSubscriptionRequestCall": {"subscriptionRequest": CLIENT}}),
    _datagram("call", 0, 0, {"nodeManagementBindingDeleteCall": {"bindingDelete": CLIENT}}),
    _datagram(
        "write",
        1,
        1,
        {
            "function": "loadControlLimitListData",
            "filter": [{"cmdControl": {"partial": {}}}],
            "loadControlLimitListData": {"loadControlLimitData": [{"limitId": 1, "value": {"number": 4200}}]},
        },
    ),
    _datagram(
        "notify",
        0,
        0,
        {
            "nodeManagementDetailedDiscoveryData": {
                "entityInformation": [{"description": {"entityAddress": {"entity": [1]}, "entityType": "CEM"}}],
                "featureInformation": [
                    {"description": {"featureAddress": {"entity": [1], "feature": 1}, "featureType": "LoadControl"}}
                ],
            }
        },
    ),
    _datagram("result", 1, 1, {"resultData": {"errorNumber": 7, "description": "x"}}),
)
READERS: Final[Mapping[str, tuple[Callable[[bytes], None], Callable[[], Sequence[bytes]]]]] = {
    "scenario": (_text(loads), lambda: [file.read_bytes() for file in sorted(SCENARIOS.rglob("*.yaml"))]),
    "capture": (_text(read), lambda: list(CAPTURES)),
    "import": (_text(import_text), lambda: list(CAPTURES)),
    "journal": (
        _journal,
        lambda: [entry.as_line().encode() for entry in play(loads("steps: [{plug_in: vw_id3}]\nend: 1 min")).journal],
    ),
    "mqtt": (_mqtt, lambda: [b"\x10\x15\x00\x04MQTT\x04\x02\x00<\x00\tpublisher", b"\x30\x0d\x00\x09warp/x/yz10"]),
    "ocpp": (_ocpp, lambda: [b'[2,"1","BootNotification",{"chargePointVendor":"x"}]', b'[4,"1","a","b",{}]']),
    "modbus": (
        _modbus,
        lambda: [bytes.fromhex("000100000006010300c20002"), bytes.fromhex("00020000000901100064000102000a")],
    ),
    "websocket": (_websocket, lambda: [bytes((0x81, 0x83, 1, 2, 3, 4)) + b"abc", bytes((1, 0x80)) + bytes(4)]),
    "question": (_question, lambda: [b"GET /api/status?filter=amp HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"]),
    "spine": (_spine, lambda: list(DATAGRAMS)),
    "ship": (_ship, lambda: [b'{"connectionHello":[{"phase":"ready"},{"waiting":60000}]}']),
}
"""What reads bytes, and says in its own way what is wrong with them; and what it reads when they are right."""
