"""The journal of a fleet: what every worker tells, as the one journal that one process would have.

The one rule: workers keep their own journals; what is in them is fetched when somebody looks, or listens.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import aiohttp

from ..core.instant import SECOND, Instant
from ..runtime.journal import Entry, Journal
from .merging import Merging

if TYPE_CHECKING:
    from .workers import Worker, Workers

PAGE: Final = 2_000
"""Entries that a worker tells at once."""
PATIENCE: Final = 20.0
"""Wall seconds for which a worker is listened to before it is asked again."""
PACE: Final = 0.1
"""Least wall seconds between two looks at a worker that has much to tell."""


class Told(NamedTuple):
    """How far everything has been fetched."""

    entries: list[Entry]
    merging: Merging
    read: list[int]


def _entry(found: dict[str, Any]) -> Entry:
    """As a worker tells it."""
    return Entry(**{**found, "at": round(found["at"] * SECOND), "turn": tuple(found["turn"])})


class Collector:
    """Fetches and keeps it."""

    def __init__(self, workers: Workers, ranks: Mapping[str, int], *, limit: int, spill: bool) -> None:
        """`limit`: bytes in memory. `spill`: what has to go goes to disk, for a report."""
        self._workers = workers
        self._ranks = ranks
        self._limit = limit
        self._spill = spill
        self._lock = asyncio.Lock()
        self._following = 0
        self._listening: list[asyncio.Task[None]] = []
        self.on_reset: list[Callable[[], None]] = []
        """Called when there is another journal."""
        self._begin()

    def _begin(self) -> None:
        count = len(self._workers.all)
        self.journal = Journal(limit=self._limit, spill=self._spill)
        self._merging = Merging(count, self._ranks)
        self._read = [0] * count

    @property
    def dropped(self) -> int:
        """Entries that are not in it any more, or never came into it."""
        return self.journal.dropped + self._merging.lost

    async def refresh(self) -> Instant:
        """Fetch everything that has happened until now; what time that is."""
        async with self._lock:
            left, at = list(self._workers.all), [0] * len(self._workers.all)
            while left:
                pages = await asyncio.gather(*map(self._page, left))
                for worker, page in zip(left, pages, strict=True):
                    at[worker.index] = page["at"]
                left = [worker for worker, page in zip(left, pages, strict=True) if page["more"]]
                for entry in self._merging.told():
                    self.journal.append(entry)
            return min(at)

    async def _page(self, worker: Worker) -> Any:
        page = await self._news(worker, after=self._read[worker.index], limit=PAGE)
        entries = [_entry(found) for found in page["entries"]]
        self._merging.take(worker.index, entries, page["known"])
        if entries:
            self._read[worker.index] = entries[-1].seq
        return page

    async def _news(self, worker: Worker, **query: object) -> Any:
        asked = {name: str(value) for name, value in query.items()}
        _, page = await worker.call(self._workers.session, "GET", "/fleet/news", query=asked)
        return page

    # --- listening ---------------------------------------------------------------------------------------------------

    @contextmanager
    def followed(self) -> Iterator[None]:
        """Inside, what happens comes in by itself."""
        self._following += 1
        if self._following == 1:
            self._listening = [
                asyncio.create_task(self._listen(worker), name=f"listening to worker {worker.index}")
                for worker in self._workers.all
            ]
        try:
            yield
        finally:
            self._following -= 1
            if not self._following:
                self._stop_listening()

    def _stop_listening(self) -> None:
        for task in self._listening:
            task.cancel()

    async def close(self) -> None:
        """Listen no longer."""
        self._stop_listening()
        await asyncio.gather(*self._listening, return_exceptions=True)

    async def _listen(self, worker: Worker) -> None:
        try:
            while True:
                await self._news(worker, after=self._read[worker.index], wait=PATIENCE)
                await self.refresh()
                await asyncio.sleep(PACE)
        except aiohttp.ClientError:
            return  # the run is over: whoever leads it says so

    # --- other worlds ------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def another(self, told: Told | None = None) -> AsyncIterator[None]:
        """The workers turn to another world inside: a new one, or one that was kept."""
        async with self._lock:
            yield
            self._begin()
            if told is not None:
                for entry in told.entries:
                    self.journal.append(entry)
                self._merging, self._read = told.merging.copy(), list(told.read)
        for listener in self.on_reset:
            listener()

    async def kept(self) -> Told:
        """Everything up to now, for when the world is again as it is."""
        await self.refresh()
        return Told(list(self.journal), self._merging.copy(), list(self._read))
