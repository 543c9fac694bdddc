"""What the unit announces by mDNS, whether its APIs are on or off.

Source: mDNS chapter of the vendor page; the host name is that of a client's test fixture.
"""

from __future__ import annotations

from typing import Final

from ...devices.interfaces import MdnsInterface, MdnsService
from .settings import DEVICE_NAME, JSON_API, MDNS_STALE, MDNS_WITHOUT_SERIAL, MODBUS_API
from .unit import Unit

API_VERSION: Final = "v1"


def interface(unit: Unit) -> MdnsInterface:
    return MdnsInterface(services=lambda: (service(unit),))


def service(unit: Unit) -> MdnsService:
    """The one service, `_nrgkick._tcp`."""
    settings = unit.settings
    stale, name = settings[MDNS_STALE], settings[DEVICE_NAME]
    txt: tuple[tuple[str, str], ...] = (
        ("serial_number", unit.serial),
        ("model_type", unit.traits.model_type),
        ("device_name", name),
        ("json_api_enabled", str(int(stale or settings[JSON_API]))),
        ("json_api_version", API_VERSION),
        ("modbus_api_enabled", str(int(stale or settings[MODBUS_API]))),
        ("modbus_api_version", API_VERSION),
    )
    if settings[MDNS_WITHOUT_SERIAL]:
        txt = txt[1:]
    return MdnsService(type="_nrgkick._tcp", instance=name or "NRGkick", host="nrgkick", txt=txt)
