"""Small worlds for vendor tests: one charger, one wallbox, a frozen clock, no sockets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from emulator import vendors
from emulator.core.faults import Disturbance
from emulator.core.instant import SECOND
from emulator.core.messages import Disturb, Outcome, PlugIn, Relieve, Stimulus, Unplug
from emulator.core.snapshot import Snapshot
from emulator.core.specs import ChargerSpec, VehicleSpec
from emulator.devices.interfaces import HttpInterface, HttpReply, HttpRequest, Origin
from emulator.devices.wallbox import Context, Wallbox, charger_defaults
from emulator.runtime.clock import Clock
from emulator.runtime.simulation import Simulation

MONDAY = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
CLIENT = Origin(interface="http", client="test:1")


class SmallWorld:
    """One wallbox on one charger."""

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
        self.box: Wallbox = self.vendor.create(
            Context(
                vendor=self.vendor,
                profile=profile,
                simulation=self.simulation,
                charger="garage",
                name=vendor,
                serial=serial or profile.model.serial,
                settings=settings or {},
            )
        )
        self.box.start()

    def wait(self, seconds: float) -> None:
        self.simulation.jump(round(seconds * SECOND))

    def apply(self, stimulus: Stimulus) -> Outcome:
        return self.simulation.apply("garage", stimulus)

    def plug_in(self, **vehicle: object) -> None:
        spec = VehicleSpec(**vehicle)  # type: ignore[arg-type]
        assert self.apply(PlugIn(name="car", vehicle=spec)).ok

    def unplug(self) -> None:
        assert self.apply(Unplug()).ok

    def begin(self, name: str, fault: Disturbance) -> None:
        assert self.apply(Disturb(name=name, fault=fault)).ok

    def end(self, name: str) -> None:
        assert self.apply(Relieve(name=name)).ok

    @property
    def now(self) -> Snapshot:
        return self.simulation.observe("garage")

    def request(self, target: str, method: str = "GET") -> HttpReply:
        interface = self.box.interfaces["http"]
        assert isinstance(interface, HttpInterface)
        return interface.answer(HttpRequest(method=method, target=target, origin=CLIENT))

    def get(self, target: str) -> dict[str, object]:
        """The decoded JSON object of a reply, whatever its status."""
        decoded = json.loads(self.request(target).body)
        assert isinstance(decoded, dict)
        return decoded

    def read(self, *addresses: str) -> list[object]:
        return [self.box.read(address) for address in addresses]
