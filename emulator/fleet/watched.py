"""A run in several processes, as whoever watches it sees it."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from ..control.contacts import Contacts
from ..runtime.bugs import Bugs
from . import joining

if TYPE_CHECKING:
    from ..control.watched import Document
    from ..core.instant import Instant
    from ..language.names import Names
    from ..runtime.journal import Journal
    from .collecting import Collector
    from .places import Places
    from .workers import Worker


class SeveralProcesses:
    """What all workers show, as one."""

    def __init__(self, places: Places, collector: Collector) -> None:
        self._places = places
        self.workers = places.workers
        self._collector = collector
        self._scenario = places.scenario
        self._order = [plan.name for plan in places.scenario.chargers]
        self.bugs = Bugs()
        """The leader's own."""
        self.contacts = Contacts(collector.journal)
        self.frozen = False
        collector.on_reset.append(lambda: self.contacts.attach(collector.journal))

    @property
    def names(self) -> Names:
        return self._places.names

    @property
    def journal(self) -> Journal:
        return self._collector.journal

    @property
    def dropped(self) -> int:
        return self._collector.dropped

    async def refresh(self) -> Instant:
        return await self._collector.refresh()

    def followed(self) -> AbstractContextManager[None]:
        return self._collector.followed()

    async def _of_all(self, path: str) -> list[Any]:
        return list(await asyncio.gather(*(self._of(worker, path) for worker in self.workers.all)))

    async def _of(self, worker: Worker, path: str, **query: str) -> Any:
        _, found = await worker.call(self.workers.session, "GET", path, query=query)
        return found

    async def state(self, *, quantities: bool = True) -> Document:
        parts = await self._of_all("/api/state")
        await self.refresh()
        found = joining.state(parts, self._order, len(self._scenario.steps))
        found |= {"about": self._scenario.about, "journal": self.journal.seq}
        self._looked_at(found)
        return found if quantities else found | {"chargers": {}}

    async def quantities(self) -> Document:
        found = await self.state()
        return {name: found[name] for name in ("clock", "faults", "chargers")}

    async def overview(self, detail: str | None) -> Document:
        parts = await self._of_all("/fleet/overview")
        found = joining.overview(parts, self._order, len(self._scenario.steps))
        found |= {"journal": self.journal.seq, "clients": self.contacts.different}
        if detail is not None:
            found["detail"] = await self._of(self._places.of(detail), f"/api/chargers/{detail}")
        self._looked_at(found)
        return found

    def _looked_at(self, found: Document) -> None:
        self.frozen = found["clock"]["speed"] == 0
