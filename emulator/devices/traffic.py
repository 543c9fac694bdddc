"""What passes between a wallbox and its clients, described alike for every protocol.

The one rule: nothing here knows a vendor. Whether a request writes something follows from its form, and from the names
of the wallbox's own values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Literal

from ..language.digits import is_index
from .documents import NotJson, Path, address, ends_with, slots
from .interfaces import HttpRequest, ModbusRequest, Publish

ProtocolName = Literal["http", "websocket", "mqtt", "modbus", "udp", "ocpp", "ship"]
PROTOCOLS: Final[tuple[ProtocolName, ...]] = ("http", "websocket", "mqtt", "modbus", "udp", "ocpp", "ship")
Direction = Literal["in", "out"]

WRITES: Final = frozenset({5, 6, 15, 16, 22, 23})
READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
METHODS: Final = READING | {"POST", "PUT", "PATCH", "DELETE", "CONNECT", "TRACE"}
"""Source: RFC 9110, 9.3; RFC 5789."""
HTTP_REQUEST: Final = re.compile(r"(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (/\S*)")
"""What entries of requests over HTTP are called; the path is the group. Other protocols have other names."""
MOST_NAMES: Final = 200
_METHOD: Final = re.compile(rb'"method"\s*:\s*"([^"]{1,64})"')
_GETS: Final = re.compile(r"(?:^|[._])get", re.IGNORECASE)
_SETS: Final = re.compile(r"(?:^|[._])(?:set|start|stop|put|update|reset|reboot|control)", re.IGNORECASE)


@dataclass(slots=True, kw_only=True)
class Message:
    """What passes: a request with its reply, or one message of a conversation."""

    protocol: ProtocolName
    interface: str
    direction: Direction = "in"
    client: str | None = None
    method: str | None = None
    path: str | None = None
    topics: tuple[str, ...] = ()
    """Of an MQTT message; of the lines of a WebSocket message that have one."""
    action: str | None = None
    """Of an OCPP call, also for its answer."""
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

    def mentions(self, key: str) -> bool:
        """Whether the request names a value."""
        wanted = address(key)
        return any(ends_with(path, wanted) for path in (*self.names, self.prefix))


def of_http(request: HttpRequest, has_value: Callable[[str], bool]) -> Message:
    """A request and its reply. `has_value`: whether a name is one of the wallbox's."""
    path, names = _named(request.target)
    if request.body:
        names = (*names, *names_in(request.body, path))
    write = _is_write(request, has_value)
    content = request.headers.get("content-type", "") if request.body else None
    return Message(
        protocol="http",
        interface=request.origin.interface,
        client=request.origin.client,
        method=request.method,
        path=request.path,
        write=write,
        prefix=path,
        names=names,
        content_type=content,
        label=f"{request.method} {request.target}",
    )


def of_upgrade(request: HttpRequest, has_value: Callable[[str], bool]) -> Message:
    """The opening of a WebSocket."""
    return replace(of_http(request, has_value), protocol="websocket", interface="websocket", label="upgrade")


@lru_cache(maxsize=256)
def _named(target: str) -> tuple[Path, tuple[Path, ...]]:
    """Where the values of a reply are, and what a target names."""
    request = HttpRequest(method="GET", target=target)
    path = address(request.path)
    names = [(*path, name) for name, _ in request.query]
    names += [tuple(value.partition("=")[0].split(".")) for _, value in request.query if value]
    return path, tuple(names)


def of_frame(path: str, text: str | bytes, client: str | None, direction: Direction) -> Message:
    """A message on a WebSocket."""
    data = text.encode() if isinstance(text, str) else text
    names = names_in(data, ())
    return Message(
        protocol="websocket",
        interface="websocket",
        direction=direction,
        client=client,
        path=path,
        topics=_topics(data),
        write=direction == "in",
        prefix=address(path),
        names=(*names, *_texts_in(data)) if direction == "in" else (),
        label=f"{path} {direction}",
    )


def of_ocpp(action: str, data: bytes, interface: str, client: str | None, direction: Direction) -> Message:
    """A frame between charge point and central system; `action`: of the call, also for its answer."""
    return Message(
        protocol="ocpp",
        interface=interface,
        direction=direction,
        client=client,
        action=action,
        write=direction == "in",
        names=names_in(data, ()),
        label=f"{action} {direction}",
    )


def of_modbus(request: ModbusRequest, interface: str) -> Message:
    """A request and its reply."""
    count = max(request.count, len(request.values), 1)
    return Message(
        protocol="modbus",
        interface=interface,
        client=request.origin.client,
        function=request.function,
        registers=range(request.address, request.address + count),
        write=request.function in WRITES,
        names=tuple(("modbus", str(number)) for number in range(request.address, request.address + min(count, 125))),
        label=f"function {request.function}, {request.address}+{count}",
    )


def of_datagram(data: bytes, client: str, interface: str, direction: Direction) -> Message:
    """A datagram with its replies, or one sent unasked."""
    words = tuple(data.decode("utf-8", "replace").split()[:8])
    return Message(
        protocol="udp",
        interface=interface,
        direction=direction,
        client=client,
        write=direction == "in" and len(words) > 1 and words[0] != "report",
        prefix=words if direction == "in" else (),
        names=tuple((word,) for word in words),
        label=" ".join(words)[:80],
    )


def of_publish(message: Publish, interface: str, direction: Direction) -> Message:
    """A message to or from the broker."""
    prefix = address(message.topic)
    return Message(
        protocol="mqtt",
        interface=interface,
        direction=direction,
        topics=(message.topic,),
        write=direction == "in",
        prefix=prefix,
        names=(prefix, *names_in(message.payload, prefix)),
        label=message.topic,
    )


def of_write(point: str, interface: str, protocol: ProtocolName) -> Message:
    """A vendor value written as a client would, without a socket."""
    path = address(point)
    registers = range(int(path[-1]), int(path[-1]) + 1) if protocol == "modbus" and is_index(path[-1]) else None
    return Message(
        protocol=protocol,
        interface=interface,
        client="scenario",
        write=True,
        names=(path,),
        registers=registers,
        label=f"write {point}",
    )


def names_in(data: bytes, prefix: Path) -> tuple[Path, ...]:
    """The paths of all values in a JSON text; none if it is no JSON."""
    if data[:1] not in (b"{", b"["):
        return ()
    try:
        return tuple(slot.path for slot in slots(data.decode(), prefix)[:MOST_NAMES])
    except (NotJson, UnicodeDecodeError):
        return ()


def _texts_in(data: bytes) -> tuple[Path, ...]:
    """Short texts inside a message: some name the value they are about (`{"key": "amp", "value": 6}`)."""
    try:
        text = data.decode()
        found = slots(text)[:MOST_NAMES]
    except (NotJson, UnicodeDecodeError):
        return ()
    texts = (text[slot.start + 1 : slot.end - 1] for slot in found if text[slot.start] == '"')
    return tuple(address(part) for part in texts if 0 < len(part) <= 64)


def _topics(data: bytes) -> tuple[str, ...]:
    if b'"topic"' not in data:
        return ()
    try:
        text = data.decode()
        found = slots(text)
    except (NotJson, UnicodeDecodeError):
        return ()
    return tuple(text[slot.start : slot.end].strip('"') for slot in found if slot.path[-1:] == ("topic",))


def _is_write(request: HttpRequest, has_value: Callable[[str], bool]) -> bool:
    """By its method, by the remote procedure it calls, or because it gives one of the wallbox's own values."""
    called = request.path.rpartition("/")[2]
    if (found := _METHOD.search(request.body)) is not None:
        called = found[1].decode("utf-8", "replace")
    elif request.method not in READING:
        return True
    if _GETS.search(called):
        return False
    return bool(_SETS.search(called)) or any(has_value(name) for name in _assigned(request))


def _assigned(request: HttpRequest) -> Iterator[str]:
    """Names that get a value in a query: `amp=6`, and as a value of its own `payload=amx=6`."""
    for name, value in request.query:
        inner, equals, given = (value or "").partition("=")
        if value:
            yield name
        if equals and given:
            yield inner
