"""Faults of Modbus alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, ClassVar

from ..devices.delivery import Delivery
from ..devices.interfaces import ModbusReply
from ..devices.traffic import ProtocolName
from ..language.arguments import Whole
from ..language.fields import About
from .effect import ChangesDelivery, ChangesModbusReply, DropsUnlessHandled, OnMessages

if TYPE_CHECKING:
    from .candidate import Candidate

_MODBUS: tuple[ProtocolName, ...] = ("modbus",)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusException(OnMessages, DropsUnlessHandled, ChangesModbusReply):
    """Requests are answered with an exception."""

    primitive: ClassVar[str] = "P08"
    protocols: ClassVar[tuple[ProtocolName, ...]] = _MODBUS

    code: Annotated[int, Whole(1, 255), About("1 illegal function, 2 address, 3 value, 4 device failure, 6 busy")] = 2
    handled: bool = False
    """Whether a write is done all the same."""

    def modbus_reply(self, candidate: Candidate, reply: ModbusReply | None) -> ModbusReply | None:
        return ModbusReply(exception=self.code)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongTransactionId(OnMessages, ChangesDelivery):
    """Answers carry another transaction identifier than their request."""

    primitive: ClassVar[str] = "P09"
    protocols: ClassVar[tuple[ProtocolName, ...]] = _MODBUS

    off_by: int = 1
    """How far off."""

    def deliver(self, candidate: Candidate, delivery: Delivery) -> Delivery:
        number = (int.from_bytes(delivery.data[:2], "big") + self.off_by) & 0xFFFF
        return replace(delivery, data=number.to_bytes(2, "big") + delivery.data[2:])


@dataclass(frozen=True, slots=True, kw_only=True)
class NoReply(OnMessages, ChangesModbusReply):
    """Requests are handled and never answered."""

    primitive: ClassVar[str] = "P09"
    protocols: ClassVar[tuple[ProtocolName, ...]] = _MODBUS

    def modbus_reply(self, candidate: Candidate, reply: ModbusReply | None) -> ModbusReply | None:
        return None
