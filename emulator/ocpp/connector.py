"""The connector: who may charge, and what is said about it.

The one rule: every change of state is a row of `TRANSITIONS`; what it entails (a transaction begins or ends, a status
is sent, the charger is allowed something) follows from the states alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ocpp.v16.enums import (
    ChargePointErrorCode,
    ChargePointStatus,
    ConfigurationKey,
    Reason,
)

from ..core.instant import Instant, later
from .authorisation import Authorisation
from .configuration import Configuration
from .messages import folded
from .profiles import VendorProfile
from .reservations import Reservations
from .smart_charging import Allowed, ChargingProfile
from .states import FINISHING, IN_TRANSACTION, STATUS, TRANSITIONS, WAITS_FOR_PLUG, WAITS_FOR_TAG, State, Trigger
from .station import BLOCKED, Allowance, Evse, Memory, Station
from .transactions import Transactions

UNPLUGGED_FOR: Final = 0.1
"""How long the end of a transaction by unplugging is shown [s]. Source: tfocpp."""

HORIZON: Final = 10 * 365 * 86_400
"""s; what is further away never happens."""

NOT_BEFORE_RESERVED: Final = frozenset(
    {ChargePointStatus.preparing, ChargePointStatus.finishing, ChargePointStatus.unavailable}
)
"""From these, table 4.9 of OCPP 1.6 reaches Reserved by way of Available only."""
CHARGING_STATUS: Final = {
    Evse.CHARGING: ChargePointStatus.charging,
    Evse.READY: ChargePointStatus.suspended_ev,
}
"""In a transaction whose tag is accepted; else SuspendedEVSE."""


class Connector:
    """Connector 1."""

    def __init__(
        self,
        profile: VendorProfile,
        configuration: Configuration,
        station: Station,
        memory: Memory,
        transactions: Transactions,
        authorisation: Authorisation,
        reservations: Reservations,
    ) -> None:
        self._profile = profile
        self._configuration = configuration
        self._station = station
        self._memory = memory
        self._transactions = transactions
        self._authorisation = authorisation
        self._reservations = reservations
        self.state = State.IDLE if memory.operative else State.UNAVAILABLE
        self.tag = ""
        """Who charges, or is about to."""
        self._questions = 0
        """Asked so far; only the answer to the last one counts."""
        self.inoperative_next = False
        """Becomes unavailable once the transaction is over."""
        self.allowed: Callable[[], Allowed]
        """What the charging profiles allow now."""
        self.online: Callable[[], bool]
        """Whether there is a central system."""
        self.taken_out_of_service: Callable[[], None]
        """Called when it becomes unavailable after its transaction."""
        self.status_changed: Callable[[ChargePointStatus, ChargePointErrorCode], None]
        self.start_profile: ChargingProfile | None = None
        """What RemoteStartTransaction brought for a transaction of `tag`."""
        self._reason: tuple[Reason | None, str | None] = (None, None)
        """Why, and by which tag, the transaction ends if it ends now."""
        self._timeout = station.simulation.timer(self._timed_out)
        self._tick = station.simulation.timer(self._ticked)
        self._said: tuple[ChargePointStatus, ChargePointErrorCode] | None = None
        self.allowance = BLOCKED
        """What the charger may do."""
        self._told = False
        self._evaluation = station.simulation.timer(lambda _at: self.update())

    @property
    def status(self) -> ChargePointStatus:
        evse = self._station.evse()
        if evse is Evse.FAULTED:
            return ChargePointStatus.faulted
        if self.state in IN_TRANSACTION:
            transaction = self._transactions.running
            valid = transaction is None or transaction.accepted
            suspended = ChargePointStatus.suspended_evse
            return CHARGING_STATUS.get(evse, suspended) if valid else suspended
        if self.state is State.IDLE and self._reservations.current is not None:
            return ChargePointStatus.reserved
        return STATUS[self.state]

    @property
    def plugged(self) -> bool:
        """A vehicle is connected, as far as the state says."""
        return self.state not in (State.IDLE, *WAITS_FOR_PLUG, State.FINISHING_NO_CABLE_UNLOCKED)

    @property
    def error_code(self) -> ChargePointErrorCode:
        faulted = self._profile.error_codes and self._station.evse() is Evse.FAULTED
        return self._station.error_code() if faulted else ChargePointErrorCode.no_error

    @property
    def timeout(self) -> Instant | None:
        """When the wait for a plug or a tag is over."""
        return self._timeout.due

    @property
    def next_evaluation(self) -> Instant | None:
        """When the charging profiles are looked at again."""
        return self._evaluation.due

    def _evaluated(self) -> Allowance:
        """What the charger may do from now on, looked at again when that changes."""
        transaction = self._transactions.running
        if self.state not in IN_TRANSACTION or transaction is None or not transaction.accepted:
            self._evaluation.clear()
            return BLOCKED
        found = self.allowed()
        wait = min((found.until - self._station.calendar()).total_seconds(), self._profile.charging.evaluated_each)
        self._evaluation.set(later(self._station.simulation.at, wait) if wait < HORIZON else None)
        limit = None if self.online() else self._station.offline_limit()
        return Allowance(found.limit if limit is None else limit, True, found.phases)

    # --- what happens ------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Something in the charger may be different."""
        evse = self._station.evse()
        if evse is Evse.UNKNOWN:
            return
        if evse is Evse.NOT_CONNECTED:
            self._fire(Trigger.UNPLUG)
        elif evse is Evse.CONNECTED:  # a vehicle that is offered something already is none of our business
            self._fire(Trigger.PLUG)
        if self.state is State.NO_TAG and (free := self._station.free_tag()) is not None:
            self._expect(free)
            self._fire(Trigger.REMOTE_START)
        self.update()

    def present(self, tag: str) -> None:
        """A card is held to the reader."""
        if self.state in (State.IDLE, State.NO_TAG, State.FINISHING_UNLOCKED):
            if self._reservations.admits(tag, self._authorisation):
                self._expect(tag)
                self._fire(Trigger.TAG)
                self._ask(tag)
            elif self._reservations.may_admit(tag, self._authorisation):
                self._ask_for_parent(tag)
        elif folded(tag) == folded(self.tag):
            self._reason = (Reason.local, tag)
            self._fire(Trigger.SAME_TAG)
        elif self.state is State.TRANSACTION:
            self._fire(Trigger.TAG)
            self._ask(tag)

    def _expect(self, tag: str, profile: ChargingProfile | None = None) -> None:
        """A transaction of this tag is about to begin, with what RemoteStartTransaction brought for it."""
        self.tag, self.start_profile = tag, profile

    def _ask(self, tag: str) -> None:
        self._question(tag, lambda accepted: self._decided(tag, accepted))

    def _ask_for_parent(self, tag: str) -> None:
        """A card at a connector that is kept for a group: whose it is shows in the answer."""

        def decided(accepted: bool) -> None:
            unchanged = (self.state, Trigger.TAG) in TRANSITIONS
            if accepted and unchanged and self._reservations.admits(tag, self._authorisation):
                self._expect(tag)
                self._fire(Trigger.TAG)
                self._fire(Trigger.GRANTED)

        self._question(tag, decided)

    def _question(self, tag: str, decided: Callable[[bool], None]) -> None:
        """Ask about a tag; the answer counts unless another is asked about first."""
        self._questions += 1
        number = self._questions

        def answered(accepted: bool) -> None:
            if number == self._questions:
                decided(accepted)

        self._authorisation.ask(tag, answered)

    def _decided(self, tag: str, accepted: bool) -> None:
        if self.state is State.AUTH_STOP:
            accepted &= self._profile.any_tag_stops or self._authorisation.related(tag, self.tag)
            self._reason = (self._profile.reason_of_other_tag, tag)
        self._fire(Trigger.GRANTED if accepted else Trigger.REFUSED)

    def remote_start(self, tag: str, profile: ChargingProfile | None) -> None:
        """RemoteStartTransaction was accepted: begin."""
        self._expect(tag, profile)
        if self._configuration.flag(ConfigurationKey.authorize_remote_tx_requests):
            if self._fire(Trigger.TAG):
                self._ask(tag)
        else:
            self._begin()

    def _begin(self) -> None:
        """A transaction without a question, by way of Preparing if the vendor shows it."""
        if self.state in FINISHING and not self._profile.skips_statuses:
            self._enter(State.NO_TAG)
        self._fire(Trigger.REMOTE_START)

    def startable(self, *, plugged: bool) -> bool:
        """Whether RemoteStartTransaction can be accepted. `plugged`: only with a vehicle."""
        if (self.state, Trigger.REMOTE_START) not in TRANSITIONS or self.status is ChargePointStatus.faulted:
            return False
        return not plugged or self.state is not State.IDLE

    def stop(self, reason: Reason) -> None:
        """End the transaction, if one is running."""
        self._reason = (reason, self.tag)
        self._fire(Trigger.STOP)

    def confirmed(self) -> None:
        """The central system has answered StartTransaction."""
        transaction = self._transactions.running
        if transaction is None or transaction.accepted:
            return
        if self._configuration.flag(ConfigurationKey.stop_transaction_on_invalid_id):
            self._reason = (Reason.de_authorized, transaction.tag)
            self._fire(Trigger.INVALID)
        self.update()

    def follow_availability(self) -> None:
        """Become available, or not: once the transaction is over."""
        operative = self._memory.operative
        self.inoperative_next = not operative and self.state in IN_TRANSACTION
        if self.inoperative_next:
            return
        if operative and self.state is State.UNAVAILABLE:
            self._enter(State.IDLE)
            self.look()
        elif not operative and self.state is not State.UNAVAILABLE:
            if self.state in WAITS_FOR_PLUG | WAITS_FOR_TAG and not self._profile.skips_statuses:
                self._enter(State.IDLE)
            self._enter(State.UNAVAILABLE)

    def say_status(self) -> None:
        """Say the status even if it is not new."""
        self._said = None
        self.update()

    def shut_down(self) -> None:
        for timer in (self._timeout, self._tick, self._evaluation):
            timer.clear()

    def _fire(self, trigger: Trigger) -> bool:
        """Do what the table says; whether it says anything."""
        new = TRANSITIONS.get((self.state, trigger))
        if new is None or (trigger is Trigger.TIMEOUT and not self._times_out(new)):
            return False
        if trigger is Trigger.UNPLUG:
            self._reason = (Reason.ev_disconnected, self.tag)
        self._enter(new)
        return True

    def _times_out(self, new: State) -> bool:
        """Plugged without a tag, most boxes go on waiting."""
        return new is State.IDLE or self._profile.unused_finishes

    def _enter(self, new: State) -> None:
        before, self.state = self.state, new
        if before in IN_TRANSACTION and new not in IN_TRANSACTION:
            self._transactions.stop(*self._reason)
            if self.inoperative_next and new is not State.FINISHING_NO_CABLE_UNLOCKED:
                self._become_unavailable()
        elif new in IN_TRANSACTION and before not in IN_TRANSACTION:
            self._transactions.start(self.tag, self._reservations.use(self.tag, self._authorisation))
        if new is State.FINISHING_NO_CABLE_UNLOCKED:
            self._tick.set(later(self._station.simulation.at, UNPLUGGED_FOR))
        self._wait(before)
        self.update()

    def _become_unavailable(self) -> None:
        self.inoperative_next = False
        self.state = State.UNAVAILABLE
        self.taken_out_of_service()

    def _wait(self, before: State) -> None:
        """Run ConnectionTimeOut in the states that wait, from the beginning of each wait."""
        for waiting in (WAITS_FOR_PLUG, WAITS_FOR_TAG):
            if self.state in waiting:
                if before not in waiting:
                    limit = self._configuration.integer(ConfigurationKey.connection_time_out, 60)
                    self._timeout.set(later(self._station.simulation.at, limit))
                return
        self._timeout.clear()

    def _timed_out(self, _: Instant) -> None:
        self._fire(Trigger.TIMEOUT)

    def _ticked(self, _: Instant) -> None:
        if self.inoperative_next:
            self._become_unavailable()
            self.update()
        else:
            self._fire(Trigger.TICK)
        self.look()

    def update(self) -> None:
        """Say the status if it is new, and let the charger do what it may."""
        said = self.status, self.error_code
        if said != self._said:
            before, self._said = self._said, said
            if said[0] is ChargePointStatus.reserved and before is not None and before[0] in NOT_BEFORE_RESERVED:
                self.status_changed(ChargePointStatus.available, said[1])
            self.status_changed(*said)
        allowance = self._evaluated()
        if allowance != self.allowance or not self._told:
            self.allowance, self._told = allowance, True
            self._station.allow(allowance)
