"""A small world with one Bender controller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from worlds import CLIENT, SmallWorld

from emulator.devices.interfaces import (
    HttpInterface,
    HttpReply,
    HttpRequest,
    ModbusInterface,
    ModbusReply,
    ModbusRequest,
)
from emulator.vendors.bender.wallbox import Bender

ICC: Final = "amtron-4business-710"
OLD: Final = "5.12"


class Controller(SmallWorld):
    """One controller with REST and Modbus on."""

    def __init__(
        self,
        model: str | None = None,
        firmware: str | None = None,
        hardware: Mapping[str, object] | None = None,
        **settings: object,
    ) -> None:
        on = {"rest": "with_uid", "modbus": True, "energy_management": "read_write"}
        super().__init__("bender", model, firmware, hardware=hardware, settings={**on, **settings})

    @property
    def unit(self) -> Bender:
        assert isinstance(self.box, Bender)
        return self.box

    def http(
        self,
        target: str,
        method: str = "GET",
        body: bytes = b"",
        interface: str = "http",
        headers: Mapping[str, str] | None = None,
    ) -> HttpReply:
        found = self.box.interfaces[interface]
        assert isinstance(found, HttpInterface)
        request = HttpRequest(method=method, target=target, headers=headers or {}, body=body, origin=CLIENT)
        return found.answer(request)

    def full_state(self) -> dict[str, str]:
        """As clients take it apart: lines, split at the first colon."""
        reply = self.http("/rest/full_state")
        assert reply.status == 200
        lines = reply.body.decode().splitlines()
        return {key: value for key, _, value in (line.partition(":") for line in lines)}

    def states(self) -> tuple[str, str, str, str]:
        """Connection, authorisation, OCPP state, letter."""
        found = self.full_state()
        return found["conn_state"], found["auth_state"], found["ocpp_state"], found["type2_state"]

    def modbus(
        self, function: int, address: int, count: int = 1, values: tuple[int, ...] = (), unit: int = 255
    ) -> ModbusReply:
        interface = self.box.interfaces["modbus"]
        assert isinstance(interface, ModbusInterface)
        reply = interface.handle(
            ModbusRequest(unit=unit, function=function, address=address, count=count, values=values, origin=CLIENT)
        )
        assert reply is not None
        return reply

    def registers(self, address: int, count: int = 1) -> tuple[int, ...]:
        reply = self.modbus(3, address, count)
        assert reply.exception is None, (address, reply.exception)
        assert not reply.close
        return reply.values

    def long(self, address: int) -> int:
        high, low = self.registers(address, 2)
        return high << 16 | low

    def text(self, address: int, count: int) -> bytes:
        return b"".join(word.to_bytes(2, "big") for word in self.registers(address, count))

    def set(self, address: int, *values: int) -> int | None:
        """Write as evcc does; the exception."""
        return self.modbus(16, address, len(values), values).exception

    def show_user(self, user: str, *, one_by_one: bool = False) -> None:
        """A user id over Modbus, right aligned."""
        data = user.rjust(20).encode()
        words = tuple(int.from_bytes(data[i : i + 2], "big") for i in range(0, 20, 2))
        if one_by_one:
            for index, word in enumerate(words):
                assert self.modbus(6, 1110 + index, 1, (word,)).exception is None
        else:
            assert self.set(1110, *words) is None

    def charge(self, **vehicle: object) -> None:
        """Plug in and wait for full current."""
        self.plug_in(**{"max_current": 32.0, "ramp_up": 20.0, **vehicle})
        self.wait(40)

    def writes(self) -> list[tuple[str, object, object]]:
        """Point, value and success of what clients wrote."""
        entries = (entry for entry in self.simulation.journal if entry.kind == "write")
        return [(entry.name, entry.detail["value"], entry.detail["ok"]) for entry in entries]
