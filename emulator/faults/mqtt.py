"""Faults of MQTT: the broker, the box's connection to it, and what others do on its topics."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, ClassVar

from ..core.units import Seconds
from ..devices.delivery import Copy, M
from ..devices.interfaces import BrokerAccess, Publish
from ..devices.traffic import ProtocolName
from ..language.fields import About
from .effect import Effect, Level
from .matching import Match

if TYPE_CHECKING:
    from .armed import Armed
    from .passing import Shot
    from .target import Target

_MQTT: tuple[ProtocolName, ...] = ("mqtt",)
_BOXES: tuple[Level, ...] = ("wallbox", "interface")


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerRestart(Effect):
    """The broker restarts: every connection breaks, nothing is retained any more."""

    primitive: ClassVar[str] = "P11"

    def begin(self, armed: Armed, target: Target) -> None:
        armed.engine.control_broker("restart")
        if armed.order.for_ is None and armed.order.until is None:
            armed.lapse("done")


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerDown(Effect):
    """The broker is gone."""

    primitive: ClassVar[str] = "P11"

    def begin(self, armed: Armed, target: Target) -> None:
        armed.engine.control_broker("stop")

    def end(self, armed: Armed, target: Target) -> None:
        armed.engine.control_broker("start")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Link(Effect):
    """Base of what concerns the box's connection to its broker."""

    levels: ClassVar[tuple[Level, ...]] = _BOXES

    def begin(self, armed: Armed, target: Target) -> None:
        for wallbox in target.wallboxes:
            armed.engine.drop_link(wallbox.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class LostSession(_Link):
    """The box's connection breaks and is made anew without a last will."""

    primitive: ClassVar[str] = "P11"

    def connecting(self, armed: Armed, access: BrokerAccess) -> BrokerAccess:
        return replace(access, will=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class StayAway(_Link):
    """The box loses its broker and does not connect again."""

    primitive: ClassVar[str] = "P11"

    def connecting(self, armed: Armed, access: BrokerAccess) -> BrokerAccess:
        raise ConnectionError("the box stays away")


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleRetained(Effect):
    """What the box publishes does not arrive: what the broker has retained stays as it was."""

    primitive: ClassVar[str] = "P11"
    protocols: ClassVar[tuple[ProtocolName, ...]] = _MQTT

    def spread(self, shot: Shot, copies: Sequence[Copy[M]]) -> Sequence[Copy[M]]:
        return copies if shot.message.direction == "in" else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondPublisher(Effect):
    """Somebody else publishes on the box's topics."""

    primitive: ClassVar[str] = "P11"
    levels: ClassVar[tuple[Level, ...]] = _BOXES

    topic: str
    """Without the box's prefix, unless it begins with a slash."""
    payload: str
    retain: bool = False
    period: Annotated[Seconds | None, About("simulated time until the next time; default: once")] = None

    def begin(self, armed: Armed, target: Target) -> None:
        for wallbox in target.wallboxes:
            message = Publish(topic=self.topic, payload=self.payload.encode(), retain=self.retain)
            armed.engine.publish_foreign(wallbox, message)
        armed.again(self.period)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrap(Effect):
    """A bridge in front of the broker wraps every payload in an object."""

    primitive: ClassVar[str] = "P11"
    protocols: ClassVar[tuple[ProtocolName, ...]] = _MQTT

    template: str = '{"val":{text},"ack":true}'
    """With `{payload}` for the payload as it is, or `{text}` for it as a JSON text."""

    def problem(self, match: Match) -> str | None:
        if "{payload}" not in self.template and "{text}" not in self.template:
            return 'the template has neither "{payload}" nor "{text}"'
        return None

    def spread(self, shot: Shot, copies: Sequence[Copy[M]]) -> Sequence[Copy[M]]:
        if shot.message.direction == "in":
            return copies
        return [replace(copy, data=self._wrapped(copy.data)) for copy in copies]

    def _wrapped(self, payload: bytes) -> bytes:
        text = payload.decode("utf-8", "replace")
        return self.template.replace("{text}", json.dumps(text)).replace("{payload}", text).encode()
