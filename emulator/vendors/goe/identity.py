"""Who a wallbox is: its model's traits, its firmware's features, its names.

The one rule: everything follows from profile, serial number and settings; a new firmware is loaded at the next boot.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from ...devices.firmware import Profile
from ...devices.points import Point
from ...devices.settings import Settings
from . import features as f
from .models import TRAITS
from .printing import NINE, SIX, Render, printer
from .settings import AMA, FNA, WAN, WIFIS


class Identity:
    """One wallbox."""

    def __init__(self, profile: Profile, serial: str, address: str, settings: Settings, *, socket: bool) -> None:
        self.serial: Final = serial
        self.address: Final = address
        """IP address its clients see."""
        self.has_socket: Final = socket
        self._settings = settings
        self.load(profile)

    def load(self, profile: Profile) -> None:
        """The profile in force from now on."""
        self.profile = profile
        self.traits = TRAITS[profile.model.id]
        self._known: dict[str, bool] = {}
        self.coarse_meter = any(row.exists(profile) for row in f.COARSE_METER)
        """V3 up to 054: whole volts and 0.1 A."""
        digits = NINE if self.has(f.NINE_DIGITS) else SIX
        self.print_json: Render = printer(digits, is_single=False)
        self.print_single: Render = printer(digits, is_single=True)

    def has(self, feature: Point) -> bool:
        """Whether the firmware has a feature."""
        known = self._known.get(feature.name)
        if known is None:
            known = self._known[feature.name] = feature.exists(self.profile)
        return known

    @property
    def firmware(self) -> str:
        """`053.1` before 56, `60.5` from then on."""
        major, dot, rest = self.profile.firmware.text.lstrip("0").partition(".")
        return f"{major if self.has(f.SHORT_VERSION) else major.zfill(3)}{dot}{rest}"

    @property
    def factory_name(self) -> str:
        return f"go-eCharger{'-' if self.has(f.HYPHENATED_NAME) else '_'}{self.serial}"

    @property
    def hostname(self) -> str:
        """Source: `go-echarger_<serial>` in the MQTT document, `go-eCharger-<serial>` on 60.5."""
        return self.factory_name if self.has(f.HYPHENATED_NAME) else f"go-echarger_{self.serial}"

    @property
    def friendly_name(self) -> str:
        """`fna`"""
        stated = self._settings[FNA]
        return self.factory_name if stated is None else stated

    @property
    def access_point(self) -> str:
        """`wan`"""
        stated = self._settings[WAN]
        return self.factory_name if stated is None else stated

    @property
    def topic_prefix(self) -> str:
        """The factory value of `mtp`."""
        return f"{'' if self.has(f.TOPIC_WITHOUT_SLASH) else '/'}go-eCharger/{self.serial}/"

    @property
    def mac(self) -> bytes:
        """Made up from the serial number, in the maker's range."""
        return bytes((0x34, 0x85, 0x18)) + hashlib.sha256(self.serial.encode()).digest()[:3]

    @property
    def rated_current(self) -> int:
        """Of the model [A]."""
        return int(self.profile.model.rated_current)

    @property
    def installer_limit(self) -> int:
        """`ama` [A]: the most the model can, until it is written."""
        stated = self._settings[AMA]
        return self.rated_current if stated is None else stated

    @property
    def installed_limit(self) -> int:
        """`ama`, and never more than the model can [A]."""
        return min(self.installer_limit, self.rated_current)

    @property
    def build(self) -> Mapping[str, object]:
        """`apd`"""
        return {
            "project_name": self.traits.device_type,
            "version": self.firmware,
            "secure_version": 0,
            "timestamp": "Jan  1 2026 12:00:00",
            "idf_ver": "v5.0",
            "sha256": "00",
        }

    @property
    def network(self) -> Mapping[str, object]:
        """`ccw`"""
        return {
            "ssid": self._settings[WIFIS][0]["ssid"],
            "encryptionType": 3,
            "pairwiseCipher": 4,
            "groupCipher": 4,
            "b": True,
            "g": True,
            "n": True,
            "lr": False,
            "wps": False,
            "ftmResponder": False,
            "ftmInitiator": False,
            "channel": 6,
            "bssid": "AA:BB:CC:DD:EE:FF",
            "ip": self.address,
            "netmask": "255.255.255.0",
            "gw": "192.168.1.1",
            "ipv6": [],
        }

    def hello(self) -> dict[str, object]:
        """The first message of the web socket, and the text records of mDNS."""
        newer = self.has(f.HASH_NAMED)
        members = {
            "type": "hello",
            "serial": self.serial,
            "hostname": self.hostname,
            "friendly_name": self.friendly_name,
            "manufacturer": "go-e",
            "devicefamily": "goecharger" if newer else None,
            "devicetype": self.traits.device_type,
            "devicesubtype": self.traits.subtype,
            "version": self.firmware,
            "protocol": 2,
            "proto": 4 if newer else None,
            "secured": True,
        }
        return {name: value for name, value in members.items() if value is not None}
