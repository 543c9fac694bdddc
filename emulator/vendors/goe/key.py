"""One row of the key table, and short ways to write one down.

The one rule: a row is a frozen value; what it reads is a view, what it writes acts on the parts of the wallbox.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypedDict, Unpack

from ...devices.firmware import Profile
from ...devices.points import Fidelity, Point
from .device import Device
from .order import TABLE_KEYS
from .readings import Read
from .readings import stored as reading
from .refusals import NO_SETTER, Refusal, range_exceeded, wrong_type
from .rules import Rule
from .settings import Stored
from .sources import Source
from .values import JsonType, T

Write = Callable[[Device, object], Refusal | None]
"""Check a written value and act on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key(Point):
    """One key. Without `read` it is write-only, without `write` read-only."""

    type: JsonType[object]
    read: Read | None = None
    write: Write | None = None
    setting: Stored[object] | None = None
    refusal: Refusal = NO_SETTER
    """Why it cannot be written, where there is no `write`."""
    blocked: tuple[str, str] | None = None
    """From this firmware and before that one the API may not write it."""
    developer: bool = False
    """Left out of the API from 55 on."""

    def in_table(self) -> bool:
        """Whether the API keys table has it."""
        return self.name in _TABLE_KEYS

    def writable(self, profile: Profile) -> bool:
        return self.blocked is None or not profile.has(since=self.blocked[0], until=self.blocked[1])

    def fidelity(self, profile: Profile) -> Fidelity:
        settable = self.write is not None and self.writable(profile)
        return self.documented("API keys", self.type.name, settable=settable, readable=self.read is not None)


_TABLE_KEYS = frozenset(TABLE_KEYS)


def setter(kind: JsonType[T], act: Callable[[Device, T], Refusal | None], rule: Rule | None = None) -> Write:
    """A write of values of one type, which keep a rule."""

    def refused(value: object) -> Refusal | None:
        return None if rule is None else rule(value)

    def write(device: Device, value: object) -> Refusal | None:
        if kind.fits(value):
            return refused(value) or act(device, value)
        if kind.bounds is None or isinstance(value, bool) or not isinstance(value, int):
            return wrong_type(kind.expected)
        return refused(value) or range_exceeded(value, *kind.bounds)

    return write


def keeper(setting: Stored[T], rule: Rule | None = None) -> Write:
    """A write that stores. `rule`: instead of the setting's own."""

    def keep(device: Device, value: T) -> None:
        device.settings.put(setting, value)

    return setter(setting.type, keep, rule or setting.rule)


class Facts(TypedDict, total=False):
    """What a row may say beside source and meaning; see `Key`."""

    assumed: str
    blocked: tuple[str, str]
    refusal: Refusal


def _key(
    name: str,
    kind: JsonType[object],
    source: Source,
    about: str,
    *,
    read: Read | None,
    write: Write | None,
    setting: Stored[object] | None = None,
    live: bool = True,
    **facts: Unpack[Facts],
) -> Key:
    return Key(
        name=name,
        type=kind,
        source=source.tag,
        since=source.first,
        until=source.end,
        models=source.models,
        developer=source.developer,
        about=about,
        read=read,
        write=write,
        setting=setting,
        live=live,
        **facts,
    )


def config(
    setting: Stored[object],
    source: Source,
    about: str,
    *,
    kind: JsonType[object] | None = None,
    read: Read | None = None,
    write: Write | None = None,
    **facts: Unpack[Facts],
) -> Key:
    """A setting that the API reads and writes. `kind`: what it is shown as, if not as it is stored."""
    return _key(
        setting.name,
        kind or setting.type,
        source,
        about,
        read=read or reading(setting),
        write=write or keeper(setting),
        setting=setting,
        **facts,
    )


def shown(setting: Stored[object], source: Source, about: str, **facts: Unpack[Facts]) -> Key:
    """A setting that the API only reads; the owner changes it with the vendor's app or at the wallbox."""
    return replace(config(setting, source, about, **facts), write=None)


def status(
    name: str,
    kind: JsonType[object],
    read: Read,
    source: Source,
    about: str = "",
    write: Write | None = None,
    **facts: Unpack[Facts],
) -> Key:
    """A value that follows what happens."""
    return _key(name, kind, source, about, read=read, write=write, **facts)


def fixed(name: str, kind: JsonType[object], value: object, source: Source, about: str, **facts: Unpack[Facts]) -> Key:
    """A constant of the device, or (then `assumed`) something not emulated."""
    return of_identity(name, kind, lambda _: value, source, about, **facts)


def of_identity(
    name: str, kind: JsonType[object], read: Read, source: Source, about: str, **facts: Unpack[Facts]
) -> Key:
    """A value that does not change while the wallbox runs."""
    return _key(name, kind, source, about, read=read, write=None, live=False, **facts)


def action(name: str, write: Write, kind: JsonType[object], source: Source, about: str, **facts: Unpack[Facts]) -> Key:
    """A key that can only be written."""
    return _key(name, kind, source, about, read=None, write=write, **facts)
