"""Hostile SHIP nodes, in both directions, and their corpus: what our own control box and our own wallbox say.

The one rule: what opens a connection is said at once and without waiting for answers, which hostile nodes ignore.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Self

from emulator.core.instant import SECOND
from emulator.devices.interfaces.ship import ShipInterface, ShipTarget
from emulator.devices.traffic import Direction
from emulator.eebus.control_box import ControlBox
from emulator.eebus.direct import Passage, Passing
from emulator.eebus.functions import FUNCTIONS
from emulator.eebus.model import Address
from emulator.eebus.session import Session
from emulator.protocols.ship_sockets import ShipSockets

from .corpus import Corpus, overheard
from .evil import Evil, accepting, say
from .field import Inside
from .identities import showing
from .mutators import NUMBERS, VALUES, Mutator
from .wires import UPGRADE, WebSocket

HANDSHAKE: Final = 7
"""Frames of a client until data may be exchanged."""
WALLBOX: Final = "chargers: {target: {wallboxes: {eebus: {vendor: eebus, settings: {auto_accept: true}}}}}"
MARK: Final = "@@here@@"
_COMPACT: Final = json.JSONEncoder(separators=(",", ":"))


# --- envelopes -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ship(WebSocket):
    """SHIP's frames: their type, and a JSON text that is mutated as a text or as the tree that it is."""

    opcode: int = 2

    def mutated(self, mutator: Mutator) -> bytes:
        draw, original = mutator.random, mutator.original()
        match draw.randrange(60):
            case 0:
                return self._unusual(draw, mutator.of(original))
            case 1:
                return self.dressed(bytes((draw.choice((0, 1, 2, 3, 4, 255)),)) + original[1:])
            case 2 | 3:
                return self.dressed(original[:1] + mutator.of(original[1:]))
            case 4 | 5 if b'"datagram"' in original:
                return b"".join(map(self.dressed, _flood(draw, original)))
            case _:
                return self.dressed(original[:1] + reshaped(draw, original[1:], mutator))

    def _unusual(self, draw: random.Random, message: bytes) -> bytes:
        """Frames as nobody sends them."""
        whole = self.dressed(message)
        match draw.randrange(7):
            case 0:
                return WebSocket(opcode=9).dressed(message[:125]) * draw.choice((1, 50, 700))
            case 1:
                return b"".join(_fragments(draw, message))
            case 2:
                return bytes((whole[0] & 0x7F, 0x80)) + bytes(4) + bytes((0x00, 0x80)) * draw.choice((1, 300))
            case 3:
                return bytes((draw.randrange(256),)) + whole[1:]
            case 4:
                return bytes((0x82, 0xFF)) + draw.choice((0, 70_000, 131_073, 2**31, 2**63 - 1)).to_bytes(8) + bytes(4)
            case 5:
                return WebSocket(opcode=8).dressed(draw.randrange(65_536).to_bytes(2) + message[:100])
            case _:
                return WebSocket(opcode=draw.choice((1, 10))).dressed(message[:125])


def _fragments(draw: random.Random, message: bytes) -> Iterable[bytes]:
    size = max(1, len(message) // draw.choice((2, 5, 40)))
    parts = [message[at : at + size] for at in range(0, len(message), size)] or [b""]
    for number, part in enumerate(parts):
        framed = WebSocket(opcode=2 if not number else 0).dressed(part)
        yield framed if number == len(parts) - 1 else bytes((framed[0] & 0x7F,)) + framed[1:]


def _flood(draw: random.Random, frame: bytes) -> Iterable[bytes]:
    """The same again and again, from and to other places, with other counters."""
    for number in range(draw.choice((5, 5, 5, 5, 30, 300))):
        changed = frame.replace(b'"feature":', b'"feature":%d' % draw.choice((number, 1, draw.randrange(10**6))))
        changed = changed.replace(b'{"entity":[', b'{"entity":[%d,' % draw.choice((1, number)))
        yield changed.replace(b'"msgCounter":', b'"msgCounter":%d' % draw.randrange(10))


def reshaped(draw: random.Random, text: bytes, mutator: Mutator) -> bytes:
    """The text with something of its tree replaced, left out, doubled or put elsewhere."""
    try:
        tree = json.loads(text)
    except ValueError:
        return mutator.of(text)
    raw = draw.choice((*NUMBERS, *VALUES, b'"%s"' % draw.choice(FUNCTIONS).encode()))
    for _ in range(draw.choice((1, 1, 2, 4))):
        _bent(draw, tree)
    return _COMPACT.encode(tree).encode().replace(b'"%s"' % MARK.encode(), raw)


def _bent(draw: random.Random, tree: Any) -> None:
    while isinstance(tree, dict | list) and tree:
        key: Any = draw.choice(list(tree)) if isinstance(tree, dict) else draw.randrange(len(tree))
        inner = tree[key]
        if isinstance(inner, dict | list) and inner and draw.random() < 0.85:
            tree = inner
            continue
        match draw.randrange(6):
            case 0:
                del tree[key]
            case 1 if isinstance(tree, list):
                tree.extend([inner] * draw.choice((1, 1, 1, 1, 30, 400)))
            case 2 if isinstance(tree, dict):
                tree[draw.choice(FUNCTIONS)] = tree.pop(key)
            case 3:
                tree[key] = [inner]
            case 4 if isinstance(inner, int):
                tree[key] = inner + draw.choice((-1, 1, 255, 2**31))
            case _:
                tree[key] = MARK
        return


@dataclass(frozen=True)
class TlsRecords(WebSocket):
    """Records of TLS, whose contents are mutated under a right length."""

    def messages(self, stream: bytes) -> list[bytes]:
        found = []
        while len(stream) >= 5:
            end = 5 + int.from_bytes(stream[3:5])
            found.append(stream[:end])
            stream = stream[end:]
        return found

    def mutated(self, mutator: Mutator) -> bytes:
        original = mutator.original()
        body = mutator.of(original[5:])[:16_384]
        return original[:3] + len(body).to_bytes(2) + body

    def dressed(self, message: bytes) -> bytes:
        return message


# --- what a control box and a wallbox say ----------------------------------------------------------------------------


class _Curious:
    """Asks a peer for everything, subscribes to everything and binds everything (a `Client`)."""

    def known(self, session: Session) -> None:
        source = Address("", (1,), 3)
        for entity in session.entities.values():
            for feature in entity.features.values():
                session.subscribe(source, feature)
                session.bind(source, feature)
                for function in FUNCTIONS[::3]:
                    session.ask(source, feature.address, function)

    def heard(self, session: Session, source: Address, function: str, data: object) -> None:
        pass

    def lost(self, session: Session) -> None:
        pass


async def of_ship() -> Corpus:
    """Frames of a control box (the first ones open a connection), frames of a wallbox, and the TLS below them."""
    heard: dict[Direction, list[bytes]] = {"in": [], "out": []}

    def tapped(_client: str) -> Passage:
        def passage(frame: bytes, direction: Direction) -> Iterable[Passing]:
            heard[direction].append(frame)
            return (Passing(frame=frame),)

        return passage

    async with Inside(WALLBOX) as field:
        emulator = field.emulator
        wallbox = emulator.site.wallboxes["target.eebus"].interfaces["ship"]
        assert isinstance(wallbox, ShipInterface)
        box = ControlBox(emulator.simulation, 4711)
        box.device.clients.append(_Curious())
        sockets = ShipSockets(emulator.simulation, box.node, passage=tapped)
        async with overheard(field.where["target.eebus.ship"]) as (port, talks):
            ski = wallbox.node().credentials().ski
            box.node.targets[ski] = ShipTarget(host="127.0.0.1", port=port, ski=ski)
            box.node.decide(ski, True)
            await sockets.open("127.0.0.1", 0)
            box.start()
            try:
                await _limits(field, box, sockets)
            finally:
                await sockets.close()
        assert not await field.bugs()
    records, said = TlsRecords(), list(dict.fromkeys(heard["out"]))
    return {
        "ship peer": said,
        "ship stranger": said,
        "ship wallbox": list(dict.fromkeys(heard["in"])),
        "ship tls": records.messages(bytes(talks[0].asked)),
        "ship tls server": records.messages(bytes(talks[0].told)),
    }


async def _limits(field: Inside, box: ControlBox, sockets: ShipSockets) -> None:
    async with asyncio.timeout(20):
        await field.emulator.advance(SECOND)
        while not box.guarded:
            await sockets.stirred()
        box.limit(4200, 3600)
        while box.results != [0]:
            await sockets.stirred()
        box.release()
        while len(box.results) < 2:
            await sockets.stirred()
        await field.emulator.advance(120 * SECOND)
        (session,) = box.device.sessions.values()
        (connection,) = box.node.connections.values()
        keys = {"deviceConfigurationKeyValueData": [{"keyId": 1, "value": {"scaledNumber": {"number": 4200}}}]}
        wrote: list[object] = []
        configuration = session.entities[1,].server("DeviceConfiguration")
        assert configuration is not None
        session.write(
            Address("", (1,), 4), configuration.address, "deviceConfigurationKeyValueListData", keys, wrote.append
        )
        while not wrote:
            await sockets.stirred()
        connection.close("done")


# --- hostile nodes ---------------------------------------------------------------------------------------------------


def handshake(frames: Sequence[bytes], draw: random.Random, wire: WebSocket) -> bytes:
    """What a client says first, all of it at once; sometimes only some of it, or not in order."""
    first = [UPGRADE % (b"/ship/", b"Sec-WebSocket-Protocol: ship\r\n"), *map(wire.dressed, frames[:HANDSHAKE])]
    dice = draw.random()
    if dice < 0.1:
        first = first[: draw.randrange(len(first))]
    elif dice < 0.15:
        del first[draw.randrange(len(first))]
    elif dice < 0.2:
        rest = first[1:]
        draw.shuffle(rest)
        first[1:] = rest
    return b"".join(first)


class EvilShip(Evil):
    """A node that wallboxes connect to."""

    name = "evil ship"
    wire = Ship(masked=False)

    def __init__(self, corpus: Sequence[bytes]) -> None:
        super().__init__(corpus)
        self._frames = corpus

    async def __aenter__(self) -> Self:
        await self.listen(showing(0, server=True))
        return self

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await accepting(reader, "ship"))
        for frame in self._frames[:HANDSHAKE]:
            say(writer, self.wire.dressed(frame if self.random.random() < 0.98 else self._mutator.of(frame)))
        raving = asyncio.create_task(self.rave(writer))
        try:
            while await reader.read(65_536) and not raving.done():
                pass
        finally:
            raving.cancel()
            await asyncio.gather(raving, return_exceptions=True)


class EvilTls(Evil):
    """A server that wallboxes connect to, and that never gets TLS right: records of another handshake, and worse."""

    name = "evil ship tls"
    wire = TlsRecords()
    share = 0.1

    def __init__(self, corpus: Sequence[bytes]) -> None:
        super().__init__(corpus)
        self._records = corpus

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        right = self.random.choice((0, 1, 1, 2, 3))
        said = [*self._records[:right], *(self.wire.mutated(self._mutator) for _ in range(self.random.choice((1, 3))))]
        if self.sent < self.goal:
            self.sent += len(said)
            say(writer, b"".join(said))
        with suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                await reader.read(65_536)
