"""SHIP: one connection, from its first bytes to its end, as a state machine.

The one rule: sans I/O. Frames come in through `received`, go out through the link; what waits, waits in simulated time.
Source: EEBUS SHIP 1.0.1, chapter 13; order and texts as ship-go exchanges them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Literal, Protocol

from ..core.instant import later
from ..devices.interfaces.ship import ShipLink
from ..runtime.simulation import Simulation
from .coding import NOTHING, CodingError, Data, decode, encode, flag, integer, obj, text

INIT: Final = b"\x00\x00"
REJECTED: Final = 4452
"""WebSocket close code of a handshake that failed."""

LONGEST_WAIT: Final = 10**9
"""ms that a peer may say it waits."""
LONGEST_TEXT: Final = 256
"""Characters of an id or a reason that a peer gives."""

Role = Literal["client", "server"]


class FrameType(IntEnum):
    """First byte of a frame."""

    INIT = 0
    CONTROL = 1
    DATA = 2
    END = 3


class Phase(IntEnum):
    """How far a connection has come."""

    CMI = 0
    """Connection mode initialisation: the two zero bytes."""
    HELLO = 1
    PROTOCOL = 2
    PIN = 3
    ACCESS = 4
    DATA = 5
    CLOSED = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long a node waits [s]."""

    cmi: float = 10.0
    hello: float = 60.0
    prolongation: float = 30.0
    """Before the end of the peer's wait a pending node asks for more."""
    protocol: float = 10.0
    """Also for PIN and access methods. ASSUMED for those two."""


class Owner(Protocol):
    """The node, as one of its connections sees it."""

    def trusted(self, ski: str) -> bool | None:
        """Whether it wants this peer: True, False, or None while nobody has decided."""
        ...

    def moved(self, connection: Connection) -> None:
        """The connection is in another phase; `Phase.CLOSED` is told once."""
        ...

    def data(self, connection: Connection, payload: Data) -> None:
        """A SPINE datagram has come."""
        ...


class Connection:
    """One connection of a node (a `ShipSession`)."""

    def __init__(
        self, simulation: Simulation, owner: Owner, role: Role, ski: str, ship_id: str, link: ShipLink, timing: Timing
    ) -> None:
        """`ski`: of the peer. `ship_id`: our own."""
        self.role = role
        self.ski = ski
        self.phase = Phase.CMI
        self.peer_id = ""
        """The peer's SHIP id, once it has told it."""
        self.reason = ""
        """Why it is over."""
        self.peer_pending = False
        """The peer's user has not decided yet."""
        self._simulation = simulation
        self._owner = owner
        self._ship_id = ship_id
        self._link = link
        self._timing = timing
        self._we_ready = False
        self._peer_ready = False
        self._selected = False
        """The server has chosen a protocol and waits for the client's confirmation."""
        self._patience = simulation.timer(lambda _at: self._timed_out())
        self._prolong = simulation.timer(lambda _at: self._ask_for_more())
        self._control: Mapping[str, Callable[[Data], None]] = {
            "connectionHello": self._hello,
            "messageProtocolHandshake": self._protocol,
            "messageProtocolHandshakeError": lambda _body: self.abort("protocol refused"),
            "connectionPinState": self._pin,
            "connectionPinError": lambda _body: self.abort("PIN refused"),
            "accessMethodsRequest": self._access_asked,
            "accessMethods": self._access,
        }

    @property
    def open(self) -> bool:
        return self.phase is Phase.DATA

    def begin(self) -> None:
        """The WebSocket is open."""
        self._wait(self._timing.cmi)
        if self.role == "client":
            self._link.put(INIT)

    def received(self, frame: bytes) -> None:
        """The other side sent a frame (`ShipSession`)."""
        if self.phase is Phase.CLOSED or not frame:
            return
        if frame[0] == FrameType.INIT:
            self._mode()
            return
        try:
            message = decode(frame[1:])
        except CodingError as error:
            self.abort(str(error))
            return
        if frame[0] == FrameType.END:
            self._end(message)
        elif self.phase is Phase.CMI:
            self.abort("no connection mode initialisation")
        elif frame[0] == FrameType.DATA:
            if self.phase >= Phase.ACCESS:
                self._enter(Phase.DATA)
                self._owner.data(self, obj(message, "data", "payload"))
        else:
            for name, body in message.items():
                if (handler := self._control.get(name)) is not None:
                    handler(body if isinstance(body, Mapping) else NOTHING)

    def lost(self, reason: str) -> None:
        """The WebSocket has ended (`ShipSession`)."""
        self._over(reason)

    def put(self, payload: Data) -> None:
        """Send a SPINE datagram."""
        if self.open:
            self._send(FrameType.DATA, {"data": {"header": {"protocolId": "ee1.0"}, "payload": payload}})

    def close(self, reason: str = "") -> None:
        """End the connection in good order."""
        if self.phase is Phase.CLOSED:
            return
        if self.phase is Phase.DATA:
            self._send(
                FrameType.END, {"connectionClose": {"phase": "announce"} | ({"reason": reason} if reason else {})}
            )
        self._link.close()
        self._over(reason or "closed by us")

    def abort(self, reason: str) -> None:
        """The handshake has failed."""
        if self.phase is Phase.CLOSED:
            return
        if self.phase is Phase.HELLO:
            self._say_hello("aborted")
        self._link.close(REJECTED, "Node rejected by application" if self.phase is Phase.HELLO else reason[:100])
        self._over(reason)

    def trust_changed(self) -> None:
        """The user has decided about the peer."""
        if self.phase is Phase.HELLO:
            self._decide()
        elif self._owner.trusted(self.ski) is False:
            self.close("not trusted any more")

    # --- phases ------------------------------------------------------------------------------------------------------

    def _mode(self) -> None:
        if self.phase is not Phase.CMI:
            return
        if self.role == "server":
            self._link.put(INIT)
        self._enter(Phase.HELLO)
        self._wait(self._timing.hello)
        self._decide(first=True)

    def _decide(self, *, first: bool = False) -> None:
        trusted = self._owner.trusted(self.ski)
        if trusted is False:
            self.abort("rejected by the user")
        elif trusted:
            if not self._we_ready:
                self._we_ready = True
                self._prolong.clear()
                self._wait(self._timing.hello)
                self._say_hello("ready")
            self._both_ready()
        elif first:
            self._say_hello("pending")

    def _say_hello(self, phase: str, *, ask: bool = False) -> None:
        body: dict[str, object] = {"phase": phase}
        if ask:
            body["prolongationRequest"] = True
        elif phase != "aborted":
            body["waiting"] = round(self._timing.hello * 1000)
        self._control_out({"connectionHello": body})

    def _hello(self, body: Data) -> None:
        if self.phase is not Phase.HELLO:
            return
        phase = text(body, "phase")
        if phase == "aborted":
            self._link.close(REJECTED, "Node rejected by application")
            self._over("the peer rejects us")
            return
        if flag(body, "prolongationRequest"):
            self._wait(self._timing.hello)
            self._say_hello("ready" if self._we_ready else "pending")
        pending, self.peer_pending = self.peer_pending, phase == "pending"
        self._peer_ready = self._peer_ready or phase == "ready"
        waiting = min(max(integer(body, "waiting") or 0, 0), LONGEST_WAIT) / 1000
        if not self._we_ready and waiting:
            self._prolong.set(later(self._simulation.at, max(waiting - self._timing.prolongation, waiting / 2)))
            self._simulation.wake()
        if self.peer_pending and not pending:
            self._owner.moved(self)
        self._both_ready()

    def _ask_for_more(self) -> None:
        """Our user is still thinking: the peer may wait longer."""
        if self.phase is Phase.HELLO and not self._we_ready:
            self._wait(self._timing.hello)
            self._say_hello("pending", ask=True)

    def _both_ready(self) -> None:
        if not (self.phase is Phase.HELLO and self._we_ready and self._peer_ready):
            return
        self._prolong.clear()
        self._enter(Phase.PROTOCOL)
        self._wait(self._timing.protocol)
        if self.role == "client":
            self._say_protocol("announceMax")

    def _say_protocol(self, kind: str) -> None:
        body = {"handshakeType": kind, "version": {"major": 1, "minor": 0}, "formats": {"format": ["JSON-UTF8"]}}
        self._control_out({"messageProtocolHandshake": body})

    def _protocol(self, body: Data) -> None:
        if self.phase is not Phase.PROTOCOL:
            return
        kind = text(body, "handshakeType")
        if self.role == "client" and kind == "select":
            self._say_protocol("select")
            self._enter_pin()
        elif self.role == "server" and kind == "announceMax":
            self._selected = True
            self._wait(self._timing.protocol)
            self._say_protocol("select")
        elif self.role == "server" and kind == "select" and self._selected:
            self._enter_pin()
        else:
            self._control_out({"messageProtocolHandshakeError": {"error": 2}})
            self.abort("unexpected protocol handshake")

    def _enter_pin(self) -> None:
        self._enter(Phase.PIN)
        self._wait(self._timing.protocol)
        self._control_out({"connectionPinState": {"pinState": "none"}})

    def _pin(self, body: Data) -> None:
        if self.phase is not Phase.PIN:
            return
        if text(body, "pinState") not in ("none", "optional", "pinOk"):
            self.abort("the peer wants a PIN")
            return
        self._enter(Phase.ACCESS)
        self._wait(self._timing.protocol)
        self._control_out({"accessMethodsRequest": {}})

    def _access_asked(self, _body: Data) -> None:
        if self.phase >= Phase.PIN:
            self._control_out({"accessMethods": {"id": self._ship_id}})

    def _access(self, body: Data) -> None:
        if self.phase is Phase.ACCESS:
            self.peer_id = text(body, "id")[:LONGEST_TEXT]
            self._enter(Phase.DATA)

    def _end(self, message: Data) -> None:
        if text(message, "connectionClose", "phase") == "announce":
            self._send(FrameType.END, {"connectionClose": {"phase": "confirm"}})
        self._link.close()
        self._over(text(message, "connectionClose", "reason")[:LONGEST_TEXT] or "closed by the peer")

    # --- details -----------------------------------------------------------------------------------------------------

    def _enter(self, phase: Phase) -> None:
        if self.phase is not phase:
            self.phase = phase
            if phase is Phase.DATA:
                self._patience.clear()
            self._owner.moved(self)

    def _wait(self, duration: float) -> None:
        self._patience.set(later(self._simulation.at, duration))
        self._simulation.wake()

    def _timed_out(self) -> None:
        self.abort(f"time-out in phase {self.phase.name.lower()}")

    def _over(self, reason: str) -> None:
        if self.phase is not Phase.CLOSED:
            self.reason = reason
            self._patience.clear()
            self._prolong.clear()
            self._enter(Phase.CLOSED)

    def _control_out(self, message: Data) -> None:
        self._send(FrameType.CONTROL, message)

    def _send(self, kind: FrameType, message: Data) -> None:
        self._link.put(bytes((kind,)) + encode(message))
