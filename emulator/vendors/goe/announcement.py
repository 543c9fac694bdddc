"""What the box announces by mDNS.

Source: go-eCharger-API-v2#108 for the service types of V3 and Gemini; the others, instance, host name and text records
ASSUMED (the fields of the web socket's hello).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...devices.interfaces import MdnsInterface, MdnsService

if TYPE_CHECKING:
    from .wallbox import Goe

_TEXT = ("serial", "friendly_name", "manufacturer", "devicetype", "devicesubtype", "version", "protocol")
_OWN_TYPE_SINCE = "53"
"""Before, the box announced itself as `_http._tcp`. ASSUMED version."""
_LABEL = 63
"""Bytes of one part of a name."""


def interface(box: Goe) -> MdnsInterface:
    return MdnsInterface(services=lambda: (service(box),))


def service(box: Goe) -> MdnsService:
    """The one service, `_go-e_go-eCharger_V4._tcp`."""
    hello = box.websocket.hello()
    kind = f"_go-e_{box.trait('typ')}._tcp" if box.has(_OWN_TYPE_SINCE) else "_http._tcp"
    printable = "".join(character for character in box.friendly_name if character.isprintable())
    instance = printable.encode()[:_LABEL].decode(errors="ignore").strip()
    return MdnsService(
        type=kind,
        instance=instance or box.factory_name,
        host=box.hostname,
        txt=tuple((name, str(hello[name])) for name in _TEXT if name in hello),
    )
