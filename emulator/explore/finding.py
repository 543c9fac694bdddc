"""What a walk may find."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.instant import Instant
from ..errors import Place


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that should not have happened."""

    rule: str
    """What was broken: the name of a rule, a law of physics, or what became of the client."""
    text: str
    at: Instant
    place: Place | None = None
    """Where the rule stands."""
