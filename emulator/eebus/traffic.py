"""What a SHIP frame says, for faults and for the journal.

The one rule: a datagram is known by its function, everything else by its SHIP message.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..devices import traffic
from ..devices.traffic import Direction
from .coding import NOTHING, CodingError, Data, decode, obj, objects, part, text
from .model import Address
from .session import function_of
from .ship import FrameType

LONGEST_NAME: Final = 120
"""Characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One frame, decoded."""

    name: str
    """`notify deviceDiagnosisHeartbeatData`, `connectionHello ready`"""
    topic: str
    """`deviceDiagnosisHeartbeatData`"""
    write: bool
    detail: Data


def said(frame: bytes) -> Said:
    """What a frame says; one that cannot be read says `unreadable`."""
    if frame[:1] == bytes((FrameType.INIT,)):
        return Said(name="init", topic="init", write=False, detail=NOTHING)
    try:
        message = decode(frame[1:])
    except CodingError as error:
        return Said(name="unreadable", topic="", write=False, detail={"why": str(error)})
    datagram = obj(message, "data", "payload", "datagram")
    if datagram:
        return _datagram(datagram)
    topic = next(iter(message), "")
    body = obj(message, topic)
    kind = next((text(body, name) for name in ("phase", "handshakeType", "pinState") if text(body, name)), "")
    return Said(name=_short(f"{topic} {kind}".rstrip()), topic=topic, write=False, detail=body)


def _datagram(datagram: Data) -> Said:
    header = obj(datagram, "header")
    command = next(iter(objects(datagram, "payload", "cmd")), NOTHING)
    function, classifier = function_of(command), text(header, "cmdClassifier")
    detail: dict[str, object] = {
        "from": _place(obj(header, "addressSource")),
        "to": _place(obj(header, "addressDestination")),
        "counter": part(header, "msgCounter"),
    }
    if (reference := part(header, "msgCounterReference")) is not None:
        detail["answers"] = reference
    if "filter" in command:
        detail["filter"] = command["filter"]
    if classifier != "read":
        detail["data"] = command.get(function, NOTHING)
    return Said(
        name=_short(f"{classifier} {function}"), topic=function, write=classifier in ("write", "call"), detail=detail
    )


def _short(name: str) -> str:
    """Peers may name things as they like."""
    return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"


def _place(data: Data) -> str:
    """`[1].6`"""
    address = Address.of(data)
    return f"{list(address.entity)}.{address.feature}"


def of_frame(what: Said, frame: bytes, interface: str, client: str | None, direction: Direction) -> traffic.Message:
    """A frame between a wallbox and its peer, as traffic."""
    return traffic.Message(
        protocol="ship",
        interface=interface,
        direction=direction,
        client=client,
        topics=(what.topic,),
        write=what.write and direction == "in",
        names=traffic.names_in(frame[1:], ()),
        label=f"{what.name} {direction}",
    )
