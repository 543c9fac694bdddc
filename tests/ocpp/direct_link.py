"""A charge point and the emulator's own central system, without a socket between them.

The one rule: each message is delivered in the instant it is sent, after what is being done is done.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from emulator.core.instant import Instant
from emulator.devices.interfaces.ocpp import Call, Conversation, Message
from emulator.ocpp.central_system import CentralSystem
from emulator.runtime.simulation import Simulation


class Direct:
    """The link between the two."""

    def __init__(
        self, simulation: Simulation, charge_point: Conversation, system: CentralSystem, identity: str
    ) -> None:
        self._simulation = simulation
        self._charge_point = charge_point
        self._system = system
        self._identity = identity
        self._queue: deque[Callable[[], None]] = deque()
        self._timer = simulation.timer(self._deliver)
        self._closed = False
        self._session = system.connect(identity, self._to_charge_point)
        self._later(lambda: charge_point.connected(self))

    def put(self, message: Message) -> None:
        """The charge point sends (`Link`)."""
        self._later(lambda: self._session.received(message))

    def close(self) -> None:
        """The connection ends (`Link`)."""
        if not self._closed:
            self._closed = True
            self._queue.clear()
            self._system.disconnect(self._identity, self._session)
            self._charge_point.lost()

    def _to_charge_point(self, message: Message) -> None:
        self._later(lambda: self._receive(message))

    def _receive(self, message: Message) -> None:
        answer = self._charge_point.received(message)
        if isinstance(message, Call) and answer is not None:
            self._session.received(answer)
            self._charge_point.answered(message)

    def _later(self, act: Callable[[], None]) -> None:
        if not self._closed:
            self._queue.append(act)
            self._timer.set(self._simulation.at)

    def _deliver(self, _: Instant) -> None:
        while self._queue:
            self._queue.popleft()()
