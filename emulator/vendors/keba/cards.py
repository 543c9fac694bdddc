"""Cards that authorise: shown to the reader, sent by a client, or accepted by the central system.

The one rule: one card at a time; it is forgotten with the session that it started.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ...core.instant import Instant, later
from ...core.messages import DONE, Outcome, Reason
from ...devices.wallbox import Wallbox
from .build import Build
from .entries import NO_CLASS, NO_TAG
from .sessions import CARD, DEFAULT_CLASS, SessionLog
from .settings import AUTHORISATION, WHITELIST, tag

CARD_WAITS: Final = 60.0
"""How long a shown card waits for its car [s]. ASSUMED."""
NOT_NOW: Final = Outcome(refused=Reason.NOT_NOW, message="not in this state")


class Cards:
    """The card reader and its whitelist."""

    def __init__(
        self,
        wallbox: Wallbox,
        build: Build,
        log: SessionLog,
        com_up: Callable[[], bool],
        changed: Callable[[], None],
    ) -> None:
        self._wallbox = wallbox
        self._build = build
        self._com_up = com_up
        self._settings = wallbox.settings
        self._log = log
        self._changed = changed
        self.card: tuple[str, str] | None = None
        """Tag and class that authorise."""
        self._timer = wallbox.timer(self._over)

    @property
    def authorisation_on(self) -> bool:
        """`AuthON`. A c-series asks for cards as soon as it knows one, the others by a setting of their own."""
        traits, settings = self._build.traits, self._settings
        if not traits.rfid:
            return False
        return settings[AUTHORISATION] if traits.series != "c" and self._com_up() else bool(settings[WHITELIST])

    @property
    def authorisation_missing(self) -> bool:
        """`Authreq`"""
        return self.authorisation_on and self.card is None

    def authorise(self, card: str, card_class: str = DEFAULT_CLASS) -> Outcome:
        """A card, or `start`: it has to be in the whitelist."""
        if not self.authorisation_on:
            return NOT_NOW
        if card not in self._settings[WHITELIST]:
            return Outcome(refused=Reason.UNAUTHORISED, message="not in the whitelist")
        if self.card is not None:
            return NOT_NOW
        self.card = (card, card_class)
        if self._wallbox.snapshot().plugged:
            self.begin_session()
        else:
            simulation = self._wallbox.simulation
            self._timer.set(later(simulation.at, CARD_WAITS))
            simulation.wake()
        self._changed()
        return DONE

    def withdraw(self, card: str | None = None) -> Outcome:
        """`stop`, or the same card again. Another card than the one that started ends nothing."""
        if self.card is None or card not in (None, self.card[0]):
            return NOT_NOW
        self.forget()
        self._log.end(CARD)
        self._changed()
        return DONE

    def present(self, card: str) -> Outcome:
        """A card at the reader: starts, and ends what it has started."""
        try:
            number = tag(card)
        except ValueError as error:
            return Outcome(refused=Reason.INVALID, message=str(error))
        if not self._build.traits.rfid:
            return Outcome(detail={"ignored": "no card reader"})
        return self.withdraw(number) if self.card is not None else self.authorise(number)

    def order(self, card: str | None) -> None:
        """The central system (OCPP) lets a card charge; None: nobody."""
        if not self.authorisation_on:
            return
        if card is not None and self.card is None:
            self.card = (card, DEFAULT_CLASS)
            if self._wallbox.snapshot().plugged:
                self.begin_session()
            self._changed()
        elif card is None and self.card is not None:
            self.withdraw()

    def plugged(self) -> None:
        """The car has come: a card waits no longer."""
        if not self.authorisation_missing:
            self.begin_session()
        self._timer.clear()

    def begin_session(self) -> None:
        card, card_class = self.card or (NO_TAG, NO_CLASS)
        self._log.begin(card, card_class)

    def forget(self) -> None:
        self.card = None
        self._timer.clear()

    def _over(self, _: Instant) -> None:
        self.forget()
        self._changed()
