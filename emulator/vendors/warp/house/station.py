"""A WARP Charger as a charge point of OCPP 1.6J.

Source: Tinkerforge tfocpp and esp32-firmware, `modules/ocpp`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from ....core.states import EvseState
from ....ocpp.configuration import Binding
from ....ocpp.profiles import WARP_PROFILE, VendorProfile
from ....ocpp.station import Allowance, Evse, Identity, Station
from ..evse.controller import Controller
from ..evse.memory import LOWEST, SlotId
from ..platform import Platform
from ..settings import OCPP_PROFILE_DEFECTS
from .power import PowerManager

EVSE: Final = (Evse.NOT_CONNECTED, Evse.CONNECTED, Evse.READY, Evse.CHARGING, Evse.FAULTED)
"""By `charger_state`."""
LONGEST_MODEL: Final = 20


def made_of(platform: Platform, controller: Controller, power: PowerManager) -> tuple[VendorProfile, Station]:
    defects = platform.wallbox.settings[OCPP_PROFILE_DEFECTS]
    profile = replace(WARP_PROFILE, charging=replace(WARP_PROFILE.charging, defects=defects))
    return profile, WarpStation(platform, controller, power)


def _identity(platform: Platform) -> Identity:
    power = 11 if platform.profile.model.rated_current <= 16 else 22
    product = platform.traits.product.removesuffix(" Charger")
    model = f"{product} {platform.traits.kind.capitalize()} {power}kW"
    return Identity("Tinkerforge GmbH", model[:LONGEST_MODEL], platform.device_name, platform.firmware_text)


class WarpStation(Station):
    """One wallbox."""

    def __init__(self, platform: Platform, controller: Controller, power: PowerManager) -> None:
        super().__init__(platform.wallbox, _identity(platform))
        self._platform = platform
        self._controller = controller
        self._power = power
        self._phases = 3

    def evse(self) -> Evse:
        """As the controller says; while it has no power, or just starts, it says nothing."""
        if self.snapshot().state in (EvseState.OFF, EvseState.BOOT):
            return Evse.UNKNOWN
        return EVSE[self._controller.now().charger_state]

    def offered(self) -> float:
        """The lowest of the active slots."""
        return self._controller.now().allowed / 1000

    def bindings(self) -> Mapping[str, Binding]:
        offered = self._power.offered
        return {"ConnectorSwitch3to1PhaseSupported": Binding(lambda: str(offered).lower(), lambda _: None)}

    def calendar(self) -> datetime:
        return self._platform.clock.utc(self._platform.at)

    def move_clock(self, difference: timedelta) -> None:
        self._platform.clock.obey(self.calendar() + difference)

    def allow(self, allowance: Allowance) -> None:
        """Slot 11; less than 6 A blocks it."""
        current = int(allowance.current * 1000)
        self._controller.put(SlotId.OCPP, current=current if current >= LOWEST else 0)
        phases = allowance.phases or 3
        if allowance.authorised and phases != self._phases and self._power.offered:
            self._phases = phases
            self._power.request(1 if phases == 1 else 3)
        self._platform.touch()

    def release(self) -> None:
        """The slot keeps its value: with `evse/ocpp_enabled` on, the wallbox stays as it is."""

    def shut_down(self) -> None:
        """The slot keeps its value until the client starts: it is the charge controller's."""

    def restart(self, *, hard: bool) -> None:
        if hard:
            self._controller.restart()
        self._platform.reboot()
