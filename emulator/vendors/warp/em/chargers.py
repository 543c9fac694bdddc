"""The WARP Chargers that a manager can reach, by the charger they run on.

The one rule: a manager writes to a charger's slot and asks for its pilot; nothing else crosses over.
Source: Tinkerforge esp32-firmware, `modules/cm_networking` (UDP 34127); here both boxes are in one process.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ....runtime.simulation import Simulation
from ..evse.controller import Controller
from ..evse.memory import SlotId
from ..platform import Platform

_KEY: Final = "warp.chargers"


@dataclass(frozen=True, eq=False)
class Managed:
    """One charger, as its manager sees it."""

    platform: Platform
    controller: Controller

    def called(self, host: str) -> bool:
        """Whether a host name or IP address is this charger's."""
        name = self.platform.api.active("network/config").text("hostname")
        return host in (name, f"{name}.local", self.platform.address)

    @property
    def usable(self) -> bool:
        """It answers, takes orders, can cut its pilot, and does not switch phases itself."""
        managed = self.controller.slot(SlotId.CHARGE_MANAGER).active
        return self.platform.up and self.controller.answers and managed and self.platform.generation == 2

    @property
    def plugged(self) -> bool:
        return int(self.controller.now().iec) > 0

    @property
    def stopped(self) -> bool:
        """Nothing is offered, and the contactor is open."""
        view = self.controller.now()
        return view.allowed == 0 and not view.snapshot.contactor

    @property
    def most(self) -> int:
        """What the installation and the cable allow [mA]."""
        slots = self.controller.memory.slots
        return min(slots[SlotId.INCOMING_CABLE].current, slots[SlotId.OUTGOING_CABLE].current)

    def allocate(self, current: int) -> None:
        """Give it a current [mA]."""
        self.controller.put(SlotId.CHARGE_MANAGER, current=current)

    def disconnect(self, cut: bool) -> None:
        """Cut its pilot, or connect it again."""
        if cut != self.controller.memory.disconnected:
            self.controller.disconnect_pilot(cut)


class Chargers:
    """All of one simulation."""

    def __init__(self) -> None:
        self._by_charger: dict[str, list[Managed]] = {}

    @classmethod
    def of(cls, simulation: Simulation) -> Chargers:
        found = simulation.extensions.setdefault(_KEY, cls())
        assert isinstance(found, cls)
        return found

    def add(self, platform: Platform, controller: Controller) -> None:
        self._by_charger.setdefault(platform.charger, []).append(Managed(platform, controller))

    def find(self, charger: str, host: str) -> Managed | None:
        """The one of that host name behind a manager's contactor."""
        return next((found for found in self._by_charger.get(charger, ()) if found.called(host)), None)
