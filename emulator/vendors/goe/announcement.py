"""What the wallbox announces by mDNS.

Source: go-eCharger-API-v2#108 for the service types of V3 and Gemini; the others, instance, host name and text records
ASSUMED (the fields of the web socket's hello).
"""

from __future__ import annotations

from typing import Final

from ...devices.interfaces import MdnsService
from .identity import Identity

_TEXT: Final = ("serial", "friendly_name", "manufacturer", "devicetype", "devicesubtype", "version", "protocol")
_LABEL: Final = 63
"""Bytes of one part of a name."""


def service(identity: Identity) -> MdnsService:
    """The one service, `_go-e_go-eCharger_V4._tcp`."""
    hello = identity.hello()
    printable = "".join(character for character in identity.friendly_name if character.isprintable())
    instance = printable.encode()[:_LABEL].decode(errors="ignore").strip()
    return MdnsService(
        type=f"_go-e_{identity.traits.device_type}._tcp",
        instance=instance or identity.factory_name,
        host=identity.hostname,
        txt=tuple((name, str(hello[name])) for name in _TEXT if name in hello),
    )
