"""A Lektrico charger as a charge point of OCPP 1.6J.

ASSUMED: everything but what `ocpp_server_link`, `headless` and `ocpp_current` say of themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...ocpp.profiles import LEKTRICO_PROFILE, VendorProfile
from ...ocpp.station import OWNER, Allowance, Identity, Station
from .config import HEADLESS
from .settings import OCPP_CURRENT

if TYPE_CHECKING:
    from ...devices.wallbox import Wallbox
    from .charging import Charging
    from .device import Device

NO_CARD: Final = "freevend"
LOWEST: Final = 6
"""A"""


def made_of(wallbox: Wallbox, device: Device, charging: Charging) -> tuple[VendorProfile, Station]:
    return LEKTRICO_PROFILE, LektricoStation(wallbox, device, charging)


class LektricoStation(Station):
    """One charger."""

    def __init__(self, wallbox: Wallbox, device: Device, charging: Charging) -> None:
        model = "3P22K" if device.traits.three_phase else "1P7K"
        super().__init__(wallbox, Identity("Lektri.co", model, device.serial[:25], device.firmware))
        self._device = device
        self._charging = charging

    def free_tag(self) -> str | None:
        """A headless charger needs nobody's authorisation."""
        return NO_CARD if self._device.settings[HEADLESS.setting] else None

    def allow(self, allowance: Allowance) -> None:
        """`ocpp_current`, and a session in the name of the central system."""
        current = int(allowance.current)
        self._device.settings.put(OCPP_CURRENT.setting, current if current >= LOWEST else 0)
        self.wallbox.control.permit(OWNER, allowance.authorised)
        if allowance.authorised and not self._charging.authorised:
            self._charging.start()
        elif not allowance.authorised and self._charging.authorised:
            self._charging.stop()

    def release(self) -> None:
        super().release()
        self._device.settings.put(OCPP_CURRENT.setting, OCPP_CURRENT.default)
