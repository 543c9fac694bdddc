"""The unmodified `warp-charger` client (Home Assistant) against a WARP3 over real sockets. It needs Python 3.13."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from emulator import vendors
from emulator.core.faults import TripRcd
from emulator.core.instant import SECOND
from emulator.core.messages import Disturb, PlugIn, Unplug
from emulator.core.specs import VehicleSpec
from emulator.devices.wallbox import Context, Wallbox, charger_defaults
from emulator.protocols.http import HttpServer
from emulator.protocols.push import moved
from emulator.protocols.server import Endpoint
from emulator.runtime.clock import Clock
from emulator.runtime.simulation import Simulation
from emulator.vendors.warp.web.digest import digest_hash

warp_charger = pytest.importorskip("warp_charger")

PATIENCE = 60.0


class Garage:
    """A WARP Charger on a port of its own, in a world that stands still."""

    def __init__(self, model: str, settings: dict[str, object]) -> None:
        vendor = vendors.vendor("warp")
        profile = vendor.profile(model)
        self.simulation = Simulation(clock=Clock(0.0), epoch=datetime(2026, 8, 3, 8, tzinfo=UTC))
        self.simulation.add_charger("garage", charger_defaults(profile))
        self.box: Wallbox = vendor.create(
            Context(
                vendor=vendor,
                profile=profile,
                simulation=self.simulation,
                charger="garage",
                name="warp",
                serial=profile.model.serial,
                settings=settings,
            )
        )
        self.box.start()
        self.server = HttpServer(Endpoint(self.box, "http"))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.endpoint.port}"

    async def wait(self, seconds: float) -> None:
        """Let simulated time pass, and the sockets follow."""
        self.simulation.jump(round(seconds * SECOND))
        moved(self.simulation)
        await self.server.settle()

    def plug_in(self) -> None:
        assert self.simulation.apply("garage", PlugIn(name="car", vehicle=VehicleSpec())).ok


@asynccontextmanager
async def running(client: Any) -> AsyncIterator[Any]:
    """The client's own loop, in the background."""
    task = asyncio.create_task(client.run())
    try:
        yield task
    finally:
        await client.stop()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def garage(settings: dict[str, object] | None = None, model: str = "warp3-pro-11") -> AsyncIterator[Garage]:
    found = Garage(model, settings or {})
    async with found.server:
        yield found


async def until(client: Any, topic: str, fits: Callable[[Any], bool]) -> Any:
    """The first state of a topic that fits, now or later."""
    if topic in client.states and fits(client.states[topic]):
        return client.states[topic]
    seen: asyncio.Queue[Any] = asyncio.Queue()
    forget = client.subscribe(topic, seen.put_nowait)
    try:
        async with asyncio.timeout(PATIENCE):
            while not fits(payload := await seen.get()):
                pass
    finally:
        forget()
    return payload


async def test_a_charge_as_the_client_sees_it() -> None:
    async with garage() as box, aiohttp.ClientSession() as session:
        client = warp_charger.WarpClient(session, box.url)
        async with running(client):
            await client.wait_ready(PATIENCE)
            assert client.states["info/name"]["type"] == "warp3"
            assert {"evse", "phase_switch", "meter"} <= set(client.states["info/features"])
            assert client.states["evse/state"]["charger_state"] == 0

            box.plug_in()
            await box.wait(30)
            state = await until(client, "evse/state", lambda s: s["contactor_state"] == 27)
            assert (state["iec61851_state"], state["charger_state"]) == (2, 3)
            values = await until(client, "meter/values", lambda v: v["power"] > 10_000)
            assert values["energy_abs"] > 0

            await client.put("evse/external_current", {"current": 8000})
            await box.wait(10)
            await until(client, "evse/external_current", lambda c: c == {"current": 8000})
            await until(client, "meter/values", lambda v: 5_000 < v["power"] < 5_600)

            await client.put("power_manager/external_control", {"phases_wanted": 1})
            await box.wait(100)
            await until(client, "power_manager/low_level_state", lambda s: s["is_3phase"] is False)
            await until(client, "meter/values", lambda v: 1_500 < v["power"] < 1_900)

            await client.put("evse/stop_charging")
            await box.wait(8)
            await until(client, "evse/state", lambda s: s["charger_state"] == 1)

            assert box.simulation.apply("garage", Unplug()).ok
            await box.wait(2)
            charges = await until(client, "charge_tracker/last_charges", lambda c: len(c) == 1)
            assert charges[0]["energy_charged"] > 0
            assert await client.get("charge_tracker/last_charges") == charges


async def test_errors_reach_the_client_in_the_devices_words() -> None:
    async with garage() as box, aiohttp.ClientSession() as session:
        client = warp_charger.WarpClient(session, box.url)
        with pytest.raises(warp_charger.WarpCommandError, match="JSON object is missing key 'current'"):
            await client.put("evse/external_current", {"amps": 8})
        with pytest.raises(warp_charger.WarpConnectionError, match="HTTP 405"):
            await client.put("evse/state", {})
        with pytest.raises(warp_charger.WarpConnectionError, match="HTTP 404"):
            await client.get("evse/slots_default")


async def test_a_residual_current_is_an_error_until_it_is_reset() -> None:
    async with garage() as box, aiohttp.ClientSession() as session:
        client = warp_charger.WarpClient(session, box.url)
        async with running(client):
            await client.wait_ready(PATIENCE)
            box.plug_in()
            await box.wait(20)
            assert box.simulation.apply("garage", Disturb(name="leak", fault=TripRcd(residual_current=0.05))).ok
            await box.wait(2)
            state = await until(client, "evse/state", lambda s: s["error_state"] == 3)
            assert (state["iec61851_state"], state["dc_fault_current_state"]) == (4, 5)
            await client.put("evse/reset_dc_fault_current_state", {"password": 0xDC42FA23})
            await box.wait(2)
            await until(client, "evse/state", lambda s: s["error_state"] == 0)


async def test_cards_are_detected() -> None:
    async with garage() as box, aiohttp.ClientSession() as session:
        client = warp_charger.WarpClient(session, box.url)
        detector = warp_charger.NfcScanDetector()
        async with running(client):
            await client.wait_ready(PATIENCE)
            assert detector.feed(client.states["nfc/seen_tags"]) == []
            for _ in range(2):
                assert box.box.present_card("04a1b2c3").ok
                await box.wait(1)
                tags = await until(client, "nfc/seen_tags", lambda t: 0 < t[0]["last_seen"] < 2000)
                assert detector.feed(tags) == [(0, "04:A1:B2:C3")]
                await box.wait(5)
                tags = await until(client, "nfc/seen_tags", lambda t: t[0]["last_seen"] > 2000)
                assert detector.feed(tags) == []


async def test_a_restart_is_announced_and_survived() -> None:
    async with garage() as box, aiohttp.ClientSession() as session:
        client = warp_charger.WarpClient(session, box.url, going_away_delay=0.05)
        lost, back = asyncio.Event(), asyncio.Event()
        async with running(client):
            await client.wait_ready(PATIENCE)
            client.subscribe_connection(lambda up: (back if up else lost).set())
            box.plug_in()
            await box.wait(20)
            await client.put("reboot")
            await box.wait(2)
            async with asyncio.timeout(PATIENCE):
                await lost.wait()
                await box.wait(20)
                await back.wait()
            assert not client.kicked_repeatedly
            assert client.states["evse/state"]["charger_state"] == 3  # the charge went on
            assert client.states["charge_tracker/current_charge"]["authorization_type"] == 1


async def test_log_in() -> None:
    users = {
        "users": [
            {"id": 0, "roles": 1, "current": 32000, "display_name": "Anonymous", "username": "anonymous",
             "digest_hash": ""},
            {"id": 1, "roles": 1, "current": 32000, "display_name": "Eve", "username": "eve",
             "digest_hash": digest_hash("eve", "secret")},
        ],
        "http_auth_enabled": True,
    }  # fmt: skip
    async with garage({"users/config": users}) as box:
        async with aiohttp.ClientSession() as stranger:
            client = warp_charger.WarpClient(stranger, box.url)
            with pytest.raises(warp_charger.WarpAuthError):
                await client.run()
            with pytest.raises(warp_charger.WarpAuthError):
                await client.get("evse/state")
        known = aiohttp.DigestAuthMiddleware("eve", "secret")
        async with aiohttp.ClientSession(middlewares=(known,)) as session:
            client = warp_charger.WarpClient(session, box.url)
            async with running(client):
                await client.wait_ready(PATIENCE)
                assert client.states["users/config"]["users"][1]["digest_hash"] is None
                await client.put("evse/external_current", {"current": 6000})
                await box.wait(1)
                await until(client, "evse/external_current", lambda c: c == {"current": 6000})
