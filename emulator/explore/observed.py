"""What a client does when nothing happens to it: which interfaces it uses, what it reads and what it writes.

The one rule: it is taken from the journal alone, so that it is the same for every client.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..core.instant import Instant
from ..verdict.entries import told_by

if TYPE_CHECKING:
    from ..runtime.journal import Entry


@dataclass(frozen=True, slots=True)
class Observed:
    """One client, or all of them."""

    interfaces: dict[str, set[str]] = field(default_factory=dict)
    """By wallbox, `garage.goe`: the interfaces it used."""
    paths: dict[str, set[str]] = field(default_factory=dict)
    """By interface, `garage.goe.http`: paths it asked for."""
    told: dict[str, set[str]] = field(default_factory=dict)
    """By wallbox: values it was told; one stands for everything below it."""
    written: dict[str, dict[str, list[object]]] = field(default_factory=dict)
    """By wallbox: what it wrote, and with which values."""
    lasted: Instant = 0
    """When it did something for the last time."""


def observed(journal: Iterable[Entry]) -> Observed:
    """What the clients in a journal did."""
    found = Observed()
    lasted = 0
    for entry in journal:
        if entry.client is None or entry.wallbox is None or entry.kind not in ("request", "write", "push"):
            continue
        wallbox = f"{entry.charger}.{entry.wallbox}"
        lasted = entry.at
        if entry.interface is not None:
            found.interfaces.setdefault(wallbox, set()).add(entry.interface)
        found.told.setdefault(wallbox, set()).update(told_by(entry))
        if entry.kind == "write":
            values = found.written.setdefault(wallbox, {}).setdefault(entry.name, [])
            if (value := entry.detail.get("value")) not in values:
                values.append(value)
        method, _, path = entry.name.partition(" ")
        if path.startswith("/") and method.isupper():
            found.paths.setdefault(f"{wallbox}.{entry.interface}", set()).add(path)
    return Observed(found.interfaces, found.paths, found.told, found.written, lasted)
