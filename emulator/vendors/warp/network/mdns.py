"""What the wallbox says of itself on the local network.

The one rule: instance names are display names. Source: Tinkerforge esp32-firmware, `modules/network`, `cm_networking`.
"""

from __future__ import annotations

from ....devices.interfaces import MdnsInterface, MdnsService
from ..evse.controller import Controller
from ..evse.memory import SlotId
from ..house.eebus import Eebus
from ..platform import Platform
from ..system.device_name import DeviceName


def announce(platform: Platform, controller: Controller, names: DeviceName, eebus: Eebus) -> MdnsInterface:
    """The services of one wallbox."""

    def services() -> tuple[MdnsService, ...]:
        host = platform.api.active("network/config").text("hostname")
        name = names.display
        managed = controller.slot(SlotId.CHARGE_MANAGER).active
        orders = MdnsService(
            type="_tf-warp-cm._udp",
            instance=name,
            host=host,
            txt=(("version", "34127.5"), ("enabled", "true" if managed else "false"), ("display_name", name)),
        )
        return (
            MdnsService(
                type="_http._tcp",
                instance=name,
                host=host,
                txt=(
                    ("firmware_version", platform.firmware_text),
                    ("txtvers", "1"),
                    ("brand", "Tinkerforge"),
                    ("model", platform.traits.product),
                    ("uid", str(platform.device_number)),
                ),
            ),
            *(() if platform.traits.manages else (*eebus.services(host), orders)),
        )

    return MdnsInterface(services=services, enabled=lambda: platform.api.active("network/config").flag("enable_mdns"))
