"""The attachments: exchangeable plugs between the grid and the unit.

The one rule: an attachment is what the unit reads from its coding; what it does about it is decided in `logic`.
Source: seed document, attachment types and phase count; the assortment and its ratings are ASSUMED.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ...core.snapshot import PhaseMask


@dataclass(frozen=True, slots=True)
class Attachment:
    """One plug."""

    type: int
    """`connector.type`"""
    phases: int
    current: float
    """A, `connector.max_current`"""

    @property
    def mask(self) -> PhaseMask:
        """Lines it connects."""
        return (self.phases >= 1, self.phases >= 2, self.phases >= 3)

    @property
    def domestic(self) -> bool:
        return self.type == DOMESTIC

    @property
    def type2(self) -> bool:
        return self.type == TYPE2


UNKNOWN, CEE, DOMESTIC, TYPE2, WALL, AUS = range(6)

ATTACHMENTS: Final = {
    "none": Attachment(UNKNOWN, 0, 0.0),
    "cee_32": Attachment(CEE, 3, 32.0),
    "cee_16": Attachment(CEE, 3, 16.0),
    "cee_32_1p": Attachment(CEE, 1, 32.0),
    "cee_16_1p": Attachment(CEE, 1, 16.0),
    "domestic": Attachment(DOMESTIC, 1, 10.0),
    "domestic_13": Attachment(DOMESTIC, 1, 13.0),
    "domestic_16": Attachment(DOMESTIC, 1, 16.0),
    "type2": Attachment(TYPE2, 3, 32.0),
    "type2_16": Attachment(TYPE2, 3, 16.0),
    "wall_32": Attachment(WALL, 3, 32.0),
    "wall_16": Attachment(WALL, 3, 16.0),
    "aus_32": Attachment(AUS, 3, 32.0),
    "aus_10": Attachment(AUS, 1, 10.0),
}
