"""Modbus TCP servers of devices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Final, Literal, Protocol

from ...core.values import roomy, terse
from ..wire_types import Registers, WireType
from .origin import Origin, always

UNKNOWN_CLIENT: Final = Origin(interface="modbus")


@terse
class ModbusRequest:
    """A decoded request. `values` for writes (registers, or 0/1 for coils); `count` for reads and multiple writes."""

    unit: int
    function: int
    address: int = 0
    count: int = 0
    values: tuple[int, ...] = ()
    payload: bytes = b""
    """The bytes after the function code, for functions this frame does not decode."""
    origin: Origin = UNKNOWN_CLIENT


@terse
class ModbusReply:
    """Registers (or bits) read, or nothing for a write; or an exception code."""

    values: Sequence[int] = ()
    packed: bytes | None = None
    """Registers read, as they go over the wire, where that is known already."""
    exception: int | None = None
    close: bool = False
    """The device ends the connection: after the exception if there is one, else without a reply."""
    journal: Mapping[str, object] = field(default_factory=dict)


class RegisterRow(Protocol):
    """What a register is called, and how its value is encoded."""

    @property
    def name(self) -> str: ...

    @property
    def type(self) -> WireType: ...

    @property
    def scale(self) -> float:
        """What its value is multiplied with on the wire."""
        ...


class RegisterItem(Protocol):
    """One value at its place: from `start` to before `end`."""

    @property
    def row(self) -> RegisterRow: ...

    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...

    def words(self, value: object) -> Registers:
        """What a value is on the wire; None: the row's "no value"."""
        ...


class RegisterMap(Protocol):
    """What registers mean."""

    @property
    def served(self) -> tuple[int, ...]:
        """The function codes it answers."""
        ...

    def items(self, function: int, start: int, count: int) -> Iterator[RegisterItem]:
        """The values that a request reaches, by address."""
        ...


@roomy
class ModbusInterface:
    """A Modbus TCP server of a device."""

    protocol: Literal["modbus"] = "modbus"
    port: int = 502
    handle: Callable[[ModbusRequest], ModbusReply | None]
    """None: no reply at all."""
    enabled: Callable[[], bool] = always
    max_connections: int = 16
    when_full: Literal["refuse", "evict_oldest"] = "refuse"
    shortest: int = 2
    longest: int = 254
    """Values of the length field of a frame (unit, function, data) that the device takes; others end the connection."""
    exact_lengths: bool = False
    """A frame whose length does not fit its function ends the connection as well; False: exception 3."""
    evict_after: float = 0.0
    """Wall seconds the client that has been quiet for longest must have been quiet to make room; else: refused."""
    idle_timeout: float | None = None
    """Wall seconds after which a client that asks nothing is dropped; None: never."""
    table: Callable[[], RegisterMap] | None = None
    """The table it serves, for whoever wants to know what a register means."""
