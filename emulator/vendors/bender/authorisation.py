"""Who may charge: tags that are shown, and the transaction that begins with one.

The one rule: a tag begins one transaction; it waits for its car, or the car for its tag, for a limited time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ...core.instant import Instant, later
from ...core.messages import DONE, Outcome, Reason
from ...core.snapshot import Snapshot
from ...devices.wallbox import Wallbox
from .settings import AUTHORISATION_TIMEOUT, AVAILABLE, FREE_CHARGING, WHITELIST, normal
from .transaction import Transaction

UNKNOWN_TAG: Final = Outcome(refused=Reason.UNAUTHORISED, message="the tag is not known")
OTHER_TAG: Final = Outcome(refused=Reason.UNAUTHORISED, message="another tag is charging")
UNAVAILABLE: Final = Outcome(refused=Reason.NOT_NOW, message="the charge point is unavailable")


class Authorisation:
    """The tags and the transaction of one controller."""

    def __init__(self, wallbox: Wallbox, apply: Callable[[], None], changed: Callable[[], None]) -> None:
        """`apply` brings the charger in line; `changed` also tells clients."""
        self._wallbox = wallbox
        self._settings = wallbox.settings
        self._apply = apply
        self._changed = changed
        self.transaction: Transaction | None = None
        self.shown_tag: str | None = None
        """A card that waits for its car."""
        self.finished = False
        """The transaction was stopped, the cable is still in."""
        self.timed_out = False
        """Nobody authorised the car in time."""
        self._silenced: float | None = None
        """Where the meter stood when it fell silent [Wh]; None: it answers."""
        self._waiting = wallbox.timer(self._waited)

    @property
    def active(self) -> bool:
        """Whether a transaction is running."""
        return self.transaction is not None and self.transaction.active

    def deprived(self, now: Snapshot) -> bool:
        """Whether the charger has lost the authorisation it was told of."""
        return self.active and now.authorisations.get(self._wallbox.control.owner("authorisation")) is False

    @property
    def in_service(self) -> bool:
        """Made unavailable during a transaction, it stays in service until that ends. Source: OCPP; ASSUMED here."""
        return self._settings[AVAILABLE] or self.active

    @property
    def free(self) -> bool:
        """Whether a car charges without a tag."""
        return self._settings[FREE_CHARGING] and not self.finished

    @property
    def granted(self) -> bool | None:
        """What the charger is told; None: nothing is asked for."""
        return None if self.free else self.active or self.shown_tag is not None

    def order(self, tag: str | None) -> None:
        """The central system (OCPP) lets a tag charge; None: nobody."""
        if tag is not None and not self.active and self.in_service:
            self.shown_tag, self.finished = normal(tag), False
            self._changed()
        elif tag is None and self.active:
            self._end(finished=True)
            self._changed()

    def authorise(self, shown: str) -> Outcome:
        """A card, or a user id over Modbus: starts, and ends what the same one has started."""
        tag, now = normal(shown), self._wallbox.snapshot()
        if self.deprived(now):
            self._end(finished=True)
            self._apply()
        transaction = self.transaction
        if transaction is not None and transaction.active:
            if transaction.uid == tag:
                self._end(finished=True)
                return self._done()
            if transaction.uid or not self._settings[FREE_CHARGING]:
                return OTHER_TAG
            transaction.uid = tag  # ASSUMED: free charging takes the name of whoever shows a card
            return self._done()
        if self.shown_tag == tag:
            self._forget_tag()
            return self._done()
        if not self._settings[FREE_CHARGING] and tag not in self._settings[WHITELIST]:
            return UNKNOWN_TAG
        if not self.in_service:
            return UNAVAILABLE
        self.shown_tag = tag
        self.finished = False
        if not now.plugged:
            self._wait()
        return self._done()

    def reading(self, now: Snapshot) -> float:
        """Where the meter stands, or stood when it fell silent [Wh]."""
        return now.total_energy if self._silenced is None else self._silenced

    def meter_silent(self, silent: bool) -> None:
        """The meter does not answer any more, or does again."""
        self._silenced = self._wallbox.snapshot().total_energy if silent else None

    def begin_if_allowed(self, now: Snapshot) -> None:
        """Begin the transaction of a car that may charge."""
        allowed = self.free or self.shown_tag is not None
        if now.plugged and not self.active and self.in_service and allowed:
            self.transaction = Transaction(self.shown_tag or "", now.at, self.reading(now))
            self.timed_out = False
            self._forget_tag()

    def await_card(self, now: Snapshot) -> None:
        """A car that may not charge yet waits for its card, once."""
        done = self.active or self.finished or self.timed_out
        if now.plugged and not done and self.in_service and self._waiting.due is None:
            self._wait()

    def plugged(self) -> None:
        self.finished = self.timed_out = False

    def over(self) -> None:
        """The car has gone, or the power has: a running transaction ends."""
        self._end(finished=False)
        self.finished = self.timed_out = False
        self._forget_tag()

    def _end(self, *, finished: bool) -> None:
        transaction = self.transaction
        if transaction is not None and transaction.active:
            now = self._wallbox.snapshot()
            transaction.kept = transaction.energy(self.reading(now))
            transaction.ended = now.at
            self.finished = finished

    def _forget_tag(self) -> None:
        self.shown_tag = None
        self._waiting.clear()

    def _wait(self) -> None:
        simulation = self._wallbox.simulation
        self._waiting.set(later(simulation.at, self._settings[AUTHORISATION_TIMEOUT]))
        simulation.wake()

    def _waited(self, _: Instant) -> None:
        """The car was not authorised, or the card's car did not come."""
        self.timed_out = self._wallbox.snapshot().plugged and not self.active
        self.shown_tag = None
        self._changed()

    def _done(self) -> Outcome:
        self._changed()
        return DONE
