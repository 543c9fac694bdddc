"""What a wallbox shows to the network: declarations that a protocol server runs.

The one rule: nothing here knows a server library. Handlers are synchronous functions on small frozen values, so every
conversation can be held in a test without a socket; a server only moves the bytes.
"""

from __future__ import annotations

from .http import HttpHandler, HttpInterface, Route, plain_not_found, plain_wrong_method
from .http_messages import HttpReply, HttpRequest
from .mdns import MdnsInterface, MdnsService
from .modbus import ModbusInterface, ModbusReply, ModbusRequest, RegisterItem, RegisterMap, RegisterRow
from .mqtt import EMBEDDED_BROKER, BrokerAccess, MqttInterface, Publish
from .ocpp import OcppAccess, OcppInterface
from .origin import OWNER, Origin, always
from .ship import ShipInterface
from .udp import Datagram, UdpInterface
from .websocket import Close, Conversation, Frame, WebSocketEndpoint

__all__ = [
    "EMBEDDED_BROKER", "OWNER", "BrokerAccess", "Close", "Conversation", "Datagram", "Frame", "HttpHandler",
    "HttpInterface", "HttpReply", "HttpRequest", "Interface", "MdnsInterface", "MdnsService", "ModbusInterface",
    "ModbusReply", "ModbusRequest", "MqttInterface", "OcppAccess", "OcppInterface", "Origin", "Publish", "RegisterItem",
    "RegisterMap", "RegisterRow", "Route", "ShipInterface", "UdpInterface", "WebSocketEndpoint", "always",
    "plain_not_found", "plain_wrong_method",
]  # fmt: skip


Interface = (
    HttpInterface | MqttInterface | ModbusInterface | UdpInterface | MdnsInterface | OcppInterface | ShipInterface
)
