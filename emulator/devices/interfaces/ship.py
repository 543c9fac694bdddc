"""What a wallbox shows of EEBUS: a SHIP node that others connect to, and that connects to others.

The one rule: as in `interfaces`, nothing here knows a library; a node is given frames and gives frames.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, Protocol

from ...core.values import roomy, value
from .origin import always

SHIP_PORT: Final = 4712
SHIP_PATH: Final = "/ship/"


@value
class Credentials:
    """What a node proves with TLS who it is."""

    certificate: bytes
    """PEM"""
    key: bytes
    """PEM"""
    ski: str
    """Subject key identifier of the certificate: 40 hexadecimal digits."""


@value
class ShipTarget:
    """Where to connect to, and whom to find there."""

    host: str
    port: int = SHIP_PORT
    path: str = SHIP_PATH
    ski: str = ""
    """Empty: whoever it is."""


@value
class Discovered:
    """A node that mDNS has found."""

    ski: str
    id: str
    host: str
    port: int
    path: str = SHIP_PATH
    register: bool = False
    """It accepts whoever connects."""
    brand: str = ""
    model: str = ""
    type: str = ""


class ShipLink(Protocol):
    """A connection, as a node uses it."""

    def put(self, frame: bytes) -> None:
        """Send a frame now."""
        ...

    def close(self, code: int = 1000, reason: str = "") -> None:
        """End the connection."""
        ...


class ShipSession(Protocol):
    """One connection of a node, as a transport sees it."""

    @property
    def open(self) -> bool:
        """The peer is trusted, and data may be exchanged."""
        ...

    def received(self, frame: bytes) -> None:
        """The other side sent a frame."""
        ...

    def lost(self, reason: str) -> None:
        """The connection has ended."""
        ...


Dial = Callable[[ShipTarget], None]
"""Begin to connect; the node is told how it went."""


class ShipNode(Protocol):
    """A SHIP node, as a transport sees it."""

    def credentials(self) -> Credentials:
        """Its certificate."""
        ...

    def served(self, dial: Dial | None) -> None:
        """It can connect to others from now on; None: no longer."""
        ...

    def opened(self, ski: str, address: str, target: ShipTarget | None, link: ShipLink) -> ShipSession:
        """A connection is open, to `target` or (None) from somebody with this SKI."""
        ...

    def failed(self, target: ShipTarget, reason: str) -> None:
        """There is no connection to `target`."""
        ...

    def discovered(self, record: Discovered) -> None:
        """mDNS has found a node, or says something new of it."""
        ...


@roomy
class ShipInterface:
    """A device's SHIP node: a WebSocket server and client over TLS."""

    protocol: Literal["ship"] = "ship"
    node: Callable[[], ShipNode]
    """While it is enabled."""
    pair: Callable[[str], None]
    """Its owner trusts the peer of this SKI."""
    port: int = SHIP_PORT
    path: str = SHIP_PATH
    enabled: Callable[[], bool] = always


@value
class Disturbance:
    """What is wrong with a node; the default: nothing."""

    heartbeat_delay: float = 0.0
    """How late its heartbeats are [s]; infinite: it sends none."""
    wrong_ski: bool = False
    """It shows another certificate than the one its peers trust."""
    never_approves: bool = False
    """Its user never decides whom to trust."""
    aborts_hello: bool = False
    """It rejects every peer."""
    refuses_heartbeats: bool = False
    """It answers its peers' heartbeats with an error."""
    refuses_limits: bool = False
    loses_bindings: bool = False
    """It takes bindings and forgets them."""
    hides_vehicle: bool = False
    """The vehicle's entity is gone although the vehicle is there."""


UNDISTURBED: Final = Disturbance()
