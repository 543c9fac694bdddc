"""Which traffic a fault is about.

The one rule: everything stated has to fit; what is not stated fits always.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from typing import Annotated, Final, Literal

from ..language.arguments import ArgumentType, Schema, Scope
from ..language.fields import About
from ..language.nodes import Node
from .documents import Path, address, ends_with

Protocol = Literal["http", "websocket", "mqtt", "modbus", "udp"]
PROTOCOLS: Final[tuple[Protocol, ...]] = ("http", "websocket", "mqtt", "modbus", "udp")


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
        return {"type": ["integer", "string"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Narrows a fault to some of the traffic. Texts may hold the wildcards `*` and `?`."""

    path: str | None = None
    """Path of an HTTP request or of a WebSocket."""
    key: str | None = None
    """A value, by the end of its path: `nrg`, `nrg.11`, `evse/state.charger_state`; or one that a request names."""
    register: Annotated[range | None, Registers(), About('a Modbus register, or several: 210, "200..210"')] = None
    topic: str | None = None
    """Of an MQTT message, or of a WebSocket message that has one."""
    method: str | None = None
    """Of an HTTP request."""
    function: int | None = None
    """Modbus function code."""
    direction: Literal["in", "out"] | None = None
    """WebSocket, MQTT, UDP: what the box receives, or what it sends."""
    client: str | None = None
    """Address of the client, `host:port`."""
    write: bool | None = None
    """Only requests that write something, or only those that do not."""

    @property
    def needs(self) -> dict[str, tuple[Protocol, ...]]:
        """The protocols that each field given makes sense for."""
        return {f.name: SCOPE[f.name] for f in fields(self) if getattr(self, f.name) is not None}

    @property
    def path_of_key(self) -> Path | None:
        return address(self.key) if self.key is not None else None


SCOPE: Final[dict[str, tuple[Protocol, ...]]] = {
    "path": ("http", "websocket"),
    "key": PROTOCOLS,
    "register": ("modbus",),
    "topic": ("mqtt", "websocket"),
    "method": ("http",),
    "function": ("modbus",),
    "direction": ("websocket", "mqtt", "udp"),
    "client": ("http", "websocket", "modbus", "udp"),
    "write": ("http", "websocket", "mqtt", "modbus", "udp"),
}


@dataclass(slots=True, kw_only=True)
class Message:
    """What passes: a request with its reply, or one message of a conversation."""

    protocol: Protocol
    interface: str
    direction: Literal["in", "out"] = "in"
    client: str | None = None
    method: str | None = None
    path: str | None = None
    topic: str | None = None
    function: int | None = None
    registers: range | None = None
    write: bool = False
    prefix: Path = ()
    """Where the values of a reply to it are: the parts of its path or topic."""
    names: tuple[Path, ...] = ()
    """What it names: values to be read or written."""
    content_type: str | None = None
    """Of the body of an HTTP request, empty if it says none; None: it has no body."""
    label: str = ""
    """For the journal, and to tell one request from another."""

    def fits(self, match: Match, *, key: bool) -> bool:
        """Whether a fault is about it. `key`: the key has to be named by the request itself."""
        return (
            _glob(match.path, self.path)
            and _glob(match.topic, self.topic)
            and _glob(match.method, self.method)
            and _glob(match.client, self.client)
            and (match.function is None or match.function == self.function)
            and (match.direction is None or match.direction == self.direction)
            and (match.write is None or match.write == self.write)
            and (match.register is None or _overlap(match.register, self.registers))
            and (not key or match.key is None or self.mentions(match.key))
        )

    def mentions(self, key: str) -> bool:
        """Whether the request names a value."""
        wanted = address(key)
        return any(ends_with(path, wanted) for path in (*self.names, self.prefix))


def _glob(pattern: str | None, text: str | None) -> bool:
    return pattern is None or (text is not None and fnmatchcase(text, pattern))


def _overlap(wanted: range, found: range | None) -> bool:
    return found is not None and wanted.start < found.stop and found.start < wanted.stop


def words(texts: Iterable[str]) -> tuple[Path, ...]:
    """Texts as paths, without empty ones."""
    return tuple(path for text in texts if (path := address(text)))
