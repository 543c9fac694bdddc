"""Where the interfaces of a site's wallboxes listen, and which server serves each.

The one rule: a protocol's server is named once, below, and imported when the first endpoint needs it.
"""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from ..devices.interfaces import HttpInterface, Interface, ModbusInterface, ShipInterface, UdpInterface
from ..devices.wallbox import Wallbox
from ..errors import EmulatorError
from ..protocols.listening import LOOPBACK, SharedPorts
from ..protocols.mdns import is_loopback
from ..protocols.ocpp import OcppDevice
from ..protocols.server import Endpoint, Server

if TYPE_CHECKING:
    from ..protocols.broker import Broker
    from ..protocols.mdns import Announcer
    from ..protocols.mqtt import MqttDevice
    from ..scenario.plan import Scenario
    from ..world.plan import WallboxPlan
    from ..world.site import Site

TRANSPORT: Final = {"http": "tcp", "modbus": "tcp", "udp": "udp", "ship": "tcp"}
SCHEMES: Final = {"http": "http", "modbus": "modbus", "udp": "udp", "mqtt": "mqtt", "ship": "wss"}
MANY: Final = 128
"""Wallboxes with addresses of their own from which on they share sockets: four interfaces with a client each, and they
need the 1,024 open files that most systems allow. Fewer have a socket each, and refuse as a device does."""
RESERVE: Final = 64
"""File descriptors for everything that is not a listening socket or a client of one."""


class Ports:
    """Chooses the port of every interface of a run."""

    def __init__(
        self,
        bind: str,
        *,
        any_port: bool = False,
        defaults: bool = True,
        offset: int = 0,
        shared: SharedPorts | None = None,
    ) -> None:
        """`offset`: added to every port that is not any free one, on the address that wallboxes share.

        `defaults`: the vendors' own ports are for this process. `shared`: of wallboxes with addresses of their own.
        """
        self.shared = shared
        self._bind = bind
        self._offset = offset
        self._any_port = any_port
        self._defaults = defaults
        self._asked: set[tuple[str, str, int]] = set()

    def endpoint(self, wallbox: Wallbox, plan: WallboxPlan, name: str) -> Endpoint:
        """The endpoint of an interface: the scenario's port, the vendor's own on an address of its own, or a default.

        A default port that another wallbox of this run has already becomes any free one.
        """
        host = plan.address or self._bind
        kind = TRANSPORT.get(wallbox.interfaces[name].protocol, "")
        port = self._wanted(wallbox, plan, name)
        if (host, kind, port) in self._asked and not _stated(plan, name):
            port = 0
        self._asked.add((host, kind, port))
        shared = self.shared if plan.address is not None and ":" not in host else None
        return Endpoint(wallbox, name, host=host, port=port, shared=shared)

    def give_back(self, endpoint: Endpoint) -> None:
        """The endpoint is no more: its port can be another's."""
        kind = TRANSPORT.get(endpoint.interface.protocol, "")
        self._asked.discard((endpoint.host, kind, endpoint.port))

    def _wanted(self, wallbox: Wallbox, plan: WallboxPlan, name: str) -> int:
        stated = plan.interfaces.get(name)
        interface = wallbox.interfaces[name]
        listens = (HttpInterface, ModbusInterface, ShipInterface, UdpInterface)
        declared = interface.port if isinstance(interface, listens) else 0
        if plan.address is not None:
            real = wallbox.vendor.real_ports.get(name, declared)
            return stated if isinstance(stated, int) and not isinstance(stated, bool) else real
        if self._any_port:
            return 0
        if isinstance(stated, int) and not isinstance(stated, bool):
            return stated + self._offset if stated else 0
        port = wallbox.vendor.ports.get(name, declared) if self._defaults else 0
        return port + self._offset if port else 0


def shared_ports(scenario: Scenario, *, alone: bool) -> SharedPorts | None:
    """Where wallboxes share listening sockets; None: each has its own."""
    wallboxes = [wallbox for charger in scenario.chargers for wallbox in charger.wallboxes]
    hosts = [wallbox.address for wallbox in wallboxes if wallbox.address is not None and ":" not in wallbox.address]
    loopback = all(is_loopback(host) for host in hosts)
    wanted = scenario.shared_sockets
    if wanted is None:
        wanted = alone and loopback and len(hosts) >= MANY
    return SharedPorts(LOOPBACK if loopback else None) if wanted and hosts else None


def _stated(plan: WallboxPlan, name: str) -> bool:
    return not isinstance(plan.interfaces.get(name, True), bool)


def servers(
    site: Site,
    address: str,
    ports: Ports,
    *,
    broker: Broker | None,
    announcer: Announcer | None,
    central_system: Callable[[], str | None],
) -> Iterator[tuple[str, Server | MqttDevice | OcppDevice]]:
    """The servers of a wallbox by address (`garage.goe.http`), not started; mDNS last, it announces the others' ports.

    Start each before asking for the next.
    """
    wallbox, plan = site.wallboxes[address], site.plans[address]
    started: dict[str, Server] = {}
    wanted = [name for name in wallbox.interfaces if plan.interfaces.get(name) is not False]
    for name in sorted(wanted, key=lambda name: wallbox.interfaces[name].protocol == "mdns"):
        endpoint = ports.endpoint(wallbox, plan, name)
        protocol = wallbox.interfaces[name].protocol
        if protocol == "mqtt":
            from ..protocols.mqtt import MqttDevice

            yield endpoint.address, MqttDevice(endpoint, broker)
        elif protocol == "ocpp":
            yield endpoint.address, OcppDevice(endpoint, central_system)
        elif protocol == "mdns":
            if announcer is not None:
                from ..protocols.mdns import MdnsServer

                yield endpoint.address, MdnsServer(endpoint, _locator(started), announcer)
        else:
            server = _listening(wallbox.interfaces[name], announcer)(endpoint)
            started[name] = server
            yield endpoint.address, server


def _listening(interface: Interface, announcer: Announcer | None) -> Callable[[Endpoint], Server]:
    """The server of an interface that listens, imported when the first one is needed."""
    if isinstance(interface, HttpInterface):
        from ..protocols.http import HttpServer

        return HttpServer
    if isinstance(interface, ModbusInterface):
        from ..protocols.modbus import ModbusServer

        return ModbusServer
    if isinstance(interface, ShipInterface):
        from ..protocols.ship import ShipServer

        return lambda endpoint: ShipServer(endpoint, announcer)
    from ..protocols.udp import UdpServer

    return UdpServer


def _locator(started: dict[str, Server]) -> Callable[[str], tuple[str, int] | None]:
    def locate(name: str) -> tuple[str, int] | None:
        server = started.get(name)
        return (server.endpoint.host, server.endpoint.port) if server is not None and server.listening else None

    return locate


def scheme(interface: Interface) -> str:
    """What a client calls the protocol of an interface."""
    return "https" if isinstance(interface, HttpInterface) and interface.credentials is not None else interface.protocol


def url(protocol: str, host: str, port: int) -> str:
    """How a client writes an address: `http://127.0.0.1:8101`."""
    name = f"[{host}]" if ":" in host else host
    return f"{SCHEMES.get(protocol, protocol)}://{name}:{port}"


def reserve_descriptors(interfaces: int, *, shared: bool) -> None:
    """Raise the soft limit of open files to the hard one. EmulatorError if that many sockets cannot be open at once.

    `shared`: the interfaces listen on few sockets together.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    needed = (interfaces if shared else 2 * interfaces) + RESERVE
    if hard != resource.RLIM_INFINITY and needed > hard:
        raise EmulatorError(
            f"{interfaces} interfaces with a client each need about {needed} open files, but this system allows {hard} "
            "(`ulimit -Hn`); raise that limit or make the fleet smaller"
        )
