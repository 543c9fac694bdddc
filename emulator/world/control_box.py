"""The grid operator's control box of a site: paired with its EEBUS wallboxes and connected to them without sockets.

The one rule: it is on the simulated clock like everything else; what it says passes the faults and the journal of each
wallbox as if it came over the network.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final

from ..core.instant import Instant
from ..core.noise import splitmix64
from ..devices.interfaces import ShipInterface
from ..devices.interfaces.ship import ShipTarget
from ..devices.wallbox import Wallbox
from ..eebus.control_box import ControlBox
from ..eebus.direct import Half, connect
from ..eebus.identity import private_number
from ..protocols.server import Endpoint
from ..protocols.ship_seam import Seam
from ..runtime.simulation import Simulation

NAME: Final = "control-box"
SHIP: Final = "ship"


class SiteControlBox:
    """One control box and the wallboxes it is there for."""

    def __init__(self, simulation: Simulation, wallboxes: Iterable[Wallbox], *, pair: bool) -> None:
        """`pair`: the owners of the wallboxes trust it from the start."""
        self._simulation = simulation
        self._wallboxes: Mapping[str, Wallbox] = {wallbox.address: wallbox for wallbox in wallboxes}
        self._links: dict[str, Half] = {}
        self._known: set[str] = set()
        self.box = ControlBox(simulation, private_number(self._random), name=NAME, told=self._told)
        for wallbox in self._wallboxes.values():
            if pair:
                self._interface(wallbox).pair(self.ski)
            wallbox.listen(partial(self._changed, wallbox))
            self._follow(wallbox)
        self.box.node.served(self._dial)
        self.box.start()

    @property
    def ski(self) -> str:
        return self.box.node.credentials().ski

    def _random(self, what: str) -> int:
        mixed = self._simulation.seed & 0xFFFFFFFF
        for byte in f"{NAME} {what}".encode():
            mixed = splitmix64(mixed ^ byte)
        return mixed & 0xFFFFFFFF

    def _interface(self, wallbox: Wallbox) -> ShipInterface:
        interface = wallbox.interfaces[SHIP]
        assert isinstance(interface, ShipInterface)
        return interface

    def _told(self, name: str, detail: Mapping[str, object]) -> None:
        self._simulation.journal.record(self._simulation.at, "control_box", name, detail)

    def _changed(self, wallbox: Wallbox, _at: Instant) -> None:
        self._follow(wallbox)

    def _follow(self, wallbox: Wallbox) -> None:
        """A wallbox comes or goes: the first time its SKI becomes known, the control box is told to connect to it."""
        address = wallbox.address
        if not wallbox.serves(SHIP):
            link = self._links.pop(address, None)
            if link is not None:
                link.break_off("the wallbox is gone")
        elif address not in self._known:
            self._known.add(address)
            ski = self._interface(wallbox).node().credentials().ski
            self.box.node.targets[ski] = ShipTarget(host=address, ski=ski)
            self.box.node.decide(ski, True)

    def _dial(self, target: ShipTarget) -> None:
        wallbox = self._wallboxes[target.host]
        if not wallbox.serves(SHIP):
            self.box.node.failed(target, "connection refused")
            return
        seam = Seam(Endpoint(wallbox, SHIP), NAME)
        node = self._interface(wallbox).node()
        self._links[wallbox.address] = connect(self._simulation, self.box.node, node, target, seam)
