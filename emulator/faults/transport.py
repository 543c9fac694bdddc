"""Faults of the line: late, cut, garbled or missing bytes, and interfaces that are not there.

The one rule: delays are wall seconds, because they are aimed at a client's time-outs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, ClassVar

from ..core.units import Seconds
from ..devices.delivery import Copy, Delivery, M
from ..devices.interfaces import HttpReply
from ..devices.traffic import ProtocolName
from ..language.arguments import Whole
from ..language.fields import About
from .effect import (
    ON_NETWORK,
    ChangesCopies,
    ChangesDelivery,
    ChangesHttpReply,
    ClosesInterface,
    DropsRequests,
    DropsUnlessHandled,
    Lasting,
    Level,
    LimitsConnections,
    MutesConnections,
    OnMessages,
)

if TYPE_CHECKING:
    from .active import ActiveFault
    from .candidate import Candidate
    from .target import Target

_STREAMS: tuple[ProtocolName, ...] = ("http", "websocket", "modbus", "ocpp", "ship")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay(OnMessages, ChangesDelivery):
    """Answers come late."""

    primitive: ClassVar[str] = "P09"

    delay: Seconds
    """Wall time."""
    jitter: Seconds = 0.0
    """Up to so much more, differently each time."""

    def deliver(self, candidate: Candidate, delivery: Delivery) -> Delivery:
        more = self.jitter * candidate.fault.chance(candidate.fault.candidates, "jitter")
        return replace(delivery, delay=delivery.delay + self.delay + more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse(Lasting, ClosesInterface):
    """The interface is not there: connections are refused, present ones break."""

    primitive: ClassVar[str] = "P09"

    def begin(self, fault: ActiveFault) -> None:
        _look_again(fault.target)

    def end(self, fault: ActiveFault) -> None:
        _look_again(fault.target)


def _look_again(target: Target) -> None:
    for wallbox in target.wallboxes:
        wallbox.changed()


@dataclass(frozen=True, slots=True, kw_only=True)
class _EndsConnection(OnMessages, DropsUnlessHandled, ChangesHttpReply, ChangesDelivery):
    """Base of what ends the connection, whether the request was handled or not."""

    primitive: ClassVar[str] = "P09"
    protocols: ClassVar[tuple[ProtocolName, ...]] = _STREAMS

    def http_reply(self, candidate: Candidate, reply: HttpReply) -> HttpReply:
        return replace(reply, silent=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset(_EndsConnection):
    """The connection is reset instead of an answer."""

    handled: bool = True
    """Whether the wallbox does what the request asks before that."""

    def deliver(self, candidate: Candidate, delivery: Delivery) -> Delivery:
        return replace(delivery, data=b"", silent=False, then="reset")


@dataclass(frozen=True, slots=True, kw_only=True)
class BlackHole(OnMessages, DropsUnlessHandled, ChangesHttpReply, ChangesDelivery):
    """No answer at all; the connection stays open until the client gives up."""

    primitive: ClassVar[str] = "P09"

    handled: bool = False
    """Whether the wallbox does what the request asks."""

    def http_reply(self, candidate: Candidate, reply: HttpReply) -> HttpReply:
        return replace(reply, silent=True)

    def deliver(self, candidate: Candidate, delivery: Delivery) -> Delivery:
        return replace(delivery, silent=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Close(_EndsConnection):
    """The connection is closed in good order instead of an answer, or after a part of it."""

    handled: bool = True
    """Whether the wallbox does what the request asks before that."""
    length: Annotated[int, Whole(0), About("bytes of the answer that still come")] = 0

    def deliver(self, candidate: Candidate, delivery: Delivery) -> Delivery:
        return replace(delivery, data=delivery.data[: self.length], silent=False, then="close")


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle(OnMessages, ChangesDelivery):
    """Answers come slowly, a few bytes at a time."""

    primitive: ClassVar[str] = "P09"
    protocols: ClassVar[tuple[ProtocolName, ...]] = ("http", "modbus")

    rate: Annotated[int, Whole(1), About("bytes per second of wall time")] = 10

    def deliver(self, candidate: Candidate, delivery: Delivery) -> Delivery:
        return replace(delivery, rate=float(self.rate))


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncate(OnMessages, ChangesDelivery):
    """Answers end too early, and with them the connection."""

    primitive: ClassVar[str] = "P09"

    missing: Annotated[int, Whole(1), About("bytes that do not come")] = 10

    def deliver(self, candidate: Candidate, delivery: Delivery) -> Delivery:
        return replace(delivery, data=delivery.data[: -self.missing], then="close")


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrupt(OnMessages, ChangesDelivery):
    """Some bytes of an answer are wrong: the last ones of an HTTP reply's body, any of a datagram's."""

    primitive: ClassVar[str] = "P09"

    bytes_: Annotated[int, Whole(1), About("how many are wrong")] = 3

    def deliver(self, candidate: Candidate, delivery: Delivery) -> Delivery:
        data = bytearray(delivery.data)
        first = data.find(b"\r\n\r\n") + 4 if candidate.message.protocol == "http" else 0
        if candidate.message.protocol == "modbus":
            first = 8  # behind the header and the function code: the frame is still one
        if first >= len(data):
            return delivery
        for number in range(self.bytes_):
            chance = candidate.fault.chance(candidate.fault.candidates, f"byte {number}")
            data[first + int(chance * (len(data) - first))] ^= 0x15
        return replace(delivery, data=bytes(data))


@dataclass(frozen=True, slots=True, kw_only=True)
class Status(OnMessages, DropsUnlessHandled, ChangesHttpReply):
    """HTTP requests, or WebSocket upgrades, are answered with a status and a body of their own."""

    primitive: ClassVar[str] = "P12"
    protocols: ClassVar[tuple[ProtocolName, ...]] = ("http", "websocket")

    status: Annotated[int, Whole(200, 599), About("HTTP status")] = 500
    body: str = ""
    content_type: str = "text/plain"
    handled: bool = False
    """Whether the wallbox does what the request asks."""

    def http_reply(self, candidate: Candidate, reply: HttpReply) -> HttpReply:
        return HttpReply(status=self.status, body=self.body.encode(), content_type=self.content_type)


@dataclass(frozen=True, slots=True, kw_only=True)
class StrictContentType(OnMessages, DropsRequests, ChangesHttpReply):
    """HTTP requests with a body are refused unless they say what it is."""

    primitive: ClassVar[str] = "P16"
    protocols: ClassVar[tuple[ProtocolName, ...]] = ("http",)
    selects: ClassVar[bool] = True

    content_type: str = "application/json"
    status: Annotated[int, Whole(400, 599), About("HTTP status of the refusal")] = 415
    body: str = ""

    def drops(self, candidate: Candidate) -> bool:
        said = candidate.message.content_type
        return said is not None and not said.startswith(self.content_type) and candidate.fire()

    def http_reply(self, candidate: Candidate, reply: HttpReply) -> HttpReply:
        return HttpReply(status=self.status, body=self.body.encode(), content_type="text/plain")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionCap(Lasting, LimitsConnections):
    """The interface takes fewer connections than it should."""

    primitive: ClassVar[str] = "P09"
    levels: ClassVar[tuple[Level, ...]] = ON_NETWORK

    connections_: Annotated[int, Whole(0), About("how many at a time")] = 1

    def begin(self, fault: ActiveFault) -> None:
        """Nothing to do: the interface asks when somebody connects."""

    def connection_limit(self, limit: int) -> int:
        return min(limit, self.connections_)


@dataclass(frozen=True, slots=True, kw_only=True)
class SilentSocket(OnMessages, MutesConnections, DropsRequests, ChangesHttpReply, ChangesDelivery, ChangesCopies):
    """A connection stays open and nothing comes any more, not even an answer to a ping."""

    primitive: ClassVar[str] = "P12"
    protocols: ClassVar[tuple[ProtocolName, ...]] = ("websocket", "mqtt", "modbus", "http", "ocpp")

    def drops(self, candidate: Candidate) -> bool:
        return candidate.message.direction == "in" and candidate.message.label != "upgrade"

    def http_reply(self, candidate: Candidate, reply: HttpReply) -> HttpReply:
        return reply if candidate.message.label == "upgrade" else replace(reply, silent=True)

    def deliver(self, candidate: Candidate, delivery: Delivery) -> Delivery:
        return replace(delivery, silent=candidate.message.label != "upgrade")

    def copies(self, candidate: Candidate, copies: Sequence[Copy[M]]) -> Sequence[Copy[M]]:
        return ()
