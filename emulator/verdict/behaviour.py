"""How clients behaved, without any rule: what they asked, how often, how fast they reacted, what came of it.

The one rule: it is made from the journal and the trace of a run alone, so it says the same of a run with sockets and of
a recorded one. Times are simulated seconds, except where they are said to be the client's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..core.instant import SECOND, Instant, seconds
from .contact import Contact
from .entries import has_written, host_of, point_of, told_by

if TYPE_CHECKING:
    from ..runtime.journal import Entry
    from .trace import Trace

DELAY: Final = 2 * SECOND
"""Time a firmware takes to act on what was written."""
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
class _Slot:
    """One of several clients at the same address that cannot be told apart by name: it has one connection at a time."""

    connection: str
    until: Instant


class Observer:
    """Gathers the behaviour of all clients from a journal."""

    def __init__(
        self, last: Mapping[tuple[str | None, str | None], Instant], steering: Set[tuple[str | None, str]]
    ) -> None:
        """`last`: when each connection was used last, by interface and client's address.

        `steering`: the values, with their wallbox, that have to do with the charging.
        """
        self._last = last
        self._steering = steering
        self._slots: dict[tuple[str, str, str], list[_Slot]] = {}
        self._contacts: dict[tuple[str, str | None, str, str], Contact] = {}
        self._operations: dict[str, dict[str, int]] = {}

    def see(self, entry: Entry) -> None:
        """One entry, in order."""
        if entry.kind == "event":
            self._event(entry)
        elif entry.client is None or entry.interface is None:
            return
        elif entry.kind == "write":
            contact = self._contact(entry)
            contact.wrote(entry)
            if (entry.wallbox, point_of(entry)) in self._steering:
                contact.react(entry.at)
        elif entry.kind == "request":
            self._contact(entry).asked(entry, reading=not has_written(entry) or bool(tuple(told_by(entry))))
        elif entry.kind == "push":
            for contact in self._told(entry):
                contact.pushed(entry)

    def _told(self, entry: Entry) -> list[Contact]:
        """Who got a push: over MQTT everybody there is."""
        if entry.interface != "mqtt":
            return [self._contact(entry)]
        where = (f"{entry.charger}.{entry.wallbox}", "mqtt")
        return [contact for contact in self._contacts.values() if (contact.wallbox, contact.interface) == where]

    def _contact(self, entry: Entry) -> Contact:
        wallbox, interface = f"{entry.charger}.{entry.wallbox}", entry.interface or ""
        client = entry.who or self._address(entry, wallbox, interface)
        key = (client, entry.agent, wallbox, interface)
        if key not in self._contacts:
            self._contacts[key] = Contact(*key)
        return self._contacts[key]

    def _address(self, entry: Entry, wallbox: str, interface: str) -> str:
        """A client's address; with a number if there are several that use it at the same time."""
        host = host_of(entry.client)
        if entry.agent is not None or interface == "http" or entry.client == host or entry.client is None:
            return host
        slots = self._slots.setdefault((host, wallbox, interface), [])
        index = next((i for i, slot in enumerate(slots) if slot.connection == entry.client), None)
        if index is None:
            index = next((i for i, slot in enumerate(slots) if slot.until < entry.at), len(slots))
            slot = _Slot(entry.client, self._last.get((entry.interface, entry.client), entry.at))
            slots[index : index + 1] = [slot]
        return host if index == 0 else f"{host} ({index + 1})"

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
                    contact.happened(what, entry.at)

    def contacts(self, ended_at: Instant) -> list[dict[str, object]]:
        return [contact.as_json(ended_at) for contact in self._contacts.values()]

    def operations(self, charger: str) -> Mapping[str, int]:
        return self._operations.get(charger, {})

    @property
    def chargers(self) -> list[str]:
        return [name for name in self._operations if name]


def steering(entries: Iterable[Entry]) -> Set[tuple[str | None, str]]:
    """Values, with their wallbox, whose writing made the wallbox ask its charge controller at least once."""
    found: set[tuple[str | None, str]] = set()
    latest: dict[tuple[str | None, str | None], list[Entry]] = {}
    for entry in entries:
        where = (entry.charger, entry.wallbox)
        if entry.kind == "write":
            latest[where] = [*[kept for kept in latest.get(where, ()) if entry.at - kept.at <= DELAY][-15:], entry]
        elif entry.kind == "command" and entry.wallbox is not None:
            written = [kept for kept in latest.get(where, ()) if entry.at - kept.at <= DELAY]
            caused = [kept for kept in written if kept.cause is not None and kept.cause == entry.cause]
            found.update((entry.wallbox, point_of(kept)) for kept in caused or written)
    return found


def behaviour(entries: Iterable[Entry], ended_at: Instant, traces: Mapping[str, Trace]) -> dict[str, object]:
    """The report on a run."""
    kept = tuple(entries)
    last = {(entry.interface, entry.client): entry.at for entry in kept if entry.kind in ("request", "write")}
    observer = Observer(last, steering(kept))
    for entry in kept:
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
