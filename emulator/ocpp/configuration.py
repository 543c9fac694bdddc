"""Configuration keys: rows of a vendor, and the values one charge point has for them.

The one rule: a value is stored exactly when the answer says Accepted or RebootRequired; what is shown is stored, what
counts is in force.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Final, Literal

from ocpp.v16.enums import ConfigurationStatus

from .messages import folded

Kind = Literal["boolean", "integer", "text", "list"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationKey:
    """One key of a charge point."""

    name: str
    default: str
    kind: Kind = "text"
    read_only: bool = False
    reboot: bool = False
    """Answers RebootRequired, and counts from the next boot on."""
    at_once: bool = False
    """Counts without the reboot that the answer asks for."""
    lowest: int = 0
    highest: int = 2**31 - 1
    elements: frozenset[str] = frozenset()
    """What a list may hold; empty: anything."""
    longest: int = 500
    """Characters of a text, elements of a list."""
    source: str = ""

    def takes(self, value: str) -> bool:
        """Whether a value may be stored."""
        match self.kind:
            case "boolean":
                return value in ("true", "false")
            case "integer":
                return _is_integer(value) and self.lowest <= int(value) <= self.highest
            case "list":
                items = value.split(",") if value else []
                return len(items) <= self.longest and all(self._takes_element(item) for item in items)
            case "text":
                return len(value) <= self.longest

    def _takes_element(self, item: str) -> bool:
        return bool(item) and (not self.elements or item in self.elements)


@dataclass(frozen=True, slots=True)
class Binding:
    """Where a vendor keeps the value of a key: a setting of its own, or something its hardware decides."""

    read: Callable[[], str]
    write: Callable[[str], None]


class Configuration:
    """The values of one charge point."""

    def __init__(
        self,
        keys: Iterable[ConfigurationKey],
        stored: MutableMapping[str, str],
        bound: Mapping[str, Binding] | None = None,
        *,
        exact_names: bool = False,
    ) -> None:
        """`stored`: what differs from the defaults; survives a reboot. `bound`: what the vendor keeps elsewhere.

        `exact_names`: the central system has to write them as they are.
        """
        self.keys: Final = {key.name: key for key in keys}
        self._names = {name if exact_names else folded(name): name for name in self.keys}
        self._exact_names = exact_names
        self._stored = stored
        self._bound = bound if bound is not None else {}
        self._listeners: list[Callable[[str], None]] = []
        waiting = (key.name for key in self.keys.values() if key.reboot and not key.at_once)
        self._at_boot: Final = {name: self.text(name) for name in waiting}
        """Values in force that only a boot replaces."""

    def listen(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with the name of each key that has been given a value."""
        self._listeners.append(listener)

    def __contains__(self, name: str) -> bool:
        return name in self.keys

    def text(self, name: str) -> str:
        """The stored value of a key, as it is shown; empty if the vendor has no such key."""
        if name in self._bound:
            return self._bound[name].read()
        key = self.keys.get(name)
        return "" if key is None else self._stored.get(name, key.default)

    def _in_force(self, name: str) -> str:
        return self._at_boot[name] if name in self._at_boot else self.text(name)

    def flag(self, name: str) -> bool:
        """Whether a key is in force as true."""
        return self._in_force(name) == "true"

    def integer(self, name: str, default: int = 0) -> int:
        """The value of a key that is in force; `default` if the vendor has no such key."""
        value = self._in_force(name)
        return int(value) if _is_integer(value) else default

    def items(self, name: str) -> tuple[str, ...]:
        """The elements of a list that is in force."""
        value = self._in_force(name)
        return tuple(value.split(",")) if value else ()

    def put(self, name: str, value: str) -> None:
        """Store a value, whatever the key allows."""
        if name in self._bound:
            self._bound[name].write(value)
        else:
            self._stored[name] = value
        self.changed(name)

    def changed(self, name: str) -> None:
        """A key has another value; also for the vendor to say of one that it keeps itself."""
        for listener in self._listeners:
            listener(name)

    def change(self, name: str, value: str) -> ConfigurationStatus:
        """The answer to ChangeConfiguration."""
        key = self._named(name)
        if key is None:
            return ConfigurationStatus.not_supported
        if key.read_only or not key.takes(value):
            return ConfigurationStatus.rejected
        self.put(key.name, value)
        return ConfigurationStatus.reboot_required if key.reboot else ConfigurationStatus.accepted

    def _named(self, written: str) -> ConfigurationKey | None:
        """The key that the central system means."""
        name = self._names.get(written if self._exact_names else folded(written))
        return None if name is None else self.keys[name]

    def report(self, names: Iterable[str]) -> Mapping[str, object]:
        """The answer to GetConfiguration: of all keys if `names` is empty."""
        asked = tuple(names)
        unknown = [name for name in asked if self._named(name) is None]
        found = (self._named(name) for name in asked or self.keys)
        shown = [
            {"key": key.name, "readonly": key.read_only, "value": self.text(key.name)}
            for key in found
            if key is not None
        ]
        return {"configurationKey": shown, **({"unknownKey": unknown} if unknown else {})}

    def reset(self) -> None:
        """Every key back to its default."""
        self._stored.clear()


def _is_integer(value: str) -> bool:
    return value.isascii() and value.removeprefix("-").isdigit() and len(value) < 20
