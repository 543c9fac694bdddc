"""Which traffic a fault is about.

The one rule: everything stated has to fit; what is not stated fits always.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from typing import Annotated, Final

from ..devices.documents import Path, address
from ..devices.topics import concerns
from ..devices.traffic import PROTOCOLS, Direction, Message, ProtocolName
from ..language.arguments import ArgumentType, Schema, Scope
from ..language.fields import About
from ..language.nodes import Node


@dataclass(frozen=True, slots=True)
class Registers(ArgumentType[range]):
    """A register, or a range of them: `210`, `"200..210"`."""

    @property
    def text(self) -> str:
        return 'a register such as 210, or several such as "200..210"'

    def read(self, node: Node, scope: Scope) -> range:
        value = node.scalar
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 0xFFFF:
            return range(value, value + 1)
        found = re.fullmatch(r"\s*(\d+)\s*(?:\.\.\s*(\d+)\s*)?", value) if isinstance(value, str) else None
        if found is None:
            self.wrong(node, scope)
        first, last = int(found[1]), int(found[2] or found[1])
        if not first <= last <= 0xFFFF:
            self.wrong(node, scope)
        return range(first, last + 1)

    def schema(self) -> Schema:
        return {"anyOf": [{"type": "integer"}, {"type": "string"}]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Narrows a fault to some of the traffic. Texts may hold the wildcards `*` and `?`."""

    path: str | None = None
    """Path of an HTTP request or of a WebSocket."""
    key: str | None = None
    """A value, by the end of its path: `nrg`, `nrg.11`, `evse/state.charger_state`; or one that a request names."""
    register: Annotated[range | None, Registers(), About('a Modbus register, or several: 210, "200..210"')] = None
    topic: str | None = None
    """Of an MQTT message or of a line on a WebSocket, without the wallbox's prefix, with `+` and `#`; of EEBUS: the
    function."""
    method: str | None = None
    """Of an HTTP request."""
    action: str | None = None
    """Of an OCPP call, also for its answer: `BootNotification`."""
    command: str | None = None
    """Of a datagram: the command with its arguments, `report 2`."""
    function: int | None = None
    """Modbus function code."""
    direction: Direction | None = None
    """WebSocket, MQTT, UDP, OCPP: what the wallbox receives, or what it sends."""
    client: str | None = None
    """Address of the client, `host:port`."""
    write: bool | None = None
    """Only requests that write something, or only those that do not."""

    @property
    def needs(self) -> dict[str, tuple[ProtocolName, ...]]:
        """The protocols that each field given makes sense for."""
        return {f.name: SCOPE[f.name] for f in fields(self) if getattr(self, f.name) is not None}

    def about(self, topic: str, prefix: str) -> bool:
        """Whether it is about a topic of a wallbox whose topics begin with `prefix`."""
        return self.topic is None or concerns(self.topic, topic, prefix)

    def fits(self, message: Message, *, key: bool, prefix: str = "") -> bool:
        """Whether it is about a message. `key`: the key has to be named by the request itself."""
        return (
            _glob(self.path, message.path)
            and (self.topic is None or any(self.about(topic, prefix) for topic in message.topics))
            and _glob(self.method, message.method)
            and (self.command is None or (message.protocol == "udp" and _glob(self.command, message.label)))
            and _glob(self.action, message.action)
            and _glob(self.client, message.client)
            and (self.function is None or self.function == message.function)
            and (self.direction is None or self.direction == message.direction)
            and (self.write is None or self.write == message.write)
            and (self.register is None or _overlap(self.register, message.registers))
            and (not key or self.key is None or message.mentions(self.key))
        )

    @property
    def path_of_key(self) -> Path | None:
        return address(self.key) if self.key is not None else None


SCOPE: Final[dict[str, tuple[ProtocolName, ...]]] = {
    "path": ("http", "websocket"),
    "key": PROTOCOLS,
    "register": ("modbus",),
    "topic": ("mqtt", "websocket", "ship"),
    "method": ("http",),
    "action": ("ocpp",),
    "command": ("udp",),
    "function": ("modbus",),
    "direction": ("websocket", "mqtt", "udp", "ocpp", "ship"),
    "client": ("http", "websocket", "modbus", "udp", "ocpp", "ship"),
    "write": PROTOCOLS,
}


def _glob(pattern: str | None, text: str | None) -> bool:
    return pattern is None or (text is not None and fnmatchcase(text, pattern))


def _overlap(wanted: range, found: range | None) -> bool:
    return found is not None and wanted.start < found.stop and found.start < wanted.stop
