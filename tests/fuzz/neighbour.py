"""A well-behaved client of the same process: it asks one thing at a time, and knows what the answer is.

The one rule: what it reads is right, every time, whatever others do. `python -m tests.fuzz.neighbour` does so
in rounds, and prints after each how long the answers took.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, Final, Self

import aiohttp
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException

from .corpus import datagram
from .field import Where

PATIENCE: Final = 20.0
"""Wall seconds after which an answer does not come any more."""
PAUSE: Final = 0.02


class WrongError(AssertionError):
    """An answer is not what it has to be."""


class Neighbour:
    """Asks every interface that there is, in turns."""

    def __init__(self, where: Mapping[str, Where]) -> None:
        self._where = {name.removeprefix("neighbour."): at for name, at in where.items() if "neighbour." in name}
        self._modbus: dict[str, AsyncModbusTcpClient] = {}
        self.took: dict[str, list[float]] = {}
        """Seconds, by interface."""
        self._energy = -1.0

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *error: object) -> None:
        for client in self._modbus.values():
            client.close()
        await self._http.close()

    async def look(self) -> list[str]:
        """Ask everything once; what was wrong."""
        wrong = []
        for name, question in QUESTIONS.items():
            if name in self._where:
                began = time.perf_counter()
                try:
                    async with asyncio.timeout(PATIENCE):
                        await question(self, self._where[name])
                except (WrongError, TimeoutError, aiohttp.ClientError, ModbusException, OSError) as error:
                    wrong.append(f"{name}: {error!r}")
                self.took.setdefault(name, []).append(time.perf_counter() - began)
        return wrong

    async def get(self, where: Where, target: str) -> Any:
        async with self._http.get(f"http://{where[0]}:{where[1]}{target}") as reply:
            return await reply.json(content_type=None)

    async def registers(self, where: Where, address: int, count: int, unit: int, kind: str = "holding") -> list[int]:
        key = f"{where}"
        if key not in self._modbus:
            self._modbus[key] = AsyncModbusTcpClient(where[0], port=where[1], timeout=PATIENCE, retries=0)
        client = self._modbus[key]
        if not client.connected:
            await client.connect()
        read = client.read_holding_registers if kind == "holding" else client.read_input_registers
        return list((await read(address, count=count, device_id=unit)).registers)

    def grows(self, energy: float) -> None:
        """What the meter has counted never gets less."""
        expected(energy >= self._energy, energy)
        self._energy = energy


def expected(right: bool, found: object) -> None:
    if not right:
        raise WrongError(f"found {found!r}")


async def _goe(of: Neighbour, where: Where) -> None:
    found = await of.get(where, "/api/status?filter=car,amp,nrg,wh,err,alw")
    expected(set(found) == {"car", "amp", "nrg", "wh", "err", "alw"}, found)
    expected((found["car"], found["amp"], found["err"], found["alw"]) == (2, 16, 0, True), found)
    of.grows(found["wh"])


async def _warp(of: Neighbour, where: Where) -> None:
    found = await of.get(where, "/evse/state")
    expected((found["iec61851_state"], found["charger_state"], found["error_state"]) == (2, 3, 0), found)


async def _nrgkick(of: Neighbour, where: Where) -> None:
    found = await of.get(where, "/values?general")
    expected(found["general"]["status"] == "CHARGING", found)


async def _nrgkick_registers(of: Neighbour, where: Where) -> None:
    found = await of.registers(where, 194, 2, 1)
    expected(found == [320, 0], found)


async def _lektrico(of: Neighbour, where: Where) -> None:
    found = await of.get(where, "/rpc/charger_info.get")
    expected(found["charger_state"] == "C", found)


async def _bender(of: Neighbour, where: Where) -> None:
    found = await of.registers(where, 122, 1, 255)
    expected(found == [3], found)


async def _keba(of: Neighbour, where: Where) -> None:
    found = await of.registers(where, 1000, 2, 255)
    expected(found == [0, 3], found)


async def _keba_datagrams(of: Neighbour, where: Where) -> None:
    loop = asyncio.get_running_loop()
    with datagram(where) as sender:
        while True:
            await loop.sock_sendall(sender, b"report 2")
            with suppress(TimeoutError):  # a datagram may get lost
                async with asyncio.timeout(1.0):
                    answer = json.loads(await loop.sock_recv(sender, 65_536))
                    expected((answer["ID"], answer["State"], answer["Plug"]) == ("2", 3, 7), answer)
                    return


QUESTIONS: Final[Mapping[str, Callable[[Neighbour, Where], Awaitable[None]]]] = {
    "goe.http": _goe,
    "warp.http": _warp,
    "nrgkick.http": _nrgkick,
    "nrgkick.modbus": _nrgkick_registers,
    "lektrico.http": _lektrico,
    "bender.modbus": _bender,
    "keba.modbus": _keba,
    "keba.udp": _keba_datagrams,
}


async def watch(where: Mapping[str, Where]) -> None:
    """A line of standard input begins a round and another one ends it; its end is the end."""
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        stop = loop.run_in_executor(None, sys.stdin.readline)
        wrong: list[str] = []
        async with Neighbour(where) as neighbour:
            while not stop.done():
                wrong += await neighbour.look()
                await asyncio.sleep(PAUSE)
        print(json.dumps({"took": neighbour.took, "wrong": wrong}), flush=True)


class Watcher(AbstractAsyncContextManager["Watcher"]):
    """`watch` in a process of its own."""

    def __init__(self, where: Mapping[str, Where]) -> None:
        self._where = where

    async def __aenter__(self) -> Self:
        command = sys.executable, "-m", "tests.fuzz.neighbour", json.dumps(self._where)
        self._process = await asyncio.create_subprocess_exec(*command, stdin=-1, stdout=-1, limit=2**24)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._process.communicate(b"")

    def begin(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")

    async def end(self) -> dict[str, Any]:
        """How long answers took [s] by interface (`took`), and what was wrong (`wrong`)."""
        self.begin()
        assert self._process.stdout is not None
        found: dict[str, Any] = json.loads(await self._process.stdout.readline())
        return found


if __name__ == "__main__":
    stated = json.loads(sys.argv[1])
    asyncio.run(watch({name: (host, port) for name, (host, port) in stated.items()}))
