"""Hostile servers: a broker and a central system that wallboxes connect to.

The one rule: they let a wallbox in, as far as their dice allow, and then say whatever they like.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import random
import ssl
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, suppress
from typing import Final, Self

from emulator.protocols.mqtt_packets import (
    Acknowledge,
    Connack,
    Connect,
    Decoder,
    Kind,
    Message,
    PacketError,
    Suback,
    Subscribe,
    encode,
)

from .field import Where
from .mutators import Mutator
from .wires import Mqtt, Ocpp, Wire, frames

BURST: Final = 20
GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
ACCEPTED: Final = {"status": "Accepted", "currentTime": "2026-01-05T08:00:10Z", "interval": 60}


def say(writer: asyncio.StreamWriter, data: bytes) -> None:
    """Write, if there is anybody left."""
    if not writer.is_closing():
        writer.write(data)


class Evil(AbstractAsyncContextManager["Evil"]):
    """A listening server; `sent` counts the messages it said."""

    name = ""
    wire: Wire
    enveloped = 0.9
    """How often the envelope of a message is right."""
    share = 1.0
    """Of what others say: those that it says something wrong to hang up at once, and come again after a while."""

    def __init__(self, corpus: Sequence[bytes]) -> None:
        self.sent = 0
        self.connections = 0
        self.random = random.Random(self.name)
        self._mutator = Mutator(self.random, corpus)
        self._talks: set[asyncio.Task[None]] = set()
        self.goal = 0
        """It says nothing beyond so many messages."""

    async def __aenter__(self) -> Self:
        await self.listen(None)
        return self

    async def listen(self, tls: ssl.SSLContext | None) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls)
        self.where: Where = ("127.0.0.1", self._server.sockets[0].getsockname()[1])

    async def __aexit__(self, *error: object) -> None:
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def run(self, inputs: int) -> None:
        """Until so many more messages were said."""
        self.goal = self.sent + inputs
        while self.sent < self.goal:  # noqa: ASYNC110 - its clients decide when that is
            await asyncio.sleep(0.02)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        talk = asyncio.current_task()
        assert talk is not None
        self._talks.add(talk)
        try:
            with suppress(OSError, EOFError, PacketError, ValueError, asyncio.CancelledError):  # 3.11 logs the last one
                await self.talk(reader, writer)
        finally:
            self._talks.discard(talk)
            writer.transport.abort()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        raise NotImplementedError

    async def rave(self, writer: asyncio.StreamWriter) -> None:
        """Bursts of mutated messages until the connection breaks, or the dice say so."""
        while not writer.is_closing():
            if self.sent >= self.goal:
                await asyncio.sleep(0.05)
                continue
            say(writer, b"".join(self._something() for _ in range(BURST)))
            self.sent += BURST
            await writer.drain()
            await asyncio.sleep(0.001)
            if self.random.random() < 0.02:
                return

    def _something(self) -> bytes:
        if self.random.random() < self.enveloped:
            return self.wire.mutated(self._mutator)
        return self._mutator.of(self.wire.dressed(self._mutator.original()))


class EvilBroker(Evil):
    """Publishes what nobody said, to subscriptions nobody made."""

    name = "evil broker"
    wire = Mqtt()
    enveloped = 0.998

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        decoder, raving = Decoder(), None
        try:
            while data := await reader.read(65_536):
                for packet in decoder.feed(data):
                    match packet:
                        case Connect():
                            say(writer, self._perhaps(encode(Connack())))
                        case Subscribe():
                            codes = tuple(qos for _, qos in packet.filters)
                            say(writer, self._perhaps(encode(Suback(packet.packet_id, codes))))
                            raving = raving or asyncio.create_task(self.rave(writer))
                        case Message():
                            if packet.qos:
                                say(writer, encode(Acknowledge(Kind.PUBACK, packet.packet_id)))
                            if self.random.random() < 0.1 and self.sent < self.goal:
                                say(writer, self.wire.mutation(encode(packet), self._mutator))
                                self.sent += 1
                if raving is not None and raving.done():
                    return
        finally:
            if raving is not None:
                raving.cancel()
                await asyncio.gather(raving, return_exceptions=True)

    def _perhaps(self, data: bytes) -> bytes:
        return data if self.random.random() < 0.95 else self._mutator.of(data)


async def accepting(reader: asyncio.StreamReader, protocol: str) -> bytes:
    """The answer that lets a WebSocket's client in."""
    head = await reader.readuntil(b"\r\n\r\n")
    key = next(line[18:].strip() for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key"))
    accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Protocol: %s\r\nSec-WebSocket-Accept: %s\r\n\r\n" % (protocol.encode(), accept)
    )


class EvilCentralSystem(Evil):
    """Calls whatever it likes, and answers anything."""

    name = "evil central system"
    wire = Ocpp(masked=False)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await accepting(reader, "ocpp1.6"))
        raving = asyncio.create_task(self.rave(writer))
        try:
            while data := await reader.read(65_536):
                for _, payload in frames(data):
                    self._answer(payload, writer)
                if raving.done():
                    return
        finally:
            raving.cancel()
            await asyncio.gather(raving, return_exceptions=True)

    def _answer(self, payload: bytes, writer: asyncio.StreamWriter) -> None:
        with suppress(ValueError):
            match json.loads(payload):
                case [2, str(id), str(action), _]:
                    answer = ACCEPTED if action in ("BootNotification", "Heartbeat") else {}
                    valid = json.dumps([3, id, answer]).encode()
                    hostile = self.random.random() < 0.3 and self.sent < self.goal
                    say(writer, self.wire.dressed(self._mutator.of(valid) if hostile else valid))
                    self.sent += hostile
