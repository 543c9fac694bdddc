"""A test bench for vendor tests: one charger, one wallbox, a frozen clock, no sockets; and states it goes through."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar, TypeVar

from emulator import vendors
from emulator.core.faults import Disturbance
from emulator.core.instant import SECOND
from emulator.core.messages import Disturb, Outcome, PlugIn, PowerCut, PowerUp, Relieve, Stimulus, Unplug
from emulator.core.snapshot import Snapshot
from emulator.core.specs import ChargerSpec, VehicleSpec
from emulator.devices.interfaces import (
    HttpInterface,
    HttpReply,
    HttpRequest,
    ModbusInterface,
    ModbusReply,
    ModbusRequest,
    Origin,
)
from emulator.devices.wallbox import Context, Wallbox, charger_defaults
from emulator.runtime.clock import Clock
from emulator.runtime.simulation import Simulation

MONDAY = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
CLIENT = Origin(interface="http", client="test:1")


class Bench:
    """One wallbox on one charger."""

    on: ClassVar[Mapping[str, object]] = {}
    """Settings that the wallbox has on this bench if a test states no others."""
    unit_id: ClassVar[int] = 1
    """Modbus unit that requests go to."""

    def __init__(
        self,
        vendor: str,
        model: str | None = None,
        firmware: str | None = None,
        *,
        epoch: datetime = MONDAY,
        hardware: Mapping[str, object] | None = None,
        serial: str | None = None,
        settings: Mapping[str, object] | None = None,
    ) -> None:
        self.vendor = vendors.vendor(vendor)
        profile = self.vendor.profile(model, firmware)
        self.simulation = Simulation(clock=Clock(0.0), epoch=epoch)
        spec: ChargerSpec = replace(charger_defaults(profile), **dict(hardware or {}))  # type: ignore[arg-type]
        self.charger = self.simulation.add_charger("garage", spec)
        self.wallbox: Wallbox = self.vendor.create(
            Context(
                vendor=self.vendor,
                profile=profile,
                simulation=self.simulation,
                charger="garage",
                name=vendor,
                serial=serial or profile.model.serial,
                settings={**self.on, **(settings or {})},
            )
        )
        self.wallbox.start()

    @property
    def box(self) -> Wallbox:
        """The former name of `wallbox`."""
        return self.wallbox

    # --- the charger -------------------------------------------------------------------------------------------------

    def wait(self, seconds: float) -> None:
        self.simulation.jump(round(seconds * SECOND))

    def apply(self, stimulus: Stimulus) -> Outcome:
        return self.simulation.apply("garage", stimulus)

    def plug_in(self, **vehicle: object) -> None:
        spec = VehicleSpec(**vehicle)  # type: ignore[arg-type]
        assert self.apply(PlugIn(name="car", vehicle=spec)).ok

    def unplug(self) -> None:
        assert self.apply(Unplug()).ok

    def charge(self, **vehicle: object) -> None:
        """Plug in and wait for full current."""
        self.plug_in(**{"max_current": 32.0, **vehicle})
        self.wait(40)

    def outage(self, after: float) -> None:
        """A minute without power, and some seconds after it."""
        self.apply(PowerCut())
        self.wait(60)
        self.apply(PowerUp())
        self.wait(after)

    def begin(self, name: str, fault: Disturbance) -> None:
        assert self.apply(Disturb(name=name, fault=fault)).ok

    def end(self, name: str) -> None:
        assert self.apply(Relieve(name=name)).ok

    @property
    def now(self) -> Snapshot:
        return self.simulation.observe("garage")

    # --- HTTP --------------------------------------------------------------------------------------------------------

    def request(
        self,
        target: str,
        method: str = "GET",
        *,
        body: str | bytes = b"",
        headers: Mapping[str, str] | None = None,
        interface: str = "http",
    ) -> HttpReply:
        found = self.wallbox.interfaces[interface]
        assert isinstance(found, HttpInterface)
        raw = body.encode() if isinstance(body, str) else body
        return found.answer(HttpRequest(method=method, target=target, headers=headers or {}, body=raw, origin=CLIENT))

    def get(self, target: str) -> dict[str, object]:
        """The decoded JSON object of a reply, whatever its status."""
        decoded = json.loads(self.request(target).body)
        assert isinstance(decoded, dict)
        return decoded

    # --- Modbus ------------------------------------------------------------------------------------------------------

    def modbus(
        self, function: int, address: int, count: int = 1, values: tuple[int, ...] = (), unit: int | None = None
    ) -> ModbusReply | None:
        """The reply to a request; None: silence."""
        interface = self.wallbox.interfaces["modbus"]
        assert isinstance(interface, ModbusInterface)
        return interface.handle(
            ModbusRequest(
                unit=self.unit_id if unit is None else unit,
                function=function,
                address=address,
                count=count,
                values=values,
                origin=CLIENT,
            )
        )

    def registers(self, address: int, count: int = 1, function: int = 3) -> tuple[int, ...]:
        reply = self.modbus(function, address, count)
        assert reply is not None
        assert reply.exception is None, (address, reply)
        assert not reply.close
        assert len(reply.values) == count
        return tuple(reply.values)

    def long(self, address: int, function: int = 3) -> int:
        """A value of two registers, high word first."""
        high, low = self.registers(address, 2, function)
        return high << 16 | low

    def exception(self, function: int, address: int, count: int = 1, values: tuple[int, ...] = ()) -> int | None:
        """The exception that answers a request; None: there is none."""
        reply = self.modbus(function, address, count, values)
        assert reply is not None
        return reply.exception

    # --- what it tells -----------------------------------------------------------------------------------------------

    def read(self, *addresses: str) -> list[object]:
        return [self.wallbox.read(address) for address in addresses]

    def writes(self) -> list[tuple[str, object, object]]:
        """Point, value and success of what clients wrote."""
        entries = (entry for entry in self.simulation.journal if entry.kind == "write")
        return [(entry.name, entry.detail["value"], entry.detail["ok"]) for entry in entries]


B = TypeVar("B", bound=Bench)


def charging(bench: B) -> B:
    """A bench on which a vehicle charges."""
    bench.charge()
    return bench


def with_fault(make: Callable[[], B], fault: Disturbance, wait: float = 20.0) -> B:
    """A bench on which something goes wrong while a vehicle charges."""
    bench = charging(make())
    bench.begin("fault", fault)
    bench.wait(wait)
    return bench


def ended(make: Callable[[], B]) -> B:
    """A bench on which a vehicle was charged for ten minutes and has left."""
    bench = charging(make())
    bench.wait(600)
    bench.unplug()
    bench.wait(5)
    return bench
