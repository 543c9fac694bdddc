"""What a unit is: its identity, its rating and the attachment it is plugged into the supply with."""

from __future__ import annotations

import zlib

from ...devices.firmware import Model
from ...devices.settings import Settings
from .attachments import ATTACHMENTS, Attachment
from .models import TRAITS
from .settings import ATTACHMENT, MAC_ADDRESS


class Unit:
    """One unit's hardware."""

    def __init__(self, model: Model, serial: str, address: str, settings: Settings) -> None:
        """`address`: its IP address."""
        self.serial = serial
        self.ip_address = address
        self.settings = settings
        self.traits = TRAITS[model.id]
        self.rated_current = int(model.rated_current)
        """Per phase [A]."""

    @property
    def attachment(self) -> Attachment:
        """The plug on the supply side."""
        return ATTACHMENTS[self.settings[ATTACHMENT] or self.traits.attachment]

    @property
    def mac_address(self) -> str:
        """ASSUMED: from the serial number where the owner states none."""
        stated = self.settings[MAC_ADDRESS]
        if stated is not None:
            return stated
        tail = zlib.crc32(self.serial.encode()).to_bytes(4, "big")[1:]
        return ":".join(f"{byte:02X}" for byte in b"\x40\x4c\xca" + tail)
