"""Runs a SHIP node on sockets: TLS WebSockets in both directions, with the SKI of whoever is at the other end.

The one rule: a transport moves frames; whom the node trusts and when it connects, it decides itself. What strangers can
use up is bounded here: connections, and the time for a handshake.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from websockets.exceptions import InvalidURI
from websockets.protocol import State

from ..devices.interfaces.ship import ShipNode, ShipTarget
from ..eebus.direct import Passage, untouched
from ..eebus.identity import ski_of
from ..runtime.simulation import Simulation
from .listening import Listening, SharedPorts, listen
from .ship_link import BinaryWire, Link, uri_of
from .tls import TlsLayer, context

CONNECT_TIMEOUT: Final = 10.0
"""Wall seconds from the attempt to the end of the handshakes of TLS and WebSocket."""
HANDSHAKE_TIME: Final = 10.0
"""Wall seconds that whoever connects has for both."""
MOST_CONNECTIONS: Final = 20
"""Incoming ones. One more takes the place of the oldest that has not come to the data phase, or is closed at once.
ASSUMED: no device says how many it takes."""

Record = Callable[[str, dict[str, object], str], None]
"""(what happened to a connection, details, peer)"""


def _no_record(_name: str, _detail: dict[str, object], _client: str) -> None:
    """Nobody keeps a journal of this."""


@dataclass(slots=True)
class Arrival:
    """Somebody has connected."""

    link: Link | None = None
    """None: in its TLS handshake."""
    late: asyncio.TimerHandle | None = None
    why: str = ""
    """Why it is turned away."""


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
        self._arrivals: dict[TlsLayer, Arrival] = {}
        """Incoming connections in the order in which they came, also those whose handshake is not over."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._moved = asyncio.Event()

    @property
    def pending(self) -> int:
        """Incoming connections, those in their TLS handshake included."""
        return len(self._arrivals)

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
        for layer in tuple(self._arrivals):
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

    def _link(
        self, certificate: bytes, address: str, target: ShipTarget | None, shaken: Callable[[], None] = lambda: None
    ) -> Link:
        link = Link(self, target, ski_of(certificate), address, shaken)
        self._links.add(link)
        return link

    def _incoming(self) -> TlsLayer:
        arrival = Arrival()

        def inner(certificate: bytes, address: str) -> BinaryWire:
            arrival.link = link = self._link(certificate, address, None)
            return link.wire

        layer = TlsLayer(
            context(self.node.credentials()),
            server=True,
            inner=inner,
            failed=lambda reason: self._refused(arrival.why or reason),
            gone=self._left,
        )
        if len(self._arrivals) >= MOST_CONNECTIONS:
            self._make_room(layer, arrival)
        arrival.late = asyncio.get_running_loop().call_later(HANDSHAKE_TIME, self._hurry, layer, arrival)
        self._arrivals[layer] = arrival
        return layer

    def _make_room(self, newest: TlsLayer, arrival: Arrival) -> None:
        """For one that is no stranger nobody has to go who is one neither."""
        for layer, each in self._arrivals.items():
            if not (layer.closing or (each.link is not None and each.link.established)):
                each.why = "too many connections"
                layer.abort()
                return
        arrival.why = "too many connections"
        newest.abort()

    def _hurry(self, layer: TlsLayer, arrival: Arrival) -> None:
        """The time for the handshakes is over."""
        if arrival.link is None or not arrival.link.opened_up:
            arrival.why = "no handshake in time"
            layer.abort()

    def _left(self, layer: TlsLayer) -> None:
        arrival = self._arrivals.pop(layer, None)
        if arrival is not None and arrival.late is not None:
            arrival.late.cancel()

    def _refused(self, reason: str) -> None:
        self.record("refused", {"reason": reason}, "")

    def _dial(self, target: ShipTarget) -> None:
        task = asyncio.create_task(self._attempt(target), name=f"ship {target.host}:{target.port}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(self.simulation.bugs.of_a_task)

    async def _attempt(self, target: ShipTarget) -> None:
        """Until there is a connection, or will be none."""
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        links: list[Link] = []
        told: list[str] = []

        def shaken() -> None:
            if not over.done():
                over.set_result(None)

        def inner(certificate: bytes, address: str) -> BinaryWire:
            links.append(self._link(certificate, address, target, shaken))
            return links[0].wire

        layer = TlsLayer(
            context(self.node.credentials()),
            server=False,
            inner=inner,
            failed=told.append,
            gone=lambda _layer: shaken(),
        )
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                uri_of(target)
                await asyncio.get_running_loop().create_connection(lambda: layer, target.host, target.port)
                await over
        except (OSError, ValueError, OverflowError, TypeError, InvalidURI) as error:  # peers and mDNS may name any host
            told.append(str(error) or "time-out")
        finally:
            if not over.done() or over.cancelled():
                layer.abort()
        if links:  # which tells its own end
            if told:
                links[0].wire.abort(told[0])
        elif told:
            self.simulation.now()
            self.failed(target, told[0])
            self.stir()
