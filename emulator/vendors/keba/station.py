"""A KeContact of the x-series, or a P40, as a charge point of OCPP 1.6J.

Source: KC-P30 x-series configuration manual 4.14 for what it serves. ASSUMED: boot strings, and how its own
authorisation follows the central system.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...ocpp.profiles import KEBA_PROFILE, VendorProfile
from ...ocpp.station import Allowance, Identity, Station
from .entries import NO_TAG
from .settings import CONTACTOR_BOX, X2, X2SRC

if TYPE_CHECKING:
    from ...devices.wallbox import Wallbox
    from .build import Build
    from .logic import Logic

BY_OCPP: Final = 1
"""`x2src`"""


def made_of(wallbox: Wallbox, build: Build, logic: Logic) -> tuple[VendorProfile, Station]:
    return KEBA_PROFILE, KebaStation(wallbox, build, logic)


class KebaStation(Station):
    """One wallbox."""

    def __init__(self, wallbox: Wallbox, build: Build, logic: Logic) -> None:
        super().__init__(
            wallbox,
            Identity(
                "Keba AG", build.traits.product[:20] or build.traits.generation, build.serial[:25], build.firmware[:50]
            ),
        )
        self._build = build
        self._logic = logic

    def free_tag(self) -> str | None:
        """Without authorisation it charges in the name of no card."""
        return None if self._logic.cards.authorisation_on else NO_TAG

    def allow(self, allowance: Allowance) -> None:
        super().allow(Allowance(allowance.current, allowance.authorised, None))
        settings = self._logic.settings
        if allowance.phases is not None and (self._build.p40 or settings[CONTACTOR_BOX]):
            settings.put(X2SRC, BY_OCPP)
            settings.put(X2, int(allowance.phases != 1))
        point = self._logic.host.charge_point
        self._logic.cards.order(point.connector.tag if allowance.authorised and point is not None else None)

    def restart(self, *, hard: bool) -> None:
        """One firmware runs everything."""
        self.wallbox.reboot()
