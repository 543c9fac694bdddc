"""What the HTTP, WebSocket and push tests share: a small real wallbox on a real charger, and clients of bare bytes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from emulator.core.instant import Instant, later
from emulator.core.messages import Event, Outcome, PlugIn, PowerCut, PowerUp, SetLimit
from emulator.core.specs import ChargerSpec, VehicleSpec
from emulator.devices.firmware import Model
from emulator.devices.interfaces import (
    Close,
    Frame,
    HttpInterface,
    HttpReply,
    HttpRequest,
    Interface,
    Origin,
    Route,
    WebSocketEndpoint,
)
from emulator.devices.points import Fidelity
from emulator.devices.realism import Habits, Latency
from emulator.devices.settings import Setting, boolean
from emulator.devices.vendor import Vendor
from emulator.devices.wallbox import Context, Wallbox
from emulator.protocols.http import HttpServer
from emulator.protocols.push import moved
from emulator.protocols.server import Endpoint
from emulator.runtime.clock import Clock
from emulator.runtime.journal import Entry
from emulator.runtime.simulation import Simulation

PATIENCE: Final = 60.0
"""Wall seconds after which a test that waits for something has failed."""
EPOCH: Final = datetime(2026, 1, 5, 12, tzinfo=UTC)


class Talk:
    """The box's WebSocket conversation: says hello, obeys a few words, tells every change of limit and power."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self.seen = ""
        self.over = False

    def opened(self) -> Iterable[Frame]:
        self.seen = self._state()
        return ["hello", self.seen]

    def received(self, frame: str | bytes) -> Iterable[Frame]:
        if isinstance(frame, bytes):
            return [frame]
        word, _, value = frame.partition(" ")
        match word:
            case "set":
                outcome = self.box.write("limit", float(value), Origin(interface="websocket"))
                return [f"response {outcome.ok}"]
            case "many":
                return [f"{number} " + "x" * 1000 for number in range(int(value))]
            case "bye":
                return ["last", Close(4001, "as you wish"), "never sent"]
            case "reboot":
                self.box.reboot()
                return ["rebooting"]
            case "break":
                raise RuntimeError("a mistake of ours")
        return [f"echo {frame}"]

    def published(self, at: Instant) -> Sequence[Frame]:
        self.box.published.append(at)
        state = self._state()
        if state == self.seen and not self.box.chatty:
            return ()
        self.seen = state
        return [f"{at} {state}" + "y" * self.box.padding]

    def closed(self) -> None:
        self.over = True

    def _state(self) -> str:
        return f"limit {self.box.limit:g} power {self.box.snapshot().power:.0f}"


HTTP: Final = Setting("http", True, boolean)


class Box(Wallbox):
    """A wallbox with a handful of routes and one WebSocket."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.limit = 16.0
        self.asked: list[HttpRequest] = []
        self.talks: list[Talk] = []
        self.published: list[Instant] = []
        self.chatty = False
        """Publish even when nothing changed."""
        self.padding = 0
        """Bytes added to every publication."""
        self.interfaces: Mapping[str, Interface] = {
            "http": HttpInterface(
                routes=(
                    Route(path="/status", handler=self._status, methods=("GET", "HEAD")),
                    Route(path="/set", handler=self._set),
                    Route(path="/echo", handler=self._echo, methods=("GET", "POST", "PUT", "BREW")),
                    Route(path="/reboot", handler=self._reboot),
                    Route(path="/broken", handler=self._broken),
                    Route(path="/like/*", handler=self._like),
                ),
                enabled=lambda: self.settings[HTTP],
                websockets={"/ws": WebSocketEndpoint(open=self._talk)},
            )
        }
        self.like: dict[str, HttpReply] = {}
        """Replies under `/like/`, by name."""

    def shape(self, **changes: object) -> None:
        """Change the declaration of the HTTP interface; before it is served."""
        self.interfaces = {"http": replace(self.http, **changes)}  # type: ignore[arg-type]

    def shape_websocket(self, **changes: object) -> None:
        self.shape(websockets={"/ws": replace(self.http.websockets["/ws"], **changes)})  # type: ignore[arg-type]

    @property
    def http(self) -> HttpInterface:
        interface = self.interfaces["http"]
        assert isinstance(interface, HttpInterface)
        return interface

    def _talk(self, _: Origin) -> Talk:
        self.talks.append(Talk(self))
        return self.talks[-1]

    def _status(self, request: HttpRequest) -> HttpReply:
        self.asked.append(request)
        body = {"limit": self.limit, "power": round(self.snapshot().power)}
        return HttpReply(body=json.dumps(body).encode(), journal={"keys": list(body)})

    def _set(self, request: HttpRequest) -> HttpReply:
        outcome = self.write("limit", float(dict(request.query)["limit"] or "nan"), request.origin)
        return HttpReply(body=b"true" if outcome.ok else b"false")

    def _echo(self, request: HttpRequest) -> HttpReply:
        self.asked.append(request)
        return HttpReply(body=request.body, content_type="application/octet-stream")

    def _reboot(self, _: HttpRequest) -> HttpReply:
        self.reboot()
        return HttpReply(body=b"rebooting")

    def _broken(self, _: HttpRequest) -> HttpReply:
        raise RuntimeError("a mistake of ours")

    def _like(self, request: HttpRequest) -> HttpReply:
        return self.like[request.path.rpartition("/")[2]]

    # --- what every wallbox has --------------------------------------------------------------------------------------

    def power_on(self) -> None:
        self.submit(SetLimit(owner="box", current=self.limit))

    def handle(self, event: Event) -> None:
        pass

    def read(self, address: str) -> object:
        return {"limit": self.limit}[address]

    def write(self, address: str, value: object, origin: Origin) -> Outcome:
        assert isinstance(value, float)
        outcome = self.submit(SetLimit(owner="box", current=value))
        self.limit = value
        self.record_write(address, value, outcome, origin)
        self.changed()
        return outcome

    def addresses(self) -> Iterable[str]:
        return ("limit",)

    def fidelity(self) -> Iterable[Fidelity]:
        return ()


VENDOR = Vendor(
    id="box",
    title="Box",
    models=(Model(id="box", title="Box", firmwares=("1.0",), default_firmware="1.0"),),
    default_model="box",
    ports={"http": 0},
    real_ports={"http": 80},
    settings=(HTTP,),
    create=Box,
)


def box(speed: float = 0.0, latency: Mapping[str, Latency] | None = None) -> Box:
    """A box on a charger of its own, in a world of its own; the clock is frozen unless told otherwise.

    `latency`: by interface; None: it answers at once.
    """
    vendor = VENDOR if latency is None else replace(VENDOR, habits=Habits(latency=latency))
    simulation = Simulation(clock=Clock(speed), epoch=EPOCH)
    simulation.add_charger("garage", ChargerSpec())
    made = Box(
        Context(
            vendor=vendor,
            profile=VENDOR.profile(),
            simulation=simulation,
            charger="garage",
            name="box",
            serial="1",
            realism="off" if latency is None else "latency",
        )
    )
    made.start()
    return made


@asynccontextmanager
async def serve(made: Box) -> AsyncIterator[HttpServer]:
    """The box's HTTP server on a free port."""
    async with HttpServer(Endpoint(made, "http")) as server:
        yield server


def advance(made: Box, seconds: float) -> None:
    """Time passes, all at once."""
    simulation = made.simulation
    simulation.jump(later(0, seconds))
    moved(simulation)


def plug_in(made: Box) -> None:
    made.simulation.apply("garage", PlugIn(name="car", vehicle=VehicleSpec(), state_of_charge=0.2))


def power_cut(made: Box) -> None:
    made.simulation.apply("garage", PowerCut())


def power_up(made: Box) -> None:
    made.simulation.apply("garage", PowerUp())


def entries(made: Box, kind: str, name: str | None = None) -> list[Entry]:
    """Entries of one kind (and name) in the journal, oldest first."""
    return [entry for entry in made.simulation.journal if entry.kind == kind and name in (None, entry.name)]


def recorded(made: Box, name: str) -> asyncio.Future[Entry]:
    """The next journal entry called `name`, once it is there."""
    found: asyncio.Future[Entry] = asyncio.get_running_loop().create_future()

    def look(entry: Entry) -> None:
        if entry.name == name and not found.done():
            found.set_result(entry)

    made.simulation.journal.listen(look)
    return found


class Raw:
    """A client of bare bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes, *, end: bool = False) -> None:
        self.writer.write(data)
        if end:
            self.writer.write_eof()

    async def until(self, mark: bytes) -> bytes:
        async with asyncio.timeout(PATIENCE):
            return await self.reader.readuntil(mark)

    async def exactly(self, count: int) -> bytes:
        async with asyncio.timeout(PATIENCE):
            return await self.reader.readexactly(count)

    async def rest(self) -> bytes:
        """Everything up to the end; what came before a reset counts as well."""
        data = bytearray()
        async with asyncio.timeout(PATIENCE):
            with suppress(ConnectionError):
                while part := await self.reader.read(65_536):
                    data += part
        return bytes(data)

    async def reply(self) -> tuple[int, dict[str, str], bytes]:
        """One reply with a `Content-Length`: status, headers as sent, body."""
        head = (await self.until(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        body = await self.exactly(int(headers.get("Content-Length", "0")))
        return int(head[0].split(" ")[1]), headers, body


@asynccontextmanager
async def raw(server: HttpServer, limit: int = 1 << 16) -> AsyncIterator[Raw]:
    """A connection of bare bytes to the server; `limit`: about so many bytes are read ahead."""
    reader, writer = await asyncio.open_connection(server.endpoint.host, server.endpoint.port, limit=limit)
    try:
        yield Raw(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


def url(server: HttpServer, scheme: str = "http", path: str = "") -> str:
    return f"{scheme}://{server.endpoint.host}:{server.endpoint.port}{path}"


def when(condition: Callable[[], bool]) -> asyncio.Task[None]:
    """Done as soon as the condition holds; looked at on every turn of the loop."""

    async def look() -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(0)

    return asyncio.ensure_future(look())
