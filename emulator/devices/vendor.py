"""A vendor at a glance: its catalogue, and the firmware that runs on what it sells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .catalogue import Catalogue
from .wallbox import Context, Wallbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor(Catalogue):
    """One vendor; each vendor's `vendor` module has it as `VENDOR`."""

    create: Callable[[Context], Wallbox]
