"""Quirks: what some models and firmwares do differently, and a user may switch on or off on any.

The one rule: a quirk is a row with a source (`since`, `until`, `models`); logic asks the wallbox for it and never
compares versions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from .points import Point
from .settings import Setting, boolean, optional


@dataclass(frozen=True, kw_only=True)
class Quirk(Point):
    """One behaviour of some models and firmwares."""

    @cached_property
    def setting(self) -> Setting[bool | None]:
        """What the user states; None: as the model and firmware do."""
        return Setting(self.name, None, optional(boolean), self.about)
