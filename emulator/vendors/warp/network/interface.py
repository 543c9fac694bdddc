"""What the network interfaces of the wallbox share.

The one rule: an interface that was switched off stays on until the next boot; without one it is switched on again.
Source: Tinkerforge esp32-firmware, `modules/ethernet`, `wifi`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ....core.instant import SECOND, Instant
from ..api.documents import Doc
from ..platform import Platform
from ..view import View

COUNTDOWN: Final = 240 * SECOND
VENDOR_BYTES: Final = "AA:BB:CC"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an interface is switched on, and how the firmware speaks of it."""

    title: str
    path: str
    member: str
    others: str
    """Which other interfaces there are."""


ETHERNET: Final = Place("Ethernet", "ethernet/config", "enable_ethernet", "WiFi STA or WiFi AP")
ACCESS_POINT: Final = Place("WiFi AP", "wifi/ap_config", "enable_ap", "WiFi STA or Ethernet")
STATION: Final = Place("WiFi STA", "wifi/sta_config", "enable_sta", "WiFi AP or Ethernet")
PLACES: Final = (ETHERNET, ACCESS_POINT, STATION)


class Interface:
    """One network interface."""

    def __init__(self, platform: Platform, place: Place) -> None:
        self._platform = platform
        self._place = place
        self._timer = platform.timer(self._due)

    def left(self, v: View) -> int:
        """Time until it is switched on again [s]; 0: it is not going to be."""
        return 0 if self._timer.due is None else max(0, (self._timer.due - v.at) // SECOND)

    def look(self) -> None:
        """Its configuration was written."""
        place, api = self._place, self._platform.api
        if api.flag(place.path, place.member) or not api.active(place.path).flag(place.member):
            self._timer.clear()
        elif self._timer.due is None:
            self._timer.set(self._platform.at + COUNTDOWN)

    def stop(self) -> None:
        self._timer.clear()

    def _due(self, _: Instant) -> None:
        self._platform.api.update(self._place.path, **{self._place.member: True})
        self._platform.changed()

    def refuse(self, doc: Doc) -> str | None:
        """The last interface cannot be switched off."""
        api, place = self._platform.api, self._place
        rest = (other for other in PLACES if other is not place and other.path in api.states)
        if doc.flag(place.member) or any(api.flag(other.path, other.member) for other in rest):
            return None
        others = place.others
        if self._platform.generation == 1:
            others = others.replace(" or Ethernet", "")
        return f"Cannot disable {place.title}: No other network interface is enabled. Enable {others} first."


def hardware_address(platform: Platform, last: int) -> str:
    """One of the four addresses of the network processor. ASSUMED digits."""
    digits = f"{platform.random32('mac') & 0xFFFFFF:06X}"
    return f"{VENDOR_BYTES}:{digits[:2]}:{digits[2:4]}:{(int(digits[4:], 16) & 0xFC) + last:02X}"
