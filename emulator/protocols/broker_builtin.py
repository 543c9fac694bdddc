"""The built-in broker's sockets: an asyncio server around `mqtt_exchange`.

The one rule: time-outs and buffers live here, the rules of MQTT do not.
"""

from __future__ import annotations

import asyncio
from typing import Final

from .broker import Broker
from .mqtt_exchange import Exchange
from .turns import Turn

BACKLOG: Final = 2048
"""A thousand wallboxes connect at once; asyncio's 100 would turn them into retransmissions."""
MAX_BUFFERED: Final = 1_048_576
"""Bytes a client may leave unread; beyond that it loses messages with QoS 0, and is not heard."""
MOST_CLIENTS: Final = 2048
"""Connections at a time; one more is closed at once."""
CONNECT_TIMEOUT: Final = 30.0
"""Wall seconds a client has for its CONNECT."""


class BuiltinBroker(Broker):
    """A broker inside this process."""

    about = "built-in MQTT broker"

    def __init__(self, bind: str, port: int) -> None:
        super().__init__(bind, port)
        self.exchange = Exchange()
        self.wires: set[_Wire] = set()
        self.all_gone = asyncio.Event()
        self._server: asyncio.Server | None = None

    @property
    def running(self) -> bool:
        return self._server is not None

    def publisher(self, topic: str, payload: bytes) -> str | None:
        return self.exchange.publisher(topic, payload)

    async def start(self) -> None:
        if self._server is not None:
            return
        self.exchange = Exchange()
        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(lambda: _Wire(self), self.bind or None, self.port, backlog=BACKLOG)
        except OSError as error:
            raise self.taken(error) from error
        self._server = server
        self.port = server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        self.all_gone.clear()
        for wire in tuple(self.wires):
            wire.abort()
        if self.wires:
            await self.all_gone.wait()


class _Wire(asyncio.Protocol):
    """The socket of one client."""

    def __init__(self, broker: BuiltinBroker) -> None:
        self._broker = broker
        self._loop = asyncio.get_running_loop()
        self._peer = broker.exchange.accept(self)
        self._turn = Turn(self._step, self._throttle)
        self._transport: asyncio.Transport
        self._heard = self._loop.time()
        self._check: asyncio.TimerHandle | None = None
        self.congested = False
        self._known = False
        """The CONNECT has come."""

    def send(self, data: bytes) -> None:
        if data and not self._transport.is_closing():
            self._transport.write(data)

    def go(self) -> None:
        self._turn.go()

    def close(self) -> None:
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._transport.set_write_buffer_limits(MAX_BUFFERED)
        if len(self._broker.wires) >= MOST_CLIENTS:
            transport.abort()
            return
        self._broker.wires.add(self)
        self._check = self._loop.call_later(CONNECT_TIMEOUT, self._expire)

    def data_received(self, data: bytes) -> None:
        self._heard = self._loop.time()
        self._peer.received(data)

    def _step(self) -> bool:
        more = self._peer.step()
        if not self._known and self._peer.session is not None:
            self._known = True
            self._watch()
        return more

    def connection_lost(self, exc: Exception | None) -> None:
        if self._check is not None:
            self._check.cancel()
        self._turn.stop()
        self._peer.end()
        self._broker.wires.discard(self)
        if not self._broker.wires:
            self._broker.all_gone.set()

    def pause_writing(self) -> None:
        self.congested = True
        self._throttle()

    def resume_writing(self) -> None:
        self.congested = False
        self._throttle()
        self._peer.drained()

    def _throttle(self) -> None:
        """Read only while the client reads, and what it has sent has had its turn."""
        if self._transport.is_closing():
            return
        if self.congested or self._turn.waiting:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _watch(self) -> None:
        """Look again when the client will have been silent for one and a half times its keep-alive (3.1.2.10)."""
        if self._check is not None:
            self._check.cancel()
        self._check = None
        if self._peer.keep_alive:
            self._check = self._loop.call_at(self._heard + 1.5 * self._peer.keep_alive, self._expire)

    def _expire(self) -> None:
        if self._peer.keep_alive and self._loop.time() < self._heard + 1.5 * self._peer.keep_alive:
            self._watch()
        else:
            self._peer.end()
            self.abort()
