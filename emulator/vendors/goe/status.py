"""The status object: rows compiled once, and only what changed printed again.

The one rule: a reply is made of the fragments of its keys in the firmware's order; a key nobody asked for is not read.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from json.encoder import encode_basestring
from typing import Final

from ...devices.rendering import Document, Fragment, Moments, listed
from ...devices.settings import Settings
from . import keys
from .identity import Identity
from .key import Key
from .printing import Render
from .readings import Read, View
from .settings import ALL_SEED_KEYS

FILTERS: Final = 64
"""Compiled filters kept."""


class Row(Fragment[View]):
    """One readable key of one wallbox."""

    __slots__ = ("_print", "_skip", "developer", "live", "name")

    def __init__(self, key: Key, read: Read, render: Render) -> None:
        prefix = (encode_basestring(key.name) + ":").encode()
        super().__init__(read, lambda value: prefix + render(value).encode(), fixed=not key.live)
        self.name = key.name
        self.live = key.live
        self.developer = key.developer
        self._skip = len(prefix)
        self._print = render

    def fragment(self, view: View) -> bytes:
        """`"name":value`"""
        return self.renew(view, view.moment)

    def value_in(self, fragment: bytes) -> bytes:
        """The value alone of a fragment."""
        return fragment[self._skip :]

    def value_text(self, view: View) -> str:
        """The value alone, as JSON."""
        return self._print(self._read(view))


class Status:
    """The readable keys of one wallbox."""

    def __init__(self, identity: Identity, moments: Moments, table: Mapping[str, Key]) -> None:
        self._moments = moments
        self.rows: Mapping[str, Row] = {
            name: Row(key, key.read, identity.print_single if key.type.single else identity.print_json)
            for name, key in table.items()
            if key.read is not None
        }
        self._known = frozenset(table)
        self._order = {name: index for index, name in enumerate(self.rows)}
        self._every = Document(moments, tuple(self.rows.values()), _OBJECT)
        self._filters: OrderedDict[str, tuple[Document[View], bool]] = OrderedDict()

    def everything(self, view: Callable[[], View]) -> bytes:
        return self._every.bytes(view)

    def filtered(self, text: str, view: Callable[[], View]) -> tuple[bytes, bool]:
        """The object for the filter `text`, and whether every name in it is known."""
        document, known = self.compile(text)
        return document.bytes(view), known

    def compile(self, text: str) -> tuple[Document[View], bool]:
        """The rows a filter asks for, in the firmware's order, each once, and whether all of them are known."""
        found = self._filters.get(text)
        if found is None:
            rows, known = self._select(names(text))
            found = Document(self._moments, rows, _OBJECT), known
            self._filters[text] = found
            if len(self._filters) > FILTERS:
                self._filters.popitem(last=False)
        return found

    def _select(self, wanted: Iterable[str]) -> tuple[tuple[Row, ...], bool]:
        asked = dict.fromkeys(wanted)
        rows = sorted((self.rows[name] for name in asked if name in self.rows), key=lambda row: self._order[row.name])
        return tuple(rows), all(name in self._known for name in asked)

    def value(self, name: str, view: View) -> object:
        """What a client would decode. KeyError if this wallbox does not show the key."""
        return json.loads(self.rows[name].value_text(view))


_OBJECT: Final = listed(b"{", b",", b"}")


def names(text: str) -> list[str]:
    """The names in a filter: `a,b,c`, or a JSON list as older firmware wanted it."""
    if text.lstrip().startswith("["):
        try:
            listed = json.loads(text)
        except (ValueError, RecursionError):
            return []
        return [name for name in listed if isinstance(name, str)]
    return [name for name in (part.strip() for part in text.split(",")) if name]


class Tables:
    """The keys of the profile in force: those of the API, and all that the vendor's app knows."""

    def __init__(self, identity: Identity, settings: Settings, moments: Moments) -> None:
        self._identity = identity
        self._settings = settings
        self._moments = moments
        self.load()

    def load(self) -> None:
        """Profile or settings have changed."""
        identity = self._identity
        self.keys = keys.served(identity.profile, all_table_keys=self._settings[ALL_SEED_KEYS])
        self.app_keys = keys.developer(identity.profile)
        self._status: Status | None = None
        self._app_status: Status | None = None

    @property
    def status(self) -> Status:
        """What the API shows."""
        if self._status is None:
            self._status = Status(self._identity, self._moments, self.keys)
        return self._status

    @property
    def app_status(self) -> Status:
        """What the vendor's app is shown."""
        if self._app_status is None:
            self._app_status = Status(self._identity, self._moments, self.app_keys)
        return self._app_status
