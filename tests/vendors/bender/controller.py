"""A small world with one Bender controller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from bench import Bench

from emulator.devices.interfaces import ModbusReply
from emulator.vendors.bender.wallbox import Bender

ICC: Final = "amtron-4business-710"
OLD: Final = "5.12"


class Controller(Bench):
    """One controller with REST and Modbus on."""

    on: ClassVar[Mapping[str, object]] = {"rest": "with_uid", "modbus": True, "energy_management": "read_write"}
    unit_id = 255

    def __init__(
        self,
        model: str | None = None,
        firmware: str | None = None,
        hardware: Mapping[str, object] | None = None,
        **settings: object,
    ) -> None:
        super().__init__("bender", model, firmware, hardware=hardware, settings=settings)

    @property
    def unit(self) -> Bender:
        assert isinstance(self.wallbox, Bender)
        return self.wallbox

    def full_state(self) -> dict[str, str]:
        """As clients take it apart: lines, split at the first colon."""
        reply = self.request("/rest/full_state")
        assert reply.status == 200
        lines = reply.body.decode().splitlines()
        return {key: value for key, _, value in (line.partition(":") for line in lines)}

    def states(self) -> tuple[str, str, str, str]:
        """Connection, authorisation, OCPP state, letter."""
        found = self.full_state()
        return found["conn_state"], found["auth_state"], found["ocpp_state"], found["type2_state"]

    def modbus(
        self, function: int, address: int, count: int = 1, values: tuple[int, ...] = (), unit: int | None = None
    ) -> ModbusReply:
        """A controller answers every unit."""
        reply = super().modbus(function, address, count, values, unit)
        assert reply is not None
        return reply

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
        super().charge(**{"ramp_up": 20.0, **vehicle})
