"""Hostile clients: each connection says mutated things, in pieces, in bursts, half, and ends as it likes.

The one rule: an attack only ever sends what its seed says, and counts what it sent.
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from emulator.protocols.mqtt_packets import Connect, Subscribe, encode
from emulator.vendors.goe import login

from .corpus import ASKED, READ, Corpus, datagram, trusting
from .field import Where
from .identities import PEERS, showing
from .mutators import Mutator
from .ship import Ship, TlsRecords, handshake
from .wires import HTTP, UPGRADE, Datagram, Modbus, Mqtt, Ocpp, WebSocket, Wire, frames

PATIENCE: Final = 0.5
"""Wall seconds until a client gives up that has said half of something, and waits for the end: devices wait longer."""
PATIENT: Final = 20.0
"""Wall seconds for everything on one connection."""
BURSTS: Final = (1, 2, 4, 30, 80, 200)
"""Messages of one connection."""
BREATHS: Final = (1, 2, 5, 10)
"""Of these so many at once, until others have their turn."""

Begin = Callable[[asyncio.StreamReader, asyncio.StreamWriter, random.Random], Awaitable[Wire | None]]
"""The valid beginning of a conversation; the wire of what follows, if it depends on it."""


@dataclass(eq=False)
class Attack:
    """A client of one server that is a stream."""

    name: str
    wire: Wire
    corpus: Sequence[bytes]
    where: Where
    tls: Sequence[ssl.SSLContext] = ()
    """One of these on each connection."""
    begin: Begin | None = None
    lanes: int = 1
    """Connections side by side in a campaign."""
    sent: int = 0
    connections: int = 0
    lingering: int = 0
    """Connections that the client ended in the end."""
    unreachable: int = 0
    """Connections that did not come about, or broke while they began."""
    random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = random.Random(self.name)

    async def run(self, inputs: int) -> None:
        """At least so many messages."""
        goal = self.sent + inputs
        while self.sent < goal:
            await self.once()

    async def once(self) -> None:
        """One connection, or a burst of datagrams."""
        try:
            async with asyncio.timeout(PATIENT):
                tls = self.random.choice(self.tls) if self.tls else None
                reader, writer = await asyncio.open_connection(*self.where, ssl=tls)
                try:
                    await self._converse(reader, writer)
                finally:
                    writer.transport.abort()
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            self.unreachable += 1
            await asyncio.sleep(0.001)
        self.connections += 1

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        draw = self.random
        wire = self.wire
        if self.begin is not None and draw.random() < 0.9:
            wire = await self.begin(reader, writer, draw) or wire
        deaf = draw.random() < 0.03
        reading = asyncio.ensure_future(_to_the_end(reader) if not deaf else asyncio.sleep(0))
        mutator = Mutator(draw, self.corpus)
        try:
            left = draw.choice(BURSTS)
            while left and not (reader.at_eof() or writer.is_closing()):
                several = min(left, draw.choice(BREATHS))
                left -= several
                after = range(left + several - 1, left - 1, -1)
                writer.write(b"".join(self.message(wire, mutator, last=more == 0) for more in after))
                self.sent += several
                await asyncio.sleep(0)
            if deaf or draw.random() < 0.05:
                return
            if writer.can_write_eof():
                writer.write_eof()
            else:
                writer.close()
            await asyncio.wait({reading}, timeout=PATIENCE)
            self.lingering += not reading.done()
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    def message(self, wire: Wire, mutator: Mutator, *, last: bool) -> bytes:
        """A wrong envelope mostly comes last: a server that has read one hangs up, and nothing behind it counts."""
        draw = self.random
        right = draw.random() < (0.5 if last else 0.997)
        data = wire.mutated(mutator) if right else mutator.of(wire.dressed(mutator.original()))
        if last and draw.random() < 0.1:
            data = data[: draw.randrange(len(data) + 1)]
        return data


async def _to_the_end(reader: asyncio.StreamReader) -> None:
    with suppress(OSError):
        while await reader.read(65_536):
            pass


class Brief(Attack):
    """A client of a device that hangs up after each answer: what is sent behind a request is never read."""

    async def once(self) -> None:
        loop, draw = asyncio.get_running_loop(), self.random
        data = self.message(self.wire, Mutator(draw, self.corpus), last=True)
        with socket.socket() as speaker:
            speaker.setblocking(False)
            try:
                async with asyncio.timeout(PATIENCE):
                    await loop.sock_connect(speaker, self.where)
                    await loop.sock_sendall(speaker, data)
                    self.sent += 1
                    if draw.random() < 0.08:
                        return
                    if draw.random() < 0.3:
                        speaker.shutdown(socket.SHUT_WR)
                    while await loop.sock_recv(speaker, 65_536):
                        pass
            except TimeoutError:
                self.lingering += 1
            except OSError:
                self.unreachable += 1
            finally:
                self.connections += 1


class Datagrams(Attack):
    """A sender of datagrams. Whether all of them arrive, nobody knows: it pauses for an answer between bursts."""

    async def once(self) -> None:
        loop, mutator = asyncio.get_running_loop(), Mutator(self.random, self.corpus)
        with datagram(self.where) as sender:
            for _ in range(40):
                with suppress(OSError):
                    await loop.sock_sendall(sender, mutator()[:8000])
                self.sent += 1
            with suppress(OSError, TimeoutError):
                await loop.sock_sendall(sender, b"report 1")
                async with asyncio.timeout(0.05):
                    while b'"Product"' not in await loop.sock_recv(sender, 65_536):
                        pass
        self.connections += 1


# --- beginnings ------------------------------------------------------------------------------------------------------


def upgrade(path: str, protocol: str = "") -> Begin:
    """Become a WebSocket."""

    async def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: random.Random) -> Wire | None:
        asked = f"Sec-WebSocket-Protocol: {protocol}\r\n" if protocol else ""
        writer.write(UPGRADE % (path.encode(), asked.encode()))
        await reader.readuntil(b"\r\n\r\n")
        return None

    return begin


@dataclass(frozen=True)
class Signed(WebSocket):
    """go-e's app: every write is signed."""

    secret: str = ""

    def mutated(self, mutator: Mutator) -> bytes:
        if mutator.random.random() < 0.2:
            return super().mutated(mutator)
        inner = mutator().decode("utf-8", "replace")
        outer = {"type": "securedMsg", "requestId": "1sm", "data": inner, "hmac": login.signature(self.secret, inner)}
        return self.dressed(json.dumps(outer).encode())


async def goe_login(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, draw: random.Random) -> Wire | None:
    """Log in with the password that a test box has."""
    await upgrade("/ws")(reader, writer, draw)
    heard = b""
    while b"authRequired" not in heard or not list(frames(heard))[1:]:
        more = await reader.read(65_536)
        if not more:
            raise asyncio.IncompleteReadError(heard, None)
        heard += more
    hello, wanted = (json.loads(text) for _, text in list(frames(heard))[:2])
    secret = login.hashed(wanted.get("hash", "pbkdf2"), "go-e-test", hello["serial"])
    proof = login.proof(secret, wanted["token1"], wanted["token2"], "0" * 32)
    wire = Signed(secret=secret)
    writer.write(wire.dressed(json.dumps({"type": "auth", "token3": "0" * 32, "hash": proof}).encode()))
    return wire


async def mqtt_connect(_: asyncio.StreamReader, writer: asyncio.StreamWriter, draw: random.Random) -> Wire | None:
    """A client that the broker knows."""
    clean = draw.random() < 0.8
    writer.write(encode(Connect(client_id=f"fuzz-{draw.randrange(50)}", clean=clean)))
    if draw.random() < 0.3:
        writer.write(encode(Subscribe(1, (("goe/#", draw.randrange(3)), ("+/+/evse/#", 1)))))
    return None


def ship(frames: Sequence[bytes]) -> Begin:
    """What a SHIP client says first; nobody waits for the answers."""

    async def begin(_: asyncio.StreamReader, writer: asyncio.StreamWriter, draw: random.Random) -> Wire | None:
        writer.write(handshake(frames, draw, Ship()))
        return None

    return begin


WIRES: Final[Mapping[str, Wire]] = {
    **dict.fromkeys(ASKED, HTTP),
    **dict.fromkeys(READ, Modbus()),
    "goe.ws": WebSocket(),
    "warp.ws": WebSocket(),
    "broker": Mqtt(),
    "mqtt devices": Mqtt(),
    "charge point": Ocpp(),
    "keba.udp": Datagram(),
    "ship peer": Ship(),
    "ship stranger": Ship(),
    "ship tls": TlsRecords(),
}
"""How what is in a corpus is carried to a server."""
BEGINNINGS: Final[Mapping[str, Begin]] = {
    "goe.ws": goe_login,
    "warp.ws": upgrade("/ws"),
    "broker": mqtt_connect,
    "mqtt devices": mqtt_connect,
    "charge point": upgrade("/x/warp", "ocpp1.6"),
}
PLACES: Final[Mapping[str, str]] = {
    "goe.ws": "target.goe.http",
    "warp.ws": "target.warp.http",
    "broker": "broker",
    "mqtt devices": "broker",
    "charge point": "central",
    "ship peer": "target.eebus.ship",
    "ship stranger": "target.warp.ship",
    "ship tls": "target.eebus.ship",
}


BRIEF: Final = frozenset({"goe.http", "goe.cloud", "v2.http", "lektrico.http", "meter.http"})
"""Devices that hang up after each answer."""
LANES: Final[Mapping[str, int]] = {
    **dict.fromkeys(BRIEF, 40),
    **dict.fromkeys(("broker", "ship peer", "ship stranger", "ship tls"), 10),
    **dict.fromkeys(("mqtt devices", "p40.rest", "warp.modbus", "control"), 6),
}
"""Connections side by side in a campaign: more where one takes long, or has few messages; else `USUAL`."""
USUAL: Final = 3


def attacks(corpus: Corpus, where: Mapping[str, Where]) -> list[Attack]:
    """One for every server that has a corpus."""
    beginnings = {**BEGINNINGS, **dict.fromkeys(("ship peer", "ship stranger"), ship(corpus["ship peer"]))}
    tls = {
        "p40.rest": [trusting()],
        "ship peer": [showing(number) for number in range(PEERS)],
        "ship stranger": [showing(number) for number in range(PEERS)],
    }
    found = []
    for name, wire in WIRES.items():
        kind = Brief if name in BRIEF else Datagrams if name == "keba.udp" else Attack
        found.append(
            kind(
                name=name,
                wire=wire,
                corpus=corpus[name],
                where=where[PLACES.get(name, f"target.{name}")],
                tls=tls.get(name, ()),
                begin=beginnings.get(name),
                lanes=LANES.get(name, USUAL),
            )
        )
    return found


def on_control(corpus: Sequence[bytes], where: Where) -> Attack:
    """On the control API, with requests that its own document gives as examples."""
    return Attack(name="control", wire=HTTP, corpus=corpus, where=where, lanes=LANES["control"])
