"""The live feed `/api/events`: journal entries and quantities over a WebSocket.

The one rule: a client has a position in the journal, not a queue, so a slow one costs nothing and misses nothing. One
that asked for the newest only is told how many entries it was not shown.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Final, Literal, Self

from aiohttp import WSMsgType, web

from ..runtime.journal import KINDS
from . import views
from .problems import Refused
from .reading import FILTERS, Filter, older
from .requests import query_of, whole

if TYPE_CHECKING:
    from ..language.names import Names
    from ..runtime.journal import Entry
    from .watched import Watched

PACE: Final = 0.1
"""Least wall seconds between two messages about the same thing."""

REFRESH: Final = 1.0
"""Interval between quantities while time passes and nothing happens, in wall time [s]."""

BATCH: Final = 500
"""Most entries in one message."""

TAIL: Final = 100
"""Entries from before the connection that a new client is shown, without what wallboxes publish by themselves."""


LOUD: Final = tuple(kind for kind in KINDS if kind != "push")

FEW: Final = 25
"""Chargers up to which the quantities come at `PACE`; with more of them less often, at least once a second."""

MOST_NEWEST: Final = 5_000

WANTED: Final = ("quantities", "detail", "entries", "newest", *FILTERS)


@dataclass(slots=True)
class Subscription:
    """What a client wants to see, and what it has seen."""

    quantities: Literal["all", "overview", "none"] = "all"
    detail: str | None = None
    """The charger whose quantities it wants beside the overview."""
    entries: bool = True
    newest: int | None = None
    """It starts with this many entries from before, and stays with the newest; None: it misses none."""
    filter: Filter = field(default_factory=Filter)
    resets: int = -1
    position: int = 0
    rows: dict[str, dict[str, object]] = field(default_factory=dict)
    """Rows of the overview, as it knows them."""

    @classmethod
    def read(cls, request: web.Request, names: Names) -> Self:
        """What the query asks for."""
        query = query_of(request, *WANTED)
        detail = query.get("detail")
        if detail is not None and detail not in names.chargers:
            raise Refused(422, f'there is no charger "{detail}"')
        newest = min(whole(query, "newest", 0), MOST_NEWEST) if "newest" in query else None
        made = cls(detail=detail, newest=newest, filter=Filter.read(query, names))
        match query.get("quantities", "all"):
            case "all" | "overview" | "none" as quantities:
                made.quantities = quantities
            case other:
                raise Refused(422, f'quantities: found "{other}", expected all, overview or none')
        match query.get("entries", "all"):
            case "all" | "none" as entries:
                made.entries = entries == "all"
            case other:
                raise Refused(422, f'entries: found "{other}", expected all or none')
        return made


class EventFeed:
    """All clients of the feed."""

    def __init__(self, run: Watched) -> None:
        self._run = run
        self._clients: dict[web.WebSocketResponse, asyncio.Event] = {}
        self._waiting: set[asyncio.Event] = set()
        self.resets = 0
        self.attach()

    def attach(self) -> None:
        """Follow the present journal (a reset brings a new one)."""
        self.resets += 1
        self._run.journal.listen(lambda _entry: self.wake())
        self.wake()

    def wake(self) -> None:
        """Something is new."""
        for changed in (*self._clients.values(), *self._waiting):
            changed.set()

    async def news(self, patience: float) -> bool:
        """Wait until something is new; False if nothing is for `patience` wall seconds."""
        changed = asyncio.Event()
        self._waiting.add(changed)
        try:
            async with asyncio.timeout(patience):
                await changed.wait()
        except TimeoutError:
            return False
        finally:
            self._waiting.discard(changed)
        return True

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Hold one client's connection."""
        wanted = Subscription.read(request, self._run.names)
        socket = web.WebSocketResponse(heartbeat=30, max_msg_size=4096, compress=False)
        await socket.prepare(request)
        changed = self._clients[socket] = asyncio.Event()
        sender = asyncio.create_task(self._send(socket, changed, wanted), name="control feed")
        sender.add_done_callback(self._told)
        try:
            with self._run.followed():
                async for message in socket:
                    if message.type is WSMsgType.ERROR:
                        break
        finally:
            del self._clients[socket]
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
        return socket

    def _told(self, sender: asyncio.Task[None]) -> None:
        """A client that has gone is no mistake."""
        if not sender.cancelled() and not isinstance(sender.exception(), ConnectionError):
            self._run.bugs.of_a_task(sender)

    async def close(self) -> None:
        """Say goodbye to everybody."""
        for socket in tuple(self._clients):
            await socket.close(code=1001, message=b"the emulator stops")

    async def _send(self, socket: web.WebSocketResponse, changed: asyncio.Event, wanted: Subscription) -> None:
        while True:
            changed.clear()
            if wanted.resets != self.resets:
                await self._begin(socket, wanted)
            elif wanted.quantities != "none":
                await socket.send_str(await self._quantities(wanted))
            if wanted.entries:
                await self._entries(socket, wanted)
            await asyncio.sleep(self._pace(wanted))
            await self._something(changed)

    async def _begin(self, socket: web.WebSocketResponse, wanted: Subscription) -> None:
        """The state first, then what the client is shown of the past."""
        wanted.resets = self.resets
        wanted.rows.clear()
        await self._run.refresh()
        wanted.position = self._run.journal.seq
        if wanted.quantities == "all":
            await socket.send_str(_text({"type": "state", "state": await self._run.state()}))
        elif wanted.quantities == "overview":
            await socket.send_str(_text({"type": "state", "state": await self._run.state(quantities=False)}))
            await socket.send_str(await self._quantities(wanted))
        if wanted.entries:
            tail = await self._tail(wanted)
            await socket.send_str(_text({"type": "entries", "first": True, "entries": views.entries(tail)}))

    async def _entries(self, socket: web.WebSocketResponse, wanted: Subscription) -> None:
        """Send everything after the client's position."""
        journal = self._run.journal
        while entries := list(islice(journal.after(wanted.position), BATCH)):
            behind = journal.seq - wanted.position
            if wanted.newest is not None and behind > wanted.newest + BATCH:
                skipped = behind - wanted.newest
                wanted.position += skipped
                await socket.send_str(_text({"type": "skipped", "entries": skipped}))
                continue
            wanted.position = entries[-1].seq
            shown = [entry for entry in entries if wanted.filter(entry)]
            if shown:
                await socket.send_str(_text({"type": "entries", "entries": views.entries(shown)}))
            else:
                await asyncio.sleep(0)

    async def _tail(self, wanted: Subscription) -> list[Entry]:
        """What a new client is shown of the past."""
        journal = self._run.journal
        if wanted.newest is not None:
            return (await older(journal, wanted.filter, wanted.position + 1, wanted.newest)).entries
        newest = journal.before(wanted.position + 1, kinds=LOUD)
        return list(islice(filter(wanted.filter, newest), TAIL))[::-1]

    def _pace(self, wanted: Subscription) -> float:
        chargers = len(self._run.names.chargers)
        return PACE if wanted.quantities == "none" else min(REFRESH, PACE * max(1.0, chargers / FEW))

    async def _something(self, changed: asyncio.Event) -> None:
        """Wait until there is something to say."""
        patience = None if self._run.frozen else REFRESH
        try:
            async with asyncio.timeout(patience):
                await changed.wait()
        except TimeoutError:
            pass

    async def _quantities(self, wanted: Subscription) -> str:
        if wanted.quantities == "all":
            return _text({"type": "quantities", **await self._run.quantities()})
        shown = await self._run.overview(wanted.detail)
        rows: dict[str, dict[str, object]] = shown["chargers"]
        new = {name: row for name, row in rows.items() if wanted.rows.get(name) != row}
        wanted.rows = rows
        return _text({"type": "overview", **shown, "chargers": new})


def _text(message: object) -> str:
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False, default=str)
