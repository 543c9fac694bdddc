"""How clients behaved, without any rule: what they asked, how often, how fast they reacted, what came of it.

The one rule: it is made from the journal and the trace of a run alone, so it says the same of a run with sockets and of
a recorded one. Times are simulated seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ..core.instant import SECOND, Instant, seconds
from .entries import has_read, host_of, went_wrong
from .run import Statistics
from .selectors import value_selector

if TYPE_CHECKING:
    from ..runtime.journal import Entry
    from .trace import Trace

READBACK: Final = 30 * SECOND
"""A read within this time after a write counts as reading the value back."""
REACTIONS: Final[Mapping[str, str]] = {
    "plugged": "plug-in",
    "unplugged": "unplug",
    "derated": "limit",
    "fault_raised": "fault",
    "rcd_tripped": "fault",
    "supply_lost": "outage",
}
"""Events a client may react to, and what the report calls them."""
SETTLING: Final = 5 * SECOND
"""Time that IEC 61851-1 allows a vehicle to follow a lower offer."""
MARGIN: Final = 0.5
"""Current above the offer that is within tolerance [A]."""


@dataclass(slots=True)
class Contact:
    """One client on one interface of one wallbox."""

    client: str
    wallbox: str
    interface: str
    requests: int = 0
    intervals: Statistics = field(default_factory=Statistics)
    first: Instant | None = None
    latest: Instant = 0
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
    """From an event to the next request, which can have told it."""
    owed: dict[str, Instant] = field(default_factory=dict)
    """Events not reacted to yet."""
    unseen: dict[str, Instant] = field(default_factory=dict)
    """Events after which it has not asked yet."""
    unread: dict[str, Instant] = field(default_factory=dict)
    """Written values not read back yet."""

    def touch(self, at: Instant, port: str) -> None:
        """The client is there."""
        if self.first is not None:
            self.intervals.add(seconds(at - self.latest))
        else:
            self.first = at
        self.latest = at
        for what, since in self.unseen.items():
            self.noticed.setdefault(what, Statistics()).add(seconds(at - since))
        self.unseen.clear()
        if port not in self.connections:
            self.reopened += bool(self.connections)
            if len(self.connections) < 65536:
                self.connections.add(port)

    def react(self, at: Instant) -> None:
        """It did something: that is its reaction to what it has not answered yet."""
        for what, since in self.owed.items():
            self.reactions.setdefault(what, Statistics()).add(seconds(at - since))
        self.owed.clear()

    def as_json(self, ended_at: Instant) -> dict[str, object]:
        hours = seconds(ended_at) / 3600
        silence = max(self.intervals.most, seconds(max(0, ended_at - self.latest)))
        return {
            "client": self.client,
            "wallbox": self.wallbox,
            "interface": self.interface,
            "requests": self.requests,
            "poll_interval": self.intervals.as_json(),
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
            "reactions": {what: measured.as_json() for what, measured in self.reactions.items()},
            "unanswered": sorted(self.owed),
        }


class Observer:
    """Gathers the behaviour of all clients from a journal."""

    def __init__(self) -> None:
        self._contacts: dict[tuple[str, str, str], Contact] = {}
        self._operations: dict[str, dict[str, int]] = {}

    def see(self, entry: Entry) -> None:
        """One entry, in order."""
        if entry.kind == "event":
            self._event(entry)
        elif entry.kind in ("request", "write") and entry.client is not None and entry.interface is not None:
            contact = self._contact(entry)
            if entry.kind == "write":
                self._write(contact, entry)
            else:
                contact.touch(entry.at, entry.client)
                self._request(contact, entry)

    def _contact(self, entry: Entry) -> Contact:
        wallbox = f"{entry.charger}.{entry.wallbox}"
        key = (host_of(entry.client), wallbox, entry.interface or "")
        if key not in self._contacts:
            self._contacts[key] = Contact(*key)
        return self._contacts[key]

    def _event(self, entry: Entry) -> None:
        counts = self._operations.setdefault(
            entry.charger or "", {"closed": 0, "opened": 0, "opened_under_load": 0, "phase_switches": 0}
        )
        if entry.name == "contactor_closed":
            counts["closed"] += 1
        elif entry.name == "contactor_opened":
            counts["opened"] += 1
            counts["opened_under_load"] += entry.detail.get("under_load") is True
        elif entry.name == "phase_switch_started":
            counts["phase_switches"] += 1
        what = REACTIONS.get(entry.name)
        if what is not None:
            for contact in self._contacts.values():
                if contact.wallbox.partition(".")[0] == entry.charger:
                    contact.owed.setdefault(what, entry.at)
                    contact.unseen.setdefault(what, entry.at)

    def _request(self, contact: Contact, entry: Entry) -> None:
        contact.requests += 1
        contact.errors += went_wrong(entry)
        for name, at in tuple(contact.unread.items()):
            if entry.at - at > READBACK:
                del contact.unread[name]
            elif has_read(value_selector(contact.wallbox, name), entry):
                contact.read_back += 1
                del contact.unread[name]

    def _write(self, contact: Contact, entry: Entry) -> None:
        value = entry.detail.get("value")
        contact.writes += 1
        contact.refused += entry.detail.get("ok") is False
        contact.repeated += entry.name in contact.written and contact.written[entry.name] == value
        contact.written[entry.name] = value
        contact.unread[entry.name] = entry.at
        contact.react(entry.at)

    def contacts(self, ended_at: Instant) -> list[dict[str, object]]:
        return [contact.as_json(ended_at) for contact in self._contacts.values()]

    def operations(self, charger: str) -> Mapping[str, int]:
        return self._operations.get(charger, {})

    @property
    def chargers(self) -> list[str]:
        return [name for name in self._operations if name]


def behaviour(entries: Iterable[Entry], ended_at: Instant, traces: Mapping[str, Trace]) -> dict[str, object]:
    """The report on a run."""
    observer = Observer()
    for entry in entries:
        observer.see(entry)
    chargers: dict[str, object] = {}
    for name in {**dict.fromkeys(observer.chargers), **traces}:
        trace = traces.get(name)
        chargers[name] = {
            "contactor": dict(observer.operations(name)),
            "overshoot": overshoot(trace) if trace is not None else None,
        }
    return {"clients": observer.contacts(ended_at), "chargers": chargers}


def overshoot(trace: Trace) -> dict[str, object]:
    """Current above what was offered, after the vehicle has had its time to follow."""
    most, longest = 0.0, 0
    since: Instant | None = None
    lowered = -SETTLING
    offered = 0.0
    for at, sample in zip(trace.times, trace.samples, strict=True):
        if sample.offered_current < offered:
            lowered = at
        offered = sample.offered_current
        above = max(sample.phase_current) - offered
        if above <= MARGIN:
            since = None
            continue
        since = at if since is None else since
        longest = max(longest, at - since)
        if at - lowered >= SETTLING:
            most = max(most, above)
    return {"current": round(most, 3), "longest": round(seconds(longest), 6)}
