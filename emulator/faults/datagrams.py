"""Faults of datagrams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from ..core.units import Seconds
from ..devices.delivery import Copy, M
from ..devices.traffic import ProtocolName
from ..language.arguments import Whole
from ..language.fields import About
from .effect import Effect

if TYPE_CHECKING:
    from .passing import Shot

_UDP: tuple[ProtocolName, ...] = ("udp",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss(Effect):
    """Datagrams are lost; requests, or (default) answers."""

    primitive: ClassVar[str] = "P10"
    protocols: ClassVar[tuple[ProtocolName, ...]] = _UDP

    what: Literal["requests", "answers"] = "answers"

    def lost(self, shot: Shot) -> bool:
        return self.what == "requests" and shot.message.direction == "in"

    def spread(self, shot: Shot, copies: Sequence[Copy[M]]) -> Sequence[Copy[M]]:
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate(Effect):
    """Answers come more than once."""

    primitive: ClassVar[str] = "P10"
    protocols: ClassVar[tuple[ProtocolName, ...]] = ("udp", "mqtt")

    copies: Annotated[int, Whole(2), About("how often each comes")] = 2

    def spread(self, shot: Shot, copies: Sequence[Copy[M]]) -> Sequence[Copy[M]]:
        return [copy for copy in copies for _ in range(self.copies)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reorder(Effect):
    """An answer is kept back and comes behind the next one."""

    primitive: ClassVar[str] = "P10"
    protocols: ClassVar[tuple[ProtocolName, ...]] = ("udp", "mqtt")

    def spread(self, shot: Shot, copies: Sequence[Copy[M]]) -> Sequence[Copy[M]]:
        kept: list[Copy[M]] = shot.armed.memory.pop("kept", [])
        if kept or not copies:
            return [*copies, *kept]
        shot.armed.memory["kept"] = list(copies)
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Interleave(Effect):
    """A datagram that nobody asked for comes before the answer, or behind it."""

    primitive: ClassVar[str] = "P10"
    protocols: ClassVar[tuple[ProtocolName, ...]] = _UDP

    data: str
    """Its text."""
    behind: bool = False
    """Behind the answer."""
    apart: Seconds = 0.0
    """Wall time between the two."""

    def spread(self, shot: Shot, copies: Sequence[Copy[M]]) -> Sequence[Copy[M]]:
        if not copies:
            return ()
        own = replace(copies[0], data=self.data.encode(), delay=self.apart if self.behind else 0.0)
        if self.behind:
            return [*copies, own]
        return [own, *(replace(copy, delay=copy.delay + self.apart) for copy in copies)]
