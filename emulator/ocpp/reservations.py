"""The reservation of the connector: at most one, until it expires or is used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ..core.instant import Instant, later
from .authorisation import Authorisation
from .messages import folded
from .station import Station


@dataclass(frozen=True, slots=True)
class Reservation:
    """A connector kept free for a tag."""

    id: int
    tag: str
    parent: str | None
    """Of the tags that may use it as well."""
    expires: datetime


class Reservations:
    """The reservation of one connector."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self.current: Reservation | None = None
        self.changed: Callable[[], None] = lambda: None
        self._expiry = station.simulation.timer(self._expired)

    def make(self, reservation: Reservation) -> None:
        """Keep the connector free; the same id again replaces the reservation."""
        self.current = reservation
        wait = (reservation.expires - self._station.calendar()).total_seconds()
        self._expiry.set(later(self._station.simulation.at, max(0.0, wait)))
        self.changed()

    def cancel(self, reservation_id: int) -> bool:
        """Whether there was one of that id."""
        if self.current is None or self.current.id != reservation_id:
            return False
        self._end()
        return True

    def admits(self, tag: str, authorisation: Authorisation) -> bool:
        """Whether a tag may use the connector, by what is known of it."""
        kept = self.current
        if kept is None or authorisation.related(tag, kept.tag):
            return True
        return kept.parent is not None and authorisation.group(tag) == folded(kept.parent)

    def may_admit(self, tag: str, authorisation: Authorisation) -> bool:
        """Whether the connector is kept for a group, and it is not known whether a tag is of it."""
        return self.current is not None and self.current.parent is not None and authorisation.known(tag) is None

    def use(self, tag: str, authorisation: Authorisation) -> int | None:
        """A transaction begins: the id of the reservation it was made for."""
        kept = self.current
        if kept is None or not self.admits(tag, authorisation):
            return None
        self.current = None
        self._expiry.clear()
        return kept.id

    def shut_down(self) -> None:
        self._expiry.clear()

    def _expired(self, _: Instant) -> None:
        self._end()

    def _end(self) -> None:
        self.current = None
        self._expiry.clear()
        self.changed()
