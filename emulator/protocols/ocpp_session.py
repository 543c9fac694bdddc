"""One open connection of a charge point: what both sides say, on its way past the faults and into the journal.

The one rule: a call, its answer, and what follows from it are recorded as cause and effect; the time-out of an answer
and pings are wall time, because they wait for somebody who lives in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from ..devices.delivery import Copy, Delivery
from ..devices.interception import Interception
from ..devices.interfaces.ocpp import Call, CallError, CallResult, Conversation, Message
from ..devices.traffic import Direction, of_ocpp
from ..ocpp.messages import MessageError, decode, encode
from ..runtime.journal import Entry
from .server import Endpoint

EXCERPT: Final = 200
"""Characters of what is no message that the journal keeps."""
UNKNOWN: Final = "unknown"
"""The action of an answer to a call that nobody made."""


class Wire(Protocol):
    """A connection that carries texts."""

    @property
    def alive_at(self) -> float:
        """When the last pong came (`Timing.now`)."""
        ...

    @property
    def subprotocol(self) -> str | None: ...

    def send(self, text: str) -> None: ...

    def ping(self) -> None: ...

    def close(self) -> None:
        """Say good-bye and close."""
        ...

    def abort(self, reason: str = ...) -> None:
        """Break the connection at once."""
        ...


class Timing(Protocol):
    """The time of whoever answers: wall time where that is somebody in the real world."""

    def now(self) -> float:
        """s"""
        ...

    def after(self, seconds: float, act: Callable[[], None]) -> Callable[[], None]:
        """Do something later; returns what calls it off."""
        ...


class OcppSession:
    """The charge point's side of a connection (a `Link`)."""

    def __init__(
        self,
        endpoint: Endpoint,
        conversation: Conversation,
        wire: Wire,
        timing: Timing,
        peer: str | None,
        *,
        pong_intervals: float,
        stir: Callable[[], None],
    ) -> None:
        """`stir`: called whenever something has happened."""
        self.conversation = conversation
        self._endpoint = endpoint
        self._simulation = endpoint.simulation
        self._wire = wire
        self._timing = timing
        self._peer = peer
        self._pong_intervals = pong_intervals
        self._stir = stir
        self._sent: dict[str, tuple[str, Entry]] = {}
        """Calls that are not answered: their action and journal entry, by id."""
        self._patience: Callable[[], None] | None = None
        """Calls off the time-out of the call in flight."""
        self._pings: Callable[[], None] | None = None
        """Calls off the next ping."""
        self._late_until = 0.0
        """Nothing may be sent before then: something that a fault holds back comes first."""
        self._over = False

    def begin(self, entry: Entry) -> None:
        """The connection is open."""
        self._schedule_ping()
        with self._simulation.exchange(entry):
            self.conversation.connected(self)

    def end(self) -> None:
        """The connection is gone."""
        if not self._over:
            self._over = True
            self._stop_waiting()
            self._stop_pings()
            self.conversation.lost()

    # --- what the charge point says ----------------------------------------------------------------------------------

    def put(self, message: Message) -> None:
        """Send a message (`Link`)."""
        if self._over:
            return
        action = UNKNOWN
        if isinstance(message, Call):
            action = message.action
            self._sent[message.id] = (
                action,
                self._record("push", action, {"id": message.id, "payload": message.payload}),
            )
            self._wait_for_answer(message.id)
        data = encode(message).encode()
        interception = self._intercept(message, action, data, "out")
        content = interception.content(data)
        delivery = interception.deliver(content)
        if delivery.then != "keep":
            self._send(delivery)
        else:
            for copy in interception.copies([Copy(message=message, data=content)]):
                self._send(Delivery(data=copy.data, delay=copy.delay))
        self._stir()

    def close(self) -> None:
        """End the connection (`Link`); the wallbox connects again after its usual wait."""
        self._wire.close()

    def _intercept(self, message: Message | None, action: str, data: bytes, direction: Direction) -> Interception:
        """INTERCEPTION: the one place where faults see the frames of either direction."""
        called = message.action if isinstance(message, Call) else action
        return self._endpoint.intercept(
            None, self._peer, of_ocpp, called, data, self._endpoint.name, self._peer, direction
        )

    def _send(self, delivery: Delivery) -> None:
        """Send a frame after its delay and behind everything that is late already."""
        now = self._timing.now()
        due = max(self._late_until, now + delivery.delay)
        if delivery.delay > 0:
            self._late_until = due
        if due > now:
            self._timing.after(due - now, lambda: self._leave(delivery))
        else:
            self._leave(delivery)

    def _leave(self, delivery: Delivery) -> None:
        if delivery.data or delivery.then == "keep":
            self._wire.send(delivery.data.decode("utf-8", "surrogateescape"))
        if delivery.then == "close":
            self._wire.close()
        elif delivery.then == "reset":
            self._wire.abort("connection reset")

    # --- what the central system says --------------------------------------------------------------------------------

    def received(self, text: str) -> None:
        """A frame has come."""
        self._simulation.now()
        data = text.encode("utf-8", "replace")
        message = _decoded(text)
        action = UNKNOWN if message is None or isinstance(message, Call) else self._asked(message.id)[0]
        interception = self._intercept(message, action, data, "in")
        if interception.lost():
            return
        content = interception.content(data)
        delivery = interception.deliver(content)
        if delivery.then != "keep":
            self._leave(Delivery(data=b"", then=delivery.then))
            return
        for copy in interception.copies([Copy(message=text, data=content)]):
            arrived = copy.data.decode("utf-8", "replace")
            if copy.delay > 0:
                self._timing.after(copy.delay, lambda text=arrived: self._take(text, interception))  # type: ignore[misc]
            else:
                self._take(arrived, interception)

    def _take(self, text: str, interception: Interception) -> None:
        """Hand a frame to the charge point."""
        if self._over:
            return
        self._simulation.now()
        try:
            message = decode(text)
        except MessageError as error:
            self._record("request", "unreadable", {"why": str(error), "frame": text[:EXCERPT]})
        else:
            with interception.handling():
                if isinstance(message, Call):
                    self._call(message)
                else:
                    self._answer(message)
        self._schedule_ping()
        self._stir()

    def _call(self, message: Call) -> None:
        """The central system asks something."""
        detail: dict[str, object] = {"id": message.id, "payload": message.payload}
        entry = self._record("request", message.action, detail)
        with self._simulation.exchange(entry):
            answer = self.conversation.received(message)
            match answer:
                case CallResult():
                    detail["result"] = answer.payload
                case CallError():
                    detail["error"] = {"code": answer.code, "description": answer.description}
                case _:
                    detail["silent"] = True
                    return
            self.put(answer)
            self.conversation.answered(message)

    def _answer(self, message: CallResult | CallError) -> None:
        """The central system answers."""
        action, asked = self._asked(message.id)
        if self._sent.pop(message.id, None) is not None:
            self._stop_waiting()
        detail: dict[str, object] = {"id": message.id}
        if isinstance(message, CallResult):
            detail["payload"] = message.payload
        else:
            detail |= {"code": message.code, "description": message.description}
        name = f"{action}.conf" if isinstance(message, CallResult) else f"{action}.error"
        with self._simulation.because(asked):
            entry = self._record("request", name, detail)
        with self._simulation.exchange(entry):
            self.conversation.received(message)

    def _asked(self, message_id: str) -> tuple[str, Entry | None]:
        return self._sent.get(message_id, (UNKNOWN, None))

    def _record(self, kind: str, name: str, detail: dict[str, object]) -> Entry:
        return self._endpoint.record(kind, name, detail, client=self._peer)

    # --- wall time ---------------------------------------------------------------------------------------------------

    def _wait_for_answer(self, message_id: str) -> None:
        self._stop_waiting()
        self._patience = self._timing.after(self.conversation.message_timeout, lambda: self._timed_out(message_id))

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience()
            self._patience = None

    def _timed_out(self, message_id: str) -> None:
        self._simulation.now()
        action, asked = self._asked(message_id)
        self._sent.pop(message_id, None)
        with self._simulation.because(asked):
            entry = self._record("connection", f"{action} unanswered", {"id": message_id})
        with self._simulation.exchange(entry):
            self.conversation.timed_out(message_id)
        self._stir()

    def _schedule_ping(self) -> None:
        """The interval may have been changed; a running one is waited for."""
        interval = self.conversation.ping_interval
        if interval <= 0:
            self._stop_pings()
        elif self._pings is None:
            self._pings = self._timing.after(interval, lambda: self._ping(interval))

    def _ping(self, interval: float) -> None:
        self._pings = None
        if self._timing.now() - self._wire.alive_at > self._pong_intervals * interval:
            self._wire.abort("no pong")
            return
        self._wire.ping()
        self._schedule_ping()

    def _stop_pings(self) -> None:
        if self._pings is not None:
            self._pings()
            self._pings = None


def _decoded(text: str) -> Message | None:
    try:
        return decode(text)
    except MessageError:
        return None
