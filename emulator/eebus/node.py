"""A SHIP node: whom it trusts, whom it connects to, and its connections, one for each peer.

The one rule: a peer is its SKI. Connections come from a transport; what is said on them goes to the SPINE device.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from ..core.instant import later
from ..devices.interfaces.ship import UNDISTURBED, Credentials, Dial, Discovered, Disturbance, ShipLink, ShipTarget
from ..runtime.simulation import Simulation
from .bounds import MOST_SEEN
from .coding import Data
from .ship import REJECTED, Connection, Phase, Timing
from .spine import Device


class PeerState(IntEnum):
    """Numbered as in WARP's `eebus/state`."""

    DISCONNECTED = 0
    DISCOVERED = 1
    CONNECTED = 2
    ACTIVE = 3
    DEGRADED = 4
    LOADED = 5
    """From the configuration, not tried yet."""
    AWAITING_APPROVAL = 6
    CONNECTING = 7


class Node:
    """The node of one device."""

    def __init__(
        self,
        simulation: Simulation,
        device: Device,
        ship_id: str,
        identity: Callable[[bool], Credentials],
        *,
        timing: Timing | None = None,
        first: float = 0.0,
        redial: float = 10.0,
        disturbance: Callable[[], Disturbance] = lambda: UNDISTURBED,
    ) -> None:
        """`identity`: its certificate, and (True) another one. `first`, `redial`: when it connects to peers [s]."""
        self.device = device
        self.ship_id = ship_id
        self.trust: dict[str, bool] = {}
        """Peers somebody has decided about, by SKI."""
        self.targets: dict[str, ShipTarget] = {}
        """Peers to connect to, by SKI (or host, while that is unknown)."""
        self.connections: dict[str, Connection] = {}
        self.addresses: dict[str, str] = {}
        """Where peers were seen last, by SKI."""
        self.loaded: set[str] = set()
        """Peers of the configuration that nothing was tried with yet, by SKI."""
        self.found: dict[str, Discovered] = {}
        """What mDNS has found, by SKI."""
        self.on_change: Callable[[], None] = lambda: None
        self.on_stranger: Callable[[str, str], None] = lambda _ski, _address: None
        """(SKI, address): somebody connects whom nobody knows."""
        self.on_closed: Callable[[str, str], None] = lambda _ski, _reason: None
        self._simulation = simulation
        self._identity = identity
        self._identities: dict[bool, Credentials] = {}
        self._timing = timing if timing is not None else Timing()
        self._first = first
        self._redial = redial
        self._disturbance = disturbance
        self._shown = self._upsets()
        self._running = False
        self._dial: Dial | None = None
        self._dialling: set[ShipTarget] = set()
        self._round = simulation.timer(lambda _at: self.connect_all())

    # --- life --------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        self._running = True
        self._wait(self._first)

    def stop(self) -> None:
        """Every connection ends."""
        self._running = False
        self._round.clear()
        for connection in tuple(self.connections.values()):
            connection.close("shut down")

    def served(self, dial: Dial | None) -> None:
        """Connections can be made from now on, or not any more (`ShipNode`)."""
        self._dial = dial
        self._dialling.clear()
        if dial is not None and self._running and self._round.due is None:
            self._wait(self._first)

    def credentials(self) -> Credentials:
        """Its certificate (`ShipNode`)."""
        other = self._disturbance().wrong_ski
        found = self._identities.get(other)
        if found is None:
            found = self._identities[other] = self._identity(other)
        return found

    def look(self) -> None:
        """Something may disturb the node now: what concerns the handshake begins with a new connection."""
        upsets = self._upsets()
        if upsets != self._shown:
            self._shown = upsets
            for connection in tuple(self.connections.values()):
                connection.close("disturbed")
            if self._running:
                self._wait(self._timing.cmi)

    def _upsets(self) -> tuple[bool, bool, bool, bool]:
        found = self._disturbance()
        return (found.wrong_ski, found.never_approves, found.aborts_hello, found.loses_bindings)

    # --- peers -------------------------------------------------------------------------------------------------------

    def state(self, ski: str) -> PeerState:
        """How far it is with a peer."""
        connection = self.connections.get(ski)
        if connection is None:
            if self.targets.get(ski) in self._dialling:
                return PeerState.CONNECTING
            if ski in self.loaded:
                return PeerState.LOADED
            return PeerState.DISCOVERED if ski in self.found else PeerState.DISCONNECTED
        if connection.phase is Phase.DATA:
            return PeerState.ACTIVE
        pending = connection.phase is Phase.HELLO and (connection.peer_pending or self.trusted(ski) is None)
        return PeerState.AWAITING_APPROVAL if pending else PeerState.CONNECTED

    def decide(self, ski: str, trusted: bool | None) -> None:
        """The user trusts a peer, rejects it, or (None) leaves it open again."""
        if trusted is None:
            self.trust.pop(ski, None)
        else:
            self.trust[ski] = trusted
        if (connection := self.connections.get(ski)) is not None:
            connection.trust_changed()
        self.on_change()

    def forget(self, ski: str) -> None:
        """Nobody knows the peer any more."""
        self.trust.pop(ski, None)
        self.targets.pop(ski, None)
        self.loaded.discard(ski)
        if (connection := self.connections.get(ski)) is not None:
            connection.close("removed")

    def trusted(self, ski: str) -> bool | None:
        """Whether it wants this peer (`Owner`)."""
        disturbance = self._disturbance()
        if disturbance.aborts_hello:
            return False
        return None if disturbance.never_approves else self.trust.get(ski)

    # --- connecting --------------------------------------------------------------------------------------------------

    def connect_in(self, duration: float) -> None:
        """Try every trusted peer in so many seconds."""
        if self._running and (self._round.due is None or later(self._simulation.at, duration) < self._round.due):
            self._wait(duration)

    def connect_all(self) -> None:
        """Connect to every trusted peer that is not connected; again after a while."""
        for ski, target in self.targets.items():
            wanted = self.trust.get(ski) and ski not in self.connections and target not in self._dialling
            if wanted and self._dial is not None:
                self.loaded.discard(ski)
                self._dialling.add(target)
                self._dial(target)
        self._wait(self._redial)
        self.on_change()

    def discovered(self, record: Discovered) -> None:
        """mDNS has found a node (`ShipNode`); a trusted one is now known where to find."""
        if record.ski == self.credentials().ski:
            return
        if record.ski not in self.found and len(self.found) >= MOST_SEEN:
            del self.found[next(iter(self.found))]
        self.found[record.ski] = record
        if record.ski not in self.targets and self.trust.get(record.ski):
            self.targets[record.ski] = target_of(record)
            self.connect_in(0.0)
        self.on_change()

    def _wait(self, duration: float) -> None:
        self._round.set(later(self._simulation.at, duration))
        self._simulation.wake()

    def failed(self, target: ShipTarget, reason: str) -> None:
        """There is no connection (`ShipNode`)."""
        self._dialling.discard(target)
        self.on_change()

    def opened(self, ski: str, address: str, target: ShipTarget | None, link: ShipLink) -> Connection:
        """A connection is open (`ShipNode`)."""
        if target is not None:
            self._dialling.discard(target)
        role = "server" if target is None else "client"
        connection = Connection(
            self._simulation,
            self,
            "server" if target is None else "client",
            ski,
            self.ship_id,
            link,
            self._timing,
        )
        wrong = target is not None and target.ski not in ("", ski)
        if wrong or not self._running or not self._prevails(ski, role == "client"):
            link.close(REJECTED, "wrong SKI" if wrong else "not wanted")
            connection.lost("wrong SKI" if wrong else "not wanted")
            return connection
        self.addresses.pop(ski, None)
        self.addresses[ski] = address
        if len(self.addresses) > MOST_SEEN:
            del self.addresses[next(iter(self.addresses))]
        self.connections[ski] = connection
        self.loaded.discard(ski)
        if target is None and ski not in self.trust:
            self.on_stranger(ski, address)
        if target is None:
            self.connect_in(2.0)
        connection.begin()
        self.on_change()
        return connection

    def _prevails(self, ski: str, ours: bool) -> bool:
        """Whether a new connection is kept if there is one already; the one that goes is closed.

        As ship-go: of two that cross, the one opened by the higher SKI stays; of two in a row, the newer one.
        """
        old = self.connections.get(ski)
        if old is None:
            return True
        we_are_higher = self.credentials().ski > ski
        crossing = (old.role == "client") != ours
        if crossing and ours != we_are_higher:
            return False
        old.close("another connection")
        return True

    # --- what connections say (`Owner`) ------------------------------------------------------------------------------

    def moved(self, connection: Connection) -> None:
        ski = connection.ski
        if connection.phase is Phase.DATA:
            self.device.connect(ski, connection.put)
        elif connection.phase is Phase.CLOSED and self.connections.get(ski) is connection:
            del self.connections[ski]
            self.device.disconnect(ski)
            self.on_closed(ski, connection.reason)
        self.on_change()

    def data(self, connection: Connection, payload: Data) -> None:
        session = self.device.sessions.get(connection.ski)
        if session is not None:
            session.received(payload)


def target_of(record: Discovered) -> ShipTarget:
    """Where to connect to."""
    return ShipTarget(host=record.host, port=record.port, path=record.path, ski=record.ski)
