"""A run as whoever watches it sees it: in one process, or in several that are led by one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from . import overview, views

if TYPE_CHECKING:
    from ..core.instant import Instant
    from ..language.names import Names
    from ..runtime.bugs import Bugs
    from ..runtime.journal import Journal
    from ..service.emulator import Emulator
    from .contacts import Contacts

Document = dict[str, Any]


class Watched(Protocol):
    """What the live feed and the pages of the journal look at."""

    @property
    def journal(self) -> Journal: ...

    @property
    def dropped(self) -> int:
        """How many entries are not in it any more."""
        ...

    @property
    def names(self) -> Names: ...

    @property
    def bugs(self) -> Bugs: ...

    @property
    def contacts(self) -> Contacts: ...

    @property
    def frozen(self) -> bool:
        """Time stands still."""
        ...

    async def refresh(self) -> Instant:
        """Have everything in the journal that has happened until now; what time that is."""
        ...

    def followed(self) -> AbstractContextManager[None]:
        """Inside, what happens comes into the journal by itself."""
        ...

    async def state(self, *, quantities: bool = True) -> Document:
        """`GET /api/state`; without what could be measured at each charger, if there are very many."""
        ...

    async def quantities(self) -> Document:
        """Clock, faults, and everything measurable at every charger."""
        ...

    async def overview(self, detail: str | None) -> Document:
        """One row for each charger, and what else there is to see of the whole; `detail`: a charger to see more of."""
        ...


class OneProcess:
    """A run in this process."""

    def __init__(self, emulator: Emulator, contacts: Contacts) -> None:
        self._emulator = emulator
        self.contacts = contacts

    @property
    def journal(self) -> Journal:
        return self._emulator.simulation.journal

    @property
    def dropped(self) -> int:
        return self.journal.dropped

    @property
    def names(self) -> Names:
        return self._emulator.site.names

    @property
    def bugs(self) -> Bugs:
        return self._emulator.bugs

    @property
    def frozen(self) -> bool:
        return self._emulator.simulation.clock.frozen

    async def refresh(self) -> Instant:
        return self._emulator.simulation.now()

    @contextmanager
    def followed(self) -> Iterator[None]:
        yield

    async def state(self, *, quantities: bool = True) -> Document:
        return views.state(self._emulator, quantities=quantities)

    async def quantities(self) -> Document:
        emulator = self._emulator
        shown = {"clock": views.clock(emulator), "faults": views.faults(emulator)}
        return {**shown, "chargers": views.chargers(emulator)}

    async def overview(self, detail: str | None) -> Document:
        emulator = self._emulator
        shown: Document = {
            "clock": views.clock(emulator),
            "faults": views.faults(emulator),
            "chargers": await overview.rows(emulator, self.contacts.count()),
            "journal": self.journal.seq,
            "timeline": views.progress(emulator),
            "clients": self.contacts.different,
            "bugs": views.bugs(emulator),
            "storage": views.storage(emulator),
        }
        if detail is not None:
            shown["detail"] = views.charger(emulator, detail)
        return shown
