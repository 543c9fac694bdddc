"""Names of a site whose wallboxes can be asked what they know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..devices.wallbox import Wallbox
from ..language.names import Names


@dataclass(frozen=True)
class SiteNames(Names):
    """The names of a site that exists: a running one, or one built to read a scenario by."""

    find: Callable[[str], Wallbox | None] = field(kw_only=True)
    """The wallbox of an address; None if there is none."""


def probe(names: Names, address: str) -> Wallbox | None:
    """The wallbox of an address, to ask what it knows; None where only its name is known."""
    return names.find(address) if isinstance(names, SiteNames) else None
