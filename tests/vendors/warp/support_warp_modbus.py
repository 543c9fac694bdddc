"""What the tests of WARP's Modbus share: a wallbox asked over Modbus without a socket."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from typing import Any

from support_warp import POLL, WarpWorld

from emulator.devices.interfaces import ModbusInterface, ModbusReply, Origin

OWN, BENDER, KEBA = range(3)
NONE = 0xFFFF_FFFF
MODBUS = Origin(interface="modbus", client="test:2")
CONFIG = {"enable": True, "port": 502, "table": 0, "send_illegal_data_address": True, "ignore_writes": False}
Sent = tuple[int, ...]


def words(*values: int) -> Sent:
    """32-bit values as registers, high word first."""
    return tuple(part for value in values for part in (value >> 16 & 0xFFFF, value & 0xFFFF))


def text_words(text: bytes, registers: int) -> Sent:
    return struct.unpack(f">{registers}H", text.ljust(2 * registers, b"\0"))


class ModbusWorld(WarpWorld):
    """A WARP3 Pro with 22 kW whose Modbus server is on."""

    def __init__(
        self,
        model: str = "warp3-pro-22",
        firmware: str | None = None,
        *,
        table: int = OWN,
        writable: bool = True,
        strict: bool = True,
        ignore: bool = False,
        settings: Mapping[str, object] | None = None,
        **more: Any,
    ) -> None:
        config = CONFIG | {"table": table, "send_illegal_data_address": strict, "ignore_writes": ignore}
        switch = {"modbus_tcp/config": config, "evse/modbus_tcp_enabled": {"enabled": writable}}
        super().__init__(model, firmware, settings={**switch, **(settings or {})}, **more)

    @property
    def interface(self) -> ModbusInterface:
        found = self.wallbox.interfaces["modbus"]
        assert isinstance(found, ModbusInterface)
        return found

    def modbus(
        self, function: int, address: int = 0, count: int = 1, values: Sent = (), unit: int | None = None
    ) -> ModbusReply:
        reply = super().modbus(function, address, count, values, unit)
        assert reply is not None
        return reply

    # --- reading -----------------------------------------------------------------------------------------------------

    def refused(self, function: int, address: int, count: int = 1) -> int | None:
        """The exception a read gets."""
        return self.modbus(function, address, count).exception

    def input(self, address: int) -> int:
        return self.long(address, 4)

    def f32(self, address: int) -> float:
        (value,) = struct.unpack(">f", struct.pack(">HH", *self.registers(address, 2, 4)))
        return float(value)

    def data(self, address: int, count: int, function: int = 4) -> bytes:
        return struct.pack(f">{count}H", *self.registers(address, count, function))

    def bit(self, address: int, function: int = 2) -> int:
        return self.registers(address, 1, function)[0]

    def coil(self, address: int) -> int:
        return self.bit(address, 1)

    # --- writing -----------------------------------------------------------------------------------------------------

    def set(self, address: int, *values: int, function: int = 16) -> int | None:
        """The exception, if any, once the value can be read back."""
        reply = self.modbus(function, address, len(values), tuple(values))
        assert reply.values == ()
        self.wait(POLL)
        return reply.exception

    def set32(self, address: int, *values: int) -> int | None:
        return self.set(address, *words(*values))

    def one(self, address: int, value: int) -> int | None:
        """Function 6."""
        return self.set(address, value, function=6)

    def set_coil(self, address: int, value: int) -> int | None:
        return self.set(address, value, function=5)

    # --- configuration -----------------------------------------------------------------------------------------------

    def configure(self, **members: object) -> None:
        self.done("modbus_tcp/config", self.json("modbus_tcp/config") | members)

    @property
    def errors(self) -> tuple[int, int, int]:
        """Illegal data address, illegal function, ignored write."""
        found = self.json("modbus_tcp/error_counters")
        assert list(found) == ["illegal_data_address", "illegal_function", "ignored_write"]
        return tuple(found.values())

    @property
    def limit(self) -> tuple[int, bool, bool]:
        return self.slot(9)

    @property
    def release(self) -> tuple[int, bool, bool]:
        return self.slot(10)


def same(value: float, expected: float | None) -> bool:
    """Whether a float from the wire is the value HTTP shows."""
    return math.isnan(value) if expected is None else math.isclose(value, expected, rel_tol=1e-6, abs_tol=1e-9)
