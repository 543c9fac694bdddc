"""The transaction of a connector: begun, confirmed, ended, or cut off by a reboot.

The one rule: whatever happens to the connection, each transaction that was begun is told of exactly once, and so is
its end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ocpp.v16.enums import AuthorizationStatus, Reason

from ..devices.interfaces.ocpp import Payload
from .messages import text_in
from .outbox import Outbox
from .profiles import VendorProfile
from .station import Memory, Station

UNCONFIRMED: Final = -1
"""The transaction id before the central system has given one. Source: tfocpp; captures of go-e."""


@dataclass(slots=True, kw_only=True, eq=False)
class Transaction:
    """One transaction."""

    tag: str
    started: datetime
    meter_start: int
    """Wh"""
    id: int | None = None
    """None: not confirmed."""
    accepted: bool = True
    """What the central system says of the tag; True until it has said something."""

    def answered(self, answer: Payload) -> Payload | None:
        """The answer to its start; its `idTagInfo`, None: the answer is none."""
        number, info = answer.get("transactionId"), answer.get("idTagInfo")
        if not isinstance(number, int) or not isinstance(info, dict):
            return None
        self.id = number
        self.accepted = text_in(info, "status") == AuthorizationStatus.accepted
        return info

    @property
    def number(self) -> int:
        """The id as it is sent."""
        return UNCONFIRMED if self.id is None else self.id


class Transactions:
    """Begins and ends the transactions of the one connector."""

    def __init__(self, profile: VendorProfile, station: Station, outbox: Outbox, memory: Memory) -> None:
        self._profile = profile
        self._station = station
        self._outbox = outbox
        self._memory = memory
        self.confirmed: Callable[[Transaction, Payload], None] = lambda _transaction, _info: None
        """Called with the `idTagInfo` of the answer to a start."""
        self.begun: Callable[[], None] = lambda: None
        self.ended: Callable[[], None] = lambda: None

    @property
    def running(self) -> Transaction | None:
        return self._memory.running

    def start(self, tag: str, reservation: int | None = None) -> None:
        """A transaction begins."""
        transaction = Transaction(tag=tag, started=self._station.calendar(), meter_start=self._register())
        self._memory.running = transaction
        self._outbox.put(
            "StartTransaction",
            {
                "connectorId": 1,
                "idTag": tag,
                "meterStart": transaction.meter_start,
                **({} if reservation is None else {"reservationId": reservation}),
                "timestamp": self._now(),
            },
            lambda answer: self._answered(transaction, answer),
            "transaction",
            transaction,
        )
        self.begun()

    def _answered(self, transaction: Transaction, answer: Payload | None) -> None:
        info = None if answer is None else transaction.answered(answer)
        if info is not None:
            self.confirmed(transaction, info)

    def stop(self, reason: Reason | None, tag: str | None) -> None:
        """The running transaction ends. `tag`: whoever ended it; `reason` None: left out."""
        transaction, self._memory.running = self._memory.running, None
        if transaction is None:
            return
        meter_stop, now = self._register(), self._now()

        def payload() -> Payload:
            return {
                **({} if tag is None else {"idTag": tag}),
                "meterStop": meter_stop,
                "timestamp": now,
                "transactionId": transaction.number,
                **({} if reason is None else {"reason": reason}),
            }

        self._outbox.put("StopTransaction", payload, urgency="transaction", transaction=transaction)
        self.ended()

    def _register(self) -> int:
        """Whole Wh, as a register counts them."""
        return int(self._station.snapshot().total_energy)

    def _now(self) -> str:
        return self._profile.time(self._station.calendar())
