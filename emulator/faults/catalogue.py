"""Every type of fault there is.

The one rule: a type is a line in the list below; the physical ones are those of the core's catalogue. To add one, write
a class beside its kin and add it here; steps, control API, command line and Python learn it from its fields.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ..core.faults import CATALOGUE, Disturbance
from ..devices.traffic import ProtocolName
from ..language.fields import arguments_of, construct, summary
from ..language.outside import Extensible
from ..language.records import Argument
from . import datagrams, device, eebus, modbus, mqtt, ocpp, physical, transport, values
from .effect import Effect, Level

EFFECTS: Final[tuple[type[Effect], ...]] = (
    transport.Delay,
    transport.Refuse,
    transport.Reset,
    transport.BlackHole,
    transport.Close,
    transport.Throttle,
    transport.Truncate,
    transport.Corrupt,
    transport.Status,
    transport.StrictContentType,
    transport.ConnectionCap,
    transport.SilentSocket,
    modbus.ModbusException,
    modbus.WrongTransactionId,
    modbus.NoReply,
    mqtt.BrokerRestart,
    mqtt.BrokerDown,
    mqtt.LostSession,
    mqtt.NoReconnect,
    mqtt.StaleRetained,
    mqtt.SecondPublisher,
    mqtt.Rewrap,
    datagrams.Loss,
    datagrams.Duplicate,
    datagrams.Reorder,
    datagrams.StrayDatagram,
    ocpp.CallError,
    ocpp.DuplicateCallId,
    values.AcknowledgedButIneffective,
    values.AdjustedWrite,
    values.SettleDelay,
    values.Override,
    values.Hide,
    values.Add,
    values.Rescale,
    values.FrozenValue,
    values.CounterDip,
    values.CounterReset,
    values.FrozenReply,
    device.Reboot,
    physical.PowerCut,
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
    device.VehicleHabit,
    device.LooseCable,
    eebus.NoHeartbeat,
    eebus.LateHeartbeat,
    eebus.WrongSki,
    eebus.ApprovalPending,
    eebus.HelloAborted,
    eebus.HeartbeatRefused,
    eebus.LimitRefused,
    eebus.BindingLost,
    eebus.EntityVanished,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultType:
    """One word after `kind:`, its arguments, and how to make one."""

    name: str
    about: str
    cls: type
    """The dataclass whose fields are its arguments."""
    make: Callable[[Mapping[str, object]], Effect]
    levels: tuple[Level, ...]
    protocols: tuple[ProtocolName, ...] = ()
    primitive: str = ""
    requires: tuple[str, ...] = ()
    needs_key: bool = False

    @property
    def arguments(self) -> tuple[Argument[object], ...]:
        return arguments_of(self.cls)

    @property
    def where(self) -> str:
        """Where it applies, for a reader."""
        return "/".join(self.levels) + (f" ({', '.join(self.protocols)})" if self.protocols else "")


def _of_effect(cls: type[Effect]) -> FaultType:
    return FaultType(
        name=cls.kind(),
        about=summary(cls),
        cls=cls,
        make=lambda values: construct(cls, values),
        levels=cls.levels,
        protocols=cls.protocols,
        primitive=cls.primitive,
        requires=cls.requires,
        needs_key=cls.needs_key,
    )


PRIMITIVES: Final[Mapping[str, str]] = {"contactor_welded": "P04", "cp_open": "P18"}


def _of_disturbance(cls: type[Disturbance]) -> FaultType:
    name = cls.step()
    return FaultType(
        name=name,
        about=cls.about,
        cls=cls,
        make=lambda values: physical.Physical(disturbance=construct(cls, values)),
        levels=("charger",),
        primitive=PRIMITIVES.get(name, ""),
    )


def _of_other_package(name: str, found: object) -> FaultType | None:
    if not isinstance(found, type) or not issubclass(found, Effect | Disturbance):
        return None
    kind = _of_effect(found) if issubclass(found, Effect) else _of_disturbance(found)
    return kind if kind.name == name else None


FAULT_TYPES: Final[Mapping[str, FaultType]] = Extensible(
    {kind.name: kind for kind in (*map(_of_effect, EFFECTS), *map(_of_disturbance, CATALOGUE))},
    "faults",
    _of_other_package,
    "an Effect or a Disturbance that is called like the entry point",
)
"""Every kind by its name."""

FORMER_NAMES: Final[Mapping[str, str]] = {
    "eof": "close",
    "drip": "throttle",
    "garble": "corrupt",
    "half_open": "silent_socket",
    "hold": "frozen_value",
    "stale": "frozen_reply",
    "interleave": "stray_datagram",
    "stay_away": "no_reconnect",
    "pilot_gap": "cp_open",
    "grid_outage": "power_cut",
}
"""What types were called once, for whoever still writes it."""
