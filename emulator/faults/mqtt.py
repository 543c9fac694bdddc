"""Faults of MQTT: the broker, the wallbox's connection to it, and what others do on its topics."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, ClassVar

from ..core.units import Seconds
from ..devices.delivery import Copy, M
from ..devices.interfaces import BrokerAccess, Publish
from ..devices.traffic import ProtocolName
from ..language.arguments import Text
from ..language.bounds import LONGEST_PAYLOAD
from ..language.fields import About
from .effect import ON_NETWORK, ChangesBrokerAccess, ChangesCopies, Lasting, Level, OnMessages
from .match import Match

if TYPE_CHECKING:
    from .active import ActiveFault
    from .candidate import Candidate

_MQTT: tuple[ProtocolName, ...] = ("mqtt",)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerRestart(Lasting):
    """The broker restarts: every connection breaks, nothing is retained any more."""

    primitive: ClassVar[str] = "P11"

    @property
    def momentary(self) -> bool:
        return True

    def begin(self, fault: ActiveFault) -> None:
        fault.engine.control_broker("restart")


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerDown(Lasting):
    """The broker is gone."""

    primitive: ClassVar[str] = "P11"

    def begin(self, fault: ActiveFault) -> None:
        fault.engine.control_broker("stop")

    def end(self, fault: ActiveFault) -> None:
        fault.engine.control_broker("start")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Link(Lasting, ChangesBrokerAccess):
    """Base of what concerns the wallbox's connection to its broker."""

    levels: ClassVar[tuple[Level, ...]] = ON_NETWORK

    def begin(self, fault: ActiveFault) -> None:
        for wallbox in fault.target.wallboxes:
            fault.engine.drop_link(wallbox.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class LostSession(_Link):
    """The wallbox's connection breaks and is made again without a last will."""

    primitive: ClassVar[str] = "P11"

    def broker_access(self, access: BrokerAccess) -> BrokerAccess:
        return replace(access, will=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoReconnect(_Link):
    """The wallbox loses its broker and does not connect again."""

    primitive: ClassVar[str] = "P11"

    def broker_access(self, access: BrokerAccess) -> BrokerAccess:
        raise ConnectionError("the wallbox does not connect again")


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleRetained(OnMessages, ChangesCopies):
    """What the wallbox publishes does not arrive: what the broker has retained stays as it was."""

    primitive: ClassVar[str] = "P11"
    protocols: ClassVar[tuple[ProtocolName, ...]] = _MQTT

    def copies(self, candidate: Candidate, copies: Sequence[Copy[M]]) -> Sequence[Copy[M]]:
        return copies if candidate.message.direction == "in" else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondPublisher(Lasting):
    """Somebody else publishes on the wallbox's topics."""

    primitive: ClassVar[str] = "P11"
    levels: ClassVar[tuple[Level, ...]] = ON_NETWORK

    topic: str
    """Without the wallbox's prefix; one that begins with it, or with a slash, is the whole topic."""
    payload: Annotated[str, Text(longest=LONGEST_PAYLOAD)]
    retain: bool = False
    period: Annotated[Seconds | None, About("simulated time until the next time; default: once")] = None

    @property
    def momentary(self) -> bool:
        return self.period is None

    def begin(self, fault: ActiveFault) -> None:
        for wallbox in fault.target.wallboxes:
            message = Publish(topic=self.topic, payload=self.payload.encode(), retain=self.retain)
            fault.engine.publish_foreign(wallbox, message)
        if self.period is not None:
            fault.again(self.period)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrap(OnMessages, ChangesCopies):
    """A bridge in front of the broker wraps every payload in an object."""

    primitive: ClassVar[str] = "P11"
    protocols: ClassVar[tuple[ProtocolName, ...]] = _MQTT

    template: str = '{"val":{text},"ack":true}'
    """With `{payload}` for the payload as it is, or `{text}` for it as a JSON text."""

    def problem(self, match: Match) -> str | None:
        if "{payload}" not in self.template and "{text}" not in self.template:
            return 'the template has neither "{payload}" nor "{text}"'
        return None

    def copies(self, candidate: Candidate, copies: Sequence[Copy[M]]) -> Sequence[Copy[M]]:
        if candidate.message.direction == "in":
            return copies
        return [replace(copy, data=self._wrapped(copy.data)) for copy in copies]

    def _wrapped(self, payload: bytes) -> bytes:
        text = payload.decode("utf-8", "replace")
        return self.template.replace("{text}", json.dumps(text)).replace("{payload}", text).encode()
