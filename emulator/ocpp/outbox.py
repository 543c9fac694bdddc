"""What a charge point has to say to the central system, and in which order.

The one rule: one call is in flight at a time; what belongs to a transaction is kept and repeated until it is taken,
everything else is dropped when it cannot be sent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from ..core.instant import later
from ..devices.interfaces.ocpp import Call, CallError, CallResult, Link, Payload
from ..runtime.simulation import Simulation

if TYPE_CHECKING:
    from .transactions import Transaction

METER_VALUES: Final = "MeterValues"

Class = Literal["boot", "transaction", "status", "other"]
"""Of a request: `boot` is sent before the charge point is accepted, the others in this order; before that, what was
asked for by TriggerMessage counts as `boot`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRules:
    """How much a vendor keeps."""

    transactions: int = 5
    """Messages of transactions that wait; one more drops the oldest MeterValues, never a start or stop."""
    statuses: int = 6
    others: int = 6


@dataclass(slots=True, kw_only=True, eq=False)
class Request:
    """A call of the charge point, from the moment it was decided on."""

    id: str
    action: str
    payload: Callable[[], Payload]
    """Asked when it is sent: a transaction may have got its id meanwhile."""
    done: Callable[[Payload | None], None]
    """Told the answer; None: refused, or there is none."""
    urgency: Class
    refusals: int = 0
    transaction: Transaction | None = None
    """What it is about, where that is kept."""

    @property
    def droppable(self) -> bool:
        return self.action == METER_VALUES


@dataclass(slots=True, kw_only=True)
class Numbering:
    """The ids of a charge point's calls."""

    next: int = 0

    def take(self) -> str:
        number, self.next = self.next, self.next + 1
        return str(number)


def _ignore(_: Payload | None) -> None:
    """Nobody waits for this answer."""


@dataclass(slots=True, kw_only=True)
class Retry:
    """When a message of a transaction is repeated."""

    interval: Callable[[], int]
    """TransactionMessageRetryInterval [s]"""
    attempts: Callable[[], int]
    """TransactionMessageAttempts"""


@dataclass(slots=True, kw_only=True)
class Kept:
    """What survives a reboot."""

    numbering: Numbering = field(default_factory=Numbering)
    transactions: deque[Request] = field(default_factory=deque)
    """Messages of transactions that wait, oldest first."""

    def renumber(self, first: int) -> None:
        """Ids begin again after those of the messages that were kept."""
        self.numbering.next = max([first, *(int(request.id) + 1 for request in self.transactions)])


class Outbox:
    """The queues of one charge point and the call in flight."""

    def __init__(self, simulation: Simulation, kept: Kept, rules: QueueRules, retry: Retry) -> None:
        self._simulation = simulation
        self._rules = rules
        self._retry = retry
        self._kept = kept
        self._boots: deque[Request] = deque()
        self._statuses: deque[Request] = deque()
        self._others: deque[Request] = deque()
        self._link: Link | None = None
        self.in_flight: Request | None = None
        self.accepted = False
        """The central system has accepted the charge point: it may say more than BootNotification."""
        self.retry_timer = simulation.timer(lambda _at: self._flush())
        self._triggered = False
        """What is being said was asked for by TriggerMessage."""
        self.statuses_first = False
        """Statuses before what has been kept of transactions: right after the charge point is accepted."""
        self.emptied: Callable[[], None] = lambda: None
        """Called when no message of a transaction waits any more."""

    @property
    def online(self) -> bool:
        """The central system can be asked something."""
        return self._link is not None and self.accepted

    @property
    def transactions_waiting(self) -> int:
        """Messages of transactions in the queue; the one in flight does not count."""
        return len(self._kept.transactions)

    @property
    def statuses_waiting(self) -> int:
        return len(self._statuses)

    @property
    def others_waiting(self) -> int:
        return len(self._others)

    @property
    def settled(self) -> bool:
        """Every message of a transaction is taken or given up."""
        flying = self.in_flight is not None and self.in_flight.urgency == "transaction"
        return not self._kept.transactions and not flying

    def put(
        self,
        action: str,
        payload: Payload | Callable[[], Payload],
        done: Callable[[Payload | None], None] = _ignore,
        urgency: Class = "other",
        transaction: Transaction | None = None,
    ) -> None:
        """Have something to say."""
        if self._triggered and not self.accepted and (urgency != "transaction" or action == METER_VALUES):
            urgency = "boot"
        if urgency in ("status", "other") and (self._link is None or not self.accepted):
            done(None)
            return
        made = payload if callable(payload) else lambda: payload
        request = Request(
            id=self._kept.numbering.take(),
            action=action,
            payload=made,
            done=done,
            urgency=urgency,
            transaction=transaction,
        )
        match urgency:
            case "boot":
                self._boots.append(request)
            case "transaction":
                self._keep(request)
            case "status":
                self._append(self._statuses, request, self._rules.statuses)
            case "other":
                self._append(self._others, request, self._rules.others)
        self._flush()

    def triggered(self, say: Callable[[], None]) -> None:
        """Say what TriggerMessage asks for: OCPP 1.6, 4.2, has it sent by a charge point that is Pending, too."""
        self._triggered = True
        say()
        self._triggered = False

    def _append(self, queue: deque[Request], request: Request, longest: int) -> None:
        queue.append(request)
        if len(queue) > longest:
            queue.popleft().done(None)

    def _keep(self, request: Request) -> None:
        queue = self._kept.transactions
        queue.append(request)
        if len(queue) > self._rules.transactions:
            oldest = next((waiting for waiting in queue if waiting.droppable), None)
            if oldest is not None:
                queue.remove(oldest)

    # --- the connection ----------------------------------------------------------------------------------------------

    def connected(self, link: Link) -> None:
        self._link = link
        self._flush()

    def lost(self) -> None:
        """The connection is gone: what is not of a transaction goes with it."""
        self._link = None
        self.retry_timer.clear()
        flying, self.in_flight = self.in_flight, None
        dropped = [*self._boots, *self._statuses, *self._others]
        for queue in (self._boots, self._statuses, self._others):
            queue.clear()
        if flying is not None and flying.urgency == "transaction":
            self._kept.transactions.appendleft(flying)
        elif flying is not None:
            dropped.insert(0, flying)
        for request in dropped:
            request.done(None)

    def shut_down(self) -> None:
        """The charge point loses its memory: starts and stops of transactions survive, meter values do not."""
        self.lost()
        kept = [request for request in self._kept.transactions if not request.droppable]
        self._kept.transactions.clear()
        self._kept.transactions.extend(kept)

    # --- answers -----------------------------------------------------------------------------------------------------

    def answered(self, answer: CallResult | CallError) -> bool:
        """The central system answered; False: to something that nobody asked."""
        request = self.in_flight
        if request is None or request.id != answer.id:
            return False
        self.in_flight = None
        if isinstance(answer, CallResult):
            request.done(answer.payload)
        else:
            self._refused(request)
        self._flush()
        return True

    def _refused(self, request: Request) -> None:
        request.refusals += 1
        if request.urgency == "transaction" and request.refusals < self._retry.attempts():
            self._repeat(request, self._retry.interval() * request.refusals)
        else:
            request.done(None)

    def timed_out(self, message_id: str) -> None:
        """No answer in time."""
        request = self.in_flight
        if request is None or request.id != message_id:
            return
        self.in_flight = None
        if request.urgency == "transaction":
            self._repeat(request, self._retry.interval())
        else:
            request.done(None)
        self._flush()

    def _repeat(self, request: Request, after: float) -> None:
        self._kept.transactions.appendleft(request)
        self.retry_timer.set(later(self._simulation.at, after))

    def _flush(self) -> None:
        """Send what is next, if something may be sent."""
        if self._link is None or self.in_flight is not None:
            return
        request = self._next()
        if request is None:
            if self.settled:
                self.emptied()
            return
        self.in_flight = request
        self._link.put(Call(id=request.id, action=request.action, payload=request.payload()))

    def _next(self) -> Request | None:
        if self._boots:
            return self._boots.popleft()
        if not self.accepted:
            return None
        if self.statuses_first and self._statuses:
            return self._statuses.popleft()
        self.statuses_first = False
        if self._kept.transactions and self.retry_timer.due is None:
            return self._kept.transactions.popleft()
        for queue in (self._statuses, self._others):
            if queue:
                return queue.popleft()
        return None
