"""A month at speed: real clients poll and push on all six vendors, things go wrong, and every meter has to agree.

`python -m benchmarks.soak --days 30` prints a summary; exit code 1 on a discrepancy, a bug, or memory that grows.
The one rule: what is compared was read from sockets, at one simulated instant.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import random
import socket
import struct
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import aiohttp
import click
from aiomqtt import Client, MqttError
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException

import emulator
from emulator.core.instant import HOUR, MINUTE, SECOND, Instant
from emulator.devices.interfaces import MqttInterface
from emulator.protocols.server import Server
from emulator.scenario.loader import from_data
from emulator.scenario.steps.vocabulary import make_step
from emulator.service.emulator import Emulator, Options

from .process import memory_of

OURS: Final = str(Path(emulator.__file__).parent)
"""In the traceback of a bug; a client that fails in this process over a corrupt answer is none."""
VENDORS: Final = ("goe", "warp", "nrgkick", "lektrico", "bender", "keba")
JOURNAL: Final = 8 << 20
"""Bytes: full after a few days, so that memory is flat from then on."""
WARM: Final = 5
"""Days until caches and the journal are full."""
GROWTH: Final = 12.0
"""Memory that may come on after that [MiB]."""
TROUBLES: Final[Sequence[tuple[str, Mapping[str, object]]]] = (
    ("refuse", {}),
    ("reset", {"probability": 0.5}),
    ("corrupt", {"bytes": 2, "probability": 0.3}),
    ("truncate", {"probability": 0.3}),
    ("close", {"probability": 0.5}),
)
"""On the wire of one wallbox."""
PATIENCE: Final = 20.0
IMPATIENCE: Final = 0.2
"""Wall seconds for an answer, and for one that a fault may keep back."""
UNREACHED: Final = (aiohttp.ClientError, ModbusException, MqttError, OSError, TimeoutError, ValueError, LookupError)
"""What a client is told by a fault on the wire."""


class Clients:
    """A client for every interface."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self._modbus: dict[str, AsyncModbusTcpClient] = {}
        self._meter_start = 0.0

    async def __aenter__(self) -> Self:
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
        self._http = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in self._modbus.values():
            client.close()
        await self._http.close()

    def where(self, name: str) -> tuple[str, int]:
        server = self.emulator.servers[f"charger.{name}"]
        assert isinstance(server, Server)
        return server.endpoint.host, server.endpoint.port

    async def json(self, name: str, target: str, method: str = "GET", body: object = None) -> Any:
        host, port = self.where(f"{name}.http")
        async with self._http.request(method, f"http://{host}:{port}{target}", json=body) as reply:
            return json.loads(await reply.text() or "null")

    async def modbus(self, name: str) -> AsyncModbusTcpClient:
        host, port = self.where(f"{name}.modbus")
        client = self._modbus.get(name)
        if client is None or not client.connected:
            client = self._modbus[name] = AsyncModbusTcpClient(host, port=port, retries=0, reconnect_delay=0)
            if not await client.connect():
                raise ConnectionRefusedError(name)
        return client

    async def u32(self, name: str, address: int, unit: int = 1, *, low_first: bool = False) -> int:
        found = (await (await self.modbus(name)).read_holding_registers(address, count=2, device_id=unit)).registers
        high, low = found[::-1] if low_first else found
        return int.from_bytes(struct.pack(">HH", high, low))

    async def datagram(self, command: str) -> Any:
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.connect(self.where("keba.udp"))
            await loop.sock_sendall(sender, command.encode())
            return json.loads(await loop.sock_recv(sender, 65_536))

    async def retained(self, name: str, topic: str) -> Any:
        """What a new subscriber is told."""
        declared = self.emulator.site.wallboxes[f"charger.{name}"].interfaces["mqtt"]
        assert isinstance(declared, MqttInterface)
        assert self.emulator.broker is not None
        async with Client(self.emulator.broker.host, self.emulator.broker.port) as client:
            await client.subscribe(f"{declared.prefix().rstrip('/')}/{topic}")
            message = await anext(client.messages)
            assert isinstance(message.payload, bytes)
            return json.loads(message.payload)

    async def begin(self) -> None:
        """A vehicle is about to come: WARP's meter only has a total."""
        self._meter_start = (await self.json("warp", "/meter/values"))["energy_abs"]

    def since(self, energy: float) -> float:
        return (energy - self._meter_start) * 1000


Read = Callable[[Clients], Awaitable[float]]


async def _goe_http(of: Clients) -> float:
    return float((await of.json("goe", "/api/status?filter=wh"))["wh"])


async def _goe_mqtt(of: Clients) -> float:
    return float(await of.retained("goe", "wh"))


async def _goe_modbus(of: Clients) -> float:
    return await of.u32("goe", 132, low_first=True) / 360


async def _warp_http(of: Clients) -> float:
    return of.since((await of.json("warp", "/meter/values"))["energy_abs"])


async def _warp_mqtt(of: Clients) -> float:
    return of.since((await of.retained("warp", "meter/values"))["energy_abs"])


async def _nrgkick_http(of: Clients) -> float:
    return float((await of.json("nrgkick", "/values?energy"))["energy"]["charged_energy"])


async def _nrgkick_modbus(of: Clients) -> float:
    return await of.u32("nrgkick", 203, low_first=True)


async def _lektrico_http(of: Clients) -> float:
    return float((await of.json("lektrico", "/rpc/charger_info.get"))["session_energy"])


async def _bender_http(of: Clients) -> float:
    return float(await of.json("bender", "/rest/transaction_wh"))


async def _bender_modbus(of: Clients) -> float:
    return await of.u32("bender", 716, 255)


async def _keba_udp(of: Clients) -> float:
    return float((await of.datagram("report 3"))["E pres"]) / 10


async def _keba_modbus(of: Clients) -> float:
    return await of.u32("keba", 1502, 255) / 10


PUSHED: Final = 3.5
"""A second of 11 kW [Wh]: what is pushed may be a second old."""
READINGS: Final[Mapping[str, tuple[Read, float]]] = {
    "goe.http": (_goe_http, 0.01),
    "goe.mqtt": (_goe_mqtt, PUSHED),
    "goe.modbus": (_goe_modbus, 0.01),
    "warp.http": (_warp_http, 0.5),  # kWh as a float of 32 bits
    "warp.mqtt": (_warp_mqtt, PUSHED),
    "nrgkick.http": (_nrgkick_http, 1.0),
    "nrgkick.modbus": (_nrgkick_modbus, 1.0),
    "lektrico.http": (_lektrico_http, 0.01),
    "bender.http": (_bender_http, 1.0),
    "bender.modbus": (_bender_modbus, 1.0),
    "keba.udp": (_keba_udp, 0.1),
    "keba.modbus": (_keba_modbus, 0.1),
}
"""The session's energy [Wh] on every interface, and how finely it is told."""


async def _push(of: Clients, vendor: str, current: int) -> None:
    """A client sets the current [A]."""
    match vendor:
        case "goe":
            await of.json("goe", f"/api/set?amp={current}")
        case "warp":
            await of.json("warp", "/evse/external_current", "PUT", {"current": current * 1000})
        case "nrgkick":
            await (await of.modbus("nrgkick")).write_register(194, current * 10, device_id=1)
        case "lektrico":
            await of.json("lektrico", f"/rpc/dynamic_current.set?dynamic_current={current}")
        case "bender":
            await (await of.modbus("bender")).write_register(1000, current, device_id=255)
        case "keba":
            await (await of.modbus("keba")).write_register(5004, current * 1000, device_id=255)


@dataclass
class Soak:
    """A run, and what was found."""

    days: int
    seed: int
    longest: int = 5
    """Hours of a session at most."""
    night: Instant = 10 * HOUR
    sessions: int = 0
    comparisons: int = 0
    faults: int = 0
    unreached: int = 0
    """Requests that a fault has met."""
    energy: float = 0.0
    """Of all sessions [Wh]."""
    seconds: float = 0.0
    memory: list[float] = field(default_factory=list)
    """Resident, at the end of each day [MiB]."""
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    async def run(self) -> None:
        began = time.perf_counter()
        boxes = {vendor: {"vendor": vendor, "interfaces": "all", "realism": "off"} for vendor in VENDORS}
        boxes["warp"]["model"] = "warp3-pro-22"
        plan = from_data({"seed": self.seed, "charger": {"wallboxes": boxes}}, "soak")
        options = Options(any_port=True, speed=0.0, announce=False, journal_limit=JOURNAL)
        async with AsyncExitStack() as stack:
            self._emulator = await stack.enter_async_context(Emulator(plan, options))
            self._clients = await stack.enter_async_context(Clients(self._emulator))
            await self._emulator.advance(MINUTE)
            for day in range(self.days):
                await self._day(day)
                gc.collect()
                self.memory.append(memory_of(os.getpid()))
            ours = [bug for bug in self._emulator.bugs.found.values() if OURS in bug.traceback]
            self.wrong += [f"bug: {bug}" for bug in ours]
        settled = self.memory[WARM:]
        if settled and (growth := max(settled[-3:]) - settled[0]) > GROWTH:
            self.wrong.append(f"memory has grown by {growth:.1f} MiB since day {WARM}")
        self.seconds = time.perf_counter() - began

    async def _day(self, day: int) -> None:
        """A session, an outage in between now and then, and a night."""
        await self._do("fault", name=f"broker {day}", on="goe.mqtt", kind="broker_restart")
        await self._emulator.advance(10 * MINUTE)
        await self._clients.begin()
        soc = self._random.randrange(20, 60)
        await self._do("plug_in", vehicle=self._random.choice(("vw_id3", "renault_zoe")), state_of_charge=f"{soc} %")
        for hour in range(self._random.randrange(1, self.longest + 1)):
            await self._hour(f"{day}, hour {hour}")
        truth = self._emulator.simulation.observe("charger").session_energy
        self.energy += truth
        self.sessions += 1
        await self._do("unplug")
        await self._emulator.advance(30 * SECOND)
        told = (await self._clients.json("warp", "/charge_tracker/last_charges"))[-1]["energy_charged"] * 1000
        self._compare(f"day {day}", "warp charge tracker", told, truth, 0.5)
        if self._random.random() < 0.3:
            await self._do("power_cut")
            await self._emulator.advance(self._random.randrange(1, 90) * MINUTE)
            await self._do("power_up")
        await self._emulator.advance(self.night)

    async def _hour(self, when: str) -> None:
        """Something goes wrong while clients go on; when it is over, every meter says the same."""
        victim = self._random.choice(VENDORS)
        kind, arguments = self._random.choice(TROUBLES)
        await self._do("fault", name=f"{kind} {when}", on=victim, kind=kind, **{"for": "20 min", **arguments})
        self.faults += 1
        for _ in range(4):
            await self._try(_push(self._clients, self._random.choice(VENDORS), self._random.randrange(6, 17)))
            for read, _resolution in self._random.sample(list(READINGS.values()), 3):
                await self._try(read(self._clients))
            await self._emulator.advance(5 * MINUTE)
        await self._emulator.advance(40 * MINUTE)
        truth = self._emulator.simulation.observe("charger").session_energy
        for name, (read, resolution) in READINGS.items():
            try:
                async with asyncio.timeout(PATIENCE):
                    self._compare(f"day {when}", name, await read(self._clients), truth, resolution)
            except UNREACHED as error:
                self.wrong.append(f"day {when}: {name} does not answer: {error!r}")

    async def _try(self, request: Awaitable[object]) -> None:
        """As clients do that are used to trouble."""
        try:
            async with asyncio.timeout(IMPATIENCE):
                await request
        except UNREACHED:
            self.unreached += 1

    def _compare(self, when: str, name: str, told: float, truth: float, resolution: float) -> None:
        self.comparisons += 1
        if abs(told - truth) > resolution:
            self.wrong.append(f"{when}: {name} says {told:.3f} Wh, the charger has counted {truth:.3f} Wh")

    async def _do(self, step: str, **arguments: object) -> None:
        (outcome,) = await self._emulator.apply([make_step(step, self._emulator.site.names, **arguments)])
        if not outcome.ok:
            self.wrong.append(f"{step}: {outcome.message or outcome.refused}")

    def summary(self) -> str:
        memory = ", ".join(f"{each:.0f}" for each in self.memory[:: max(1, len(self.memory) // 10)])
        return "\n".join(
            (
                f"{self.days} days in {self.seconds:.0f} s (seed {self.seed}): {self.sessions} sessions, "
                f"{self.energy / 1000:.1f} kWh, {self.faults} faults that met {self.unreached} requests",
                f"{self.comparisons} readings of a session's energy on {len(READINGS) + 1} interfaces compared",
                f"resident memory over the days: {memory} MiB",
                *(self.wrong[:40] or ["every session's energy is the same on all interfaces"]),
            )
        )


@click.command()
@click.option("--days", type=click.IntRange(1, 3650), default=30, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
def main(days: int, seed: int) -> None:
    """Let clients and all six vendors live through so many simulated days."""
    soak = Soak(days, seed)
    asyncio.run(soak.run())
    click.echo(soak.summary())
    sys.exit(1 if soak.wrong else 0)


if __name__ == "__main__":
    main()
