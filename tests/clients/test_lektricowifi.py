"""The unmodified `lektricowifi` client against Lektrico devices over real sockets, through a whole charge."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

import httpx
import pytest
from lektricowifi import Device, DeviceConnectionError, LBMode

from emulator import vendors
from emulator.core.faults import CpShort, Overtemp
from emulator.core.instant import SECOND
from emulator.core.messages import Disturb, PlugIn, Relieve, Unplug
from emulator.core.specs import VehicleSpec
from emulator.devices.wallbox import Context, Wallbox, charger_defaults
from emulator.protocols.http import HttpServer
from emulator.protocols.push import moved
from emulator.protocols.server import Endpoint
from emulator.runtime.clock import Clock
from emulator.runtime.simulation import Simulation

EPOCH = datetime(2026, 1, 5, 8, tzinfo=UTC)
WHOLE_WEEK = {"start_d": 1, "start_h": 0, "start_m": 0, "end_d": 7, "end_h": 23, "end_m": 59, "current": 0}


class Box:
    """A device whose interface listens on a free port, in a world that stands still."""

    def __init__(self, model: str | None, firmware: str | None, settings: dict[str, object]) -> None:
        vendor = vendors.vendor("lektrico")
        profile = vendor.profile(model, firmware)
        self.simulation = Simulation(clock=Clock(0.0), epoch=EPOCH)
        self.simulation.add_charger("garage", charger_defaults(profile))
        self.wallbox: Wallbox = vendor.create(
            Context(
                vendor=vendor,
                profile=profile,
                simulation=self.simulation,
                charger="garage",
                name="lektrico",
                serial=profile.model.serial,
                settings=settings,
            )
        )
        self.wallbox.start()
        self.server = HttpServer(Endpoint(self.wallbox, "http"))

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server.endpoint.port}"

    async def wait(self, seconds: float) -> None:
        self.simulation.jump(round(seconds * SECOND))
        moved(self.simulation)
        await self.server.settle()

    def plug_in(self) -> None:
        assert self.simulation.apply("garage", PlugIn(name="car", vehicle=VehicleSpec())).ok

    def unplug(self) -> None:
        assert self.simulation.apply("garage", Unplug()).ok


@asynccontextmanager
async def served(
    model: str | None = None, firmware: str | None = None, **settings: object
) -> AsyncIterator[tuple[Box, Device]]:
    box = Box(model, firmware, settings)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(box.server)
        yield box, await stack.enter_async_context(Device(_host=box.host))


def done(reply: object, device_id: str = "3p22k_600123") -> bool:
    """Whether a frame says it was done."""
    assert isinstance(reply, dict)
    assert (reply["src"], reply["dst"]) == (device_id, "HASS")
    return reply.get("result") is True


@pytest.mark.parametrize(
    ("model", "kind", "serial"),
    [
        ("1p7k", "1p7k", 500006),
        ("3p22k", "3p22k", 600123),
        ("lektrico-one", "1p7k", 510042),
        ("lektrico-em", "em", 810012),
        ("lektrico-3em", "3em", 830012),
    ],
)
async def test_every_model_is_recognised(model: str, kind: str, serial: int) -> None:
    async with served(model) as (_, device):
        config = await device.device_config()
        assert (config["type"], config["serial_number"]) == (kind, serial)
        assert (await device.device_info(kind))["fw_version"] in ("1.51", "1.22")


async def test_a_whole_charge() -> None:
    async with served(headless=False) as (box, device):
        kind = (await device.device_config())["type"]

        async def info() -> dict[str, object]:
            found: dict[str, object] = await device.device_info(kind)
            return found

        found = await info()
        assert (found["charger_state"], found["require_auth"], found["relay_mode"]) == ("available", True, 3)
        refused = await device.send_charge_start()
        assert refused["error"] == {"code": -7, "message": "Error prohibited action."}

        box.plug_in()
        await box.wait(10)
        assert (await info())["charger_state"] == "need_auth"
        assert done(await device.send_charge_start())
        await box.wait(60)
        found = await info()
        assert (found["charger_state"], found["current_limit_reason"]) == ("charging", "no_limit")
        assert found["instant_power"] == pytest.approx(10_800, rel=0.05)

        assert done(await device.set_dynamic_current(0))  # a pause
        await box.wait(10)
        found = await info()
        assert (found["charger_state"], found["instant_power"], found["dynamic_current"]) == ("paused", 0, 0)

        assert done(await device.set_dynamic_current(10))  # another current
        await box.wait(60)
        found = await info()
        assert (found["charger_state"], found["current_limit_reason"]) == ("charging", "dynamic_limit")
        assert found["current_l3"] == pytest.approx(9.8, abs=0.3)

        assert done(await device.set_user_current(8))
        await box.wait(20)
        found = await info()
        assert (found["user_current"], found["current_limit_reason"]) == (8, "user_limit")
        assert done(await device.set_user_current(32))

        assert done(await device.set_relay_mode(16, 1))  # one phase
        await box.wait(7)
        assert (await info())["current_limit_reason"] == "switching_phases"
        await box.wait(60)
        found = await info()
        assert (found["charger_state"], found["relay_mode"], found["current_l2"]) == ("charging", 1, 0)
        assert done(await device.set_relay_mode(16, 3))
        await box.wait(90)
        assert (await info())["current_l2"] == pytest.approx(15.8, abs=0.3)

        box.simulation.apply("garage", Disturb(name="x", fault=CpShort()))  # a fault, and its end
        await box.wait(2)
        found = await info()
        assert (found["charger_state"], found["has_active_errors"], found["state_e_activated"]) == ("error", True, True)
        box.simulation.apply("garage", Relieve(name="x"))
        await box.wait(120)
        found = await info()
        assert (found["charger_state"], found["has_active_errors"], found["state_e_activated"]) == (
            "charging",
            False,
            False,
        )

        box.simulation.apply("garage", Disturb(name="x", fault=Overtemp(temperature=76.0)))
        await box.wait(10)
        found = await info()
        assert (found["current_limit_reason"], found["overtemp"]) == ("overtemperature", True)
        box.simulation.apply("garage", Relieve(name="x"))

        assert done(await device.send_charge_stop())
        await box.wait(10)
        assert (await info())["charger_state"] == "need_auth"
        assert done(await device.set_auth(True))
        assert (await info())["require_auth"] is False
        assert done(await device.set_charger_locked(True))
        assert (await info())["charger_state"] == "locked"
        assert done(await device.set_charger_locked(False))
        box.unplug()
        await box.wait(2)
        found = await info()
        assert found["charger_state"] == "available"
        assert found["session_energy"] > 500  # type: ignore[operator]


async def test_the_schedule_and_the_leds() -> None:
    async with served(charging_schedule_enabled=True, charging_schedule=[WHOLE_WEEK]) as (box, device):
        box.plug_in()
        await box.wait(10)
        found = await device.device_info("3p22k")
        assert (found["charger_state"], found["current_limit_reason"]) == ("paused_by_scheduler", "schedule")
        assert done(await device.send_charge_schedule_override())
        await box.wait(40)
        assert (await device.device_info("3p22k"))["charger_state"] == "charging"
        assert done(await device.set_led_max_brightness(45))
        assert (await device.device_info("3p22k"))["led_max_brightness"] == 45
        assert (await device.set_led_max_brightness(0))["error"]["code"] == -4


async def test_a_restart_and_an_update() -> None:
    async with served(firmware="1.47", available_firmware="1.51") as (box, device):
        assert done(await device.send_reset())
        await box.wait(5)
        with pytest.raises((DeviceConnectionError, httpx.HTTPError)):
            await device.device_config()
        await box.wait(20)
        assert (await device.device_config())["serial_number"] == 600123
        box.wallbox.write("ota.verify", {}, box.server.endpoint.origin(None))
        assert (await device.device_info("3p22k"))["charger_state"] == "updating_firmware"
        await box.wait(90)
        async with Device(_host=box.host) as anew:  # the restart has broken the connection of the other
            assert (await anew.device_info("3p22k"))["fw_version"] == "1.51"


async def test_a_meter() -> None:
    async with served("lektrico-3em", house_power=[1000, 0, 0]) as (_, device):
        found = await device.device_info("3em")
        assert (found["power_l1"], found["power_l2"], found["lb_mode"], found["breaker_curent"]) == (1000, 0, 0, 32)
        assert done(await device.set_load_balancing_mode(LBMode.GREEN), "m2w_830012")
        assert (await device.device_info("3em"))["lb_mode"] == LBMode.GREEN


@pytest.mark.parametrize("firmware", ["1.44", "1.45", "1.47", "1.51"])
async def test_firmware_it_understands(firmware: str) -> None:
    async with served(firmware=firmware) as (_, device):
        found = await device.device_info("3p22k")
        assert found["fw_version"] == firmware
        assert found["relay_mode"] == (-1 if firmware in ("1.44", "1.45") else 3)


async def test_what_broke_it_in_the_field() -> None:
    """Members that a firmware lacks are a KeyError in the client, or are replaced."""
    async with served(firmware="1.22") as (_, device):
        with pytest.raises(Exception, match="user_current"):
            await device.device_info("3p22k")
    async with served(hide_dynamic_current=True) as (_, device):
        with pytest.raises(Exception, match="dynamic_current"):
            await device.device_info("3p22k")
    async with served(hide_limit_reason=True) as (_, device):
        assert (await device.device_info("3p22k"))["current_limit_reason"] == "no_limit"
    async with served(shown_limit_reason=40) as (_, device):
        assert (await device.device_info("3p22k"))["current_limit_reason"] == "unknown"


async def test_several_models_side_by_side() -> None:
    async with served("1p7k") as (_, single), served("3p22k") as (_, triple):
        assert (await single.device_info("1p7k"))["voltage_l2"] == 0
        assert (await triple.device_info("3p22k"))["voltage_l2"] > 220


# --- bytes -----------------------------------------------------------------------------------------------------------


async def _exchange(box: Box, request: bytes) -> bytes:
    """Everything a device sends until it closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", box.server.endpoint.port)
    try:
        writer.write(request)
        async with asyncio.timeout(60):
            return await reader.read()
    finally:
        writer.close()


async def test_a_reply_byte_for_byte() -> None:
    async with served("1p7k") as (box, _):
        reply = await _exchange(box, b"GET /rpc/device_id.get HTTP/1.1\r\nHost: x\r\n\r\n")
        assert reply == (
            b"HTTP/1.1 200 OK\r\nServer: Mongoose/6.18\r\nContent-Type: application/json\r\n"
            b"Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Headers: *\r\nContent-Length: 29\r\n"
            b'Connection: close\r\n\r\n{"device_id":"1p7k_500006"}\r\n'
        )
        reply = await _exchange(box, b"POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        assert reply == (
            b"HTTP/1.1 400 Bad Request\r\nServer: Mongoose/6.18\r\nContent-Type: text/plain\r\nConnection: close\r\n"
            b"Content-Length: 15\r\n\r\nInvalid request"
        )
        assert (await _exchange(box, b"nonsense\r\n\r\n")).startswith(b"HTTP/1.1 400 ")
        huge = b"POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n" + b" " * 5000
        assert (await _exchange(box, huge)).endswith(b"\r\n\r\nInvalid request")


async def test_a_connection_is_kept_for_who_asks() -> None:
    async with served() as (box, _):
        request = b"GET /rpc/device_id.get HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", box.server.endpoint.port)
        async with asyncio.timeout(60):
            for _ in range(3):
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                assert b"Connection: keep-alive\r\n" in head
                assert json.loads(await reader.readexactly(30)) == {"device_id": "3p22k_600123"}
        writer.close()


async def test_a_frame_without_an_id_is_never_answered() -> None:
    async with served() as (box, _), httpx.AsyncClient(timeout=httpx.Timeout(60, read=1.0)) as http:
        heard = asyncio.Event()
        box.wallbox.listen(lambda _: heard.set())
        with pytest.raises(httpx.ReadTimeout):
            await http.post(
                f"http://{box.host}/rpc", json={"method": "dynamic_current.set", "params": {"dynamic_current": 9}}
            )
        async with asyncio.timeout(60):
            await heard.wait()
        assert box.wallbox.read("dynamic_current") == 9


async def test_a_factory_reset_ends_the_network() -> None:
    async with served() as (box, device):
        async with httpx.AsyncClient() as http:
            assert (await http.get(f"http://{box.host}/rpc/factory.reset")).json() is True
        await box.server.settle()
        with pytest.raises(DeviceConnectionError):
            await device.device_config()
