"""A place for small clients: real sockets, a museum row as the world, and a diary in the journal."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import aiohttp

from emulator.core.instant import SECOND
from emulator.language.nodes import from_yaml
from emulator.runtime.journal import Entry
from emulator.scenario.loader import from_data
from emulator.scenario.steps.vocabulary import make_step
from emulator.service.emulator import Emulator, Options

MUSEUM = Path(__file__).parents[2] / "scenarios" / "museum"
LOOKING = {"expect", "request", "note", "command"}
"""Steps of a row in whose place nothing happens here: what looks and acts is the client."""
PATIENCE = 5.0
"""Wall seconds a client waits for an answer."""


class Gone(Exception):  # noqa: N818 - an answer
    """No answer."""


class Site:
    """What a client can reach, and how time passes for it."""

    def __init__(self, emulator: Emulator, patience: float = PATIENCE) -> None:
        self.emulator = emulator
        self._patience = patience

    def port(self, interface: str) -> int:
        """Of the only interface of that name (`goe.http`)."""
        (server,) = [s for name, s in self.emulator.servers.items() if name.endswith(f".{interface}")]
        return server.endpoint.port

    async def get(self, interface: str, target: str) -> tuple[int, str]:
        """Status and body; `Gone` if there is nobody, or the connection breaks."""
        url = f"http://127.0.0.1:{self.port(interface)}{target}"
        try:
            async with aiohttp.ClientSession() as http, asyncio.timeout(self._patience), http.get(url) as reply:
                return reply.status, await reply.text()
        except (aiohttp.ClientError, OSError) as error:
            raise Gone from error

    async def json(self, interface: str, target: str) -> Any:
        _, text = await self.get(interface, target)
        return json.loads(text)

    async def upgrade(self, interface: str, path: str) -> int:
        """Status of the opening of a web socket."""
        try:
            url = f"ws://127.0.0.1:{self.port(interface)}{path}"
            async with aiohttp.ClientSession() as http, asyncio.timeout(self._patience), http.ws_connect(url):
                return 101
        except aiohttp.WSServerHandshakeError as error:
            return error.status
        except (aiohttp.ClientError, OSError) as error:
            raise Gone from error

    async def modbus(self, interface: str, pdu: bytes, unit: int = 1) -> bytes:
        """The answer behind the unit; `Gone` if the connection ends without one."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port(interface))
        except OSError as error:
            raise Gone from error
        try:
            async with asyncio.timeout(self._patience):
                writer.write(b"\x00\x01\x00\x00" + (len(pdu) + 1).to_bytes(2, "big") + bytes([unit]) + pdu)
                head = await reader.readexactly(7)
                return await reader.readexactly(int.from_bytes(head[4:6], "big") - 1)
        except (asyncio.IncompleteReadError, OSError) as error:
            raise Gone from error
        finally:
            writer.close()

    async def registers(self, interface: str, start: int, count: int = 1, unit: int = 1) -> list[int] | None:
        """Holding registers; None for an exception."""
        pdu = bytes([3]) + start.to_bytes(2, "big") + count.to_bytes(2, "big")
        answer = await self.modbus(interface, pdu, unit)
        if answer[0] & 0x80:
            return None
        return [int.from_bytes(answer[i : i + 2], "big") for i in range(2, len(answer), 2)]

    async def write_register(self, interface: str, address: int, value: int, unit: int = 1) -> None:
        await self.modbus(interface, bytes([6]) + address.to_bytes(2, "big") + value.to_bytes(2, "big"), unit)

    @asynccontextmanager
    async def talk(self, interface: str) -> AsyncIterator[Talk]:
        """A UDP socket on which answers are received."""
        loop = asyncio.get_running_loop()
        transport, talk = await loop.create_datagram_endpoint(
            lambda: Talk(("127.0.0.1", self.port(interface))), local_addr=("127.0.0.1", 0)
        )
        try:
            yield talk
        finally:
            transport.close()

    async def wait(self, seconds: float) -> None:
        """Time passes."""
        await self.emulator.advance(round(seconds * SECOND))

    async def diary(self, text: str) -> None:
        """What the client thinks, for the journal."""
        await self.emulator.apply([make_step("note", self.emulator.site.names, text=text)])


class Talk(asyncio.DatagramProtocol):
    """A UDP socket of a client."""

    def __init__(self, box: tuple[str, int]) -> None:
        self._box = box
        self._arrived: asyncio.Queue[str] = asyncio.Queue()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._arrived.put_nowait(data.decode())

    def send(self, text: str) -> None:
        self._transport.sendto(text.encode(), self._box)

    async def next(self, patience: float = PATIENCE) -> str:
        """The next datagram; `Gone` if none comes."""
        try:
            async with asyncio.timeout(patience):
                return await self._arrived.get()
        except TimeoutError:
            raise Gone from None


@asynccontextmanager
async def museum(row: str) -> AsyncIterator[Site]:
    """A row of the museum with a client in place of everything that looks; faults at time 0 are armed already."""
    (path,) = MUSEUM.glob(f"{row}_*.yaml")
    tree, _ = from_yaml(path.read_text(), str(path))
    assert tree is not None
    document: Any = tree.data()
    kept = []
    for step in document["steps"]:
        plain = {step: None} if isinstance(step, str) else dict(step)
        if LOOKING & set(plain):
            plain = {key: value for key, value in plain.items() if key in ("at", "after")} | {"note": "left out"}
        kept.append(plain)
    document["steps"] = kept
    for charger in document.get("chargers", {}).values():
        for box in charger["wallboxes"].values():
            box.pop("address", None)
    async with Emulator(from_data(document), Options(any_port=True, speed=0.0, announce=False)) as emulator:
        await emulator.advance(0)
        yield Site(emulator)


def notes(journal: list[Entry]) -> list[str]:
    return [entry.name for entry in journal if entry.kind == "note"]


def writes(journal: list[Entry], point: str) -> list[object]:
    """Values a client wrote, in order."""
    return [entry.detail["value"] for entry in journal if entry.kind == "write" and entry.name == point]


def swallowed(journal: list[Entry], point: str) -> bool:
    """Whether the last write of a point was acknowledged and had no effect, and nobody repeated it."""
    hits = {entry.cause for entry in journal if entry.kind == "fault" and entry.detail.get("swallowed")}
    last = [entry for entry in journal if entry.kind == "write" and entry.name == point]
    return bool(last) and last[-1].cause in hits


def requests(journal: list[Entry], since: str | None = None) -> list[Entry]:
    """Requests of clients; `since`: only those after a journal entry of that name."""
    found: list[Entry] = []
    begun = since is None
    for entry in journal:
        begun = begun or entry.name == since
        if begun and entry.kind == "request":
            found.append(entry)
    return found
