"""Runs a SHIP node on sockets: TLS WebSockets in both directions, with the SKI of whoever is at the other end.

The one rule: a transport moves frames; whom the node trusts and when it connects, it decides itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final
from weakref import WeakSet

from websockets.client import ClientProtocol
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from ..devices.interfaces.ship import SHIP_PATH, ShipNode, ShipSession, ShipTarget
from ..eebus.direct import Passage, Passing, untouched
from ..eebus.identity import ski_of
from ..runtime.simulation import Simulation
from .listening import Listening, SharedPorts, listen
from .tls import TlsLayer, context
from .websocket_wire import WebSocketWire

SUBPROTOCOL: Final = Subprotocol("ship")
CONNECT_TIMEOUT: Final = 10.0
"""Wall seconds from the attempt to the end of the TLS handshake."""
PING: Final = 50.0
"""Wall seconds between pings."""
PONG: Final = 60.0
"""Wall seconds without a pong after which a connection is dead."""
LARGEST: Final = 2**20

Record = Callable[[str, dict[str, object], str], None]
"""(what happened to a connection, details, peer)"""


def _no_record(_name: str, _detail: dict[str, object], _client: str) -> None:
    """Nobody keeps a journal of this."""


class BinaryWire(WebSocketWire):
    """A WebSocket connection whose messages are bytes."""

    def __init__(self, protocol: ClientProtocol | ServerProtocol, link: Link) -> None:
        super().__init__(protocol, link)
        self._link = link

    def message(self, whole: bytes) -> None:
        self._link.frame(whole)

    def send_message(self, data: bytes) -> None:
        if self.open:
            self.protocol.send_binary(data)
            self._flush()


class Link:
    """One connection (a `ShipLink`), from the end of its TLS handshake."""

    def __init__(self, sockets: ShipSockets, target: ShipTarget | None, ski: str, address: str) -> None:
        self.target = target
        self.ski = ski
        self.address = address
        self.name = f"{address} {ski[:8]}"
        """In the journal."""
        self._sockets = sockets
        self._session: ShipSession | None = None
        self._passage = sockets.passage(self.name)
        self._late_until = 0.0
        self._pings: asyncio.TimerHandle | None = None
        self._over = False
        if target is None:
            protocol = ServerProtocol(subprotocols=[SUBPROTOCOL], max_size=LARGEST)
            self.wire = BinaryWire(protocol, self)
            self.wire.asked = protocol.accept
        else:
            uri = parse_uri(f"wss://{target.host}:{target.port}{target.path or SHIP_PATH}")
            client = ClientProtocol(uri, subprotocols=[SUBPROTOCOL], max_size=LARGEST)
            self.wire = BinaryWire(client, self)
            self.wire.handshake = client.connect()

    # --- the node uses these -----------------------------------------------------------------------------------------

    def put(self, frame: bytes) -> None:
        for each in self._passage(frame, "out"):
            self._later(each, self._leave)

    def close(self, code: int = 1000, reason: str = "") -> None:
        self._over = True
        self._stop()
        self.wire.close(code, reason)

    # --- the connection tells these ----------------------------------------------------------------------------------

    def opened(self) -> None:
        """The WebSocket handshake is over (`Peer`)."""
        self._sockets.simulation.now()
        if self.wire.protocol.subprotocol != SUBPROTOCOL:
            self.close(1002, "subprotocol ship expected")
            self._failed("no subprotocol ship")
            return
        self._ping()
        role = "incoming" if self.target is None else "outgoing"
        self._sockets.record("connected", {"ski": self.ski, "role": role}, self.name)
        self._session = self._sockets.node.opened(self.ski, self.address, self.target, self)
        self._sockets.stir()

    def received(self, text: str) -> None:
        """SHIP has no text messages (`Peer`)."""

    def frame(self, data: bytes) -> None:
        """A message has come."""
        self._sockets.simulation.now()
        for each in self._passage(data, "in"):
            self._later(each, self._arrive)

    def lost(self, reason: str) -> None:
        """The connection has ended (`Peer`)."""
        self._sockets.simulation.now()
        self._stop()
        self._sockets.left(self)
        if self._session is not None:
            self._sockets.record("disconnected", {"reason": reason}, self.name)
            self._session.lost(reason)
        elif not self._over:
            self._failed(reason)
        self._sockets.stir()

    def _failed(self, reason: str) -> None:
        if self.target is not None:
            self._sockets.failed(self.target, reason)

    # --- details -----------------------------------------------------------------------------------------------------

    def _later(self, passing: Passing, act: Callable[[Passing], None]) -> None:
        """After its delay, and behind everything that is late already."""
        loop = asyncio.get_running_loop()
        due = max(self._late_until, loop.time() + passing.delay)
        if passing.delay > 0:
            self._late_until = due
        if due > loop.time():
            loop.call_at(due, act, passing)
        else:
            act(passing)

    def _leave(self, passing: Passing) -> None:
        if passing.frame:
            self.wire.send_message(passing.frame)
        if passing.then == "close":
            self.wire.close()
        elif passing.then == "reset":
            self.wire.abort("connection reset")

    def _arrive(self, passing: Passing) -> None:
        if self._session is not None and not self._over:
            self._sockets.simulation.now()
            with passing.handling():
                self._session.received(passing.frame)
            self._sockets.stir()

    def _ping(self) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() - self.wire.alive_at > PING + PONG:
            self.wire.abort("no pong")
            return
        self.wire.ping()
        self._pings = loop.call_later(PING, self._ping)

    def _stop(self) -> None:
        if self._pings is not None:
            self._pings.cancel()
            self._pings = None


class ShipSockets:
    """The sockets of one node."""

    def __init__(
        self,
        simulation: Simulation,
        node: ShipNode,
        *,
        passage: Callable[[str], Passage] = lambda _client: untouched,
        record: Record = _no_record,
    ) -> None:
        self.simulation = simulation
        self.node = node
        self.passage = passage
        self.record = record
        self._server: Listening | None = None
        self._links: set[Link] = set()
        self._layers: WeakSet[TlsLayer] = WeakSet()
        """Also those whose handshake is not over."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._moved = asyncio.Event()

    @property
    def pending(self) -> int:
        """Incoming connections, those in their TLS handshake included."""
        return len(self._layers)

    async def open(self, host: str, port: int, shared: SharedPorts | None = None) -> int:
        """Listen, and let the node connect to others; the real port. `shared`: see `listening`."""
        self._server = await listen(self._incoming, host, port, shared=shared)
        self.node.served(self._dial)
        return self._server.port

    async def close(self) -> None:
        """Neither listen nor connect, and end every connection."""
        self.node.served(None)
        if self._server is not None:
            self._server.close()
            self._server = None
        ends = [link.wire.over for link in self._links if link.wire.protocol.state is not State.CONNECTING]
        self.drop("closed")
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for layer in tuple(self._layers):
            layer.abort()
        if ends:
            await asyncio.wait(ends, timeout=1.0)

    def drop(self, reason: str) -> None:
        """Break every connection off."""
        for link in tuple(self._links):
            link.wire.abort(reason)

    def left(self, link: Link) -> None:
        self._links.discard(link)

    def failed(self, target: ShipTarget, reason: str) -> None:
        self.record("failed", {"reason": reason}, target.host)
        self.node.failed(target, reason)

    async def stirred(self) -> None:
        """Until the next thing has happened here."""
        await self._moved.wait()

    def stir(self) -> None:
        """Wake whoever waits for something to happen."""
        self._moved.set()
        self._moved = asyncio.Event()

    def _link(self, certificate: bytes, address: str, target: ShipTarget | None) -> BinaryWire:
        link = Link(self, target, ski_of(certificate), address)
        self._links.add(link)
        return link.wire

    def _incoming(self) -> TlsLayer:
        layer = TlsLayer(
            context(self.node.credentials()),
            server=True,
            inner=lambda certificate, address: self._link(certificate, address, None),
            failed=lambda reason: self.record("refused", {"reason": reason}, ""),
        )
        self._layers.add(layer)
        return layer

    def _dial(self, target: ShipTarget) -> None:
        task = asyncio.create_task(self._attempt(target), name=f"ship {target.host}:{target.port}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(self.simulation.bugs.of_a_task)

    async def _attempt(self, target: ShipTarget) -> None:
        layer = TlsLayer(
            context(self.node.credentials()),
            server=False,
            inner=lambda certificate, address: self._link(certificate, address, target),
            failed=lambda reason: self.failed(target, reason),
        )
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                await asyncio.get_running_loop().create_connection(lambda: layer, target.host, target.port)
        except OSError as error:
            self.simulation.now()
            self.failed(target, str(error) or "time-out")
            self.stir()
