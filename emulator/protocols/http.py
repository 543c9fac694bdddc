"""The HTTP server of a device, on aiohttp's parser and connection handling.

The one rule: every request and its reply pass `HttpServer.exchange`, every reply's bytes pass `HttpServer.transmit`,
and between the two no vendor is asked anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from ..devices.delivery import Delivery
from ..devices.interception import UNTOUCHED, Interception
from ..devices.interfaces import HttpInterface, HttpReply, HttpRequest
from ..devices.traffic import READING, of_http, of_upgrade
from ..runtime.journal import Entry
from .channel import Channel
from .listening import Listening
from .pem import server_context
from .quick import SWITCHING, Quick
from .server import Endpoint, Server
from .websocket import Room, Rooms
from .wire import encode_reply, excerpt

if TYPE_CHECKING:
    from .connection import Connection, Listener

SLOW_READER = 30.0
"""Wall seconds a client may take to read a reply."""

DRIP = 0.1
"""Wall seconds between two pieces of a reply that comes slowly."""

LONGEST_FORM = 512
"""Bytes of a target by which a request is known again."""

CLOSE_GRACE = 0.5
"""Wall seconds that handlers get to end after their connections were dropped."""


class HttpServer(Server):
    """Serves one `HttpInterface` and the WebSocket endpoints on its port."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.connections: dict[Connection | Quick | Channel, None] = {}
        """Open ones, the one that has been quiet for longest first."""
        self.rooms = Rooms(endpoint)
        self._socket: Listening | None = None
        self._listener: Listener | None = None
        self._framed: tuple[HttpReply, tuple[object, ...], bytes] | None = None
        """The reply framed last, how, and what it became."""

    @property
    def interface(self) -> HttpInterface:
        endpoint = self.endpoint
        found = endpoint.wallbox.interfaces[endpoint.name]
        assert isinstance(found, HttpInterface)
        return found

    @property
    def clients(self) -> Mapping[str, int]:
        upgraded = sum(connection.channel is not None for connection in self.connections)
        found = {self.endpoint.name: len(self.connections) - upgraded}
        return found | {"websocket": upgraded} if self.interface.websockets else found

    @property
    def talks(self) -> bool:
        return any(connection.channel is not None for connection in self.connections)

    # --- the socket --------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        credentials = self.interface.credentials
        context = partial(server_context, credentials) if credentials is not None else None
        self._socket = await self.endpoint.listen(partial(Quick, self, asyncio.get_running_loop()), context)

    def connection(self) -> Connection:
        """A connection that can do everything; aiohttp is imported for the first one."""
        from .connection import Listener

        if self._listener is None:
            self._listener = Listener(self)
        return self._listener.connection()

    async def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self.rooms.close()
        tasks = [connection.task for connection in self.connections if connection.task is not None]
        for connection in tuple(self.connections):
            connection.abort()
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSE_GRACE)

    def drop(self) -> None:
        self.rooms.close()
        for connection in tuple(self.connections):
            if connection.channel is None:
                connection.drop()

    def admit(self, connection: Quick) -> bool:
        """Whether a new connection may stay; makes room as the device does."""
        if not self.endpoint.reachable:
            return False
        interface = self.interface
        if len(self.connections) >= self.endpoint.connection_limit(interface.max_connections):
            oldest = next(iter(self.connections), None)
            if oldest is None or interface.when_full == "refuse":
                self.endpoint.record("connection", "refused", {"why": "too many"}, client=connection.client)
                return False
            self.endpoint.record("connection", "evicted", client=oldest.client)
            oldest.abort()
        self.connections[connection] = None
        return True

    def replace(self, connection: Connection | Quick, other: Connection | Channel) -> None:
        """Another one goes on in its place."""
        if connection in self.connections:
            del self.connections[connection]
            self.connections[other] = None

    def touch(self, connection: Connection | Quick) -> None:
        """The connection is in use: it is now the one that was quiet for the shortest time."""
        if connection in self.connections:
            self.connections[connection] = self.connections.pop(connection)

    def forget(self, connection: Connection | Quick | Channel) -> None:
        """It is gone."""
        self.connections.pop(connection, None)

    # --- one request -------------------------------------------------------------------------------------------------

    async def handle(self, connection: Connection, request: HttpRequest, *, keep_alive: bool) -> bool:
        """Answer one complete request; whether the connection is kept."""
        if not self.endpoint.reachable:
            connection.abort()
            return False
        room = self.rooms.find(request)
        connection.answering = True
        try:
            reply, interception = self.exchange(request, connection.client, room)
        finally:
            connection.answering = False
        delay = reply.delay if connection.doomed else reply.delay + self.endpoint.latency()
        return await self.finish(connection, request, reply, interception, delay, room, keep_alive=keep_alive)

    def exchange(self, request: HttpRequest, client: str | None, room: Room | None) -> tuple[HttpReply, Interception]:
        """The device's reply to a client (to an upgrade, if `room` is given) and what happens to its bytes.

        Recorded as one entry. The one place where a request meets the vendor.
        """
        endpoint = self.endpoint
        wallbox = endpoint.wallbox
        simulation = wallbox.simulation
        detail: dict[str, object] = {}
        if query := request.query_string:
            detail["query"] = excerpt(query)
        if request.body:
            detail["body"] = excerpt(request.body)
        agent = request.headers.get("user-agent")
        if agent and client is not None:
            simulation.journal.introduce(client, agent)
        entry = self.record(request.title, detail, client)
        request = request.caused_by(endpoint.origin(client, entry))
        with simulation.exchange(entry, reading=room is None and request.method in READING, fresh=True):
            interception = self._intercepted(request, client, upgrade=room is not None)
            if interception is UNTOUCHED:
                reply = self._answer(request, room)
            else:
                reply = interception.http(request, lambda request: self._answer(request, room))
        detail["status"] = reply.status
        if reply.journal:
            detail.update(reply.journal)
        return reply, interception

    def _intercepted(self, request: HttpRequest, client: str | None, *, upgrade: bool) -> Interception:
        """What happens to a request on its way. One without a body is known by its first line, and by the names of the
        wallbox's values if it names any; these may change with what happens."""
        wallbox = self.endpoint.wallbox
        form: tuple[object, ...] | None = None
        if wallbox.interceptor.active and not (upgrade or request.body) and len(request.target) <= LONGEST_FORM:
            names = wallbox.moments.revision if request.query_string else None
            form = request.method, request.target, names
        return self.endpoint.intercept(form, client, of_upgrade if upgrade else of_http, request, wallbox.has_value)

    def record(self, name: str, detail: dict[str, object], client: str | None) -> Entry:
        """Begin the entry of a request, at the present instant. `detail` may be completed later."""
        self.endpoint.simulation.now()
        return self.endpoint.record("request", name, detail, client=client)

    def _answer(self, request: HttpRequest, room: Room | None) -> HttpReply:
        if room is None:
            return self.endpoint.ask(_broken, self.interface.answer, request)
        return self.endpoint.ask(_broken, self._upgraded, request, room)

    def _upgraded(self, request: HttpRequest, room: Room) -> HttpReply:
        before = self.interface.before
        refusal = before(request) if before is not None else None
        return room.answer(request) if refusal is None else refusal

    async def finish(
        self,
        connection: Connection | Quick,
        request: HttpRequest,
        reply: HttpReply,
        interception: Interception,
        delay: float,
        room: Room | None,
        *,
        keep_alive: bool,
    ) -> bool:
        """Let a reply take its course, from `delay` on; whether the connection is kept. `room`: see `exchange`."""
        if reply.silent:
            await connection.given_up()
            return False
        if delay > 0:
            await asyncio.sleep(delay)
        if room is not None and reply.status == SWITCHING and await self._undisturbed(interception):
            room.open(connection, request)
            return False
        asked = request.headers.get("connection", "").lower() == "keep-alive"
        data, keep = self.framed(reply, request, asked, keep=keep_alive and not connection.last)
        return await self._deliver(connection, interception.deliver(data), keep=keep)

    def framed(self, reply: HttpReply, request: HttpRequest, asks_to_keep: bool, *, keep: bool) -> tuple[bytes, bool]:
        """A reply framed as the client and the device's habits ask for, and whether the connection is kept."""
        interface = self.interface
        keep = keep and interface.keep_alive and not reply.close
        asked = "keep-alive" if asks_to_keep else None
        how = (
            request.method == "HEAD",
            reply.chunked and request.version != "1.0",
            asked if keep else "close" if interface.announces_close() else None,
        )
        last = self._framed
        if last is None or last[0] is not reply or last[1] != how:
            head_only, chunked, says = how
            data = encode_reply(reply, head_only=head_only, chunked=chunked, connection=says)
            last = self._framed = reply, how, data
        return last[2], keep

    async def _deliver(self, connection: Connection | Quick, delivery: Delivery, *, keep: bool) -> bool:
        """Send what is left of a reply; whether the connection is kept."""
        if delivery.delay > 0:
            await asyncio.sleep(delivery.delay)
        if delivery.silent:
            await connection.given_up()
            return False
        data, rate = delivery.data, delivery.rate
        piece = len(data) if rate is None else max(1, round(rate * DRIP))
        for start in range(0, len(data), piece or 1):
            if start and rate is not None:
                await asyncio.sleep(DRIP)
            await self.transmit(connection, data[start : start + piece])
        if delivery.then == "reset":
            connection.reset()
        return keep and delivery.then == "keep"

    async def _undisturbed(self, interception: Interception) -> bool:
        """Whether an accepted upgrade comes to something."""
        delivery = interception.deliver(b"")
        if delivery.silent or delivery.then != "keep":
            return False
        if delivery.delay > 0:
            await asyncio.sleep(delivery.delay)
        return True

    async def transmit(self, connection: Connection | Quick, data: bytes) -> None:
        """Put a reply's bytes on the wire, in one write. The one place where replies become bytes on a socket."""
        await connection.write(data, SLOW_READER)

    def malformed(self, connection: Connection, problem: str, reply: HttpReply | None = None) -> None:
        """Answer what is not a request (or one that is too large) as the device does, and close."""
        reply = reply or self.interface.on_malformed
        self.record("malformed", {"problem": excerpt(problem), "status": reply.status}, connection.client)
        if not reply.silent:
            connection.put(encode_reply(reply, chunked=reply.chunked, connection="close"))


def _broken() -> HttpReply:
    """The answer of a device whose firmware fails."""
    return HttpReply(status=500, body=b"Internal Server Error", content_type="text/plain", close=True)
