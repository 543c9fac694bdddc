"""The scenarios in `scenarios/ready`: a careful client keeps every rule, an absent one does not get away with it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import aiomqtt
import pytest

from emulator.scenario.loader import load
from emulator.scenario.plan import Scenario
from emulator.scenario.player import Result
from emulator.service.emulator import Emulator, Options

from .manager import LEAST, GoE, Gone, Surplus, Wish, World, manage

READY = Path(__file__).parents[2] / "scenarios" / "ready"
Client = Callable[[World], Awaitable[None]]


@asynccontextmanager
async def world(name: str) -> AsyncIterator[World]:
    """A scenario on sockets, time standing still."""
    options = Options(any_port=True, speed=0.0, announce=False)
    async with Emulator(load(READY / f"{name}.yaml"), options) as emulator, aiohttp.ClientSession() as http:
        await emulator.advance(0)
        yield World(emulator, http)


async def judged(name: str, client: Client | None) -> Result:
    async with world(name) as found:
        if client is not None:
            await client(found)
        await found.emulator.advance_to_end()
        return found.emulator.result


# --- what their users tell them ---------------------------------------------------------------------------------------


def at_once(amperes: int, then: int | None = None, every: float = 30, where: str = "garage.box") -> Client:
    """Charge with at most so much; from the note "less, please" on with something else."""

    async def run(world: World) -> None:
        def plan(_: object) -> list[Wish]:
            return [Wish(then if then is not None and world.told("less, please") else amperes)]

        await manage(world, [GoE(world, where)], plan, every)

    return run


def held(since: str, until: str | None = None, amperes: int = 10, every: float = 30) -> Client:
    """Nothing before a note, and nothing after another one."""

    async def run(world: World) -> None:
        def plan(_: object) -> list[Wish]:
            on = world.told(since) and not (until is not None and world.told(until))
            return [Wish(amperes if on else 0)]

        await manage(world, [GoE(world)], plan, every)

    return run


async def paused(world: World) -> None:
    def plan(_: object) -> list[Wish]:
        return [Wish(0 if world.told("pause") and not world.told("go on") else 10)]

    await manage(world, [GoE(world)], plan, 60)


async def up_to_five_kilowatt_hours(world: World) -> None:
    box = GoE(world)
    await manage(world, [box], lambda _: [Wish(0 if box.plugged and box.energy > 4_900 else 16)], 30)


async def shared(world: World) -> None:
    """32 A for whoever is there."""
    boxes = [GoE(world, f"place{i}.box") for i in (1, 2, 3)]

    def plan(_: object) -> list[Wish]:
        there = sum(box.plugged for box in boxes)
        return [Wish(min(16, 32 // there) if box.plugged else LEAST) for box in boxes]

    await manage(world, boxes, plan, 60)


async def surplus(world: World) -> None:
    await Surplus(world, switches_phases=False).run(GoE(world))


async def surplus_on_one_or_three_phases(world: World) -> None:
    await Surplus(world, switches_phases=True, patience=600).run(GoE(world))


async def beside_the_grid_operator(world: World) -> None:
    """WARP over HTTP: writes its limit once, and again when its user wants another one."""
    written = 0
    while not world.over:
        wanted = 14_000 if world.told("less, please") else 16_000
        try:
            await world.get("garage.box.http", "/evse/state")
            if wanted != written:
                await world.put("garage.box.http", "/evse/external_current", {"current": wanted})
                written = wanted
        except Gone:
            written = 0
        await world.wait(60)


async def over_mqtt(world: World) -> None:
    """WARP over MQTT: publishes its limit until the box shows it, and begins anew whenever the broker was away."""
    broker = world.emulator.broker
    assert broker is not None
    while not world.over:
        try:
            async with aiomqtt.Client(broker.host, broker.port) as mqtt:
                await world.emulator.links["garage.box.mqtt"].until("connected")  # which takes wall time
                await _publish(world, mqtt)
        except aiomqtt.MqttError:
            await world.wait(30)


async def _publish(world: World, mqtt: aiomqtt.Client) -> None:
    topic = f"warp3/{world.emulator.site.wallboxes['garage.box'].serial}/evse/external_current"
    await mqtt.subscribe(topic)
    while not world.over:
        wanted = 6_000 if world.told("less, please") else 10_000
        if await _latest(mqtt) != wanted:
            await mqtt.publish(f"{topic}_update", f'{{"current": {wanted}}}', qos=1)
        await world.wait(60)


async def _latest(mqtt: aiomqtt.Client) -> int | None:
    """What the box has published last, of what is there; None: nothing new."""
    found = None
    with suppress(TimeoutError):
        async with asyncio.timeout(0.05):
            async for message in mqtt.messages:
                found = json.loads(bytes(message.payload))["current"]
    return found


CAREFUL: dict[str, Client] = {
    "broker_restart": over_mqtt,
    "card_before_charging": at_once(10),
    "energy_limit": up_to_five_kilowatt_hours,
    "everyday_evening": at_once(10, every=60),
    "firmware_matrix": paused,
    "grid_operator_limit": beside_the_grid_operator,
    "heat_derating": at_once(20, where="carport.box"),
    "night_schedule": held("cheap hours begin", "cheap hours end", 16, every=300),
    "ocpp_outage": at_once(10),
    "phase_switching": surplus_on_one_or_three_phases,
    "pv_surplus": surplus,
    "reboot_while_charging": at_once(10),
    "sleeping_vehicle": held("charge now", every=30),
    "three_boxes_one_limit": shared,
    "trip_and_recovery": at_once(10),
    "wifi_loss": at_once(10, then=6),
}


def test_each_has_its_client() -> None:
    assert sorted(CAREFUL) == sorted(path.stem for path in READY.glob("*.yaml"))
    assert len(CAREFUL) >= 15


@pytest.mark.parametrize("name", CAREFUL)
async def test_a_careful_client_keeps_every_rule(name: str) -> None:
    result = await judged(name, CAREFUL[name])
    assert [str(failure) for failure in result.failures] == []


@pytest.mark.parametrize("name", CAREFUL)
async def test_without_a_client_it_fails(name: str) -> None:
    assert (await judged(name, None)).failures


DEFAULTS = (
    "gemini-22",
    "warp3-pro-11",
    "nrgkick-32",
    "3p22k",
    "cc612",
    "keba-p30-x-32",
    "abb-terra-ac-22",
    "heidelberg-energy-control",
)
NEEDS = {
    "broker_restart": ("gemini-22", "warp3-pro-11"),
    "card_before_charging": (),
    "grid_operator_limit": ("warp3-pro-11",),
    "ocpp_outage": ("gemini-22", "warp3-pro-11", "3p22k", "cc612", "keba-p30-x-32"),
}
"""Models that have what a scenario is about, where not all do."""


@pytest.mark.parametrize("model", DEFAULTS)
def test_any_vendor_can_run_them(model: str) -> None:
    for path in sorted(READY.glob("*.yaml")):
        if model in NEEDS.get(path.stem, DEFAULTS):
            scenario = loads_with(path, MODEL=model)
            assert [plan.wallboxes[0].model for plan in scenario.chargers] == [model] * len(scenario.chargers)


@pytest.mark.parametrize("vendor", ["goe", "warp", "keba", "bender"])
def test_each_vendors_cards(vendor: str) -> None:
    (charger,) = loads_with(READY / "card_before_charging.yaml", VENDOR=vendor).chargers
    assert charger.wallboxes[0].vendor == vendor


def test_a_firmware_is_put_in() -> None:
    (charger,) = loads_with(READY / "firmware_matrix.yaml", FIRMWARE="55.5").chargers
    assert charger.wallboxes[0].firmware == "55.5"


def loads_with(path: Path, **environment: str) -> Scenario:
    return load(path, environment=environment)
