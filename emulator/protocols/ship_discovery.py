"""Looks for SHIP nodes by mDNS.

The one rule: what lacks one of the mandatory TXT records is no SHIP node, as in ship-go.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from ..devices.interfaces.ship import Discovered
from .mdns import Announcer

if TYPE_CHECKING:
    from zeroconf import ServiceStateChange, Zeroconf
    from zeroconf.asyncio import AsyncServiceBrowser

SHIP_TYPE: Final = "_ship._tcp.local."
MANDATORY: Final = ("txtvers", "id", "path", "ski", "register")
REQUEST: Final = 3000
"""How long a service has to tell where it is [ms]."""


class ShipDiscovery:
    """A browser for one node."""

    def __init__(self, announcer: Announcer, found: Callable[[Discovered], None]) -> None:
        self._announcer = announcer
        self._found = found
        self._browser: AsyncServiceBrowser | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, host: str) -> None:
        """Look on the networks of `host`. OSError if this machine has no multicast."""
        from zeroconf.asyncio import AsyncServiceBrowser

        responder = await self._announcer.responder(host)
        self._browser = AsyncServiceBrowser(responder.zeroconf, [SHIP_TYPE], handlers=[self._changed])

    async def close(self) -> None:
        if self._browser is not None:
            await self._browser.async_cancel()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _changed(self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        if state_change.name != "Removed":
            task = asyncio.ensure_future(self._resolve(zeroconf, service_type, name))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _resolve(self, zeroconf: Zeroconf, service_type: str, name: str) -> None:
        from zeroconf.asyncio import AsyncServiceInfo

        info = AsyncServiceInfo(service_type, name)
        if await info.async_request(zeroconf, REQUEST) and (addresses := info.parsed_addresses()):
            record = discovered(addresses[0], info.port or 0, info.decoded_properties)
            if record is not None:
                self._found(record)


def discovered(host: str, port: int, txt: Mapping[str, str | None]) -> Discovered | None:
    """The node of a service; None if it does not say all that it has to."""
    if any(not txt.get(name) for name in MANDATORY) or port == 0:
        return None
    given = {name: value or "" for name, value in txt.items()}
    return Discovered(
        ski=given["ski"].lower(),
        id=given["id"],
        host=host,
        port=port,
        path=given["path"],
        register=given["register"] == "true",
        brand=given.get("brand", ""),
        model=given.get("model", ""),
        type=given.get("type", ""),
    )
