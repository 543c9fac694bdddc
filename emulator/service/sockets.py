"""What of a run is on the network: the servers of its wallboxes, its broker and its central system.

The one rule: sockets outlive a reset of the site; they are attached to the new one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

from ..protocols.ocpp import OcppDevice
from ..protocols.server import Server
from ..world.central_system import central_system
from ..world.plan import NO_BROKER, BrokerAddress
from .endpoints import Ports, servers, shared_ports

if TYPE_CHECKING:
    from ..ocpp.central_system import CentralSystem
    from ..protocols.broker import Broker
    from ..protocols.central_system import CentralSystemServer
    from ..protocols.mdns import Announcer
    from ..protocols.mqtt import MqttDevice
    from ..runtime.simulation import Simulation
    from ..scenario.plan import Scenario
    from ..world.site import Site
    from .options import Options

FLUSH: Final = 2.0
"""How long a broker has to take what devices published, in wall time [s]."""


class Sockets:
    """The sockets of one run. What is started is closed with the stack it is given."""

    def __init__(self, scenario: Scenario, options: Options) -> None:
        self.servers: dict[str, Server | MqttDevice | OcppDevice] = {}
        self.links: dict[str, MqttDevice] = {}
        """By address, `garage.goe.http`."""
        self.broker: Broker | None = None
        self.central_system: CentralSystemServer | None = None
        self._scenario = scenario
        self._options = options
        self._ports = Ports(
            options.bind,
            any_port=options.any_port,
            defaults=options.default_ports,
            offset=options.port_offset,
            shared=shared_ports(scenario, alone=options.alone),
        )
        self._announcer: Announcer | None = None
        self._of: dict[str, list[Server | MqttDevice | OcppDevice]] = {}
        """The servers of each wallbox, by its address."""
        self._asking: set[OcppDevice] = set()
        """Charge points that wait for their central system."""
        self._unsettled: dict[Server, None] = {}
        self._clients: list[MqttDevice | OcppDevice] = []

    @property
    def shares(self) -> bool:
        """Whether wallboxes share listening sockets."""
        return self._ports.shared is not None

    @property
    def tied(self) -> bool:
        """Whether somebody outside talks to a part of the site, which hears of the end later: not by plain requests."""
        if any(client.state != "off" for client in self._clients):
            return True
        return any(isinstance(server, Server) and server.talks for server in self.servers.values())

    async def open(self, stack: AsyncExitStack) -> None:
        """Make ready to serve wallboxes."""
        if self._options.announce:
            from ..protocols.mdns import Announcer

            self._announcer = await stack.enter_async_context(Announcer())
        stack.push_async_callback(self._end)

    async def _end(self) -> None:
        await _ended([server for mine in self._of.values() for server in mine])

    async def start_broker(self, stack: AsyncExitStack) -> None:
        """Start the broker of this run, if it is not running."""
        if self.broker is None:
            from ..protocols.broker import Broker

            plan = self._scenario.broker
            if plan == NO_BROKER:
                return
            stated = plan.port if plan is not None else BrokerAddress().port
            port = stated + self._options.port_offset if stated and not self._options.any_port else 0
            broker = Broker.open(self._broker_setting(), host=self._options.bind, port=port)
            self.broker = await stack.enter_async_context(broker)

    def _broker_setting(self) -> str:
        """Only the built-in broker says who published: where clients are recognised by their id, it is the one."""
        plan = self._scenario.broker
        if plan is not None and not plan.embedded:
            return f"mqtt://{plan.host}:{plan.port}"
        return "builtin" if any(client.how.client_id for client in self._scenario.clients) else "embedded"

    @property
    def broker_address(self) -> tuple[str, int] | None:
        return (self.broker.host, self.broker.port) if self.broker is not None else None

    async def start_central_system(self, stack: AsyncExitStack, simulation: Simulation) -> None:
        """Start the central system of this run, if it is not running."""
        if self.central_system is None:
            from ..protocols.central_system import DEFAULT_PORT, CentralSystemServer

            port = 0 if self._options.any_port else DEFAULT_PORT
            server = CentralSystemServer(self._system_of(simulation), host=self._options.bind, port=port)
            self.central_system = await stack.enter_async_context(server)

    def attach_central_system(self, simulation: Simulation) -> None:
        """After a reset: the central system of the new simulation answers on the same port."""
        if self.central_system is not None:
            self.central_system.attach(self._system_of(simulation))

    def _system_of(self, simulation: Simulation) -> CentralSystem:
        system = central_system(simulation)
        system.dropped = self._left_alone
        return system

    def _left_alone(self) -> None:
        """The central system has ended every connection: it is noticed at once, whatever the network thinks."""
        for server in self.servers.values():
            if isinstance(server, OcppDevice) and server.at_embedded:
                server.drop("closed by the other side")

    async def serve(self, site: Site, address: str) -> None:
        """Open the interfaces of a wallbox."""
        made = servers(
            site,
            address,
            self._ports,
            broker=self.broker,
            announcer=self._announcer,
            central_system=lambda: self.central_system.url if self.central_system is not None else None,
        )
        mine = self._of[address] = []
        for name, server in made:
            if isinstance(server, Server):
                server.stirs = self._outdated
            elif isinstance(server, OcppDevice):
                server.stirs = self._stirred
            self.servers[name] = await server.__aenter__()
            mine.append(server)
            if not isinstance(server, Server):
                self._clients.append(server)
            if not isinstance(server, Server | OcppDevice):
                self.links[name] = server

    def serves(self, address: str) -> bool:
        """Whether the interfaces of a wallbox are open."""
        return address in self._of

    async def close(self, address: str) -> None:
        """Close the interfaces of a wallbox that is no more, if there are any."""
        mine = self._of.pop(address, [])
        for name in [name for name in self.servers if name.rpartition(".")[0] == address]:
            server = self.servers.pop(name)
            self.links.pop(name, None)
            if isinstance(server, Server):
                self._unsettled.pop(server, None)
                self._ports.give_back(server.endpoint)
            else:
                self._clients.remove(server)
            if isinstance(server, OcppDevice):
                self._asking.discard(server)
        await _ended(mine)

    def attach(self, site: Site) -> None:
        """After a reset: serve the wallboxes of the new site."""
        for server in self.servers.values():
            server.attach(site.wallboxes[server.endpoint.wallbox.address])

    async def settle(self, *, published: bool) -> None:
        """Make the sockets agree with the site: interfaces open or closed, everything `published` sent."""
        while self._unsettled:
            server = next(iter(self._unsettled))
            del self._unsettled[server]
            if server.unsettled:
                await server.settle()
        if not published:
            return
        try:
            async with asyncio.timeout(FLUSH):
                for client in self._clients:
                    await client.settled()
                await self.answered()
        except TimeoutError:
            pass  # the broker is away or slow: a device would not wait for it either

    def _outdated(self, server: Server) -> None:
        self._unsettled[server] = None

    def _stirred(self, device: OcppDevice) -> None:
        """Something has happened to a charge point's connection."""
        if device.busy:
            self._asking.add(device)
        else:
            self._asking.discard(device)

    async def answered(self) -> None:
        """Until every charge point has its answer: a central system lives in wall time. It has its time-out."""
        while self.unanswered:
            if self._asking:
                await next(iter(self._asking)).settled()
            elif self.central_system is not None:
                await self.central_system.answered()

    @property
    def unanswered(self) -> bool:
        """Somebody waits for an answer, on either side."""
        own = self.central_system is not None and bool(self.central_system.system.asking)
        return bool(self._asking) or own


async def _ended(running: Iterable[Server | MqttDevice | OcppDevice]) -> None:
    """End them, the last one first, whatever becomes of one of them."""
    async with AsyncExitStack() as stack:
        for server in running:
            stack.push_async_exit(server)
