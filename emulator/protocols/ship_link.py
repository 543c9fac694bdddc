"""One connection of a SHIP node, from the end of its TLS handshake: frames in and out, past what disturbs them.

The one rule: frames keep their order, also those that a fault holds back; when many are held back, nothing is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from websockets.client import ClientProtocol
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol
from websockets.uri import WebSocketURI, parse_uri

from ..devices.interfaces.ship import SHIP_PATH, ShipSession, ShipTarget
from ..eebus.bounds import LARGEST_MESSAGE
from ..eebus.direct import Passing
from .server import APART
from .websocket_wire import WebSocketWire

if TYPE_CHECKING:
    from .ship_sockets import ShipSockets

SUBPROTOCOL: Final = Subprotocol("ship")
PING: Final = 50.0
"""Wall seconds between pings."""
PONG: Final = 60.0
"""Wall seconds without a pong after which a connection is dead."""
HELD_BACK: Final = 64
"""Frames that faults may delay; then nothing more is read."""


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


def uri_of(target: ShipTarget) -> WebSocketURI:
    """Where to connect to. InvalidURI or ValueError if that is no place."""
    host = f"[{target.host}]" if ":" in target.host else target.host
    return parse_uri(f"wss://{host}:{target.port}{target.path or SHIP_PATH}")


class Link:
    """One connection (a `ShipLink`), from the end of its TLS handshake."""

    def __init__(
        self,
        sockets: ShipSockets,
        target: ShipTarget | None,
        ski: str,
        address: str,
        shaken: Callable[[], None] = lambda: None,
    ) -> None:
        """`shaken`: called when the handshakes are over, one way or the other."""
        self.target = target
        self.ski = ski
        self.address = address
        self.name = f"{address} {ski[:8]}"
        """In the journal."""
        self._sockets = sockets
        self._shaken = shaken
        self._session: ShipSession | None = None
        self._passage = sockets.passage(self.name)
        self._late = 0
        """Frames that a fault holds back."""
        self._late_until = 0.0
        self._pings: asyncio.TimerHandle | None = None
        self._over = False
        if target is None:
            protocol = ServerProtocol(subprotocols=[SUBPROTOCOL], max_size=LARGEST_MESSAGE)
            self.wire = BinaryWire(protocol, self)
            self.wire.asked = protocol.accept
        else:
            client = ClientProtocol(uri_of(target), subprotocols=[SUBPROTOCOL], max_size=LARGEST_MESSAGE)
            self.wire = BinaryWire(client, self)
            self.wire.handshake = client.connect()

    @property
    def opened_up(self) -> bool:
        """The handshakes of TLS and WebSocket are over."""
        return self._session is not None

    @property
    def established(self) -> bool:
        """The peer is trusted, and data may be exchanged."""
        return self._session is not None and self._session.open

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
        self._shaken()
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
        self._shaken()
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
        if due <= loop.time() and not self._late:
            act(passing)
            return
        self._late_until = due = max(due, self._late_until + APART)
        self._late += 1
        loop.call_at(due, self._in_time, passing, act)
        self._throttle()

    def _in_time(self, passing: Passing, act: Callable[[Passing], None]) -> None:
        self._late -= 1
        act(passing)
        self._throttle()

    def _throttle(self) -> None:
        self.wire.read(go_on=self._late < HELD_BACK)

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
