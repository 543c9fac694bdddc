"""A charge controller as a charge point of OCPP 1.6J.

Source: Bender OCPP In-Depth Guide 5.32. ASSUMED: timing, and how its own authorisation follows the central system.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...ocpp.profiles import BENDER_PROFILE, VendorProfile
from ...ocpp.station import Allowance, Identity, Station
from .settings import AVAILABLE, FREE_CHARGING, OCPP_FREE_TAG

if TYPE_CHECKING:
    from ...devices.wallbox import Wallbox
    from .build import Build
    from .logic import Logic

VENDOR: str = "Bender GmbH Co. KG"
MODEL: str = "CC612_2S0R"
"""Defaults of ChargePointVendor and ChargePointModel; makers of wallboxes put their own there."""


def made_of(wallbox: Wallbox, build: Build, logic: Logic) -> tuple[VendorProfile, Station]:
    return BENDER_PROFILE, BenderStation(wallbox, build, logic)


class BenderStation(Station):
    """One controller."""

    def __init__(self, wallbox: Wallbox, build: Build, logic: Logic) -> None:
        super().__init__(wallbox, Identity(VENDOR, MODEL, build.serial[:25], build.firmware))
        self._logic = logic

    def free_tag(self) -> str | None:
        """Free charging: full OCPP with a fixed RFID, without authorisation."""
        settings = self._logic.settings
        return settings[OCPP_FREE_TAG] if settings[FREE_CHARGING] else None

    def available(self) -> bool:
        """Register 124"""
        return self._logic.settings[AVAILABLE]

    def make_available(self, operative: bool) -> None:
        self._logic.settings.put(AVAILABLE, operative)

    def allow(self, allowance: Allowance) -> None:
        super().allow(allowance)
        point = self._logic.host.charge_point
        self._logic.authorisation.order(point.connector.tag if allowance.authorised and point is not None else None)

    def restart(self, *, hard: bool) -> None:
        """One processor runs everything."""
        self.wallbox.reboot()
