"""The life of a charge point's connection, whatever carries it: attempts, the conversation, the wait for the next.

The one rule: the connection follows the wallbox: switched off, it says good-bye; without power, it breaks. Attempts to
reconnect are simulated time, as everything the wallbox decides.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Literal

from ..core.instant import Instant, later
from ..devices.interfaces import OcppAccess, OcppInterface
from ..devices.wallbox import Wallbox
from ..runtime.journal import Entry
from ..runtime.simulation import Simulation
from .ocpp_session import OcppSession, Timing, Wire
from .server import Endpoint

State = Literal["off", "connecting", "connected", "waiting"]
"""`waiting`: for the next attempt."""


class OcppClient(ABC):
    """The client of one charge point."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.state: State = "off"
        self._target: OcppAccess | None = None
        self._attempts = 0
        self._wire: Wire | None = None
        self._session: OcppSession | None = None
        """What is said on the connection, once it is open."""
        self._reconnect = endpoint.simulation.timer(self._again)
        self._said: str | None = None
        """Why the last attempt failed, so that a long outage is not recorded at every attempt."""
        self._closing = False
        self._unlisten: Callable[[], None] = lambda: None

    # --- what carries it ---------------------------------------------------------------------------------------------

    @abstractmethod
    def dial(self, target: OcppAccess) -> None:
        """Try to connect: `opened` or `failed` follows."""

    @abstractmethod
    def give_up(self) -> None:
        """End an attempt that is under way, if there is one."""

    @abstractmethod
    def timing(self) -> Timing:
        """What measures the time of whoever answers."""

    def stir(self) -> None:  # noqa: B027 - nobody has to wait
        """Something has happened."""

    # --- following the wallbox ---------------------------------------------------------------------------------------

    @property
    def interface(self) -> OcppInterface:
        return self.endpoint.declared(OcppInterface)

    @property
    def simulation(self) -> Simulation:
        return self.endpoint.simulation

    @property
    def busy(self) -> bool:
        """Something is on its way that the simulated clock should not overtake: an attempt to connect, an answer."""
        if self.state == "connecting":
            return True
        return self.state == "connected" and self._session is not None and self._session.conversation.waiting

    def start(self) -> None:
        """Follow the wallbox from now on."""
        self._unlisten = self.endpoint.wallbox.listen(lambda _at: self._follow())
        self._follow()

    def stop(self) -> None:
        """Leave the central system for good."""
        self._closing = True
        self._unlisten()
        self._follow()

    def attach(self, wallbox: Wallbox) -> None:
        """Be the charge point of another wallbox from now on."""
        self._unlisten()
        self._retarget(None)
        self._reconnect.clear()
        self.endpoint.attach(wallbox)
        self._reconnect = self.simulation.timer(self._again)
        self.start()

    def _wanted(self) -> OcppAccess | None:
        """Where the wallbox is to be connected now."""
        wallbox = self.endpoint.wallbox
        return self.interface.access() if wallbox.up and not self._closing else None

    @property
    def _reachable(self) -> bool:
        """Whether no fault stands between."""
        return self.endpoint.wallbox.interceptor.reachable(self.endpoint.name)

    def _follow(self) -> None:
        """Something has changed in the wallbox."""
        wanted = self._wanted()
        if wanted != self._target or (wanted is not None and self._stale()):
            self._retarget(wanted)
        elif not self._reachable:
            self.drop("refused")

    def _stale(self) -> bool:
        """The wallbox has rebooted: another charge point than the connected one."""
        return self._session is not None and self._session.conversation is not self.interface.conversation()

    def _retarget(self, target: OcppAccess | None) -> None:
        """Leave the central system, if there is one, and connect to `target`."""
        self._target, self._said, self._attempts = target, None, 0
        wire, self._wire = self._wire, None
        self.give_up()
        self._forget()
        if wire is not None:
            up = self.endpoint.wallbox.up
            if self.state == "connected":
                self._record("disconnected", {"reason": "good-bye" if up else "the wallbox went down"})
            if up:
                wire.close()
            else:
                wire.abort()
        self._reconnect.clear()
        self._move("off")
        if target is not None:
            self._connect(target)

    def _connect(self, target: OcppAccess) -> None:
        self._move("connecting")
        if self._reachable:
            self.dial(target)
        else:
            self.failed("refused")

    def attempt(self) -> int:
        """The number of this attempt."""
        number, self._attempts = self._attempts, self._attempts + 1
        return number

    @property
    def at_embedded(self) -> bool:
        """It is connected to the emulator's own central system."""
        return self.state == "connected" and self._target is not None and self._target.embedded

    def drop(self, reason: str = "connection reset") -> None:
        """Break the connection as a disturbed network does."""
        if self._wire is not None:
            self._wire.abort(reason)

    # --- what happens on the way -------------------------------------------------------------------------------------

    def dialled(self, wire: Wire) -> None:
        """An attempt is under way, on this wire."""
        self._wire = wire

    def opened(self) -> None:
        """The connection is there (`Peer`)."""
        self.simulation.now()
        wire = self._wire
        if wire is None:
            return
        self._said = None
        self._move("connected")
        entry = self._record("connected", {"subprotocol": wire.subprotocol})
        self._session = OcppSession(
            self.endpoint,
            self.interface.conversation(),
            wire,
            self.timing(),
            self._peer,
            pong_intervals=self.interface.pong_intervals,
            stir=self.stir,
        )
        self._session.begin(entry)

    def received(self, text: str) -> None:
        """A frame has come (`Peer`)."""
        if self._session is not None:
            self._session.received(text)

    def lost(self, reason: str) -> None:
        """The connection has ended without the wallbox's doing (`Peer`)."""
        if self._wire is not None:
            self.failed(reason)

    def failed(self, reason: str) -> None:
        """The attempt or the connection is over; the next attempt comes after a while."""
        self.simulation.now()
        name = "lost" if self.state == "connected" else "failed"
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.abort()
        if reason != self._said or name == "lost":
            self._said = reason
            self._record(name, {"reason": reason})
        self._move("waiting")
        self._forget()
        self._reconnect.set(later(self.simulation.at, self.interface.reconnect()))
        self.simulation.wake()

    def _again(self, _: Instant) -> None:
        if self._target is not None and self.state == "waiting":
            self._connect(self._target)

    def _forget(self) -> None:
        """The charge point is not connected any more."""
        session, self._session = self._session, None
        if session is not None:
            session.end()

    @property
    def _peer(self) -> str | None:
        return None if self._target is None else self._target.host

    def _record(self, name: str, detail: dict[str, object]) -> Entry:
        return self.endpoint.record("connection", name, detail, client=self._peer)

    def _move(self, state: State) -> None:
        self.state = state
        self.stir()
