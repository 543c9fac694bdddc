"""Reading the journal: what is wanted of it, forwards and backwards, and what an entry led to.

The one rule: a long journal is searched in turns, so that whoever searches keeps nobody waiting.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from ..devices.traffic import PROTOCOLS
from ..errors import EmulatorError, did_you_mean
from ..runtime.journal import KINDS, Entry, Journal
from ..world.names import probe
from .problems import Refused

if TYPE_CHECKING:
    from ..language.names import Names

FILTERS: Final = ("charger", "wallbox", "interface", "kind", "client", "text")
ORIGINS: Final = ("scenario", "firmware", "automation", "em", "device")
"""What writes without an interface: steps, and boxes themselves."""
TURN: Final = 1_000
"""Entries looked at before others get their turn."""
LARGEST_PAGE: Final = 4_194_304
"""Bytes of the entries that are found at once, roughly."""
FURTHEST: Final = 5_000
"""How many entries after one are searched for what it led to."""
MOST_EFFECTS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which journal entries are wanted; None: any."""

    charger: str | None = None
    wallbox: str | None = None
    """Its address, `garage.goe`."""
    interface: str | None = None
    """Its name, or its whole address."""
    kinds: frozenset[str] | None = None
    client: str | None = None
    """Part of its address, of its name or of what it calls itself."""
    text: str | None = None
    """Part of the name or of the detail, in small letters."""

    @classmethod
    def read(cls, query: Mapping[str, str], names: Names) -> Self:
        """What a query asks for. `Refused` if it names something that does not exist."""
        charger, wallbox = query.get("charger"), query.get("wallbox")
        if charger is not None and charger not in names.chargers:
            raise Refused(422, f'there is no charger "{charger}"{did_you_mean(charger, names.chargers)}')
        if wallbox is not None:
            try:
                wallbox = names.wallbox(wallbox)
            except EmulatorError as error:
                raise Refused(422, str(error)) from None
        kinds = frozenset(query["kind"].split(",")) if "kind" in query else None
        for kind in kinds or ():
            if kind not in KINDS:
                raise Refused(422, f'there is no kind "{kind}" of entries{did_you_mean(kind, KINDS)}')
        interface = query.get("interface")
        if interface is not None and (wrong := _no_interface(interface, names)) is not None:
            raise Refused(422, wrong)
        return cls(
            charger=charger,
            wallbox=wallbox,
            interface=interface,
            kinds=kinds,
            client=query["client"].lower() if "client" in query else None,
            text=query["text"].lower() if "text" in query else None,
        )

    def __call__(self, entry: Entry) -> bool:
        return (
            (self.kinds is None or entry.kind in self.kinds)
            and (self.charger is None or entry.charger == self.charger)
            and (self.wallbox is None or f"{entry.charger}.{entry.wallbox}" == self.wallbox)
            and (self.interface is None or self._at_interface(entry))
            and (self.client is None or self._of_client(entry, self.client))
            and (self.text is None or self._contains(entry, self.text))
        )

    def _at_interface(self, entry: Entry) -> bool:
        return self.interface in (entry.interface, f"{entry.charger}.{entry.wallbox}.{entry.interface}")

    def _of_client(self, entry: Entry, wanted: str) -> bool:
        return any(wanted in name.lower() for name in (entry.who, entry.client, entry.agent) if name)

    def _contains(self, entry: Entry, wanted: str) -> bool:
        if wanted in entry.name.lower():
            return True
        return bool(entry.detail) and wanted in json.dumps(dict(entry.detail), ensure_ascii=False, default=str).lower()


def _no_interface(text: str, names: Names) -> str | None:
    """Why no entry is ever about such an interface; None: one may be."""
    known = {*PROTOCOLS, *ORIGINS}
    address, _, name = text.rpartition(".")
    try:
        addresses = [names.wallbox(address)] if address else names.wallboxes
    except EmulatorError as error:
        return str(error)
    if name in known:
        return None
    boxes = [box for address in addresses if (box := probe(names, address)) is not None]
    if any(name in box.traffic for box in boxes):
        return None
    return f'there is no interface "{text}"{did_you_mean(name, known.union(*(box.traffic for box in boxes)))}'


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to."""

    entries: list[Entry]
    """Oldest first."""
    more: bool
    """It stopped at its limit."""


async def newer(journal: Journal, wanted: Filter, after: int, limit: int) -> Found:
    """The first `limit` entries with a number above `after`."""
    return await _searched(journal.after(after, kinds=wanted.kinds), wanted, limit)


async def older(journal: Journal, wanted: Filter, before: int, limit: int) -> Found:
    """The last `limit` entries with a number below `before`."""
    found = await _searched(journal.before(before, kinds=wanted.kinds), wanted, limit)
    return Found(found.entries[::-1], found.more)


async def _searched(entries: Iterator[Entry], wanted: Filter, limit: int) -> Found:
    found: list[Entry] = []
    size = 0
    if limit == 0:
        return Found(found, more=False)
    for number, entry in enumerate(entries, 1):
        if wanted(entry):
            found.append(entry)
            size += entry.bytes
            if len(found) == limit or size > LARGEST_PAGE:
                return Found(found, more=True)
        if number % TURN == 0:
            await asyncio.sleep(0)
    return Found(found, more=False)


def related(journal: Journal, seq: int) -> tuple[Entry, list[Entry], list[Entry]] | None:
    """An entry, what it follows from (the first cause first), and what followed from it; None: it is not there."""
    entry = _numbered(journal, seq)
    if entry is None:
        return None
    causes: list[Entry] = []
    above = entry
    while above.cause is not None and (found := _numbered(journal, above.cause)) is not None:
        causes.insert(0, found)
        above = found
    family, effects = {seq}, []
    for number, later in enumerate(journal.after(seq)):
        if later.cause in family:
            family.add(later.seq)
            effects.append(later)
        if number >= FURTHEST or len(effects) >= MOST_EFFECTS:
            break
    return entry, causes, effects


def _numbered(journal: Journal, seq: int) -> Entry | None:
    found = next(journal.after(seq - 1), None)
    return found if found is not None and found.seq == seq else None
