"""The status object: rows compiled once, and only what changed printed again.

The one rule: a reply is made of the fragments of its keys in the firmware's order; a key nobody asked for is not read.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from json.encoder import encode_basestring
from typing import Final

from ...devices.settings import Settings
from . import keys
from .identity import Identity
from .key import Key
from .printing import Render
from .readings import Read, View
from .settings import ALL_SEED_KEYS

_FILTERS: Final = 64
"""Compiled filters kept."""
_NOTHING: Final = object()


class Row:
    """One readable key of one wallbox, with its last value and how that was printed."""

    __slots__ = ("_fragment", "_prefix", "_read", "_render", "_skip", "_value", "developer", "live", "name")

    def __init__(self, key: Key, read: Read, render: Render) -> None:
        self.name = key.name
        self.live = key.live
        self.developer = key.developer
        self._prefix = encode_basestring(key.name) + ":"
        self._skip = len(self._prefix.encode())
        self._read = read
        self._render = render
        self._value: object = _NOTHING
        self._fragment = b""

    def fragment(self, view: View) -> bytes:
        """`"name":value`"""
        if not self.live and self._fragment:
            return self._fragment
        value = self._read(view)
        if value is not self._value and (self._value is _NOTHING or value != self._value):
            self._value = value
            self._fragment = (self._prefix + self._render(value)).encode()
        return self._fragment

    @property
    def printed(self) -> bytes:
        """The fragment as it was made last."""
        return self._fragment

    @property
    def payload(self) -> bytes:
        """The value alone in the fragment made last."""
        return self._fragment[self._skip :]

    def text(self, view: View) -> str:
        """The value alone, as JSON."""
        return self._render(self._read(view))


class Status:
    """The readable keys of one wallbox."""

    def __init__(self, identity: Identity, table: Mapping[str, Key]) -> None:
        self.rows: Mapping[str, Row] = {
            name: Row(key, key.read, identity.print_single if key.type.single else identity.print_json)
            for name, key in table.items()
            if key.read is not None
        }
        self._known = frozenset(table)
        self._order = {name: index for index, name in enumerate(self.rows)}
        self._every = tuple(self.rows.values())
        self._filters: OrderedDict[str, tuple[tuple[Row, ...], bool]] = OrderedDict()

    def everything(self, view: View) -> bytes:
        return _object(self._every, view)

    def filtered(self, text: str, view: View) -> tuple[bytes, bool]:
        """The object for the filter `text`, and whether every name in it is known."""
        rows, known = self.compile(text)
        return _object(rows, view), known

    def compile(self, text: str) -> tuple[tuple[Row, ...], bool]:
        """The rows a filter asks for, in the firmware's order, each once."""
        found = self._filters.get(text)
        if found is None:
            found = self._select(names(text))
            self._filters[text] = found
            if len(self._filters) > _FILTERS:
                self._filters.popitem(last=False)
        return found

    def _select(self, wanted: Iterable[str]) -> tuple[tuple[Row, ...], bool]:
        asked = dict.fromkeys(wanted)
        rows = sorted((self.rows[name] for name in asked if name in self.rows), key=lambda row: self._order[row.name])
        return tuple(rows), all(name in self._known for name in asked)

    def value(self, name: str, view: View) -> object:
        """What a client would decode. KeyError if this wallbox does not show the key."""
        return json.loads(self.rows[name].text(view))


def _object(rows: Iterable[Row], view: View) -> bytes:
    return b"{" + b",".join([row.fragment(view) for row in rows]) + b"}"


def names(text: str) -> list[str]:
    """The names in a filter: `a,b,c`, or a JSON list as older firmware wanted it."""
    if text.lstrip().startswith("["):
        try:
            listed = json.loads(text)
        except ValueError:
            return []
        return [name for name in listed if isinstance(name, str)]
    return [name for name in (part.strip() for part in text.split(",")) if name]


class Tables:
    """The keys of the profile in force: those of the API, and all that the vendor's app knows."""

    def __init__(self, identity: Identity, settings: Settings) -> None:
        self._identity = identity
        self._settings = settings
        self.load()

    def load(self) -> None:
        """Profile or settings have changed."""
        identity = self._identity
        self.keys = keys.served(identity.profile, all_table_keys=self._settings[ALL_SEED_KEYS])
        self.status = Status(identity, self.keys)
        self.app_keys = keys.developer(identity.profile)
        self.app_status = Status(identity, self.app_keys)
