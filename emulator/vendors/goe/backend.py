"""The central system (OCPP) as the wallbox's logic sees it, and the charge point that talks to it.

The one rule: what the central system allows is kept here; the logic takes it in at its next second.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ...devices.interfaces import OcppAccess
from ...devices.settings import Settings
from ...ocpp.host import Host
from . import settings as s

if TYPE_CHECKING:
    from ...ocpp.profiles import VendorProfile
    from ...ocpp.station import Allowance, Station

LEAST: Final = 6.0
"""Lowest current that a vehicle can charge with [A]."""
KEYS: Final = {
    s.OCPPH.name: "HeartbeatInterval",
    s.OCPPI.name: "MeterValueSampleInterval",
    s.OCPPAI.name: "ClockAlignedDataInterval",
    s.OCPPLO.name: "LocalAuthorizeOffline",
    s.OCPPAO.name: "AllowOfflineTxForUnknownId",
    s.OCPPLA.name: "LocalAuthListEnabled",
    s.TXT.name: "ConnectionTimeOut",
    s.OSR.name: "StopChargingOnReboot",
    s.MCA.name: "MinChargingCurrent",
    s.AMP.name: "RequestedCurrent",
}
"""The configuration key of OCPP that a key of the API is. Source: go-eCharger-API-v2 ocpp-en, change logs 60.4, 60.5;
ASSUMED: `ocppla`."""
CONNECTION: Final = (s.OCPPE.name, s.OCPPU.name, s.OCPPCN.name, s.OCPPSS.name)
"""Keys that decide where to connect."""
DECISIVE: Final = (s.ACS.name, s.OCPPD.name, s.OCPPF.name)
"""Keys that decide what the charge point does next."""


class Backend:
    """One wallbox's central system."""

    def __init__(self, settings: Settings, made_of: Callable[[], tuple[VendorProfile, Station]]) -> None:
        self._settings = settings
        self.host: Final = Host(settings, self._access, made_of)
        self.allowance: Allowance | None = None
        """None: it has no say."""
        self.accepts: Callable[[], None] = lambda: None
        """Called when it allows something else."""

    def _access(self) -> OcppAccess | None:
        settings = self._settings
        if not settings[s.OCPPE] or not settings[s.OCPPU]:
            return None
        return OcppAccess(url=settings[s.OCPPU], verify=not settings[s.OCPPSS], check_host=not settings[s.OCPPCN])

    def allow(self, allowance: Allowance | None) -> None:
        """The central system allows something else."""
        self.allowance = allowance
        self.accepts()

    @property
    def authorised(self) -> bool:
        """A transaction is running: nobody else has to let the vehicle charge."""
        return self.allowance is not None and self.allowance.authorised

    @property
    def denies(self) -> bool:
        return self.allowance is not None and (not self.allowance.authorised or self.allowance.current < LEAST)

    @property
    def offline(self) -> bool:
        """The fall-back limit `ocppf` is in force."""
        point = self.host.charge_point
        return point is not None and not point.online and self._settings[s.OCPPF] is not None

    @property
    def current(self) -> int | None:
        """A per phase that the charging profiles allow; None: they have no say."""
        return None if self.allowance is None or self.denies else int(self.allowance.current)

    @property
    def phases(self) -> int | None:
        return None if self.allowance is None else self.allowance.phases
