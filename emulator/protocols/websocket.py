"""The WebSocket endpoints of a device: who may connect, and who is told when something is new.

The one rule: a room tells every client of the same instants in the same order; what each is sent is its own affair.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ..core.instant import Instant
from ..devices.interfaces import HttpInterface, HttpReply, HttpRequest, WebSocketEndpoint
from .channel import Channel
from .parcels import Packer, beat
from .push import Publisher
from .server import Endpoint
from .wire import switching_protocols

if TYPE_CHECKING:
    from .connection import Connection
    from .quick import Quick

ACCEPTED = HttpReply(status=101)
FULL = HttpReply(status=503, body=b"", content_type="text/plain", close=True)
NO_KEY = HttpReply(status=400, body=b"Bad Request", content_type="text/plain", close=True)


class Room:
    """One WebSocket path of one wallbox and the clients on it."""

    def __init__(self, endpoint: Endpoint, path: str, spec: WebSocketEndpoint) -> None:
        self.endpoint = endpoint
        self.path = path
        self.spec = spec
        self.clients: dict[Channel, None] = {}
        """In the order in which they came."""
        self._packer = Packer(spec)
        self._beating: asyncio.TimerHandle | None = None
        self._publisher = Publisher(endpoint.wallbox, spec.period, self._publish)

    def answer(self, request: HttpRequest) -> HttpReply:
        """The device's reply to an upgrade: 101, or its refusal."""
        if self.spec.before is not None and (reply := self.spec.before(request)) is not None:
            return reply
        if "sec-websocket-key" not in request.headers:
            return NO_KEY
        if len(self.clients) >= self.spec.max_clients and self.spec.when_full == "refuse":
            return FULL
        return ACCEPTED

    def open(self, connection: Connection | Quick, request: HttpRequest) -> None:
        """Turn an accepted connection into a client of this room; nothing happens if it is gone."""
        if (transport := connection.transport) is None:
            return
        while len(self.clients) >= self.spec.max_clients:
            self._evict(min(self.clients, key=lambda client: client.alive_at))
        server = connection.server
        channel = Channel(
            self.endpoint, self.path, self.spec, transport, connection.client, self._packer, self.leave, server.forget
        )
        if not transport.is_closing():
            transport.write(switching_protocols(request.headers["sec-websocket-key"]))
        self.clients[channel] = None
        self._publisher.start()
        if self._beating is None and self.spec.ping is not None:
            self._beat_in(self.spec.ping)
        server.replace(connection, channel)
        channel.begin(congested=connection.congested)
        for data in connection.let_go():
            channel.data_received(data)
        if connection.half_closed:
            transport.close()

    def leave(self, channel: Channel) -> None:
        self.clients.pop(channel, None)
        if not self.clients:
            self._publisher.stop()
            if self._beating is not None:
                self._beating.cancel()
                self._beating = None

    def close(self) -> None:
        """The wallbox goes down."""
        for channel in tuple(self.clients):
            channel.drop()

    def _evict(self, channel: Channel) -> None:
        channel.note("evicted")
        channel.break_off()

    def _beat_in(self, delay: float) -> None:
        self._beating = asyncio.get_running_loop().call_later(delay, self._beat, delay)

    def _beat(self, delay: float) -> None:
        """The device pings all of its clients together."""
        self._beat_in(delay)
        data, sizes = beat(self.spec)
        for channel in tuple(self.clients):
            channel.beat(data, sizes)

    def _publish(self, at: Instant) -> None:
        for channel in tuple(self.clients):
            channel.publish(at)


class Rooms:
    """The WebSocket paths of one HTTP server."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._rooms: dict[str, Room] = {}

    def find(self, request: HttpRequest) -> Room | None:
        """The room that an upgrade request asks for; None if the request is an ordinary one."""
        wanted = request.headers.get("upgrade")
        if wanted is None or wanted.lower() != "websocket" or request.method != "GET":
            return None
        if (room := self._rooms.get(request.path)) is not None:
            return room
        spec = self._endpoint.declared(HttpInterface).websockets.get(request.path)
        if spec is None:
            return None
        room = self._rooms[request.path] = Room(self._endpoint, request.path, spec)
        return room

    def close(self) -> None:
        """The wallbox goes down or is replaced: nobody is connected any more."""
        rooms, self._rooms = self._rooms, {}
        for room in rooms.values():
            room.close()
