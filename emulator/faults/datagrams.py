"""Faults of datagrams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from ..core.units import Seconds
from ..devices.delivery import Copy, Delivery, M
from ..devices.traffic import ProtocolName
from ..language.arguments import Whole
from ..language.fields import About
from .effect import ChangesCopies, ChangesDelivery, DropsRequests, OnMessages

if TYPE_CHECKING:
    from .candidate import Candidate

_UDP: tuple[ProtocolName, ...] = ("udp",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss(OnMessages, DropsRequests, ChangesDelivery, ChangesCopies):
    """Datagrams are lost; requests, or (default) answers. MQTT and WebSocket: single messages, pushes by default."""

    primitive: ClassVar[str] = "P10"
    protocols: ClassVar[tuple[ProtocolName, ...]] = ("udp", "mqtt", "websocket")

    what: Literal["requests", "answers"] = "answers"

    def drops(self, candidate: Candidate) -> bool:
        return self.what == "requests" and candidate.message.direction == "in"

    def copies(self, candidate: Candidate, copies: Sequence[Copy[M]]) -> Sequence[Copy[M]]:
        kept = candidate.message.protocol == "mqtt" and not self._pushed(candidate)
        return copies if kept else ()

    def deliver(self, candidate: Candidate, delivery: Delivery) -> Delivery:
        return replace(delivery, silent=True) if self._pushed(candidate) else delivery

    def _pushed(self, candidate: Candidate) -> bool:
        message = candidate.message
        wanted = self.what == "answers" and message.direction == "out"
        return wanted and message.protocol in ("mqtt", "websocket")


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate(OnMessages, ChangesCopies):
    """Answers come more than once."""

    primitive: ClassVar[str] = "P10"
    protocols: ClassVar[tuple[ProtocolName, ...]] = ("udp", "mqtt", "ocpp")

    copies_: Annotated[int, Whole(2), About("how often each comes")] = 2

    def copies(self, candidate: Candidate, copies: Sequence[Copy[M]]) -> Sequence[Copy[M]]:
        return [copy for copy in copies for _ in range(self.copies_)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reorder(OnMessages, ChangesCopies):
    """An answer is kept back and comes behind the next one."""

    primitive: ClassVar[str] = "P10"
    protocols: ClassVar[tuple[ProtocolName, ...]] = ("udp", "mqtt", "ocpp")

    def copies(self, candidate: Candidate, copies: Sequence[Copy[M]]) -> Sequence[Copy[M]]:
        kept: list[Copy[M]] = candidate.fault.memory.pop("kept", [])
        if kept or not copies:
            return [*copies, *kept]
        candidate.fault.memory["kept"] = list(copies)
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StrayDatagram(OnMessages, ChangesCopies):
    """A datagram that nobody asked for comes before the answer, or behind it."""

    primitive: ClassVar[str] = "P10"
    protocols: ClassVar[tuple[ProtocolName, ...]] = _UDP

    data: str
    """Its text."""
    behind: bool = False
    """Behind the answer."""
    apart: Seconds = 0.0
    """Wall time between the two."""

    def copies(self, candidate: Candidate, copies: Sequence[Copy[M]]) -> Sequence[Copy[M]]:
        if not copies:
            return ()
        own = replace(copies[0], data=self.data.encode(), delay=self.apart if self.behind else 0.0)
        if self.behind:
            return [*copies, own]
        return [own, *(replace(copy, delay=copy.delay + self.apart) for copy in copies)]
