"""The client library keba-kecontact-p40 against a P40, over HTTPS with the certificate of the box."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from emulator import vendors
from emulator.core.instant import SECOND
from emulator.core.messages import PlugIn
from emulator.core.specs import VehicleSpec
from emulator.devices.wallbox import Context, charger_defaults
from emulator.protocols.http import HttpServer
from emulator.protocols.server import Endpoint
from emulator.runtime.clock import Clock
from emulator.runtime.simulation import Simulation

library = pytest.importorskip("keba_kecontact_p40")
PASSWORD = "keba-test"


@dataclass
class Served:
    """A box on a port, its world, and a client of it."""

    simulation: Simulation
    client: Any

    async def advance(self, seconds: float) -> None:
        self.simulation.jump(round(seconds * SECOND))

    async def box(self) -> Any:
        (found,) = await self.client.get_wallboxes()
        return found


@asynccontextmanager
async def served(model: str = "keba-p40", password: str = PASSWORD) -> AsyncIterator[Served]:
    vendor = vendors.vendor("keba")
    profile = vendor.profile(model)
    simulation = Simulation(clock=Clock(0.0), epoch=datetime(2026, 1, 5, 8, tzinfo=UTC))
    simulation.add_charger("garage", charger_defaults(profile))
    box = vendor.create(
        Context(
            vendor=vendor,
            profile=profile,
            simulation=simulation,
            charger="garage",
            name="keba",
            serial=profile.model.serial,
            settings=dict(vendor.everything),
        )
    )
    box.start()
    endpoint = Endpoint(box, "rest")
    connector = aiohttp.TCPConnector(ssl=False)
    async with HttpServer(endpoint), aiohttp.ClientSession(connector=connector) as session:
        client = library.KebaP40Client("127.0.0.1", password, session=session, port=endpoint.port)
        yield Served(simulation, client)


async def test_a_charge() -> None:
    async with served() as world:
        await world.client.login()
        assert (await world.box()).state is library.WallboxState.IDLE
        world.simulation.apply("garage", PlugIn(name="car", vehicle=VehicleSpec()))
        await world.advance(60)
        found = await world.box()
        assert (found.state, found.vehicle_plugged, found.session_active) == ("CHARGING", True, True)
        assert [line.phase for line in found.meter.lines] == ["L1", "L2", "L3"]
        assert found.meter.lines[0].current_ma == pytest.approx(15_700, abs=200)
        await world.client.set_max_current(10_000)
        await world.advance(10)
        found = await world.client.get_wallbox(found.serial_number)
        assert found.meter.current_offered_ma == 10_000
        await world.client.set_phases(found.serial_number, 1)
        await world.advance(60)
        assert (await world.box()).phase_used == "L1"
        await world.client.stop_charging(found.serial_number)
        await world.advance(30)
        assert (await world.box()).state is library.WallboxState.SUSPENDED
        await world.client.lock(found.serial_number)
        assert (await world.box()).permanently_locked
        await world.client.set_availability(found.serial_number, False)
        assert (await world.box()).state is library.WallboxState.UNAVAILABLE


async def test_an_expired_token_is_renewed() -> None:
    async with served() as world:
        await world.client.login()
        await world.advance(3600)
        assert (await world.box()).serial_number == "26000042"


async def test_a_wrong_password() -> None:
    async with served(password="wrong") as world:
        with pytest.raises(library.KebaP40AuthError):
            await world.client.login()
