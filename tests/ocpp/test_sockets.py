"""Charge points on real sockets: against the `ocpp` library's server, and against our own central system."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest
from library_server import library_server
from ocpp.v16 import call
from ocpp.v16.enums import ResetType
from support_ocpp import PATIENCE, World, served, travel
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from emulator.devices.delivery import Copy, Delivery, M
from emulator.devices.interception import UNTOUCHED, Interception, Interceptor
from emulator.devices.traffic import Message
from emulator.ocpp.central_system import CentralSystem
from emulator.ocpp.profiles import PROFILES, WARP_PROFILE, VendorProfile
from emulator.protocols.central_system import CentralSystemServer
from emulator.protocols.ocpp import OcppDevice

CARD = "04AABBCC"


def state(device: OcppDevice) -> str:
    """Read anew at each call."""
    return device.state


def profile(limit: float, **more: object) -> dict[str, object]:
    return {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "startSchedule": "2026-01-05T07:00:00Z",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
        },
        **more,
    }


@pytest.mark.parametrize("vendor", PROFILES.values(), ids=PROFILES)
async def test_plug_card_charge_limit_unplug(vendor: VendorProfile) -> None:
    world = World(vendor)
    async with library_server(world.simulation.calendar) as central:
        world.box.url = f"{central.url}/warp2-AbC"
        async with served(world) as device:
            await travel(world, device, 1)
            assert central.paths == ["/warp2-AbC"]
            world.plug_in()
            await travel(world, device, 2)
            world.box.present_card(CARD)
            await travel(world, device, 30)
            async with asyncio.timeout(PATIENCE):
                answer = await central.client.call(call.SetChargingProfile(1, profile(10.0)))
            assert answer.status == "Accepted"
            await travel(world, device, 20)
            assert world.box.snapshot().offered_current == 10
            async with asyncio.timeout(PATIENCE):
                answer = await central.client.call(call.SetChargingProfile(1, profile(0.0)))
            await travel(world, device, 20)
            assert world.box.snapshot().power == 0
            world.unplug()
            await travel(world, device, 2)
    actions = [action for action in central.actions() if action != "MeterValues"]
    assert actions == [
        "BootNotification",
        "StatusNotification",
        "StatusNotification",
        "StatusNotification",
        "Authorize",
        "StartTransaction",
        "StatusNotification",
        "StatusNotification",
        "StatusNotification",
        "StatusNotification",
        "StopTransaction",
        "StatusNotification",
        "StatusNotification",
    ]
    assert central.statuses() == [
        "Available",
        "Preparing",
        "SuspendedEVSE",
        "SuspendedEV",
        "Charging",
        "SuspendedEVSE",
        "Finishing",
        "Available",
    ]


async def test_an_answer_that_takes_its_time_keeps_the_next_call_back() -> None:
    world = World()
    async with library_server(world.simulation.calendar) as central:
        world.box.url = f"{central.url}/box"
        async with served(world) as device:
            await travel(world, device, 1)
            world.plug_in()
            await travel(world, device, 2)
            central.hold.clear()
            world.box.present_card(CARD)
            async with asyncio.timeout(PATIENCE):
                await central.starting.wait()
            before = list(central.actions())
            assert before[-1] == "StartTransaction"
            central.hold.set()
            await travel(world, device, 10)
    assert central.actions()[len(before) :][:1] == ["StatusNotification"]


async def test_a_night_passes_and_no_heartbeat_is_missed() -> None:
    world = World()
    async with library_server(world.simulation.calendar) as central:
        central.heartbeat = 60
        world.box.url = f"{central.url}/box"
        async with served(world) as device:
            await travel(world, device, 1)
            await travel(world, device, 8 * 3600)
    assert central.actions().count("Heartbeat") == 480
    assert central.actions().count("MeterValues") == 480


async def test_the_box_connects_again_after_a_minute() -> None:
    world = World()
    async with library_server(world.simulation.calendar) as central:
        world.box.url = f"{central.url}/box"
        async with served(world) as device:
            await travel(world, device, 1)
            async with asyncio.timeout(PATIENCE):
                await central.client._connection.close()
                await device.until("waiting")
            await travel(world, device, 59)
            assert len(central.clients) == 1
            await travel(world, device, 2)
            assert len(central.clients) == 2
    assert [action for action in central.actions() if action != "MeterValues"] == [
        "BootNotification",
        *4 * ["StatusNotification"],
    ]


async def test_a_refused_handshake_is_tried_again() -> None:
    world = World()
    async with library_server(world.simulation.calendar) as central:
        central.refuse = 401
        world.box.url, world.box.user = f"{central.url}/box", "box"
        world.box.passwords = (bytes(range(20)), b"000102030405060708090a0b0c0d0e0f10111213")
        async with served(world) as device:
            await travel(world, device, 1)
            assert state(device) == "waiting"
            central.refuse = None
            await travel(world, device, 61)
            assert state(device) == "connected"
        journal = [entry.detail for entry in world.simulation.journal if entry.name == "failed"]
    tokens = [f"Basic {b64encode(b'box:' + password).decode()}" for password in world.box.passwords]
    assert central.authorisations == tokens
    assert journal == [{"reason": "refused with status 401"}]


async def test_nobody_listens_at_first() -> None:
    world = World()
    async with library_server(world.simulation.calendar) as central:
        world.box.url = "ws://127.0.0.1:1/box"
        async with served(world) as device:
            await travel(world, device, 1)
            assert state(device) == "waiting"
            world.box.url = f"{central.url}/box"
            world.box.host.configured()
            await travel(world, device, 1)
            assert state(device) == "connected"
            world.box.url = None
            world.box.host.configured()
            assert state(device) == "off"
            assert "box.ocpp" not in world.box.snapshot().limits


async def test_a_reset_comes_back_after_the_reboot() -> None:
    world = World()
    async with library_server(world.simulation.calendar) as central:
        world.box.url = f"{central.url}/box"
        async with served(world) as device:
            await travel(world, device, 1)
            async with asyncio.timeout(PATIENCE):
                answer = await central.client.call(call.Reset(ResetType.hard))
            assert answer.status == "Accepted"
            await travel(world, device, 30)
    assert central.actions().count("BootNotification") == 2


async def test_everything_is_in_the_journal() -> None:
    world = World()
    async with library_server(world.simulation.calendar) as central:
        world.box.url = f"{central.url}/box"
        async with served(world) as device:
            await travel(world, device, 1)
            async with asyncio.timeout(PATIENCE):
                await central.client.call(call.GetConfiguration(["HeartbeatInterval"]))
    told = [(entry.kind, entry.name) for entry in world.simulation.journal if entry.interface == "ocpp"]
    assert told == [
        ("connection", "connected"),
        ("push", "BootNotification"),
        ("request", "BootNotification.conf"),
        ("push", "StatusNotification"),
        ("request", "StatusNotification.conf"),
        ("push", "StatusNotification"),
        ("request", "StatusNotification.conf"),
        ("request", "GetConfiguration"),
        ("connection", "disconnected"),
    ]
    asked = next(entry for entry in world.simulation.journal if entry.name == "GetConfiguration")
    assert asked.detail["result"] == {
        "configurationKey": [{"key": "HeartbeatInterval", "readonly": False, "value": "3600"}]
    }


async def test_no_answer_within_the_message_timeout() -> None:
    world = World()
    async with library_server(world.simulation.calendar) as central:
        world.box.url = f"{central.url}/box"
        async with served(world) as device:
            await travel(world, device, 1)
            world.point.configuration.put("MessageTimeout", "1")
            world.plug_in()
            await travel(world, device, 2)
            central.hold.clear()
            world.box.present_card(CARD)
            await travel(world, device, 5)  # on wall time, one second of it
            assert central.actions().count("StartTransaction") == 1
            central.hold.set()
            await travel(world, device, 10)
            assert central.actions().count("StartTransaction") == 2
            await travel(world, device, 30)
    assert "StartTransaction unanswered" in [entry.name for entry in world.simulation.journal]


async def test_our_own_central_system_serves_the_librarys_charge_point_and_ours() -> None:
    world = World(WARP_PROFILE)
    system = CentralSystem(world.simulation.calendar)
    async with CentralSystemServer(system) as server:
        world.box.url = f"{server.url}/garage%2Fbox"
        async with served(world) as device:
            await travel(world, device, 1)
            assert system.served["garage/box"].statuses == {0: "Available", 1: "Available"}
            device.drop()
            await travel(world, device, 1)
            await travel(world, device, 61)
            assert state(device) == "connected"


@asynccontextmanager
async def odd_server(*frames: str | bytes) -> AsyncIterator[str]:
    """A server that accepts the boot and then sends these frames, whatever it is told."""

    async def serve_oddly(connection: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            boot = json.loads(await connection.recv())
            answer = {"status": "Accepted", "currentTime": "2026-01-05T08:00:10Z", "interval": 3600}
            await connection.send(json.dumps([3, boot[1], answer]))
            for frame in frames:
                await connection.send(frame)
            async for _ in connection:
                pass

    async with serve(serve_oddly, "127.0.0.1", 0, compression=None) as server:
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"


async def test_what_is_no_message_is_written_down_and_nothing_else() -> None:
    world = World()
    async with odd_server("garbage", b"\xff\x00", "[]", "[2,3]", '[3,"99",{}]', '[2,"x","GetConfiguration",{}]') as url:
        world.box.url = f"{url}/box"
        async with served(world) as device:
            async with asyncio.timeout(PATIENCE):
                await device.until("connected")
                while not [entry for entry in world.simulation.journal if entry.name == "GetConfiguration"]:
                    await device.stirred()
            assert state(device) == "connected"
    odd = [entry.detail["why"] for entry in world.simulation.journal if entry.name == "unreadable"]
    assert odd == ["not JSON", "not JSON", "not a message of OCPP-J", "not a message of OCPP-J"]


async def test_a_server_that_asks_for_another_protocol_is_served_all_the_same() -> None:
    world = World()
    async with odd_server() as url:
        world.box.url = f"{url}/box"
        async with served(world) as device:
            async with asyncio.timeout(PATIENCE):
                await device.until("connected")
    (entry,) = [entry for entry in world.simulation.journal if entry.name == "connected"]
    assert entry.detail == {"subprotocol": None}


async def test_a_box_without_power_breaks_off_and_one_switched_off_says_good_bye() -> None:
    world = World()
    async with library_server(world.simulation.calendar) as central:
        world.box.url = f"{central.url}/box"
        async with served(world) as device:
            await travel(world, device, 1)
            world.cut_power()
            assert state(device) == "off"
            world.restore_power()
            await travel(world, device, 20)
            assert state(device) == "connected"
            world.box.url = None
            world.box.host.configured()
            assert state(device) == "off"
    reasons = [entry.detail["reason"] for entry in world.simulation.journal if entry.name == "disconnected"]
    assert reasons == ["the wallbox went down", "good-bye"]


class Meddling(Interception):
    """Drops, delays, repeats or garbles a frame."""

    def __init__(self, how: str) -> None:
        self._how = how

    def deliver(self, data: bytes) -> Delivery:
        match self._how:
            case "drop":
                return Delivery(data=data, silent=True)
            case "garble":
                return Delivery(data=data[: len(data) // 2])
            case "close":
                return Delivery(data=b"", then="close")
        return Delivery(data=data)

    def copies(self, copies: Sequence[Copy[M]]) -> Sequence[Copy[M]]:
        if self._how == "repeat":
            return (*copies, *copies)
        delivered = [(copy, self.deliver(copy.data)) for copy in copies]
        return [replace(copy, data=delivery.data) for copy, delivery in delivered if not delivery.silent]


class Meddler(Interceptor):
    """Meddles with the first frame of one action in one direction."""

    active = True

    def __init__(self, how: str, action: str, direction: str) -> None:
        self.how, self.action, self.direction = how, action, direction
        self.passed: list[tuple[str | None, str]] = []

    def intercept(self, message: Message, *, peek: bool = False) -> Interception:
        self.passed.append((message.action, message.direction))
        if (message.action, message.direction) != (self.action, self.direction) or self.how == "nothing":
            return UNTOUCHED
        how, self.how = self.how, "nothing"
        return Meddling(how)


@pytest.mark.parametrize("how", ["drop", "garble", "close"])
async def test_a_start_that_never_arrived_is_told_again(how: str) -> None:
    world = World()
    async with library_server(world.simulation.calendar) as central:
        world.box.url = f"{central.url}/box"
        world.box.interceptor = meddler = Meddler(how, "StartTransaction", "out")
        async with served(world) as device:
            await travel(world, device, 1)
            world.point.configuration.put("MessageTimeout", "1")
            world.plug_in()
            await travel(world, device, 2)
            world.box.present_card(CARD)
            await travel(world, device, 150)
    assert meddler.how == "nothing"
    assert central.actions().count("StartTransaction") == 1
    assert central.transactions == 1
    assert meddler.passed[:2] == [("BootNotification", "out"), ("BootNotification", "in")]


async def test_an_answer_that_comes_twice_counts_once() -> None:
    world = World()
    async with library_server(world.simulation.calendar) as central:
        world.box.url = f"{central.url}/box"
        world.box.interceptor = Meddler("repeat", "StartTransaction", "in")
        async with served(world) as device:
            await travel(world, device, 1)
            world.plug_in()
            await travel(world, device, 2)
            world.box.present_card(CARD)
            await travel(world, device, 30)
    assert central.statuses()[-1] == "Charging"
    assert "unknown.conf" in [entry.name for entry in world.simulation.journal]
