"""The Ethernet module.

The one rule: the configuration is stored, checked and shown; the address is the one clients of the emulator see.
Source: Tinkerforge esp32-firmware, `modules/ethernet`.
"""

from __future__ import annotations

from typing import Final

from ..api.documents import Doc
from ..api.rows import AnyRow, Source
from ..api.schema import BOOL, I52, U8, U32, Bool, Str
from ..api.shapes import obj
from ..models import WARP2_UP
from ..module import Module
from ..platform import Platform
from ..view import View
from .addresses import IP, ZERO, check_addresses
from .interface import ETHERNET, Interface, hardware_address

FW: Final = Source("fw: modules/ethernet", models=WARP2_UP)


UP_AFTER: Final = 3.0
"""ASSUMED s from the boot to an address."""


class Ethernet(Module):
    """The Ethernet interface of one wallbox."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform)
        self.interface = Interface(platform, ETHERNET)

    def boot(self) -> None:
        self.interface.stop()
        if self.platform.generation >= 2 and self.api.active("ethernet/config").flag("enable_ethernet"):
            self.platform.later(UP_AFTER, self._up)

    def _up(self) -> None:
        address = self.platform.address
        self.log("ethernet", "Connected: 100 Mbps, Full Duplex")
        self.log("ethernet", f"Got IP address: {address}/24, GW {address.rpartition('.')[0]}.1")

    def stop(self) -> None:
        self.interface.stop()

    def check(self, doc: Doc) -> str | None:
        return check_addresses(doc, "ethernet interface") or self.interface.refuse(doc)

    def state(self, v: View) -> object:
        on = self.api.active("ethernet/config").flag("enable_ethernet")
        return {
            "connection_state": 3 if on else 0,
            "connection_start": round(UP_AFTER * 1000) if on else 0,
            "connection_end": 0,
            "mac": hardware_address(self.platform, 3),
            "ip": self.platform.address if on else ZERO,
            "subnet": "255.255.255.0" if on else ZERO,
            "full_duplex": True,
            "link_speed": 100,
            "disable_countdown": self.interface.left(v),
        }


ROWS: Final[tuple[AnyRow[Ethernet], ...]] = (
    FW.config(
        "ethernet/config",
        obj(enable_ethernet=Bool(True), ip=IP, gateway=IP, subnet=IP, dns=IP, dns2=IP),
        validate=Ethernet.check,
        applied=lambda m, _, __: m.interface.look(),
    ),
    FW.state(
        "ethernet/state",
        obj(
            connection_state=U8,
            connection_start=I52,
            connection_end=I52,
            mac=Str(0, 17),
            ip=IP,
            subnet=IP,
            full_duplex=BOOL,
            link_speed=U32,
            disable_countdown=U32,
        ),
        Ethernet.state,
        assumed="hardware address",
    ),
)
