"""The start of a world: kept as it was built, and brought back without building it again.

The one rule: everything that can be reached from a site and can change is put back into the very objects it was in;
what was not there at the start is let go. Its journal and clock are new ones each time, because others may still read
the old journal; and what counts happenings counts on, so that nobody takes the start for what he saw before.
"""

from __future__ import annotations

import gc
import logging
import re
import struct
from collections import deque
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from enum import Enum
from functools import partial
from operator import attrgetter, itemgetter, methodcaller
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
    FunctionType,
    MappingProxyType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any, Final

from ..core.freshness import Happenings
from ..runtime.bugs import Bugs
from ..runtime.clock import Clock
from ..runtime.journal import Entry, Journal
from .copying import held_by_modules
from .plan import SitePlan
from .site import Site

log = logging.getLogger(__name__)

LEAVES: Final = (
    type, ModuleType, CodeType, str, bytes, int, float, complex, bool, type(None), Enum, date, time, timedelta, tzinfo,
    range, re.Pattern, struct.Struct, attrgetter, itemgetter, methodcaller, Entry, Happenings, Journal, Clock, Bugs,
)  # fmt: skip
"""What never changes and holds nothing that does, and what a rewound world does not get back."""
ABSENT: Final = object()
"""The value of a slot that has none."""


class Start:
    """The start of one site."""

    def __init__(self, site: Site) -> None:
        """Keep it as it is now: just built, and nobody listens yet. TypeError if something in it cannot be kept."""
        self.site = site
        self._entries = tuple(site.simulation.journal)
        self._dicts: list[tuple[dict[Any, Any], dict[Any, Any]]] = []
        self._lists: list[tuple[list[Any] | bytearray, tuple[Any, ...] | bytes]] = []
        self._others: list[tuple[set[Any] | deque[Any], tuple[Any, ...]]] = []
        self._cells: list[tuple[CellType, object]] = []
        self._attributes: list[tuple[dict[str, Any], tuple[str, ...], tuple[Any, ...]]] = []
        self._slots: list[tuple[object, tuple[str, ...], tuple[Any, ...]]] = []
        self._slots_of: dict[type, tuple[str, ...]] = {}
        self._names: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._walk(site)

    @classmethod
    def of(cls, site: Site) -> Start | None:
        """None if something in it cannot be kept."""
        try:
            return cls(site)
        except TypeError as error:
            log.warning("every reset builds the wallboxes again: %s", error)
            return None

    def fits(self, plan: SitePlan, epoch: datetime) -> bool:
        """Whether a site of this plan would be the same."""
        return self.site.plan is plan and self.site.simulation.epoch == epoch

    def _walk(self, site: Site) -> None:
        seen = {id(value) for value in held_by_modules()}
        seen.add(id(site.plan))
        left: list[object] = [site]
        while left:
            found = left.pop()
            if isinstance(found, LEAVES) or id(found) in seen:
                continue
            seen.add(id(found))
            left.extend(self._keep(found))

    def _keep(self, found: Any) -> Iterator[object]:
        """Keep what may change in an object, and say what it holds."""
        match found:
            case dict():
                self._dicts.append((found, dict(found)))
                yield from found.keys()
                yield from found.values()
            case list() | bytearray():
                self._lists.append((found, tuple(found) if isinstance(found, list) else bytes(found)))
                yield from found
            case set() | deque():
                self._others.append((found, tuple(found)))
                yield from found
            case tuple() | frozenset():
                yield from found
            case MethodType() | BuiltinFunctionType():
                yield found.__self__
            case FunctionType():
                yield from found.__closure__ or ()
                yield from found.__defaults__ or ()
                yield from (found.__kwdefaults__ or {}).values()
            case CellType():
                yield from self._keep_cell(found)
            case partial():
                yield from (found.func, found.args, *found.keywords.values())
            case MappingProxyType():
                yield from gc.get_referents(found)
            case _:
                yield from self._keep_instance(found)

    def _keep_cell(self, cell: CellType) -> Iterator[object]:
        try:
            content = cell.cell_contents
        except ValueError:
            return
        self._cells.append((cell, content))
        yield content

    def _keep_instance(self, found: Any) -> Iterator[object]:
        kind = type(found)
        slots = self._slots_of.get(kind)
        if slots is None:
            slots = self._slots_of[kind] = _slots(kind)
        attributes = getattr(found, "__dict__", None)
        if attributes is None and not slots and kind is not object and not hasattr(kind, "__slots__"):
            raise TypeError(f"a {kind.__module__}.{kind.__qualname__} cannot be brought back")
        if slots:
            values = tuple(getattr(found, name, ABSENT) for name in slots)
            if not _is_value(kind):
                self._slots.append((found, slots, values))
            yield from values
        if attributes:
            names = tuple(attributes)
            names = self._names.setdefault(names, names)
            self._attributes.append((attributes, names, tuple(attributes.values())))
            yield from attributes.values()

    # --- back --------------------------------------------------------------------------------------------------------

    def again(self, clock: Clock, journal: Journal) -> Site:
        """The site as it was, with another clock and an empty journal, which gets the entries of the start."""
        simulation = self.site.simulation
        changes = simulation.clock.changes
        for attributes, names, values in self._attributes:
            attributes.update(zip(names, values))  # noqa: B905 - they are as long
            if len(attributes) != len(names):
                for name in attributes.keys() - set(names):
                    del attributes[name]
        for found, names, values in self._slots:
            _put(found, names, values)
        for table, items in self._dicts:
            table.clear()
            table.update(items)
        for row, kept in self._lists:
            row[:] = kept
        for collection, members in self._others:
            collection.clear()
            collection.extend(members) if isinstance(collection, deque) else collection.update(members)
        for cell, content in self._cells:
            cell.cell_contents = content
        journal.turn = simulation.journal.turn
        simulation.clock, simulation.journal, simulation.bugs = clock, journal, Bugs()
        simulation.agenda.world.count += changes + 1
        if self.site.plan.clients:
            journal.recognise = self.site.plan.client
        for entry in self._entries:
            journal.repeat(entry)
        return self.site


def _slots(kind: type) -> tuple[str, ...]:
    """Names of the slots of a class and those it inherits from."""
    members = ((name, member) for base in kind.__mro__ for name, member in vars(base).items())
    return tuple(dict.fromkeys(name for name, member in members if isinstance(member, MemberDescriptorType)))


def _is_value(kind: type) -> bool:
    """Whether its instances never change."""
    parameters = getattr(kind, "__dataclass_params__", None)
    return parameters is not None and (parameters.frozen or parameters.unsafe_hash)


def _put(found: object, names: tuple[str, ...], values: tuple[Any, ...]) -> None:
    for name, value in zip(names, values):  # noqa: B905 - they are as long
        if value is not ABSENT:
            object.__setattr__(found, name, value)
        elif hasattr(found, name):
            object.__delattr__(found, name)
