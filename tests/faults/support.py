"""What the fault tests share: worlds without sockets, asked through the real servers, and running emulators."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest

from emulator.core.instant import SECOND
from emulator.core.messages import Outcome
from emulator.devices.interfaces import HttpReply, HttpRequest
from emulator.errors import ScenarioError
from emulator.faults.engine import FaultEngine
from emulator.protocols.http import HttpServer
from emulator.protocols.modbus import ModbusServer
from emulator.protocols.modbus_answers import Answer
from emulator.protocols.modbus_frames import Frame
from emulator.protocols.server import Endpoint
from emulator.protocols.udp import UdpServer
from emulator.runtime.clock import Clock
from emulator.runtime.journal import Entry
from emulator.scenario.loader import loads
from emulator.scenario.playing import apply_step
from emulator.scenario.steps.vocabulary import make_step
from emulator.service.emulator import Emulator, Options
from emulator.world.building import build
from emulator.world.quantities import read
from emulator.world.site import Site

S = TypeVar("S")
BOXES = """
seed: 5
chargers:
  garage:
    connector: socket
    wallboxes:
      goe: {model: gemini-22, http: 8101, modbus: 5021, settings: {amp: 16}}
      nrgkick: {http: 8103, modbus: 5023}
      keba: {udp: 7090}
  street: {wallboxes: {lektrico: {http: 8104}}}
"""


class Bench:
    """A frozen world, asked as clients would ask it."""

    def __init__(self, text: str = BOXES, *, forgetful: bool = False) -> None:
        """`forgetful`: every message meets a server that knows of none before it."""
        self.forgetful = forgetful
        self._servers: dict[str, Any] = {}
        self.site: Site = build(loads(text), clock=Clock(0.0))
        self.engine = FaultEngine.of(self.site.simulation)

    def fault(self, on: str, kind: str, /, **arguments: object) -> Outcome:
        """Arm a fault; AssertionError if it is refused."""
        outcome = self.do("fault", on=on, kind=kind, **arguments)
        assert outcome.ok
        return outcome

    def do(self, name: str, /, **arguments: object) -> Outcome:
        return apply_step(self.site, make_step(name, self.site.names, **arguments))

    def wait(self, seconds: float) -> None:
        self.site.simulation.jump(round(seconds * SECOND))

    def read(self, quantity: str) -> object:
        return read(self.site, quantity)

    def server(self, make: Callable[[Endpoint], S], on: str, interface: str) -> S:
        """Of an interface of a wallbox."""
        if self.forgetful or f"{on}.{interface}" not in self._servers:
            self._servers[f"{on}.{interface}"] = make(Endpoint(self.site.wallboxes[on], interface))
        found: S = self._servers[f"{on}.{interface}"]
        return found

    # --- clients -----------------------------------------------------------------------------------------------------

    def http(self, target: str, *, on: str = "garage.goe", client: str = "1.2.3.4:5", **more: Any) -> HttpReply:
        """The reply to a GET request, past the faults."""
        server = self.server(HttpServer, on, "http")
        request = HttpRequest(method=more.pop("method", "GET"), target=target, **more)
        reply, _ = server.exchange(request, client, server.rooms.find(request))
        return reply

    def json(self, target: str, **more: Any) -> Any:
        return json.loads(self.http(target, **more).body)

    def amp(self, **more: Any) -> object:
        """What a client reads as the current set on the go-e."""
        return self.json("/api/status?filter=amp", **more)["amp"]

    def set_amp(self, value: int) -> Any:
        return self.json(f"/api/set?amp={value}")

    def modbus(
        self,
        pdu: bytes,
        *,
        on: str = "garage.nrgkick",
        transaction: int = 7,
        unit: int = 1,
        client: str = "1.2.3.4:6",
    ) -> Answer:
        """What the Modbus server does about a request."""
        return self.server(ModbusServer, on, "modbus").exchange(Frame(transaction, unit, pdu), client)

    def registers(self, start: int, count: int = 1, **more: Any) -> list[int] | int | None:
        """Registers read with function 3; an exception's code as a negative number; None for silence."""
        answer = self.modbus(bytes([3]) + start.to_bytes(2, "big") + count.to_bytes(2, "big"), **more)
        if not answer.data:
            return None
        data = answer.data[7:]
        if data[0] & 0x80:
            return -data[1]
        return [int.from_bytes(data[2 + 2 * i : 4 + 2 * i], "big") for i in range(count)]

    def udp(self, text: str, *, on: str = "garage.keba") -> list[tuple[str, float]]:
        """Texts and delays of what answers a datagram."""
        server = self.server(UdpServer, on, "udp")
        return [(d.data.decode(), d.delay) for d in server.exchange(text.encode(), ("1.2.3.4", 7090))]

    # --- what happened -----------------------------------------------------------------------------------------------

    def told(self, name: str | None = None) -> list[str]:
        """What became of a fault: begin, hit, ..."""
        return [str(entry.detail["what"]) for entry in self.entries(name)]

    def entries(self, name: str | None = None) -> list[Entry]:
        journal = self.site.simulation.journal
        return [entry for entry in journal if entry.kind == "fault" and name in (None, entry.name)]


def complaints(step: Mapping[str, object] | str, text: str = BOXES) -> list[str]:
    """What is wrong with a fault, as the loader says."""
    written = step if isinstance(step, str) else json.dumps(step)
    with pytest.raises(ScenarioError) as caught:
        loads(f"{text}steps:\n  - fault: {written}\n", "s.yaml", environment={})
    return [str(problem) for problem in caught.value.problems]


@asynccontextmanager
async def running(text: str = BOXES) -> AsyncIterator[Emulator]:
    """A frozen emulator on free ports."""
    async with Emulator(loads(text), Options(any_port=True, speed=0.0, announce=False)) as emulator:
        yield emulator


async def arm(emulator: Emulator, on: str, kind: str, /, **arguments: object) -> None:
    step = make_step("fault", emulator.site.names, on=on, kind=kind, **arguments)
    (outcome,) = await emulator.apply([step])
    assert outcome.ok, outcome


def port(emulator: Emulator, address: str) -> int:
    return emulator.servers[address].endpoint.port


async def raw(port: int, data: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection on which a request was sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    return reader, writer
