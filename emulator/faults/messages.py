"""What passes through a box, described for faults: one function per protocol.

The one rule: nothing here knows a vendor. Whether a request writes something follows from its form, and from the names
of the box's own values.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

from ..devices.interfaces import HttpRequest, ModbusRequest, Publish
from .documents import NotJson, Path, address, slots
from .matching import Message

if TYPE_CHECKING:
    from ..devices.wallbox import Wallbox

WRITES: Final = frozenset({5, 6, 15, 16, 22, 23})
READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
MOST_NAMES: Final = 200
_METHOD: Final = re.compile(rb'"method"\s*:\s*"([^"]{1,64})"')
_GETS: Final = re.compile(r"(?:^|[._])get", re.IGNORECASE)
_SETS: Final = re.compile(r"(?:^|[._])(?:set|start|stop|put|update|reset|reboot|control)", re.IGNORECASE)


def of_http(request: HttpRequest, wallbox: Wallbox, *, upgrade: bool) -> Message:
    """A request and its reply, or the opening of a WebSocket."""
    path = address(request.path)
    names = [(*path, name) for name, _ in request.query]
    names += [tuple(value.split(".")) for _, value in request.query if value]
    names += _names_in(request.body, path)
    write = _is_write(request, wallbox)
    content = request.headers.get("content-type", "") if request.body else None
    return Message(
        protocol="websocket" if upgrade else "http",
        interface="websocket" if upgrade else request.origin.interface,
        client=request.origin.client,
        method=request.method,
        path=request.path,
        write=write,
        prefix=path,
        names=tuple(names),
        content_type=content,
        label="upgrade" if upgrade else f"{request.method} {request.target}",
    )


def of_frame(path: str, text: str | bytes, client: str | None, direction: Literal["in", "out"]) -> Message:
    """A message on a WebSocket."""
    data = text.encode() if isinstance(text, str) else text
    names, topic = _names_in(data, ()), _topic(data)
    return Message(
        protocol="websocket",
        interface="websocket",
        direction=direction,
        client=client,
        path=path,
        topic=topic,
        write=direction == "in",
        prefix=address(path),
        names=(*names, *_texts_in(data)) if direction == "in" else (),
        label=f"{path} {direction}",
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


def of_datagram(data: bytes, client: str, interface: str, direction: Literal["in", "out"]) -> Message:
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


def of_publish(message: Publish, interface: str, direction: Literal["in", "out"]) -> Message:
    """A message to or from the broker."""
    prefix = address(message.topic)
    return Message(
        protocol="mqtt",
        interface=interface,
        direction=direction,
        topic=message.topic,
        write=direction == "in",
        prefix=prefix,
        names=(prefix, *_names_in(message.payload, prefix)),
        label=message.topic,
    )


def _names_in(data: bytes, prefix: Path) -> tuple[Path, ...]:
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


def _topic(data: bytes) -> str | None:
    if b'"topic"' not in data:
        return None
    try:
        text = data.decode()
        for slot in slots(text):
            if slot.path[-1:] == ("topic",):
                return text[slot.start : slot.end].strip('"')
    except (NotJson, UnicodeDecodeError):
        pass
    return None


def _is_write(request: HttpRequest, wallbox: Wallbox) -> bool:
    """By its method, by the remote procedure it calls, or because it gives one of the box's own values."""
    called = request.path.rpartition("/")[2]
    if (found := _METHOD.search(request.body)) is not None:
        called = found[1].decode("utf-8", "replace")
    elif request.method not in READING:
        return True
    if _GETS.search(called):
        return False
    return bool(_SETS.search(called)) or any(_writable(wallbox, name) for name, value in request.query if value)


def _writable(wallbox: Wallbox, name: str) -> bool:
    """Whether a name in a query is one of the box's values."""
    return name in wallbox.settings or any(point.rpartition(".")[2] == name for point in wallbox.addresses())
