"""The emulator's own central system for OCPP charge points, one in each world.

The one rule: it is there from the first time somebody asks for it, and nothing of OCPP is imported before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..devices.interfaces import OcppInterface

if TYPE_CHECKING:
    from ..devices.interfaces import OcppAccess
    from ..devices.wallbox import Wallbox
    from ..ocpp.central_system import CentralSystem
    from ..runtime.simulation import Simulation

KEY: Final = "central_system"


def central_system(simulation: Simulation) -> CentralSystem:
    """The central system of a world."""
    from ..ocpp.central_system import CentralSystem

    return simulation.extension(KEY, CentralSystem, lambda: CentralSystem(simulation.calendar))


def ocpp_access(wallbox: Wallbox) -> OcppAccess | None:
    """Where the charge point of a wallbox connects; None: it has none, or it is switched off."""
    for interface in wallbox.interfaces.values():
        if isinstance(interface, OcppInterface):
            return interface.access()
    return None


def connect_directly(wallbox: Wallbox) -> None:
    """In a run without sockets: have the wallbox's charge point talk to the central system, once it wants to."""
    names = [name for name, interface in wallbox.interfaces.items() if isinstance(interface, OcppInterface)]
    for name in names:
        _Waiting(wallbox, name)


class _Waiting:
    """Waits for OCPP to be switched on."""

    def __init__(self, wallbox: Wallbox, name: str) -> None:
        self._wallbox = wallbox
        self._name = name
        self._unlisten = wallbox.listen(lambda _at: self._look())
        self._look()

    def _look(self) -> None:
        interface = self._wallbox.interfaces[self._name]
        assert isinstance(interface, OcppInterface)
        if interface.access() is not None:
            from ..protocols.ocpp_direct import DirectClient
            from ..protocols.server import Endpoint

            self._unlisten()
            simulation = self._wallbox.simulation
            DirectClient(Endpoint(self._wallbox, self._name), lambda: central_system(simulation)).start()
