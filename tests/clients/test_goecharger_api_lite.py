"""The client library goecharger-api-lite against the emulated box, over real sockets."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from emulator import vendors
from emulator.core.instant import SECOND
from emulator.core.messages import PlugIn
from emulator.core.specs import VehicleSpec
from emulator.devices.wallbox import Context, Wallbox, charger_defaults
from emulator.protocols.http import HttpServer
from emulator.protocols.server import Endpoint
from emulator.runtime.clock import Clock
from emulator.runtime.simulation import Simulation

lite = pytest.importorskip("goecharger_api_lite")


@dataclass
class Served:
    """A box on a port, its world, and the way to the client, which wants an event loop and a thread of its own."""

    box: Wallbox
    simulation: Simulation
    host: str

    async def ask(self, action: Callable[[Any], object]) -> Any:
        """Run `action` with a fresh client in a thread."""
        result, error = await asyncio.to_thread(self._ask, action)
        if error is not None:
            raise lite.exception.GoeChargerError(error)
        return result

    def _ask(self, action: Callable[[Any], object]) -> tuple[object, str | None]:
        """The result, or the text of the error: an exception's traceback would keep the client from being closed."""
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)

        async def connect() -> Any:  # the library makes its session here and needs a running loop for it
            return lite.GoeCharger(self.host)

        client = loop.run_until_complete(connect())
        try:
            return action(client), None
        except lite.exception.GoeChargerError as error:
            return None, str(error)
        finally:
            del client
            gc.collect()  # the library keeps its own stack frames in a cycle when it raises
            loop.run_until_complete(asyncio.sleep(0))
            asyncio.set_event_loop(None)
            loop.close()

    def advance(self, seconds: float) -> None:
        self.simulation.jump(round(seconds * SECOND))

    def plug_in(self) -> None:
        self.simulation.apply("garage", PlugIn(name="car", vehicle=VehicleSpec()))


@asynccontextmanager
async def served(model: str = "gemini-22", **settings: object) -> AsyncIterator[Served]:
    vendor = vendors.vendor("goe")
    profile = vendor.profile(model)
    simulation = Simulation(clock=Clock(0.0), epoch=datetime(2026, 1, 5, 8, tzinfo=UTC))
    simulation.add_charger("garage", charger_defaults(profile))
    box = vendor.create(
        Context(
            vendor=vendor,
            profile=profile,
            simulation=simulation,
            charger="garage",
            name="goe",
            serial="123456",
            settings=settings,
        )
    )
    box.start()
    endpoint = Endpoint(box, "http")
    async with HttpServer(endpoint):
        yield Served(box, simulation, f"127.0.0.1:{endpoint.port}")


async def test_default_status() -> None:
    async with served(hai=True) as goe:
        status = await goe.ask(lambda client: client.get_status())
    assert status["car_state"] == "Idle"
    assert status["error"] is None
    assert status["charging_mode"] == "neutral"
    assert status["phase_mode"] == "three"
    assert status["device_model"] == "22KW/32A"
    assert status["energy"]["power"]["total"] == 0
    assert status["ampere"] == 16
    assert status["temperature"] == pytest.approx(24)


async def test_full_status() -> None:
    async with served(hai=True) as goe:
        status = await goe.ask(lambda client: client.get_status(client.STATUS_FULL))
    assert len(status) > 300
    assert status["sse"] == "123456"


async def test_a_session_under_control() -> None:
    modes = lite.GoeCharger.SettableValueEnum
    async with served(hai=True) as goe:
        goe.plug_in()
        goe.advance(60)
        status = await goe.ask(lambda client: client.get_status())
        assert status["car_state"] == "Charging"
        assert status["energy"]["power"]["total"] == pytest.approx(10_700, rel=0.01)

        await goe.ask(lambda client: client.set_ampere(8))
        await goe.ask(lambda client: client.set_phase_mode(modes.PhaseMode.one))
        goe.advance(60)
        status = await goe.ask(lambda client: client.get_status())
        assert (status["car_state"], status["ampere"], status["phase_mode"]) == ("Charging", 8, "one")
        assert status["energy"]["current"]["L1"] == pytest.approx(7.9, abs=0.1)
        assert status["energy"]["current"]["L2"] == 0

        await goe.ask(lambda client: client.set_charging_mode(modes.ChargingMode.off))
        goe.advance(10)
        assert (await goe.ask(lambda client: client.get_status("car")))["car_state"] == "Complete"

        await goe.ask(lambda client: client.set_charge_limit(5000.0))
        assert goe.box.read("dwo") == 5000


async def test_errors_reach_the_library() -> None:
    async with served(hai=True) as goe:
        with pytest.raises(lite.exception.GoeChargerError, match="exceeds range 6 to 32"):
            await goe.ask(lambda client: client.set_key("amp", 40))
        assert await goe.ask(lambda client: client.set_key("sua", True)) is None
    async with served() as goe:
        with pytest.raises(lite.exception.GoeChargerError, match="not enabled"):
            await goe.ask(lambda client: client.get_status())


async def test_the_pro_fails_the_librarys_default_filter() -> None:
    """It asks for `ust`, which the PRO does not have: 400."""
    async with served("pro", hai=True) as goe:
        with pytest.raises(lite.exception.GoeChargerError):
            await goe.ask(lambda client: client.get_status())
        status = await goe.ask(lambda client: client.get_status(client.STATUS_MINIMUM))
        assert status["car_state"] == "Idle"
