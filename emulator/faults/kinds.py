"""Every kind of fault there is.

The one rule: a kind is a line in the list below; the physical ones are those of the core's catalogue. To add one, write
a class beside its kin and add it here; steps, control API, command line and Python learn it from its fields.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ..core import messages
from ..core.faults import CATALOGUE, Disturbance
from ..devices.traffic import ProtocolName
from ..language.fields import arguments_of, construct, summary
from ..language.records import Argument
from . import datagrams, device, modbus, mqtt, semantic, transport
from .effect import Effect, Level

if TYPE_CHECKING:
    from .armed import Armed
    from .target import Target

KINDS: Final[tuple[type[Effect], ...]] = (
    transport.Delay,
    transport.Refuse,
    transport.Reset,
    transport.BlackHole,
    transport.Eof,
    transport.Drip,
    transport.Truncate,
    transport.Garble,
    transport.Status,
    transport.StrictContentType,
    transport.ConnectionCap,
    transport.SilentSocket,
    transport.HalfOpen,
    modbus.ModbusException,
    modbus.WrongTransactionId,
    modbus.NoReply,
    mqtt.BrokerRestart,
    mqtt.BrokerDown,
    mqtt.LostSession,
    mqtt.StayAway,
    mqtt.StaleRetained,
    mqtt.SecondPublisher,
    mqtt.Rewrap,
    datagrams.Loss,
    datagrams.Duplicate,
    datagrams.Reorder,
    datagrams.Interleave,
    semantic.AcknowledgedButIneffective,
    semantic.SettleDelay,
    semantic.Override,
    semantic.Hide,
    semantic.Add,
    semantic.Rescale,
    semantic.Hold,
    semantic.CounterDip,
    semantic.CounterReset,
    semantic.Stale,
    device.Reboot,
    device.PowerCut,
    device.LateBoot,
    device.Hang,
    device.Dead,
    device.ClockWrong,
    device.Act,
    device.AuthorisationLost,
    device.OwnLimit,
    device.OwnStop,
    device.OwnPhases,
    device.PhaseSwitchFails,
    device.PilotGap,
    device.VehicleHabit,
    device.LooseCable,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Physical(Effect):
    """A fault of the core's catalogue."""

    levels: ClassVar[tuple[Level, ...]] = ("charger",)

    fault: Disturbance

    @property
    def title(self) -> str:
        return self.fault.step()

    def begin(self, armed: Armed, target: Target) -> None:
        target.simulation.apply(target.charger, messages.Disturb(name=armed.order.name, fault=self.fault))

    def end(self, armed: Armed, target: Target) -> None:
        target.simulation.apply(target.charger, messages.Relieve(name=armed.order.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One word after `kind:`, its arguments, and how to make one."""

    name: str
    about: str
    arguments: tuple[Argument[object], ...]
    make: Callable[[Mapping[str, Any]], Effect]
    levels: tuple[Level, ...]
    protocols: tuple[ProtocolName, ...] = ()
    primitive: str = ""
    requires: tuple[str, ...] = ()
    needs_key: bool = False

    @property
    def where(self) -> str:
        """Where it applies, for a reader."""
        return "/".join(self.levels) + (f" ({', '.join(self.protocols)})" if self.protocols else "")


def _of_effect(cls: type[Effect]) -> Kind:
    return Kind(
        name=cls.kind(),
        about=summary(cls),
        arguments=arguments_of(cls),
        make=lambda values: construct(cls, values),
        levels=cls.levels,
        protocols=cls.protocols,
        primitive=cls.primitive,
        requires=cls.requires,
        needs_key=cls.needs_key,
    )


PRIMITIVES: Final[Mapping[str, str]] = {"contactor_welded": "P04", "cp_open": "P18"}


def _of_disturbance(cls: type[Disturbance]) -> Kind:
    """`kind` of a residual current is called `current_type` here, because `kind` is the fault's own."""
    own = tuple(replace(a, name="current_type") if a.name == "kind" else a for a in arguments_of(cls))

    def make(values: Mapping[str, Any]) -> Effect:
        given = {("kind" if name == "current_type" else name): value for name, value in values.items()}
        return Physical(fault=construct(cls, given))

    name = cls.step()
    return Kind(
        name=name,
        about=cls.about,
        arguments=own,
        make=make,
        levels=("charger",),
        primitive=PRIMITIVES.get(name, ""),
    )


EFFECTS: Final[Mapping[str, Kind]] = {
    kind.name: kind for kind in (*map(_of_effect, KINDS), *map(_of_disturbance, CATALOGUE))
}
"""Every kind by its name."""
