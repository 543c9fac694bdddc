"""One row of the key table, and short ways to write one down.

The one rule: a row is a frozen value; what it reads is a view, what it writes goes through the wallbox.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Required, TypedDict, Unpack

from ...devices.firmware import Profile
from ...devices.points import Fidelity, Point
from ...devices.settings import Check, Setting
from .order import TABLE_KEYS
from .values import JsonType

if TYPE_CHECKING:
    from .readings import View
    from .refusals import Refusal
    from .wallbox import Goe

Read = Callable[["View"], object]
Rule = Callable[[object], "Refusal | None"]
"""What a value has to be beyond its type."""
Write = Callable[["Goe", object], "Refusal | None"]
"""Check a value of the right type and act on it."""

LEGACY_UNTIL = "55"
"""Up to 054 the full status contained the developer keys. Source: captured full status replies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key(Point):
    """One key. Without `read` it is write-only, without `write` read-only."""

    type: JsonType
    read: Read | None = None
    write: Write | None = None
    accepts: JsonType | None = None
    """Type of a written value, where it differs from what is read."""
    rule: Rule | None = None
    """What a written value has to be beyond its type, where that is all."""
    setting: Setting | None = None
    blocked: tuple[str, str] | None = None
    """From this firmware and before that one the API may not write it."""

    def in_table(self) -> bool:
        """Whether the API keys table has it."""
        return self.name in _TABLE_KEYS

    def writable(self, profile: Profile) -> bool:
        return self.blocked is None or not profile.has(since=self.blocked[0], until=self.blocked[1])

    def fidelity(self, profile: Profile) -> Fidelity:
        return Fidelity(
            table="API keys",
            name=self.name,
            type=self.type.name,
            readable=self.read is not None,
            settable=self.write is not None and self.writable(profile),
            live=self.live,
            source=self.source,
            since=self.since,
            until=self.until,
            models=self.models,
            assumed=self.assumed,
            about=self.about,
        )


_TABLE_KEYS = frozenset(TABLE_KEYS)


class Facts(TypedDict, total=False):
    """What every row may say about itself; see `Point`."""

    source: Required[str]
    about: str
    since: str
    until: str
    models: tuple[str, ...]
    assumed: str


def stored(name: str) -> Read:
    """Reads a setting as it is."""
    return lambda v: v.settings[name]


def _keep(name: str, rule: Rule | None) -> Write:
    def write(box: Goe, value: object) -> Refusal | None:
        if rule is not None and (refusal := rule(value)) is not None:
            return refusal
        box.settings.put(name, value)
        return None

    return write


def setting_check(fits: JsonType, rule: Rule | None) -> Check:
    """The same checks for a value that a user states."""

    def check(value: object) -> object:
        if not fits.fits(value):
            raise ValueError(f"expected {fits.name}")
        if rule is not None and (refusal := rule(value)) is not None:
            raise ValueError(refusal.text)
        return value

    return check


def config(
    name: str,
    kind: JsonType,
    default: object,
    rule: Rule | None = None,
    *,
    read: Read | None = None,
    write: Write | None = None,
    accepts: JsonType | None = None,
    persistent: bool = True,
    blocked: tuple[str, str] | None = None,
    **facts: Unpack[Facts],
) -> Key:
    """A setting that the API reads and writes."""
    return Key(
        name=name,
        type=kind,
        read=read or stored(name),
        write=write or _keep(name, rule),
        accepts=accepts,
        rule=rule,
        setting=Setting(
            name=name,
            default=default,
            check=setting_check(accepts or kind, rule),
            persistent=persistent,
            about=facts.get("about", ""),
        ),
        blocked=blocked,
        **facts,
    )


def shown(name: str, kind: JsonType, default: object, rule: Rule | None = None, **facts: Unpack[Facts]) -> Key:
    """A setting that the API only reads; the owner changes it with the vendor's app or at the box."""
    return replace(config(name, kind, default, rule, **facts), write=None)


def status(
    name: str, kind: JsonType, read: Read, *, write: Write | None = None, accepts: JsonType | None = None,
    **facts: Unpack[Facts],
) -> Key:  # fmt: skip
    """A value that follows what happens."""
    return Key(name=name, type=kind, read=read, write=write, accepts=accepts, **facts)


def fixed(name: str, kind: JsonType, value: object, **facts: Unpack[Facts]) -> Key:
    """A value that never changes: a constant of the device, or (then `assumed`) something not emulated.

    A function as `value` reads it from the identity of the box.
    """
    read: Read = value if callable(value) else (lambda _: value)
    return Key(name=name, type=kind, read=read, live=False, **facts)


def action(name: str, kind: JsonType, write: Write, **facts: Unpack[Facts]) -> Key:
    """A key that can only be written."""
    return Key(name=name, type=kind, write=write, **facts)
