"""One client at one interface of one wallbox: what it asked, was told and wrote, and how fast it reacted.

The one rule: a client can know what it has read or was sent since, and nothing else; only then it owes a reaction.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ..core.instant import SECOND, Instant, seconds
from .entries import has_read, point_of, values_written, went_wrong
from .run import Statistics
from .selectors import value_selector

if TYPE_CHECKING:
    from ..runtime.journal import Entry

READBACK: Final = 30 * SECOND
"""A reading within this time after a write counts as reading the value back."""
MOST_CONNECTIONS: Final = 65_536
NONE: Final = "none"
"""Instead of a reaction time: it could have known, and did nothing about it."""


@dataclass(slots=True)
class Contact:
    """One client on one interface of one wallbox."""

    client: str
    agent: str | None
    wallbox: str
    interface: str
    requests: int = 0
    pushes: int = 0
    intervals: Statistics = field(default_factory=Statistics)
    client_intervals: Statistics = field(default_factory=Statistics)
    """The same in the client's own time, where there is a wall clock."""
    first: Instant | None = None
    latest: Instant = 0
    wall: float | None = None
    requested: Instant | None = None
    """Its last request."""
    writes: int = 0
    refused: int = 0
    repeated: int = 0
    read_back: int = 0
    errors: int = 0
    connections: set[str] = field(default_factory=set)
    reopened: int = 0
    reactions: dict[str, Statistics] = field(default_factory=dict)
    written: dict[str, object] = field(default_factory=dict)
    noticed: dict[str, Statistics] = field(default_factory=dict)
    """From an event to the next reading or push, which can have told it."""
    owed: dict[str, Instant] = field(default_factory=dict)
    """Events that it can know of and has not reacted to."""
    unseen: dict[str, Instant] = field(default_factory=dict)
    """Events that it cannot know of yet."""
    unread: dict[str, Instant] = field(default_factory=dict)
    """Written values not read back yet."""

    def happened(self, what: str, at: Instant) -> None:
        """Something it may react to."""
        if what not in self.owed:
            self.unseen.setdefault(what, at)

    def asked(self, entry: Entry, *, reading: bool) -> None:
        """It sent a request."""
        self.requests += 1
        self.errors += went_wrong(entry)
        if self.requested is not None:
            self.intervals.add(seconds(entry.at - self.requested))
        if self.wall is not None and entry.wall is not None:
            self.client_intervals.add(max(0.0, entry.wall - self.wall))
        self.requested, self.wall = entry.at, entry.wall
        self._touch(entry)
        if entry.client is not None and entry.client not in self.connections:
            self.reopened += bool(self.connections)
            if len(self.connections) < MOST_CONNECTIONS:
                self.connections.add(entry.client)
        if reading:
            self._told(entry)

    def pushed(self, entry: Entry) -> None:
        """It was sent something unasked."""
        self.pushes += 1
        self._touch(entry)
        self._told(entry)

    def _touch(self, entry: Entry) -> None:
        if self.first is None:
            self.first = entry.at
        self.latest = entry.at

    def _told(self, entry: Entry) -> None:
        """It has new values: it can know what has happened, and what it wrote."""
        for what, since in self.unseen.items():
            self.noticed.setdefault(what, Statistics()).add(seconds(entry.at - since))
            self.owed.setdefault(what, since)
        self.unseen.clear()
        for name, at in tuple(self.unread.items()):
            if entry.at - at > READBACK:
                del self.unread[name]
            elif has_read(value_selector(self.wallbox, name), entry):
                self.read_back += 1
                del self.unread[name]

    def wrote(self, entry: Entry) -> None:
        """It wrote a value."""
        name = point_of(entry)
        value = values_written(entry)[name]
        self.writes += 1
        self.refused += entry.detail.get("ok") is False
        self.repeated += name in self.written and self.written[name] == value
        self.written[name] = value
        self.unread[name] = entry.at

    def react(self, at: Instant) -> None:
        """It did something about the charging: that is its reaction to what it knows and has not answered yet."""
        for what, since in self.owed.items():
            self.reactions.setdefault(what, Statistics()).add(seconds(at - since))
        self.owed.clear()

    def as_json(self, ended_at: Instant) -> dict[str, object]:
        hours = seconds(ended_at) / 3600
        silence = max(self.intervals.most, seconds(max(0, ended_at - self.latest)))
        reactions: dict[str, object] = {what: NONE for what in self.owed if what not in self.reactions}
        return {
            "client": self.client,
            "agent": self.agent,
            "wallbox": self.wallbox,
            "interface": self.interface,
            "requests": self.requests,
            "pushes": self.pushes,
            "poll_interval": self.intervals.as_json(),
            "poll_interval_of_client": self.client_intervals.as_json(),
            "requests_per_hour": round(self.requests / hours, 3) if hours else None,
            "writes": self.writes,
            "writes_per_hour": round(self.writes / hours, 3) if hours else None,
            "writes_refused": self.refused,
            "writes_repeated": self.repeated,
            "writes_read_back": self.read_back,
            "errors": self.errors,
            "connections": len(self.connections),
            "connections_reopened": self.reopened,
            "first_contact": None if self.first is None else round(seconds(self.first), 6),
            "last_contact": round(seconds(self.latest), 6),
            "longest_silence": round(silence, 6),
            "noticed": {what: measured.as_json() for what, measured in self.noticed.items()},
            "reactions": reactions | {what: measured.as_json() for what, measured in self.reactions.items()},
            "unanswered": sorted(self.owed),
        }
