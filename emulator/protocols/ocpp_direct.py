"""A charge point and the emulator's own central system in a run without sockets.

The one rule: as on a socket, frames pass the faults and the journal; each arrives in the instant it is sent, after what
is being done is done. Nobody else's central system can be reached.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..core.instant import SECOND, Instant, later
from ..devices.interfaces import OcppAccess
from ..devices.interfaces.ocpp import Message
from ..ocpp.messages import MessageError, decode, encode
from ..runtime.simulation import Simulation
from .ocpp_client import OcppClient
from .ocpp_session import Timing
from .server import Endpoint

if TYPE_CHECKING:
    from ..ocpp.central_system import CentralSystem, Session


class DirectClient(OcppClient):
    """The client of one charge point without a socket."""

    def __init__(self, endpoint: Endpoint, system: Callable[[], CentralSystem]) -> None:
        super().__init__(endpoint)
        self._system = system

    def timing(self) -> Timing:
        return SimulatedTime(self.simulation)

    def dial(self, target: OcppAccess) -> None:
        if target.embedded:
            self.dialled(DirectWire(self.simulation, self, self._system(), target.identity))
        else:
            self.simulation.timer(lambda _at: self._unreachable(target)).set(self.simulation.at)

    def _unreachable(self, target: OcppAccess) -> None:
        if self._target is target and self.state == "connecting":
            self.failed("this run has no network")

    def give_up(self) -> None:
        """Nothing is under way but what `DirectWire` calls off."""


class DirectWire:
    """The connection."""

    subprotocol = "ocpp1.6"

    def __init__(self, simulation: Simulation, client: DirectClient, system: CentralSystem, identity: str) -> None:
        self._simulation = simulation
        self._client = client
        self._system = system
        self._identity = identity
        self._queue: deque[Callable[[], None]] = deque()
        self._timer = simulation.timer(self._deliver)
        self._over = False
        self._session: Session | None = None
        self._later(self._open)

    @property
    def alive_at(self) -> float:
        """Its pongs never fail."""
        return self._simulation.at / SECOND

    def send(self, text: str) -> None:
        self._later(lambda: self._arrived(text))

    def ping(self) -> None:
        """Answered before it is asked."""

    def close(self) -> None:
        self._end("closed")

    def abort(self, reason: str = "broken off") -> None:
        self._end(reason)

    def _open(self) -> None:
        if not self._system.up:
            self._end("refused")
            return
        self._session = self._system.connect(
            self._identity, self._put, lambda: self._later(lambda: self._end("closed by the other side"))
        )
        self._client.opened()

    def _arrived(self, text: str) -> None:
        try:
            message = decode(text)
        except MessageError:
            return
        if self._session is not None:
            self._session.received(message)

    def _put(self, message: Message) -> None:
        text = encode(message)
        self._later(lambda: self._client.received(text))

    def _end(self, reason: str) -> None:
        if not self._over:
            self._over = True
            self._queue.clear()
            self._timer.clear()
            if self._session is not None:
                self._system.disconnect(self._identity, self._session)
            self._client.lost(reason)

    def _later(self, act: Callable[[], None]) -> None:
        if not self._over:
            self._queue.append(act)
            self._timer.set(self._simulation.at)
            self._simulation.wake()

    def _deliver(self, _: Instant) -> None:
        while self._queue:
            self._queue.popleft()()


class SimulatedTime:
    """The simulation's time (`Timing`)."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def now(self) -> float:
        return self._simulation.at / SECOND

    def after(self, seconds: float, act: Callable[[], None]) -> Callable[[], None]:
        timer = self._simulation.timer(lambda _at: act())
        timer.set(later(self._simulation.at, seconds))
        self._simulation.wake()
        return timer.clear
