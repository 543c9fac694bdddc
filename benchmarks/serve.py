"""The servers that are measured, each in a process of its own: `python -m benchmarks.serve <kind> <argument>`.

The one rule: a ceiling sends the same bytes with the same connection behaviour as the wallbox beside it, and nothing
that makes it slower than it has to be.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import struct
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from emulator.scenario.steps.base import TimedStep
    from emulator.service.emulator import Emulator

LOCAL: Final = "127.0.0.1"
OFFSET: Final = 20000
"""Added to the ports of a fleet: those below 1024 are not for everyone, and others may be in use."""
FEW: Final = 100
"""Fewer boxes than these do not share sockets, and take free ports."""
HEADERS: Final = frozenset({"content-length", "transfer-encoding", "connection", "content-type"})
"""What a library writes by itself, or is asked for by other means."""


def ready(**told: float) -> None:
    print(json.dumps(told), flush=True)


# --- the emulator ----------------------------------------------------------------------------------------------------


async def serve_emulator(argument: dict[str, object]) -> None:
    """A scenario as data, two minutes after its start, from where it goes on at `speed`."""
    from emulator.scenario.loader import from_data
    from emulator.service.emulator import Emulator, Options
    from emulator.service.garbage import brief_collections

    data = argument["scenario"]
    assert isinstance(data, dict)
    speed = argument.get("speed", 1.0)
    assert isinstance(speed, int | float)
    options = Options(any_port=bool(argument.get("any_port", True)), speed=0.0, announce=False)
    with brief_collections():
        await _serve(Emulator(from_data(data), options), speed)


async def _serve(served: Emulator, speed: float) -> None:
    async with served as emulator:
        await emulator.advance(by=120_000_000)
        emulator.clock.set_speed(speed)
        emulator.simulation.wake()
        ports = {name: port for name, server in emulator.servers.items() if (port := _port(server)) is not None}
        ready(**ports)
        await asyncio.Event().wait()


def _port(server: object) -> int | None:
    endpoint = getattr(server, "endpoint", None)
    port = getattr(endpoint, "port", None)
    return port if isinstance(port, int) and port else None


async def serve_fleet(argument: dict[str, int]) -> None:
    """Boxes of every vendor, all interfaces, an address each: what starting and using them costs, then idle."""
    from emulator.control import views
    from emulator.scenario.loader import from_data
    from emulator.service.emulator import Emulator, Options

    data = fleet(argument["count"])
    options = Options(speed=1.0, announce=False, port_offset=OFFSET, any_port=argument["count"] < FEW)
    began = time.process_time()
    async with Emulator(from_data(data), options) as emulator:
        started = time.process_time() - began
        ready(started=started)
        sys.stdin.readline()
        figures = {
            "wallboxes": await _took(lambda: _done(views.wallboxes(emulator))),
            "step": await _took(lambda: emulator.apply([_press()])),
            "advance": await _took(lambda: emulator.advance(by=1_000_000)),
            "first": await _took(emulator.reset, 1),
            "reset": await _took(emulator.reset),
        }
        print(json.dumps(figures), flush=True)
        await asyncio.Event().wait()


async def _done(_: object) -> None:
    """What was worked out already."""


def _press() -> TimedStep:
    from emulator.language.names import Names
    from emulator.scenario.steps.vocabulary import make_step

    return make_step("note", Names(), text="a step")


async def _took(work: Callable[[], Awaitable[object]], repeats: int = 3) -> float:
    """CPU seconds, the median of some."""
    found = []
    for _ in range(repeats):
        began = time.process_time()
        await work()
        found.append(time.process_time() - began)
    return statistics.median(found)


def fleet(count: int) -> dict[str, object]:
    """A scenario with that many chargers, a box of some vendor on each, from a stated moment on."""
    kinds = ("goe", "warp", "nrgkick", "lektrico", "bender", "keba")
    chargers: dict[str, object] = {}
    for number in range(count):
        vendor = kinds[number % len(kinds)]
        address = f"127.{20 + number // 62500}.{number // 250 % 250 + 1}.{number % 250 + 1}"
        chargers[f"c{number}"] = {"wallboxes": {vendor: {"interfaces": "all", "address": address, "mqtt": False}}}
        if vendor not in ("goe", "warp"):
            del chargers[f"c{number}"]["wallboxes"][vendor]["mqtt"]  # type: ignore[index]
    return {"epoch": "2026-01-05T00:00:00+01:00", "broker": "none", "chargers": chargers}


async def serve_reset(argument: dict[str, int]) -> None:
    """How long a reset of some go-e takes."""
    from emulator.scenario.loader import from_data
    from emulator.service.emulator import Emulator, Options

    chargers = {f"c{n}": {"wallboxes": {"goe": {"http": True, "modbus": True}}} for n in range(argument["count"])}
    options = Options(any_port=True, speed=0.0, announce=False)
    async with Emulator(from_data({"chargers": chargers}), options) as emulator:
        await emulator.advance(by=3_600_000_000)
        ready(reset=await _took(emulator.reset, 15))
        await asyncio.Event().wait()


async def serve_pushes(argument: dict[str, int]) -> None:
    """WARPs that have been charging for two minutes, and tell everybody who listens."""
    from emulator.scenario.loader import from_data
    from emulator.service.emulator import Emulator, Options

    box = {"warp": {"model": "warp3-pro-22", "http": True, "realism": "off"}}
    names = [f"c{n}" for n in range(argument["count"])]
    vehicle = {"vehicle": "renault_zoe", "state_of_charge": "30 %"}
    data = {
        "chargers": {name: {"wallboxes": box} for name in names},
        "steps": [{"at": "10 s", "plug_in": {"charger": name, **vehicle}} for name in names],
    }
    options = Options(any_port=True, speed=0.0, announce=False, journal_limit=argument["journal"])
    async with Emulator(from_data(data), options) as emulator:
        await emulator.advance(by=120_000_000)
        emulator.clock.set_speed(1.0)
        emulator.simulation.wake()
        ports = [_port(server) for name, server in emulator.servers.items() if name.endswith(".http")]
        print(json.dumps({"ports": ports}), flush=True)
        await asyncio.Event().wait()


# --- HTTP ------------------------------------------------------------------------------------------------------------


async def serve_bare(argument: dict[str, str]) -> None:
    """aiohttp's low-level server, sending one reply as it was captured from the wallbox."""
    from aiohttp import web

    head, body = argument["head"], argument["body"].encode()
    status, headers, chunked, closes = _taken_apart(head)
    kind = headers.pop("Content-Type", "application/json")

    async def answer(_: web.BaseRequest) -> web.Response:
        reply = web.Response(body=body, status=status, headers={**headers, "Content-Type": kind})
        if chunked:
            reply.enable_chunked_encoding()
        if closes:
            reply.force_close()
        return reply

    await _http(answer)


async def serve_live(argument: dict[str, str]) -> None:
    """aiohttp and `json.dumps` of a dict in which something is new each time."""
    from aiohttp import web

    state = json.loads(argument["body"])
    _, _, _, closes = _taken_apart(argument["head"])
    count = 0

    async def answer(_: web.BaseRequest) -> web.Response:
        nonlocal count
        count += 1
        state["rbt"] = count
        reply = web.Response(text=json.dumps(state, separators=(",", ":")), content_type="application/json")
        if closes:
            reply.force_close()
        return reply

    await _http(answer)


def _taken_apart(head: str) -> tuple[int, dict[str, str], bool, bool]:
    """Status, headers, chunked, closes."""
    first, *lines = head.split("\r\n")
    fields = [line.split(": ", 1) for line in lines]
    lower = {name.lower(): value for name, value in fields}
    kept = {name: value for name, value in fields if name.lower() not in HEADERS or name.lower() == "content-type"}
    return int(first.split()[1]), kept, "transfer-encoding" in lower, lower.get("connection") == "close"


async def _http(answer: Callable[..., Awaitable[object]]) -> None:
    from aiohttp import web

    handler: Callable[..., Awaitable[web.StreamResponse]] = answer  # type: ignore[assignment]
    loop = asyncio.get_running_loop()
    server = await loop.create_server(web.Server(handler, access_log=None), LOCAL, 0, backlog=2048)
    ready(port=server.sockets[0].getsockname()[1])
    await server.serve_forever()


# --- Modbus ----------------------------------------------------------------------------------------------------------


async def serve_pymodbus(argument: dict[str, int]) -> None:
    """pymodbus with constants."""
    from pymodbus.server import ModbusTcpServer
    from pymodbus.simulator import DataType, SimData, SimDevice

    registers = SimData(0, count=argument["count"], values=7, datatype=DataType.REGISTERS)
    server = ModbusTcpServer(SimDevice(argument["unit"], registers), address=(LOCAL, 0))
    await server.listen()
    sockets = getattr(server.transport, "sockets")  # noqa: B009
    ready(port=sockets[0].getsockname()[1])
    await asyncio.Event().wait()


class MinimalModbus(asyncio.Protocol):
    """The least a server of live registers can be: framing, one function, values computed for each request."""

    def __init__(self, values: Callable[[int, int], list[int]]) -> None:
        self._values = values
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data
        while len(buffer) >= 12:
            transaction, protocol, length, unit, function, address, count = struct.unpack_from(">HHHBBHH", buffer)
            if protocol or length != 6 or not 1 <= count <= 125:
                self._transport.close()
                return
            values = self._values(address, count)
            self._transport.write(
                struct.pack(f">HHHBBB{count}H", transaction, 0, 3 + 2 * count, unit, function, 2 * count, *values)
            )
            buffer = buffer[12:]
        self._buffer = buffer


async def serve_minimal(argument: dict[str, int]) -> None:
    """Half of the values follow the time; each is a 32-bit number, computed when it is asked for."""
    began = time.perf_counter()

    def number(index: int) -> Callable[[float], int]:
        return (lambda now: int(now * 1000) + index) if index % 2 else (lambda _: 7 * index)

    rows = {address: number(address // 2) for address in range(0, 2 * (argument["count"] + 1), 2)}

    def values(address: int, count: int) -> list[int]:
        now = time.perf_counter() - began
        first = address - address % 2
        words: list[int] = []
        for start in range(0, count + 1, 2):
            value = rows[start](now)
            words.append(value >> 16 & 0xFFFF)
            words.append(value & 0xFFFF)
        return words[address - first : address - first + count]

    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: MinimalModbus(values), LOCAL, 0, backlog=2048)
    ready(port=server.sockets[0].getsockname()[1])
    await server.serve_forever()


# --- WebSocket -------------------------------------------------------------------------------------------------------


async def serve_frames(argument: dict[str, float]) -> None:
    """Writes a ready frame of `size` bytes to everybody, `rate` times a second."""
    writers: set[asyncio.StreamWriter] = set()

    async def opened(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)

    server = await asyncio.start_server(opened, LOCAL, 0, backlog=2048)
    ready(port=server.sockets[0].getsockname()[1])
    frame = bytes(round(argument["size"]))
    while True:
        await asyncio.sleep(1 / argument["rate"])
        for writer in writers:
            writer.write(frame)


KINDS: Final[Mapping[str, Callable[..., Awaitable[None]]]] = {
    "emulator": serve_emulator,
    "fleet": serve_fleet,
    "reset": serve_reset,
    "pushes": serve_pushes,
    "bare": serve_bare,
    "live": serve_live,
    "pymodbus": serve_pymodbus,
    "minimal": serve_minimal,
    "frames": serve_frames,
}


if __name__ == "__main__":
    asyncio.run(KINDS[sys.argv[1]](json.loads(sys.argv[2])))  # type: ignore[arg-type]
