"""What a device is: its identity, and which keys and flags its model and firmware have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ...devices.firmware import Profile
from ...devices.quirks import Quirk
from ...devices.settings import Settings
from ...language.digits import is_index
from . import errorflags
from .config import config_keys
from .models import TRAITS, firmware_id
from .quirks import PROHIBITED_CODE
from .refusals import GENERAL, PROHIBITED, Refusal
from .settings import RELAY_MODE
from .stored import Stored

ALL_PHASES: Final = 3


class Device:
    """One device's hardware and firmware."""

    def __init__(
        self, profile: Profile, serial: str, address: str, settings: Settings, shows: Callable[[Quirk], bool]
    ) -> None:
        """`address`: its IP address; `shows`: whether it has a quirk."""
        self.serial = serial
        self.ip_address = address
        self.settings = settings
        self.shows = shows
        self.traits = TRAITS[profile.model.id]
        self.system_max_current = int(profile.model.rated_current)
        """[A]"""
        self.device_id = f"{self.traits.prefix}_{serial}"
        self.serial_number = int(serial) if is_index(serial) else 0
        self.compile(profile)

    def compile(self, profile: Profile) -> None:
        """The keys and flags of a profile."""
        self.profile = profile
        self.firmware = profile.firmware.text
        self.firmware_id = firmware_id(self.firmware)
        self.config: Mapping[str, Stored[object]] = config_keys(profile)
        self.flags: tuple[str, ...] = errorflags.flag_names(profile)

    @property
    def prohibited(self) -> Refusal:
        """What is not possible now. ASSUMED: -1 from firmware that does not know -7."""
        return PROHIBITED if self.shows(PROHIBITED_CODE) else GENERAL

    @property
    def relay_mode(self) -> int:
        """Source: 0 seen on a 1P7K. ASSUMED: a single-phase charger stays there."""
        return self.settings[RELAY_MODE.setting] if self.traits.three_phase else 0

    @property
    def delivered_relay_mode(self) -> int:
        return ALL_PHASES if self.traits.three_phase else 0
