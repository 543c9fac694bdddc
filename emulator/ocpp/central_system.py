"""A small central system for demonstrations: it takes every charge point, and can be told to send every call.

The one rule: sans I/O and deterministic; it answers at once, and its time is the simulation's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from ocpp.v16.enums import Action, AuthorizationStatus, DataTransferStatus, RegistrationStatus

from ..devices.interfaces.ocpp import Call, CallError, CallResult, Message, Payload
from .clock import plain_time
from .messages import folded, text_in
from .schemas import known, violation

Answered = Callable[[CallResult | CallError], None]
PATIENCE: Final = timedelta(seconds=30)
"""How long a call waits for its answer before the next one is sent all the same."""
NOTHING: Final[Payload] = {}
REMEMBERED: Final = 20
"""Calls that are kept of a charge point, with their answers."""


def _ignore(_: CallResult | CallError) -> None:
    """Nobody waits for this answer."""


@dataclass(kw_only=True)
class Policy:
    """How the central system behaves."""

    registration: RegistrationStatus = RegistrationStatus.accepted
    heartbeat: int = 300
    """Interval it asks for [s]."""
    tags: Mapping[str, AuthorizationStatus] | None = None
    """Tags it knows; others are Invalid. None: it accepts every tag."""
    clock_error: timedelta = timedelta()
    """How much its clock is fast."""
    silent: frozenset[str] = frozenset()
    """Actions that it never answers."""
    refused: frozenset[str] = frozenset()
    """Actions that it answers with CALLERROR InternalError."""
    same_ids: bool = False
    """Each of its calls has the same id."""

    def status(self, tag: str) -> AuthorizationStatus:
        if self.tags is None:
            return AuthorizationStatus.accepted
        known = {folded(name): status for name, status in self.tags.items()}
        return known.get(folded(tag), AuthorizationStatus.invalid)


@dataclass(kw_only=True)
class ServedTransaction:
    """A transaction as the central system knows it."""

    id: int
    tag: str
    meter_start: int
    """Wh"""
    meter_stop: int | None = None
    reason: str | None = None


@dataclass(kw_only=True)
class Exchange:
    """A call and its answer."""

    at: datetime
    """When the central system sent or received the call."""
    own: bool
    """The central system called."""
    call: Call
    answer: CallResult | CallError | None = None
    """None: it has not come, or it will never be given."""


@dataclass(kw_only=True)
class Served:
    """What the central system knows of one charge point; kept over connections."""

    boot: Payload = field(default_factory=dict)
    statuses: dict[int, str] = field(default_factory=dict)
    """By connector."""
    transactions: dict[int, ServedTransaction] = field(default_factory=dict)
    meter_values: Payload = field(default_factory=dict)
    """The last ones."""
    exchanges: deque[Exchange] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    """The last ones of both sides, oldest first."""

    @property
    def running(self) -> ServedTransaction | None:
        """The transaction that was begun last and is not over."""
        return next((found for found in reversed(self.transactions.values()) if found.meter_stop is None), None)


class CentralSystem:
    """Knows the charge points that have connected."""

    def __init__(self, clock: Callable[[], datetime], policy: Policy | None = None) -> None:
        self.clock = clock
        self.policy = policy if policy is not None else Policy()
        self.served: dict[str, Served] = {}
        self.sessions: dict[str, Session] = {}
        """Open connections by identity."""
        self.asking: set[Session] = set()
        """Connections on which a call of its own waits for its answer."""
        self.stirred: Callable[[], None] = lambda: None
        """Called when an answer has come, or will not come any more."""
        self.dropped: Callable[[], None] = lambda: None
        """Called when it has ended every connection."""
        self.up = True
        """False: nobody is let in. See `go_down`."""
        self._transactions = 0

    def connect(
        self, identity: str, put: Callable[[Message], None], drop: Callable[[], None] = lambda: None
    ) -> Session:
        """A charge point has connected; an older connection of it counts no more. `drop`: ends the connection."""
        session = Session(self, self.served.setdefault(identity, Served()), put, drop)
        self.sessions[identity] = session
        return session

    def disconnect(self, identity: str, session: Session) -> None:
        """A connection has ended."""
        session.give_up()
        if self.sessions.get(identity) is session:
            del self.sessions[identity]

    def go_down(self) -> None:
        """End every connection, and let nobody in until `up` is True again."""
        self.up = False
        self.drop_all()

    def drop_all(self) -> None:
        """End every connection: it was restarted. What it knows of charge points is kept."""
        for session in tuple(self.sessions.values()):
            session.drop()
        self.dropped()

    def call(self, identity: str, action: str, payload: Payload, done: Answered = _ignore) -> None:
        """Send a call. KeyError if the charge point is not connected."""
        self.sessions[identity].call(action, payload, done)

    def next_transaction(self) -> int:
        self._transactions += 1
        return self._transactions


class Session:
    """One connection of a charge point."""

    def __init__(
        self, system: CentralSystem, served: Served, put: Callable[[Message], None], drop: Callable[[], None]
    ) -> None:
        self.drop = drop
        self._system = system
        self._served = served
        self._put = put
        self._waiting: deque[tuple[Call, Answered]] = deque()
        self._in_flight: tuple[Exchange, Answered] | None = None
        self._asked_at = system.clock()
        self._calls = 0
        self._handlers: Mapping[str, Callable[[Payload], Payload]] = {
            Action.authorize: lambda asked: {"idTagInfo": {"status": self._status(asked)}},
            Action.boot_notification: self._boot,
            Action.data_transfer: lambda _asked: {"status": DataTransferStatus.accepted},
            Action.diagnostics_status_notification: lambda _asked: NOTHING,
            Action.firmware_status_notification: lambda _asked: NOTHING,
            Action.heartbeat: lambda _asked: {"currentTime": self._now()},
            Action.meter_values: self._meter_values,
            Action.start_transaction: self._start,
            Action.status_notification: self._status_notification,
            Action.stop_transaction: self._stop,
        }

    def call(self, action: str, payload: Payload, done: Answered = _ignore) -> None:
        """Send a call, after those that are not answered."""
        if self._in_flight is not None and self._system.clock() - self._asked_at > PATIENCE:
            self._in_flight = None
        self._calls += 0 if self._system.policy.same_ids and self._calls else 1
        self._waiting.append((Call(id=f"cs{self._calls}", action=action, payload=payload), done))
        self._send_next()

    def received(self, message: Message) -> None:
        """The charge point said something."""
        if isinstance(message, Call):
            exchange = self._exchange(message, own=False)
            if message.action not in self._system.policy.silent:
                exchange.answer = self._answer(message)
                self._put(exchange.answer)
        elif self._in_flight is not None and self._in_flight[0].call.id == message.id:
            exchange, done = self._in_flight
            exchange.answer = message
            self._in_flight = None
            self._system.asking.discard(self)
            done(message)
            self._send_next()
            self._system.stirred()

    def _send_next(self) -> None:
        if self._in_flight is None and self._waiting:
            call, done = self._waiting.popleft()
            self._in_flight = self._exchange(call, own=True), done
            self._asked_at = self._system.clock()
            self._system.asking.add(self)
            self._put(call)

    def _exchange(self, call: Call, *, own: bool) -> Exchange:
        exchange = Exchange(at=self._system.clock(), own=own, call=call)
        self._served.exchanges.append(exchange)
        return exchange

    def give_up(self) -> None:
        """Wait for no answer any longer."""
        self._in_flight = None
        self._waiting.clear()
        if self in self._system.asking:
            self._system.asking.discard(self)
            self._system.stirred()

    def _answer(self, asked: Call) -> CallResult | CallError:
        if asked.action in self._system.policy.refused:
            return CallError(id=asked.id, code="InternalError", description="refused as it was told to")
        handler = self._handlers.get(asked.action)
        if handler is None:
            code = "NotImplemented" if known(asked.action) else "NotSupported"
            return CallError(id=asked.id, code=code)
        wrong = violation(asked.action, asked.payload)
        if wrong is not None:
            return CallError(id=asked.id, code=wrong.code, description=wrong.description)
        return CallResult(id=asked.id, payload=handler(asked.payload))

    def _now(self) -> str:
        return plain_time(self._system.clock() + self._system.policy.clock_error)

    def _status(self, asked: Payload) -> AuthorizationStatus:
        return self._system.policy.status(text_in(asked, "idTag"))

    def _boot(self, asked: Payload) -> Payload:
        self._served.boot = asked
        policy = self._system.policy
        return {"status": policy.registration, "currentTime": self._now(), "interval": policy.heartbeat}

    def _status_notification(self, asked: Payload) -> Payload:
        self._served.statuses[_number(asked, "connectorId")] = text_in(asked, "status")
        return NOTHING

    def _meter_values(self, asked: Payload) -> Payload:
        self._served.meter_values = asked
        return NOTHING

    def _start(self, asked: Payload) -> Payload:
        number = self._system.next_transaction()
        self._served.transactions[number] = ServedTransaction(
            id=number, tag=text_in(asked, "idTag"), meter_start=_number(asked, "meterStart")
        )
        return {"transactionId": number, "idTagInfo": {"status": self._status(asked)}}

    def _stop(self, asked: Payload) -> Payload:
        found = self._served.transactions.get(_number(asked, "transactionId"))
        if found is not None:
            found.meter_stop = _number(asked, "meterStop")
            found.reason = text_in(asked, "reason") or None
        return {"idTagInfo": {"status": self._status(asked)}} if "idTag" in asked else NOTHING


def _number(payload: Payload, name: str) -> int:
    value = payload.get(name)
    return value if isinstance(value, int) else 0
