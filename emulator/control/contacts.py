"""Who talks to the wallboxes: every client that was seen since the start, and what it asked last.

The one rule: one dictionary entry per client and interface, bounded; nothing is searched for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..core.instant import Instant, seconds
from ..verdict.entries import host_of, went_wrong

if TYPE_CHECKING:
    from ..runtime.journal import Entry, Journal

MOST: Final = 2_000
"""Clients remembered; the one that was silent longest goes first."""
COUNTED: Final = frozenset({"request", "write", "connection"})
OWN: Final = frozenset({"scenario", "somebody else", "embedded"})
"""What steps call themselves, and the emulator's own central system."""


@dataclass(slots=True)
class Contact:
    """One client at one interface of a wallbox."""

    requests: int = 0
    writes: int = 0
    errors: int = 0
    last: str = ""
    """What it asked or wrote last."""
    at: Instant = 0
    wall: float | None = None


class Contacts:
    """Every client that was seen."""

    def __init__(self, journal: Journal) -> None:
        self.attach(journal)

    def attach(self, journal: Journal) -> None:
        """Follow this journal (a reset brings a new one)."""
        self._seen: dict[tuple[str, str, str, str | None], Contact] = {}
        journal.listen(self._heard)

    def _heard(self, entry: Entry) -> None:
        if entry.kind not in COUNTED or entry.client is None or entry.client in OWN or entry.wallbox is None:
            return
        who = entry.who or host_of(entry.client)
        key = (f"{entry.charger}.{entry.wallbox}", entry.interface or "", who, entry.agent)
        contact = self._seen.pop(key, None) or Contact()
        self._seen[key] = contact  # the newest is last
        if len(self._seen) > MOST:
            del self._seen[next(iter(self._seen))]
        contact.at, contact.wall = entry.at, entry.wall
        if entry.kind == "connection":
            return
        contact.requests += entry.kind == "request"
        contact.writes += entry.kind == "write"
        contact.errors += went_wrong(entry)
        contact.last = entry.name

    def count(self) -> dict[str, int]:
        """How many different clients each charger has."""
        found: dict[str, set[tuple[str, str | None]]] = {}
        for wallbox, _, who, agent in self._seen:
            found.setdefault(wallbox.partition(".")[0], set()).add((who, agent))
        return {charger: len(clients) for charger, clients in found.items()}

    @property
    def different(self) -> int:
        """How many different clients there are, wherever they were."""
        return len({(who, agent) for _, _, who, agent in self._seen})

    def listed(self) -> list[dict[str, object]]:
        """Every client, the one seen last first."""
        return [
            {
                "wallbox": wallbox,
                "interface": interface,
                "client": who,
                "agent": agent,
                "requests": contact.requests,
                "writes": contact.writes,
                "errors": contact.errors,
                "last": contact.last,
                "at": round(seconds(contact.at), 6),
                "wall": contact.wall,
            }
            for (wallbox, interface, who, agent), contact in reversed(self._seen.items())
        ]
