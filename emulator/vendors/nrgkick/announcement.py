"""What the unit announces by mDNS, whether its APIs are on or off.

Source: mDNS chapter of the vendor page; the host name is that of a client's test fixture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...devices.interfaces import MdnsInterface, MdnsService

if TYPE_CHECKING:
    from .wallbox import NrgKick

API_VERSION: Final = "v1"


def interface(box: NrgKick) -> MdnsInterface:
    return MdnsInterface(services=lambda: (service(box),))


def service(box: NrgKick) -> MdnsService:
    """The one service, `_nrgkick._tcp`."""
    settings = box.settings
    stale = settings.flag("mdns_stale")

    def on(api: str) -> str:
        return "1" if stale or settings.flag(api) else "0"

    txt: tuple[tuple[str, str], ...] = (
        ("serial_number", box.serial),
        ("model_type", str(box.profile.model.traits["model_type"])),
        ("device_name", settings.text("device_name")),
        ("json_api_enabled", on("json_api")),
        ("json_api_version", API_VERSION),
        ("modbus_api_enabled", on("modbus_api")),
        ("modbus_api_version", API_VERSION),
    )
    if settings.flag("mdns_without_serial"):
        txt = txt[1:]
    return MdnsService(
        type="_nrgkick._tcp", instance=settings.text("device_name") or "NRGkick", host="nrgkick", txt=txt
    )
