"""The journal: one ordered record of everything that happened.

The one rule: entries are only ever appended; what an entry says is plain JSON data. It is bounded by bytes: when it is
full, the oldest pushes go first, then the oldest requests, then the oldest of the rest; if a report is wanted, to disk.
"""

from __future__ import annotations

import heapq
import json
import tempfile
import weakref
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import IO, Any, Final

from ..core.agenda import Turn
from ..core.instant import SECOND, Instant, seconds
from .listeners import Listeners
from .sizes import size_of

KINDS: Final = (
    "event", "stimulus", "command", "request", "write", "push", "connection", "fault", "expectation", "note", "clock",
    "firmware",
)  # fmt: skip


@dataclass(slots=True, kw_only=True, unsafe_hash=True)
class Entry:
    """One line of the journal. `seq` counts from 1; `cause` is the `seq` of the entry this one follows from.

    It never changes once it is recorded; but what its `detail` says may be completed until its cause is dealt with.
    """

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
    turn: Turn | None = None
    """What was being done, where journals of several processes become one."""

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
            "detail": self.detail if isinstance(self.detail, dict) else dict(self.detail),
            "cause": self.cause,
        }
        if self.agent is not None:
            found["agent"] = self.agent
        if self.who is not None:
            found["who"] = self.who
        if self.turn is not None:
            found["turn"] = self.turn
        return found

    def as_line(self) -> str:
        """One line of `journal.jsonl`."""
        return json.dumps(self.as_json(), separators=(",", ":"), ensure_ascii=False, default=str)

    @property
    def bytes(self) -> int:
        """Roughly what it takes of memory."""
        return ENTRY + len(self.name) + size_of(self.detail)

    @classmethod
    def of_line(cls, line: str) -> Entry:
        """The entry of a line of `journal.jsonl`. ValueError, TypeError or KeyError if it is none."""
        found = json.loads(line)
        return cls(**{**found, "at": round(found["at"] * SECOND)})


Listener = Callable[[Entry], None]
Recognise = Callable[[str, str | None, str | None], str | None]
"""The name of a client, from its address or id, what it calls itself, and the interface; None: not known."""
MOST_AGENTS: Final = 4096
"""Clients whose own name for themselves is remembered."""


LIMIT: Final = 256 * 1024 * 1024
"""Bytes of a journal, where nothing else is said: some 300,000 entries."""
ENTRY: Final = 420
"""Bytes of an entry beside its texts, as measured."""
SAMPLED: Final = 16
"""One entry in so many is measured, and counts for all of them: measuring costs as much as recording."""
SCATTERED: Final = 0x9E3779B1
"""Spreads those that are measured, so that nobody is measured in step with what it sends."""
GOES_FIRST: Final = ("push", "request")
"""Kinds that give way to others."""

_seq = attrgetter("seq")
_blank = Entry.__new__


class _Lane:
    """All entries of one kind, in their order."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.measured = 0
        """So many of `entries` are measured, or count as the one that was measured after them."""
        self.size = 0
        """Bytes of the entry that was measured last."""
        self.total = 0
        """Bytes of all that are measured."""
        self.blocks: deque[tuple[int, int]] = deque()
        """The last number of those that one measurement stands for, and their bytes."""
        self.spilled: IO[str] | None = None

    def __getstate__(self) -> dict[str, object]:
        """For a copy of the whole world: what is on disk comes along as text."""
        text = None
        if self.spilled is not None:
            self.spilled.seek(0)
            text = self.spilled.read()
        return {**self.__dict__, "spilled": text}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, spilled=None)
        if state["spilled"] is not None:
            self._spill().write(state["spilled"])

    def _spill(self) -> IO[str]:
        if self.spilled is None:
            self.spilled = tempfile.TemporaryFile("w+", encoding="utf-8", errors="surrogatepass")  # noqa: SIM115
            weakref.finalize(self, self.spilled.close)
        return self.spilled

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def bytes(self) -> int:
        return self.total + (len(self.entries) - self.measured) * self.size

    def measure(self) -> None:
        """The newest that is complete stands for all since the one before."""
        self.size = self.entries[-2:][0].bytes
        block = (len(self.entries) - self.measured) * self.size
        self.blocks.append((self.entries[-1].seq, block))
        self.total += block
        self.measured = len(self.entries)

    def after(self, seq: int) -> list[Entry]:
        return self.entries[bisect_right(self.entries, seq, key=_seq) :]

    def before(self, seq: int) -> Iterator[Entry]:
        return reversed(self.entries[: bisect_left(self.entries, seq, key=_seq)])

    def drop(self, count: int, *, keep: bool) -> int:
        """Drop the oldest, to disk if they are to be kept; how many there were."""
        oldest = self.entries[:count]
        if keep:
            self._spill().writelines(entry.as_line() + "\n" for entry in oldest)
        del self.entries[:count]
        self.measured = max(0, self.measured - count)
        while self.blocks and self.blocks[0][0] <= oldest[-1].seq:
            self.total -= self.blocks.popleft()[1]
        return len(oldest)

    def whole(self) -> Iterator[Entry]:
        """Also what is on disk."""
        kept = self.entries[:]
        if self.spilled is not None:
            self.spilled.seek(0)
            yield from map(Entry.of_line, self.spilled)
            self.spilled.seek(0, 2)
        yield from kept


def nobody(*_: object) -> None:
    """No client has a name."""


class Journal:
    """The record. Keeps the newest entries within `limit` bytes; `dropped` says how many older ones are gone."""

    def __init__(
        self, *, wall: Callable[[], float] | None = None, limit: int | None = LIMIT, spill: bool = False
    ) -> None:
        """`limit`: None keeps everything. `spill`: what has to go goes to a temporary file and is still iterated."""
        self._lanes: dict[str, _Lane] = {kind: _Lane() for kind in KINDS}
        self._limit = limit
        self._spill = spill
        self._wall = wall
        self._listeners: Listeners[Entry] = Listeners()
        self.seq = 0
        self._gone = 0
        self._recognise: Recognise = nobody
        self._agents: dict[str, str] = {}
        self._clients: dict[tuple[str, str | None], tuple[str | None, str | None]] = {}
        """Agent and name of who came lately, by address and interface."""
        self.cause: int | None = None
        """The entry that is being acted on: what is recorded meanwhile follows from it."""
        self.turn: Callable[[], Turn] | None = None  # what is being done, if entries are to tell it

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
        self.seq = seq = self.seq + 1
        agent = who = None
        if client is not None:
            agent, who = self._clients.get((client, interface)) or self._looked_at(client, interface)
        entry = _blank(Entry)  # by keywords it would take five times as long
        entry.seq = seq
        entry.at = at
        entry.wall = self._wall() if self._wall is not None else None
        entry.charger = charger
        entry.wallbox = wallbox
        entry.interface = interface
        entry.client = client
        entry.kind = kind
        entry.name = name
        entry.detail = detail if detail is not None else {}
        entry.cause = self.cause
        entry.agent = agent
        entry.who = who
        entry.turn = self.turn() if self.turn else None
        lane = self._lanes.get(kind)
        if lane is None or not lane.size or not (seq * SCATTERED >> 12) % SAMPLED or self._listeners[kind]:
            self._add(entry)
        else:
            lane.entries.append(entry)
        return entry

    @property
    def recognise(self) -> Recognise:
        """Says who a client is: always the same for the same client."""
        return self._recognise

    @recognise.setter
    def recognise(self, recognise: Recognise) -> None:
        self._recognise = recognise
        self._clients.clear()

    def _looked_at(self, client: str, interface: str | None) -> tuple[str | None, str | None]:
        if len(self._clients) >= MOST_AGENTS:
            self._clients.clear()
        agent = self._agents.get(client)
        found = self._clients[client, interface] = agent, self._recognise(client, agent, interface)
        return found

    def append(self, entry: Entry) -> None:
        """Append an entry that was recorded before, with its own number."""
        self.seq = entry.seq
        self._add(entry)

    def repeat(self, entry: Entry) -> None:
        """Append an entry of an earlier journal that has happened once more, now."""
        self.append(replace(entry, wall=self._wall() if self._wall is not None else None))

    def _add(self, entry: Entry) -> None:
        lane = self._lanes.get(entry.kind)
        if lane is None:
            lane = self._lanes[entry.kind] = _Lane()
        lane.entries.append(entry)
        if not (self.seq * SCATTERED >> 12) % SAMPLED or not lane.size:
            self._settle(lane)
        for listener in self._listeners[entry.kind]:
            listener(entry)

    def _settle(self, lane: _Lane) -> None:
        """Measure what is complete, and make room."""
        lane.measure()
        if self._limit is None or self.bytes <= self._limit:
            return
        for kind in GOES_FIRST:
            if (found := self._lanes[kind]) and found.bytes > self._limit / 4:
                self._gone += found.drop(1 + len(found) // 8, keep=self._spill)
                return
        oldest = max(self._lanes.values(), key=lambda lane: lane.bytes)
        self._gone += oldest.drop(1 + len(oldest) // 8, keep=self._spill)

    @property
    def bytes(self) -> int:
        """What it takes of memory, roughly."""
        found = 0
        for lane in self._lanes.values():
            found += lane.total + (len(lane.entries) - lane.measured) * lane.size
        return found

    def introduce(self, client: str, agent: str) -> None:
        """A client says what it is."""
        agent = agent[:120]
        if self._agents.get(client) != agent:
            if len(self._agents) >= MOST_AGENTS:
                self._agents.clear()
            self._agents[client] = agent
            self._clients.clear()

    def listen(self, listener: Listener, kinds: Collection[str] | None = None) -> Callable[[], None]:
        """Call `listener` for every new entry, or for those of some kinds; returns what ends that."""
        return self._listeners.add(listener, kinds)

    def let_go(self, count: int) -> bool:
        """Lose up to `count` entries, of a journal that nobody reads any more; whether there were any."""
        for lane in self._lanes.values():
            if lane:
                del lane.entries[-count:]
                return True
        return False

    @property
    def dropped(self) -> int:
        """How many entries are gone, or on disk only."""
        return self._gone

    def __len__(self) -> int:
        return sum(map(len, self._lanes.values()))

    def __iter__(self) -> Iterator[Entry]:
        """All there are, also those on disk."""
        return heapq.merge(*(lane.whole() for lane in self._lanes.values()), key=_seq)

    def after(self, seq: int, *, kinds: Iterable[str] | None = None) -> Iterator[Entry]:
        """Entries with a number above `seq`, oldest first; only those of some kinds, if they are given."""
        tails = [tail for lane in self._of(kinds) if lane and (tail := lane.after(seq))]
        return iter(tails[0]) if len(tails) == 1 else heapq.merge(*tails, key=_seq)

    def before(self, seq: int, *, kinds: Iterable[str] | None = None) -> Iterator[Entry]:
        """Entries with a number below `seq`, newest first; only those of some kinds, if they are given."""
        heads = [lane.before(seq) for lane in self._of(kinds)]
        return heapq.merge(*heads, key=_seq, reverse=True)

    def _of(self, kinds: Iterable[str] | None) -> Iterable[_Lane]:
        return self._lanes.values() if kinds is None else [self._lanes[kind] for kind in kinds if kind in self._lanes]
