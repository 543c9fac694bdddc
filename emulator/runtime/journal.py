"""The journal: one ordered record of everything that happened.

The one rule: entries are only ever appended; what an entry says is plain JSON data.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from ..core.instant import Instant, seconds

KINDS: Final = (
    "event", "stimulus", "command", "request", "write", "push", "connection", "fault", "expectation", "note", "clock",
    "firmware",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the journal. `seq` counts from 1; `cause` is the `seq` of the entry this one follows from."""

    seq: int
    at: Instant
    wall: float | None
    """Unix time, None in a headless run."""
    charger: str | None
    wallbox: str | None
    interface: str | None
    client: str | None
    kind: str
    name: str
    detail: Mapping[str, object]
    cause: int | None
    agent: str | None = None
    """What the client calls itself: its User-Agent."""
    who: str | None = None
    """The name that the scenario gives the client."""

    def as_json(self) -> dict[str, object]:
        """The entry with simulated time in seconds, as the control API and `journal.jsonl` show it."""
        found: dict[str, object] = {
            "seq": self.seq,
            "at": round(seconds(self.at), 6),
            "wall": self.wall,
            "charger": self.charger,
            "wallbox": self.wallbox,
            "interface": self.interface,
            "client": self.client,
            "kind": self.kind,
            "name": self.name,
            "detail": self.detail,
            "cause": self.cause,
        }
        if self.agent is not None:
            found["agent"] = self.agent
        if self.who is not None:
            found["who"] = self.who
        return found

    def as_line(self) -> str:
        """One line of `journal.jsonl`."""
        return json.dumps(self.as_json(), separators=(",", ":"), ensure_ascii=False, default=str)


Listener = Callable[[Entry], None]
Recognise = Callable[[str, str | None, str | None], str | None]
"""The name of a client, from its address or id, what it calls itself, and the interface; None: not known."""
MOST_AGENTS: Final = 4096
"""Clients whose own name for themselves is remembered."""


class Journal:
    """The record. Keeps the newest `limit` entries; `dropped` says how many older ones are gone."""

    def __init__(self, *, wall: Callable[[], float] | None = None, limit: int = 1_000_000) -> None:
        self._entries: deque[Entry] = deque(maxlen=limit)
        self._wall = wall
        self._listeners: list[Listener] = []
        self.seq = 0
        self.recognise: Recognise = lambda _client, _agent, _interface: None
        self._agents: dict[str, str] = {}
        self.cause: int | None = None
        """The entry that is being acted on: what is recorded meanwhile follows from it."""

    def record(
        self,
        at: Instant,
        kind: str,
        name: str,
        detail: Mapping[str, object] | None = None,
        *,
        charger: str | None = None,
        wallbox: str | None = None,
        interface: str | None = None,
        client: str | None = None,
    ) -> Entry:
        self.seq += 1
        agent = self._agents.get(client) if client is not None else None
        who = self.recognise(client, agent, interface) if client is not None else None
        entry = Entry(
            seq=self.seq,
            at=at,
            wall=self._wall() if self._wall is not None else None,
            charger=charger,
            wallbox=wallbox,
            interface=interface,
            client=client,
            kind=kind,
            name=name,
            detail=detail if detail is not None else {},
            cause=self.cause,
            agent=agent,
            who=who,
        )
        self._add(entry)
        return entry

    def append(self, entry: Entry) -> None:
        """Append an entry that was recorded before, with its own number."""
        self.seq = entry.seq
        self._add(entry)

    def _add(self, entry: Entry) -> None:
        self._entries.append(entry)
        for listener in tuple(self._listeners):
            listener(entry)

    def introduce(self, client: str, agent: str) -> None:
        """A client says what it is."""
        if self._agents.get(client) != agent:
            if len(self._agents) >= MOST_AGENTS:
                self._agents.clear()
            self._agents[client] = agent[:120]

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` for every new entry; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @property
    def dropped(self) -> int:
        return self.seq - len(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries))

    def after(self, seq: int) -> Iterator[Entry]:
        """Entries with a number above `seq`, oldest first."""
        skip = max(0, seq - self.dropped)
        if skip >= len(self._entries):
            return iter(())
        if skip > len(self._entries) // 2:  # the usual case: somebody follows the end
            newest: list[Entry] = []
            for entry in reversed(self._entries):
                if entry.seq <= seq:
                    break
                newest.append(entry)
            return reversed(newest)
        return (entry for entry in tuple(self._entries) if entry.seq > seq)

    def before(self, seq: int) -> Iterator[Entry]:
        """Entries with a number below `seq`, newest first."""
        skip = max(0, self.seq + 1 - seq)
        return islice(reversed(tuple(self._entries)), skip, None)
