"""Faults of EEBUS nodes: heartbeats, certificates, approval, bindings, and entities that vanish.

The one rule: a fault changes what the node does, whoever its peers are. What is lost or late on the wire is a fault of
the line (`delay`, `black_hole`, `close`, ... with `match: {topic: deviceDiagnosisHeartbeatData}`).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from ..core.units import Seconds
from ..devices.interfaces.ship import Disturbance
from ..devices.traffic import ProtocolName
from .effect import ON_NETWORK, Lasting, Level

if TYPE_CHECKING:
    from .active import ActiveFault


class DisturbsEebus(ABC):
    """Changes what is wrong with a node."""

    __slots__ = ()

    @abstractmethod
    def eebus(self, found: Disturbance) -> Disturbance: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfNode(Lasting, DisturbsEebus):
    """Base of what is wrong with a node for a while."""

    protocols: ClassVar[tuple[ProtocolName, ...]] = ("ship",)
    levels: ClassVar[tuple[Level, ...]] = ON_NETWORK

    def begin(self, fault: ActiveFault) -> None:
        for wallbox in fault.target.wallboxes:
            wallbox.changed()

    def end(self, fault: ActiveFault) -> None:
        for wallbox in fault.target.wallboxes:
            wallbox.changed()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoHeartbeat(_OfNode):
    """The wallbox sends no EEBUS heartbeats."""

    primitive: ClassVar[str] = "P09"

    def eebus(self, found: Disturbance) -> Disturbance:
        return replace(found, heartbeat_delay=math.inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class LateHeartbeat(_OfNode):
    """The EEBUS heartbeats of the wallbox come late."""

    primitive: ClassVar[str] = "P09"

    delay: Seconds
    """Simulated time."""

    def eebus(self, found: Disturbance) -> Disturbance:
        return replace(found, heartbeat_delay=max(found.heartbeat_delay, self.delay))


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongSki(_OfNode):
    """The wallbox has another certificate than the one its EEBUS peers trust."""

    primitive: ClassVar[str] = "P13"

    def eebus(self, found: Disturbance) -> Disturbance:
        return replace(found, wrong_ski=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalPending(_OfNode):
    """Nobody approves EEBUS peers: the wallbox stays pending for ever."""

    primitive: ClassVar[str] = "P13"

    def eebus(self, found: Disturbance) -> Disturbance:
        return replace(found, never_approves=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class HelloAborted(_OfNode):
    """The wallbox rejects every EEBUS peer during the hello."""

    primitive: ClassVar[str] = "P13"

    def eebus(self, found: Disturbance) -> Disturbance:
        return replace(found, aborts_hello=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRefused(_OfNode):
    """The wallbox refuses every EEBUS limit."""

    primitive: ClassVar[str] = "P14"

    def eebus(self, found: Disturbance) -> Disturbance:
        return replace(found, refuses_limits=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatRefused(_OfNode):
    """The wallbox answers the EEBUS heartbeats of its peers with error 6; they count all the same."""

    primitive: ClassVar[str] = "P14"

    def eebus(self, found: Disturbance) -> Disturbance:
        return replace(found, refuses_heartbeats=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingLost(_OfNode):
    """The wallbox acknowledges EEBUS bindings and forgets them: writes are answered with error 9."""

    primitive: ClassVar[str] = "P14"

    def eebus(self, found: Disturbance) -> Disturbance:
        return replace(found, loses_bindings=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityVanished(_OfNode):
    """The EEBUS entity of the vehicle is gone although the vehicle is there."""

    primitive: ClassVar[str] = "P14"

    def eebus(self, found: Disturbance) -> Disturbance:
        return replace(found, hides_vehicle=True)
