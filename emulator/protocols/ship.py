"""Serves the SHIP node of a wallbox.

The one rule: a wallbox that is off, or has EEBUS switched off, has neither a port nor a connection, and loads nothing
that EEBUS needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..devices.interfaces.ship import Discovered, ShipInterface, ShipNode
from .server import Endpoint, Server

if TYPE_CHECKING:
    from .mdns import Announcer
    from .ship_discovery import ShipDiscovery
    from .ship_sockets import ShipSockets


class ShipServer(Server):
    """Serves the `ShipInterface` of one wallbox."""

    def __init__(self, endpoint: Endpoint, announcer: Announcer | None = None) -> None:
        """`announcer`: looks for other nodes by mDNS; None: nobody does."""
        super().__init__(endpoint)
        self.sockets: ShipSockets | None = None
        self._announcer = announcer
        self._discovery: ShipDiscovery | None = None

    @property
    def clients(self) -> Mapping[str, int]:
        return {self.endpoint.name: self.sockets.pending if self.sockets is not None else 0}

    @property
    def talks(self) -> bool:
        return self.sockets is not None

    async def open(self) -> None:
        if not self.endpoint.reachable:
            return  # EEBUS is off: there is no port, and nothing of it is imported
        from .ship_seam import Seam
        from .ship_sockets import ShipSockets

        node = self.endpoint.declared(ShipInterface).node()
        self.sockets = ShipSockets(
            self.endpoint.simulation, node, passage=lambda client: Seam(self.endpoint, client), record=self._record
        )
        self.endpoint.port = await self.sockets.open(self.endpoint.host, self.endpoint.port, self.endpoint.shared)
        if self._announcer is not None:
            await self._discover(self._announcer, node)

    async def _discover(self, announcer: Announcer, node: ShipNode) -> None:
        from .ship_discovery import ShipDiscovery

        def found(record: Discovered) -> None:
            self.endpoint.simulation.now()
            node.discovered(record)

        self._discovery = ShipDiscovery(announcer, found)
        try:
            await self._discovery.open(self.endpoint.host)
        except OSError as error:
            self._record("not looked for", {"why": str(error)}, "")

    async def close(self) -> None:
        discovery, self._discovery = self._discovery, None
        if discovery is not None:
            await discovery.close()
        sockets, self.sockets = self.sockets, None
        if sockets is not None:
            await sockets.close()

    def drop(self) -> None:
        if self.sockets is not None:
            self.sockets.drop("the wallbox went down")
        super().drop()

    def _record(self, name: str, detail: dict[str, object], client: str) -> None:
        self.endpoint.record("connection", name, detail, client=client or None)
