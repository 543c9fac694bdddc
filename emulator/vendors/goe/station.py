"""A go-e charger as a charge point of OCPP 1.6J: what it says about itself, and what it makes of the answers.

Source: go-eCharger-API-v2 ocpp-en and change logs; captures of firmware 055.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from ocpp.v16.enums import Action

from ...core.states import EvseState
from ...devices.settings import Setting
from ...ocpp.configuration import Binding, ConfigurationKey
from ...ocpp.profiles import GOE_PROFILE, VendorProfile
from ...ocpp.states import State
from ...ocpp.station import BLOCKED, Allowance, Identity, Station
from . import backend
from . import settings as s
from .device import Device
from .features import API_KEYS_BY_OCPP, DATA_TRANSFER, START_WITH_PROFILE

if TYPE_CHECKING:
    from ...devices.wallbox import Wallbox

NUMBERS: Final = (s.OCPPH, s.OCPPI, s.OCPPAI)
FLAGS: Final = (s.OCPPLO, s.OCPPAO, s.OCPPLA)
NEWER_NUMBERS: Final = (s.TXT, s.MCA, s.AMP)
NEWER_FLAGS: Final = (s.OSR,)

NEWER_KEYS: Final = (
    ConfigurationKey(name="StopChargingOnReboot", default="false", kind="boolean"),
    ConfigurationKey(name="MinChargingCurrent", default="6", kind="integer", lowest=6, highest=32),
    ConfigurationKey(name="RequestedCurrent", default="16", kind="integer", lowest=6, highest=32),
)
LIST_ENABLED: Final = ConfigurationKey(name="LocalAuthListEnabled", default="false", kind="boolean")


def made_of(wallbox: Wallbox, device: Device) -> tuple[VendorProfile, Station]:
    """The profile of the firmware, and the station."""
    identity = device.identity
    newer = NEWER_KEYS if identity.has(API_KEYS_BY_OCPP) else ()
    profile = replace(
        GOE_PROFILE,
        calls=GOE_PROFILE.calls - (frozenset() if identity.has(DATA_TRANSFER) else {Action.data_transfer}),
        keys=(*GOE_PROFILE.keys, LIST_ENABLED, *newer),
        start_with_profile=identity.has(START_WITH_PROFILE),
    )
    return profile, GoeStation(wallbox, device)


class GoeStation(Station):
    """One wallbox."""

    def __init__(self, wallbox: Wallbox, device: Device) -> None:
        identity = device.identity
        super().__init__(wallbox, Identity("go-e", identity.traits.device_type, identity.serial, identity.firmware))
        self._device = device
        self._settings = device.settings

    # --- reading -----------------------------------------------------------------------------------------------------

    def free_tag(self) -> str | None:
        """The card in use; without one `ocppd`, if the vehicle may charge by what is set in the wallbox."""
        device, settings = self._device, self._settings
        if device.cards.started_with is not None:
            return device.cards.started_with
        allowed = settings[s.ACS] == 0 or settings[s.TRX] is not None
        return settings[s.OCPPD] or None if allowed else None

    def samples(self) -> bool:
        return self._settings[s.OCPPCM] == 0 or self.snapshot().current_flows

    def offline_limit(self) -> float | None:
        limit = self._settings[s.OCPPF]
        return None if limit is None else float(limit)

    def bindings(self) -> Mapping[str, Binding]:
        newer = self._device.identity.has(API_KEYS_BY_OCPP)
        numbers = (*NUMBERS, *(NEWER_NUMBERS if newer else ()))
        flags = (*FLAGS, *(NEWER_FLAGS if newer else ()))
        return {
            **{backend.KEYS[setting.name]: self._number(setting) for setting in numbers},
            **{backend.KEYS[setting.name]: self._flag(setting) for setting in flags},
        }

    def _number(self, setting: Setting[int]) -> Binding:
        return Binding(read=lambda: str(self._settings[setting]), write=lambda text: self._put(setting, int(text)))

    def _flag(self, setting: Setting[bool]) -> Binding:
        return Binding(
            read=lambda: str(self._settings[setting]).lower(), write=lambda text: self._put(setting, text == "true")
        )

    def _put(self, setting: Setting[int] | Setting[bool], value: int | bool) -> None:
        self._settings.put(setting.name, value)

    def calendar(self) -> datetime:
        return self._device.clock.utc(self.simulation.at)

    # --- acting ------------------------------------------------------------------------------------------------------

    def allow(self, allowance: Allowance) -> None:
        self._device.backend.allow(allowance)

    def shut_down(self) -> None:
        """ASSUMED: in a restart the charge controller goes on, as it does without a central system."""
        self._device.backend.allow(BLOCKED)
        if self.snapshot().state is EvseState.OFF:
            self.wallbox.control.permit("alw", False)

    def release(self) -> None:
        self._device.backend.allow(None)

    def move_clock(self, difference: timedelta) -> None:
        self._device.clock.set(self.simulation.at, self.calendar() + difference)

    def changed(self) -> None:
        """`ocppio` follows ChangeAvailability."""
        point = self._device.backend.host.charge_point
        inoperable = point is not None and (point.inoperative or point.connector.state is State.UNAVAILABLE)
        self._settings.put(s.OCPPIO, inoperable)
        super().changed()
